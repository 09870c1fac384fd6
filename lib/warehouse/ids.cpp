// Settle, third part: ids. A key keeps the id it was ever given, a row without key keeps its own; all else is numbered in order of
// delivery, from the first number the table has never used.
#include <algorithm>
#include <vector>

#include "warehouse/settle.hpp"

namespace pyojun {

void Settle::give_ids() {
  std::sort(heirs_.begin(), heirs_.end(),
            [](const Heir& a, const Heir& b) { return std::pair(a.chunk, a.row) < std::pair(b.chunk, b.row); });
  heirs_.erase(std::unique(heirs_.begin(), heirs_.end(), [](const Heir& a, const Heir& b) { return a.chunk == b.chunk && a.row == b.row; }),
               heirs_.end());
  remember_departed();
  for (TableId table = 0; table < schema_.tables().size(); ++table) {
    if (segment_.of_table(table).empty() && indexes_.find(table) == nullptr) continue;
    if (indexes_.entity(table)) {
      give_entity_ids(table);
      give_row_ids(table, KeyForm::none);
    } else {
      give_row_ids(table, KeyForm::hashes);
      remember_mentioned(table);
    }
    std::uint64_t rows = 0;
    for (const std::uint32_t number : segment_.of_table(table)) rows += chunks_[number].live;
    segment_.tables_[table].rows = static_cast<std::uint32_t>(rows);
    publish_ids(table);
    if (schema_.table(table).primary_key != no_column) order_by_id(table);
  }
  segment_.listed_ = arrays_.listed;
}

void Settle::give_entity_ids(TableId table) {
  KeyIndex& index = indexes_.of(table);
  std::vector<bool> used(static_cast<std::size_t>(index.next_id));
  if (index.joined()) {  // an entity keeps the id that any of its keys had; the smallest when there are several
    for (Slot slot = 1; slot < index.size(); ++slot) {
      const Slot root = index.root(slot);
      std::int32_t& id = index.id(root);
      if (index.id(slot) == 0 || root == slot) continue;
      if (id == 0) id = index.id(slot);
      if (id != index.id(slot)) arrays_.merges.push_back({table, index.id(slot), id});
    }
  }
  for (const std::uint32_t number : segment_.of_table(table)) {
    ChunkInfo& chunk = chunks_[number];
    const ChunkHeader& header = segment_.header(chunk);
    if (header.keys != KeyForm::slots || number >= living_) continue;
    const Slot* const slots = segment_.at<Slot>(header.keys_at);
    chunk.ids = IdForm::by_slot;
    chunk.unnumbered = 0;
    chunk.first_id = index.next_id;
    bool first = true, counted = true;
    std::int32_t next = 0;
    for (std::uint32_t row = 0; row < header.rows; ++row) {
      if (segment_.dead(chunk, row)) continue;
      std::int32_t& id = index.id(index.root(slots[row]));
      // Two keys may carry one old id when a merge of an earlier run was not delivered again: the first keeps it.
      if (id == 0 || (static_cast<std::size_t>(id) < used.size() && used[static_cast<std::size_t>(id)])) id = index.next_id++;
      if (static_cast<std::size_t>(id) < used.size()) used[static_cast<std::size_t>(id)] = true;
      if (first) chunk.first_id = next = id;
      counted = counted && id == next++;
      first = false;
    }
    if (!counted) continue;
    chunk.ids = IdForm::counted;
    chunk.unnumbered = chunk.dead;
  }
}

std::span<const Settle::Heir> Settle::heirs_of(std::uint32_t chunk) const {
  const auto less = [](const Heir& heir, std::uint32_t number) { return heir.chunk < number; };
  const auto begin = std::lower_bound(heirs_.begin(), heirs_.end(), chunk, less);
  const auto end = std::lower_bound(begin, heirs_.end(), chunk + 1, less);
  return {begin, end};
}

// Rows that the key index of entities does not number: events, and rows without a key.
void Settle::give_row_ids(TableId table, KeyForm form) {
  KeyIndex& index = indexes_.of(table);
  const bool search = form == KeyForm::hashes && index.any_id();
  for (const std::uint32_t number : segment_.of_table(table)) {
    if (number >= living_) break;
    const KeyForm keys = segment_.header(chunks_[number]).keys;
    if (keys == form || keys == KeyForm::none) number_chunk(number, index, search && keys == KeyForm::hashes);
  }
}

void Settle::number_chunk(std::uint32_t number, KeyIndex& index, bool search) {
  ChunkInfo& chunk = chunks_[number];
  const auto heirs = heirs_of(number);
  bool known = !heirs.empty();
  if (chunk.ids == IdForm::none) {
    const ChunkHeader& header = segment_.header(chunk);
    for (std::uint32_t row = 0; search && !known && row < chunk.rows; ++row) {
      if (segment_.dead(chunk, row)) continue;
      const Slot slot = index.find(segment_.at<Hash128>(header.keys_at)[row]);
      known = slot != 0 && index.id(slot) != 0;
    }
    if (!known) {
      chunk.ids = IdForm::counted;
      chunk.first_id = index.next_id;
      chunk.unnumbered = chunk.dead;
      index.next_id += static_cast<std::int32_t>(chunk.live);
      return;
    }
  } else if (!known) {  // of an earlier run: has every living row an id?
    const bool all = chunk.ids == IdForm::counted && chunk.unnumbered == 0;
    const auto missing = [&](std::uint32_t row) {
      return chunk.ids == IdForm::counted ? segment_.bit(chunk.unnumbered, row) : segment_.listed_[chunk.listed + row] == 0;
    };
    for (std::uint32_t row = 0; !all && row < chunk.rows; ++row) known = known || (!segment_.dead(chunk, row) && missing(row));
    if (!known) return;
  }
  list_chunk(number, heirs, index, search);
}

void Settle::list_chunk(std::uint32_t number, std::span<const Heir> heirs, KeyIndex& index, bool search) {
  ChunkInfo& chunk = chunks_[number];
  const ChunkHeader& header = segment_.header(chunk);
  std::vector<std::int32_t> ids = segment_.row_ids(chunk);
  for (const Heir& heir : heirs) ids[heir.row] = heir.id;
  for (std::uint32_t row = 0; row < chunk.rows; ++row) {
    if (ids[row] != 0 || segment_.dead(chunk, row)) continue;
    const Slot slot = search ? index.find(segment_.at<Hash128>(header.keys_at)[row]) : 0;
    ids[row] = slot != 0 && index.id(slot) != 0 ? index.id(slot) : index.next_id++;
  }
  chunk.ids = IdForm::listed;
  chunk.unnumbered = 0;
  chunk.first_id = 0;
  chunk.listed = static_cast<std::uint32_t>(arrays_.listed.size());
  arrays_.listed.insert(arrays_.listed.end(), ids.begin(), ids.end());
  segment_.listed_ = arrays_.listed;
}

// Keys of events whose file was retired and that nobody took over: should they come back, they get their ids back.
void Settle::remember_departed() {
  std::sort(succeeded_.begin(), succeeded_.end());
  for (auto number = static_cast<std::uint32_t>(living_); number < chunks_.size(); ++number) {
    const ChunkInfo& chunk = chunks_[number];
    const ChunkHeader& header = segment_.header(chunk);
    if (header.keys != KeyForm::hashes) continue;
    KeyIndex& index = indexes_.of(chunk.table);
    const std::vector<std::int32_t> ids = segment_.row_ids(chunk);
    for (std::uint32_t row = 0; row < chunk.rows; ++row) {
      const std::int32_t id = ids[row];
      if (id == 0 || std::binary_search(succeeded_.begin(), succeeded_.end(), std::pair(number, row))) continue;
      index.id(index.slot(segment_.at<Hash128>(header.keys_at)[row])) = id;
    }
  }
}

// Events that other rows refer to.
void Settle::remember_mentioned(TableId table) {
  KeyIndex& index = indexes_.of(table);
  if (!index.any_mentioned()) return;
  for (const std::uint32_t number : segment_.of_table(table)) {
    const ChunkInfo& chunk = chunks_[number];
    const ChunkHeader& header = segment_.header(chunk);
    if (header.keys != KeyForm::hashes || number >= living_) continue;
    const Hash128* const hashes = segment_.at<Hash128>(header.keys_at);
    const std::vector<std::int32_t> ids = segment_.row_ids(chunk);
    for (std::uint32_t row = 0; row < header.rows; ++row) {
      if (segment_.dead(chunk, row)) continue;
      if (const Slot slot = index.find(hashes[row]); slot != 0) index.id(index.root(slot)) = ids[row];
    }
  }
}

void Settle::publish_ids(TableId table) {
  KeyIndex* const index = indexes_.find(table);
  if (index == nullptr) return;
  index->forget_lookup();
  auto& ids = arrays_.ids[table];
  ids.resize(index->size());
  for (Slot slot = 0; slot < index->size(); ++slot) {
    ids[slot] = slot != 0 && stands(*index, slot) ? index->id(index->root(slot)) : null_integer;
  }
  segment_.tables_[table].ids = {ids.data(), ids.size()};
}

// Only when chunk order is not id order.
void Settle::order_by_id(TableId table) {
  std::vector<RowRun> runs;
  std::int32_t last = 0;
  bool rising = true;
  const auto add = [&](std::uint32_t chunk, std::uint32_t row, std::uint32_t rows, std::int32_t id) {
    rising = rising && id > last;
    if (!runs.empty() && runs.back().chunk == chunk && id == last + 1) {
      runs.back().rows += rows;
    } else {
      runs.push_back({chunk, row, rows, id});
    }
    last = id + static_cast<std::int32_t>(rows) - 1;
  };
  for (const std::uint32_t number : segment_.of_table(table)) {
    const ChunkInfo& chunk = chunks_[number];
    if (chunk.live == 0) continue;
    if (chunk.ids == IdForm::counted && chunk.dead == chunk.unnumbered) {
      add(number, 0, chunk.live, chunk.first_id);
      continue;
    }
    const std::vector<std::int32_t> ids = segment_.row_ids(chunk);
    for (std::uint32_t row = 0; row < chunk.rows; ++row) {
      if (!segment_.dead(chunk, row)) add(number, row, 1, ids[row]);
    }
  }
  if (rising) return;
  std::sort(runs.begin(), runs.end(), [](const RowRun& a, const RowRun& b) { return a.first_id < b.first_id; });
  arrays_.order[table] = std::move(runs);
  segment_.tables_[table].order = arrays_.order[table];
}

}  // namespace pyojun
