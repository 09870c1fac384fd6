// A character set by the name a document declares, decoded through the C library's iconv. For formats that name their own encoding.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace pyojun {

// Names are IANA labels, case does not matter. Wider than their labels because senders mean them so (as in the WHATWG Encoding Standard,
// section 4.2): EUC-KR and KS C 5601 are read as CP949, ISO-8859-1 and US-ASCII as windows-1252, Shift_JIS as windows-31j, GB2312 as GBK.
class Charset {
 public:
  // Nothing when the C library has no such character set, or the name is no plain label (letters, digits, "-_.:()", at most 40 bytes).
  static std::optional<Charset> find(std::string_view label);

  static Charset strict_latin1() { return Charset("ISO-8859-1"); }  // every byte is the character of its number

  // Appends `bytes` in UTF-8. Answers no_bad_byte, or the offset of the first byte that fits no character; `out` then ends before it.
  std::size_t append_utf8(std::string& out, std::string_view bytes) const;
  // How many of `bytes` gave the first `utf8_length` bytes of what append_utf8() makes of them. Costs a second conversion: for messages.
  std::size_t source_bytes(std::string_view bytes, std::size_t utf8_length) const;
  bool is_utf8() const { return name_ == "UTF-8"; }

 private:
  explicit Charset(std::string name) : name_(std::move(name)) {}
  std::string name_;  // as iconv knows it
};

}  // namespace pyojun
