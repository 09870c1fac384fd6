// Functions about codes, concepts, answers, units and references; the shapes they look into are generic, not one format's.
#include "mapping/functions_code.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/registration_number.hpp"
#include "mapping/shape.hpp"

namespace pyojun::mapping {

namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(Grade::count)> grade_names{
    "exact", "normalised", "list", "edition", "truncated", "no_target", "unknown", "no_system"};

void set_code(Value& out, NodeIndex node, const CodeEntry& entry) {
  out.clear();
  out.tag = Tag::code;
  out.node = node;
  out.code = &entry;
}

bool better(const CodeEntry& a, const CodeEntry& b) {
  if (a.grade != b.grade) return a.grade < b.grade;
  return a.priority < b.priority;
}

// Best code among an object's repeated `coding` children, nullptr when it has none.
const CodeEntry* best_coding(Frame& frame, NodeIndex node) {
  const ShapeNames& names = frame.plan->names_;
  const CodeEntry* best = nullptr;
  for (NodeIndex i = frame.nodes[node].child; i != 0; i = frame.nodes[i].next) {
    if (frame.nodes[i].name != names.coding) continue;
    const auto code = child_text(frame, i, names.code);
    if (code.empty()) continue;
    const auto& entry = frame.runtime->codes.find(frame.runtime->codes.system(child_text(frame, i, names.system)), code);
    if (best == nullptr || better(entry, *best)) best = &entry;
  }
  return best;
}

// A unit may stand behind a number when it starts like one; "80 /min" has one, "140/90" has none.
bool unit_like(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80; };
  if (text.empty() || text.size() > 50) return false;
  return letter(text[0]) || text[0] == '%' || text[0] == '[' || text[0] == '{' || (text[0] == '/' && text.size() > 1 && letter(text[1]));
}

std::int32_t unit_concept(Frame& frame, std::string_view text) {
  Runtime& runtime = *frame.runtime;
  if (const auto* known = runtime.units.find(text)) return *known;
  return runtime.units.put(text, runtime.vocabulary ? runtime.vocabulary->unit(text) : 0);
}

std::int32_t answer_concept(Frame& frame, std::string_view text) {
  Runtime& runtime = *frame.runtime;
  if (text.empty() || text.size() > 255 || !runtime.vocabulary) return 0;
  if (const auto* known = runtime.answers.find(text)) return *known;
  const std::int32_t named = runtime.vocabulary->standard_by_name(text, "Meas Value");
  return runtime.answers.put(text, named != 0 ? named : runtime.vocabulary->word("Meas Value", text));
}

