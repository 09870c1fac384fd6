// Operations of the language itself: paths, conditions, fallbacks, keys. Functions are in functions.cpp and its neighbours.
#include <algorithm>
#include <cstring>
#include <utility>

#include "base/registration_number.hpp"
#include "mapping/frame.hpp"
#include "mapping/functions_korea.hpp"

namespace pyojun::mapping {

Runtime::Runtime(const PlanData& plan, std::shared_ptr<const Vocabulary> words)
    : vocabulary(std::move(words)),
      codes(CacheOptions{vocabulary, &plan.extra_lists_, 1'000'000}),
      memos(plan.memos_),
      systems(plan.memos_, unknown_system),
      lookups(plan.lookups_.size(), std::make_shared<LookupTable>()) {}

std::vector<const CodeEntry*>& Frame::code_set() {
  if (code_sets_used == code_sets.size()) code_sets.emplace_back();
  auto& out = code_sets[code_sets_used++];
  out.clear();
  return out;
}

std::vector<const Answer*>& Frame::answer_set() {
  if (answer_sets_used == answer_sets.size()) answer_sets.emplace_back();
  auto& out = answer_sets[answer_sets_used++];
  out.clear();
  return out;
}

namespace {

void add_below(const Node* nodes, NodeIndex at, Symbol name, std::vector<NodeIndex>& out) {
  for (NodeIndex i = nodes[at].child; i != 0; i = nodes[i].next) {
    if (nodes[i].name == name) out.push_back(i);
    if (nodes[i].child != 0) add_below(nodes, i, name, out);
  }
}

}  // namespace

const std::vector<NodeIndex>& Frame::anywhere(Symbol name) {
  auto known = std::ranges::find(below_record, name, &Below::name);
  if (known == below_record.end()) known = below_record.insert(known, Below{name, 0, {}});
  if (known->record != records) {
    known->found.clear();
    add_below(nodes, context[0], name, known->found);
    known->record = records;
  }
  return known->found;
}

void Frame::fail(Code code, const Op& op, const Value& value) {
  if (failure.failed) return;
  failure.failed = true;
  failure.code = code;
  failure.field = op.field;
  failure.node = value.node;
  failure.table = no_table;
  failure.column = no_column;
}

// A value as a condition: present and not "false".
bool truth(const Value& value) {
  if (value.tag == Tag::boolean) return value.boolean;
  if (!value.present()) return false;
  return value.tag != Tag::text || value.text() != "false";
}

bool made_text(Frame& frame, const Value& value, std::string_view& out) {
  if (value.tag == Tag::concept_id) {
    out = value.text();
    return true;
  }
  if (value.tag == Tag::code) {
    out = value.code->code;
    return true;
  }
  frame.buffer.clear();
  if (!append_text(frame.buffer, value)) return false;
  out = frame.arena.copy(frame.buffer);
  return true;
}

std::optional<double> number_of(Frame& frame, const Op& op, const Value& value) {
  switch (value.tag) {
    case Tag::integer:
      return static_cast<double>(value.integer);
    case Tag::concept_id:
      return static_cast<double>(value.integer);
    case Tag::number:
      return value.number;
    case Tag::answer:
      if (value.answer->has_number) return value.answer->number;
      return std::nullopt;
    case Tag::text: {
      if (value.length == 0) return std::nullopt;
      const auto number = parse_number(value.text());
      if (!number) frame.fail(Code::value_not_number, op, value);
      return number;
    }
    default:
      if (value.present()) frame.fail(Code::value_not_number, op, value);
      return std::nullopt;
  }
}

bool passes(Frame& frame, const PathStep& step, NodeIndex node, std::array<std::int32_t, max_predicates>& counts) {
  std::size_t k = 0;
  for (const Predicate& predicate : step.predicates) {
    if (predicate.condition == nullptr) {
      if (counts[k++]++ != predicate.index) return false;
      continue;
    }
    frame.context[++frame.level] = node;
    const bool good = holds(*predicate.condition, frame);
    --frame.level;
    if (!good) return false;
  }
  return true;
}

namespace {

// A registration number may not be hashed, and a masked one is that of many people.
bool no_key(Frame& frame, const Op& part, const Value& value, std::string_view text) {
  if (text.size() < 13) return false;
  if (holds_person_number(frame, text)) {
    frame.fail(Code::value_is_registration, part, value);
  } else if (is_masked_registration(text)) {
    frame.fail(Code::key_is_masked, part, value);
  }
  return frame.failure.failed;
}

}  // namespace

Hash128 key_of(Frame& frame, const std::vector<const Op*>& parts, std::uint64_t seed) {
  Value value;
  std::string_view text;
  if (parts.size() == 1) {
    eval(*parts[0], frame, value);
    if (!value.present() || !text_of(frame, value, text) || text.empty()) return {};
    if (frame.runtime == nullptr) return no_key(frame, *parts[0], value, text) ? Hash128{} : hash128(text, seed);
    if (const Hash128* const known = frame.runtime->keys.find(text, seed); known != nullptr) return *known;
    if (no_key(frame, *parts[0], value, text)) return {};
    const Hash128 key = hash128(text, seed);
    frame.runtime->keys.keep(text, seed, key);
    return key;
  }
  std::array<std::string_view, 16> texts;
  std::size_t length = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    eval(*parts[i], frame, value);
    if (!value.present() || !text_of(frame, value, texts[i]) || texts[i].empty()) return {};
    if (no_key(frame, *parts[i], value, texts[i])) return {};
    length += texts[i].size() + 1;
  }
  char* const start = frame.arena.take(length);
  char* at = start;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i != 0) *at++ = '\x1F';
    std::memcpy(at, texts[i].data(), texts[i].size());
    at += texts[i].size();
  }
  return hash128({start, static_cast<std::size_t>(at - start)}, seed);
}

