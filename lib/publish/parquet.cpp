// The parquet publisher: DuckDB writes each table once, straight from the parts.
#include <fmt/format.h>

#include "base/files.hpp"
#include "publish/kinds.hpp"
#include "publish/sql.hpp"

namespace pyojun {

namespace {

Result<std::uint64_t> source_rows(Warehouse& warehouse, TableId table) {
  auto source = warehouse.rows(table);
  if (!source) return source.error();
  return (*source)->rows();
}

// Content is promised, order within a file is not: with several threads the writer takes blocks as they come.
Status copy_table(Duck& duck, const std::string& select, const std::string& file, const std::string& table) {
  return run_publishing(duck, fmt::format("COPY ({}) TO {} (FORMAT parquet, COMPRESSION snappy)", select, sql_text(file)), file, table);
}

Result<std::uint64_t> rows_in(Duck& duck, const std::string& file, const std::string& table) {
  const auto rows = duck.integer(fmt::format("SELECT count(*) FROM read_parquet({})", sql_text(file)), table);
  if (!rows) return Error{Code::publish_database_failed, file, {}, table, rows.error().detail};
  return static_cast<std::uint64_t>(*rows);
}

// expected < 0: a vocabulary table, whose rows nobody counted before.
Status publish_one(const PublishRequest& request, AtomicDirectory& folder, const Table& table, const std::string& select,
                   std::int64_t expected, Published& published) {
  Duck& duck = request.warehouse->duck();
  const std::string name = table.name + ".parquet";
  const std::string file = folder.path() + "/" + name;
  if (auto status = copy_table(duck, select, file, table.name); !status) return status;
  const auto rows = rows_in(duck, file, table.name);
  if (!rows) return rows.error();
  if (expected >= 0 && *rows != static_cast<std::uint64_t>(expected)) return Error{Code::publish_rows_differ, file, {}, table.name, {}};
  if (auto status = folder.adopt(name, static_cast<std::int64_t>(*rows)); !status) return status;
  published.tables.push_back({table.name, name, *rows, 0, {}});
  return {};
}

Status publish_tables(const PublishRequest& request, AtomicDirectory& folder, Published& published) {
  Warehouse& warehouse = *request.warehouse;
  const Schema& schema = warehouse.schema();
  for (std::size_t id = 0; id < schema.tables().size(); ++id) {
    const Table& table = schema.tables()[id];
    if (table.schema == "cdm") {
      const auto rows = source_rows(warehouse, static_cast<TableId>(id));
      if (!rows) return rows.error();
      const auto status = publish_one(request, folder, table, select_table(table, *rows), static_cast<std::int64_t>(*rows), published);
      if (!status) return status;
    } else if (const std::string file = vocabulary_file(request, table); !file.empty()) {
      const auto select = select_vocabulary(warehouse.duck(), table, file);
      if (!select) return select.error();
      if (auto status = publish_one(request, folder, table, *select, -1, published); !status) return status;
    }
  }
  return {};
}

}  // namespace

Result<Published> publish_parquet(const PublishRequest& request) {
  auto folder = AtomicDirectory::start(request.place);
  if (!folder) return folder.error();
  Published published{request.place, {}};
  {
    const Setting order(request.warehouse->duck(), "preserve_insertion_order", request.threads > 1 ? "false" : "true");
    if (auto status = publish_tables(request, *folder, published); !status) return status.error();
  }
  if (auto status = folder->publish(); !status) return status.error();
  for (PublishedTable& table : published.tables)
    for (const PublishedFile& file : folder->files())
      if (file.name == table.file) table.bytes = file.bytes, table.sha256 = file.sha256;
  return published;
}

}  // namespace pyojun
