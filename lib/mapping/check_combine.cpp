// `combine` and `assumed`: rows that complete each other column by column.
#include "cdm/rows.hpp"
#include "mapping/checker.hpp"

namespace pyojun::language {

using ast::Expr;
using ast::Kind;

namespace {

bool is_assumed(const Expr& expr) { return expr.kind == Kind::call && expr.text == "assumed"; }

std::size_t assumptions_in(const Expr& expr) {
  std::size_t count = is_assumed(expr) ? 1 : 0;
  for (const auto& part : expr.args) count += part ? assumptions_in(*part) : 0;
  return count;
}

}  // namespace

// Groups of columns that the row sets, each in one group; `assumed` last in assignments of these.
void Checker::combined(const ast::Emit& emit) {
  const bool keyed = emit.key_all || !emit.key.empty();
  if (!emit.combine.empty() && (!keyed || emit.combine.size() > most_groups))
    add(Code::map_combine_misused, emit.combine[0].at, emit.table);
  std::set<std::string_view> names;
  for (const auto& group : emit.combine) {
    for (const auto& [name, at] : group.names) {
      if (!sets(emit, name) || !names.insert(name).second) add(Code::map_combine_column, at, name);
    }
  }
  const TableId id = schema_.find(emit.table);
  const auto type_of = [&](const std::string& name) {
    const ColumnId column = id == no_table ? no_column : schema_.table(id).find(name);
    return column == no_column ? std::optional<ColumnType>() : schema_.table(id).columns[column].type;
  };
  for (const auto& group : emit.combine) {
    if (!group.instead) continue;
    const auto& [name, at] = *group.instead;
    if (emit.table == "stem" || !names.contains(name) || type_of(name) != type_of(group.names[0].first))
      add(Code::map_combine_column, at, name);
  }
  for (const auto& assign : emit.assigns) {
    const Expr& value = *assign.value;
    const bool last = value.kind == Kind::fallback && is_assumed(*value.args.back());
    const bool may = last && assign.names.size() == 1 && names.contains(assign.names[0].first);
    if (assumptions_in(value) != (may ? 1U : 0U)) add(Code::map_assumed_misused, assign.at, assign.names[0].first);
  }
}

}  // namespace pyojun::language
