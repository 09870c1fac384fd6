// Field layouts of fixed-width files: a CSV file beside the mapping becomes the records of a file kind.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "readers/dialect.hpp"

namespace pyojun::mapping {

struct LayoutReading {
  std::vector<FixedRecord> records;
  std::uint32_t wrong_line = 0;  // first line that cannot be used; 0: all good
};

// Columns by header, in any order: record, field, start (from 1; empty: right behind the field before), bytes, type (text, raw, number,
// number.N with N implied decimals, date, tag, filler; empty: text), value (of a tag; several are separated by |). Others are for people.
// docs/formats/fixed.md. A layout without a record is wrong at line 1.
LayoutReading read_fixed_layout(std::string_view csv);

}  // namespace pyojun::mapping
