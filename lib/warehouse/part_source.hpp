// Rows of a mapped table straight from the segment: references become ids, dead rows are left out.
#pragma once

#include <memory>
#include <vector>

#include "warehouse/row_source.hpp"
#include "warehouse/segment_reader.hpp"

namespace pyojun {

// Blocks are whole chunks; small neighbours are put together. The segment outlives the source.
class PartSource : public RowSource {
 public:
  PartSource(const Schema& schema, const Segment& segment, TableId table);
  TableId table() const override { return table_; }
  std::uint64_t rows() const override { return segment_.tables_[table_].rows; }
  std::size_t blocks() const override { return blocks_.size(); }
  Status read(std::size_t index, const std::vector<bool>& wanted, RowBlock& out) const override;
  Hash128 mark(std::size_t index) const override;
  // Rows of a block in order: where each comes from.
  std::vector<RowPlace> places(std::size_t index) const;
  std::uint64_t first_row(std::size_t index) const { return blocks_[index].first_row; }

 private:
  // Runs `begin`..`end` of the table.
  struct Block {
    std::size_t begin = 0, end = 0;
    std::uint64_t first_row = 0;
  };
  // Rows of one chunk that follow each other in the block.
  struct Run {
    std::uint32_t chunk = 0;
    std::uint32_t begin = 0, end = 0;  // in Selection::rows
  };
  struct Selection {
    std::vector<Run> runs;
    std::vector<std::uint32_t> rows;
  };
  RowRun run(std::size_t index) const;
  Selection select(const Block& block) const;
  void read_whole(std::uint32_t chunk, const std::vector<bool>& wanted, RowBlock& out) const;
  void read_selected(const Selection& selection, const std::vector<bool>& wanted, RowBlock& out) const;
  void fill_keys(const Selection* selection, std::uint32_t chunk, RowBlock& out) const;
  void gather(ColumnId column, const Selection& selection, RowBlock& out) const;
  void gather_integers(ColumnId column, const Selection& selection, RowBlock& out) const;
  void gather_texts(ColumnId column, const Selection& selection, RowBlock& out) const;

  const Schema& schema_;
  const Segment& segment_;
  TableId table_;
  std::vector<Block> blocks_;
  std::vector<bool> settled_;  // columns whose values settle decides: the key, references, siblings
};

}  // namespace pyojun
