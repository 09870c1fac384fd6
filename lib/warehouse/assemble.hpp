// Set-wise work over the settled rows: SQL files of schemas/<cdm>/assemble, run in order of their names, and the cdm views.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "warehouse/duck.hpp"
#include "warehouse/row_source.hpp"

namespace pyojun {

struct Derived {
  TableId table = no_table;
  std::uint64_t rows = 0;
};

// Views cdm.<table> over the parts, derived.<table> for those in `derived`, Parquet files (or nothing) for vocabulary tables.
Status make_views(Duck& duck, const Schema& schema, const std::vector<Derived>& derived, const std::string& vocabulary_folder);
// Runs each file whose `-- table: NAME` got no rows from the mapping (`mapped`, by TableId); answers what was derived, OMOP order.
// ledger.run holds the identity of the run.
Result<std::vector<Derived>> assemble(Duck& duck, const Schema& schema, const std::vector<std::uint64_t>& mapped);
// Rows of derived.<table>, in primary key order; reads through connections of its own.
std::unique_ptr<RowSource> derived_source(const Duck& duck, const Schema& schema, const Derived& derived);

}  // namespace pyojun
