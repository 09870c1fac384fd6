#include "warehouse/part_source.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "cdm/rows.hpp"

namespace pyojun {

namespace {

constexpr std::uint32_t block_rows = 32768;
constexpr std::uint32_t rows_alone = 1024;  // a chunk of so many rows is a block of its own: nothing has to be gathered

bool is(const ColumnHeader& header, Storage storage) { return static_cast<Storage>(header.storage) == storage; }

// Final values of an integer column of a chunk, by row: dates and numbers as they are, references and siblings as ids.
class Integers {
 public:
  Integers(const Segment& segment, const ChunkInfo& chunk, const ColumnHeader* header) : segment_(segment), chunk_(chunk), header_(header) {
    if (header == nullptr) return;
    step_ = header->constant != 0 ? 0 : 1;
    if (is(*header, Storage::references)) ids_ = segment.tables_[header->target].ids.data();
  }
  std::int32_t operator[](std::size_t row) const {
    if (header_ == nullptr) return null_integer;
    const std::size_t at = row * step_;
    if (is(*header_, Storage::references)) return ids_[segment_.at<std::uint32_t>(header_->at)[at]];
    if (is(*header_, Storage::siblings)) return segment_.lead_id(chunk_.batch, segment_.at<std::uint32_t>(header_->at)[at]);
    return segment_.at<std::int32_t>(header_->at)[at];
  }

