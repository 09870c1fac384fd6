#include "mapping/values.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "mapping/code_entry.hpp"

namespace pyojun::mapping {

namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

// Length of the number at the start of `text`, 0 when there is none.
std::size_t number_length(std::string_view text) {
  std::size_t i = !text.empty() && (text[0] == '+' || text[0] == '-') ? 1 : 0;
  const std::size_t whole = i;
  while (i < text.size() && digit(text[i])) ++i;
  std::size_t digits = i - whole;
  if (i < text.size() && text[i] == '.') {
    const std::size_t fraction = ++i;
    while (i < text.size() && digit(text[i])) ++i;
    digits += i - fraction;
    if (i == fraction) --i;  // "5." is the number 5 and a full stop
  }
  if (digits == 0) return 0;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    std::size_t j = i + 1;
    if (j < text.size() && (text[j] == '+' || text[j] == '-')) ++j;
    const std::size_t exponent = j;
    while (j < text.size() && digit(text[j])) ++j;
    if (j > exponent) i = j;
  }
  return i;
}

std::string_view after(std::string_view text, std::size_t n) { return trimmed(text.substr(n)); }

}  // namespace

namespace {

// Up to 15 digits with at most 15 of them behind the point: digits and power of ten are exact doubles, so their quotient is the nearest
// double (Clinger 1990). Anything else is left to from_chars.
bool short_number(std::string_view text, double& out) {
  static constexpr std::array<double, 16> powers{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  const bool minus = !text.empty() && text[0] == '-';
  std::size_t i = minus ? 1 : 0;
  if (text.size() - i > 16 || i == text.size()) return false;
  std::uint64_t digits = 0;
  std::size_t count = 0, fraction = 0;
  bool point = false;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (digit(c)) {
      digits = digits * 10 + static_cast<std::uint64_t>(c - '0');
      ++count;
      fraction += point;
    } else if (c == '.' && !point) {
      point = true;
    } else {
      return false;
    }
  }
  if (count == 0 || count > 15 || (point && fraction == 0)) return false;
  out = static_cast<double>(digits) / powers[fraction];
  if (minus) out = -out;
  return true;
}

}  // namespace

std::optional<double> parse_number(std::string_view text) {
  double quick = 0;
  if (short_number(text, quick)) return quick;
  if (text.empty() || number_length(text) != text.size()) return std::nullopt;
  if (text[0] == '+') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::string_view digits = text[0] == '+' ? text.substr(1) : text;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc{} && end == digits.data() + digits.size() && (text[0] != '+' || digits[0] != '-')) return value;
  const auto number = parse_number(text);
  constexpr double limit = 9007199254740992.0;  // 2^53: beyond it a double is no longer every integer
  if (!number || *number != std::trunc(*number) || std::fabs(*number) > limit) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  constexpr std::string_view no_break = "\xC2\xA0";
  for (;;) {
    if (!text.empty() && blank(text.front())) {
      text.remove_prefix(1);
    } else if (text.starts_with(no_break)) {
      text.remove_prefix(2);
    } else if (!text.empty() && blank(text.back())) {
      text.remove_suffix(1);
    } else if (text.ends_with(no_break)) {
      text.remove_suffix(2);
    } else {
      return text;
    }
  }
}

std::int32_t operator_concept(std::string_view sign) {
  if (sign == "<") return 4171756;
  if (sign == "<=" || sign == "\xE2\x89\xA4") return 4171754;
  if (sign == "=") return 4172703;
  if (sign == ">=" || sign == "\xE2\x89\xA5") return 4171755;
  if (sign == ">") return 4172704;
  return 0;
}

std::optional<Measured> parse_measured(std::string_view text) {
  text = trimmed(text);
  Measured out;
  if (!text.empty() && digit(text[0]) && short_number(text, out.number)) return out;
  static constexpr std::array<std::string_view, 7> signs{"<=", ">=", "<", ">", "=", "\xE2\x89\xA4", "\xE2\x89\xA5"};
  for (const std::string_view sign : signs) {
    if (!text.starts_with(sign)) continue;
    out.operator_concept = operator_concept(sign);
    text = after(text, sign.size());
    break;
  }
  const std::size_t length = number_length(text);
  if (length == 0) return std::nullopt;
  const auto number = parse_number(text.substr(0, length));
  if (!number) return std::nullopt;
  out.number = *number;
  out.rest = after(text, length);
  return out;
}

