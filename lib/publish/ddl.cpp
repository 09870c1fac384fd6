#include "publish/ddl.hpp"

#include <fmt/format.h>

#include "warehouse/duck.hpp"

namespace pyojun {

namespace {

std::string type_of(const Column& column, SqlDialect dialect) {
  const bool lite = dialect == SqlDialect::sqlite;
  switch (column.type) {
    case ColumnType::integer:
      return lite ? "INTEGER" : "integer";
    case ColumnType::number:
      return lite ? "REAL" : "double precision";
    case ColumnType::date:
      return lite ? "TEXT" : "date";
    case ColumnType::datetime:
      return lite ? "TEXT" : "timestamp";
    case ColumnType::text:
      if (lite) return "TEXT";
      return column.max_length == 0 ? "text" : fmt::format("varchar({})", column.max_length);
  }
  return "text";
}

}  // namespace

std::string create_table(const Table& table, const std::string& name, SqlDialect dialect) {
  std::string columns;
  for (ColumnId id = 0; id < table.columns.size(); ++id) {
    const Column& column = table.columns[id];
    columns += fmt::format("{}{} {}{}", columns.empty() ? "" : ", ", sql_name(column.name), type_of(column, dialect),
                           column.required ? " NOT NULL" : "");
    if (dialect == SqlDialect::sqlite && id == table.primary_key && column.type == ColumnType::integer) columns += " PRIMARY KEY";
  }
  return fmt::format("CREATE TABLE {} ({})", name, columns);
}

std::string add_primary_key(const Table& table, const std::string& name) {
  if (table.primary_key == no_column) return {};
  return fmt::format("ALTER TABLE {} ADD PRIMARY KEY ({})", name, sql_name(table.columns[table.primary_key].name));
}

std::vector<std::string> add_foreign_keys(const Schema& schema, const Table& table, const std::string& prefix,
                                          const std::vector<bool>& published) {
  std::vector<std::string> out;
  for (const Column& column : table.columns) {
    if (column.references == no_table || !published[column.references]) continue;
    const Table& target = schema.table(column.references);
    if (target.primary_key == no_column) continue;
    out.push_back(fmt::format("ALTER TABLE {}{} ADD FOREIGN KEY ({}) REFERENCES {}{} ({}) DEFERRABLE INITIALLY DEFERRED", prefix,
                              sql_name(table.name), sql_name(column.name), prefix, sql_name(target.name),
                              sql_name(target.columns[target.primary_key].name)));
  }
  return out;
}

std::vector<std::string> create_indexes(const Table& table, const std::string& name) {
  std::vector<std::string> out;
  for (ColumnId id = 0; id < table.columns.size(); ++id) {
    const std::string& column = table.columns[id].name;
    const bool event_code = !table.domain.empty() && column.ends_with("_concept_id") && table.columns[id].domain == table.domain;
    const bool wanted = column == "person_id" || column == "visit_occurrence_id" || event_code;
    if (wanted && id != table.primary_key) out.push_back(fmt::format("CREATE INDEX ON {} ({})", name, sql_name(column)));
  }
  return out;
}

}  // namespace pyojun
