// Every message Pyojun can give is one row of codes.def: stable id, severity, text and remedy in English and Korean.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace pyojun {

enum class Severity : std::uint8_t {
  note,     // worth knowing; nothing was changed
  warning,  // a value was changed or left out; the record went on
  reject,   // this record or row is in quarantine; the run goes on
  fatal,    // the run, mapping or file cannot go on
};

// The value of a code follows from its id, so that a new message changes nothing for code that does not use it: "R016" is 17,016.
consteval std::uint16_t code_value(const char (&id)[5]) {
  return static_cast<std::uint16_t>((id[0] - 'A') * 1000 + (id[1] - '0') * 100 + (id[2] - '0') * 10 + (id[3] - '0'));
}

enum class Code : std::uint16_t {
#define PYOJUN_CODE(name, id, severity, says, remedy, says_ko, remedy_ko) name = code_value(id),
#include "base/codes.def"
#undef PYOJUN_CODE
  count = 0xFFFF  // no code
};

// One row of the messages table. Ids are never reused. `says` names the fact, `remedy` what to do about it.
struct CodeInfo {
  Code code;
  std::string_view id;
  Severity severity;
  std::string_view says, remedy, says_ko, remedy_ko;
};

// Every message, in the order of codes.def.
std::span<const CodeInfo> code_table();
// The row of a code; the one of internal_error for Code::count.
const CodeInfo& info(Code code);

}  // namespace pyojun
