// Functions about times, numbers and texts.
#include "mapping/functions_text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/text.hpp"
#include "mapping/functions_code.hpp"

namespace pyojun::mapping {

namespace {

constexpr std::int64_t micros_per_day = 86'400'000'000;

// Moves a time that carries an offset to the mapping's zone, or leaves the offset out.
void apply_zone(const Zone& zone, TimeValue& time) {
  if (!time.has_offset) return;
  time.has_offset = false;
  if (zone.keep || time.precision < Precision::minute) return;
  const std::int64_t minutes = zone.minutes - std::int64_t{time.offset_minutes};
  std::int64_t micros = time.micros + minutes * 60'000'000;
  std::int64_t days = time.days;
  for (; micros < 0; micros += micros_per_day) --days;
  for (; micros >= micros_per_day; micros -= micros_per_day) ++days;
  time.days = static_cast<std::int32_t>(days);
  time.micros = micros;
}

void set_time(Value& out, NodeIndex node, const TimeValue& time) {
  out.clear();
  out.tag = Tag::time;
  out.node = node;
  out.time = time;
}

// Evaluates an argument to a time. False: absent, or failed because the text is no time.
bool time_argument(const Op& op, std::size_t argument, Frame& frame, TimeValue& time, NodeIndex& node) {
  Value in;
  eval(*op.args[argument], frame, in);
  node = in.node;
  if (in.tag == Tag::time) {
    time = in.time;
    return true;
  }
  std::string_view text;
  if (!in.present() || !text_of(frame, in, text)) {
    if (in.tag == Tag::object) frame.fail(Code::value_not_date, op, in);
    return false;
  }
  if (parse_time(frame, text, time)) return true;
  frame.fail(Code::value_not_date, op, in);
  return false;
}

bool text_argument(const Op& op, std::size_t argument, Frame& frame, std::string_view& text, NodeIndex& node) {
  Value in;
  eval(*op.args[argument], frame, in);
  node = in.node;
  return in.tag > Tag::null && text_of(frame, in, text);
}

// A whole number argument; false when absent, negative or no whole number.
bool count_argument(const Op& op, std::size_t argument, Frame& frame, std::size_t& out) {
  Value in;
  eval(*op.args[argument], frame, in);
  const auto number = number_of(frame, op, in);
  if (!number || *number < 0 || *number > 1e9) return false;
  out = static_cast<std::size_t>(*number);
  return true;
}

void set_made(Value& out, NodeIndex node, std::string_view text) {
  out.clear();
  out.node = node;
  out.set_text(text);
}

template <class Change>
void map_bytes(const Op& op, Frame& frame, Value& out, Change change) {
  std::string_view text;
  NodeIndex node = 0;
  if (!text_argument(op, 0, frame, text, node)) return out.clear();
  char* made = frame.arena.take(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) made[i] = change(text[i]);
  set_made(out, node, {made, text.size()});
}

template <class Part>
void date_part(const Op& op, Frame& frame, Value& out, Precision least, Part part) {
  TimeValue time;
  NodeIndex node = 0;
  const bool there = time_argument(op, 0, frame, time, node);
  out.clear();
  if (!there || time.precision < least) return;
  out.node = node;
  out.set_integer(part(civil_from_days(time.days)));
}

template <class Whole, class Real>
void arithmetic(const Op& op, Frame& frame, Value& out, Whole whole, Real real) {
  Value a, b;
  eval(*op.args[0], frame, a);
  eval(*op.args[1], frame, b);
  const auto x = number_of(frame, op, a), y = number_of(frame, op, b);
  out.clear();
  if (!x || !y) return;
  const auto is_whole = [](const Value& value) {
    return value.tag == Tag::integer || (value.tag == Tag::text && value.text().find_first_of(".eE") == std::string_view::npos);
  };
  std::int64_t result = 0;
  if (is_whole(a) && is_whole(b) && std::fabs(*x) < 9e15 && std::fabs(*y) < 9e15 &&
      whole(static_cast<std::int64_t>(*x), static_cast<std::int64_t>(*y), result)) {
    return out.set_integer(result);
  }
  const double value = real(*x, *y);
  if (std::isfinite(value)) out.set_number(value);
}

}  // namespace

namespace {

bool parse_in(const Frame& frame, std::string_view text, const Zone& zone, std::uint64_t salt, TimeValue& out) {
  Recent<TimeValue>* const recent = frame.runtime == nullptr ? nullptr : &frame.runtime->times;
  if (recent != nullptr) {
    if (const TimeValue* const known = recent->find(text, salt); known != nullptr) {
      out = *known;
      return true;
    }
  }
  std::optional<TimeValue> time = parse_iso(text);
  if (!time) {
    for (const auto& form : frame.plan->dialect_.date_forms) {
      time = form == "hl7" ? parse_hl7(text) : parse_form(text, form);
      if (time) break;
    }
    if (!time) return false;
  }
  out = *time;
  apply_zone(zone, out);
  if (recent != nullptr) recent->keep(text, salt, out);
  return true;
}

}  // namespace

bool parse_time(const Frame& frame, std::string_view text, TimeValue& out) { return parse_in(frame, text, frame.plan->zone_, 0, out); }

// These two make the time where it stays.
void run_date(const Op& op, Frame& frame, Value& out) {
  run_datetime(op, frame, out);
  if (out.tag != Tag::time) return;
  out.time.micros = 0;
  if (out.time.precision > Precision::day) out.time.precision = Precision::day;
}

void run_datetime(const Op& op, Frame& frame, Value& out) {
  NodeIndex node = 0;
  if (!time_argument(op, 0, frame, out.time, node)) return out.clear();
  out.tag = Tag::time;
  out.node = node;
}

// Times without an offset cannot be placed: they are taken as they stand.
void run_instant(const Op& op, Frame& frame, Value& out) {
  constexpr Zone utc{false, 0};
  Value in;
  eval(*op.args[0], frame, in);
  std::string_view text;
  TimeValue time;
  if (in.tag == Tag::time) return set_time(out, in.node, in.time);
  if (!in.present() || !text_of(frame, in, text)) return out.clear();
  if (parse_in(frame, text, utc, 1, time)) return set_time(out, in.node, time);
  frame.fail(Code::value_not_date, op, in);
  out.clear();
}

void run_optional(const Op& op, Frame& frame, Value& out) {
  if (frame.failure.failed) return out.clear();
  eval(*op.args[0], frame, out);
  if (!frame.failure.failed) return;
  frame.left_out.push_back(frame.failure);
  frame.failure.failed = false;
  out.clear();
}

void run_assumed(const Op& op, Frame& frame, Value& out) { eval(*op.args[0], frame, out); }

void run_first_day(const Op& op, Frame& frame, Value& out) {
  TimeValue time;
  NodeIndex node = 0;
  if (!time_argument(op, 0, frame, time, node)) return out.clear();
  const Civil day = civil_from_days(time.days);
  if (time.precision == Precision::year) time.days = days_from_civil(day.year, 1, 1);
  if (time.precision == Precision::month) time.days = days_from_civil(day.year, day.month, 1);
  time.precision = std::max(time.precision, Precision::day);
  set_time(out, node, time);
}

void run_year(const Op& op, Frame& frame, Value& out) {
  date_part(op, frame, out, Precision::year, [](const Civil& day) { return day.year; });
}
void run_month(const Op& op, Frame& frame, Value& out) {
  date_part(op, frame, out, Precision::month, [](const Civil& day) { return static_cast<std::int64_t>(day.month); });
}
void run_day(const Op& op, Frame& frame, Value& out) {
  date_part(op, frame, out, Precision::day, [](const Civil& day) { return static_cast<std::int64_t>(day.day); });
}

void run_days(const Op& op, Frame& frame, Value& out) {
  TimeValue a, b;
  NodeIndex node = 0;
  const bool there = time_argument(op, 0, frame, a, node) && time_argument(op, 1, frame, b, node);
  out.clear();
  if (there && a.precision >= Precision::day && b.precision >= Precision::day) out.set_integer(std::int64_t{b.days} - a.days);
}

void run_add_days(const Op& op, Frame& frame, Value& out) {
  TimeValue time;
  NodeIndex node = 0;
  Value days;
  const bool there = time_argument(op, 0, frame, time, node) && time.precision >= Precision::day;
  eval(*op.args[1], frame, days);
  const auto number = number_of(frame, op, days);
  out.clear();
  if (!there || !number || std::fabs(*number) > 1e6 || std::floor(*number) != *number) return;
  time.days += static_cast<std::int32_t>(*number);
  set_time(out, node, time);
}

void run_last_day(const Op& op, Frame& frame, Value& out) {
  TimeValue time;
  NodeIndex node = 0;
  if (!time_argument(op, 0, frame, time, node)) return out.clear();
  const Civil day = civil_from_days(time.days);
  const bool year = time.precision == Precision::year || day.month == 12;
  if (time.precision <= Precision::month) {
    time.days = (year ? days_from_civil(day.year + 1, 1, 1) : days_from_civil(day.year, day.month + 1, 1)) - 1;
  }
  time.precision = Precision::day;
  time.micros = 0;
  set_time(out, node, time);
}

void run_number(const Op& op, Frame& frame, Value& out) {
  Value in;
  eval(*op.args[0], frame, in);
  const auto number = number_of(frame, op, in);
  out.clear();
  if (!number) return;
  out.node = in.node;
  if (in.tag == Tag::integer) return out.set_integer(in.integer);
  out.set_number(*number);
}

void run_integer(const Op& op, Frame& frame, Value& out) {
  Value in;
  eval(*op.args[0], frame, in);
  out.clear();
  if (!in.present()) return;
  std::optional<std::int64_t> number;
  if (in.tag == Tag::integer || in.tag == Tag::concept_id) number = in.integer;
  if (in.tag == Tag::text) number = parse_integer(in.text());
  if (in.tag == Tag::number && in.number == std::trunc(in.number) && std::fabs(in.number) < 9e15)
    number = static_cast<std::int64_t>(in.number);
  if (!number) return frame.fail(Code::value_not_integer, op, in);
  out.node = in.node;
  out.set_integer(*number);
}

void run_text(const Op& op, Frame& frame, Value& out) {
  Value in;
  eval(*op.args[0], frame, in);
  if (in.tag == Tag::object) return shape_text(frame, in.node, out);
  std::string_view text;
  if (in.tag <= Tag::null || !text_of(frame, in, text)) return out.clear();
  set_made(out, in.node, text);
}

void run_trim(const Op& op, Frame& frame, Value& out) {
  std::string_view text;
  NodeIndex node = 0;
  if (!text_argument(op, 0, frame, text, node)) return out.clear();
  set_made(out, node, trimmed(text));
}

void run_upper(const Op& op, Frame& frame, Value& out) {
  map_bytes(op, frame, out, [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
}
void run_lower(const Op& op, Frame& frame, Value& out) {
  map_bytes(op, frame, out, [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
}

void run_left(const Op& op, Frame& frame, Value& out) {
  std::string_view text;
  NodeIndex node = 0;
  std::size_t n = 0;
  if (!text_argument(op, 0, frame, text, node) || !count_argument(op, 1, frame, n)) return out.clear();
  set_made(out, node, text.substr(0, byte_of(text, n)));
}

void run_right(const Op& op, Frame& frame, Value& out) {
  std::string_view text;
  NodeIndex node = 0;
  std::size_t n = 0;
  if (!text_argument(op, 0, frame, text, node) || !count_argument(op, 1, frame, n)) return out.clear();
  const std::size_t all = characters(text);
  set_made(out, node, text.substr(n >= all ? 0 : byte_of(text, all - n)));
}

void run_substring(const Op& op, Frame& frame, Value& out) {
  std::string_view text;
  NodeIndex node = 0;
  std::size_t from = 0, n = std::numeric_limits<std::size_t>::max();
  if (!text_argument(op, 0, frame, text, node) || !count_argument(op, 1, frame, from)) return out.clear();
  if (op.args.size() > 2 && !count_argument(op, 2, frame, n)) return out.clear();
  text.remove_prefix(byte_of(text, from == 0 ? 0 : from - 1));
  set_made(out, node, text.substr(0, byte_of(text, n)));
}

void run_replace(const Op& op, Frame& frame, Value& out) {
  std::string_view text, old, made;
  NodeIndex node = 0, other = 0;
  if (!text_argument(op, 0, frame, text, node) || !text_argument(op, 1, frame, old, other) || !text_argument(op, 2, frame, made, other))
    return out.clear();
  if (old.empty() || text.find(old) == std::string_view::npos) return set_made(out, node, text);
  std::string& buffer = frame.buffer;
  buffer.clear();
  for (;;) {
    const auto at = text.find(old);
    buffer += text.substr(0, at);
    if (at == std::string_view::npos) break;
    buffer += made;
    text.remove_prefix(at + old.size());
  }
  set_made(out, node, frame.arena.copy(buffer));
}

// Part n, from 1; absent when there are fewer.
void run_split(const Op& op, Frame& frame, Value& out) {
  std::string_view text, separator;
  NodeIndex node = 0, other = 0;
  std::size_t n = 0;
  if (!text_argument(op, 0, frame, text, node) || !text_argument(op, 1, frame, separator, other) || !count_argument(op, 2, frame, n))
    return out.clear();
  if (n == 0 || separator.empty()) return out.clear();
  for (; n > 1; --n) {
    const auto at = text.find(separator);
    if (at == std::string_view::npos) return out.clear();
    text.remove_prefix(at + separator.size());
  }
  set_made(out, node, text.substr(0, text.find(separator)));
}

void run_strip_prefix(const Op& op, Frame& frame, Value& out) {
  std::string_view text, prefix;
  NodeIndex node = 0, other = 0;
  if (!text_argument(op, 0, frame, text, node) || !text_argument(op, 1, frame, prefix, other)) return out.clear();
  if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  set_made(out, node, text);
}

// Line breaks and blanks inside are left out; what is no text (a PDF, an image) is absent.
void run_base64(const Op& op, Frame& frame, Value& out) {
  std::string_view text;
  NodeIndex node = 0;
  if (!text_argument(op, 0, frame, text, node)) return out.clear();
  char* const made = frame.arena.take(text.size());
  std::size_t length = 0;
  std::uint32_t bits = 0, count = 0;
  for (const char c : text) {
    std::uint32_t six = 0;
    if (c >= 'A' && c <= 'Z') {
      six = static_cast<std::uint32_t>(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      six = static_cast<std::uint32_t>(c - 'a') + 26;
    } else if (c >= '0' && c <= '9') {
      six = static_cast<std::uint32_t>(c - '0') + 52;
    } else if (c == '+' || c == '-') {
      six = 62;
    } else if (c == '/' || c == '_') {
      six = 63;
    } else if (c == '=' || c == ' ' || c == '\n' || c == '\r') {
      continue;
    } else {
      return out.clear();
    }
    bits = bits << 6U | six;
    if (++count % 4 != 1) made[length++] = static_cast<char>(bits >> (6 - 2 * ((count - 1) % 4)) & 0xFFU);
  }
  const std::string_view whole(made, length);
  if (whole.find('\0') != std::string_view::npos || find_bad_utf8(whole) != no_bad_byte) return out.clear();
  set_made(out, node, whole);
}

void run_join(const Op& op, Frame& frame, Value& out) {
  std::string_view separator;
  NodeIndex node = 0;
  if (!text_argument(op, 1, frame, separator, node)) return out.clear();
  std::string made;
  bool any = false;
  each_value(*op.args[0], frame, [&](const Value& value) {
    std::string_view text;
    if (!value.present() || !text_of(frame, value, text)) return false;
    if (any) made += separator;
    any = true;
    made += text;
    return false;
  });
  if (!any) return out.clear();
  set_made(out, 0, frame.arena.copy(made));
}

void run_count(const Op& op, Frame& frame, Value& out) {
  std::int64_t count = 0;
  each_value(*op.args[0], frame, [&](const Value& value) {
    count += value.present();
    return false;
  });
  out.clear();
  out.set_integer(count);
}

void run_length(const Op& op, Frame& frame, Value& out) {
  std::string_view text;
  NodeIndex node = 0;
  const bool there = text_argument(op, 0, frame, text, node);
  out.clear();
  if (there) out.set_integer(static_cast<std::int64_t>(characters(text)));
}

void run_plus(const Op& op, Frame& frame, Value& out) {
  arithmetic(
      op, frame, out, [](std::int64_t a, std::int64_t b, std::int64_t& c) { return !__builtin_add_overflow(a, b, &c); },
      [](double a, double b) { return a + b; });
}
void run_minus(const Op& op, Frame& frame, Value& out) {
  arithmetic(
      op, frame, out, [](std::int64_t a, std::int64_t b, std::int64_t& c) { return !__builtin_sub_overflow(a, b, &c); },
      [](double a, double b) { return a - b; });
}
void run_times(const Op& op, Frame& frame, Value& out) {
  arithmetic(
      op, frame, out, [](std::int64_t a, std::int64_t b, std::int64_t& c) { return !__builtin_mul_overflow(a, b, &c); },
      [](double a, double b) { return a * b; });
}
void run_divide(const Op& op, Frame& frame, Value& out) {
  const auto exact = [](std::int64_t a, std::int64_t b, std::int64_t& c) {
    if (b == 0 || b == -1 || a % b != 0) return false;
    c = a / b;
    return true;
  };
  arithmetic(op, frame, out, exact, [](double a, double b) { return b == 0 ? std::nan("") : a / b; });
}

void run_type_of(const Op& op, Frame& frame, Value& out) {
  Value in;
  eval(*op.args[0], frame, in);
  out.clear();
  if (in.node == 0) return;
  const std::string_view name = frame.plan->symbols_.name(frame.nodes[in.node].name);
  out.node = in.node;
  out.set_text(name.substr(std::min<std::size_t>(op.number, name.size())));
}

void run_kind(const Op&, Frame& frame, Value& out) {
  out.clear();
  if (frame.record->kind != 0) out.set_text(frame.plan->symbols_.name(frame.record->kind));
}

void run_file(const Op&, Frame& frame, Value& out) {
  out.clear();
  const NodeIndex found = frame.batch->find(frame.context[0], frame.plan->names_.file);
  if (found != 0) load(frame, found, out);
}

void run_position(const Op&, Frame& frame, Value& out) {
  out.clear();
  out.set_integer(frame.item);
}

void run_event(const Op&, Frame&, Value& out) {
  out.clear();
  out.tag = Tag::sibling;
}

void run_event_domain(const Op&, Frame& frame, Value& out) {
  out.clear();
  if (frame.lead_table != no_table && !frame.plan->events_[frame.lead_table].domain.empty())
    out.set_text(frame.plan->events_[frame.lead_table].domain);
}

void run_event_field(const Op&, Frame& frame, Value& out) {
  out.clear();
  if (frame.lead_table != no_table && frame.plan->events_[frame.lead_table].field_concept != 0) {
    out.set_integer(frame.plan->events_[frame.lead_table].field_concept);
  }
}

}  // namespace pyojun::mapping
