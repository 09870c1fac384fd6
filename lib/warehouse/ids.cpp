// Settle, third part: ids. Keys keep the id of earlier runs; all else is numbered in order of delivery.
#include <algorithm>
#include <vector>

#include "warehouse/settle.hpp"

namespace pyojun {

void Settle::give_ids() {
  for (TableId table = 0; table < schema_.tables().size(); ++table) {
    if (indexes_.entity(table)) {
      give_entity_ids(table);
    } else {
      give_event_ids(table);
    }
    std::uint64_t rows = 0;
    for (const std::uint32_t number : segment_.of_table(table)) rows += chunks_[number].live;
    segment_.tables_[table].rows = static_cast<std::uint32_t>(rows);
    publish_ids(table);
  }
}

void Settle::give_entity_ids(TableId table) {
  KeyIndex& index = indexes_.of(table);
  std::vector<bool> used(static_cast<std::size_t>(index.next_id));
  if (index.joined()) {  // an entity keeps the id that any of its keys had; the smallest when there are several
    for (Slot slot = 1; slot < index.size(); ++slot) {
      std::int32_t& id = index.id(index.root(slot));
      if (index.id(slot) != 0 && index.root(slot) != slot && id == 0) id = index.id(slot);
    }
  }
  const auto each_live = [&](KeyForm form, auto&& act) {
    for (const std::uint32_t number : segment_.of_table(table)) {
      ChunkInfo& chunk = chunks_[number];
      const ChunkHeader& header = segment_.header(chunk);
      if (header.keys == form) act(chunk, header);
    }
  };
  each_live(KeyForm::slots, [&](ChunkInfo& chunk, const ChunkHeader& header) {
    const Slot* const slots = segment_.at<Slot>(header.keys_at);
    chunk.ids = IdForm::by_slot;
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
    if (counted) chunk.ids = IdForm::counted;
  });
  std::int32_t next = index.next_id;
  each_live(KeyForm::none, [&](ChunkInfo& chunk, const ChunkHeader&) {
    chunk.first_id = next;
    next += static_cast<std::int32_t>(chunk.live);
  });
}

void Settle::give_event_ids(TableId table) {
  KeyIndex* const index = indexes_.find(table);
  std::int32_t next = 1;
  for (const std::uint32_t number : segment_.of_table(table)) {
    ChunkInfo& chunk = chunks_[number];
    const ChunkHeader& header = segment_.header(chunk);
    chunk.first_id = next;
    if (index != nullptr && header.keys == KeyForm::hashes) {
      const Hash128* const hashes = segment_.at<Hash128>(header.keys_at);
      std::int32_t id = next;
      for (std::uint32_t row = 0; row < header.rows; ++row) {
        if (segment_.dead(chunk, row)) continue;
        if (const Slot slot = index->find(hashes[row]); slot != 0) index->id(index->root(slot)) = id;
        ++id;
      }
    }
    next += static_cast<std::int32_t>(chunk.live);
  }
}

void Settle::publish_ids(TableId table) {
  KeyIndex* const index = indexes_.find(table);
  if (index == nullptr) return;
  index->forget_lookup();
  auto& ids = arrays_.ids[table];
  ids.resize(index->size());
  for (Slot slot = 0; slot < index->size(); ++slot) {
    ids[slot] = slot != 0 && stands(table, slot) ? index->id(index->root(slot)) : null_integer;
  }
  segment_.tables_[table].ids = {ids.data(), ids.size()};
  if (indexes_.entity(table)) order_by_id(table);
}

// Only when chunk order is not id order.
void Settle::order_by_id(TableId table) {
  std::int32_t last = 0, highest = 0;
  bool rising = true;
  const auto each = [&](auto&& act) {
    for (const std::uint32_t number : segment_.of_table(table)) {
      const ChunkInfo& chunk = chunks_[number];
      std::int32_t next = chunk.first_id;
      const Slot* const slots = chunk.ids == IdForm::by_slot ? segment_.at<Slot>(segment_.header(chunk).keys_at) : nullptr;
      for (std::uint32_t row = 0; row < chunk.rows; ++row) {
        if (!segment_.dead(chunk, row)) act(number, row, slots != nullptr ? arrays_.ids[table][slots[row]] : next++);
      }
    }
  };
  each([&](std::uint32_t, std::uint32_t, std::int32_t id) {
    rising = rising && id > last;
    last = id;
    highest = std::max(highest, id);
  });
  if (rising) return;
  // Placed by id, then closed up in place.
  auto& order = arrays_.order[table];
  order.resize(static_cast<std::size_t>(highest) + 1);
  for (auto& place : std::span(order.data(), order.size())) place.chunk = ~0U;
  each([&](std::uint32_t chunk, std::uint32_t row, std::int32_t id) { order[static_cast<std::size_t>(id)] = {chunk, row}; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (order[i].chunk != ~0U) order[kept++] = order[i];
  }
  order.resize(kept);
  segment_.tables_[table].order = {order.data(), order.size()};
}

}  // namespace pyojun
