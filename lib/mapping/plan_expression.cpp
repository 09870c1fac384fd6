// Expressions to operations: names become symbols, functions become function pointers, `each` finds its common parent.
#include <algorithm>
#include <utility>

#include "base/resources.hpp"
#include "mapping/diagnostic.hpp"
#include "mapping/functions.hpp"
#include "mapping/functions_code.hpp"
#include "mapping/functions_text.hpp"
#include "mapping/plan_compiler.hpp"

namespace pyojun::mapping {

namespace {

using ast::Expr;
using ast::ExprPtr;
using ast::Kind;

ast::Path clone_path(const ast::Path& path) {
  ast::Path out;
  out.up = path.up;
  out.self = path.self;
  for (const auto& step : path.steps) {
    ast::Step& made = out.steps.emplace_back();
    made.name = step.name;
    made.choice = step.choice;
    made.descendant = step.descendant;
    made.at = step.at;
    for (const auto& predicate : step.predicates) {
      auto& copy = made.predicates.emplace_back();
      copy.index = predicate.index;
      if (predicate.condition) copy.condition = clone(*predicate.condition);
    }
  }
  return out;
}

// All paths of an expression, those in predicates left out.
void collect_paths(Expr& expr, std::vector<Expr*>& out) {
  if (expr.kind == Kind::path) out.push_back(&expr);
  if (expr.kind == Kind::node_path || expr.kind == Kind::each) return;  // they find their nodes themselves
  for (auto& arg : expr.args) {
    if (arg) collect_paths(*arg, out);
  }
}

std::string printed_step(const ast::Step& step) {
  Expr holder;
  holder.kind = Kind::path;
  holder.path.steps.push_back({step.name, step.choice, step.descendant, {}, step.at});
  std::string out = print(holder) + (step.descendant ? "//" : "");
  for (const auto& predicate : step.predicates)
    out += "[" + (predicate.condition ? print(*predicate.condition) : std::to_string(predicate.index)) + "]";
  return out;
}

bool same_step(const ast::Step& a, const ast::Step& b) { return printed_step(a) == printed_step(b); }

// Inside a new context every way up is one longer.
void deepen(Expr& expr);
void deepen_predicates(ast::Path& path) {
  for (auto& step : path.steps) {
    for (auto& predicate : step.predicates) {
      if (predicate.condition) deepen(*predicate.condition);
    }
  }
}
void deepen(Expr& expr) {
  if (expr.kind == Kind::path && expr.path.up > 0) ++expr.path.up;
  deepen_predicates(expr.path);
  for (auto& arg : expr.args) {
    if (arg) deepen(*arg);
  }
}
// As deepen(), for an expression that stood in the old context itself.
void shift(Expr& expr, const std::vector<Expr*>& shortened, std::size_t prefix) {
  if (expr.kind == Kind::path) {
    if (std::ranges::find(shortened, &expr) != shortened.end()) {
      expr.path.up = 0;
      expr.path.steps.erase(expr.path.steps.begin(), expr.path.steps.begin() + static_cast<std::ptrdiff_t>(prefix));
      if (expr.path.steps.empty()) expr.path.self = true;
    } else {
      ++expr.path.up;
      if (expr.path.steps.empty()) expr.path.self = true;
    }
  }
  if (expr.kind == Kind::path || expr.kind == Kind::node_path) deepen_predicates(expr.path);
  for (auto& arg : expr.args) {
    if (arg) shift(*arg, shortened, prefix);
  }
}

std::size_t common_steps(const ast::Path& a, const ast::Path& b) {
  std::size_t n = 0;
  while (n < a.steps.size() && n < b.steps.size() && same_step(a.steps[n], b.steps[n])) ++n;
  return n;
}

}  // namespace

ExprPtr clone(const Expr& expr) {
  auto out = std::make_unique<Expr>();
  out->kind = expr.kind;
  out->text = expr.text;
  out->member = expr.member;
  out->path = clone_path(expr.path);
  out->at = expr.at;
  for (const auto& arg : expr.args) out->args.push_back(arg ? clone(*arg) : nullptr);
  return out;
}

void PlanCompiler::problem(Code code, const ast::Place& at, std::string subject) {
  diagnostics_.push_back(diagnose(mapping_, code, at, std::move(subject)));
}

Symbol PlanCompiler::intern(std::string_view name, const ast::Place& at) {
  const Symbol symbol = plan_.symbols_.intern(name);
  if (symbol == 0) problem(Code::plan_too_many_names, at, std::string(name));
  return symbol;
}

void PlanCompiler::push(bool root_like) {
  ++level_;
  root_like_.push_back(root_like);
}

Op& PlanCompiler::make(const Expr& expr, Run run) {
  Op& op = plan_.ops_.emplace_back();
  op.run = run;
  op.text = expr.text;
  return op;
}

void PlanCompiler::arguments(Op& op, const Expr& expr) {
  for (const auto& arg : expr.args) {
    op.args.push_back(expression(*arg));
    if (op.field == 0) op.field = op.args.back()->field;
  }
}

const Op* PlanCompiler::literal(const Expr& expr) {
  Op& op = make(expr, run_constant);
  op.is_constant = true;
  if (expr.kind == Kind::null) {
    op.constant.tag = Tag::null;
  } else if (expr.kind == Kind::boolean) {
    op.constant.set_boolean(expr.text == "true");
  } else if (expr.kind == Kind::text) {
    op.constant.set_text(op.text);
  } else if (const auto whole = parse_integer(expr.text); whole && expr.text.find_first_of(".eE") == std::string::npos) {
    op.constant.set_integer(*whole);
  } else {
    op.constant.set_number(parse_number(expr.text).value_or(0));
  }
  return &op;
}

// Fields of the record itself, for readers that know their columns beforehand.
void PlanCompiler::note_field(const ast::Path& path) {
  if (path.steps.empty() || path.up > level_ || !root_like_[level_ - path.up]) return;
  const auto& step = path.steps[0];
  if (step.choice || step.descendant || step.name.starts_with('@')) return;
  auto& fields = plan_.fields_[kind_];
  if (std::ranges::find(fields, step.name) == fields.end()) fields.push_back(step.name);
}

std::int16_t PlanCompiler::choice(const std::string& name, const ast::Place& at) {
  if (fhir_types_.empty()) {
    std::string_view rest = resource("schemas/fhir/types.csv").value_or(std::string_view());
    for (bool header = true; !rest.empty(); header = false) {
      const auto end = rest.find('\n');
      if (!header && end != 0) fhir_types_.emplace_back(trimmed(rest.substr(0, end)));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
  }
  const auto [known, fresh] = choices_.try_emplace(name, static_cast<std::int16_t>(plan_.choices_.size()));
  if (!fresh) return known->second;
  std::vector<std::uint8_t> members;
  for (const auto& type : fhir_types_) {
    const Symbol symbol = intern(name + type, at);
    if (members.size() <= symbol) members.resize(std::size_t{symbol} + 1);
    members[symbol] = 1;
  }
  plan_.choices_.push_back(std::move(members));
  return known->second;
}

void PlanCompiler::steps(Op& op, const ast::Path& path, const ast::Place& at) {
  for (const auto& step : path.steps) {
    PathStep& made = op.steps.emplace_back();
    if (step.choice) {
      made.choice = choice(step.name, step.at);
    } else {
      made.name = intern(step.name, step.at);
    }
    made.descendant = step.descendant;
    if (step.descendant) intern("*", step.at);  // whatever stands between must be kept by readers
    made.first_component = step.name == "1";
    if (op.field == 0 || made.name != 0) op.field = made.name;
    if (step.predicates.size() > max_predicates) problem(Code::plan_too_deep, step.at, step.name);
    for (const auto& predicate : step.predicates) {
      Predicate& condition = made.predicates.emplace_back();
      condition.index = predicate.index;
      if (!predicate.condition) continue;
      push(false);
      condition.condition = expression(*predicate.condition);
      pop();
    }
  }
  if (level_ + 2 >= max_contexts) problem(Code::plan_too_deep, at, {});
}

const Op* PlanCompiler::path(const Expr& expr) {
  Op& op = make(expr, run_path);
  op.is_path = true;
  op.up = expr.path.up;
  if (op.up > level_) {
    problem(Code::plan_too_deep, expr.at, "^");
    op.up = 0;
  }
  note_field(expr.path);
  steps(op, expr.path, expr.at);
  if (op.steps.empty()) {
    op.run = run_self;
  } else if (op.steps.size() == 1) {
    const PathStep& step = op.steps[0];
    if (step.choice < 0 && !step.descendant && !step.first_component && step.predicates.empty()) {
      op.run = run_field;
      op.symbol = step.name;
    }
  } else if (std::ranges::all_of(op.steps, [](const PathStep& s) { return s.choice < 0 && !s.descendant && s.predicates.empty(); })) {
    op.run = run_plain_path;
  }
  return &op;
}

// each E: the paths of E that share a beginning are read together, one turn for each node of their common parent.
const Op* PlanCompiler::each(const Expr& expr) {
  const ExprPtr inner = clone(expr.kind == Kind::each ? *expr.args[0] : expr);
  std::vector<Expr*> paths;
  collect_paths(*inner, paths);
  std::erase_if(paths, [](const Expr* path) { return path->path.steps.empty(); });
  if (paths.empty()) return expression(*inner);
  const Expr* longest = *std::ranges::max_element(paths, {}, [](const Expr* path) { return path->path.steps.size(); });
  std::vector<Expr*> group;
  for (Expr* path : paths) {
    if (path->path.up == longest->path.up && common_steps(path->path, longest->path) > 0) group.push_back(path);
  }
  std::size_t prefix = longest->path.steps.size();
  for (const Expr* path : group) prefix = std::min(prefix, common_steps(path->path, longest->path));
  Op& op = make(expr, run_each);
  op.is_each = true;
  op.up = std::min(longest->path.up, level_);
  ast::Path parent = clone_path(longest->path);
  parent.steps.resize(prefix);
  note_field(parent);
  steps(op, parent, expr.at);
  shift(*inner, group, prefix);
  push(false);
  op.args.push_back(expression(*inner));
  pop();
  if (op.args[0]->field != 0) op.field = op.args[0]->field;
  op.reference = op.args[0]->reference;
  return &op;
}

// A fallback refers to rows of one table, or to none.
const Op* PlanCompiler::alternatives(const Expr& expr) {
  Op& op = make(expr, run_fallback);
  arguments(op, expr);
  bool plain = false;
  for (const Op* arg : op.args) {
    const Op* const said = arg->run == run_when ? arg->args[0] : arg;
    if (said->is_constant && said->constant.tag == Tag::null) continue;
    if (arg->reference == no_table) plain = true;
    if (arg->reference != no_table && op.reference != no_table && arg->reference != op.reference)
      problem(Code::plan_reference_mixed, expr.at, plan_.schema_->table(arg->reference).name);
    if (arg->reference != no_table) op.reference = arg->reference;
  }
  if (plain && op.reference != no_table) problem(Code::plan_reference_mixed, expr.at, plan_.schema_->table(op.reference).name);
  return &op;
}

const CodeList* PlanCompiler::find_list(const std::string& name) const {
  const auto found = std::ranges::find(plan_.lists_, name, &CodeList::name);
  return found == plan_.lists_.end() ? nullptr : &*found;
}

void PlanCompiler::shapes() {
  ShapeNames& names = plan_.names_;
  const std::pair<Symbol*, std::string_view> rows[] = {{&names.value, "value"},
                                                       {&names.comparator, "comparator"},
                                                       {&names.unit, "unit"},
                                                       {&names.system, "system"},
                                                       {&names.code, "code"},
                                                       {&names.coding, "coding"},
                                                       {&names.text, "text"},
                                                       {&names.display, "display"},
                                                       {&names.low, "low"},
                                                       {&names.high, "high"},
                                                       {&names.numerator, "numerator"},
                                                       {&names.denominator, "denominator"},
                                                       {&names.start, "start"},
                                                       {&names.end, "end"},
                                                       {&names.reference, "reference"},
                                                       {&names.identifier, "identifier"},
                                                       {&names.type, "type"},
                                                       {&names.contained, "contained"},
                                                       {&names.id, "id"},
                                                       {&names.resource_type, "resourceType"}};
  for (const auto& [symbol, name] : rows) *symbol = plan_.symbols_.intern(name);
}

// The value is compiled anew at every use: its fields belong to the record kind at hand.
const Op* PlanCompiler::define(const Expr& expr, const ast::Define& define) {
  if (!expr.args.empty() || std::ranges::find(defining_, &define) != defining_.end()) {
    problem(expr.args.empty() ? Code::plan_name_unknown : Code::plan_arguments, expr.at, expr.text);
    return &make(expr, run_constant);
  }
  Op& op = make(expr, run_define);
  defining_.push_back(&define);
  const std::uint32_t level = std::exchange(level_, 0);
  std::vector<bool> root_like = std::exchange(root_like_, {true});
  op.args.push_back(expression(*define.value));
  op.field = op.args[0]->field;
  op.reference = op.args[0]->reference;
  level_ = level;
  root_like_ = std::move(root_like);
  defining_.pop_back();
  return &op;
}

const Op* PlanCompiler::lookup(const Expr& expr, std::size_t number) {
  const LookupPlan& lookup = plan_.lookups_[number];
  plan_.lookup_uses_.emplace(kind_, number);
  Op& op = make(expr, run_lookup);
  arguments(op, expr);
  op.number = static_cast<std::uint32_t>(number);
  op.seed = lookup.seed;
  const auto column = std::ranges::find(lookup.columns, expr.member);
  if (column == lookup.columns.end()) problem(Code::plan_name_unknown, expr.at, expr.text + "." + expr.member);
  op.column = column == lookup.columns.end() ? 0 : static_cast<std::uint32_t>(column - lookup.columns.begin());
  return &op;
}

const Op* PlanCompiler::reference(const Expr& expr, TableId table) {
  Op& op = make(expr, run_key);
  arguments(op, expr);
  if (op.args.empty() || op.args.size() > 16) problem(Code::plan_arguments, expr.at, expr.text);
  op.reference = table;
  op.seed = key_space(plan_.schema_->table(table).name);
  return &op;
}

// list(NAME, x) and list_code(NAME, x): the first argument is the name of a list, as a name or as text.
void PlanCompiler::list_argument(Op& op, const Expr& expr) {
  const Expr& name = *expr.args[0];
  const std::string text = name.kind == Kind::path && name.path.steps.size() == 1 ? name.path.steps[0].name : name.text;
  op.list = find_list(text);
  if (op.list == nullptr) problem(Code::plan_name_unknown, name.at, text);
  static const CodeList none;
  if (op.list == nullptr) op.list = &none;
  op.args = {literal(name), expression(*expr.args[1])};
  op.field = op.args[1]->field;
}

const Op* PlanCompiler::function(const Expr& expr, Run run) {
  const Function& known = *find_function(expr.text);
  Op& op = make(expr, run);
  if (expr.args.size() < known.min_args || (known.max_args != 255 && expr.args.size() > known.max_args)) {
    problem(Code::plan_arguments, expr.at, expr.text);
    op.run = run_constant;
    return &op;
  }
  if (run == run_list || run == run_list_code) {
    list_argument(op, expr);
  } else {
    arguments(op, expr);
  }
  if (run == run_list_code || run == run_code || run == run_concept) op.number = plan_.memos_++;
  if (run == run_code && op.args[0]->is_constant && op.args[0]->constant.tag != Tag::text)
    problem(Code::plan_name_unknown, expr.at, expr.args[0]->text);
  if (run == run_value || run == run_unit || run == run_range || run == run_reference || run == run_resolve || run == run_text) shapes();
  if (run == run_event) op.sibling = true;
  if (run == run_file) plan_.names_.file = intern("@file", expr.at);
  if (run == run_type_of) {
    const auto& path = expr.args[0]->path;
    op.number = expr.args[0]->kind == Kind::path && !path.steps.empty() ? static_cast<std::uint32_t>(path.steps.back().name.size()) : 0;
  }
  return &op;
}

const Op* PlanCompiler::call(const Expr& expr) {
  const auto lookup_plan = std::ranges::find(plan_.lookups_, expr.text, &LookupPlan::name);
  if (!expr.member.empty() || lookup_plan != plan_.lookups_.end()) {
    if (lookup_plan != plan_.lookups_.end()) return lookup(expr, static_cast<std::size_t>(lookup_plan - plan_.lookups_.begin()));
  } else if (const Run run = function_run(expr.text)) {
    return function(expr, run);
  } else if (const auto found = std::ranges::find(mapping_.defines, expr.text, &ast::Define::name); found != mapping_.defines.end()) {
    return define(expr, *found);
  } else if (const TableId table = plan_.schema_->find(expr.text);
             table != no_table && plan_.schema_->table(table).primary_key != no_column) {
    return reference(expr, table);
  }
  problem(Code::plan_name_unknown, expr.at, expr.text);
  return &make(expr, run_constant);
}

const Op* PlanCompiler::expression(const Expr& expr) {
  const auto is_text = [](const Op* op) { return op->is_constant && op->constant.tag == Tag::text; };
  const auto simple = [&](Run run) {
    Op& op = make(expr, run);
    arguments(op, expr);
    return &op;
  };
  switch (expr.kind) {
    case Kind::text:
    case Kind::number:
    case Kind::boolean:
    case Kind::null:
      return literal(expr);
    case Kind::path:
      return path(expr);
    case Kind::call:
      return call(expr);
    case Kind::node_path: {
      Op& op = make(expr, run_node_path);
      arguments(op, expr);
      steps(op, expr.path, expr.at);
      return &op;
    }
    case Kind::each:
      return each(expr);
    case Kind::fallback:
      return alternatives(expr);
    case Kind::when: {
      Op* op = simple(run_when);
      op->reference = op->args[0]->reference;
      op->sibling = op->args[0]->sibling;
      return op;
    }
    case Kind::logical_or:
      return simple(run_or);
    case Kind::logical_and:
      return simple(run_and);
    case Kind::logical_not:
      return simple(run_not);
    case Kind::compare: {
      Op* op = simple(run_compare);
      op->sign = static_cast<std::int8_t>(expr.text == "<=" ? 'l' : expr.text == ">=" ? 'g' : expr.text[0]);
      if (is_text(op->args[1]) && (op->sign == '=' || op->sign == '!')) op->run = run_equals_text;
      return op;
    }
    case Kind::in_values: {
      Op* op = simple(run_in_values);
      if (std::all_of(op->args.begin() + 1, op->args.end(), is_text)) op->run = run_in_texts;
      return op;
    }
    case Kind::in_list: {
      Op* op = simple(run_in_list);
      static const CodeList none;
      op->list = find_list(expr.text);
      if (op->list == nullptr) problem(Code::plan_name_unknown, expr.at, expr.text);
      if (op->list == nullptr) op->list = &none;
      return op;
    }
    case Kind::matches: {
      Op* op = simple(run_matches);
      op->regex = Regex::compile(expr.text);
      if (!op->regex) problem(Code::plan_pattern, expr.at, {});
      return op;
    }
    case Kind::present: {
      Op* op = simple(run_present);
      if (op->args[0]->run == run_field || op->args[0]->run == run_plain_path) op->run = run_present_plain;
      return op;
    }
    case Kind::empty:
      return simple(run_empty);
    case Kind::concat: {
      if (expr.args.size() > 32) problem(Code::plan_arguments, expr.at, "&");
      return simple(run_concat);
    }
  }
  return &make(expr, run_constant);
}

}  // namespace pyojun::mapping
