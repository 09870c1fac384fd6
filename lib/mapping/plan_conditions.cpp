// The fields that decide whether a record counts: read by `where` and `delete when`. A file without one of them changes what the condition
// means, and no record shows it, so the run says it.
#include <algorithm>

#include "mapping/plan_impl.hpp"

namespace pyojun::mapping {

namespace {

using ast::Expr;
using ast::Kind;
using Alternatives = std::vector<std::string>;

class Conditions {
 public:
  explicit Conditions(const ast::Mapping& mapping) : mapping_(mapping) {}

  // `presence`: whether a question for presence counts, too.
  void collect(const Expr& expr, bool presence, std::vector<Alternatives>& out) const {
    if (expr.kind == Kind::fallback) return alternatives(expr, presence, out);
    if ((expr.kind == Kind::present || expr.kind == Kind::empty) && !presence) return;
    if (const std::string* name = own_field(expr)) out.push_back({*name});
    if (expr.kind == Kind::call && expr.args.empty()) {
      for (const auto& define : mapping_.defines) {
        if (define.name == expr.text) collect(*define.value, presence, out);
      }
    }
    for (const auto& arg : expr.args) collect(*arg, presence, out);
  }

 private:
  static const std::string* own_field(const Expr& expr) {
    if (expr.kind != Kind::path || expr.path.up != 0 || expr.path.steps.empty()) return nullptr;
    const auto& step = expr.path.steps[0];
    return step.choice || step.descendant || step.name.starts_with('@') ? nullptr : &step.name;
  }

  // `A ? B` lacks something only without both; with a constant among them nothing.
  void alternatives(const Expr& expr, bool presence, std::vector<Alternatives>& out) const {
    Alternatives all;
    for (const auto& arg : expr.args) {
      std::vector<Alternatives> found;
      collect(*arg, presence, found);
      if (found.empty()) return;
      for (const auto& one : found) all.insert(all.end(), one.begin(), one.end());
    }
    out.push_back(std::move(all));
  }

  const ast::Mapping& mapping_;
};

// A rule that leaves every record out only counts them.
bool only_counts(const ast::Rule& rule) {
  return std::ranges::any_of(rule.filters,
                             [](const ast::Filter& f) { return f.condition->kind == Kind::boolean && f.condition->text == "false"; });
}

}  // namespace

void note_conditions(PlanData& plan, const ast::Mapping& mapping) {
  const Conditions conditions(mapping);
  for (const auto& lookup : mapping.lookups) {
    if (lookup.where) conditions.collect(*lookup.where, true, plan.deciding_[lookup.kind]);
  }
  for (const auto& rule : mapping.rules) {
    // Fields of nested nodes and of every kind of record are nothing a file lacks as a column.
    if (rule.kind == "*" || !rule.each.empty() || only_counts(rule)) continue;
    auto& out = plan.deciding_[rule.kind];
    if (rule.from_where) conditions.collect(*rule.from_where, true, out);
    for (const auto& filter : rule.filters) conditions.collect(*filter.condition, true, out);
    if (rule.delete_when) conditions.collect(*rule.delete_when, true, out);
    for (const auto& emit : rule.emits) {
      if (emit.when) conditions.collect(*emit.when, false, out);  // `also .. where present X`: without the column there is nothing to write
    }
  }
  for (auto& [kind, fields] : plan.deciding_) {
    std::ranges::sort(fields);
    fields.erase(std::unique(fields.begin(), fields.end()), fields.end());
  }
}

const std::vector<std::vector<std::string>>& PlanData::deciding_fields(std::string_view kind) const {
  static const std::vector<Alternatives> none;
  const auto found = deciding_.find(kind);
  return found == deciding_.end() ? none : found->second;
}

}  // namespace pyojun::mapping
