// What expressions see while one candidate is evaluated, and the pieces evaluators share.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mapping/code_cache.hpp"
#include "mapping/plan_impl.hpp"
#include "mapping/recent.hpp"
#include "mapping/values.hpp"

namespace pyojun::mapping {

// Nested `each`, predicates and each(..) expressions; the compiler refuses mappings that could go deeper.
inline constexpr std::uint32_t max_contexts = 32;
inline constexpr std::size_t max_predicates = 8;
inline constexpr SystemNumber unknown_system = 0xFFFFFFFF;

// What one mapper remembers between batches. None of it changes a result.
struct Runtime {
  Runtime(const PlanData& plan, std::shared_ptr<const Vocabulary> words);
  std::shared_ptr<const Vocabulary> vocabulary;
  CodeCache codes;
  Recent<TimeValue> times;            // by parse_time()
  Recent<Hash128> keys;               // by key_of(), the seed is the salt
  std::vector<TextMemo> memos;        // by Op::number: concept()
  std::vector<SystemNumber> systems;  // by Op::number: code() with a constant system, list_code()
  TextMemo units, answers;
  std::vector<std::shared_ptr<const LookupTable>> lookups;
};

// A value and the visit of a node it was found at.
struct Kept {
  std::uint64_t visit = 0;
  Value value;
};

struct Frame {
  const PlanData* plan = nullptr;
  Runtime* runtime = nullptr;  // null while the compiler folds constants
  const RecordBatch* batch = nullptr;
  const Node* nodes = nullptr;
  const Record* record = nullptr;
  bool flat = false;
  std::vector<std::uint16_t> positions;  // flat batches: by symbol, column number + 1
  std::array<NodeIndex, max_contexts> context{};
  std::uint32_t level = 0;
  std::uint32_t item = 1;  // number of the candidate's item among those of its innermost `each`, from 1
  // Each time a level gets another node that is a new visit; levels below a visit's are visited anew, too. So a value that was found
  // at a visit is good as long as its level still shows that number.
  std::array<std::uint64_t, max_contexts> visits{};
  std::uint64_t last_visit = 0;
  std::vector<Kept> kept;  // by Op::kept
  Arena kept_texts;        // of the record at hand
  // First child of that name under nodes that many candidates look into; an entry is good for one batch.
  struct Child {
    NodeIndex parent = 0, child = 0;
    Symbol name = 0;
  };
  std::array<Child, 256> children{};
  // Nodes of one name anywhere below the record, in its order: rules ask for them again and again.
  struct Below {
    Symbol name = 0;
    std::uint64_t record = 0;
    std::vector<NodeIndex> found;
  };
  std::deque<Below> below_record;
  std::uint64_t records = 0;  // started so far
  Arena arena;
  Pool<Answer> answers;
  Pool<Range> ranges;
  std::deque<std::vector<const CodeEntry*>> code_sets;
  std::size_t code_sets_used = 0;
  std::deque<std::vector<const Answer*>> answer_sets;
  std::size_t answer_sets_used = 0;
  std::vector<const CodeEntry*> used_codes;  // met by standard() outside of stem attributes, for the tallies
  std::string buffer;                        // scratch of one operation, never across an eval()
  Regex::Scratch regex;
  // Registration numbers whose check digit does not fit, once a record: several functions read the same number.
  struct Unfit {
    std::uint64_t record = 0, count = 0;
    Symbol field = 0;
    void note(std::uint64_t now, Symbol name) {
      if (record == now) return;
      record = now;
      field = name;
      ++count;
    }
  };
  Unfit unfit;
  Failure failure;
  std::vector<Failure> left_out;  // by optional(): values that could not be read and were done without
  TableId lead_table = no_table;

