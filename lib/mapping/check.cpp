// Static checks of rules: kinds, targets, columns, keys, conditions; and the comparison with sample data.
#include "mapping/check.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "cdm/assemble_settings.hpp"
#include "mapping/checker.hpp"
#include "mapping/diagnostic.hpp"
#include "mapping/parser.hpp"

namespace pyojun::language {

using ast::Expr;
using ast::Kind;

void Checker::add(Code code, const ast::Place& at, std::string subject, std::string suggestion) {
  out_.push_back(diagnose(mapping_, code, at, std::move(subject), std::move(suggestion)));
}

std::vector<Diagnostic> Checker::run() {
  assemble();
  lists();
  defines();
  lookups();
  for (const auto& each : mapping_.rules) rule(each);
  unused();
  registrations();
  sort_diagnostics(out_);
  return std::move(out_);
}

void Checker::lists() {
  for (const auto& list : mapping_.lists) {
    if (!list.file.empty() && !read_beside(mapping_, list.at.file, list.file)) add(Code::map_list_missing, list.at, list.file);
  }
}

// A define is a value of the record and may use those above it.
void Checker::defines() {
  for (const auto& define : mapping_.defines) {
    if (find_function(define.name) != nullptr || find_lookup(define.name) != nullptr || schema_.find(define.name) != no_table) {
      add(Code::map_name_twice, define.at, define.name);
    }
    walk(*define.value, 0, false);
  }
}

void Checker::assemble() {
  for (const auto& line : mapping_.assemble) {
    const AssembleSetting* const setting = find_assemble_setting(line.name);
    if (setting == nullptr) {
      std::vector<std::string_view> names;
      for (const auto& known : assemble_settings()) names.emplace_back(known.name);
      add(Code::assemble_setting_unknown, line.at, line.name, std::string(nearest(line.name, names)));
      continue;
    }
    const bool many = line.values.size() > 1 && setting->kind != AssembleSetting::Kind::list;
    for (const auto& value : line.values) {
      if (!many && setting->fits(value)) continue;
      const std::vector<std::string_view> choices(setting->choices.begin(), setting->choices.end());
      add(Code::assemble_setting_value, line.value_at, line.name, std::string(nearest(value, choices)));
      break;
    }
  }
}

void Checker::lookups() {
  for (const auto& lookup : mapping_.lookups) {
    kind(lookup.kind, lookup.at);
    if (lookup.where) walk(*lookup.where, 0, false);
    for (const auto& part : lookup.key) walk(*part, 0, false);
    for (const auto& [name, value] : lookup.keep) walk(*value, 0, false);
  }
}

void Checker::unused() {
  for (const auto& list : mapping_.lists) {
    if (!used_lists_.contains(list.name)) add(Code::map_unused, list.at, list.name);
  }
  for (const auto& define : mapping_.defines) {
    if (!used_defines_.contains(define.name)) add(Code::map_unused, define.at, define.name);
  }
  for (const auto& lookup : mapping_.lookups) {
    if (!used_lookups_.contains(lookup.name)) add(Code::map_unused, lookup.at, lookup.name);
  }
}

// Where files are declared, a record kind comes from one of them.
void Checker::kind(const std::string& kind, const ast::Place& at) {
  const auto& files = mapping_.dialect.files;
  if (files.empty() || kind.empty() || kind == "*") return;
  std::vector<std::string_view> kinds;
  for (const auto& file : files) {
    if (!file.format.empty() && file.format != "delimited" && file.format != "fixed") return;  // its records tell their kind themselves
    if (file.records.empty()) kinds.emplace_back(file.kind);
    for (const auto& record : file.records) kinds.emplace_back(record.kind);
  }
  if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) add(Code::map_kind_undeclared, at, kind, nearest(kind, kinds));
}

void Checker::rule(const ast::Rule& rule) {
  kind(rule.kind, rule.kind_at);
  if (rule.from_where) walk(*rule.from_where, 0, false);
  std::size_t depth = 0;
  for (const auto& each : rule.each) {
    walk(*each.path, depth, false);
    ++depth;
    if (each.where) walk(*each.where, depth, false);
  }
  for (const auto& filter : rule.filters) walk(*filter.condition, depth, false);
  if (rule.delete_when) walk(*rule.delete_when, depth, false);
  if (rule.told_when) walk(*rule.told_when, depth, false);
  if (rule.delete_when && !rule.emits.empty() && rule.emits[0].key.empty()) add(Code::map_delete_without_key, rule.at, rule.name);
  for (std::size_t i = 0; i < rule.emits.size(); ++i) emit(rule.emits[i], depth, i == 0);
  never_fires(rule);
}