bool same_word(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

// "<0.5", "7.5 mm", "1+", "Negative": a number, or a text that may name an answer concept.
void answer_of_text(Frame& frame, std::string_view text, std::string_view unit, Answer& out) {
  out.text = text;
  const bool person = is_registration(text, frame.plan->dialect_.bare_numbers);  // no measurement has thirteen such digits
  const auto measured = person ? std::nullopt : parse_measured(text);
  if (measured) {
    const bool alone = measured->rest.empty();
    if (alone || (!unit.empty() && same_word(measured->rest, unit)) ||
        (unit_like(measured->rest) && unit_concept(frame, measured->rest) > 0)) {
      out.has_number = true;
      out.number = measured->number;
      out.operator_concept = measured->operator_concept;
      out.exact = alone && measured->operator_concept == 0;
      return;
    }
  }
  out.concept_id = answer_concept(frame, trimmed(text));
}

void answer_of_code(Frame& frame, const CodeEntry* entry, std::string_view text, Answer& out) {
  out.code = entry;
  out.text = text;
  if (entry != nullptr && !entry->targets.empty()) {
    out.concept_id = entry->targets[0];
  } else {
    out.concept_id = answer_concept(frame, trimmed(text));
  }
}

void answer_of_ratio(Frame& frame, NodeIndex node, Answer& out) {
  const ShapeNames& names = frame.plan->names_;
  Value above, below;
  child(frame, node, names.numerator, above);
  child(frame, node, names.denominator, below);
  const auto a = child_text(frame, above.node, names.value), b = child_text(frame, below.node, names.value);
  const bool signs = !child_text(frame, above.node, names.comparator).empty() || !child_text(frame, below.node, names.comparator).empty();
  out.text = joined(frame, joined(frame, child_text(frame, above.node, names.comparator), "", a), ":", b);
  const auto x = parse_number(a), y = parse_number(b);
  if (signs || !x || !y || *y == 0) return;
  out.has_number = true;
  out.number = *x / *y;
}

// Structures: what children there are says what it is. False: nothing this function knows.
bool answer_of_object(Frame& frame, NodeIndex node, std::string_view unit, Answer& out) {
  const ShapeNames& names = frame.plan->names_;
  const RecordBatch& batch = *frame.batch;
  const auto has = [&](Symbol name) { return name != 0 && batch.find(node, name) != 0; };
  if (has(names.value)) {
    const auto comparator = child_text(frame, node, names.comparator);
    const auto number = child_text(frame, node, names.value);
    answer_of_text(frame, comparator.empty() ? number : joined(frame, comparator, "", number), unit, out);
  } else if (has(names.coding) || has(names.text)) {
    std::string_view text = child_text(frame, node, names.text);
    const NodeIndex first = batch.find(node, names.coding);
    if (text.empty()) text = child_text(frame, first, names.display);
    if (text.empty()) text = child_text(frame, first, names.code);
    answer_of_code(frame, best_coding(frame, node), text, out);
  } else if (has(names.code)) {
    const auto code = child_text(frame, node, names.code);
    const auto display = child_text(frame, node, names.display);
    const auto* entry =
        code.empty() ? nullptr : &frame.runtime->codes.find(frame.runtime->codes.system(child_text(frame, node, names.system)), code);
    answer_of_code(frame, entry, display.empty() ? code : display, out);
  } else if (has(names.low) || has(names.high)) {
    Value low, high;
    child(frame, node, names.low, low);
    child(frame, node, names.high, high);
    const auto part = [&](const Value& value) {
      return value.tag == Tag::text ? value.text() : child_text(frame, value.node, names.value);
    };
    out.text = joined(frame, part(low), " - ", part(high));
  } else if (has(names.numerator)) {
    answer_of_ratio(frame, node, out);
  } else if (has(names.start) || has(names.end)) {
    out.text = joined(frame, child_text(frame, node, names.start), "/", child_text(frame, node, names.end));
  } else {
    return false;
  }
  return !out.text.empty();
}

// The code a value stands for: a code, the best of several, or nullptr.
const CodeEntry* code_of(const Value& value) {
  if (value.tag == Tag::code) return value.code;
  if (value.tag != Tag::codes) return nullptr;
  const CodeEntry* best = nullptr;
  for (const auto* entry : *value.codes) {
    if (best == nullptr || better(*entry, *best)) best = entry;
  }
  return best;
}

// A code that no vocabulary or list knows may be a registration number in the wrong column: it would be kept as source value and named in
// the report. The check digit of a barcode in a column of codes is believed.
const CodeEntry* code_or_number(const Op& op, Frame& frame, const Value& value, const CodeEntry& entry) {
  const bool known = entry.grade < Grade::truncated || entry.grade == Grade::no_target;
  if (known || is_drug_barcode(entry.code) || !holds_registration(entry.code, frame.plan->dialect_.bare_numbers)) return &entry;
  frame.fail(Code::value_is_registration, op, value);
  return nullptr;
}

void set_number_or_null(Value& out, std::optional<double> low, std::optional<double> high, Frame& frame) {
  out.clear();
  if (!low && !high) return;
  Range& range = frame.ranges.take();
  range = {low.value_or(0), high.value_or(0), low.has_value(), high.has_value()};
  out.tag = Tag::range;
  out.range = &range;
}

}  // namespace

// `in` may be `out`: nothing is written before all is read. A copy would be read back before it has reached memory, for every row.
void make_answer(Frame& frame, const Value& in, std::string_view unit, Value& out) {
  if (!in.present()) return out.clear();
  if (in.tag == Tag::answer || in.tag == Tag::answers) {
    if (&in != &out) out = in;
    return;
  }
  Answer& answer = frame.answers.take();
  if (in.tag == Tag::object) {
    if (!answer_of_object(frame, in.node, unit, answer)) return out.clear();
  } else if (const auto* code = code_of(in)) {
    answer_of_code(frame, code, code->code, answer);
  } else if (in.tag == Tag::integer || in.tag == Tag::number) {
    answer.has_number = answer.exact = true;
    answer.number = in.tag == Tag::integer ? static_cast<double>(in.integer) : in.number;
    answer.text = own_text(frame, in);
  } else if (in.tag == Tag::concept_id) {
    answer.concept_id = static_cast<std::int32_t>(in.integer);
    answer.text = in.text();
  } else {
    const bool truth_value = in.tag == Tag::boolean || (in.node != 0 && frame.nodes[in.node].kind == NodeKind::boolean);
    answer.text = own_text(frame, in);
    if (truth_value) {
      answer.concept_id = answer_concept(frame, answer.text == "true" ? "Yes" : "No");
    } else {
      answer_of_text(frame, answer.text, unit, answer);
    }
  }
  out.node = in.node;
  out.tag = Tag::answer;
  out.answer = &answer;
}