 private:
  const Segment& segment_;
  const ChunkInfo& chunk_;
  const ColumnHeader* header_;
  const std::int32_t* ids_ = nullptr;
  std::size_t step_ = 1;
};

bool wants(const std::vector<bool>& wanted, ColumnId column) { return wanted.empty() || wanted[column]; }

void prepare(const Table& table, RowBlock& out, TableId id, std::uint32_t rows) {
  const std::size_t columns = table.columns.size();
  out.table = id;
  out.rows = rows;
  out.columns.assign(columns, {});
  for (std::size_t i = 0; i < columns; ++i) out.columns[i].type = table.columns[i].type;
  out.scratch_integers.resize(columns);
  out.scratch_wide.resize(columns);
  out.scratch_numbers.resize(columns);
  out.scratch_ends.resize(columns);
  out.scratch_heaps.resize(columns);
}

}  // namespace

namespace {

std::vector<bool> settled_columns(const Table& table, const Segment& segment, std::span<const std::uint32_t> chunks) {
  std::vector<bool> out(table.columns.size());
  if (table.primary_key != no_column) out[table.primary_key] = true;
  for (const std::uint32_t number : chunks) {
    for (const auto& header : segment.columns(segment.chunks_[number])) {
      if (is(header, Storage::references) || is(header, Storage::siblings)) out[header.column] = true;
    }
  }
  return out;
}

template <class T>
void append(std::string& to, const T* values, std::size_t count) {
  to.append(reinterpret_cast<const char*>(values), count * sizeof(T));
}

}  // namespace

// A chunk never changes once a run wrote it: its place among all that were ever written stands for its content. What settle decides about
// its rows is compared value by value.
Hash128 PartSource::mark(std::size_t index) const {
  std::string text;
  const Block& block = blocks_[index];
  bool whole = true;
  for (std::size_t i = block.begin; i < block.end; ++i) {
    const RowRun one = run(i);
    if (one.rows == 0) continue;
    const ChunkInfo& chunk = segment_.chunks_[one.chunk];
    const auto after = std::upper_bound(segment_.parts_.begin(), segment_.parts_.end(), chunk.header,
                                        [](std::uint64_t place, const SegmentPart& part) { return place < part.base; });
    const std::array<std::uint64_t, 3> words{(after - 1)->run, chunk.header, one.rows};
    append(text, words.data(), words.size());
    whole = whole && one.rows == chunk.rows;
  }
  if (!whole) {
    const Selection selection = select(block);
    append(text, selection.rows.data(), selection.rows.size());
  }
  RowBlock rows;
  if (!read(index, settled_, rows)) return {};
  for (const BlockColumn& column : rows.columns) {
    if (column.form != BlockColumn::Form::null) append(text, column.integers, column.form == BlockColumn::Form::constant ? 1 : rows.rows);
    text += static_cast<char>(column.form);
  }
  return hash128(text, table_);
}

// In id order: the runs of the table's order, or else its chunks with their living rows.
RowRun PartSource::run(std::size_t index) const {
  const SettledTable& settled = segment_.tables_[table_];
  if (!settled.order.empty()) return settled.order[index];
  const std::uint32_t chunk = segment_.of_table(table_)[index];
  return {chunk, 0, segment_.chunks_[chunk].live, 0};
}

// Where blocks end follows from the runs near by, so that rows that come in one place leave the blocks in others what they are.
PartSource::PartSource(const Schema& schema, const Segment& segment, TableId table) : schema_(schema), segment_(segment), table_(table) {
  const auto chunks = segment.of_table(table);
  settled_ = settled_columns(schema.table(table), segment, chunks);
  const SettledTable& settled = segment.tables_[table];
  const std::size_t runs = settled.order.empty() ? chunks.size() : settled.order.size();
  std::uint64_t first = 0;
  for (std::size_t i = 0; i < runs;) {
    Block block{i, i, first};
    std::uint64_t rows = 0;
    while (block.end < runs) {
      const std::uint32_t more = run(block.end).rows;
      if (rows > 0 && (rows + more > block_rows || rows >= rows_alone || more >= rows_alone)) break;
      rows += more;
      ++block.end;
    }
    i = block.end;
    if (rows == 0) continue;
    blocks_.push_back(block);
    first += rows;
  }
}

PartSource::Selection PartSource::select(const Block& block) const {
  Selection out;
  for (std::size_t i = block.begin; i < block.end; ++i) {
    const RowRun one = run(i);
    if (one.rows == 0) continue;
    const auto at = static_cast<std::uint32_t>(out.rows.size());
    if (out.runs.empty() || out.runs.back().chunk != one.chunk) out.runs.push_back({one.chunk, at, at});
    const ChunkInfo& chunk = segment_.chunks_[one.chunk];
    std::uint32_t left = one.rows;
    for (std::uint32_t row = one.row; left > 0 && row < chunk.rows; ++row) {
      if (segment_.dead(chunk, row)) continue;
      out.rows.push_back(row);
      --left;
    }
    out.runs.back().end = static_cast<std::uint32_t>(out.rows.size());
  }
  return out;
}

std::vector<RowPlace> PartSource::places(std::size_t index) const {
  const Selection selection = select(blocks_[index]);
  std::vector<RowPlace> out;
  out.reserve(selection.rows.size());
  for (const Run& run : selection.runs) {
    for (std::uint32_t i = run.begin; i < run.end; ++i) out.push_back({run.chunk, selection.rows[i]});
  }
  return out;
}

Status PartSource::read(std::size_t index, const std::vector<bool>& wanted, RowBlock& out) const {
  const Block& block = blocks_[index];
  RowRun only;
  std::size_t living = 0;
  for (std::size_t i = block.begin; i < block.end && living < 2; ++i) {
    const RowRun one = run(i);
    if (one.rows == 0) continue;
    only = one;
    ++living;
  }
  if (living == 1 && only.rows == segment_.chunks_[only.chunk].rows) {
    read_whole(only.chunk, wanted, out);
  } else {
    read_selected(select(block), wanted, out);
  }
  return {};
}

// The usual case: all rows of one chunk. Values that need no change are handed out where they lie in the file.
void PartSource::read_whole(std::uint32_t number, const std::vector<bool>& wanted, RowBlock& out) const {
  const ChunkInfo& chunk = segment_.chunks_[number];
  const Table& table = schema_.table(table_);
  prepare(table, out, table_, chunk.rows);
  for (const auto& header : segment_.columns(chunk)) {
    if (!wants(wanted, header.column)) continue;
    BlockColumn& column = out.columns[header.column];
    column.form = header.constant != 0 ? BlockColumn::Form::constant : BlockColumn::Form::plain;
    switch (static_cast<Storage>(header.storage)) {
      case Storage::integers:
        column.integers = segment_.at<std::int32_t>(header.at);
        break;
      case Storage::datetimes:
        column.datetimes = segment_.at<std::int64_t>(header.at);
        break;
      case Storage::numbers:
        column.numbers = segment_.at<double>(header.at);
        break;
      case Storage::texts:
        column.ends = segment_.at<std::uint32_t>(header.at);
        column.heap = segment_.at<char>(header.heap);
        break;
      default: {
        auto& scratch = out.scratch_integers[header.column];
        const std::size_t count = header.constant != 0 ? 1 : chunk.rows;
        scratch.resize(count);
        if (is(header, Storage::references)) {
          const std::uint32_t* const slots = segment_.at<std::uint32_t>(header.at);
          const std::int32_t* const ids = segment_.tables_[header.target].ids.data();
          for (std::size_t i = 0; i < count; ++i) scratch[i] = ids[slots[i]];
        } else {
          const Integers values(segment_, chunk, &header);
          for (std::size_t i = 0; i < count; ++i) scratch[i] = values[i];
        }
        column.integers = scratch.data();
      }
    }
  }
  if (table.primary_key != no_column && wants(wanted, table.primary_key)) fill_keys(nullptr, number, out);
}

void PartSource::fill_keys(const Selection* selection, std::uint32_t number, RowBlock& out) const {
  const ColumnId key = schema_.table(table_).primary_key;
  auto& scratch = out.scratch_integers[key];
  scratch.resize(out.rows);
  const Run whole{number, 0, out.rows};
  const std::span<const Run> runs = selection != nullptr ? std::span<const Run>(selection->runs) : std::span<const Run>(&whole, 1);
  for (const Run& run : runs) {
    const ChunkInfo& chunk = segment_.chunks_[run.chunk];
    const auto row = [&](std::uint32_t i) { return selection != nullptr ? selection->rows[i] : i; };
    if (chunk.ids == IdForm::by_slot) {
      const std::uint32_t* const slots = segment_.at<std::uint32_t>(segment_.header(chunk).keys_at);
      const auto ids = segment_.tables_[table_].ids;
      for (std::uint32_t i = run.begin; i < run.end; ++i) scratch[i] = ids[slots[row(i)]];
    } else if (chunk.ids == IdForm::listed) {
      for (std::uint32_t i = run.begin; i < run.end; ++i) scratch[i] = segment_.listed_[chunk.listed + row(i)];
    } else if (run.begin < run.end) {
      // Counted: the first by its rank, the others by what lies between.
      std::int32_t id = segment_.row_id(chunk, row(run.begin));
      scratch[run.begin] = id;
      for (std::uint32_t i = run.begin + 1; i < run.end; ++i) {
        if (row(i) < row(i - 1)) {
          id = segment_.row_id(chunk, row(i));
        } else {
          for (std::uint32_t between = row(i - 1) + 1; between <= row(i); ++between) id += segment_.bit(chunk.unnumbered, between) ? 0 : 1;
        }
        scratch[i] = id;
      }
    }
  }
  out.columns[key].form = BlockColumn::Form::plain;
  out.columns[key].integers = scratch.data();
}

void PartSource::read_selected(const Selection& selection, const std::vector<bool>& wanted, RowBlock& out) const {
  const Table& table = schema_.table(table_);
  prepare(table, out, table_, static_cast<std::uint32_t>(selection.rows.size()));
  std::vector<bool> present(table.columns.size());
  for (const Run& run : selection.runs) {
    for (const auto& header : segment_.columns(segment_.chunks_[run.chunk])) present[header.column] = true;
  }
  for (ColumnId column = 0; column < table.columns.size(); ++column) {
    if (column == table.primary_key || !present[column] || !wants(wanted, column)) continue;
    gather(column, selection, out);
  }
  if (table.primary_key != no_column && wants(wanted, table.primary_key)) fill_keys(&selection, 0, out);
}

namespace {

// Appends the rows of one run of a column whose stored values are final; `missing` where the chunk has no such column.
template <class T, class Rows>
void gather_plain(const Segment& segment, const ColumnHeader* header, const Rows& rows, T missing, std::vector<T>& to) {
  if (header == nullptr) {
    to.insert(to.end(), rows.size(), missing);
    return;
  }
  const T* const values = segment.at<T>(header->at);
  if (header->constant != 0) {
    to.insert(to.end(), rows.size(), values[0]);
    return;
  }
  for (const std::uint32_t row : rows) to.push_back(values[row]);
}

}  // namespace

void PartSource::gather(ColumnId id, const Selection& selection, RowBlock& out) const {
  BlockColumn& column = out.columns[id];
  column.form = BlockColumn::Form::plain;
  const std::span<const std::uint32_t> rows = selection.rows;
  switch (column.type) {
    case ColumnType::integer:
    case ColumnType::date:
      gather_integers(id, selection, out);
      return;
    case ColumnType::text:
      gather_texts(id, selection, out);
      return;
    case ColumnType::datetime: {
      auto& to = out.scratch_wide[id];
      to.clear();
      for (const Run& run : selection.runs) {
        gather_plain(segment_, segment_.column(segment_.chunks_[run.chunk], id), rows.subspan(run.begin, run.end - run.begin),
                     null_datetime, to);
      }
      column.datetimes = to.data();
      return;
    }
    case ColumnType::number: {
      auto& to = out.scratch_numbers[id];
      to.clear();
      for (const Run& run : selection.runs) {
        gather_plain(segment_, segment_.column(segment_.chunks_[run.chunk], id), rows.subspan(run.begin, run.end - run.begin),
                     std::bit_cast<double>(null_number_bits), to);
      }
      column.numbers = to.data();
    }
  }
}

void PartSource::gather_integers(ColumnId id, const Selection& selection, RowBlock& out) const {
  auto& to = out.scratch_integers[id];
  to.clear();
  for (const Run& run : selection.runs) {
    const ChunkInfo& chunk = segment_.chunks_[run.chunk];
    const ColumnHeader* const header = segment_.column(chunk, id);
    const auto rows = std::span(selection.rows).subspan(run.begin, run.end - run.begin);
    if (header == nullptr || is(*header, Storage::integers)) {
      gather_plain(segment_, header, rows, null_integer, to);
      continue;
    }
    const Integers values(segment_, chunk, header);
    for (const std::uint32_t row : rows) to.push_back(values[row]);
  }
  out.columns[id].integers = to.data();
}

void PartSource::gather_texts(ColumnId id, const Selection& selection, RowBlock& out) const {
  auto& ends = out.scratch_ends[id];
  auto& heap = out.scratch_heaps[id];
  ends.clear();
  heap.clear();
  for (const Run& run : selection.runs) {
    const ColumnHeader* const header = segment_.column(segment_.chunks_[run.chunk], id);
    for (std::uint32_t i = run.begin; i < run.end; ++i) {
      if (header != nullptr) {
        const std::uint32_t* const from = segment_.at<std::uint32_t>(header->at);
        const std::size_t row = header->constant != 0 ? 0 : selection.rows[i];
        const std::uint32_t begin = row == 0 ? 0 : from[row - 1];
        heap.append(segment_.at<char>(header->heap) + begin, from[row] - begin);
      }
      ends.push_back(static_cast<std::uint32_t>(heap.size()));
    }
  }
  out.columns[id].ends = ends.data();
  out.columns[id].heap = heap.data();
}

}  // namespace pyojun
