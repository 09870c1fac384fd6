#include "conformance/source.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>

#include "conformance/duck_engine.hpp"
#include "conformance/files_source.hpp"
#include "conformance/postgres_engine.hpp"
#include "warehouse/ledger.hpp"
#include "warehouse/warehouse.hpp"

namespace pyojun {

namespace {

constexpr std::uint64_t row_group = 122'880;  // DuckDB's

enum class PlaceKind : std::uint8_t { none, warehouse, folder, duckdb, sqlite };

bool exists(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0;
}

// Files are known by what they begin with, never by their name.
PlaceKind kind_of(const std::string& place) {
  struct stat facts {};
  if (::stat(place.c_str(), &facts) != 0) return PlaceKind::none;
  if (S_ISDIR(facts.st_mode)) return exists(place + "/CURRENT") ? PlaceKind::warehouse : PlaceKind::folder;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(place.c_str(), "rb"), std::fclose);
  std::array<char, 16> head{};
  if (!file || std::fread(head.data(), 1, head.size(), file.get()) != head.size()) return PlaceKind::none;
  const std::string_view text(head.data(), head.size());
  if (text.substr(8, 4) == "DUCK") return PlaceKind::duckdb;
  if (text.substr(0, 15) == "SQLite format 3") return PlaceKind::sqlite;
  return PlaceKind::none;
}

std::string last_part(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return std::string(path.substr(path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1));
}

class DuckSource final : public AuditSource {
 public:
  ~DuckSource() override {
    engine_.reset();
    own_.reset();
    std::error_code ignored;
    if (!temp_.empty()) std::filesystem::remove_all(temp_, ignored);
  }
  SqlEngine& engine() override { return *engine_; }
  const Catalog& catalog() const override { return catalog_; }
  Warehouse* warehouse() override { return warehouse_.get(); }
  Status open_database(const SourceOptions& options);
  Status open_warehouse(const SourceOptions& options, const Schema& schema, std::vector<std::string>& readable);
  Status use(Duck& duck);
  Status shut_in(const std::vector<std::string>& files);
  Result<Loaded> load(const SourceOptions& options, const Schema& schema, const std::string& place, bool vocabulary_only,
                      std::set<std::string, std::less<>> there);
  Duck& duck() { return own_ ? *own_ : warehouse_->duck(); }

 private:
  std::unique_ptr<Duck> own_;
  std::unique_ptr<Warehouse> warehouse_;
  std::unique_ptr<SqlEngine> engine_;
  Catalog catalog_;
  std::string temp_;
};

Status DuckSource::open_database(const SourceOptions& options) {
  DuckOptions duck;
  duck.threads = options.threads;
  duck.memory_bytes = options.memory_bytes;
  duck.temp_folder = temp_ = options.temp_folder;
  auto opened = Duck::open(duck);
  if (!opened) return opened.error();
  own_ = std::move(*opened);
  return own_->exec("create schema cdm", "schema cdm");
}

Status DuckSource::open_warehouse(const SourceOptions& options, const Schema& schema, std::vector<std::string>& readable) {
  auto opened = Warehouse::open_existing(options.place, schema);
  if (!opened) return opened.error();
  warehouse_ = std::move(*opened);
  auto ledger = read_ledger(warehouse_->duck());
  if (!ledger) return ledger.error();
  identity = ledger->identity.identity;
  folder = options.place;
  kind = "warehouse";
  // The vocabulary stays where its snapshot is: views over its Parquet files.
  const auto take = [&readable](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows(); ++i) readable.emplace_back(rows.text(0, i));
    return true;
  };
  const Status files = warehouse_->duck().query(
      "select distinct replace(regexp_extract(sql, 'read_parquet\\(''((?:[^'']|'''')*)''', 1), '''''', '''') as file from duckdb_views() "
      "where "
      "database_name = current_database() and schema_name = 'cdm' and contains(sql, 'read_parquet(''') order by 1",
      take, "vocabulary files");
  if (!files) return files;
  const auto settings = fmt::format("set threads = {}; set memory_limit = '{}MiB'", options.threads, options.memory_bytes >> 20);
  return warehouse_->duck().exec(settings, "settings");
}

Status DuckSource::use(Duck& duck) {
  if (Status status = prepare_duck(duck); !status) return status;
  auto catalog = duck_catalog(duck);
  if (!catalog) return catalog.error();
  catalog_ = std::move(*catalog);
  engine_ = duck_engine(duck);
  return {};
}

