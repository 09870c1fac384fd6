// Functions about Korean resident registration numbers and Korean text.
#include "mapping/functions_korea.hpp"

#include <algorithm>
#include <optional>

#include "base/hangul.hpp"
#include "base/registration_number.hpp"

namespace pyojun::mapping {

namespace {

// The registration in the argument; nothing when absent or, with the candidate refused, when it is none.
std::optional<RegistrationNumber> registration(const Op& op, Frame& frame) {
  Value in;
  eval(*op.args[0], frame, in);
  std::string_view text;
  if (!in.present() || !text_of(frame, in, text) || trimmed(text).empty()) return std::nullopt;
  auto out = read_registration(trimmed(text));
  if (!out) frame.fail(Code::value_not_registration, op, in);
  if (out && out->check == RegistrationNumber::CheckDigit::differs) frame.unfit.note(frame.records, op.field);
  return out;
}

// A barcode that a list of the mapping or of the run names, or the vocabulary's EDI, is that medicine's, though its digits may be a
// person's too.
bool known_medicine(Frame& frame, std::string_view text) {
  if (!is_drug_barcode(text) || frame.runtime == nullptr) return false;
  if (std::ranges::any_of(frame.plan->lists_, [&](const CodeList& list) { return list.find(text) != nullptr; })) return true;
  if (std::ranges::any_of(frame.plan->extra_lists_, [&](const auto& list) { return list.second.find(text) != nullptr; })) return true;
  CodeCache& codes = frame.runtime->codes;
  const Grade grade = codes.find(codes.system("EDI"), text).grade;
  return grade == Grade::exact || grade == Grade::normalised || grade == Grade::list || grade == Grade::no_target;
}

}  // namespace

bool holds_person_number(Frame& frame, std::string_view text) {
  return text.size() >= 13 && holds_registration(text, frame.plan->dialect_.bare_numbers) && !known_medicine(frame, trimmed(text));
}

bool is_person_number(Frame& frame, std::string_view text) {
  return text.size() >= 13 && is_registration(text, frame.plan->dialect_.bare_numbers) && !known_medicine(frame, trimmed(text));
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
