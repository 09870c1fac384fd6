// Lets SQL read the parts: part_rows('person') and part_provenance('person') as DuckDB table functions.
#pragma once

#include "base/result.hpp"
#include "cdm/schema.hpp"
#include "warehouse/duck.hpp"
#include "warehouse/segment_reader.hpp"

namespace pyojun {

// Registers both functions and makes the cdm views of mapped tables possible. `schema` and `segment` outlive the database.
Status register_part_functions(Duck& duck, const Schema& schema, const Segment& segment);

// SQL type of a column: INTEGER, DOUBLE, DATE, TIMESTAMP, VARCHAR.
std::string_view sql_type(ColumnType type);

}  // namespace pyojun
