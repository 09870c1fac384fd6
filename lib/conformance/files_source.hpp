// CDM files and database files into a DuckDB of our own, under schema cdm.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "cdm/schema.hpp"
#include "conformance/engine.hpp"
#include "warehouse/duck.hpp"

namespace pyojun {

struct LoadRequest {
  Duck* duck = nullptr;
  const Schema* schema = nullptr;
  std::string place;
  bool vocabulary_only = false;                 // only tables of the vocabulary
  std::vector<std::string> schemas;             // for DuckDB files
  std::set<std::string, std::less<>> there;     // tables that are loaded already and are left alone
  std::set<std::string, std::less<>> unneeded;  // tables whose text files are left unread
};

struct Loaded {
  std::set<std::string, std::less<>> tables;  // CDM tables found
  std::vector<std::string> passed_over;       // file names that are no CDM table
  std::string kind;                           // "csv", "parquet", "duckdb", "sqlite"
  std::vector<Misfit> misfits;
  std::vector<std::string> read_later;  // files that statements go on reading: Parquet
  std::vector<std::string> schemas;     // of a database: those its tables were taken from
};

// Delimiter , ; tab or |, header in any case, gz, byte order mark. A table may be several files, or a folder of files.
// Errors: audit_file_damaged, audit_file_wide, audit_column_twice, audit_header_missing.
Result<Loaded> load_folder(const LoadRequest& request);
// Attached read-only; views with lower-case names and the CDM's types. Errors: audit_database_failed, audit_schema_missing.
Result<Loaded> load_duckdb(const LoadRequest& request);
// Copied: the pinned DuckDB has no SQLite reader in it.
Result<Loaded> load_sqlite(const LoadRequest& request);

// Column types of the CDM for what was loaded as text into `raw`; texts that do not fit go to "<column> as delivered" and are counted in
// `misfits`.
Status type_columns(Duck& duck, const Table& table, const std::vector<std::string>& columns, const std::string& raw,
                    const std::string& target, bool append, std::vector<Misfit>& misfits);

}  // namespace pyojun
