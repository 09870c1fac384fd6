// Resident registration numbers: a field that rrn_birth, rrn_sex or rrn_foreigner reads may be read by nothing else. The law lets nobody
// keep the number for research, and a key or hash made of it would be the number still (Personal Information Protection Act, article 24-2).
#include <functional>
#include <map>
#include <set>

#include "mapping/checker.hpp"
#include "mapping/parser.hpp"

namespace pyojun::language {

using ast::Expr;
using ast::Kind;

namespace {

using Visit = std::function<void(const Expr&)>;

// Every expression of a rule, outermost ones only.
void expressions_of(const ast::Rule& rule, const Visit& visit) {
  const auto each = [&](const ast::ExprPtr& expr) {
    if (expr) visit(*expr);
  };
  each(rule.from_where);
  for (const auto& item : rule.each) each(item.path), each(item.where);
  for (const auto& filter : rule.filters) each(filter.condition);
  each(rule.delete_when);
  for (const auto& emit : rule.emits) {
    each(emit.when);
    for (const auto& part : emit.key) each(part);
    for (const auto& part : emit.alias) each(part);
    each(emit.version);
    for (const auto& assign : emit.assigns) each(assign.value);
  }
}

void expressions_of(const ast::Lookup& lookup, const Visit& visit) {
  if (lookup.where) visit(*lookup.where);
  for (const auto& part : lookup.key) visit(*part);
  for (const auto& [name, value] : lookup.keep) visit(*value);
}

bool reads_registration(const Expr& expr) { return expr.kind == Kind::call && expr.text.starts_with("rrn_"); }

// Last name of a path: how a field is told from others wherever the path starts.
std::string field_of(const Expr& expr) { return expr.path.steps.empty() ? std::string() : expr.path.steps.back().name; }

void collect(const Expr& expr, std::set<std::string>& fields) {
  const bool reads = reads_registration(expr);
  for (const auto& arg : expr.args) {
    if (reads && arg->kind == Kind::path && !field_of(*arg).empty()) fields.insert(field_of(*arg));
    collect(*arg, fields);
  }
}

// Whether it is there may be asked; nothing else.
void misuses(const Expr& expr, const std::set<std::string>& fields, const Visit& found) {
  if (expr.kind == Kind::path && fields.contains(field_of(expr))) found(expr);
  for (const auto& step : expr.path.steps) {
    for (const auto& predicate : step.predicates) {
      if (predicate.condition) misuses(*predicate.condition, fields, found);
    }
  }
  for (const auto& arg : expr.args) {
    const bool harmless = arg->kind == Kind::path && (reads_registration(expr) || expr.kind == Kind::present || expr.kind == Kind::empty);
    if (!harmless) misuses(*arg, fields, found);
  }
}

}  // namespace

void Checker::registrations() {
  std::map<std::string, std::set<std::string>> by_kind;
  for (const auto& rule : mapping_.rules) expressions_of(rule, [&](const Expr& expr) { collect(expr, by_kind[rule.kind]); });
  for (const auto& lookup : mapping_.lookups) expressions_of(lookup, [&](const Expr& expr) { collect(expr, by_kind[lookup.kind]); });
  const Visit report = [&](const Expr& expr) { add(Code::map_registration_misused, expr.at, print(expr)); };
  for (const auto& rule : mapping_.rules) {
    const auto& fields = by_kind[rule.kind];
    if (fields.empty()) continue;
    expressions_of(rule, [&](const Expr& expr) { misuses(expr, fields, report); });
    // `key *` hashes the whole record, the number with it.
    for (const auto& emit : rule.emits) {
      if (emit.key_all) add(Code::map_registration_misused, emit.at, "key *");
    }
  }
  for (const auto& lookup : mapping_.lookups) {
    const auto& fields = by_kind[lookup.kind];
    if (!fields.empty()) expressions_of(lookup, [&](const Expr& expr) { misuses(expr, fields, report); });
  }
}

}  // namespace pyojun::language