void Checker::emit(const ast::Emit& emit, std::size_t depth, bool main) {
  if (emit.when) walk(*emit.when, depth, !main);
  for (const auto& part : emit.key) walk(*part, depth, !main);
  for (const auto& part : emit.alias) walk(*part, depth, !main);
  for (const auto& part : emit.version) walk(*part, depth, !main);
  for (const auto& part : emit.within) walk(*part, depth, !main);
  for (const auto& assign : emit.assigns) walk(*assign.value, depth, !main);
  doubled(emit);
  combined(emit);
  if (emit.table.empty()) return;  // the parser said so
  if (emit.table == "stem") return stem_emit(emit);
  const TableId table = schema_.find(emit.table);
  if (!emit.shared.empty()) add(Code::map_shared_without_key, emit.at, emit.shared);
  if (table != no_table && filled_by_rules(schema_.table(table))) return table_emit(emit, table);
  std::vector<std::string_view> names{"stem"};
  for (const Table& known : schema_.tables()) {
    if (filled_by_rules(known)) names.emplace_back(known.name);
  }
  if (table == no_table) {
    add(Code::map_table_unknown, emit.at, emit.table, nearest(emit.table, names));
  } else {
    add(Code::map_table_not_filled, emit.at, emit.table);
  }
}

void Checker::doubled(const ast::Emit& emit) {
  std::set<std::string_view> seen;
  for (const auto& assign : emit.assigns) {
    for (const auto& [name, at] : assign.names) {
      if (!seen.insert(name).second) add(Code::map_column_twice, at, name);
    }
  }
}

bool Checker::sets(const ast::Emit& emit, std::string_view name) const {
  return std::any_of(emit.assigns.begin(), emit.assigns.end(), [&](const ast::Assign& assign) {
    return std::any_of(assign.names.begin(), assign.names.end(), [&](const auto& other) { return other.first == name; });
  });
}

void Checker::assigned(const ast::Assign& assign, std::size_t number, const Column& column) {
  if (column.primary_key) return add(Code::map_primary_key, assign.names[number].second, column.name);
  if (assign.names.size() == 1 || number == 0) fits(*assign.value, column, assign.names.size() > 1);
}

void Checker::table_emit(const ast::Emit& emit, TableId id) {
  const Table& table = schema_.table(id);
  std::vector<std::string_view> names;
  for (const Column& column : table.columns) names.emplace_back(column.name);
  for (const auto& assign : emit.assigns) {
    for (std::size_t i = 0; i < assign.names.size(); ++i) {
      const auto& [name, at] = assign.names[i];
      const ColumnId column = table.find(name);
      if (column == no_column) {
        add(Code::map_column_unknown, at, table.name + "." + name, nearest(name, names));
      } else {
        assigned(assign, i, table.columns[column]);
      }
    }
  }
  for (const Column& column : table.columns) {
    // Concept columns default to 0, the primary key is given by the program.
    if (!column.required || column.primary_key || is_concept(column) || sets(emit, column.name)) continue;
    add(Code::map_column_required, emit.at, column.name);
  }
}

void Checker::stem_domain(const std::string& domain, const ast::Emit& emit) {
  std::vector<std::string_view> domains;
  for (const Table& table : schema_.tables()) {
    if (!table.domain.empty()) domains.emplace_back(table.domain);
  }
  if (std::find(domains.begin(), domains.end(), domain) == domains.end())
    add(Code::map_domain_unknown, emit.at, domain, nearest(domain, domains));
}

void Checker::stem_emit(const ast::Emit& emit) {
  if (!emit.shared.empty() && emit.key.empty()) add(Code::map_shared_without_key, emit.at, emit.shared);
  if (!emit.default_domain.empty()) stem_domain(emit.default_domain, emit);
  for (const auto& domain : emit.only) stem_domain(domain, emit);
  const auto attributes = schema_.stem_attributes();
  const std::vector<std::string_view> names(attributes.begin(), attributes.end());
  for (const auto& assign : emit.assigns) {
    for (std::size_t i = 0; i < assign.names.size(); ++i) {
      const auto& [name, at] = assign.names[i];
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        add(Code::map_attribute_unknown, at, name, nearest(name, names));
      } else {
        stem_attribute(assign, i);
      }
    }
  }
  for (const std::string_view needed : {"person", "code", "start"}) {
    if (!sets(emit, needed)) add(Code::map_column_required, emit.at, std::string(needed));
  }
}

