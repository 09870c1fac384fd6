// Character sets of HL7 v2 messages, by MSH-18 and by escape sequences of ISO 2022.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/text.hpp"

namespace pyojun {

// A set by a name of table HL70211 or another usual one; MSH-18 may repeat it.
enum class Hl7Charset : std::uint8_t { undeclared, unknown, ascii, utf8, cp949, named };
struct Hl7Encoding {
  Hl7Charset charset = Hl7Charset::undeclared;
  const char* converter = nullptr;  // name for iconv when `named`
};
// The first of MSH-18; when that is ASCII, the next that is not. An unknown name in front counts (`unknown`), whatever stands behind.
Hl7Encoding hl7_encoding(std::string_view msh18, char repetition);
// Appends the text in UTF-8; false, and nothing appended, when a byte does not fit.
bool hl7_append_utf8(std::string& out, std::string_view text, const Hl7Encoding& from);
// Is the text to be read with Hl7Shifts: does an escape sequence call a set of characters, or SO the one MSH-18 names? Never in UTF-8.
bool hl7_shifts(std::string_view text, const Hl7Encoding& encoding);

// Text with designations of ISO 2022, piece by piece: sets called to G0 (`ESC $ B`) hold below 0x80, those called to G1 (`ESC $ ) C`) above
// it and between SO and SI. What is above 0x80 without a set in G1 is the message's own; so is what stands between SO and SI under KS X
// 1001.
class Hl7Shifts {
 public:
  explicit Hl7Shifts(const Hl7Encoding& base)
      : base_(base.charset == Hl7Charset::cp949   ? "CP949"
              : base.charset == Hl7Charset::named ? base.converter
                                                  : nullptr),
        own_(base.charset == Hl7Charset::cp949 ? Set{"CP949", 0, true} : Set{}) {}
  // Text with escape sequences in it; `high_is_utf8`: bytes above 0x7F are UTF-8 already. False: a sequence or byte is of no known set.
  bool append(std::string& out, std::string_view text, bool high_is_utf8);
  // A sequence without its ESC. False: not known.
  bool designate(std::string_view sequence);
  bool upper_set() const { return upper_.converter != nullptr; }
  // What is left, when the text is over.
  bool flush(std::string& out);

 private:
  struct Set {
    const char* converter = nullptr;  // nullptr: ASCII, or in G1 none
    char prefix = 0;
    bool wide = false;
  };
  bool wanted(std::string& out, const char* converter);

  const char* base_;
  Set own_, lower_, upper_;
  bool shifted_ = false;
  std::string pending_;         // not yet converted
  const char* open_ = nullptr;  // by this converter; nullptr: UTF-8
};

}  // namespace pyojun
