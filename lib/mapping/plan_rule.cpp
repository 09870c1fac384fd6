// Rules to plans: filters get numbers, emits get their fixed output columns, stem emits one layout for each table they may write.
#include <algorithm>

#include <fmt/format.h>

#include "mapping/diagnostic.hpp"
#include "mapping/functions_code.hpp"
#include "mapping/functions_text.hpp"
#include "mapping/plan_compiler.hpp"

namespace pyojun::mapping {

namespace {

bool concept_column(const Schema& schema, const Column& column) {
  if (column.references != no_table) return schema.table(column.references).name == "concept";
  return column.name.ends_with("_concept_id");
}

// Which part of an attribute a column takes, by the names OMOP gives such columns.
Fill fill_of(std::string_view attribute, std::string_view column) {
  if (attribute == "code") {
    if (column.ends_with("_source_concept_id")) return Fill::code_source;
    if (column.ends_with("_source_value")) return Fill::code_text;
    return column.ends_with("_concept_id") ? Fill::target : Fill::generic;
  }
  if (attribute == "value") {
    if (column == "value_as_number") return Fill::value_number;
    if (column == "operator_concept_id") return Fill::value_operator;
    if (column == "value_as_concept_id") return Fill::value_concept;
    if (column == "value_as_string") return Fill::value_text;
    if (column == "value_source_value") return Fill::value_source;
    return Fill::generic;
  }
  if (attribute.ends_with("source_value")) return Fill::generic;
  if (column.ends_with("_source_concept_id")) return Fill::source_concept_part;
  if (column.ends_with("_source_value")) return Fill::source_part;
  return column.ends_with("_concept_id") ? Fill::concept_part : Fill::generic;
}

As as_of(std::string_view attribute) {
  if (attribute == "value") return As::answer;
  if (attribute == "unit") return As::unit;
  if (attribute == "operator") return As::sign;
  if (attribute == "start" || attribute == "end" || attribute == "verbatim_end") return As::time;
  return attribute == "code" ? As::code : As::plain;
}

Storage storage_of(ColumnType type) {
  switch (type) {
    case ColumnType::integer:
    case ColumnType::date:
      return Storage::integers;
    case ColumnType::number:
      return Storage::numbers;
    case ColumnType::datetime:
      return Storage::datetimes;
    case ColumnType::text:
      return Storage::texts;
  }
  return Storage::integers;
}

bool spoken_of(std::string_view attribute) { return attribute == "code" || attribute == "value" || attribute == "unit"; }

}  // namespace

std::vector<const Op*> PlanCompiler::expressions(const std::vector<ast::ExprPtr>& list) {
  std::vector<const Op*> out;
  for (const auto& expr : list) out.push_back(expression(*expr));
  if (list.size() > 16) problem(Code::plan_arguments, list[16]->at, "key");
  return out;
}

void PlanCompiler::lookups() {
  for (const auto& lookup : mapping_.lookups) {
    kind_ = lookup.kind;
    LookupPlan plan;
    plan.name = lookup.name;
    plan.kind = lookup.kind == "*" ? Symbol{0} : intern(lookup.kind, lookup.at);
    plan.seed = hash128("lookup " + lookup.name).low;
    if (lookup.where) plan.where = expression(*lookup.where);
    plan.key = expressions(lookup.key);
    for (const auto& [name, expr] : lookup.keep) {
      plan.columns.push_back(name);
      plan.keep.push_back(expression(*expr));
    }
    plan_.lookups_.push_back(std::move(plan));
  }
}

FilterPlan PlanCompiler::filter(RuleInfo& info, const ast::Expr& condition, std::string reason) {
  const auto number = static_cast<std::uint32_t>(info.filters.size());
  info.filters.push_back(std::move(reason));
  return {expression(condition), number};
}

void PlanCompiler::rules() {
  std::uint16_t number = 0;
  for (const auto& item : mapping_.rules) plan_.plans_.push_back(rule(item, number++));
  for (const auto& lookup : mapping_.lookups) {
    RuleInfo info;
    info.name = lookup.name;
    info.kind = lookup.kind;
    info.file = lookup.at.file < mapping_.files.size() ? mapping_.files[lookup.at.file] : std::string();
    info.line = lookup.at.line;
    info.lookup = true;
    plan_.infos_.push_back(std::move(info));
  }
}

RulePlan PlanCompiler::rule(const ast::Rule& rule, std::uint16_t number) {
  kind_ = rule.kind;
  level_ = 0;
  root_like_.assign(1, true);
  RuleInfo info;
  info.name = rule.name;
  info.title = rule.title;
  info.kind = rule.kind;
  info.line = rule.at.line;
  info.file = rule.at.file < mapping_.files.size() ? mapping_.files[rule.at.file] : std::string();
  RulePlan out;
  out.number = number;
  out.kind = rule.kind == "*" ? Symbol{0} : intern(rule.kind, rule.at);
  if (rule.from_where) out.record_filters.push_back(filter(info, *rule.from_where, print(*rule.from_where)));
  for (const auto& each : rule.each) {
    EachPlan plan;
    plan.path = expression(*each.path);
    plan.or_self = each.or_self;
    push(each.or_self && root_like_[level_]);
    if (each.where) {
      const FilterPlan where = filter(info, *each.where, print(*each.where));
      plan.where = where.condition;
      plan.filter = static_cast<std::int32_t>(where.number);
    }
    out.each.push_back(plan);
  }
  for (const auto& item : rule.filters)
    out.filters.push_back(filter(info, *item.condition, item.reason.empty() ? print(*item.condition) : item.reason));
  if (rule.delete_when) out.delete_when = expression(*rule.delete_when);
  if (rule.told_when) out.told_when = expression(*rule.told_when);
  plan_.infos_.push_back(std::move(info));
  for (std::size_t i = 0; i < rule.emits.size(); ++i) out.emits.push_back(emit(rule, rule.emits[i], i, plan_.infos_.back()));
  return out;
}

// With a key of one part every alias is one more name; with several parts the aliases together are one.
void PlanCompiler::aliases(const ast::Emit& emit, EmitPlan& out) {
  if (emit.alias.empty()) return;
  if (emit.key.size() > 1) {
    out.alias = expressions(emit.alias);
    return;
  }
  for (const auto& alias : emit.alias) out.alias.push_back(each(*alias));
}

// What a row stands in: rows of one table whose keys the key index holds, whether they live or not.
void PlanCompiler::within(const ast::Emit& emit, EmitPlan& out) {
  out.within = expressions(emit.within);
  for (std::size_t i = 0; i < out.within.size(); ++i) {
    const TableId table = out.within[i]->reference;
    if (table == no_table || table != out.within[0]->reference) problem(Code::plan_reference_mixed, emit.within[i]->at, "within");
  }
}

// Keys of one table (or stem rule) of one name space: equal texts are the same row.
std::uint64_t PlanCompiler::key_space(const std::string& of) const {
  return hash128(options_.space.empty() ? of : of + '\x1f' + options_.space).low;
}

EmitPlan PlanCompiler::emit(const ast::Rule& rule, const ast::Emit& emit, std::size_t position, RuleInfo& info) {
  EmitPlan out;
  out.number = plan_.emits_++;
  out.stem = emit.table == "stem";
  const TableId table = out.stem ? no_table : plan_.schema_->find(emit.table);
  if (!out.stem && table == no_table) {
    problem(Code::plan_name_unknown, emit.at, emit.table);
    return out;
  }
  std::string space = emit.table;
  if (out.stem) space = "rule " + rule.name + (position == 0 ? "" : fmt::format("#{}", position));
  if (out.stem && !emit.shared.empty()) space = "shared " + emit.shared;
  out.seed = key_space(space);
  if (emit.when) out.when = expression(*emit.when);
  out.key = expressions(emit.key);
  out.key_all = emit.key_all;
  if (emit.key_all && plan_.symbols_.intern("*") != 0) {
    auto& fields = plan_.fields_[kind_];
    if (std::ranges::find(fields, "*") == fields.end()) fields.emplace_back("*");
  }
  out.keyed = out.key_all || !out.key.empty();
  aliases(emit, out);
  out.version = expressions(emit.version);
  within(emit, out);
  std::map<std::string, Part, std::less<>> parts;
  attributes(emit, out, parts);
  out.layout_of.assign(plan_.schema_->tables().size(), 0xFFFF);
  if (out.stem) {
    stem_layouts(emit, out, parts);
  } else {
    table_layout(emit, out, parts);
  }
  for (Layout& layout : out.layouts) {
    layout.chunk = plan_.chunks_++;
    layout.retires = emit.retires;
    layout.within_each = static_cast<std::uint16_t>(out.within.size());
    if (!out.within.empty()) layout.within_target = out.within[0]->reference;
    plan_.rule_of_chunk_.push_back(static_cast<std::uint16_t>(plan_.infos_.size() - 1));
    plan_.keyed_chunk_.push_back(out.keyed);
    if (std::ranges::find(info.tables, layout.table) == info.tables.end()) info.tables.push_back(layout.table);
  }
  return out;
}

// `a ? assumed(b)`: a.
const Op* PlanCompiler::without_assumption(const Op& op) {
  if (op.args.size() == 2) return op.args[0];
  Op& rest = plan_.ops_.emplace_back(op);
  rest.args.pop_back();
  return &rest;
}

void PlanCompiler::attributes(const ast::Emit& emit, EmitPlan& out, std::map<std::string, Part, std::less<>>& parts) {
  for (const auto& assign : emit.assigns) {
    const auto at = static_cast<std::uint16_t>(out.attributes.size());
    const std::string& name = assign.names[0].first;
    Attribute attribute{name, expression(*assign.value), out.stem ? as_of(name) : As::plain, 0xFFFF};
    if (attribute.as == As::answer || attribute.as == As::unit) shapes();
    if (attribute.as == As::code) out.code_attribute = at;
    if (attribute.as == As::answer) out.value_attribute = at;
    if (out.stem && name == "days_supply") out.days_attribute = at;
    out.attributes.push_back(attribute);
    if (assign.names.size() == 1) {
      parts[name] = {at, attribute.op->run == run_range ? Fill::range_low : Fill::generic, 0xFFFF};
      if (attribute.op->run == run_fallback && attribute.op->args.back()->run == run_assumed) {
        parts[name].assumed = static_cast<std::uint16_t>(out.attributes.size());
        out.attributes.push_back({name, attribute.op->args.back(), attribute.as, at});
        out.attributes[at].op = without_assumption(*attribute.op);
      }
    } else {
      parts[assign.names[0].first] = {at, Fill::range_low, 0xFFFF};
      parts[assign.names[1].first] = {at, Fill::range_high, 0xFFFF};
    }
  }
}

Binding PlanCompiler::binding(const EmitPlan& emit, TableId table, ColumnId column, Part part) const {
  const Column& known = plan_.schema_->table(table).columns[column];
  Binding out;
  out.attribute = part.attribute;
  out.fill = part.fill;
  out.type = known.type;
  out.storage = storage_of(known.type);
  out.required = known.required;
  out.zero = known.required && concept_column(*plan_.schema_, known);
  out.column = column;
  out.max_length = known.max_length;
  if (part.attribute == 0xFFFF) return out;
  const Op& op = *emit.attributes[part.attribute].op;
  out.field = op.field;
  if (op.sibling) out.storage = Storage::siblings;
  if (op.reference != no_table) out.storage = Storage::references;
  return out;
}

// Puts a column into the layout: the first alternative fills it, the others stand in when it is absent.
void PlanCompiler::place(EmitPlan& emit, Layout& layout, std::vector<Binding> alternatives, const ast::Place& at) {
  Binding first = alternatives[0];
  const Column& column = plan_.schema_->table(layout.table).columns[first.column];
  const Op* op = first.attribute == 0xFFFF ? nullptr : emit.attributes[first.attribute].op;
  if (op != nullptr && op->reference != no_table) {
    const bool fits = column.type == ColumnType::integer && (column.references == no_table || column.references == op->reference);
    if (!fits) problem(Code::plan_reference_mixed, at, column.name);
  }
  if (op != nullptr && op->sibling && column.type != ColumnType::integer) problem(Code::plan_reference_mixed, at, column.name);
  first.place = static_cast<std::uint16_t>(layout.columns.size());
  ColumnValues& values = layout.columns.emplace_back();
  values.column = first.column;
  values.storage = first.storage;
  if (first.storage == Storage::references) values.target = op->reference;
  if (first.storage == Storage::siblings) values.target = no_table;
  std::int16_t next = -1;
  for (std::size_t i = alternatives.size(); i-- > 1;) {
    alternatives[i].place = first.place;
    alternatives[i].instead = next;
    next = static_cast<std::int16_t>(layout.spares.size());
    layout.spares.push_back(alternatives[i]);
  }
  first.instead = next;
  const bool constant = op != nullptr && op->is_constant && next < 0 && (first.fill == Fill::generic || first.fill == Fill::concept_part) &&
                        emit.attributes[first.attribute].as == As::plain;
  if (constant) {
    values.storage = Storage::constant;
    values.constant_of = first.storage;
    layout.constants.push_back({first.place, first, op->constant});
  } else {
    layout.bindings.push_back(first);
  }
}

// Required columns nobody sets: concepts are 0; anything else makes every candidate fail.
void PlanCompiler::required_columns(Layout& layout) {
  const Table& table = plan_.schema_->table(layout.table);
  for (ColumnId id = 0; id < table.columns.size(); ++id) {
    const Column& column = table.columns[id];
    if (!column.required || id == table.primary_key) continue;
    if (std::ranges::find(layout.columns, id, &ColumnValues::column) != layout.columns.end()) continue;
    if (!concept_column(*plan_.schema_, column)) {
      if (layout.missing == no_column) layout.missing = id;
      continue;
    }
    ConstantColumn zero;
    zero.place = static_cast<std::uint16_t>(layout.columns.size());
    zero.how.column = id;
    zero.how.zero = true;
    zero.value.set_integer(0);
    ColumnValues& values = layout.columns.emplace_back();
    values.column = id;
    values.storage = Storage::constant;
    values.constant_of = Storage::integers;
    layout.constants.push_back(zero);
  }
}

void PlanCompiler::table_layout(const ast::Emit& emit, EmitPlan& out, const std::map<std::string, Part, std::less<>>& parts) {
  Layout layout;
  layout.table = plan_.schema_->find(emit.table);
  const Table& table = plan_.schema_->table(layout.table);
  std::map<ColumnId, Part> columns;
  for (const auto& [name, part] : parts) {
    const ColumnId column = table.find(name);
    if (column == no_column) {
      problem(Code::plan_name_unknown, emit.at, emit.table + "." + name);
    } else {
      columns[column] = part;
    }
  }
  for (const auto& [column, part] : columns) {
    std::vector<Binding> alternatives{binding(out, layout.table, column, part)};
    if (part.assumed != 0xFFFF) alternatives.push_back(binding(out, layout.table, column, {part.assumed, Fill::generic, 0xFFFF}));
    place(out, layout, std::move(alternatives), emit.at);
  }
  required_columns(layout);
  groups(emit, parts, layout);
  out.layout_of[layout.table] = 0;
  out.layouts.push_back(std::move(layout));
}

// Constants are said by nobody: all rows have them. A stem attribute is all the columns it fills.
void PlanCompiler::groups(const ast::Emit& emit, const std::map<std::string, Part, std::less<>>& parts, Layout& layout) {
  const Table& table = plan_.schema_->table(layout.table);
  const auto of = [&](ColumnId id) { return std::ranges::find(layout.columns, id, &ColumnValues::column); };
  for (std::size_t i = 0; i < emit.combine.size() && i < most_groups; ++i) {
    const ast::Group& group = emit.combine[i];
    for (const auto& [name, at] : group.names) {
      const auto part = parts.find(name);
      if (part == parts.end()) continue;
      for (Binding& binding : layout.bindings) {
        if (binding.attribute != part->second.attribute) continue;
        binding.group = of(binding.column)->group = static_cast<std::uint8_t>(i);
        layout.grouped = true;
      }
    }
    if (!group.instead) continue;
    const auto first = of(table.find(group.names[0].first)), instead = of(table.find(group.instead->first));
    if (first != layout.columns.end() && instead != layout.columns.end()) first->instead = instead->column;
  }
}

void PlanCompiler::stem_layouts(const ast::Emit& emit, EmitPlan& out, const std::map<std::string, Part, std::less<>>& parts) {
  const Schema& schema = *plan_.schema_;
  const auto known = schema.stem_attributes();
  for (const auto& [name, part] : parts) {
    const auto& assign = emit.assigns[part.attribute];
    if (std::ranges::find(known, name) == known.end()) problem(Code::plan_name_unknown, assign.at, "stem." + name);
  }
  const auto domain_table = [&](std::string_view domain) {
    const TableId table = schema.table_for_domain(domain);
    if (table == no_table || schema.table(table).domain != domain) problem(Code::plan_name_unknown, emit.at, std::string(domain));
    return table;
  };
  out.default_table = emit.default_domain.empty() ? schema.table_for_domain("Observation") : domain_table(emit.default_domain);
  for (const auto& domain : emit.only) out.only.push_back(domain_table(domain));
  out.only_domains = emit.only;
  for (TableId table = 0; table < schema.tables().size(); ++table) {
    if (schema.table(table).domain.empty()) continue;
    if (!out.only.empty() && table != out.default_table && std::ranges::find(out.only, table) == out.only.end()) continue;
    out.layout_of[table] = static_cast<std::uint16_t>(out.layouts.size());
    stem_layout(emit, out, table, parts);
  }
}

void PlanCompiler::stem_layout(const ast::Emit& emit, EmitPlan& out, TableId table, const std::map<std::string, Part, std::less<>>& parts) {
  const Schema& schema = *plan_.schema_;
  Layout layout;
  layout.table = table;
  std::map<ColumnId, std::vector<Binding>> columns;
  // What is said outright goes before what follows from code, value and unit.
  for (const bool implied : {false, true}) {
    for (const auto& route : schema.stem()) {
      if (route.table != table || spoken_of(route.attribute) != implied) continue;
      const auto part = parts.find(route.attribute);
      if (part == parts.end()) continue;
      Part how = part->second;
      if (how.fill == Fill::generic) how.fill = fill_of(route.attribute, schema.table(table).columns[route.column].name);
      columns[route.column].push_back(binding(out, table, route.column, how));
      if (how.assumed != 0xFFFF) columns[route.column].push_back(binding(out, table, route.column, {how.assumed, how.fill, 0xFFFF}));
    }
  }
  const auto value = parts.find("value");
  const Table& known = schema.table(table);
  if (const ColumnId sign = known.find("operator_concept_id"); sign != no_column && value != parts.end()) {
    columns[sign].push_back(binding(out, table, sign, {value->second.attribute, Fill::value_operator}));
  }
  const ColumnId answer = known.find("value_as_concept_id");
  layout.takes_value = answer != no_column && std::ranges::any_of(schema.stem(), [&](const StemRoute& route) {
                         return route.table == table && route.column == answer;
                       });
  if (layout.takes_value && columns[answer].empty()) columns[answer].push_back(binding(out, table, answer, {0xFFFF, Fill::value_concept}));
  const auto start = parts.find("start");
  for (const auto& route : schema.stem()) {
    if (route.table != table || route.attribute != "end" || !known.columns[route.column].required || start == parts.end()) continue;
    for (const std::uint16_t from : {start->second.attribute, start->second.assumed}) {
      if (from != 0xFFFF) columns[route.column].push_back(binding(out, table, route.column, {from, Fill::end_from_start, 0xFFFF}));
    }
  }
  for (auto& [column, bindings] : columns) place(out, layout, std::move(bindings), {});
  required_columns(layout);
  groups(emit, parts, layout);
  out.layouts.push_back(std::move(layout));
}

void PlanCompiler::compile_all() {
  lists();
  lookups();
  rules();
}

}  // namespace pyojun::mapping