void run_constant(const Op& op, Frame&, Value& out) { out = op.constant; }

// A path of one plain step: a position in flat batches, a search among the children otherwise.
void run_field(const Op& op, Frame& frame, Value& out) {
  const std::uint32_t level = frame.level - op.up;
  if (frame.flat && level == 0) {
    const std::uint16_t position = frame.positions[op.symbol];
    if (position == 0) {
      out.clear();
    } else {
      load(frame, frame.context[0] + position, out);
    }
    return;
  }
  NodeIndex first = 0;
  const NodeIndex parent = frame.context[level];
  for (NodeIndex i = op.up == 0 ? frame.nodes[parent].child : frame.first_child(parent, op.symbol); i != 0; i = frame.nodes[i].next) {
    if (frame.nodes[i].name != op.symbol) continue;
    if (present(frame.nodes[i])) return load(frame, i, out);
    if (first == 0) first = i;
  }
  if (first == 0) return out.clear();
  load(frame, first, out);
}

namespace {

// As first_present() along steps without predicates, choices and descendants.
NodeIndex present_along(const Node* nodes, const PathStep* step, const PathStep* end, NodeIndex at, NodeIndex& first) {
  if (step == end) {
    if (first == 0) first = at;
    return present(nodes[at]) ? at : 0;
  }
  NodeIndex i = nodes[at].child;
  if (i == 0) return step->first_component ? present_along(nodes, step + 1, end, at, first) : 0;
  for (; i != 0; i = nodes[i].next) {
    if (nodes[i].name != step->name) continue;
    if (const NodeIndex found = present_along(nodes, step + 1, end, i, first); found != 0) return found;
  }
  return 0;
}

// The first present node a walk leads to; if none is, the first.
template <class Walk>
void first_present(Frame& frame, Walk walk_all, Value& out) {
  NodeIndex found = 0, first = 0;
  auto visit = [&](NodeIndex node) {
    if (first == 0) first = node;
    if (!present(frame.nodes[node])) return false;
    found = node;
    return true;
  };
  walk_all(visit);
  if (first == 0) return out.clear();
  load(frame, found != 0 ? found : first, out);
}

// -2: not comparable, else -1, 0, 1.
int order(double a, double b) { return a < b ? -1 : a > b ? 1 : a == b ? 0 : -2; }

bool is_number(const Value& value) { return value.tag == Tag::integer || value.tag == Tag::number; }

std::optional<double> plain_number(const Value& value) {
  if (value.tag == Tag::integer || value.tag == Tag::concept_id) return static_cast<double>(value.integer);
  if (value.tag == Tag::number) return value.number;
  if (value.tag == Tag::text) return parse_number(value.text());
  if (value.tag == Tag::answer && value.answer->has_number) return value.answer->number;
  return std::nullopt;
}

int order_times(const TimeValue& a, const TimeValue& b) {
  const Precision common = std::min(a.precision, b.precision);
  if (common < Precision::day) {
    const Civil x = civil_from_days(a.days), y = civil_from_days(b.days);
    if (x.year != y.year) return x.year < y.year ? -1 : 1;
    if (common == Precision::year || x.month == y.month) return 0;
    return x.month < y.month ? -1 : 1;
  }
  if (a.days != b.days) return a.days < b.days ? -1 : 1;
  if (common == Precision::day || a.micros == b.micros) return 0;
  return a.micros < b.micros ? -1 : 1;
}

int compare(Frame& frame, const Value& a, const Value& b) {
  if (a.tag <= Tag::null || b.tag <= Tag::null) return -2;
  if (a.tag == Tag::text && b.tag == Tag::text) {
    const int result = a.text().compare(b.text());
    return result < 0 ? -1 : result > 0 ? 1 : 0;
  }
  if (is_number(a) || is_number(b)) {
    const auto x = plain_number(a), y = plain_number(b);
    return x && y ? order(*x, *y) : -2;
  }
  if (a.tag == Tag::time || b.tag == Tag::time) {
    TimeValue x, y;
    const auto time = [&](const Value& value, TimeValue& out) {
      if (value.tag == Tag::time) return out = value.time, true;
      return value.tag == Tag::text && parse_time(frame, value.text(), out);
    };
    return time(a, x) && time(b, y) ? order_times(x, y) : -2;
  }
  if (a.tag == Tag::key && b.tag == Tag::key) return a.key == b.key ? 0 : -2;
  std::string_view x, y;
  if (!text_of(frame, a, x) || !text_of(frame, b, y)) return -2;
  const int result = x.compare(y);
  return result < 0 ? -1 : result > 0 ? 1 : 0;
}

}  // namespace

