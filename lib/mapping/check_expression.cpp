// Static checks of expressions: functions and their arguments, lookups, references, lists, paths.
#include <algorithm>

#include "mapping/checker.hpp"
#include "mapping/diagnostic.hpp"
#include "mapping/regex.hpp"

namespace pyojun::language {

using ast::Expr;
using ast::Kind;

std::string_view plain_step(const Expr& expr) {
  if (expr.kind != Kind::path || expr.path.up != 0 || expr.path.self || expr.path.steps.size() != 1) return {};
  const ast::Step& step = expr.path.steps[0];
  return step.choice || step.descendant || !step.predicates.empty() ? std::string_view() : std::string_view(step.name);
}

const ast::List* Checker::find_list(std::string_view name) const {
  const auto found = std::find_if(mapping_.lists.begin(), mapping_.lists.end(), [&](const auto& list) { return list.name == name; });
  return found == mapping_.lists.end() ? nullptr : &*found;
}

const ast::Define* Checker::find_define(std::string_view name) const {
  const auto found =
      std::find_if(mapping_.defines.begin(), mapping_.defines.end(), [&](const auto& define) { return define.name == name; });
  return found == mapping_.defines.end() ? nullptr : &*found;
}

const ast::Lookup* Checker::find_lookup(std::string_view name) const {
  const auto found =
      std::find_if(mapping_.lookups.begin(), mapping_.lookups.end(), [&](const auto& lookup) { return lookup.name == name; });
  return found == mapping_.lookups.end() ? nullptr : &*found;
}

const Function* Checker::find_function(std::string_view name) const {
  const auto found = std::find_if(functions_.begin(), functions_.end(), [&](const Function& function) { return function.name == name; });
  return found == functions_.end() ? nullptr : &*found;
}

namespace {

// May `each` stand before it: paths, codes and values, or a choice of such.
bool repeats(const Expr& expr) {
  if (expr.kind == Kind::fallback) return std::all_of(expr.args.begin(), expr.args.end(), [](const auto& part) { return repeats(*part); });
  if (expr.kind == Kind::when) return repeats(*expr.args[0]);
  if (expr.kind == Kind::call) return expr.text == "code" || expr.text == "list_code" || expr.text == "value";
  return expr.kind == Kind::path || expr.kind == Kind::node_path;
}

}  // namespace

void Checker::walk(const Expr& expr, std::size_t depth, bool also) {
  switch (expr.kind) {
    case Kind::path:
      return path(expr.path, expr.at, depth);
    case Kind::call:
      return call(expr, depth, also);
    case Kind::node_path: {
      const Expr& inner = *expr.args[0];
      if (inner.text != "resolve") add(Code::map_member, inner.at, inner.text);
      path(expr.path, expr.at, depth);
      break;
    }
    case Kind::each: {
      const Expr& inner = *expr.args[0];
      if (!repeats(inner)) add(Code::map_each_misused, expr.at, "each");
      break;
    }
    case Kind::fallback:
      fallback(expr);
      break;
    case Kind::in_list:
      if (find_list(expr.text) == nullptr) {
        std::vector<std::string_view> names;
        for (const auto& list : mapping_.lists) names.emplace_back(list.name);
        add(Code::map_list_unknown, expr.at, expr.text, nearest(expr.text, names));
      }
      used_lists_.insert(expr.text);
      break;
    case Kind::matches:
      if (!mapping::Regex::compile(expr.text)) add(Code::map_pattern, expr.at, {});
      break;
    default:
      break;
  }
  for (const auto& arg : expr.args) walk(*arg, depth, also);
}

void Checker::path(const ast::Path& path, const ast::Place& at, std::size_t depth) {
  if (path.up > depth) add(Code::map_up_too_far, at, std::string(path.up, '^'));
  for (const auto& step : path.steps) {
    for (const auto& predicate : step.predicates) {
      if (predicate.condition) walk(*predicate.condition, depth + 1, false);
    }
  }
}

// A constant is always present: what stands behind it is never looked at.
void Checker::fallback(const Expr& expr) {
  for (std::size_t i = 0; i + 1 < expr.args.size(); ++i) {
    const Expr& part = *expr.args[i];
    const bool constant = (part.kind == Kind::text && !part.text.empty()) || part.kind == Kind::number || part.kind == Kind::boolean;
    if (constant) return add(Code::map_alternative_unreachable, expr.args[i + 1]->at, {});
  }
}

void Checker::call(const Expr& call, std::size_t depth, bool also) {
  if (call.text.starts_with("event") && !also && find_function(call.text) != nullptr) add(Code::map_event_outside_also, call.at, call.text);
  const Function* function = find_function(call.text);
  if (find_lookup(call.text) != nullptr && (function == nullptr || !call.member.empty())) {
    lookup_call(call);
  } else if (function != nullptr) {
    if (!call.member.empty()) add(Code::map_member, call.at, call.text);
    arguments(call, *function);
  } else if (find_define(call.text) != nullptr) {
    define_call(call);
  } else if (!table_call(call)) {
    std::vector<std::string_view> names;
    for (const Function& known : functions_) names.emplace_back(known.name);
    for (const auto& lookup : mapping_.lookups) names.emplace_back(lookup.name);
    for (const auto& define : mapping_.defines) names.emplace_back(define.name);
    for (const Table& table : schema_.tables()) {
      if (filled_by_rules(table) && table.primary_key != no_column) names.emplace_back(table.name);
    }
    add(call.member.empty() ? Code::map_function_unknown : Code::map_lookup_unknown, call.at, call.text, nearest(call.text, names));
  }
  for (std::size_t i = 0; i < call.args.size(); ++i) {
    const bool names_list = i == 0 && (call.text == "list" || call.text == "list_code") && !plain_step(*call.args[0]).empty();
    if (!names_list) walk(*call.args[i], depth, also);
  }
}

void Checker::define_call(const Expr& call) {
  used_defines_.insert(call.text);
  if (!call.member.empty()) add(Code::map_member, call.at, call.text);
  if (!call.args.empty()) add(Code::map_arguments, call.at, call.text);
}

bool Checker::lookup_call(const Expr& call) {
  const ast::Lookup& lookup = *find_lookup(call.text);
  used_lookups_.insert(call.text);
  std::vector<std::string_view> kept;
  for (const auto& [name, value] : lookup.keep) kept.emplace_back(name);
  if (std::find(kept.begin(), kept.end(), call.member) == kept.end()) {
    add(Code::map_lookup_column, call.at, call.member.empty() ? call.text : call.text + "(..)." + call.member, nearest(call.member, kept));
  }
  if (call.args.size() != lookup.key.size()) add(Code::map_key_parts, call.at, call.text);
  return true;
}

// TABLE(key): a reference to the row some rule writes with that key.
bool Checker::table_call(const Expr& call) {
  const TableId id = schema_.find(call.text);
  if (id == no_table || !filled_by_rules(schema_.table(id)) || schema_.table(id).primary_key == no_column || !call.member.empty())
    return false;
  bool keyed = false, fits = false;
  for (const auto& rule : mapping_.rules) {
    for (const auto& emit : rule.emits) {
      if (emit.table != call.text || (emit.key.empty() && !emit.key_all)) continue;
      keyed = true;
      fits = fits || emit.key_all || emit.key.size() == call.args.size() || (emit.key.size() > 1 && emit.alias.size() == call.args.size());
    }
  }
  if (call.args.empty()) {
    add(Code::map_arguments, call.at, call.text);
  } else if (!keyed) {
    add(Code::map_reference_no_rule, call.at, call.text);
  } else if (!fits) {
    add(Code::map_key_parts, call.at, call.text);
  }
  return true;
}

void Checker::arguments(const Expr& call, const Function& function) {
  const bool too_many = function.max_args != 255 && call.args.size() > function.max_args;
  if (call.args.size() < function.min_args || too_many) return add(Code::map_arguments, call.at, call.text);
  if (call.text == "list" || call.text == "list_code") list_name(*call.args[0]);
  if (call.text == "code" && vocabulary_ != nullptr && call.args[0]->kind == Kind::text && !call.args[0]->text.empty() &&
      vocabulary_->system(call.args[0]->text) == no_vocabulary) {
    add(Code::map_system_unknown, call.args[0]->at, call.args[0]->text);
  }
}

void Checker::list_name(const Expr& argument) {
  const std::string_view name = argument.kind == Kind::text ? std::string_view(argument.text) : plain_step(argument);
  used_lists_.emplace(name);
  if (find_list(name) != nullptr) return;
  std::vector<std::string_view> names;
  for (const auto& list : mapping_.lists) names.emplace_back(list.name);
  add(Code::map_list_unknown, argument.at, std::string(name), nearest(name, names));
}

}  // namespace pyojun::language
