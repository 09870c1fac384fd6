// Read access to a segment: chunks, their columns and per-row arrays, straight from the mapped file.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cdm/schema.hpp"
#include "warehouse/segment_format.hpp"
#include "warehouse/store_file.hpp"
#include "warehouse/warehouse.hpp"

namespace pyojun {

// What settle found out; in a finished warehouse it is read from the footer, where the spans point into the mapping.
struct SettledTable {
  std::uint32_t rows = 0;
  std::span<const std::int32_t> ids;  // by slot
  std::span<const RowRun> order;      // in id order; empty: chunk order
};

// What decides between rows of one key. Absent numbers are null_datetime, absent texts empty.
struct RowVersion {
  std::int64_t number = 0;
  std::string_view text;  // in the segment
  std::strong_ordering operator<=>(const RowVersion&) const = default;
};

struct Packed {
  PackedHeader header;
  const char* base = nullptr;
  std::uint64_t operator[](std::size_t i) const;
};

class Segment {
 public:
  // Maps the segments of `folder`; directory and settled facts are set by the run that writes them (see Settle) or read by load_directory.
  Status open(const std::string& folder, std::span<const SegmentPart> parts, const std::string& newest = {});
  // Reads parts-<run>.dir and maps the segments it names.
  Status load_directory(const std::string& folder, std::uint64_t run, std::size_t tables);

  template <class T>
  const T* at(std::uint64_t position) const {
    return reinterpret_cast<const T*>(files_.at(position));
  }
  const ChunkHeader& header(const ChunkInfo& chunk) const { return *at<ChunkHeader>(chunk.header); }
  std::span<const ColumnHeader> columns(const ChunkInfo& chunk) const;
  const ColumnHeader* column(const ChunkInfo& chunk, ColumnId column) const;
  Packed packed(const PackedHeader& header) const { return {header, header.form == PackedHeader::line ? nullptr : files_.at(header.at)}; }
  bool lead(const ChunkHeader& header, std::size_t row) const {
    return header.leads_at == 0 || at<std::uint8_t>(header.leads_at)[row] != 0;
  }
  bool deletes(const ChunkHeader& header, std::size_t row) const {
    return header.deletes_at != 0 && at<std::uint8_t>(header.deletes_at)[row] != 0;
  }
  // Of a delete: is it told when it finds no row?
  bool told(const ChunkHeader& header, std::size_t row) const {
    return header.deletes_at != 0 && at<std::uint8_t>(header.deletes_at)[row] == 2;
  }
  RowVersion version(const ChunkHeader& header, std::size_t row) const;
  bool dead(const ChunkInfo& chunk, std::size_t row) const { return bit(chunk.dead, row); }
  // Bit of a row in bitmap `number` - 1; 0 is the bitmap without any.
  bool bit(std::uint32_t number, std::size_t row) const { return number != 0 && (words(number)[row / 64] >> (row % 64) & 1U) != 0; }
  const std::uint64_t* words(std::uint32_t number) const { return dead_words_.data() + (number == 1 ? 0 : dead_ends_[number - 2]); }
  // Id of a row, 0 when it was never given one. Tables without a primary key have ids too, which nobody sees.
  std::int32_t row_id(const ChunkInfo& chunk, std::size_t row) const;
  std::vector<std::int32_t> row_ids(const ChunkInfo& chunk) const;  // of all rows
  // Id of the lead row of a candidate of a batch, null_integer when it is dead or missing.
  std::int32_t lead_id(std::uint32_t batch, std::uint32_t candidate) const;
  Provenance place_of(const ChunkInfo& chunk, std::size_t row) const;
  Result<std::optional<Provenance>> provenance(const Schema& schema, TableId table, std::int32_t id) const;
  std::optional<RowPlace> find_id(TableId table, std::int32_t id) const;
  // Chunks of a table in order of definition.
  std::span<const std::uint32_t> of_table(TableId table) const;
  void group_by_table(std::size_t tables);  // after chunks_ is set

  std::span<const SegmentPart> parts_;
  std::span<const ChunkInfo> chunks_;
  std::span<const BatchInfo> batches_;
  std::span<const std::uint64_t> dead_ends_, dead_words_;
  std::span<const std::int32_t> listed_;
  std::vector<SettledTable> tables_;  // by TableId

 private:
  MappedParts files_;
  MappedSegment directory_;
  std::vector<std::uint32_t> grouped_, group_ends_;
};

}  // namespace pyojun
