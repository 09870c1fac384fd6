// A SQLite database copied into DuckDB: cells as text, then typed as CSV cells are.
#include <fmt/format.h>
#include <sqlite3.h>

#include <memory>

#include "base/text.hpp"
#include "conformance/files_source.hpp"

namespace pyojun {

namespace {

struct Close {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, Close>;
using Statement = std::unique_ptr<sqlite3_stmt, Close>;

Statement prepare(sqlite3* database, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) return nullptr;
  return Statement(statement);
}

std::string_view text_of(sqlite3_stmt* statement, int column) {
  const auto* const text = sqlite3_column_text(statement, column);
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(text), static_cast<std::size_t>(sqlite3_column_bytes(statement, column))};
}

// Days are expected as text; numbers of seconds or Julian days are not guessed but stay "as delivered".
Status copy_table(Duck& duck, sqlite3* database, const std::string& name, const Table& table, const std::string& place,
                  std::vector<Misfit>& misfits) {
  const Error damaged{Code::audit_database_failed, place, {}, table.name, {}};
  const Statement select = prepare(database, fmt::format("select * from {}", sql_name(name)));
  if (!select) return damaged;
  const int width = sqlite3_column_count(select.get());
  std::vector<std::string> columns;
  std::string list;
  for (int i = 0; i < width; ++i) {
    columns.push_back(ascii_lower(sqlite3_column_name(select.get(), i)));
    list += fmt::format("{}{} varchar", i == 0 ? "" : ", ", sql_name(columns.back()));
  }
  if (Status status = duck.exec(fmt::format("create or replace table cdm.raw_rows({})", list), "raw rows"); !status) return status;
  auto rows = duck.append_to("cdm", "raw_rows");
  if (!rows) return rows.error();
  int step = SQLITE_ROW;
  while ((step = sqlite3_step(select.get())) == SQLITE_ROW) {
    for (int i = 0; i < width; ++i) {
      const std::string_view text = text_of(select.get(), i);
      if (sqlite3_column_type(select.get(), i) == SQLITE_NULL || text.empty()) {
        rows->add_null();
      } else {
        rows->add(text);
      }
    }
    if (Status status = rows->end_row(); !status) return damaged;
  }
  if (Status status = rows->close(); !status || step != SQLITE_DONE) return damaged;
  if (Status status = type_columns(duck, table, columns, "cdm.raw_rows", "cdm." + sql_name(table.name), false, misfits); !status)
    return status;
  return duck.exec("drop table cdm.raw_rows", "raw rows");
}

}  // namespace

Result<Loaded> load_sqlite(const LoadRequest& request) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(request.place.c_str(), &opened, SQLITE_OPEN_READONLY, nullptr);
  const Database database(opened);
  const Error failed{Code::audit_database_failed, request.place, {}, {}, {}};
  if (code != SQLITE_OK) return failed;
  // Views of a database somebody else made may call nothing but plain functions, and nothing is ever written.
  sqlite3_db_config(database.get(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(database.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  const Statement names = prepare(database.get(), "select name from sqlite_master where type in ('table', 'view') order by name");
  if (!names) return failed;
  Loaded out;
  out.kind = "sqlite";
  while (sqlite3_step(names.get()) == SQLITE_ROW) {
    const std::string name(text_of(names.get(), 0));
    const TableId id = request.schema->find(ascii_lower(name));
    if (id == no_table || (request.vocabulary_only && request.schema->table(id).schema != "vocabulary")) continue;
    if (request.there.contains(ascii_lower(name))) continue;
    if (!out.tables.insert(ascii_lower(name)).second) continue;
    if (Status status = copy_table(*request.duck, database.get(), name, request.schema->table(id), request.place, out.misfits); !status)
      return status.error();
  }
  return out;
}

}  // namespace pyojun
