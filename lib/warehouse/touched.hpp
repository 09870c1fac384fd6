// Which persons may look different from the last run, so that what is derived person by person is derived for them alone.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cdm/schema.hpp"
#include "warehouse/segment_reader.hpp"

namespace pyojun {

// Ids, ascending: persons of rows that came, went, died or came to life, and persons whose key stands for another id now. `now` is settled;
// `origins`: for each of its living chunks the number in `last`, or no_origin.
std::vector<std::int32_t> touched_persons(const Schema& schema, const Segment& last, const Segment& now,
                                          std::span<const std::uint32_t> origins);

// Person of the mapped row with this id; null_integer when there is no such row or it has no person.
std::int32_t person_of_row(const Schema& schema, const Segment& segment, TableId table, std::int32_t id);

}  // namespace pyojun
