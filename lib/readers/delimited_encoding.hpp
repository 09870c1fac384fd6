// Which encoding a delimited file is in: byte order mark, then the dialect, then a look at every byte.
#pragma once

#include <cstdint>
#include <optional>

#include "base/text.hpp"
#include "readers/reader.hpp"

namespace pyojun {

struct DelimitedEncoding {
  Encoding encoding = Encoding::utf8;
  std::size_t mark_bytes = 0;  // byte order mark
  bool trusted = false;        // every byte was checked and fits
  std::optional<Code> note;    // for the facts
};

// The encoding a byte order mark, or zero bytes beside ASCII, give away.
DelimitedEncoding encoding_of_head(std::span<const char> head, bool& told);

// Errors: dialect_setting_wrong, encoding_unclear (with the offset of the first byte that is not UTF-8), and those of reading.
Result<DelimitedEncoding> decide_encoding(const Input& input, const Dialect& dialect);

// Lines in the head of the file (256 KiB) that hold texts like Korean that somebody read in a wrong encoding before.
std::uint64_t garbled_texts(const Input& input, const DelimitedEncoding& encoding);

}  // namespace pyojun
