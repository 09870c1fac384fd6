// SQL sources: queries of a database become record files before a run, so that hashing, places, quarantine and redrive work on real bytes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/symbol.hpp"
#include "readers/dialect.hpp"

namespace pyojun {

// A `.sql` file of the form docs/formats/sql.md describes.
struct SqlSource {
  enum class Engine : std::uint8_t { postgresql, sqlite, duckdb };
  struct Query {
    std::string name;  // record kind
    std::string sql;   // one statement, without the last semicolon
    std::uint64_t line = 0;
  };
  std::string file;
  Engine engine = Engine::postgresql;
  std::string place;  // service or connection file; database file
  std::vector<Query> queries;
};

// True for an input argument that is an SQL source: a file whose name ends in ".sql".
bool is_sql_source(std::string_view argument);
// Error sql_source_wrong with file and line.
Result<SqlSource> parse_sql_source(const std::string& file, std::string_view text);
// Reads them without connecting to anything.
Status check_sql_sources(const std::vector<std::string>& sources);
// What the mapping says of the columns of queries. Both outlive the call.
struct SqlNames {
  const Dialect* dialect = nullptr;
  const SymbolTable* symbols = nullptr;  // names that rules read
};

// Runs every query of every source, read-only, and writes the rows to <folder>/<query>.jsonl (mode 0600; the folder appears as a whole and
// takes the place of an earlier one): row n of a query is line n. Columns are called as rules call them (aliases of the dialect). Of
// resident registration numbers, whole or inside a text, what must not be kept is masked: the seventh digit and those before it stay of a
// whole one. Answers the files in order of names. A query name may be used once in a run.
Result<std::vector<std::string>> fetch_sql_sources(const std::vector<std::string>& sources, const std::string& folder,
                                                   const SqlNames& names);

}  // namespace pyojun