void make_unit(Frame& frame, const Value& in, Value& out) {
  if (!in.present()) return out.clear();
  if (in.tag == Tag::concept_id || in.tag == Tag::integer) {
    if (&in != &out) out = in;
    return;
  }
  const ShapeNames& names = frame.plan->names_;
  std::string_view text;
  if (in.tag == Tag::object) {
    text = child_text(frame, in.node, names.code);
    if (text.empty()) text = child_text(frame, in.node, names.unit);
  } else {
    text = own_text(frame, in);
  }
  if (text.empty()) return out.clear();
  const std::int32_t id = unit_concept(frame, text);
  out.node = in.node;
  out.set_concept(id < 0 ? null_integer : id, text);
}

void make_code_of_concept(Frame& frame, const Value& value, Value& out) {
  const auto id = value.integer;
  const NodeIndex node = value.node;
  frame.buffer = fmt::format("{}", id);
  set_code(out, node, frame.runtime->codes.find(frame.runtime->codes.concepts(), frame.buffer));
}

void run_code(const Op& op, Frame& frame, Value& out) {
  Value code, system, day;
  eval(*op.args[1], frame, code);
  const auto text = own_text(frame, code);
  if (text.empty()) return out.clear();
  CodeCache& cache = frame.runtime->codes;
  SystemNumber number = unknown_system;
  if (op.args[0]->is_constant) {
    SystemNumber& known = frame.runtime->systems[op.number];
    if (known == unknown_system) known = cache.system(op.args[0]->constant.text());
    number = known;
  } else {
    eval(*op.args[0], frame, system);
    number = cache.system(own_text(frame, system));
  }
  if (op.args.size() > 2) {
    eval(*op.args[2], frame, day);
    TimeValue time = day.time;
    const bool known = day.tag == Tag::time || (day.tag == Tag::text && parse_time(frame, day.text(), time));
    if (known && time.precision >= Precision::day) number = cache.system_on(number, time.days);
  }
  const CodeEntry* const entry = code_or_number(op, frame, code, cache.find(number, text));
  if (entry == nullptr) return out.clear();
  set_code(out, code.node, *entry);
}

void run_list_code(const Op& op, Frame& frame, Value& out) {
  Value code;
  eval(*op.args[1], frame, code);
  const auto text = own_text(frame, code);
  if (text.empty()) return out.clear();
  SystemNumber& number = frame.runtime->systems[op.number];
  if (number == unknown_system) number = frame.runtime->codes.list(*op.list);
  const CodeEntry* const entry = code_or_number(op, frame, code, frame.runtime->codes.find(number, text));
  if (entry == nullptr) return out.clear();
  set_code(out, code.node, *entry);
}

void run_list(const Op& op, Frame& frame, Value& out) {
  Value in;
  eval(*op.args[1], frame, in);
  const auto text = own_text(frame, in);
  const ListItem* item = text.empty() ? nullptr : op.list->find(text);
  out.clear();
  if (item == nullptr || item->targets.empty()) return;
  out.node = in.node;
  out.set_concept(item->targets[0], text);
}

void run_best(const Op& op, Frame& frame, Value& out) {
  const CodeEntry* best = nullptr;
  NodeIndex node = 0;
  for (const Op* part : op.args) {
    each_value(*part, frame, [&](const Value& value) {
      const CodeEntry* code = code_of(value);
      if (code != nullptr && (best == nullptr || better(*code, *best))) {
        best = code;
        node = value.node;
      }
      return false;
    });
  }
  out.clear();
  if (best != nullptr) set_code(out, node, *best);
}

void run_concept(const Op& op, Frame& frame, Value& out) {
  Value in, domain;
  eval(*op.args[0], frame, in);
  const auto text = own_text(frame, in);
  eval(*op.args[1], frame, domain);
  out.clear();
  if (text.empty() || domain.tag != Tag::text || !frame.runtime->vocabulary) return;
  TextMemo& memo = frame.runtime->memos[op.number];
  std::int32_t id = 0;
  if (const auto* known = op.args[1]->is_constant ? memo.find(text) : nullptr) {
    id = *known;
  } else {
    id = frame.runtime->vocabulary->word(domain.text(), text);
    if (op.args[1]->is_constant) memo.put(text, id);
  }
  if (id == 0) return;
  out.node = in.node;
  out.set_concept(id, text);
}

