// Resident registration numbers. A field is one when rrn_birth, rrn_sex or rrn_foreigner reads it or when its column has one of the names
// of schemas/registration_names.csv. These functions may read it and a `where` may test it; nothing else, whatever defines lie between. The
// law lets nobody keep the number for research, and a key or hash made of it would be the number still (Personal Information Protection
// Act, article 24-2).
#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>

#include "base/registration_number.hpp"
#include "mapping/checker.hpp"
#include "mapping/parser.hpp"

namespace pyojun::language {

using ast::Expr;
using ast::Kind;

namespace {

// How an expression's result is used.
enum class Use : std::uint8_t {
  value,      // it may be stored
  condition,  // it decides whether a record or row is read
  tested,     // it goes into a test of a condition or into an rrn_ function
};

using Visit = std::function<void(const Expr&, Use)>;

// Every expression of a rule, outermost ones only.
void expressions_of(const ast::Rule& rule, const Visit& visit) {
  const auto each = [&](const ast::ExprPtr& expr, Use use) {
    if (expr) visit(*expr, use);
  };
  each(rule.from_where, Use::condition);
  for (const auto& item : rule.each) each(item.path, Use::value), each(item.where, Use::condition);
  for (const auto& filter : rule.filters) each(filter.condition, Use::condition);
  each(rule.delete_when, Use::condition);
  each(rule.told_when, Use::condition);
  for (const auto& emit : rule.emits) {
    each(emit.when, Use::condition);
    for (const auto& part : emit.key) each(part, Use::value);
    for (const auto& part : emit.alias) each(part, Use::value);
    for (const auto& part : emit.version) each(part, Use::value);
    for (const auto& part : emit.within) each(part, Use::value);
    for (const auto& assign : emit.assigns) each(assign.value, Use::value);
  }
}

void expressions_of(const ast::Lookup& lookup, const Visit& visit) {
  if (lookup.where) visit(*lookup.where, Use::condition);
  for (const auto& part : lookup.key) visit(*part, Use::value);
  for (const auto& [name, value] : lookup.keep) visit(*value, Use::value);
}

// Their result is made of their arguments' text alone, and they tell nobody about it.
bool cuts_text(std::string_view function) {
  constexpr std::array<std::string_view, 12> names{"trim",    "upper", "lower",        "left",    "right", "substring",
                                                   "replace", "split", "strip_prefix", "compose", "text",  "length"};
  return std::ranges::find(names, function) != names.end();
}

// Last name of a path: how a field is told from others wherever the path starts.
std::string field_of(const Expr& expr) { return expr.path.steps.empty() ? std::string() : expr.path.steps.back().name; }

bool is_path(const Expr& expr) { return expr.kind == Kind::path || expr.kind == Kind::node_path; }

bool tests(Kind kind) { return kind == Kind::compare || kind == Kind::in_values || kind == Kind::matches; }

using Fields = std::set<std::string>;

// Finds the fields with numbers by record kind, then what they are used for.
class Registrations {
 public:
  Registrations(const ast::Mapping& mapping, std::span<const Function> functions) : mapping_(mapping), functions_(functions) {}

  void collect() {
    for (const auto& rule : mapping_.rules) expressions_of(rule, [&](const Expr& expr, Use) { collect(expr, rule.kind); });
    for (const auto& lookup : mapping_.lookups) expressions_of(lookup, [&](const Expr& expr, Use) { collect(expr, lookup.kind); });
    for (const auto& file : mapping_.dialect.files) {
      declared(file, file.kind);
      for (const auto& record : file.records) {
        declared(file, record.kind);
        for (const auto& field : record.fields) column(field.name, field.name, record.kind);
      }
    }
    for (const auto& [name, used] : mapping_.dialect.aliases) column(name, used, "*");
  }

  // Fields of the record kind that are known to be there; "*" is every kind.
  Fields of(const std::string& kind) const {
    Fields out;
    for (const auto& [each, fields] : by_kind_) {
      if (each == kind || each == "*" || kind == "*") out.insert(fields.begin(), fields.end());
    }
    return out;
  }

  using Found = std::function<void(const Expr&)>;
  void misuses(const Expr& expr, const Fields& fields, Use use, const Found& found) {
    if (is_path(expr) && use != Use::tested && guarded(expr, fields)) found(expr);
    for (const auto& step : expr.path.steps) {
      for (const auto& predicate : step.predicates) {
        if (predicate.condition) misuses(*predicate.condition, fields, Use::value, found);
      }
    }
    if (const ast::Define* define = defined(expr)) return through(expr, *define, fields, use, found);
    for (std::size_t i = 0; i < expr.args.size(); ++i) {
      if (!names_list(expr, i)) misuses(*expr.args[i], fields, use_of(expr, i, use), found);
    }
  }

 private:
  void column(const std::string& delivered, const std::string& used, const std::string& kind) {
    if (named_registration(delivered)) by_kind_[kind].insert(used);
  }

  void declared(const FileKind& file, const std::string& kind) {
    for (const auto& name : file.columns) column(name, name, kind);
    for (const auto& [name, used] : file.aliases) column(name, used, kind);
  }

