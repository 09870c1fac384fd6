// A mapped file that somebody cuts, or a disk that fails, while it is read: the pages that are gone fault with SIGBUS. For guarded mappings
// the program's handler puts zeros in their place, so that the run goes on without that file; whoever read it has to ask mapping_was_cut().
#pragma once

#include <cstddef>

namespace pyojun {

// From now on until forget_mapping(), which comes before the memory is given back. Some thousands at a time; what is more is not guarded.
void guard_mapping(const void* at, std::size_t bytes);
void forget_mapping(const void* at);
// Some of the bytes that were read were zeros in the place of others.
bool mapping_was_cut(const void* at);
// In the handler of SIGBUS: false when the address is in no guarded mapping, and nothing was done.
bool mend_mapping(void* address);

}  // namespace pyojun
