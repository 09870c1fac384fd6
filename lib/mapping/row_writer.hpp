// Writes one row of one layout into its chunk; what fails is noted in the frame, and the caller takes the candidate's rows back.
#pragma once

#include <cstdint>
#include <vector>

#include "mapping/frame.hpp"

namespace pyojun::mapping {

// What a row is made of.
struct Given {
  const Value* values = nullptr;                // by attribute
  const RouteRow* route = nullptr;              // stem rows
  const CodeEntry* code = nullptr;              // stem rows; null when there is no code
  const std::string_view* code_text = nullptr;  // for *_source_value; null when there is no code
  std::uint16_t days_supply = 0xFFFF;           // attribute, for ends that follow from the start
  std::uint32_t candidate = 0;                  // number within the batch, for event()
};

// Appends one value to every bound column. False: frame.failure says why; columns are then of unequal length until cut back.
bool write_columns(Frame& frame, const Layout& layout, const Given& given, RowChunk& chunk, std::uint64_t& cut);
// Nulls in every bound column.
void write_nulls(const Layout& layout, RowChunk& chunk);
// Fills values[0] of the constant columns. False: a constant does not fit its column (every row fails with it).
bool write_constants(Frame& frame, const Layout& layout, RowChunk& chunk);
// Cuts all columns back to chunk.rows rows.
void cut_back(RowChunk& chunk);

}  // namespace pyojun::mapping
