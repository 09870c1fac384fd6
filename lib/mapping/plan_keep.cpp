// Kept values: what several places of a mapping ask of the same node is evaluated once for each visit of that node. A place asks again when
// it stands deeper than the nodes it reads (the key of a person, in a rule over results) or when another place asks the same (two rules, or
// a filter and an assignment). Whether two expressions are the same is decided on what they do, not on how they are written: `^MSH-9.1` one
// level below the record and `^^^MSH-9.1` three levels below it are.
#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <map>
#include <set>
#include <unordered_map>
#include <vector>

#include "mapping/functions_code.hpp"
#include "mapping/functions_text.hpp"
#include "mapping/plan_compiler.hpp"

namespace pyojun::mapping {

namespace {

// A kept value costs about as much as finding a field among its siblings.
constexpr std::uint32_t least_cost = 2;

// Where an expression stands. Contexts below `outer` are levels of the rule's `each`, the others nodes that predicates and each(..) look
// at.
struct Place {
  std::size_t outer = 1, depth = 0;
  Place inside() const { return {outer, depth + 1}; }
};

struct Known {
  Hash128 identity;
  int base = -1;                                                // lowest level of `each` it reads; -1: none
  std::size_t inner = std::numeric_limits<std::size_t>::max();  // highest node of a predicate or each(..) it reads
  std::uint32_t cost = 0, height = 0;
  bool of_node = true;  // nothing but nodes decides it, and nothing but the answer comes of it
};

// One expression that stands somewhere in a rule.
struct Use {
  const Op* op = nullptr;
  Known known;
  Place place;
  int parent = -1;  // in Survey::uses; -1: the rule itself
};

class Bytes {
 public:
  template <class T>
  Bytes& add(T number) {
    const auto bits = std::bit_cast<std::array<char, sizeof(T)>>(number);
    bytes_.append(bits.data(), bits.size());
    return *this;
  }
  Bytes& add_text(std::string_view text) {
    add(text.size());
    bytes_ += text;
    return *this;
  }
  Bytes& add(const Hash128& hash) { return add(hash.low).add(hash.high); }
  Hash128 hash() const { return hash128(bytes_); }

 private:
  std::string bytes_;
};

class Survey {
 public:
  Known visit(const Op& op, Place place, int parent = -1);
  std::vector<Use> uses;

 private:
  static void reads(std::size_t context, Place place, Known& known, Bytes& bytes);
  void steps(const Op& op, Place place, int self, Known& known, Bytes& bytes);
  static void join(const Known& part, Known& known, Bytes& bytes);
};

void Survey::reads(std::size_t context, Place place, Known& known, Bytes& bytes) {
  const bool outer = context < place.outer;
  bytes.add(outer ? 'o' : 'i').add(outer ? context : place.depth - context);
  if (outer) {
    known.base = std::max(known.base, static_cast<int>(context));
  } else {
    known.inner = std::min(known.inner, context);
  }
}

void Survey::join(const Known& part, Known& known, Bytes& bytes) {
  bytes.add(part.identity);
  known.base = std::max(known.base, part.base);
  known.inner = std::min(known.inner, part.inner);
  known.cost += part.cost;
  known.of_node = known.of_node && part.of_node;
  known.height = std::max(known.height, part.height + 1);
}

void Survey::steps(const Op& op, Place place, int self, Known& known, Bytes& bytes) {
  for (const PathStep& step : op.steps) {
    bytes.add(step.name).add(step.descendant).add(step.first_component).add(step.choice).add(step.predicates.size());
    known.cost += step.descendant ? 8 : 1;
    for (const Predicate& predicate : step.predicates) {
      bytes.add(predicate.index);
      if (predicate.condition != nullptr) join(visit(*predicate.condition, place.inside(), self), known, bytes);
    }
  }
}

// Answers of these depend on the candidate, or are noted down for it.
bool of_candidate(const Op& op) {
  static constexpr Run all[] = {run_event, run_event_domain, run_event_field, run_position, run_standard, run_optional};
  return std::ranges::find(all, op.run) != std::end(all);
}

// Answers that live no longer than the candidate.
bool short_lived(const Op& op) { return op.is_each || op.run == run_value || op.run == run_range; }

Known Survey::visit(const Op& op, Place place, int parent) {
  const int self = static_cast<int>(uses.size());
  uses.push_back({&op, {}, place, parent});
  Known known;
  known.of_node = !of_candidate(op);
  Bytes bytes;
  bytes.add(op.run).add_text(op.text).add(op.sign).add(op.symbol).add(op.reference).add(op.seed).add(op.list).add(op.column);
  if (op.is_constant) {
    bytes.add(op.constant.tag);
    const Tag tag = op.constant.tag;
    if (tag == Tag::text) bytes.add_text(op.constant.text());
    if (tag == Tag::boolean) bytes.add(op.constant.boolean);
    if (tag == Tag::integer || tag == Tag::number) bytes.add(op.constant.integer);
  } else if (!op.is_path) {
    known.cost = 1;
  }
  if (op.is_path || op.is_each) reads(place.depth - op.up, place, known, bytes);
  steps(op, place, self, known, bytes);
  bytes.add(op.args.size());
  const bool define = op.run == run_define;
  for (const Op* arg : op.args) join(visit(*arg, define ? Place{} : op.is_each ? place.inside() : place, self), known, bytes);
  if (define || known.inner > place.depth) known.inner = Known{}.inner;  // what it looks into itself
  known.identity = bytes.hash();
  uses[static_cast<std::size_t>(self)].known = known;
  return known;
}

class Keeper {
 public:
  explicit Keeper(PlanData& plan) : plan_(plan) {}
  void kind(Symbol kind);
  void finish();

