#include "warehouse/segment_writer.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <string_view>

namespace pyojun {

namespace {

// Event tables: too many rows to keep every key in memory, and seldom referred to.
constexpr std::array<std::string_view, 14> event_tables{"observation_period", "condition_occurrence",
                                                        "drug_exposure",      "procedure_occurrence",
                                                        "device_exposure",    "measurement",
                                                        "observation",        "cost",
                                                        "note_nlp",           "drug_era",
                                                        "dose_era",           "condition_era",
                                                        "metadata",           "payer_plan_period"};

Error misfit(const Schema& schema, const RowChunk& chunk, std::string_view what) {
  Error error;
  error.code = Code::warehouse_rows_misfit;
  error.subject = chunk.table < schema.tables().size() ? schema.table(chunk.table).name : std::string("?");
  error.detail = what;
  return error;
}

Storage stored_as(const ColumnValues& values) { return values.storage == Storage::constant ? values.constant_of : values.storage; }

bool fits(Storage storage, ColumnType type) {
  switch (storage) {
    case Storage::integers:
      return type == ColumnType::integer || type == ColumnType::date;
    case Storage::datetimes:
      return type == ColumnType::datetime;
    case Storage::numbers:
      return type == ColumnType::number;
    case Storage::texts:
      return type == ColumnType::text;
    case Storage::references:
    case Storage::siblings:
      return type == ColumnType::integer;
    case Storage::constant:
      break;
  }
  return false;
}

std::size_t stored_count(const ColumnValues& values) {
  switch (stored_as(values)) {
    case Storage::integers:
      return values.integers.size();
    case Storage::datetimes:
      return values.datetimes.size();
    case Storage::numbers:
      return values.numbers.size();
    case Storage::texts:
      return values.ends.size();
    case Storage::references:
      return values.references.size();
    case Storage::siblings:
      return values.siblings.size();
    case Storage::constant:
      break;
  }
  return 0;
}

// All rows of the chunk say the same: one value is stored. Looks no further than the first difference.
bool all_same(const ColumnValues& values, std::uint32_t rows) {
  const auto same = [](const auto& all) { return std::adjacent_find(all.begin(), all.end(), std::not_equal_to<>()) == all.end(); };
  switch (values.storage) {
    case Storage::integers:
      return same(values.integers);
    case Storage::datetimes:
      return same(values.datetimes);
    case Storage::numbers:  // by bits: a null is not equal to itself
      return std::memcmp(values.numbers.data(), values.numbers.data() + 1, (rows - 1) * sizeof(double)) == 0;
    case Storage::references:
      return same(values.references);
    case Storage::texts:
      return values.heap.empty();
    case Storage::siblings:
    case Storage::constant:
      break;
  }
  return false;
}

}  // namespace

KeyIndexes::KeyIndexes(const Schema& schema) : indexes_(schema.tables().size()), entity_(schema.tables().size()) {
  for (std::size_t i = 0; i < entity_.size(); ++i) {
    const Table& table = schema.tables()[i];
    const bool event = std::find(event_tables.begin(), event_tables.end(), table.name) != event_tables.end();
    entity_[i] = table.primary_key != no_column && !event && table.schema != "vocabulary" ? 1 : 0;
  }
}

KeyIndex& KeyIndexes::of(TableId table) {
  if (indexes_[table] == nullptr) indexes_[table] = std::make_unique<KeyIndex>();
  return *indexes_[table];
}

Status SegmentWriter::create(const std::string& path, std::uint64_t base) {
  if (Status status = out_.create(path, base); !status) return status;
  const std::array<std::uint64_t, 2> start{segment_magic, segment_version};
  return out_.append(start.data(), sizeof start);
}

Result<PackedHeader> SegmentWriter::put_packed(std::span<const std::uint32_t> values, std::uint64_t add) {
  PackedHeader header;
  header.count = static_cast<std::uint32_t>(values.size());
  if (values.empty()) return header;
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const std::uint32_t base = *low;
  header.base = base + add;
  bool line = true;
  for (std::size_t i = 0; line && i < values.size(); ++i) line = values[i] == values[0] + i;
  if (line) return header;
  if (*high - base <= 0xFFFF) {
    header.form = PackedHeader::narrow;
    narrow_.resize(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) narrow_[i] = static_cast<std::uint16_t>(values[i] - base);
    auto at = out_.put(std::span<const std::uint16_t>(narrow_));
    if (!at) return at.error();
    header.at = *at;
    return header;
  }
  header.form = PackedHeader::wide;
  header.base = add;
  auto at = out_.put(values);
  if (!at) return at.error();
  header.at = *at;
  return header;
}

Status SegmentWriter::begin_batch(std::uint32_t file, std::uint32_t first_rule, std::uint64_t first_record, std::uint64_t first_line,
                                  std::span<const RecordPlace> places) {
  BatchHeader header;
  first_rule_ = first_rule;
  header.file = file_ = file;
  header.first_record = first_record;
  header.first_line = first_line;
  if (!places.empty()) {
    header.has_places = 1;
    header.first_offset = places[0].offset;
    header.gap = places.size() > 1 ? places[1].offset - places[0].offset - places[0].length : 0;
    header.gapless = 1;
    for (std::size_t i = 1; i < places.size(); ++i) {
      if (places[i].offset != places[i - 1].offset + places[i - 1].length + header.gap) header.gapless = 0;
    }
    const auto put = [&](PackedHeader& to, std::size_t step, auto value) -> Status {
      wide_.clear();
      for (std::size_t i = 0; i < places.size(); i += step) wide_.push_back(value(places[i]));
      auto packed = put_packed(wide_, 0);
      if (!packed) return packed.error();
      to = *packed;
      return {};
    };
    const auto above = [base = places[0].offset](const RecordPlace& place) { return static_cast<std::uint32_t>(place.offset - base); };
    if (Status status = put(header.lengths, 1, [](const RecordPlace& place) { return place.length; }); !status) return status;
    if (Status status = put(header.lines, 1, [](const RecordPlace& place) { return place.line; }); !status) return status;
    if (Status status = put(header.offsets, header.gapless != 0 ? offset_step : 1, above); !status) return status;
  }
  auto at = out_.put(std::span<const BatchHeader>(&header, 1));
  if (!at) return at.error();
  batches_.push_back({*at, static_cast<std::uint32_t>(chunks_.size()), 0});
  return {};
}

Status SegmentWriter::check(const RowChunk& chunk) const {
  if (chunk.table >= schema_.tables().size()) return misfit(schema_, chunk, "table");
  const Table& table = schema_.table(chunk.table);
  const std::size_t rows = chunk.rows;
  const bool sizes = (!chunk.keyed || chunk.keys.size() == rows) && (chunk.versions.empty() || chunk.versions.size() == rows) &&
                     chunk.records.size() == rows && chunk.candidates.size() == rows && chunk.leads.size() == rows &&
                     (chunk.deletes.empty() || chunk.deletes.size() == rows) && (chunk.said.empty() || chunk.said.size() == rows) &&
                     chunk.aliases.size() % 2 == 0 &&
                     (chunk.orders.empty() || (chunk.orders.size() == rows && chunk.orders.back() < chunk.order_ends.size())) &&
                     chunk.within.size() == rows * chunk.within_each &&
                     (chunk.within.empty() || chunk.within_target < schema_.tables().size());
  if (!sizes) return misfit(schema_, chunk, "per-row arrays");
  for (const auto& values : chunk.columns) {
    if (values.column >= table.columns.size()) return misfit(schema_, chunk, "column number");
    const std::size_t wanted = values.storage == Storage::constant ? 1 : rows;
    const bool reference = stored_as(values) == Storage::references;
    if (!fits(stored_as(values), table.columns[values.column].type) || stored_count(values) != wanted ||
        (reference && values.target >= schema_.tables().size())) {
      return misfit(schema_, chunk, table.columns[values.column].name);
    }
  }
  return {};
}

Status SegmentWriter::put_keys(const RowChunk& chunk, ChunkHeader& header) {
  if (!chunk.keyed) return {};
  if (indexes_.entity(chunk.table)) {
    KeyIndex& index = indexes_.of(chunk.table);
    index.slots(chunk.keys, KeyIndex::mentioned, slots_);
    auto at = out_.put(std::span<const Slot>(slots_));
    if (!at) return at.error();
    header.keys_at = *at;
    header.keys = KeyForm::slots;
  } else {
    auto at = out_.put(std::span<const Hash128>(chunk.keys));
    if (!at) return at.error();
    header.keys_at = *at;
    header.keys = KeyForm::hashes;
  }
  if (!chunk.aliases.empty()) {
    indexes_.of(chunk.table).slots(chunk.aliases, KeyIndex::mentioned, slots_);
    auto at = out_.put(std::span<const Slot>(slots_));
    if (!at) return at.error();
    header.aliases_at = *at;
    header.aliases = static_cast<std::uint32_t>(chunk.aliases.size() / 2);
    header.retires = chunk.retires ? 1 : 0;
  }
  return {};
}

// What decides between rows of one key, and what rows stand in.
Status SegmentWriter::put_versions(const RowChunk& chunk, ChunkHeader& header) {
  const bool decides = chunk.keyed || !chunk.within.empty();
  if (decides && !chunk.versions.empty()) {
    auto at = out_.put(std::span<const std::int64_t>(chunk.versions));
    if (!at) return at.error();
    header.versions_at = *at;
  }
  if (decides && !chunk.orders.empty()) {
    auto orders = put_packed(chunk.orders, 0);
    if (!orders) return orders.error();
    header.orders = *orders;
    auto ends = out_.put(std::span<const std::uint32_t>(chunk.order_ends));
    if (!ends) return ends.error();
    header.order_ends_at = *ends;
    auto heap = out_.put(std::span<const char>(chunk.order_heap));
    if (!heap) return heap.error();
    header.order_heap_at = *heap;
  }
  if (!chunk.within.empty()) {
    indexes_.of(chunk.within_target).slots(chunk.within, KeyIndex::mentioned, slots_, chunk.within_each);
    auto at = out_.put(std::span<const Slot>(slots_));
    if (!at) return at.error();
    header.within_at = *at;
    header.within_each = chunk.within_each;
    header.within_target = chunk.within_target;
  }
  return {};
}

Status SegmentWriter::put_column(const ColumnValues& values, std::uint32_t rows, ColumnHeader& header) {
  header.column = values.column;
  header.target = values.target;
  header.group = values.group;
  header.instead = values.instead;
  header.storage = static_cast<std::uint8_t>(stored_as(values));
  header.constant = values.storage == Storage::constant || all_same(values, rows) ? 1 : 0;
  const std::size_t count = header.constant != 0 ? 1 : rows;
  Result<std::uint64_t> at = std::uint64_t{0};
  switch (stored_as(values)) {
    case Storage::integers:
      at = out_.put(std::span<const std::int32_t>(values.integers).first(count));
      break;
    case Storage::datetimes:
      at = out_.put(std::span<const std::int64_t>(values.datetimes).first(count));
      break;
    case Storage::numbers:
      at = out_.put(std::span<const double>(values.numbers).first(count));
      break;
    case Storage::siblings:
      at = out_.put(std::span<const std::uint32_t>(values.siblings));
      break;
    case Storage::references:
      indexes_.of(values.target).slots(std::span(values.references).first(count), KeyIndex::mentioned, slots_);
      at = out_.put(std::span<const Slot>(slots_));
      break;
    case Storage::texts: {
      auto heap = out_.put(std::span<const char>(values.heap));
      if (!heap) return heap.error();
      header.heap = *heap;
      header.heap_bytes = static_cast<std::uint32_t>(values.heap.size());
      at = out_.put(std::span<const std::uint32_t>(values.ends).first(count));
      break;
    }
    case Storage::constant:
      break;
  }
  if (!at) return at.error();
  header.at = *at;
  return {};
}

Status SegmentWriter::add(const RowChunk& chunk) {
  if (chunk.rows == 0) return {};
  if (Status status = check(chunk); !status) return status;
  ChunkHeader header;
  ChunkInfo info;
  header.rows = info.rows = info.live = chunk.rows;
  info.table = chunk.table;
  info.rule = static_cast<std::uint16_t>(first_rule_ + chunk.rule);
  header.sorted = std::is_sorted(chunk.candidates.begin(), chunk.candidates.end()) ? 1 : 0;
  if (Status status = put_keys(chunk, header); !status) return status;
  const auto put_bytes = [&](const std::vector<std::uint8_t>& bytes, std::uint64_t& to) -> Status {
    auto at = out_.put(std::span<const std::uint8_t>(bytes));
    if (!at) return at.error();
    to = *at;
    return {};
  };
  if (Status status = put_versions(chunk, header); !status) return status;
  if (chunk.keyed && !chunk.said.empty()) {
    auto at = out_.put(std::span<const std::uint64_t>(chunk.said));
    if (!at) return at.error();
    header.said_at = *at;
  }
  if (std::find(chunk.leads.begin(), chunk.leads.end(), 0) != chunk.leads.end()) {
    if (Status status = put_bytes(chunk.leads, header.leads_at); !status) return status;
  }
  if (std::find_if(chunk.deletes.begin(), chunk.deletes.end(), [](auto flag) { return flag != 0; }) != chunk.deletes.end()) {
    if (Status status = put_bytes(chunk.deletes, header.deletes_at); !status) return status;
  }
  auto records = put_packed(chunk.records, 0);
  if (!records) return records.error();
  header.records = *records;
  auto candidates = put_packed(chunk.candidates, 0);
  if (!candidates) return candidates.error();
  header.candidates = *candidates;
  columns_.clear();
  for (const auto& values : chunk.columns) {
    ColumnHeader column;
    if (Status status = put_column(values, chunk.rows, column); !status) return status;
    if (stored_as(values) == Storage::siblings) info.has_siblings = 1;
    columns_.push_back(column);
  }
  header.columns = static_cast<std::uint16_t>(columns_.size());
  auto columns_at = out_.put(std::span<const ColumnHeader>(columns_));
  if (!columns_at) return columns_at.error();
  header.columns_at = *columns_at;
  auto at = out_.put(std::span<const ChunkHeader>(&header, 1));
  if (!at) return at.error();
  info.header = *at;
  info.file = file_;
  info.batch = static_cast<std::uint32_t>(batches_.size() - 1);
  ++batches_.back().chunks;
  chunks_.push_back(info);
  return {};
}

}  // namespace pyojun
