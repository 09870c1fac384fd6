// Finished rows of one CDM table in primary key order, block by block: what publishers and SQL read.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/hash.hpp"
#include "base/result.hpp"
#include "cdm/rows.hpp"
#include "cdm/schema.hpp"

namespace pyojun {

// One column of a block. Values are final: references are ids, deleted and duplicate rows are gone.
struct BlockColumn {
  enum class Form : std::uint8_t { null, constant, plain };
  Form form = Form::null;  // null: every row is null; constant: index 0 holds for all rows
  ColumnType type = ColumnType::text;
  const std::int32_t* integers = nullptr;   // integer, date (days); null_integer is null
  const std::int64_t* datetimes = nullptr;  // microseconds; null_datetime is null
  const double* numbers = nullptr;          // null_number_bits is null
  const std::uint32_t* ends = nullptr;      // text i is heap[i == 0 ? begin : ends[i - 1] .. ends[i])
  std::uint32_t begin = 0;
  const char* heap = nullptr;  // length 0 is null
};

// Borrowed pointers live until the next read into the same block (or the source's end).
struct RowBlock {
  TableId table = no_table;
  std::uint32_t rows = 0;
  std::vector<BlockColumn> columns;                         // by ColumnId, all columns of the table; unwanted ones are Form::null
  std::vector<std::vector<std::int32_t>> scratch_integers;  // owned by the source's read()
  std::vector<std::vector<std::int64_t>> scratch_wide;
  std::vector<std::vector<double>> scratch_numbers;
  std::vector<std::vector<std::uint32_t>> scratch_ends;
  std::vector<std::string> scratch_heaps;
};

// read() is const and may be called by many threads with different blocks of their own.
class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual TableId table() const = 0;
  virtual std::uint64_t rows() const = 0;
  virtual std::size_t blocks() const = 0;  // concatenating blocks 0..n-1 gives the table in primary key order
  // Equal marks within one warehouse, in whatever runs of one program: equal rows. {0, 0}: nothing can be said.
  virtual Hash128 mark(std::size_t) const { return {}; }
  // Fills `out` with block `index`. `wanted` by ColumnId; empty: all.
  virtual Status read(std::size_t index, const std::vector<bool>& wanted, RowBlock& out) const = 0;
};

}  // namespace pyojun
