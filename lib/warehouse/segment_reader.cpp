#include "warehouse/segment_reader.hpp"

#include <algorithm>
#include <bit>

#include "cdm/rows.hpp"

namespace pyojun {

std::uint64_t Packed::operator[](std::size_t i) const {
  switch (header.form) {
    case PackedHeader::line:
      return header.base + i;
    case PackedHeader::narrow:
      return header.base + reinterpret_cast<const std::uint16_t*>(base + header.at)[i];
    default:
      return header.base + reinterpret_cast<const std::uint32_t*>(base + header.at)[i];
  }
}

std::span<const ColumnHeader> Segment::columns(const ChunkInfo& chunk) const {
  const ChunkHeader& head = header(chunk);
  return {at<ColumnHeader>(head.columns_at), head.columns};
}

const ColumnHeader* Segment::column(const ChunkInfo& chunk, ColumnId column) const {
  for (const auto& candidate : columns(chunk)) {
    if (candidate.column == column) return &candidate;
  }
  return nullptr;
}

namespace {

std::uint32_t live_before(const Segment& segment, const ChunkInfo& chunk, std::size_t row) {
  if (chunk.dead == 0) return static_cast<std::uint32_t>(row);
  const std::uint64_t* const words = segment.dead_words(chunk);
  std::size_t dead = 0;
  for (std::size_t i = 0; i < row / 64; ++i) dead += static_cast<std::size_t>(std::popcount(words[i]));
  if (row % 64 != 0) dead += static_cast<std::size_t>(std::popcount(words[row / 64] << (64 - row % 64)));
  return static_cast<std::uint32_t>(row - dead);
}

}  // namespace

std::int32_t Segment::row_id(const ChunkInfo& chunk, std::size_t row) const {
  if (chunk.ids == IdForm::by_slot) return tables_[chunk.table].ids[at<std::uint32_t>(header(chunk).keys_at)[row]];
  return chunk.first_id + static_cast<std::int32_t>(live_before(*this, chunk, row));
}

std::int32_t Segment::lead_id(std::uint32_t batch, std::uint32_t candidate) const {
  for (const auto& chunk : chunks_.subspan(batches_[batch].first_chunk, batches_[batch].chunks)) {
    const ChunkHeader& head = header(chunk);
    const Packed candidates = packed(head.candidates);
    std::size_t row = 0;
    if (head.sorted != 0) {
      std::size_t end = chunk.rows;
      while (row < end) {
        const std::size_t middle = row + (end - row) / 2;
        if (candidates[middle] < candidate) {
          row = middle + 1;
        } else {
          end = middle;
        }
      }
    }
    for (; row < chunk.rows; ++row) {
      const std::uint64_t here = candidates[row];
      if (here == candidate && lead(head, row)) return dead(chunk, row) ? null_integer : row_id(chunk, row);
      if (head.sorted != 0 && here > candidate) break;
    }
  }
  return null_integer;
}

Provenance Segment::place_of(const ChunkInfo& chunk, std::size_t row) const {
  const BatchHeader& batch = *at<BatchHeader>(batches_[chunk.batch].header);
  const auto record = static_cast<std::size_t>(packed(header(chunk).records)[row]);
  Provenance out;
  out.file = batch.file;
  out.rule = chunk.rule;
  out.record = batch.first_record + record;
  if (batch.has_places == 0 || record >= batch.lengths.count) return out;
  const Packed lengths = packed(batch.lengths);
  out.length = static_cast<std::uint32_t>(lengths[record]);
  out.line = batch.first_line + packed(batch.lines)[record];
  out.offset = batch.first_offset;
  if (batch.gapless != 0) {
    out.offset += packed(batch.offsets)[record / offset_step];
    for (std::size_t i = record / offset_step * offset_step; i < record; ++i) out.offset += lengths[i] + batch.gap;
  } else {
    out.offset += packed(batch.offsets)[record];
  }
  return out;
}

std::optional<RowPlace> Segment::find_id(TableId table, std::int32_t id) const {
  const SettledTable& settled = tables_[table];
  if (!settled.order.empty()) {
    const auto less = [this](const RowPlace& place, std::int32_t wanted) { return row_id(chunks_[place.chunk], place.row) < wanted; };
    const auto found = std::lower_bound(settled.order.begin(), settled.order.end(), id, less);
    if (found == settled.order.end() || row_id(chunks_[found->chunk], found->row) != id) return std::nullopt;
    return *found;
  }
  const auto list = of_table(table);
  auto after = std::upper_bound(list.begin(), list.end(), id,
                                [this](std::int32_t wanted, std::uint32_t chunk) { return wanted < chunks_[chunk].first_id; });
  while (after != list.begin()) {
    const std::uint32_t number = *--after;
    const ChunkInfo& chunk = chunks_[number];
    if (chunk.live == 0) continue;
    std::int32_t rank = 0;
    for (std::uint32_t row = 0; row < chunk.rows; ++row) {
      if (dead(chunk, row)) continue;
      const std::int32_t here = chunk.ids == IdForm::by_slot ? row_id(chunk, row) : chunk.first_id + rank++;
      if (here == id) return RowPlace{number, row};
    }
    return std::nullopt;
  }
  return std::nullopt;
}

Result<std::optional<Provenance>> Segment::provenance(const Schema& schema, TableId table, std::int32_t id) const {
  if (schema.table(table).primary_key == no_column || tables_[table].rows == 0) return std::optional<Provenance>();
  const auto place = find_id(table, id);
  if (!place) return std::optional<Provenance>();
  return std::optional<Provenance>(place_of(chunks_[place->chunk], place->row));
}

void Segment::group_by_table(std::size_t tables) {
  group_ends_.assign(tables + 1, 0);
  for (const auto& chunk : chunks_) ++group_ends_[chunk.table + 1U];
  for (std::size_t i = 1; i <= tables; ++i) group_ends_[i] += group_ends_[i - 1];
  std::vector<std::uint32_t> next(group_ends_.begin(), group_ends_.end() - 1);
  grouped_.resize(chunks_.size());
  for (std::uint32_t i = 0; i < chunks_.size(); ++i) grouped_[next[chunks_[i].table]++] = i;
}

std::span<const std::uint32_t> Segment::of_table(TableId table) const {
  return std::span(grouped_).subspan(group_ends_[table], group_ends_[table + 1U] - group_ends_[table]);
}

Status Segment::load_footer(std::size_t tables) {
  const Error damaged{Code::warehouse_damaged, {}, {}, "rows", {}};
  if (size() < sizeof(SegmentFooter) + 16 || *at<std::uint64_t>(0) != segment_magic) return damaged;
  const SegmentFooter& footer = *at<SegmentFooter>(size() - sizeof(SegmentFooter));
  if (footer.magic != segment_magic || footer.version != segment_version) return damaged;
  bool good = true;
  const auto view = [&]<class T>(const ArrayPlace& place, const T*) -> std::span<const T> {
    if (place.at > size() || place.count > (size() - place.at) / sizeof(T)) good = false;
    return good ? std::span<const T>(at<T>(place.at), place.count) : std::span<const T>();
  };
  chunks_ = view(footer.chunks, static_cast<const ChunkInfo*>(nullptr));
  batches_ = view(footer.batches, static_cast<const BatchInfo*>(nullptr));
  dead_ends_ = view(footer.dead_ends, static_cast<const std::uint64_t*>(nullptr));
  dead_words_ = view(footer.dead_words, static_cast<const std::uint64_t*>(nullptr));
  tables_.assign(tables, {});
  for (const auto& table : view(footer.tables, static_cast<const TableFooter*>(nullptr))) {
    if (table.table >= tables) return damaged;
    tables_[table.table] = {table.rows, view(table.ids, static_cast<const std::int32_t*>(nullptr)),
                            view(table.order, static_cast<const RowPlace*>(nullptr))};
  }
  for (const auto& chunk : chunks_) good = good && chunk.table < tables && chunk.batch < batches_.size() && chunk.header < size();
  if (!good) return damaged;
  group_by_table(tables);
  return {};
}

}  // namespace pyojun
