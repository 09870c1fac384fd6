// Functions about Korean resident registration numbers and Korean text.
#include "mapping/functions_korea.hpp"

#include <chrono>
#include <optional>

#include "base/hangul.hpp"

namespace pyojun::mapping {

namespace {

// What a resident registration number YYMMDD-GABCDEF says; the number itself goes no further. G: 1 2 born in the 1900s, 3 4 in the 2000s,
// 9 0 in the 1800s; 5 6 and 7 8 the same for foreigners (Enforcement Rule of the Resident Registration Act, article 2). The six digits
// behind G may be masked. Their check digit proves nothing: numbers given out since October 2020 have none.
struct Registration {
  TimeValue birth;
  bool female = false, foreigner = false;
};

std::optional<Registration> read_registration(std::string_view text) {
  text = trimmed(text);
  char digits[13] = {};
  std::size_t size = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (size == 6 && c == '-' && text[i - 1] != '-') continue;
    const bool digit = c >= '0' && c <= '9', masked = size > 6 && (c == '*' || c == 'X' || c == 'x');
    if (size == 13 || (!digit && !masked)) return std::nullopt;
    digits[size++] = c;
  }
  if (size != 13 && size != 7) return std::nullopt;
  const auto two = [&](std::size_t at) { return (digits[at] - '0') * 10 + digits[at + 1] - '0'; };
  const int g = digits[6] - '0';
  const int century = g == 9 || g == 0 ? 1800 : g == 3 || g == 4 || g == 7 || g == 8 ? 2000 : 1900;
  const std::chrono::year_month_day day{std::chrono::year{century + two(0)}, std::chrono::month(static_cast<unsigned>(two(2))),
                                        std::chrono::day(static_cast<unsigned>(two(4)))};
  if (!day.ok()) return std::nullopt;
  Registration out;
  out.birth.precision = Precision::day;
  out.birth.days = days_from_civil(century + two(0), static_cast<unsigned>(two(2)), static_cast<unsigned>(two(4)));
  out.female = g % 2 == 0;
  out.foreigner = g >= 5 && g <= 8;
  return out;
}

// The registration in the argument; nothing when absent or, with the candidate refused, when it is none.
std::optional<Registration> registration(const Op& op, Frame& frame) {
  Value in;
  eval(*op.args[0], frame, in);
  std::string_view text;
  if (!in.present() || !text_of(frame, in, text) || trimmed(text).empty()) return std::nullopt;
  auto out = read_registration(text);
  if (!out) frame.fail(Code::value_not_registration, op, in);
  return out;
}

}  // namespace

bool is_registration_text(std::string_view text) {
  return text.find_first_not_of("0123456789-") == std::string_view::npos && read_registration(text).has_value();
}

void run_compose(const Op& op, Frame& frame, Value& out) {
  eval(*op.args[0], frame, out);
  std::string_view text;
  if (out.tag <= Tag::null || !text_of(frame, out, text)) return out.clear();
  if (has_separate_hangul(text)) text = frame.arena.copy(compose_hangul(text));
  const NodeIndex node = out.node;
  out.clear();
  out.node = node;
  out.set_text(text);
}

void run_rrn_birth(const Op& op, Frame& frame, Value& out) {
  const auto found = registration(op, frame);
  out.clear();
  if (!found) return;
  out.tag = Tag::time;
  out.time = found->birth;
}

void run_rrn_sex(const Op& op, Frame& frame, Value& out) {
  const auto found = registration(op, frame);
  out.clear();
  if (found) out.set_text(found->female ? "F" : "M");
}

void run_rrn_foreigner(const Op& op, Frame& frame, Value& out) {
  const auto found = registration(op, frame);
  out.clear();
  if (found) out.set_boolean(found->foreigner);
}

}  // namespace pyojun::mapping
