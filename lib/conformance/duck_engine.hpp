// DuckDB as an audit's engine.
#pragma once

#include <memory>

#include "conformance/engine.hpp"
#include "warehouse/duck.hpp"

namespace pyojun {

// `duck` outlives the engine.
std::unique_ptr<SqlEngine> duck_engine(Duck& duck);
// Creates the prelude's macros and makes schema `cdm` the one that names are looked up in first.
Status prepare_duck(Duck& duck);
// Tables and views of schema cdm (by bare name) and of the evidence schemas ledger, profile, quarantine, results (with their schema), with
// row counts.
Result<Catalog> duck_catalog(Duck& duck);

}  // namespace pyojun
