#include "conformance/duck_engine.hpp"

#include <fmt/format.h>

#include "base/resources.hpp"
#include "base/text.hpp"
#include "conformance/value_type.hpp"

namespace pyojun {

namespace {

class DuckEngine final : public SqlEngine {
 public:
  explicit DuckEngine(Duck& duck) : duck_(duck) {}
  std::string_view name() const override { return "duckdb"; }
  Result<std::vector<std::int64_t>> numbers(const std::string& sql, std::string_view what) override;
  Status rows(const std::string& sql, std::string_view what, const std::function<bool(std::span<const Cell>)>& each) override;
  Status run(const std::string& sql, std::string_view what) override { return duck_.exec(sql, what); }

 private:
  Duck& duck_;
};

Result<std::vector<std::int64_t>> DuckEngine::numbers(const std::string& sql, std::string_view what) {
  std::vector<std::int64_t> out;
  const auto take = [&out](const DuckRows& rows) {
    if (rows.rows() == 0) return true;
    for (std::size_t column = 0; column < rows.columns(); ++column) out.push_back(rows.integer(column, 0));
    return false;
  };
  if (Status status = duck_.query(sql, take, what); !status) return status.error();
  return out;
}

// Every column goes through a cast, so one accessor reads them all.
Status DuckEngine::rows(const std::string& sql, std::string_view what, const std::function<bool(std::span<const Cell>)>& each) {
  std::vector<Cell> cells;
  const auto take = [&](const DuckRows& rows) {
    cells.resize(rows.columns());
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      for (std::size_t column = 0; column < cells.size(); ++column) {
        cells[column] = rows.null(column, row) ? Cell() : Cell(std::string(rows.text(column, row)));
      }
      if (!each(cells)) return false;
    }
    return true;
  };
  return duck_.query("select columns(*)::varchar from (" + sql + ")", take, what);
}

constexpr std::string_view columns_query = R"sql(
select case when schema_name = 'cdm' then lower(table_name) else lower(schema_name || '.' || table_name) end, lower(column_name), upper(data_type)
from duckdb_columns() where schema_name in ('cdm', 'ledger', 'profile', 'quarantine', 'results') and database_name = current_database()
order by 1, column_index)sql";

}  // namespace

const SourceColumn* SourceTable::find(std::string_view column) const {
  for (const auto& one : columns) {
    if (one.name == column) return &one;
  }
  return nullptr;
}

std::unique_ptr<SqlEngine> duck_engine(Duck& duck) { return std::make_unique<DuckEngine>(duck); }

Status prepare_duck(Duck& duck) {
  if (Status status = duck.exec(std::string(resource("schemas/conformance/prelude/duckdb.sql").value_or("")), "prelude"); !status)
    return status;
  return duck.exec("use cdm", "use cdm");
}

Result<Catalog> duck_catalog(Duck& duck) {
  Catalog catalog;
  const auto take = [&catalog](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      const std::string table(rows.text(0, i)), column(rows.text(1, i)), type(rows.text(2, i));
      SourceTable& entry = catalog[table];
      entry.name = table;
      if (constexpr std::string_view mark = " as delivered"; column.ends_with(mark)) {
        for (auto& one : entry.columns) one.bad_values |= one.name == column.substr(0, column.size() - mark.size());
        continue;
      }
      entry.columns.push_back({column, value_type(type), type, false});
    }
    return true;
  };
  if (Status status = duck.query(std::string(columns_query), take, "catalogue"); !status) return status.error();
  if (Status status = count_rows(*duck_engine(duck), catalog, [](const std::string&) { return true; }); !status) return status.error();
  return catalog;
}

}  // namespace pyojun