// Packs come from others: from here on their SQL reads the source and nothing else, and changes no setting. Not for the connection of a
// running conversion, which has still to publish and cannot be opened up again; there the guard of statements (guard.hpp) stands alone.
Status DuckSource::shut_in(const std::vector<std::string>& files) {
  std::string list;
  for (const auto& file : files) list += (list.empty() ? "" : ", ") + sql_text(file);
  return duck().exec(fmt::format("set allowed_paths = [{}]; set enable_external_access = false; set lock_configuration = true", list),
                     "shut in");
}

Result<Loaded> DuckSource::load(const SourceOptions& options, const Schema& schema, const std::string& place, bool vocabulary_only,
                                std::set<std::string, std::less<>> there) {
  LoadRequest request{
      own_.get(),       &schema,         place, vocabulary_only, vocabulary_only ? std::vector<std::string>() : options.schemas,
      std::move(there), options.unneeded};
  switch (kind_of(place)) {
    case PlaceKind::duckdb:
      return load_duckdb(request);
    case PlaceKind::sqlite:
      return load_sqlite(request);
    case PlaceKind::folder:
      // A snapshot keeps its tables as Parquet in sql/.
      if (vocabulary_only && exists(place + "/sql")) request.place = place + "/sql";
      return load_folder(request);
    default:
      return Error{Code::audit_source_unknown, place, {}, {}, {}};
  }
}

}  // namespace

Result<std::unique_ptr<AuditSource>> open_source(const SourceOptions& options, const Schema& schema) {
  constexpr std::string_view scheme = "postgresql:";
  if (options.place.starts_with(scheme)) return open_postgres(options.place.substr(scheme.size()), options.schemas, schema);
  auto out = std::make_unique<DuckSource>();
  out->name = last_part(options.place);
  const PlaceKind kind = kind_of(options.place);
  if (!options.schemas.empty() && kind != PlaceKind::duckdb && kind != PlaceKind::none)
    return Error{Code::arguments_misfit, options.place, {}, "--schema", {}};
  std::vector<std::string> readable;  // files that statements go on reading
  if (kind == PlaceKind::warehouse) {
    if (Status status = out->open_warehouse(options, schema, readable); !status) return status.error();
  } else {
    if (Status status = out->open_database(options); !status) return status.error();
    // The vocabulary first: what it brings is not loaded again from the source.
    std::set<std::string, std::less<>> there;
    if (!options.vocabulary.empty()) {
      auto loaded = out->load(options, schema, options.vocabulary, true, {});
      if (!loaded) return loaded.error();
      there = std::move(loaded->tables);
      out->misfits = std::move(loaded->misfits);
      readable = std::move(loaded->read_later);
    }
    auto loaded = out->load(options, schema, options.place, false, there);
    if (!loaded) return loaded.error();
    if (loaded->tables.empty()) return Error{Code::audit_no_cdm, options.place, {}, {}, {}};
    out->kind = loaded->kind;
    out->notes = std::move(loaded->passed_over);
    out->misfits.insert(out->misfits.end(), loaded->misfits.begin(), loaded->misfits.end());
    if (!loaded->schemas.empty()) out->schemas = std::move(loaded->schemas);
    readable.insert(readable.end(), loaded->read_later.begin(), loaded->read_later.end());
  }
  std::ranges::stable_sort(out->misfits, {}, &Misfit::table);
  if (Status status = out->use(out->duck()); !status) return status.error();
  // A table of one row group is read by one thread anyway; more of them would only prepare every statement once more.
  const bool small = std::ranges::all_of(out->catalog(), [](const auto& entry) { return entry.second.rows <= row_group; });
  if (small && options.threads > 1) {
    if (Status status = out->duck().exec("set threads = 1", "settings"); !status) return status.error();
  }
  if (Status status = out->shut_in(readable); !status) return status.error();
  return std::unique_ptr<AuditSource>(std::move(out));
}

Result<std::unique_ptr<AuditSource>> warehouse_source(Duck& duck, const std::string& folder, const std::string& identity) {
  auto out = std::make_unique<DuckSource>();
  out->kind = "warehouse";
  out->name = last_part(folder);
  out->folder = folder;
  out->identity = identity;
  if (Status status = out->use(duck); !status) return status.error();
  return std::unique_ptr<AuditSource>(std::move(out));
}

}  // namespace pyojun
