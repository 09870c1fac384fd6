// Which part of a mapping decides the rows of a file, so that a change remaps only the files it touches.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mapping/ast.hpp"

namespace pyojun {

// SHA-256 over everything of the mapping that may change rows of records of `kind`: dialect, lists, lookups, and the rules that read this
// kind or every kind, in canonical form (a comment changes nothing). Kind "": any record may come, so all rules count.
std::string part_hash(const std::string& mapping, std::string_view kind, const std::vector<std::string>& code_lists);

}  // namespace pyojun
