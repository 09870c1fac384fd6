// What can be audited: a warehouse, a DuckDB or SQLite file, a PostgreSQL connection, a folder of CDM files.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cdm/schema.hpp"
#include "conformance/engine.hpp"

namespace pyojun {

struct SourceOptions {
  std::string place;       // folder, file, or postgresql:SERVICE, postgresql:FILE (a file with a connection string), postgresql:KEY=VALUE..
  std::string vocabulary;  // further place whose vocabulary tables are used; folder of CSV or Parquet files, DuckDB file, snapshot
  std::vector<std::string> schemas;             // of a database, first match wins; empty: where a table person is
  std::set<std::string, std::less<>> unneeded;  // vocabulary tables that need not be read from text files
  std::string temp_folder;                      // where DuckDB may spill; empty: it may not
  std::uint64_t memory_bytes = 2ULL << 30;
  unsigned threads = 1;
};

// Rows and columns of the source under the CDM's names, whatever it is. One thread at a time.
class AuditSource {
 public:
  virtual ~AuditSource() = default;
  virtual SqlEngine& engine() = 0;
  virtual const Catalog& catalog() const = 0;
  // What holds a conversion's own evidence; nullptr when the source is none of ours. Open for reading, as long as the source is.
  virtual class Warehouse* warehouse() { return nullptr; }
  std::string kind;                         // "warehouse", "duckdb", "sqlite", "postgresql", "csv", "parquet"
  std::string name;                         // for reports: the last part of the path, or the service's name
  std::string identity;                     // run identity of a warehouse, else ""
  std::string folder;                       // of a warehouse, else ""
  std::vector<std::string> notes;           // files passed over, by name
  std::vector<Misfit> misfits;              // in the order of tables and columns
  std::vector<std::string> closed;          // tables and columns ("note", "person.person_source_value") the role may not read
  std::vector<std::string> schemas{"cdm"};  // where the CDM's tables are, as information_schema names them
};

// DuckDB is shut in before it is handed out: no file but those of the source can be read, none written, and no setting changed.
// Errors: audit_source_unknown (nothing there that can be audited), audit_no_cdm (no table of the CDM found), audit_schema_missing,
// audit_file_damaged, audit_file_wide, audit_column_twice, audit_header_missing, audit_database_failed, arguments_misfit (schemas of what
// has none), and the warehouse's own.
Result<std::unique_ptr<AuditSource>> open_source(const SourceOptions& options, const Schema& schema);

// The running conversion's own connection as a source.
Result<std::unique_ptr<AuditSource>> warehouse_source(class Duck& duck, const std::string& folder, const std::string& identity);

}  // namespace pyojun
