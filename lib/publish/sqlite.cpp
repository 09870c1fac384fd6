// The sqlite publisher: one file with every CDM table, renamed into place when it is whole.
#include <fmt/format.h>
#include <unistd.h>

#include <bit>
#include <cstdio>
#include <memory>

#include "base/files.hpp"
#include "base/time_value.hpp"
#include "cdm/rows.hpp"
#include "database/sqlite.hpp"
#include "publish/ddl.hpp"
#include "publish/kinds.hpp"
#include "publish/sql.hpp"
#include "warehouse/duck.hpp"

namespace pyojun {

namespace {

// A database file of SQLite begins with these words. Something else of that name is somebody's work, and so are tables of others.
Status replaceable(const std::string& file) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> there(std::fopen(file.c_str(), "rb"), std::fclose);
  if (!there) return {};
  char head[16] = {};
  const std::size_t got = std::fread(head, 1, sizeof head, there.get());
  if (got == 0) return {};
  if (got < sizeof head || std::string_view(head, 15) != "SQLite format 3") return Error{Code::publish_place_occupied, file, {}, file, {}};
  auto schema = Schema::load();
  if (!schema) return schema.error();
  auto database = Sqlite::open(file, Sqlite::Access::read_only);
  if (!database) return database.error();
  const std::string sql = fmt::format(
      "select count(*) > 0 and (sum(name = 'pyojun_run') = 0 or sum(name not in ({})) > 0) from sqlite_master where type in ('table', "
      "'view') and name not like 'sqlite%'",
      published_names(*schema));
  auto foreign = (*database)->integer(sql, "tables");
  if (!foreign) return foreign.error();
  return *foreign == 0 ? Status() : Status(Error{Code::publish_database_foreign, file, {}, {}, {}});
}

void bind_cell(SqliteStatement& insert, int at, const BlockColumn& column, std::size_t row) {
  if (column.form == BlockColumn::Form::null) return insert.bind_null(at);
  if (column.form == BlockColumn::Form::constant) row = 0;
  std::string text;
  switch (column.type) {
    case ColumnType::integer:
      if (column.integers[row] == null_integer) return insert.bind_null(at);
      return insert.bind(at, std::int64_t{column.integers[row]});
    case ColumnType::number:
      if (std::bit_cast<std::uint64_t>(column.numbers[row]) == null_number_bits) return insert.bind_null(at);
      return insert.bind(at, column.numbers[row]);
    case ColumnType::date:
      if (column.integers[row] == null_date) return insert.bind_null(at);
      append_date(text, column.integers[row]);
      return insert.bind(at, std::string_view(text));
    case ColumnType::datetime:
      if (column.datetimes[row] == null_datetime) return insert.bind_null(at);
      append_datetime(text, column.datetimes[row]);
      return insert.bind(at, std::string_view(text));
    case ColumnType::text: {
      const std::uint32_t from = row == 0 ? column.begin : column.ends[row - 1];
      if (column.ends[row] == from) return insert.bind_null(at);
      return insert.bind(at, std::string_view(column.heap + from, column.ends[row] - from));
    }
  }
}

Result<std::uint64_t> write_rows(Sqlite& database, const Table& table, const RowSource& source) {
  std::string places;
  for (std::size_t i = 0; i < table.columns.size(); ++i) places += i == 0 ? "?" : ", ?";
  auto insert = SqliteStatement::prepare(database, fmt::format("INSERT INTO {} VALUES ({})", sql_name(table.name), places), table.name);
  if (!insert) return insert.error();
  RowBlock block;
  std::uint64_t rows = 0;
  for (std::size_t i = 0; i < source.blocks(); ++i) {
    if (Status status = source.read(i, {}, block); !status) return status.error();
    for (std::uint32_t row = 0; row < block.rows; ++row) {
      for (std::size_t k = 0; k < block.columns.size(); ++k) bind_cell(*insert, static_cast<int>(k), block.columns[k], row);
      if (Status status = insert->step(); !status) return status.error();
    }
    rows += block.rows;
  }
  return rows;
}

Status write_books(Sqlite& database, const PublishRequest& request) {
  const Warehouse& warehouse = *request.warehouse;
  std::string sql = fmt::format(
      "CREATE TABLE pyojun_run(identity TEXT NOT NULL); INSERT INTO pyojun_run VALUES ({}); CREATE TABLE pyojun_balance(file TEXT, rule "
      "TEXT, "
      "\"in\" INTEGER, mapped INTEGER, filtered INTEGER, duplicates INTEGER, quarantined INTEGER);",
      sql_text(request.identity));
  for (const Balance& line : warehouse.balances()) {
    std::uint64_t filtered = 0;
    for (const auto count : line.filtered) filtered += count;
    const std::string rule = line.rule < 0 ? "reader" : warehouse.rules()[static_cast<std::size_t>(line.rule)];
    sql += fmt::format("INSERT INTO pyojun_balance VALUES ({}, {}, {}, {}, {}, {}, {});", sql_text(warehouse.files()[line.file].name),
                       sql_text(rule), line.in, line.mapped, filtered, line.duplicates, line.quarantined);
  }
  return database.exec(sql, "books");
}

Status write_all(const std::string& path, const PublishRequest& request, Published& published) {
  auto database = Sqlite::open(path, Sqlite::Access::create);
  if (!database) return database.error();
  // Nobody sees the file before it is whole, and publish() syncs it.
  if (Status status = (*database)->exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN", "begin"); !status) return status;
  const Schema& schema = request.warehouse->schema();
  for (TableId id = 0; id < schema.tables().size(); ++id) {
    const Table& table = schema.table(id);
    if (table.schema != "cdm") continue;
    if (Status status = (*database)->exec(create_table(table, sql_name(table.name), SqlDialect::sqlite), table.name); !status)
      return status;
    auto source = request.warehouse->rows(id);
    if (!source) return source.error();
    auto rows = write_rows(**database, table, **source);
    if (!rows) return rows.error();
    if (*rows != (*source)->rows()) return Error{Code::publish_rows_differ, path, {}, table.name, {}};
    published.tables.push_back({table.name, {}, *rows, 0, {}});
  }
  if (Status status = write_books(**database, request); !status) return status;
  if (Status status = (*database)->exec("COMMIT", "commit"); !status) return status;
  return (*database)->close();
}

}  // namespace

Status check_sqlite(const std::string& place) {
  if (Status status = replaceable(place); !status) return status;
  const auto file = AtomicFile::start(place);
  return file ? Status() : Status(file.error());
}

Result<Published> publish_sqlite(const PublishRequest& request) {
  if (Status status = replaceable(request.place); !status) return status.error();
  auto file = AtomicFile::start(request.place);
  if (!file) return file.error();
  Published published{request.place, {}};
  if (Status status = write_all(file->path(), request, published); !status) return status.error();
  if (Status status = file->publish(); !status) return status.error();
  // What a writer of the file before left beside it would be taken for this one's.
  for (const char* const suffix : {"-journal", "-wal", "-shm"}) ::unlink((request.place + suffix).c_str());
  return published;
}

}  // namespace pyojun