void run_standard(const Op& op, Frame& frame, Value& out) {
  Value in;
  eval(*op.args[0], frame, in);
  out.clear();
  if (const auto* code = code_of(in)) {
    frame.used_codes.push_back(code);
    out.node = in.node;
    out.set_concept(code->targets.empty() ? 0 : code->targets[0], code->code);
  } else if (in.tag == Tag::concept_id || in.tag == Tag::integer) {
    out = in;
  }
}

void run_source(const Op& op, Frame& frame, Value& out) {
  Value in;
  eval(*op.args[0], frame, in);
  out.clear();
  if (const auto* code = code_of(in)) {
    out.node = in.node;
    out.set_concept(code->source_concept, code->code);
  }
}

namespace {

// First target, else the source concept, else nothing.
std::optional<ConceptView> concept_for(const Frame& frame, const Value& value) {
  if (!frame.runtime->vocabulary) return std::nullopt;
  std::int32_t id = 0;
  if (const auto* code = code_of(value)) {
    id = code->targets.empty() ? code->source_concept : code->targets[0];
  } else if (value.tag == Tag::concept_id || value.tag == Tag::integer) {
    id = static_cast<std::int32_t>(value.integer);
  }
  return id == 0 ? std::nullopt : frame.runtime->vocabulary->concept_of(id);
}

}  // namespace

void run_domain(const Op& op, Frame& frame, Value& out) {
  Value in;
  eval(*op.args[0], frame, in);
  out.clear();
  if (const auto found = concept_for(frame, in)) out.set_text(found->domain);
}

void run_name(const Op& op, Frame& frame, Value& out) {
  Value in;
  eval(*op.args[0], frame, in);
  out.clear();
  if (const auto found = concept_for(frame, in)) out.set_text(found->name);
}

void run_complete(const Op& op, Frame& frame, Value& out) {
  Value in;
  eval(*op.args[0], frame, in);
  const CodeEntry* code = code_of(in);
  out.clear();
  if (code == nullptr || code->source_concept == 0 || !frame.runtime->vocabulary) return;
  out.set_boolean(!frame.runtime->vocabulary->has_longer_code(code->source_concept));
}

void run_grade(const Op& op, Frame& frame, Value& out) {
  Value in;
  eval(*op.args[0], frame, in);
  out.clear();
  if (const auto* code = code_of(in)) out.set_text(grade_names[static_cast<std::size_t>(code->grade)]);
}

void run_value(const Op& op, Frame& frame, Value& out) {
  Value in, unit;
  eval(*op.args[0], frame, in);
  if (op.args.size() > 1) eval(*op.args[1], frame, unit);
  const auto unit_text = op.args.size() > 1 ? trimmed(own_text(frame, unit)) : std::string_view();
  make_answer(frame, in, unit_text, out);
}

void run_unit(const Op& op, Frame& frame, Value& out) {
  Value in;
  eval(*op.args[0], frame, in);
  make_unit(frame, in, out);
}

void run_range(const Op& op, Frame& frame, Value& out) {
  Value in;
  eval(*op.args[0], frame, in);
  if (in.tag == Tag::object) {
    const ShapeNames& names = frame.plan->names_;
    Value low, high, text;
    const auto part = [&](Symbol name, Value& value) {
      child(frame, in.node, name, value);
      return parse_number(value.tag == Tag::text ? value.text() : child_text(frame, value.node, names.value));
    };
    const auto a = part(names.low, low), b = part(names.high, high);
    if (a || b || !child(frame, in.node, names.text, text)) return set_number_or_null(out, a, b, frame);
    in = text;
  }
  const auto range = parse_range(own_text(frame, in));
  if (!range) return out.clear();
  const auto side = [](bool has, double number) { return has ? std::optional(number) : std::nullopt; };
  set_number_or_null(out, side(range->has_low, range->low), side(range->has_high, range->high), frame);
}

void shape_text(Frame& frame, NodeIndex node, Value& out) {
  const ShapeNames& names = frame.plan->names_;
  Answer& answer = frame.answers.take();
  out.clear();
  Value text;
  if (child(frame, node, names.text, text) && text.tag == Tag::text) {
    answer.text = text.text();
  } else if (!answer_of_object(frame, node, {}, answer)) {
    return;
  }
  out.node = node;
  out.set_text(answer.text);
}

}  // namespace pyojun::mapping