std::optional<Range> parse_range(std::string_view text) {
  text = trimmed(text);
  if (text.size() > 1 && ((text.front() == '(' && text.back() == ')') || (text.front() == '[' && text.back() == ']'))) {
    text = trimmed(text.substr(1, text.size() - 2));
  }
  const auto first = parse_measured(text);
  if (!first) return std::nullopt;
  Range out;
  if (first->operator_concept != 0 && first->operator_concept != operator_concept("=")) {
    const bool upper = first->operator_concept == operator_concept("<") || first->operator_concept == operator_concept("<=");
    (upper ? out.high : out.low) = first->number;
    (upper ? out.has_high : out.has_low) = true;
    return out;
  }
  static constexpr std::array<std::string_view, 7> between{"-", "~", "to ", "..", "\xE2\x80\x93", "\xE2\x80\x94", "\xEF\xBD\x9E"};
  for (const auto sign : between) {
    if (!first->rest.starts_with(sign)) continue;
    const std::string_view second = after(first->rest, sign.size());
    const std::size_t length = number_length(second);
    const auto high = parse_number(second.substr(0, length));
    if (!high || *high < first->number) return std::nullopt;
    return Range{first->number, *high, true, true};
  }
  return std::nullopt;
}

std::size_t characters(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  return count;
}

std::size_t byte_of(std::string_view text, std::size_t character) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U) continue;
    if (character == 0) return i;
    --character;
  }
  return text.size();
}

bool append_text(std::string& out, const Value& value) {
  switch (value.tag) {
    case Tag::text:
    case Tag::concept_id:
      out += value.text();
      return true;
    case Tag::integer:
      fmt::format_to(std::back_inserter(out), "{}", value.integer);
      return true;
    case Tag::number:
      fmt::format_to(std::back_inserter(out), "{}", value.number);
      return true;
    case Tag::boolean:
      out += value.boolean ? "true" : "false";
      return true;
    case Tag::time: {
      const TimeValue& time = value.time;
      const Civil day = civil_from_days(time.days);
      fmt::format_to(std::back_inserter(out), "{:04}", day.year);
      if (time.precision >= Precision::month) fmt::format_to(std::back_inserter(out), "-{:02}", day.month);
      if (time.precision >= Precision::day) fmt::format_to(std::back_inserter(out), "-{:02}", day.day);
      if (time.precision < Precision::minute) return true;
      const std::int64_t seconds = time.micros / 1'000'000;
      fmt::format_to(std::back_inserter(out), "T{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
      if (const std::int64_t rest = time.micros % 1'000'000; rest != 0) fmt::format_to(std::back_inserter(out), ".{:06}", rest);
      return true;
    }
    case Tag::code:
      out += value.code->code;
      return true;
    case Tag::answer:
      out += value.answer->text;
      return true;
    default:
      return false;
  }
}

std::string_view Arena::copy(std::string_view text) {
  char* out = take(text.size());
  text.copy(out, text.size());
  return {out, text.size()};
}

bool Arena::owns(const char* at) const {
  for (std::size_t i = 0; i <= block_ && i < blocks_.size(); ++i) {
    const auto from = reinterpret_cast<std::uintptr_t>(blocks_[i].data.get()), place = reinterpret_cast<std::uintptr_t>(at);
    if (place >= from && place < from + blocks_[i].size) return true;
  }
  return false;
}

void Arena::grow(std::size_t bytes) {
  while (++block_ < blocks_.size() && blocks_[block_].size < bytes) {
  }
  if (blocks_.empty()) block_ = 0;
  used_ = 0;
  if (block_ < blocks_.size()) return;
  const std::size_t size = bytes > 16384 ? bytes : 16384;
  blocks_.push_back({std::make_unique<char[]>(size), size});
  block_ = blocks_.size() - 1;
}

}  // namespace pyojun::mapping