  void collect(const Expr& expr, const std::string& kind) {
    if (is_path(expr)) column(field_of(expr), field_of(expr), kind);
    const bool reads = reads_registration(expr);
    for (const auto& arg : expr.args) {
      if (reads) read(*arg, kind);
      collect(*arg, kind);
    }
    for (const auto& step : expr.path.steps) {
      for (const auto& predicate : step.predicates) {
        if (predicate.condition) collect(*predicate.condition, kind);
      }
    }
    if (const ast::Define* define = defined(expr)) inside(*define, [&] { collect(*define->value, kind); });
  }

  // Fields whose text an argument of an rrn_ function is made of.
  void read(const Expr& expr, const std::string& kind) {
    if (is_path(expr) && !field_of(expr).empty()) by_kind_[kind].insert(field_of(expr));
    if (const ast::Lookup* lookup = looked_up(expr)) {
      for (const auto& [name, value] : lookup->keep) {
        if (name == expr.member) read(*value, lookup->kind);
      }
    } else if (const ast::Define* define = defined(expr)) {
      inside(*define, [&] { read(*define->value, kind); });
    } else if (expr.kind == Kind::when) {
      read(*expr.args[0], kind);
    } else if (expr.kind == Kind::fallback || expr.kind == Kind::concat || expr.kind == Kind::each) {
      for (const auto& arg : expr.args) read(*arg, kind);
    } else if (expr.kind == Kind::call && !expr.args.empty()) {
      read(*expr.args[0], kind);
    }
  }

  Use use_of(const Expr& expr, std::size_t arg, Use use) const {
    const bool condition = use != Use::value;
    if (reads_registration(expr) || expr.kind == Kind::present || expr.kind == Kind::empty) return Use::tested;
    if (tests(expr.kind)) return condition ? Use::tested : Use::value;
    switch (expr.kind) {
      case Kind::logical_or:
      case Kind::logical_and:
      case Kind::logical_not:
      case Kind::fallback:
        return use;
      case Kind::when:
        return arg == 1 && condition ? Use::condition : use;
      case Kind::concat:
      case Kind::each:
        return use == Use::tested ? use : Use::value;
      case Kind::call:
        return use == Use::tested && !looked_up(expr) && cuts_text(expr.text) ? use : Use::value;
      default:
        return Use::value;
    }
  }

  // What a define's value does is told where the define is used.
  void through(const Expr& call, const ast::Define& define, const Fields& fields, Use use, const Found& found) {
    bool misused = false;
    inside(define, [&] { misuses(*define.value, fields, use, [&](const Expr&) { misused = true; }); });
    if (misused) found(call);
  }

  void inside(const ast::Define& define, const std::function<void()>& work) {
    if (std::ranges::find(open_, &define) != open_.end()) return;
    open_.push_back(&define);
    work();
    open_.pop_back();
  }

  static bool guarded(const Expr& expr, const Fields& fields) {
    return fields.contains(field_of(expr)) ||
           std::ranges::any_of(expr.path.steps, [](const ast::Step& step) { return named_registration(step.name); });
  }

  bool is_function(const Expr& expr) const { return std::ranges::find(functions_, expr.text, &Function::name) != functions_.end(); }

  // As Checker::call tells them apart.
  const ast::Lookup* looked_up(const Expr& expr) const {
    if (expr.kind != Kind::call || (is_function(expr) && expr.member.empty())) return nullptr;
    const auto lookup = std::ranges::find(mapping_.lookups, expr.text, &ast::Lookup::name);
    return lookup == mapping_.lookups.end() ? nullptr : &*lookup;
  }

  const ast::Define* defined(const Expr& expr) const {
    if (expr.kind != Kind::call || is_function(expr) || looked_up(expr) != nullptr) return nullptr;
    const auto define = std::ranges::find(mapping_.defines, expr.text, &ast::Define::name);
    return define == mapping_.defines.end() ? nullptr : &*define;
  }

  bool reads_registration(const Expr& expr) const {
    return expr.kind == Kind::call && expr.text.starts_with("rrn_") && is_function(expr) && looked_up(expr) == nullptr;
  }

  static bool names_list(const Expr& expr, std::size_t arg) {
    return expr.kind == Kind::call && arg == 0 && (expr.text == "list" || expr.text == "list_code") && !plain_step(*expr.args[0]).empty();
  }

  const ast::Mapping& mapping_;
  std::span<const Function> functions_;
  std::map<std::string, Fields> by_kind_;
  std::vector<const ast::Define*> open_;
};

}  // namespace

void Checker::registrations() {
  Registrations registrations(mapping_, functions_);
  registrations.collect();
  const auto report = [&](const Expr& expr) { add(Code::map_registration_misused, expr.at, print(expr)); };
  for (const auto& rule : mapping_.rules) {
    const Fields fields = registrations.of(rule.kind);
    expressions_of(rule, [&](const Expr& expr, Use use) { registrations.misuses(expr, fields, use, report); });
    if (fields.empty()) continue;
    // `key *` hashes the whole record, the number with it.
    for (const auto& emit : rule.emits) {
      if (emit.key_all) add(Code::map_registration_misused, emit.at, "key *");
    }
  }
  for (const auto& lookup : mapping_.lookups) {
    const Fields fields = registrations.of(lookup.kind);
    expressions_of(lookup, [&](const Expr& expr, Use use) { registrations.misuses(expr, fields, use, report); });
  }
}

}  // namespace pyojun::language
