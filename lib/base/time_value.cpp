// Strict, hand-written date and time parsers: a text is either exactly one of the forms, or it is not a date.
#include "base/time_value.hpp"

#include <array>
#include <cstring>

namespace pyojun {

namespace {

constexpr std::int64_t micros_per_second = 1'000'000;
constexpr std::int64_t micros_per_day = 86'400 * micros_per_second;
constexpr int latest_offset_hours = 14;  // the easternmost zone in use; keeps "-5000" and the like out

constexpr unsigned bad = 1'000'000;  // larger than any number the callers accept

inline unsigned digit(char c) { return static_cast<unsigned>(static_cast<unsigned char>(c)) - '0'; }

inline unsigned two(const char* p) {
  const unsigned a = digit(p[0]), b = digit(p[1]);
  return a > 9 || b > 9 ? bad : a * 10 + b;
}

inline unsigned four(const char* p) {
  const unsigned high = two(p), low = two(p + 2);
  return high == bad || low == bad ? bad : high * 100 + low;
}

bool set_day(TimeValue& out, unsigned year, unsigned month, unsigned day) {
  if (year > 9999 || !valid_day(static_cast<int>(year), month, day)) return false;
  out.days = days_from_civil(static_cast<int>(year), month, day);
  return true;
}

bool set_clock(TimeValue& out, unsigned hour, unsigned minute, unsigned second) {
  if (hour > 23 || minute > 59 || second > 59) return false;
  out.micros = (static_cast<std::int64_t>(hour) * 3600 + minute * 60 + second) * micros_per_second;
  return true;
}

bool set_offset(TimeValue& out, char sign, unsigned hours, unsigned minutes) {
  if (hours > latest_offset_hours || minutes > 59) return false;
  const int total = static_cast<int>(hours * 60 + minutes);
  out.offset_minutes = static_cast<std::int16_t>(sign == '-' ? -total : total);
  out.has_offset = true;
  return true;
}

// Reads ".f" at `p`: one or more digits, of which six count. Null when there is no digit behind the point.
const char* read_fraction(const char* p, const char* end, TimeValue& out) {
  const char* digits = ++p;
  std::int64_t scale = micros_per_second / 10;
  for (; p != end && digit(*p) <= 9; ++p) {
    out.micros += digit(*p) * scale;
    scale /= 10;
  }
  out.precision = Precision::fraction;
  return p == digits ? nullptr : p;
}

constexpr std::array<std::string_view, 12> month_names{"january", "february", "march",     "april",   "may",      "june",
                                                       "july",    "august",   "september", "october", "november", "december"};

bool starts_with_folded(std::string_view text, std::string_view lower) {
  if (text.size() < lower.size()) return false;
  for (std::size_t i = 0; i < lower.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != lower[i]) return false;
  }
  return true;
}

// What parse_form has read so far.
struct Parts {
  unsigned year = bad, month = bad, day = bad, hour = bad, minute = bad, second = bad;
  int half_day = -1;  // 0 AM, 1 PM
  bool from_zero = false;
};

// Takes one name of a month (whole or its first three letters); false when there is none.
bool take_month_name(std::string_view& text, unsigned& month) {
  for (std::size_t i = 0; i < month_names.size(); ++i) {
    const std::string_view name = month_names[i];
    const std::size_t length = starts_with_folded(text, name) ? name.size() : starts_with_folded(text, name.substr(0, 3)) ? 3 : 0;
    if (length == 0) continue;
    month = static_cast<unsigned>(i + 1);
    text.remove_prefix(length);
    return true;
  }
  return false;
}

struct HalfDay {
  std::string_view name;  // ASCII in lower case
  int half;               // 0 before noon, 1 after
  bool from_zero;         // hours may be counted 0 to 11: Korean and Japanese programs do, English never
};
constexpr std::array<HalfDay, 6> half_days{
    {{"am", 0, false}, {"pm", 1, false}, {"오전", 0, true}, {"오후", 1, true}, {"a.m.", 0, false}, {"p.m.", 1, false}}};

bool take_half_day(std::string_view& text, Parts& parts) {
  for (const HalfDay& half_day : half_days) {
    if (!starts_with_folded(text, half_day.name)) continue;
    parts.half_day = half_day.half;
    parts.from_zero = half_day.from_zero;
    text.remove_prefix(half_day.name.size());
    return true;
  }
  return false;
}

// A form names the half of the day by any of its names: "오후 h:mm" is an example of what it reads, not a promise of afternoons.
bool take_half_day_letters(std::string_view& form) {
  for (const std::string_view letters : {"AM", "PM", "오전", "오후"}) {
    if (!form.starts_with(letters)) continue;
    form.remove_prefix(letters.size());
    return true;
  }
  return false;
}

// Takes `least` to `most` digits.
bool take_number(std::string_view& text, std::size_t least, std::size_t most, unsigned& number) {
  std::size_t n = 0;
  unsigned value = 0;
  while (n < most && n < text.size() && digit(text[n]) <= 9) value = value * 10 + digit(text[n++]);
  if (n < least || number != bad) return false;
  number = value;
  text.remove_prefix(n);
  return true;
}

// Takes what the next piece of the form stands for from the text.
bool take_piece(std::string_view& form, std::string_view& text, Parts& parts) {
  struct Piece {
    std::string_view letters;
    std::size_t least, most;
    unsigned Parts::*number;
  };
  static constexpr std::array<Piece, 11> numbers{{{"YYYY", 4, 4, &Parts::year},
                                                  {"MM", 2, 2, &Parts::month},
                                                  {"DD", 2, 2, &Parts::day},
                                                  {"hh", 2, 2, &Parts::hour},
                                                  {"mm", 2, 2, &Parts::minute},
                                                  {"ss", 2, 2, &Parts::second},
                                                  {"M", 1, 2, &Parts::month},
                                                  {"D", 1, 2, &Parts::day},
                                                  {"h", 1, 2, &Parts::hour},
                                                  {"m", 1, 2, &Parts::minute},
                                                  {"s", 1, 2, &Parts::second}}};
  if (form.starts_with("MON")) {
    form.remove_prefix(3);
    return parts.month == bad && take_month_name(text, parts.month);
  }
  if (take_half_day_letters(form)) return parts.half_day < 0 && take_half_day(text, parts);
  for (const Piece& piece : numbers) {
    if (!form.starts_with(piece.letters)) continue;
    form.remove_prefix(piece.letters.size());
    return take_number(text, piece.least, piece.most, parts.*piece.number);
  }
  if (form.starts_with("YY")) {
    form.remove_prefix(2);
    if (!take_number(text, 2, 2, parts.year)) return false;
    parts.year += parts.year < 69 ? 2000 : 1900;
    return true;
  }
  if (text.empty() || text.front() != form.front()) return false;
  form.remove_prefix(1);
  text.remove_prefix(1);
  return true;
}

std::optional<TimeValue> assemble(Parts parts) {
  if (parts.half_day >= 0) {
    if ((parts.hour == 0 && !parts.from_zero) || parts.hour > 12) return std::nullopt;
    parts.hour = parts.hour % 12 + (parts.half_day == 1 ? 12 : 0);
  }
  // A part counts only when the coarser ones are there: a day without a month says nothing.
  const bool gap = (parts.month == bad && parts.day != bad) || (parts.day == bad && parts.hour != bad) ||
                   (parts.hour == bad && parts.minute != bad) || (parts.minute == bad && parts.second != bad);
  if (parts.year == bad || gap) return std::nullopt;
  TimeValue out;
  out.precision = parts.second != bad  ? Precision::second
                  : parts.hour != bad  ? Precision::minute
                  : parts.day != bad   ? Precision::day
                  : parts.month != bad ? Precision::month
                                       : Precision::year;
  if (!set_day(out, parts.year, parts.month == bad ? 1 : parts.month, parts.day == bad ? 1 : parts.day)) return std::nullopt;
  const auto clock = [](unsigned part) { return part == bad ? 0U : part; };
  if (!set_clock(out, clock(parts.hour), clock(parts.minute), clock(parts.second))) return std::nullopt;
  return out;
}

// Two decimal digits of every number below 100.
constexpr std::array<char, 200> make_pairs() {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[i * 2] = static_cast<char>('0' + i / 10);
    pairs[i * 2 + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}
constexpr std::array<char, 200> pairs = make_pairs();

inline void put_two(char* to, unsigned number) { std::memcpy(to, &pairs[number * 2], 2); }

inline void put_date(char* to, std::int32_t days) {
  const Civil civil = civil_from_days(days);
  const auto year = static_cast<unsigned>(civil.year) % 10'000;
  put_two(to, year / 100);
  put_two(to + 2, year % 100);
  to[4] = '-';
  put_two(to + 5, civil.month);
  to[7] = '-';
  put_two(to + 8, civil.day);
}

}  // namespace

// Both conversions count in eras of 400 years that start on 1 March, so that the leap day is the last day of a year.
std::int32_t days_from_civil(int year, unsigned month, unsigned day) {
  year -= month <= 2;
  const int era = (year >= 0 ? year : year - 399) / 400;
  const auto year_of_era = static_cast<unsigned>(year - era * 400);
  const unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + static_cast<std::int32_t>(day_of_era) - 719'468;
}

Civil civil_from_days(std::int32_t days) {
  days += 719'468;
  const std::int32_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const auto day_of_era = static_cast<unsigned>(days - era * 146'097);
  const unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned shifted = (5 * day_of_year + 2) / 153;
  Civil civil;
  civil.day = day_of_year - (153 * shifted + 2) / 5 + 1;
  civil.month = shifted < 10 ? shifted + 3 : shifted - 9;
  civil.year = static_cast<int>(year_of_era) + era * 400 + (civil.month <= 2 ? 1 : 0);
  return civil;
}

bool valid_day(int year, unsigned month, unsigned day) {
  if (year < 1 || year > 9999 || month - 1 > 11 || day == 0) return false;
  if (day <= 28) return true;
  if (month == 2) return day == 29 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return day <= 30 + ((month + (month >> 3)) & 1);
}

std::optional<TimeValue> parse_iso(std::string_view text) {
  const std::size_t size = text.size();
  const char* p = text.data();
  if (size < 4) return std::nullopt;
  TimeValue out;
  const unsigned year = four(p);
  if (size < 10) {
    const bool month_given = size == 7 && p[4] == '-';
    if (size != 4 && !month_given) return std::nullopt;
    out.precision = month_given ? Precision::month : Precision::year;
    return set_day(out, year, month_given ? two(p + 5) : 1, 1) ? std::optional(out) : std::nullopt;
  }
  if (p[4] != '-' || p[7] != '-' || !set_day(out, year, two(p + 5), two(p + 8))) return std::nullopt;
  if (size == 10) return out;
  if (size < 16 || (p[10] != 'T' && p[10] != ' ') || p[13] != ':') return std::nullopt;
  const char* end = p + size;
  const unsigned hour = two(p + 11), minute = two(p + 14);
  p += 16;
  out.precision = Precision::minute;
  unsigned second = 0;
  if (p != end && *p == ':') {
    if (end - p < 3) return std::nullopt;
    second = two(p + 1);
    out.precision = Precision::second;
    p += 3;
  }
  if (!set_clock(out, hour, minute, second)) return std::nullopt;
  if (p != end && *p == '.' && out.precision == Precision::second) {
    p = read_fraction(p, end, out);
    if (p == nullptr) return std::nullopt;
  }
  if (p == end) return out;
  if (*p == 'Z') {
    out.has_offset = true;
    return p + 1 == end ? std::optional(out) : std::nullopt;
  }
  if (end - p != 6 || (*p != '+' && *p != '-') || p[3] != ':') return std::nullopt;
  return set_offset(out, *p, two(p + 1), two(p + 4)) ? std::optional(out) : std::nullopt;
}

std::optional<TimeValue> parse_hl7(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && digit(text[digits]) <= 9) ++digits;
  if (digits < 4 || digits > 14 || digits % 2 != 0) return std::nullopt;
  const char* p = text.data();
  TimeValue out;
  const unsigned month = digits >= 6 ? two(p + 4) : 1, day = digits >= 8 ? two(p + 6) : 1;
  if (!set_day(out, four(p), month, day)) return std::nullopt;
  const unsigned hour = digits >= 10 ? two(p + 8) : 0, minute = digits >= 12 ? two(p + 10) : 0, second = digits >= 14 ? two(p + 12) : 0;
  if (!set_clock(out, hour, minute, second)) return std::nullopt;
  out.precision = digits >= 14   ? Precision::second
                  : digits >= 10 ? Precision::minute
                  : digits >= 8  ? Precision::day
                  : digits >= 6  ? Precision::month
                                 : Precision::year;
  const char* end = p + text.size();
  p += digits;
  if (p != end && *p == '.' && digits == 14) {
    p = read_fraction(p, end, out);
    if (p == nullptr) return std::nullopt;
  }
  if (p == end) return out;
  if (end - p != 5 || (*p != '+' && *p != '-')) return std::nullopt;
  return set_offset(out, *p, two(p + 1), two(p + 3)) ? std::optional(out) : std::nullopt;
}

std::optional<TimeValue> parse_form(std::string_view text, std::string_view form) {
  Parts parts;
  while (!form.empty()) {
    if (!take_piece(form, text, parts)) return std::nullopt;
  }
  if (!text.empty()) return std::nullopt;
  return assemble(parts);
}

void append_date(std::string& out, std::int32_t days) {
  char text[10];
  put_date(text, days);
  out.append(text, sizeof text);
}

void append_datetime(std::string& out, std::int64_t micros_since_epoch) {
  std::int64_t days = micros_since_epoch / micros_per_day;
  std::int64_t micros = micros_since_epoch % micros_per_day;
  if (micros < 0) {
    micros += micros_per_day;
    --days;
  }
  char text[26];
  put_date(text, static_cast<std::int32_t>(days));
  const auto seconds = static_cast<unsigned>(micros / micros_per_second);
  auto fraction = static_cast<unsigned>(micros % micros_per_second);
  text[10] = ' ';
  put_two(text + 11, seconds / 3600);
  text[13] = ':';
  put_two(text + 14, seconds / 60 % 60);
  text[16] = ':';
  put_two(text + 17, seconds % 60);
  if (fraction == 0) {
    out.append(text, 19);
    return;
  }
  text[19] = '.';
  put_two(text + 20, fraction / 10'000);
  put_two(text + 22, fraction / 100 % 100);
  put_two(text + 24, fraction % 100);
  out.append(text, sizeof text);
}

}  // namespace pyojun
