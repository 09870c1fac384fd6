// Calendar values as plain integers: days and microseconds since 1970-01-01, without a time zone.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace pyojun {

// How much of a date the source gave. Only what was given is stored; nothing is guessed (formats.md, OMOP-side conventions).
enum class Precision : std::uint8_t { year, month, day, minute, second, fraction };

// A point in time as the source wrote it. `days` since 1970-01-01; `micros` within the day; `offset_minutes` east of UTC.
struct TimeValue {
  std::int64_t micros = 0;  // 0 .. 86'399'999'999
  std::int32_t days = 0;
  std::int16_t offset_minutes = 0;  // meaningful when has_offset
  bool has_offset = false;
  Precision precision = Precision::day;
};

inline constexpr std::int32_t null_date = std::numeric_limits<std::int32_t>::min();
inline constexpr std::int64_t null_datetime = std::numeric_limits<std::int64_t>::min();

std::int32_t days_from_civil(int year, unsigned month, unsigned day);  // proleptic Gregorian
struct Civil {
  int year = 1970;
  unsigned month = 1, day = 1;
};
Civil civil_from_days(std::int32_t days);
bool valid_day(int year, unsigned month, unsigned day);  // years 1 to 9999

// ISO 8601 / FHIR: YYYY, YYYY-MM, YYYY-MM-DD, with Thh:mm[:ss[.f]][Z|+hh:mm]; a blank for the T is accepted. Nothing else.
std::optional<TimeValue> parse_iso(std::string_view text);

// HL7 v2 / CDA: YYYY[MM[DD[hh[mm[ss[.f]]]]]][+-zzzz].
std::optional<TimeValue> parse_hl7(std::string_view text);

// A form of letters and punctuation: YYYY MM DD hh mm ss, M D h m s (one or two digits), YY (two digits; 69 to 99 are 1969 to 1999, 00 to
// 68 are 2000 to 2068, as POSIX strptime %y has it), MON (English month name), AM (also PM, 오전 or 오후: whichever of them the text has,
// also as a.m. and p.m.); the rest is literal. The whole text must match. With a half of the day hours are 1 to 12, and 12 is 0: 오전 12:05
// is 00:05, as is 오전 0:05.
std::optional<TimeValue> parse_form(std::string_view text, std::string_view form);

// Append "YYYY-MM-DD" and "YYYY-MM-DD hh:mm:ss[.ffffff]" (fraction only when it is not zero).
void append_date(std::string& out, std::int32_t days);
void append_datetime(std::string& out, std::int64_t micros_since_epoch);

}  // namespace pyojun
