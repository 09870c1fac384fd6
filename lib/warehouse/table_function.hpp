// Lets SQL read the parts as DuckDB table functions: part_rows('person'), part_provenance('person') and, for periods over all events,
// part_spans('death death_date death_date, visit_occurrence visit_start_date visit_end_date'): tables with the columns of the first and the
// last day; its own columns are person_id, first_date, last_date (never null).
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.hpp"
#include "cdm/schema.hpp"
#include "warehouse/duck.hpp"
#include "warehouse/overlay.hpp"
#include "warehouse/segment_reader.hpp"

namespace pyojun {

// Persons whose events part_spans folds, by id.
struct PersonFilter {
  bool all = true;
  std::vector<bool> persons;
  bool has(std::int32_t id) const {
    return all || (id >= 0 && static_cast<std::size_t>(id) < persons.size() && persons[static_cast<std::size_t>(id)]);
  }
};

// Registers the functions and makes the cdm views of mapped tables possible. part_rows and part_spans read through the overlay as it is
// when a statement begins; part_provenance speaks of the mapped rows. `schema`, `segment`, `overlay` and `filter` outlive the database.
Status register_part_functions(Duck& duck, const Schema& schema, const Segment& segment, const Overlay& overlay,
                               const PersonFilter& filter);

// SQL type of a column: INTEGER, DOUBLE, DATE, TIMESTAMP, VARCHAR.
std::string_view sql_type(ColumnType type);

}  // namespace pyojun