 private:
  struct Group {
    std::vector<int> uses;
    bool kept = false;
  };
  struct Choice {
    std::uint32_t outer = 0, kept = 0;
  };

  static Survey survey(const std::vector<const RulePlan*>& rules);
  bool asked_again(const Survey& survey, const Group& group) const;

  PlanData& plan_;
  std::unordered_map<Hash128, Group> groups_;
  std::unordered_map<Hash128, std::uint32_t> numbers_;
  std::unordered_map<const Op*, Choice> chosen_;
};

Survey Keeper::survey(const std::vector<const RulePlan*>& rules) {
  Survey out;
  for (const RulePlan* rule : rules) {
    const auto at = [&](const Op* op, std::size_t level) {
      if (op != nullptr) out.visit(*op, {level + 1, level});
    };
    const auto all = [&](const std::vector<const Op*>& ops) {
      for (const Op* op : ops) at(op, rule->each.size());
    };
    for (const FilterPlan& filter : rule->record_filters) at(filter.condition, 0);
    for (std::size_t level = 0; level < rule->each.size(); ++level) {
      at(rule->each[level].path, level);
      at(rule->each[level].where, level + 1);
    }
    for (const FilterPlan& filter : rule->filters) at(filter.condition, rule->each.size());
    at(rule->delete_when, rule->each.size());
    at(rule->told_when, rule->each.size());
    for (const EmitPlan& emit : rule->emits) {
      at(emit.when, rule->each.size());
      all(emit.version);
      all(emit.within);
      all(emit.key);
      all(emit.alias);
      for (const Attribute& attribute : emit.attributes) at(attribute.op, rule->each.size());
    }
  }
  return out;
}

// Is the value asked for more than once for each visit of the node it is read from?
bool Keeper::asked_again(const Survey& survey, const Group& group) const {
  std::set<std::pair<std::uint64_t, int>> askers;
  for (const int number : group.uses) {
    const Use& use = survey.uses[static_cast<std::size_t>(number)];
    if (use.parent < 0) {
      if (static_cast<int>(use.place.depth) > use.known.base) return true;
      askers.insert({0, number});
      continue;
    }
    const Known& parent = survey.uses[static_cast<std::size_t>(use.parent)].known;
    const bool kept = groups_.at(parent.identity).kept;
    if ((kept ? parent.base : static_cast<int>(use.place.depth)) > use.known.base) return true;
    askers.insert(kept ? std::pair(parent.identity.low, 0) : std::pair(std::uint64_t{0}, use.parent));
  }
  return askers.size() > 1;
}

void Keeper::kind(Symbol kind) {
  std::vector<const RulePlan*> rules;
  for (const RulePlan& rule : plan_.plans_) {
    if (rule.kind == 0 || rule.kind == kind) rules.push_back(&rule);
  }
  const Survey found = survey(rules);
  groups_.clear();
  std::vector<Hash128> order;
  for (std::size_t i = 0; i < found.uses.size(); ++i) {
    Group& group = groups_[found.uses[i].known.identity];
    if (group.uses.empty()) order.push_back(found.uses[i].known.identity);
    group.uses.push_back(static_cast<int>(i));
  }
  const auto first = [&](const Hash128& identity) -> const Use& {
    return found.uses[static_cast<std::size_t>(groups_.at(identity).uses[0])];
  };
  // Whole expressions before their parts: a part that only a kept whole asks for need not be kept.
  std::ranges::stable_sort(order, std::ranges::greater(), [&](const Hash128& identity) { return first(identity).known.height; });
  for (const Hash128& identity : order) {
    Group& group = groups_.at(identity);
    const Known& known = first(identity).known;
    if (!known.of_node || short_lived(*first(identity).op) || known.base < 0 || known.inner != Known{}.inner) continue;
    if (known.cost < least_cost) continue;
    if (!asked_again(found, group)) continue;
    group.kept = true;
    const std::uint32_t number = numbers_.try_emplace(identity, static_cast<std::uint32_t>(numbers_.size())).first->second;
    for (const int use : group.uses) {
      const Use& here = found.uses[static_cast<std::size_t>(use)];
      chosen_[here.op] = {static_cast<std::uint32_t>(here.place.depth) - static_cast<std::uint32_t>(known.base), number};
    }
  }
}

void Keeper::finish() {
  for (Op& op : plan_.ops_) {
    const auto found = chosen_.find(&op);
    if (found == chosen_.end()) continue;
    op.compute = op.run;
    op.run = run_kept;
    op.outer = found->second.outer;
    op.kept = found->second.kept;
  }
  plan_.kept_ = static_cast<std::uint32_t>(numbers_.size());
}

// Rows of one record mostly have one version: those values at the beginning of a list that are the record's own are found once for all
// rules that begin their lists so.
void share_versions(PlanData& plan) {
  std::map<std::vector<Hash128>, std::uint16_t> numbers;
  for (RulePlan& rule : plan.plans_) {
    for (EmitPlan& emit : rule.emits) {
      if (emit.version.size() < 2) continue;
      std::vector<Hash128> own;
      for (const Op* op : emit.version) {
        const Known known = Survey().visit(*op, {rule.each.size() + 1, rule.each.size()});
        if (!known.of_node || short_lived(*op) || known.base != 0 || known.inner != Known{}.inner) break;
        own.push_back(known.identity);
      }
      if (own.empty()) continue;
      emit.record_versions = static_cast<std::uint16_t>(own.size());
      emit.record_version = numbers.try_emplace(own, static_cast<std::uint16_t>(numbers.size())).first->second;
    }
  }
  plan.record_versions_ = static_cast<std::uint32_t>(numbers.size());
}

}  // namespace

Hash128 identity_of_path(const Op& path, std::size_t level) { return Survey().visit(path, {level + 1, level}).identity; }

void keep_values(PlanData& plan) {
  share_versions(plan);
  Keeper keeper(plan);
  for (const auto& [kind, walk] : plan.walks_) keeper.kind(kind);
  keeper.finish();
}

void lay_walks(PlanData& plan) {
  plan.walks_[0];
  for (const RulePlan& rule : plan.plans_) plan.walks_[rule.kind];
  for (auto& [kind, walk] : plan.walks_) {
    for (const RulePlan& rule : plan.plans_) {
      if (rule.kind != 0 && rule.kind != kind) continue;
      Walk* at = &walk;
      at->all.push_back(&rule);
      for (std::size_t level = 0; level < rule.each.size(); ++level) {
        const EachPlan& each = rule.each[level];
        const Hash128 identity = identity_of_path(*each.path, level);
        auto next = std::ranges::find_if(at->below, [&](const Walk& known) {
          return known.identity == identity && known.each.or_self == each.or_self && known.each.where == nullptr && each.where == nullptr;
        });
        if (next == at->below.end()) next = at->below.insert(next, Walk{each, identity, rule.number, {}, {}, {}});
        at = &*next;
        at->all.push_back(&rule);
      }
      at->candidates.push_back(&rule);
    }
  }
}

}  // namespace pyojun::mapping
