// What engines share when they describe their tables.
#pragma once

#include <string_view>

#include "cdm/schema.hpp"
#include "conformance/engine.hpp"

namespace pyojun {

// From the SQL name of a type, upper case: BIGINT, DECIMAL(18,3), TIMESTAMP WITH TIME ZONE, CHARACTER VARYING ...
ValueType value_type(std::string_view sql_type);

// Whether values of a delivered column can stand where the CDM has a column of type `wanted`: the SQL of every check takes them as they
// are.
bool fits(ColumnType wanted, ValueType delivered);

// Fills in SourceTable::rows of the tables `counted` names, with one statement; others get 1, "not known to be empty".
Status count_rows(SqlEngine& engine, Catalog& catalog, const std::function<bool(const std::string&)>& counted);

}  // namespace pyojun