void Checker::stem_attribute(const ast::Assign& assign, std::size_t number) {
  const std::string& name = assign.names[number].first;
  if (name == "code") {
    if (result_of(*assign.value) == "text") add(Code::map_code_expected, assign.value->at, name);
    return;
  }
  if (name == "value" || name == "unit" || name == "operator" || name == "qualifier") return;  // these look at the value itself
  const auto route = std::find_if(schema_.stem().begin(), schema_.stem().end(), [&](const StemRoute& r) { return r.attribute == name; });
  const Column& column = schema_.table(route->table).columns[route->column];
  if (name == "start" || name == "end") return fits(*assign.value, column, false, true);
  // An attribute with a source column beside its concept takes any text.
  const bool spread = is_concept(column) && name != "type";
  if (!spread || assign.value->kind == Kind::number) assigned(assign, number, column);
}

void conjuncts(const Expr& expr, std::vector<const Expr*>& out) {
  if (expr.kind != Kind::logical_and) return out.push_back(&expr);
  for (const auto& part : expr.args) conjuncts(*part, out);
}

namespace {

// What the conditions met so far leave for one field: texts it may have, texts it may not have.
struct Left {
  std::optional<std::set<std::string>> allowed;
  std::set<std::string> refused;
  bool nothing() const {
    if (!allowed) return false;
    return std::all_of(allowed->begin(), allowed->end(), [&](const std::string& text) { return refused.contains(text); });
  }
  void narrow(const std::set<std::string>& texts) {
    if (!allowed) {
      allowed = texts;
    } else {
      std::erase_if(*allowed, [&](const std::string& text) { return !texts.contains(text); });
    }
  }
};

// Applies `field = text`, `field != text`, `field in (texts)` or their negation; other conditions say nothing here.
void apply(const Expr& condition, bool negated, std::map<std::string, Left>& fields) {
  if (condition.kind == Kind::logical_not) return apply(*condition.args[0], !negated, fields);
  const bool in = condition.kind == Kind::in_values;
  if (!in && !(condition.kind == Kind::compare && (condition.text == "=" || condition.text == "!="))) return;
  std::set<std::string> texts;
  for (std::size_t i = 1; i < condition.args.size(); ++i) {
    if (condition.args[i]->kind != Kind::text) return;
    texts.insert(condition.args[i]->text);
  }
  const Expr& side = *condition.args[0];
  if (side.kind != Kind::path && side.kind != Kind::call) return;
  Left& left = fields[print(side)];
  if (negated == (condition.text == "!=")) {
    left.narrow(texts);
  } else {
    left.refused.insert(texts.begin(), texts.end());
  }
}

}  // namespace

// Finds conditions on one field that exclude each other. `where false "reason"` is a deliberate exclusion and counted as such.
void Checker::never_fires(const ast::Rule& rule) {
  std::map<std::string, Left> fields;
  const auto contradicts = [&](const Expr& condition, const ast::Place& at) {
    std::vector<const Expr*> parts;
    conjuncts(condition, parts);
    for (const Expr* part : parts) {
      apply(*part, false, fields);
      if (std::none_of(fields.begin(), fields.end(), [](const auto& field) { return field.second.nothing(); })) continue;
      add(Code::map_never_fires, at, rule.name);
      return true;
    }
    return false;
  };
  // The record itself and the nodes of `each` have different fields of equal name: conditions are compared only at one level.
  if (rule.from_where && contradicts(*rule.from_where, rule.from_where->at)) return;
  if (!rule.each.empty()) fields.clear();
  if (!rule.each.empty() && rule.each.back().where && contradicts(*rule.each.back().where, rule.each.back().where->at)) return;
  for (const auto& filter : rule.filters) {
    const bool bare_false = filter.condition->kind == Kind::boolean && filter.condition->text == "false" && filter.reason == "false";
    if (bare_false) return add(Code::map_never_fires, filter.at, rule.name);
    if (contradicts(*filter.condition, filter.at)) return;
  }
  const auto before = fields;
  for (const auto& emit : rule.emits) {
    if (emit.when) contradicts(*emit.when, emit.when->at);
    fields = before;
  }
}

}  // namespace pyojun::language

