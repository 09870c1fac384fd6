// Lets SQL read the parts as DuckDB table functions: part_rows('person'), part_provenance('person') and, for periods over all events,
// part_spans('measurement', 'measurement_date', 'measurement_date') with columns person_id, first_date, last_date (never null).
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