void run_plain_path(const Op& op, Frame& frame, Value& out) {
  NodeIndex first = 0;
  const NodeIndex found = present_along(frame.nodes, op.steps.data(), op.steps.data() + op.steps.size(), frame.node(op.up), first);
  if (first == 0) return out.clear();
  load(frame, found != 0 ? found : first, out);
}

void run_path(const Op& op, Frame& frame, Value& out) {
  first_present(
      frame, [&](auto& visit) { walk_path(frame, op, visit); }, out);
}

void run_self(const Op& op, Frame& frame, Value& out) { load(frame, frame.node(op.up), out); }

void run_node_path(const Op& op, Frame& frame, Value& out) {
  eval(*op.args[0], frame, out);
  if (out.node == 0) return out.clear();
  const NodeIndex start = out.node;
  first_present(
      frame, [&](auto& visit) { walk(frame, op.steps.data(), op.steps.data() + op.steps.size(), start, visit); }, out);
}

// Codes and answers are gathered, of anything else the first present value counts.
void run_each(const Op& op, Frame& frame, Value& out) {
  std::vector<const CodeEntry*>* codes = nullptr;
  std::vector<const Answer*>* answers = nullptr;
  Value first;
  first.clear();
  each_value(op, frame, [&](const Value& value) {
    if (value.tag == Tag::code) {
      if (codes == nullptr) codes = &frame.code_set();
      if (std::ranges::find(*codes, value.code) == codes->end()) codes->push_back(value.code);
      return false;
    }
    if (value.tag == Tag::answer) {
      if (answers == nullptr) answers = &frame.answer_set();
      if (answers->empty()) first = value;
      answers->push_back(value.answer);
      return false;
    }
    if (value.present()) first = value;
    return value.present() && codes == nullptr && answers == nullptr;
  });
  out = first;
  if (answers != nullptr && answers->size() > 1) {
    out.tag = Tag::answers;
    out.answers = answers;
    return;
  }
  if (codes == nullptr) return;
  out.tag = Tag::codes;
  out.codes = codes;
}

