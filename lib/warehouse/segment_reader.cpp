#include "warehouse/segment_reader.hpp"

#include <algorithm>
#include <bit>

#include "cdm/rows.hpp"
#include "warehouse/folder.hpp"

namespace pyojun {

std::uint64_t Packed::operator[](std::size_t i) const {
  switch (header.form) {
    case PackedHeader::line:
      return header.base + i;
    case PackedHeader::narrow:
      return header.base + reinterpret_cast<const std::uint16_t*>(base)[i];
    default:
      return header.base + reinterpret_cast<const std::uint32_t*>(base)[i];
  }
}

RowVersion Segment::version(const ChunkHeader& header, std::size_t row) const {
  RowVersion out{header.versions_at == 0 ? null_datetime : at<std::int64_t>(header.versions_at)[row], {}};
  if (header.order_ends_at == 0) return out;
  const auto text = static_cast<std::size_t>(packed(header.orders)[row]);
  const auto* const ends = at<std::uint32_t>(header.order_ends_at);
  const std::uint32_t begin = text == 0 ? 0 : ends[text - 1];
  out.text = {at<char>(header.order_heap_at) + begin, ends[text] - begin};
  return out;
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

// Rows before `row` that bitmap `number` does not name.
std::uint32_t unnamed_before(const Segment& segment, std::uint32_t number, std::size_t row) {
  if (number == 0) return static_cast<std::uint32_t>(row);
  const std::uint64_t* const words = segment.words(number);
  std::size_t named = 0;
  for (std::size_t i = 0; i < row / 64; ++i) named += static_cast<std::size_t>(std::popcount(words[i]));
  if (row % 64 != 0) named += static_cast<std::size_t>(std::popcount(words[row / 64] << (64 - row % 64)));
  return static_cast<std::uint32_t>(row - named);
}

}  // namespace

std::int32_t Segment::row_id(const ChunkInfo& chunk, std::size_t row) const {
  switch (chunk.ids) {
    case IdForm::by_slot:
      return tables_[chunk.table].ids[at<std::uint32_t>(header(chunk).keys_at)[row]];
    case IdForm::listed:
      return listed_[chunk.listed + row];
    case IdForm::counted:
      if (bit(chunk.unnumbered, row)) return 0;
      return chunk.first_id + static_cast<std::int32_t>(unnamed_before(*this, chunk.unnumbered, row));
    case IdForm::none:
      break;
  }
  return 0;
}

std::vector<std::int32_t> Segment::row_ids(const ChunkInfo& chunk) const {
  std::vector<std::int32_t> out(chunk.rows);
  std::int32_t next = chunk.first_id;
  const auto* const slots = chunk.ids == IdForm::by_slot ? at<std::uint32_t>(header(chunk).keys_at) : nullptr;
  for (std::uint32_t row = 0; row < chunk.rows; ++row) {
    if (slots != nullptr) {
      out[row] = tables_[chunk.table].ids[slots[row]];
    } else if (chunk.ids == IdForm::listed) {
      out[row] = listed_[chunk.listed + row];
    } else if (chunk.ids == IdForm::counted && !bit(chunk.unnumbered, row)) {
      out[row] = next++;
    }
  }
  return out;
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
  out.file = chunk.file;
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
  const auto living = [&](std::uint32_t number, std::uint32_t row, std::uint32_t most) -> std::optional<RowPlace> {
    const ChunkInfo& chunk = chunks_[number];
    for (; row < chunk.rows && most > 0; ++row) {
      if (dead(chunk, row)) continue;
      if (row_id(chunk, row) == id) return RowPlace{number, row};
      --most;
    }
    return std::nullopt;
  };
  if (!settled.order.empty()) {
    const auto after = std::upper_bound(settled.order.begin(), settled.order.end(), id,
                                        [](std::int32_t wanted, const RowRun& run) { return wanted < run.first_id; });
    if (after == settled.order.begin()) return std::nullopt;
    return living((after - 1)->chunk, (after - 1)->row, (after - 1)->rows);
  }
  const auto list = of_table(table);
  auto after = std::upper_bound(list.begin(), list.end(), id,
                                [this](std::int32_t wanted, std::uint32_t chunk) { return wanted < chunks_[chunk].first_id; });
  while (after != list.begin()) {
    const std::uint32_t number = *--after;
    if (chunks_[number].live > 0) return living(number, 0, ~0U);
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

Status Segment::open(const std::string& folder, std::span<const SegmentPart> parts, const std::string& newest) {
  std::vector<MappedParts::Part> files;
  for (const SegmentPart& part : parts) files.push_back({run_file(folder, "rows", part.run), part.base, part.bytes});
  if (!newest.empty()) files.back().path = newest;
  if (Status status = files_.open(files); !status) return status;
  for (const SegmentPart& part : parts) {
    if (part.bytes < 16 || *at<std::uint64_t>(part.base) != segment_magic) return Error{Code::warehouse_damaged, {}, {}, "rows", {}};
  }
  return {};
}

Status Segment::load_directory(const std::string& folder, std::uint64_t run, std::size_t tables) {
  const Error damaged{Code::warehouse_damaged, {}, {}, "parts", {}};
  if (Status status = directory_.open(run_file(folder, "parts", run)); !status) return status;
  const std::uint64_t size = directory_.size();
  if (size < sizeof(SegmentFooter)) return damaged;
  const SegmentFooter& footer = *reinterpret_cast<const SegmentFooter*>(directory_.data() + size - sizeof(SegmentFooter));
  if (footer.magic != segment_magic || footer.version != segment_version) return damaged;
  bool good = true;
  const auto view = [&]<class T>(const ArrayPlace& place, std::span<const T>& out) {
    if (place.at > size || place.count > (size - place.at) / sizeof(T)) good = false;
    if (good) out = {reinterpret_cast<const T*>(directory_.data() + place.at), place.count};
  };
  view(footer.parts, parts_);
  view(footer.chunks, chunks_);
  view(footer.batches, batches_);
  view(footer.dead_ends, dead_ends_);
  view(footer.dead_words, dead_words_);
  view(footer.listed, listed_);
  std::span<const TableFooter> settled;
  view(footer.tables, settled);
  if (!good) return damaged;
  if (Status status = open(folder, parts_); !status) return status;
  tables_.assign(tables, {});
  for (const auto& table : settled) {
    if (table.table >= tables) return damaged;
    SettledTable& out = tables_[table.table];
    out.rows = table.rows;
    view(table.ids, out.ids);
    view(table.order, out.order);
  }
  for (const auto& chunk : chunks_) good = good && chunk.table < tables && chunk.batch < batches_.size() && chunk.header < files_.end();
  if (!good) return damaged;
  group_by_table(tables);
  return {};
}

}  // namespace pyojun
