// Korean text: syllables out of separate letters, and text that was read in a wrong encoding.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pyojun {

// True when the text holds conjoining letters (U+1100 to U+11FF) that compose_hangul() would join.
bool has_separate_hangul(std::string_view utf8);
// Unicode 15, section 3.12: L V, L V T and LV T sequences become syllables (U+AC00 to U+D7A3), as NFC does. Nothing else is changed: Korean
// exports of macOS need no more.
std::string compose_hangul(std::string_view utf8);

// Runs of characters that turn into Korean when they are read in the other encoding: CP949 or UTF-8 that somebody took for Latin-1, UTF-8
// that somebody took for CP949. At least two syllables each. Replacement characters (U+FFFD) in a row count as one run. 0: nothing
// suspicious.
std::uint64_t mojibake_runs(std::string_view utf8);

}  // namespace pyojun