namespace pyojun {

namespace {

using ast::Expr;
using ast::Kind;

class FieldCheck {
 public:
  FieldCheck(const ast::Mapping& mapping, const SeenFields& seen) : mapping_(mapping), seen_(seen) {}

  std::vector<Diagnostic> run() {
    for (const auto& lookup : mapping_.lookups) {
      if (!enter(lookup.kind, lookup.at)) continue;
      if (lookup.where) walk(*lookup.where, 0);
      for (const auto& part : lookup.key) walk(*part, 0);
      for (const auto& [name, value] : lookup.keep) walk(*value, 0);
    }
    for (const auto& rule : mapping_.rules) {
      if (rule.kind != "*" && enter(rule.kind, rule.kind_at)) check(rule);
    }
    sort_diagnostics(out_);
    return std::move(out_);
  }

 private:
  bool enter(const std::string& kind, const ast::Place& at) {
    const auto found = seen_.find(kind);
    if (found != seen_.end()) return fields_ = &found->second, true;
    std::vector<std::string_view> kinds;
    for (const auto& [name, fields] : seen_) kinds.emplace_back(name);
    out_.push_back(diagnose(mapping_, Code::map_kind_not_seen, at, kind, nearest(kind, kinds)));
    return false;
  }

  void check(const ast::Rule& rule) {
    if (rule.from_where) walk(*rule.from_where, 0);
    std::size_t depth = 0;
    for (const auto& each : rule.each) {
      walk(*each.path, depth++);
      if (each.where) walk(*each.where, depth);
    }
    for (const auto& filter : rule.filters) walk(*filter.condition, depth);
    if (rule.delete_when) walk(*rule.delete_when, depth);
    if (rule.told_when) walk(*rule.told_when, depth);
    for (const auto& emit : rule.emits) {
      if (emit.when) walk(*emit.when, depth);
      for (const auto& part : emit.key) walk(*part, depth);
      for (const auto& part : emit.alias) walk(*part, depth);
      for (const auto& part : emit.version) walk(*part, depth);
      for (const auto& part : emit.within) walk(*part, depth);
      for (const auto& assign : emit.assigns) walk(*assign.value, depth);
    }
  }

  // Only fields of the record's root are compared: `depth` enclosing nodes up from here.
  void walk(const Expr& expr, std::size_t depth) {
    if (expr.kind == Kind::path && expr.path.up == depth && !expr.path.steps.empty()) field(expr.path.steps[0]);
    for (std::size_t i = 0; i < expr.args.size(); ++i) {
      const bool names_list = expr.kind == Kind::call && i == 0 && (expr.text == "list" || expr.text == "list_code");
      if (!names_list) walk(*expr.args[i], depth);
    }
  }

  void field(const ast::Step& step) {
    if (step.descendant || step.name.starts_with('@')) return;
    const auto matches = [&](const std::string& name) { return step.choice ? name.starts_with(step.name) : name == step.name; };
    if (std::any_of(fields_->begin(), fields_->end(), matches)) return;
    out_.push_back(
        diagnose(mapping_, Code::map_field_not_seen, step.at, step.name, nearest(step.name, {fields_->begin(), fields_->end()})));
  }

  const ast::Mapping& mapping_;
  const SeenFields& seen_;
  const std::vector<std::string>* fields_ = nullptr;
  std::vector<Diagnostic> out_;
};

}  // namespace

std::vector<Diagnostic> check_mapping(const ast::Mapping& mapping, const Schema& schema, const Vocabulary* vocabulary,
                                      std::span<const Function> functions) {
  return language::Checker(mapping, schema, vocabulary, functions).run();
}

bool certain_despite_damage(Code code) {
  switch (code) {
    case Code::map_table_unknown:
    case Code::map_table_not_filled:
    case Code::map_column_unknown:
    case Code::map_attribute_unknown:
    case Code::map_function_unknown:
    case Code::map_arguments:
    case Code::map_each_misused:
    case Code::map_pattern:
    case Code::map_value_misfit:
    case Code::map_value_no_date:
    case Code::map_reference_expected:
    case Code::map_primary_key:
    case Code::map_domain_unknown:
    case Code::assemble_setting_unknown:
    case Code::assemble_setting_value:
      return true;
    default:
      return false;
  }
}

std::vector<Diagnostic> check_fields(const ast::Mapping& mapping, const SeenFields& seen) { return FieldCheck(mapping, seen).run(); }

}  // namespace pyojun
