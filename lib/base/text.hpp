// Texts and encodings: strict UTF-8, CP949, Latin-1 and UTF-16, ASCII case folding, and "did you mean".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pyojun {

enum class Encoding : std::uint8_t { utf8, cp949, utf16le, utf16be, latin1 };

// "utf-8", "cp949", "utf-16le", "utf-16be", "latin-1" (case and '-' or '_' do not matter; "ms949" and "uhc" are other names of CP949).
std::optional<Encoding> encoding_from_name(std::string_view name);
std::string_view encoding_name(Encoding encoding);

inline constexpr std::size_t no_bad_byte = static_cast<std::size_t>(-1);

bool is_ascii(std::string_view text);
std::size_t ascii_prefix(std::string_view text);  // bytes before the first one that is not ASCII

// Offset of the first byte that starts no well-formed UTF-8 sequence (Unicode 15, table 3-7: no overlong forms, no surrogates,
// nothing above U+10FFFF), or no_bad_byte. A sequence cut by the end counts as bad at its first byte.
std::size_t find_bad_utf8(std::string_view text);

// The same, piece by piece: a sequence may lie across two pieces.
class Utf8Check {
 public:
  void add(std::string_view piece);
  // Call once after the last piece.
  void finish();
  bool ascii() const { return sequences_ == 0 && bad_ == none; }
  std::uint64_t bad() const { return bad_; }              // offset over all pieces, or `none`
  std::uint64_t sequences() const { return sequences_; }  // well-formed sequences of more than one byte before the first bad byte
  static constexpr std::uint64_t none = static_cast<std::uint64_t>(-1);

 private:
  void complete(std::string_view& piece);

  std::uint64_t seen_ = 0, bad_ = none, sequences_ = 0;
  std::string rest_;  // start of a sequence that the next piece may complete
};

// CP949 (Windows code page, a superset of EUC-KR). 0x80, 0xFF and the unassigned pairs are bad; the user-defined rows C9 and FE too.
std::size_t find_bad_cp949(std::string_view text);

// Appends the text in UTF-8; false, and nothing appended, when a byte does not fit the encoding. Not for UTF-16.
bool append_utf8(std::string& out, std::string_view text, Encoding from);

// Room that transcode() needs at most for `bytes` bytes.
constexpr std::size_t transcoded_room(std::size_t bytes) { return 2 * bytes + 2; }
// As append_utf8, into memory of at least transcoded_room(text.size()) bytes. Returns the bytes written, or no_bad_byte on a bad byte.
std::size_t transcode(char* to, std::string_view text, Encoding from);

// UTF-16 to UTF-8, in pieces. A lone surrogate becomes the three bytes its number would have (never well-formed UTF-8), so that a later
// check finds it at the right place. Takes whole code units only: returns how many bytes of `text` were used; a high surrogate at the very
// end is left for the next piece unless `last`.
std::size_t append_utf16(std::string& out, std::string_view text, bool big_endian, bool last);
// How many bytes of UTF-16 gave this UTF-8 text.
std::uint64_t utf16_bytes(std::string_view utf8);

std::string_view trim(std::string_view text);  // blanks, tabs, line ends and NUL on both sides
constexpr char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
std::string ascii_lower(std::string_view text);
bool equal_folded(std::string_view a, std::string_view b);  // ASCII case does not matter

// Levenshtein distance over bytes, ASCII case folded; `limit + 1` when it is larger than `limit`.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);
// The nearest candidate for "did you mean": at most a third of the letters differ. Ties: the first. Empty when none is near.
std::string_view nearest(std::string_view text, std::span<const std::string_view> candidates);

}  // namespace pyojun
