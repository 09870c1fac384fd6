// SQL text shared by the parquet and duckdb publishers.
#include "publish/sql.hpp"

#include "warehouse/table_function.hpp"

#include <fmt/format.h>

#include <set>
#include <utility>

#include <unistd.h>

namespace pyojun {

namespace {

template <class Expression>
std::string select_list(const Table& table, Expression expression) {
  std::string list;
  for (const Column& column : table.columns)
    list +=
        fmt::format("{}CAST({} AS {}) AS {}", list.empty() ? "" : ", ", expression(column), sql_type(column.type), sql_name(column.name));
  return list;
}

}  // namespace

std::string select_table(const Table& table, std::uint64_t rows) {
  if (rows == 0) return fmt::format("SELECT {} WHERE false", select_list(table, [](const Column&) { return std::string("NULL"); }));
  return fmt::format("SELECT {} FROM cdm.{}", select_list(table, [](const Column& column) { return sql_name(column.name); }),
                     sql_name(table.name));
}

std::string published_names(const Schema& schema) {
  std::string out = "'pyojun_run', 'pyojun_balance'";
  for (const Table& table : schema.tables()) out += ", " + sql_text(table.name);
  return out;
}

Result<std::string> select_vocabulary(Duck& duck, const Table& table, const std::string& file) {
  std::set<std::string, std::less<>> present;
  const auto collect = [&](const DuckRows& rows) {
    for (std::size_t row = 0; row < rows.rows(); ++row) present.emplace(rows.text(0, row));
    return true;
  };
  if (auto status = duck.query(fmt::format("SELECT name FROM parquet_schema({})", sql_text(file)), collect, table.name); !status)
    return status.error();
  const auto expression = [&](const Column& column) { return present.contains(column.name) ? sql_name(column.name) : std::string("NULL"); };
  return fmt::format("SELECT {} FROM read_parquet({})", select_list(table, expression), sql_text(file));
}

std::string vocabulary_file(const PublishRequest& request, const Table& table) {
  if (!request.with_vocabulary || request.vocabulary_sql.empty() || table.schema != "vocabulary") return {};
  std::string file = request.vocabulary_sql + "/" + table.name + ".parquet";
  return ::access(file.c_str(), R_OK) == 0 ? file : std::string();
}

Status run_publishing(Duck& duck, const std::string& sql, const std::string& file, const std::string& table) {
  auto status = duck.exec(sql, table);
  if (status) return {};
  return Error{Code::publish_database_failed, file, {}, table, status.error().detail};
}

Setting::Setting(Duck& duck, std::string name, const std::string& value) : duck_(duck), name_(std::move(name)) {
  auto before = duck_.text(fmt::format("SELECT CAST(current_setting({}) AS VARCHAR)", sql_text(name_)), "settings");
  if (before && duck_.exec(fmt::format("SET {} = {}", name_, sql_text(value)), "settings")) before_ = std::move(*before);
}

Setting::~Setting() {
  if (!before_.empty()) static_cast<void>(static_cast<bool>(duck_.exec(fmt::format("SET {} = {}", name_, sql_text(before_)), "settings")));
}

}  // namespace pyojun
