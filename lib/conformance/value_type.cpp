#include "conformance/value_type.hpp"

namespace pyojun {

std::string error_class(const Error& error) {
  const std::string text = error.detail.substr(0, error.detail.find_first_of(":\n"));
  return text == "SQLSTATE 42501" ? "no right to read" : text;
}

ValueType value_type(std::string_view sql_type) {
  const auto has = [sql_type](std::string_view part) { return sql_type.find(part) != std::string_view::npos; };
  for (const std::string_view composed : {"INTERVAL", "ENUM", "STRUCT", "MAP(", "UNION", "[]"}) {
    if (has(composed)) return ValueType::other;
  }
  if (has("INT")) return ValueType::integer;
  if (has("TIMESTAMP")) return ValueType::datetime;
  if (sql_type == "DATE") return ValueType::date;
  for (const std::string_view name : {"NUMERIC", "DECIMAL", "DOUBLE", "FLOAT", "REAL"}) {
    if (has(name)) return ValueType::number;
  }
  if (has("CHAR") || has("TEXT")) return ValueType::text;
  return ValueType::other;
}

bool fits(ColumnType wanted, ValueType delivered) {
  const bool number = delivered == ValueType::integer || delivered == ValueType::number;  // the kind `integer` looks for fractions itself
  const bool day = delivered == ValueType::date || delivered == ValueType::datetime;
  switch (wanted) {
    case ColumnType::integer:
    case ColumnType::number:
      return number;
    case ColumnType::date:
    case ColumnType::datetime:
      return day;
    case ColumnType::text:
      return delivered == ValueType::text;
  }
  return true;
}

Status count_rows(SqlEngine& engine, Catalog& catalog, const std::function<bool(const std::string&)>& counted) {
  std::string sql;
  for (auto& [name, table] : catalog) {
    table.rows = 1;
    if (counted(name)) sql += (sql.empty() ? "select (select count(*) from " : ", (select count(*) from ") + name + ")";
  }
  if (sql.empty()) return {};
  auto counts = engine.numbers(sql, "row counts");
  if (!counts) return counts.error();
  std::size_t at = 0;
  for (auto& [name, table] : catalog) {
    if (counted(name) && at < counts->size()) table.rows = static_cast<std::uint64_t>((*counts)[at++]);
  }
  return {};
}

}  // namespace pyojun
