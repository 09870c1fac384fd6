// A row source in memory, for tests: columns are plain vectors, cut into blocks of any size.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "cdm/rows.hpp"
#include "cdm/schema.hpp"
#include "warehouse/row_source.hpp"

namespace pyojun::test {

// Only the vector of the column's type is used. Texts: "" is null.
struct FakeColumn {
  BlockColumn::Form form = BlockColumn::Form::null;
  std::vector<std::int32_t> integers;
  std::vector<std::int64_t> datetimes;
  std::vector<double> numbers;
  std::vector<std::string> texts;
};

inline double null_number() { return std::bit_cast<double>(null_number_bits); }

class FakeSource : public RowSource {
 public:
  FakeSource(const Table& table, TableId id, std::uint32_t rows, std::vector<FakeColumn> columns, std::uint32_t block_rows = 1000)
      : table_(table), id_(id), rows_(rows), block_rows_(block_rows), columns_(std::move(columns)) {
    columns_.resize(table_.columns.size());
  }
  TableId table() const override { return id_; }
  std::uint64_t rows() const override { return rows_ + lie; }
  std::size_t blocks() const override { return (rows_ + block_rows_ - 1) / block_rows_; }

  Status read(std::size_t index, const std::vector<bool>&, RowBlock& out) const override {
    const std::size_t from = index * block_rows_;
    const std::size_t rows = std::min<std::size_t>(block_rows_, rows_ - from);
    out.table = id_;
    out.rows = static_cast<std::uint32_t>(rows);
    out.columns.assign(columns_.size(), {});
    out.scratch_ends.assign(columns_.size(), {});
    out.scratch_heaps.assign(columns_.size(), {});
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const FakeColumn& column = columns_[i];
      BlockColumn& view = out.columns[i];
      view.type = table_.columns[i].type;
      view.form = column.form;
      if (column.form == BlockColumn::Form::null) continue;
      const std::size_t first = column.form == BlockColumn::Form::constant ? 0 : from;
      if (!column.integers.empty()) view.integers = column.integers.data() + first;
      if (!column.datetimes.empty()) view.datetimes = column.datetimes.data() + first;
      if (!column.numbers.empty()) view.numbers = column.numbers.data() + first;
      if (column.texts.empty()) continue;
      std::string& heap = out.scratch_heaps[i];
      heap = "???";  // a block's texts need not start at 0
      view.begin = 3;
      for (std::size_t row = first; row < first + (column.form == BlockColumn::Form::constant ? 1 : rows); ++row) {
        heap += column.texts[row];
        out.scratch_ends[i].push_back(static_cast<std::uint32_t>(heap.size()));
      }
      heap.shrink_to_fit();
      view.heap = heap.data();
      view.ends = out.scratch_ends[i].data();
    }
    return {};
  }

  std::uint64_t lie = 0;  // added to rows(): a source whose books are wrong

 private:
  const Table& table_;
  TableId id_;
  std::uint32_t rows_, block_rows_;
  std::vector<FakeColumn> columns_;
};

inline FakeColumn integers(std::vector<std::int32_t> values) {
  FakeColumn column;
  column.form = BlockColumn::Form::plain;
  column.integers = std::move(values);
  return column;
}
inline FakeColumn datetimes(std::vector<std::int64_t> values) {
  FakeColumn column;
  column.form = BlockColumn::Form::plain;
  column.datetimes = std::move(values);
  return column;
}
inline FakeColumn numbers(std::vector<double> values) {
  FakeColumn column;
  column.form = BlockColumn::Form::plain;
  column.numbers = std::move(values);
  return column;
}
inline FakeColumn texts(std::vector<std::string> values) {
  FakeColumn column;
  column.form = BlockColumn::Form::plain;
  column.texts = std::move(values);
  return column;
}
inline FakeColumn constant(FakeColumn column) {
  column.form = BlockColumn::Form::constant;
  return column;
}

inline Table table_of(std::string name, std::vector<std::pair<std::string, ColumnType>> columns) {
  Table table;
  table.name = std::move(name);
  table.schema = "cdm";
  for (auto& [column_name, type] : columns) {
    Column column;
    column.name = std::move(column_name);
    column.type = type;
    table.columns.push_back(column);
  }
  return table;
}

}  // namespace pyojun::test