void run_fallback(const Op& op, Frame& frame, Value& out) {
  bool nothing = false;  // one of them was said to be nothing: that is more than absent
  for (const Op* alternative : op.args) {
    eval(*alternative, frame, out);
    if (out.present() || frame.failure.failed) return;
    nothing = nothing || out.tag == Tag::null;
  }
  if (!nothing) return;
  out.clear();
  out.tag = Tag::null;
}

void run_when(const Op& op, Frame& frame, Value& out) {
  if (!holds(*op.args[1], frame)) return out.clear();
  eval(*op.args[0], frame, out);
}

void run_or(const Op& op, Frame& frame, Value& out) {
  out.clear();
  out.set_boolean(std::ranges::any_of(op.args, [&](const Op* part) { return holds(*part, frame); }));
}

void run_and(const Op& op, Frame& frame, Value& out) {
  out.clear();
  out.set_boolean(std::ranges::all_of(op.args, [&](const Op* part) { return holds(*part, frame); }));
}

void run_not(const Op& op, Frame& frame, Value& out) {
  out.clear();
  out.set_boolean(!holds(*op.args[0], frame));
}

void run_compare(const Op& op, Frame& frame, Value& out) {
  Value a, b;
  eval(*op.args[0], frame, a);
  eval(*op.args[1], frame, b);
  const int result = compare(frame, a, b);
  out.clear();
  switch (op.sign) {
    case '=':
      return out.set_boolean(result == 0);
    case '!':
      return out.set_boolean(result != 0);
    case '<':
      return out.set_boolean(result == -1);
    case '>':
      return out.set_boolean(result == 1);
    case 'l':
      return out.set_boolean(result == -1 || result == 0);
    default:
      return out.set_boolean(result == 1 || result == 0);
  }
}

// = and != with a constant text.
void run_equals_text(const Op& op, Frame& frame, Value& out) {
  eval(*op.args[0], frame, out);
  const Value& text = op.args[1]->constant;
  const bool equal = out.tag == Tag::text ? out.text() == text.text() : compare(frame, out, text) == 0;
  out.clear();
  out.set_boolean(equal == (op.sign == '='));
}

// `in` with constant texts.
void run_in_texts(const Op& op, Frame& frame, Value& out) {
  eval(*op.args[0], frame, out);
  const auto same = [&](const Op* text) {
    return out.tag == Tag::text ? out.text() == text->constant.text() : compare(frame, out, text->constant) == 0;
  };
  const bool found = std::any_of(op.args.begin() + 1, op.args.end(), same);
  out.clear();
  out.set_boolean(found);
}

void run_in_values(const Op& op, Frame& frame, Value& out) {
  Value a, b;
  eval(*op.args[0], frame, a);
  bool found = false;
  for (std::size_t i = 1; i < op.args.size() && !found; ++i) {
    eval(*op.args[i], frame, b);
    found = compare(frame, a, b) == 0;
  }
  out.clear();
  out.set_boolean(found);
}

void run_in_list(const Op& op, Frame& frame, Value& out) {
  Value a;
  eval(*op.args[0], frame, a);
  std::string_view text;
  const bool found = a.present() && text_of(frame, a, text) && op.list->find(text) != nullptr;
  out.clear();
  out.set_boolean(found);
}

void run_matches(const Op& op, Frame& frame, Value& out) {
  Value a;
  eval(*op.args[0], frame, a);
  std::string_view text;
  const bool found = a.tag > Tag::null && text_of(frame, a, text) && op.regex->matches(text, frame.regex);
  out.clear();
  out.set_boolean(found);
}

void run_present(const Op& op, Frame& frame, Value& out) {
  bool found = false;
  each_value(*op.args[0], frame, [&](const Value& value) { return found = value.present(); });
  out.clear();
  out.set_boolean(found);
}

