// Values of a SAS data set: encodings, formats, numbers, packed rows.
#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>

#include "readers/sas7bdat.hpp"

namespace pyojun {

namespace {

struct Named {
  std::uint8_t number;
  const char* charset;
};
// SAS National Language Support reference, "Encoding values"; Windows supersets where SAS programs mean them. Not here: those iconv lacks.
constexpr std::array charsets = std::to_array<Named>({
    {0, ""},
    {20, "UTF-8"},
    {28, "US-ASCII"},
    {29, "ISO-8859-1"},
    {30, "ISO-8859-2"},
    {31, "ISO-8859-3"},
    {32, "ISO-8859-4"},
    {33, "ISO-8859-5"},
    {34, "ISO-8859-6"},
    {35, "ISO-8859-7"},
    {36, "ISO-8859-8"},
    {37, "ISO-8859-9"},
    {38, "ISO-8859-10"},
    {39, "ISO-8859-11"},
    {40, "ISO-8859-15"},
    {41, "CP437"},
    {42, "CP850"},
    {43, "CP852"},
    {60, "WINDOWS-1250"},
    {61, "WINDOWS-1251"},
    {62, "WINDOWS-1252"},
    {63, "WINDOWS-1253"},
    {64, "WINDOWS-1254"},
    {65, "WINDOWS-1255"},
    {66, "WINDOWS-1256"},
    {67, "WINDOWS-1257"},
    {68, "WINDOWS-1258"},
    {118, "CP950"},
    {123, "BIG5"},
    {125, "GB18030"},
    {126, "GBK"},
    {134, "EUC-JP"},
    {136, "CP932"},
    {138, "CP932"},
    {140, "EUC-KR"},
    {141, "CP949"},
    {142, "CP949"},
    {204, ""},
    {205, "GB18030"},
    {227, "ISO-8859-14"},
    {242, "ISO-8859-13"},
});

struct Prefix {
  std::string_view text;
  SasValue value;
};
// Formats by the beginning of their names, longer ones first ("SAS Formats and Informats: Reference", date and time formats). A file
// stores the names without width.
constexpr std::array prefixes = std::to_array<Prefix>({
    {"DATETIME", SasValue::datetime}, {"DATEAMPM", SasValue::datetime}, {"DTDATE", SasValue::datetime}, {"DTMONYY", SasValue::datetime},
    {"DTWKDATX", SasValue::datetime}, {"DTYEAR", SasValue::datetime},   {"DTYYQC", SasValue::datetime}, {"MDYAMPM", SasValue::datetime},
    {"DATE", SasValue::date},         {"DDMMYY", SasValue::date},       {"MMDDYY", SasValue::date},     {"YYMMDD", SasValue::date},
    {"MMYY", SasValue::date},         {"YYMM", SasValue::date},         {"YYMON", SasValue::date},      {"YYQ", SasValue::date},
    {"MONYY", SasValue::date},        {"MONNAME", SasValue::date},      {"JULIAN", SasValue::date},     {"JULDAY", SasValue::date},
    {"WEEKDAT", SasValue::date},      {"WORDDAT", SasValue::date},      {"WEEKDAY", SasValue::date},    {"DOWNAME", SasValue::date},
    {"MONTH", SasValue::date},        {"QTR", SasValue::date},          {"YEAR", SasValue::date},       {"NENGO", SasValue::date},
    {"MINGUO", SasValue::date},       {"NLDATMTM", SasValue::time},     {"NLDATM", SasValue::datetime}, {"NLDATE", SasValue::date},
    {"NLTIM", SasValue::time},        {"TIME", SasValue::time},         {"TOD", SasValue::time},        {"HHMM", SasValue::time},
    {"HOUR", SasValue::time},         {"MMSS", SasValue::time},
});
// The same of ISO 8601, behind E8601, B8601 or IS8601.
constexpr std::array iso = std::to_array<Prefix>({
    {"DT", SasValue::datetime},
    {"DN", SasValue::datetime},
    {"DZ", SasValue::datetime},
    {"DX", SasValue::datetime},
    {"DA", SasValue::date},
    {"TM", SasValue::time},
    {"TZ", SasValue::time},
    {"TX", SasValue::time},
    {"LX", SasValue::datetime},
    {"LZ", SasValue::time},
});

void append_digits(std::string& out, long value, std::size_t width) {
  const std::string digits = std::to_string(value);
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out += digits;
}

// `days` since 1960-01-01; false when the calendar of ISO 8601 has no such day in four digits.
bool append_day(std::string& out, double days) {
  using namespace std::chrono;
  if (!(days >= -715'510 && days < 2'936'550)) return false;  // 0001-01-01 to 9999-12-31
  const year_month_day day{sys_days{1960y / January / 1} + std::chrono::days{static_cast<int>(std::floor(days))}};
  const int year = static_cast<int>(day.year());
  if (year < 1 || year > 9999) return false;
  append_digits(out, year, 4);
  append_digits(out += '-', static_cast<long>(static_cast<unsigned>(day.month())), 2);
  append_digits(out += '-', static_cast<long>(static_cast<unsigned>(day.day())), 2);
  return true;
}

// 0 <= seconds < 86400, to the microsecond.
void append_clock(std::string& out, double seconds) {
  const long whole = static_cast<long>(seconds);
  long micros = std::lround((seconds - static_cast<double>(whole)) * 1e6);
  micros = std::min(micros, 999'999L);
  append_digits(out, whole / 3600, 2);
  append_digits(out += ':', whole / 60 % 60, 2);
  append_digits(out += ':', whole % 60, 2);
  if (micros == 0) return;
  append_digits(out += '.', micros, 6);
  while (out.back() == '0') out.pop_back();
}

bool append_moment(std::string& out, double seconds) {
  const double days = std::floor(seconds / 86'400);
  if (!append_day(out, days)) return false;
  out += 'T';
  append_clock(out, seconds - days * 86'400);
  return true;
}

void append_shortest(std::string& out, double value) {
  if (value == 0) return void(out += '0');  // SAS tells no two zeros apart
  std::array<char, 64> text{};
  const double size = std::fabs(value);
  const bool plain = size >= 1e-7 && size < 1e21;
  const auto form = plain ? std::chars_format::fixed : std::chars_format::scientific;
  const auto done = std::to_chars(text.data(), text.data() + text.size(), value, form);
  out.append(text.data(), done.ptr);
}

// Fills and copies of an unpacking, never beyond the row.
class Unpacked {
 public:
  explicit Unpacked(std::span<char> row) : row_(row) {}
  bool fill(char c, std::size_t count) {
    if (count > row_.size() - at_) return false;
    std::memset(row_.data() + at_, c, count);
    at_ += count;
    return true;
  }
  bool copy(std::string_view bytes) {
    if (bytes.size() > row_.size() - at_) return false;
    std::memcpy(row_.data() + at_, bytes.data(), bytes.size());
    at_ += bytes.size();
    return true;
  }
  // Again what stands `back` bytes before; it may reach into itself.
  bool repeat(std::size_t back, std::size_t count) {
    if (back > at_ || back == 0 || count > row_.size() - at_) return false;
    for (std::size_t i = 0; i < count; ++i, ++at_) row_[at_] = row_[at_ - back];
    return true;
  }
  bool full() const { return at_ == row_.size(); }

 private:
  std::span<char> row_;
  std::size_t at_ = 0;
};

// SASYZCRL. A command is four bits, with four bits of length beside it.
bool unpack_run_length(std::string_view in, Unpacked out) {
  std::size_t at = 0;
  const auto take = [&](std::size_t& value) {
    if (at == in.size()) return false;
    value = static_cast<unsigned char>(in[at++]);
    return true;
  };
  const auto copy = [&](std::size_t count) {
    if (count > in.size() - at) return false;
    at += count;
    return out.copy(in.substr(at - count, count));
  };
  while (at < in.size()) {
    const auto byte = static_cast<unsigned char>(in[at++]);
    const std::size_t command = byte >> 4, low = byte & 15U;
    std::size_t more = 0, value = 0;
    const bool long_form = command <= 1 || (command >= 4 && command <= 7);
    if (long_form && !take(more)) return false;
    const std::size_t count = low * 256 + more;
    bool good = false;
    switch (command) {
      case 0x0:
        good = copy(count + 64);
        break;
      case 0x1:
        good = copy(count + 64 + 4096);
        break;
      case 0x2:
        good = copy(low + 96);
        break;
      case 0x4:
        good = take(value) && out.fill(static_cast<char>(value), count + 18);
        break;
      case 0x5:
        good = out.fill('@', count + 17);
        break;
      case 0x6:
        good = out.fill(' ', count + 17);
        break;
      case 0x7:
        good = out.fill('\0', count + 17);
        break;
      case 0x8:
        good = copy(low + 1);
        break;
      case 0x9:
        good = copy(low + 17);
        break;
      case 0xA:
        good = copy(low + 33);
        break;
      case 0xB:
        good = copy(low + 49);
        break;
      case 0xC:
        good = take(value) && out.fill(static_cast<char>(value), low + 3);
        break;
      case 0xD:
        good = out.fill('@', low + 2);
        break;
      case 0xE:
        good = out.fill(' ', low + 2);
        break;
      case 0xF:
        good = out.fill('\0', low + 2);
        break;
      default:
        return false;
    }
    if (!good) return false;
  }
  return out.full();
}

// SASYZCR2, Ross data compression (C/C++ Users Journal, October 1992): 16 flags, then as many literals or commands.
bool unpack_ross(std::string_view in, Unpacked out) {
  std::size_t at = 0;
  const auto take = [&](std::size_t& value) {
    if (at == in.size()) return false;
    value = static_cast<unsigned char>(in[at++]);
    return true;
  };
  std::size_t flags = 0, flag = 0;
  while (at < in.size()) {
    flag >>= 1;
    if (flag == 0) {
      std::size_t high = 0, low = 0;
      if (!take(high) || !take(low)) return out.full();
      flags = high << 8 | low;
      flag = 0x8000;
      if (at == in.size()) break;
    }
    std::size_t value = 0, more = 0, count = 0;
    if (!take(value)) return false;
    if ((flags & flag) == 0) {
      if (!out.fill(static_cast<char>(value), 1)) return false;
      continue;
    }
    const std::size_t command = value >> 4, low = value & 15U;
    bool good = false;
    if (command == 0) {  // short run
      good = take(more) && out.fill(static_cast<char>(more), low + 3);
    } else if (command == 1) {  // long run
      good = take(count) && take(more) && out.fill(static_cast<char>(more), low + (count << 4) + 19);
    } else {  // 2: a long pattern; others: a pattern of `command` bytes
      good = take(more);
      count = command;
      if (good && command == 2) good = take(count), count += 16;
      good = good && out.repeat(low + 3 + (more << 4), count);
    }
    if (!good) return false;
  }
  return out.full();
}

}  // namespace

const char* sas_charset(std::uint8_t number) {
  for (const Named& entry : charsets) {
    if (entry.number == number) return entry.charset;
  }
  return nullptr;
}

SasValue sas_value_of_format(std::string_view format) {
  std::string name;
  for (const char c : format) name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  std::string_view rest = name;
  const auto search = [&](const auto& table) {
    for (const Prefix& prefix : table) {
      if (rest.starts_with(prefix.text)) return prefix.value;
    }
    return SasValue::number;
  };
  for (const std::string_view start : {"E8601", "B8601", "$N8601", "IS8601"}) {
    if (!rest.starts_with(start)) continue;
    rest.remove_prefix(start.size());
    return search(iso);
  }
  return search(prefixes);
}

void sas_append_number(std::string& out, std::string_view bytes, bool big_endian, SasValue kind) {
  std::uint64_t bits = 0;
  const std::size_t width = std::min<std::size_t>(bytes.size(), 8);
  for (std::size_t i = 0; i < width; ++i) {
    bits = bits << 8 | static_cast<unsigned char>(bytes[big_endian ? i : width - 1 - i]);
  }
  bits <<= (8 - width) * 8;  // a short number keeps the highest bytes
  const auto value = std::bit_cast<double>(bits);
  if (std::isnan(value)) return;  // missing, of whatever letter
  if (kind == SasValue::date && append_day(out, value)) return;
  if (kind == SasValue::datetime && append_moment(out, value)) return;
  if (kind == SasValue::time && value >= 0 && value < 86'400) return append_clock(out, value);
  append_shortest(out, value);
}

bool sas_unpack(SasPacking packing, std::string_view packed, std::span<char> row) {
  if (packing == SasPacking::run_length) return unpack_run_length(packed, Unpacked(row));
  return packing == SasPacking::ross && unpack_ross(packed, Unpacked(row));
}

}  // namespace pyojun
