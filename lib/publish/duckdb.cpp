// The duckdb publisher: one database file with every CDM and vocabulary table, empty ones too, as OHDSI tools expect.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string_view>

#include "base/files.hpp"
#include "base/mapped_file.hpp"
#include "cdm/schema.hpp"
#include "publish/kinds.hpp"
#include "publish/sql.hpp"
#include "warehouse/table_function.hpp"

namespace pyojun {

namespace {

constexpr std::string_view attached = "pyojun_published";

struct DuckPlace {
  std::string file, schema = "main";
};

bool plain_name(std::string_view text) {
  if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
  for (const char c : text)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_')) return false;
  return true;
}

Result<DuckPlace> duck_place(const std::string& place) {
  const std::size_t hash = place.rfind('#');
  if (hash == std::string::npos) return DuckPlace{place, "main"};
  DuckPlace result{place.substr(0, hash), place.substr(hash + 1)};
  if (result.file.empty()) return Error{Code::publish_place_missing, {}, {}, place, {}};
  if (!plain_name(result.schema)) return Error{Code::publish_schema_name, {}, {}, result.schema, {}};
  return result;
}

// Earlier versions wrote no pyojun_run, but said in `metadata` which run it was.
bool names_a_run(Duck& duck, const std::string& schema) {
  const auto rows = duck.integer(fmt::format("select count(*) from {}.metadata where name = 'run identity'", sql_name(schema)), "tables");
  return rows && *rows > 0;
}

// Somebody may work in the file, so that the engine cannot open it a second time; the catalog in it is plain text.
Status names_us(const std::string& file) {
  auto bytes = MappedFile::open(file);
  if (!bytes) return bytes.error();
  const std::string_view text((*bytes)->bytes().data(), (*bytes)->bytes().size());
  if (text.find("pyojun_run") != std::string_view::npos) return {};
  return Error{Code::publish_database_foreign, file, {}, {}, {}};
}

// A database file of DuckDB has "DUCK" at byte 8. Something else of that name is somebody's work, and so are tables of others.
Status replaceable(const DuckPlace& place) {
  const std::string& file = place.file;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> there(std::fopen(file.c_str(), "rb"), std::fclose);
  if (!there) return {};
  char head[12] = {};
  const std::size_t got = std::fread(head, 1, sizeof head, there.get());
  if (got == 0) return {};
  if (got < sizeof head || std::string_view(head + 8, 4) != "DUCK") return Error{Code::publish_place_occupied, file, {}, file, {}};
  auto schema = Schema::load();
  if (!schema) return schema.error();
  DuckOptions options;
  options.file = file;
  options.read_only = true;
  auto duck = Duck::open(options);
  if (!duck) return names_us(file);
  const std::string tables =
      "(select table_name as name from duckdb_tables() where not internal union all select view_name from duckdb_views() where not "
      "internal)";
  auto foreign =
      (*duck)->integer(fmt::format("select count(*) from {} where name not in ({})", tables, published_names(*schema)), "tables");
  if (!foreign) return foreign.error();
  auto ours = (*duck)->integer(fmt::format("select count(*) = 0 or bool_or(name = 'pyojun_run') from {}", tables), "tables");
  if (!ours) return ours.error();
  if (*foreign == 0 && (*ours != 0 || names_a_run(**duck, place.schema))) return {};
  return Error{Code::publish_database_foreign, file, {}, {}, {}};
}

std::string create_table(const Table& table, const std::string& name) {
  std::string columns;
  for (const Column& column : table.columns)
    columns += fmt::format("{}{} {}{}", columns.empty() ? "" : ", ", sql_name(column.name), sql_type(column.type),
                           column.required ? " NOT NULL" : "");
  return fmt::format("CREATE TABLE {} ({})", name, columns);
}

class DuckFile {
 public:
  DuckFile(const PublishRequest& request, std::string work, std::string schema)
      : request_(request), duck_(request.warehouse->duck()), work_(std::move(work)), schema_(std::move(schema)) {}
  ~DuckFile() {
    if (attached_) static_cast<void>(static_cast<bool>(duck_.exec(fmt::format("DETACH {}", attached), "detach")));
    ::unlink((work_ + ".wal").c_str());
  }
  DuckFile(const DuckFile&) = delete;
  DuckFile& operator=(const DuckFile&) = delete;