// Of a plain path: that finds a present node where there is one.
void run_present_plain(const Op& op, Frame& frame, Value& out) {
  eval(*op.args[0], frame, out);
  const bool found = out.present();
  out.clear();
  out.set_boolean(found);
}

// There, but with nothing in it: empty text or null. Absent is not empty.
void run_empty(const Op& op, Frame& frame, Value& out) {
  Value a;
  eval(*op.args[0], frame, a);
  out.clear();
  out.set_boolean(a.tag != Tag::absent && !a.present());
}

void run_concat(const Op& op, Frame& frame, Value& out) {
  std::array<std::string_view, 32> texts;
  std::size_t length = 0;
  NodeIndex node = 0;
  Value value;
  for (std::size_t i = 0; i < op.args.size(); ++i) {
    eval(*op.args[i], frame, value);
    if (value.tag <= Tag::null || !text_of(frame, value, texts[i])) return out.clear();
    if (value.node != 0) node = value.node;
    length += texts[i].size();
  }
  char* const start = frame.arena.take(length);
  char* at = start;
  for (std::size_t i = 0; i < op.args.size(); ++i) at += texts[i].copy(at, texts[i].size());
  out.clear();
  out.set_text({start, length});
  out.node = node;
}

void run_key(const Op& op, Frame& frame, Value& out) {
  const Hash128 key = key_of(frame, op.args, op.seed);
  out.clear();
  if (!key) return;
  out.tag = Tag::key;
  out.key = key;
}

// The record itself is the place, whatever node is at hand.
void run_define(const Op& op, Frame& frame, Value& out) {
  const auto context = frame.context;
  const std::uint32_t level = std::exchange(frame.level, 0);
  eval(*op.args[0], frame, out);
  frame.context = context;
  frame.level = level;
}

void run_lookup(const Op& op, Frame& frame, Value& out) {
  const Hash128 key = key_of(frame, op.args, op.seed);
  out.clear();
  if (!key) return;
  const LookupTable& table = *frame.runtime->lookups[op.number];
  const std::uint32_t row = table.find(key);
  if (row == 0) return;
  if (const auto text = table.text(row - 1, op.column); !text.empty()) out.set_text(text);
}

void run_kept(const Op& op, Frame& frame, Value& out) {
  Kept& kept = frame.kept[op.kept];
  const std::uint64_t visit = frame.visits[frame.level - op.outer];
  if (kept.visit == visit) {
    out = kept.value;
    return;
  }
  op.compute(op, frame, out);
  // What lives no longer than the candidate is not kept, nor what comes of an evaluation that has failed.
  if (frame.failure.failed || out.tag == Tag::answer || out.tag == Tag::answers || out.tag == Tag::range || out.tag == Tag::codes ||
      out.tag == Tag::sibling)
    return;
  kept = {visit, out};
  const bool text = !op.is_path && (out.tag == Tag::text || out.tag == Tag::concept_id);
  if (text && frame.arena.owns(out.data)) kept.value.data = frame.kept_texts.copy(out.text()).data();
}

std::uint32_t LookupTable::find(const Hash128& key) const {
  if (slots.empty()) return 0;
  for (std::size_t i = key.low & (slots.size() - 1); slots[i] != 0; i = (i + 1) & (slots.size() - 1)) {
    if (keys[slots[i] - 1] == key) return slots[i];
  }
  return 0;
}

std::string_view LookupTable::text(std::uint32_t row, std::uint32_t column) const {
  const std::size_t cell = std::size_t{row} * columns + column;
  const std::uint32_t begin = cell == 0 ? 0 : ends[cell - 1];
  return std::string_view(heap).substr(begin, ends[cell] - begin);
}

void LookupTable::index() {
  std::size_t size = 16;
  while (size < keys.size() * 4) size *= 2;
  slots.assign(size, 0);
  for (std::uint32_t row = 0; row < keys.size(); ++row) {
    std::size_t i = keys[row].low & (size - 1);
    while (slots[i] != 0) i = (i + 1) & (size - 1);
    slots[i] = row + 1;
  }
}

}  // namespace pyojun::mapping