  void reset() {
    arena.reset();
    answers.reset();
    ranges.reset();
    code_sets_used = 0;
    answer_sets_used = 0;
    left_out.clear();
    used_codes.clear();
    failure.failed = false;
    lead_table = no_table;
  }
  NodeIndex node(std::uint32_t up) const { return context[level - up]; }
  // Nothing kept of one batch is good for another.
  void forget_batch() {
    children.fill({});
    forget();
  }
  // Nothing kept is good any more.
  void forget() {
    for (auto& visit : visits) visit = ++last_visit;
  }
  void enter(std::uint32_t at, NodeIndex index) {
    context[at] = index;
    visits[at] = ++last_visit;
  }
  void start(const Record& next) {
    record = &next;
    ++records;
    level = 0;
    item = 1;
    kept_texts.reset();
    enter(0, next.root);
  }
  NodeIndex first_child(NodeIndex parent, Symbol name) {
    Child& known = children[(parent * 31U + name) % children.size()];
    if (known.parent == parent && known.name == name) return known.child;
    known = {parent, batch->find(parent, name), name};
    return known.child;
  }
  const std::vector<NodeIndex>& anywhere(Symbol name);
  std::vector<const CodeEntry*>& code_set();
  std::vector<const Answer*>& answer_set();
  void fail(Code code, const Op& op, const Value& value);
};

inline void eval(const Op& op, Frame& frame, Value& out) { op.run(op, frame, out); }

inline void load(const Frame& frame, NodeIndex index, Value& out) {
  const Node& node = frame.nodes[index];
  out.node = index;
  out.data = node.data;
  out.length = node.length;
  out.tag = Tag::text;
  if (node.kind == NodeKind::null) out.tag = Tag::null;
  if (node.kind == NodeKind::object && node.length == 0) out.tag = Tag::object;
}

inline bool present(const Node& node) { return node.kind == NodeKind::object || (node.kind != NodeKind::null && node.length != 0); }

bool truth(const Value& value);
inline bool holds(const Op& op, Frame& frame) {
  Value value;
  eval(op, frame, value);
  return truth(value);
}

// The text of a value that is one, borrowed; otherwise made in the arena. False: the value has no text.
bool made_text(Frame& frame, const Value& value, std::string_view& out);
inline bool text_of(Frame& frame, const Value& value, std::string_view& out) {
  if (value.tag != Tag::text) return made_text(frame, value, out);
  out = value.text();
  return true;
}
// Numbers as they are, texts parsed strictly. Absent gives nothing; a text that is no number fails.
std::optional<double> number_of(Frame& frame, const Op& op, const Value& value);

// True when the node passes all predicates of the step; `counts` numbers the nodes under one parent.
bool passes(Frame& frame, const PathStep& step, NodeIndex node, std::array<std::int32_t, max_predicates>& counts);

inline bool named(const Frame& frame, const PathStep& step, Symbol name) {
  if (step.choice < 0) return name == step.name;
  const auto& members = frame.plan->choices_[static_cast<std::size_t>(step.choice)];
  return name < members.size() && members[name] != 0;
}

template <class Visit>
bool walk(Frame& frame, const PathStep* step, const PathStep* end, NodeIndex at, Visit& visit);

// As walk(), from child `i` of `at` on.
template <class Visit>
bool walk_children(Frame& frame, const PathStep* step, const PathStep* end, NodeIndex at, NodeIndex i, Visit& visit) {
  std::array<std::int32_t, max_predicates> counts;
  std::fill_n(counts.begin(), step->predicates.size(), 0);
  for (; i != 0; i = frame.nodes[i].next) {
    if (named(frame, *step, frame.nodes[i].name) && passes(frame, *step, i, counts)) {
      if (walk(frame, step + 1, end, i, visit)) return true;
      if (step->choice >= 0) break;
    }
    if (step->descendant && frame.nodes[i].child != 0 && walk(frame, step, end, i, visit)) return true;
  }
  if (step->first_component && frame.nodes[at].child == 0) return walk(frame, step + 1, end, at, visit);
  return false;
}

// A step //name from the record on whose predicates do not count.
inline bool anywhere_in_record(const Frame& frame, const PathStep& step, NodeIndex at) {
  return step.descendant && step.choice < 0 && !step.first_component && at == frame.context[0] &&
         std::ranges::none_of(step.predicates, [](const Predicate& predicate) { return predicate.condition == nullptr; });
}

// Calls visit(node) for every node the steps lead to, in the source's order, until it answers true.
template <class Visit>
bool walk(Frame& frame, const PathStep* step, const PathStep* end, NodeIndex at, Visit& visit) {
  if (step == end) return visit(at);
  if (anywhere_in_record(frame, *step, at)) {
    std::array<std::int32_t, max_predicates> counts{};
    for (const NodeIndex node : frame.anywhere(step->name)) {
      if (passes(frame, *step, node, counts) && walk(frame, step + 1, end, node, visit)) return true;
    }
    return false;
  }
  return walk_children(frame, step, end, at, frame.nodes[at].child, visit);
}

// walk() along a path of an operation. What lies above the candidate is looked into by many: there the first step is remembered.
template <class Visit>
bool walk_path(Frame& frame, const Op& op, Visit& visit) {
  const PathStep* const step = op.steps.data();
  const PathStep* const end = step + op.steps.size();
  const NodeIndex at = frame.node(op.up);
  if (op.up == 0 || step == end || step->choice >= 0 || step->descendant || frame.nodes[at].child == 0)
    return walk(frame, step, end, at, visit);
  const NodeIndex first = frame.first_child(at, step->name);
  return first != 0 && walk_children(frame, step, end, at, first, visit);
}

// Every value of an expression: all nodes of a path, all turns of an `each`, the one value of anything else. Stops when fn answers true.
template <class Fn>
void each_value(const Op& op, Frame& frame, Fn&& fn) {
  Value value;
  if (op.is_each) {
    auto turn = [&](NodeIndex node) {
      frame.context[++frame.level] = node;
      eval(*op.args[0], frame, value);
      --frame.level;
      return fn(value);
    };
    walk_path(frame, op, turn);
  } else if (op.is_path && !op.steps.empty()) {
    auto visit = [&](NodeIndex node) {
      load(frame, node, value);
      return fn(value);
    };
    walk_path(frame, op, visit);
  } else {
    eval(op, frame, value);
    fn(value);
  }
}

// Hash of the parts' canonical texts joined by U+001F. {0,0} when a part is absent or empty.
Hash128 key_of(Frame& frame, const std::vector<const Op*>& parts, std::uint64_t seed);

// date() and datetime(): ISO 8601, then the dialect's forms; the mapping's time zone rule applied. False: not a time.
bool parse_time(const Frame& frame, std::string_view text, TimeValue& out);

void make_answer(Frame& frame, const Value& in, std::string_view unit, Value& out);  // `in` may be `out`
void make_unit(Frame& frame, const Value& in, Value& out);                           // the same
void make_code_of_concept(Frame& frame, const Value& value, Value& out);

// Operations of the language itself; those of functions are in functions.cpp.
void run_constant(const Op& op, Frame& frame, Value& out);
void run_field(const Op& op, Frame& frame, Value& out);
void run_plain_path(const Op& op, Frame& frame, Value& out);
void run_path(const Op& op, Frame& frame, Value& out);
void run_self(const Op& op, Frame& frame, Value& out);
void run_node_path(const Op& op, Frame& frame, Value& out);
void run_each(const Op& op, Frame& frame, Value& out);
void run_fallback(const Op& op, Frame& frame, Value& out);
void run_when(const Op& op, Frame& frame, Value& out);
void run_or(const Op& op, Frame& frame, Value& out);
void run_and(const Op& op, Frame& frame, Value& out);
void run_not(const Op& op, Frame& frame, Value& out);
void run_compare(const Op& op, Frame& frame, Value& out);
void run_equals_text(const Op& op, Frame& frame, Value& out);
void run_in_values(const Op& op, Frame& frame, Value& out);
void run_in_texts(const Op& op, Frame& frame, Value& out);
void run_in_list(const Op& op, Frame& frame, Value& out);
void run_matches(const Op& op, Frame& frame, Value& out);
void run_present(const Op& op, Frame& frame, Value& out);
void run_present_plain(const Op& op, Frame& frame, Value& out);
void run_empty(const Op& op, Frame& frame, Value& out);
void run_concat(const Op& op, Frame& frame, Value& out);
void run_key(const Op& op, Frame& frame, Value& out);
void run_define(const Op& op, Frame& frame, Value& out);
void run_lookup(const Op& op, Frame& frame, Value& out);
void run_kept(const Op& op, Frame& frame, Value& out);

// The evaluator of a function of the table, or nullptr.
Run function_run(std::string_view name);

}  // namespace pyojun::mapping