  Status write(Published& published) {
    if (auto status = run(fmt::format("ATTACH {} AS {}", sql_text(work_), attached), "attach"); !status) return status;
    attached_ = true;
    if (auto status = run(fmt::format("CREATE SCHEMA IF NOT EXISTS {}.{}", attached, sql_name(schema_)), "schema"); !status) return status;
    const Schema& schema = request_.warehouse->schema();
    for (std::size_t id = 0; id < schema.tables().size(); ++id) {
      if (schema.tables()[id].schema != "cdm" && schema.tables()[id].schema != "vocabulary") continue;
      if (auto status = write_table(static_cast<TableId>(id), schema.tables()[id], published); !status) return status;
    }
    const std::string book = fmt::format("{}.{}.pyojun_run", attached, sql_name(schema_));
    const std::string told =
        fmt::format("CREATE TABLE {0}(identity VARCHAR NOT NULL); INSERT INTO {0} VALUES ({1})", book, sql_text(request_.identity));
    if (auto status = run(told, "books"); !status) return status;
    if (auto status = run(fmt::format("CHECKPOINT {}", attached), "checkpoint"); !status) return status;
    if (auto status = run(fmt::format("DETACH {}", attached), "detach"); !status) return status;
    attached_ = false;
    return {};
  }

 private:
  Status run(const std::string& sql, const std::string& name) { return run_publishing(duck_, sql, work_, name); }

  // What to insert, and how many rows that must be (-1: not known); no text: the table stays empty.
  Result<std::pair<std::string, std::int64_t>> content(TableId id, const Table& table) {
    if (table.schema == "cdm") {
      auto source = request_.warehouse->rows(id);
      if (!source) return source.error();
      const std::uint64_t rows = (*source)->rows();
      return std::pair(rows == 0 ? std::string() : select_table(table, rows), static_cast<std::int64_t>(rows));
    }
    const std::string file = vocabulary_file(request_, table);
    if (file.empty()) return std::pair(std::string(), std::int64_t{0});
    auto select = select_vocabulary(duck_, table, file);
    if (!select) return select.error();
    return std::pair(std::move(*select), std::int64_t{-1});
  }

  Status write_table(TableId id, const Table& table, Published& published) {
    const std::string name = fmt::format("{}.{}.{}", attached, sql_name(schema_), sql_name(table.name));
    if (auto status = run(create_table(table, name), table.name); !status) return status;
    const auto rows = content(id, table);
    if (!rows) return rows.error();
    if (!rows->first.empty())
      if (auto status = run(fmt::format("INSERT INTO {} {}", name, rows->first), table.name); !status) return status;
    const auto written = duck_.integer(fmt::format("SELECT count(*) FROM {}", name), table.name);
    if (!written) return Error{Code::publish_database_failed, work_, {}, table.name, written.error().detail};
    if (rows->second >= 0 && *written != rows->second) return Error{Code::publish_rows_differ, work_, {}, table.name, {}};
    published.tables.push_back({table.name, {}, static_cast<std::uint64_t>(*written), 0, {}});
    return {};
  }

  const PublishRequest& request_;
  Duck& duck_;
  std::string work_, schema_;
  bool attached_ = false;
};

}  // namespace

Status check_duckdb(const std::string& place) {
  const auto where = duck_place(place);
  if (!where) return where.error();
  if (auto status = replaceable(*where); !status) return status;
  const auto file = AtomicFile::start(where->file);
  return file ? Status() : Status(file.error());
}

Result<Published> publish_duckdb(const PublishRequest& request) {
  const auto where = duck_place(request.place);
  if (!where) return where.error();
  if (auto status = replaceable(*where); !status) return status.error();
  auto file = AtomicFile::start(where->file);
  if (!file) return file.error();
  Published published{request.place, {}};
  // In order, a second thread only waits: measured, 1.9 M rows cost 1.3 cpu-s with one and 2.5 with two, in the same time.
  const Setting one(request.warehouse->duck(), "threads", "1");
  if (auto status = DuckFile(request, file->path(), where->schema).write(published); !status) return status.error();
  if (auto status = file->publish(); !status) return status.error();
  ::unlink((where->file + ".wal").c_str());  // of the file before: the engine would take it for this one's
  return published;
}

}  // namespace pyojun
