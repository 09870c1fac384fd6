// Every message Pyojun can give is one row of codes.def: stable id, severity, text and remedy in English and Korean.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pyojun {

enum class Severity : std::uint8_t {
  note,     // worth knowing; nothing was changed
  warning,  // a value was changed or left out; the record went on
  reject,   // this record or row is in quarantine; the run goes on
  fatal,    // the run, mapping or file cannot go on
};

enum class Code : std::uint16_t {
#define PYOJUN_CODE(name, id, severity, says, remedy, says_ko, remedy_ko) name,
#include "base/codes.def"
#undef PYOJUN_CODE
  count
};

// One row of the messages table. Ids are never reused. `says` names the fact, `remedy` what to do about it.
struct CodeInfo {
  Code code;
  std::string_view id;
  Severity severity;
  std::string_view says, remedy, says_ko, remedy_ko;
};

inline constexpr std::array<CodeInfo, static_cast<std::size_t>(Code::count)> code_table{{
#define PYOJUN_CODE(name, id, severity, says, remedy, says_ko, remedy_ko) \
  {Code::name, id, Severity::severity, says, remedy, says_ko, remedy_ko},
#include "base/codes.def"
#undef PYOJUN_CODE
}};

constexpr const CodeInfo& info(Code code) { return code_table[static_cast<std::size_t>(code)]; }

}  // namespace pyojun
