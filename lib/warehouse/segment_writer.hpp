// Appends mapped rows to the segment file of a run, in the storage form the mapper chose.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "cdm/rows.hpp"
#include "warehouse/key_index.hpp"
#include "warehouse/segment_format.hpp"
#include "warehouse/store_file.hpp"
#include "warehouse/warehouse.hpp"

namespace pyojun {

// Key indexes by table, made when first needed.
class KeyIndexes {
 public:
  explicit KeyIndexes(const Schema& schema);
  KeyIndex& of(TableId table);
  KeyIndex* find(TableId table) { return indexes_[table].get(); }
  const KeyIndex* find(TableId table) const { return indexes_[table].get(); }
  // Tables whose every keyed row is in the index (persons, visits, providers ...). Keyed rows of event tables stay in the segment.
  bool entity(TableId table) const { return entity_[table] != 0; }
  std::size_t tables() const { return indexes_.size(); }

 private:
  std::vector<std::unique_ptr<KeyIndex>> indexes_;
  std::vector<std::uint8_t> entity_;
};

class SegmentWriter {
 public:
  SegmentWriter(const Schema& schema, KeyIndexes& indexes) : schema_(schema), indexes_(indexes) {}
  Status create(const std::string& path, std::uint64_t base);
  // One batch: where its records lie, then its chunks. References and entity keys become slots.
  // Rules of the chunks are numbered from `first_rule` on.
  Status begin_batch(std::uint32_t file, std::uint32_t first_rule, std::uint64_t first_record, std::uint64_t first_line,
                     std::span<const RecordPlace> places);
  // Code::internal_error when the chunk's arrays do not fit its rows or the table's column types.
  Status add(const RowChunk& chunk);
  SegmentFile& out() { return out_; }
  std::vector<ChunkInfo>& chunks() { return chunks_; }
  std::vector<BatchInfo>& batches() { return batches_; }

 private:
  Status check(const RowChunk& chunk) const;
  Status put_keys(const RowChunk& chunk, ChunkHeader& header);
  Status put_versions(const RowChunk& chunk, ChunkHeader& header);
  Status put_column(const ColumnValues& values, std::uint32_t rows, ColumnHeader& header);
  Result<PackedHeader> put_packed(std::span<const std::uint32_t> values, std::uint64_t add);

  const Schema& schema_;
  KeyIndexes& indexes_;
  SegmentFile out_;
  std::uint32_t file_ = 0, first_rule_ = 0;
  std::vector<ChunkInfo> chunks_;
  std::vector<BatchInfo> batches_;
  std::vector<Slot> slots_;
  std::vector<std::uint16_t> narrow_;
  std::vector<std::uint32_t> wide_;
  std::vector<ColumnHeader> columns_;
};

}  // namespace pyojun
