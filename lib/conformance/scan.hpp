// Runs the checks with few scans: one statement per table carries the counts of all its checks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "conformance/engine.hpp"
#include "conformance/render.hpp"

namespace pyojun {

// What one check counted. `missing_table` or `missing_column` say why nothing could be counted.
struct Measured {
  std::int64_t violated = 0, counted = 0;
  std::optional<std::int64_t> codes_violated, codes_counted;  // distinct source values, mapping criteria only
  bool error = false;                                         // the engine refused the statement
  std::string error_class;                                    // the engine's class of error, never its text
  std::string missing_table, missing_column;
  std::string closed;  // table or table.column that is there and that the database role may not read
  bool missing() const { return !missing_table.empty() || !missing_column.empty(); }
};

// In the order of `checks`. Only an engine that is gone is an error; a refused statement is a fact about its check.
Result<std::vector<Measured>> run_checks(SqlEngine& engine, const Catalog& catalog, const std::vector<CheckSql>& checks);

}  // namespace pyojun
