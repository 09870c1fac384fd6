// Texts of a few dozen bytes compared and read in place, without a call. Only for loops that do this for every field of a record.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace pyojun {

// The bytes from `at` on as a number in the machine's order.
template <class Word>
Word word_at(const char* at) {
  Word word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// The same as a == b.
inline bool same_text(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const char *x = a.data(), *y = b.data();
  const std::size_t size = a.size();
  if (size >= 8) {  // whole words, then the last one, which may overlap
    for (std::size_t i = 0; i + 8 < size; i += 8) {
      if (word_at<std::uint64_t>(x + i) != word_at<std::uint64_t>(y + i)) return false;
    }
    return word_at<std::uint64_t>(x + size - 8) == word_at<std::uint64_t>(y + size - 8);
  }
  if (size >= 4) {
    return word_at<std::uint32_t>(x) == word_at<std::uint32_t>(y) &&
           word_at<std::uint32_t>(x + size - 4) == word_at<std::uint32_t>(y + size - 4);
  }
  return size == 0 || (x[0] == y[0] && x[size / 2] == y[size / 2] && x[size - 1] == y[size - 1]);
}

}  // namespace pyojun
