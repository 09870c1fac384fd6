// Settle, second part: references that stand for no living row.
#include <algorithm>
#include <set>

#include "warehouse/settle.hpp"

namespace pyojun {

void Settle::mark_alive() {
  complete_.assign(schema_.tables().size(), 1);
  for (TableId table = 0; table < schema_.tables().size(); ++table) {
    KeyIndex* const index = indexes_.find(table);
    if (index == nullptr || !index->any_mentioned()) continue;
    for (Slot slot = 0; slot < index->size(); ++slot) index->flags(slot) &= static_cast<std::uint8_t>(~KeyIndex::alive);
    for (const std::uint32_t number : segment_.of_table(table)) {
      const ChunkInfo& chunk = chunks_[number];
      const ChunkHeader& header = segment_.header(chunk);
      for (std::uint32_t row = 0; header.keys != KeyForm::none && chunk.live > 0 && row < header.rows; ++row) {
        if (segment_.dead(chunk, row)) continue;
        const Slot slot =
            header.keys == KeyForm::slots ? segment_.at<Slot>(header.keys_at)[row] : index->find(segment_.at<Hash128>(header.keys_at)[row]);
        index->flags(index->root(slot)) |= KeyIndex::alive;
      }
    }
    for (Slot slot = 1; slot < index->size(); ++slot) {
      if ((index->flags(slot) & KeyIndex::mentioned) != 0 && !stands(*index, slot)) complete_[table] = 0;
    }
  }
  keyed_row_died_ = false;
}

bool Settle::complete(TableId table) const { return complete_[table] != 0; }

bool Settle::stands(TableId table, Slot slot) const { return stands(*indexes_.find(table), slot); }

bool Settle::stands(const KeyIndex& index, Slot slot) { return (index.flags(index.root(slot)) & KeyIndex::alive) != 0; }

Status Settle::tell(const EntrySink& sink, std::uint32_t number, std::uint32_t row, ColumnId column, Code code) {
  const ChunkInfo& chunk = chunks_[number];
  const Provenance place = segment_.place_of(chunk, row);
  const Table& table = schema_.table(chunk.table);
  QuarantineEntry entry;
  entry.file = place.file;
  entry.code = code;
  entry.offset = place.offset;
  entry.line = place.line;
  entry.record = place.record;
  entry.length = place.length;
  entry.rule = place.rule;
  entry.column = table.name + "." + table.columns[column].name;
  entry.row_kept = code != Code::orphan_row && code != Code::row_incomplete;
  return sink(entry);
}

// Required references.
Status Settle::orphans_of(std::uint32_t number) {
  const ChunkInfo& chunk = chunks_[number];
  if (chunk.live == 0) return {};
  const Table& table = schema_.table(chunk.table);
  const ChunkHeader& header = segment_.header(chunk);
  for (const auto& column : segment_.columns(chunk)) {
    if (static_cast<Storage>(column.storage) != Storage::references || !table.columns[column.column].required) continue;
    if (complete(column.target)) continue;
    const Slot* const slots = segment_.at<Slot>(column.at);
    for (std::uint32_t row = 0; row < header.rows; ++row) {
      const Slot slot = slots[column.constant != 0 ? 0 : row];
      // Slot 0 refers to nothing: the mapper refuses candidates whose required columns are empty.
      if (slot == 0 || stands(column.target, slot) || segment_.dead(chunk, row)) continue;
      const Code code = segment_.lead(header, row) ? Code::orphan_row : Code::orphan_side_row;
      if (Status status = tell(findings_.told, number, row, column.column, code); !status) return status;
      kill(number, row, Fate::orphan);
    }
  }
  return {};
}

// Was the reference of this row left out in the last run?
bool Settle::missed_before(std::uint32_t number, std::uint32_t row, TableId target, Slot slot) const {
  const std::uint32_t origin = last_.segment == nullptr ? no_origin : last_.origins[number];
  if (origin == no_origin || last_.segment->dead(last_.segment->chunks_[origin], row)) return false;
  const auto ids = last_.segment->tables_[target].ids;
  return slot < ids.size() && ids[slot] == null_integer;
}

// Most references of most nights are to rows that stood before and stand now: a byte a slot says so.
void Settle::doubt(TableId table) {
  const KeyIndex& index = *indexes_.find(table);
  std::span<const std::int32_t> before;
  if (last_.segment != nullptr) before = last_.segment->tables_[table].ids;
  doubted_[table].assign(index.size(), 0);
  for (Slot slot = 1; slot < index.size(); ++slot)
    doubted_[table][slot] = !stands(index, slot) || (slot < before.size() && before[slot] == null_integer) ? 1 : 0;
}

// An optional reference. What the last run told stands; a record is at its end when none of its rows lacks the reference any more.
Status Settle::left_out_of(std::uint32_t number, const ColumnHeader& column) {
  const ChunkInfo& chunk = chunks_[number];
  const Slot* const slots = segment_.at<Slot>(column.at);
  const std::uint8_t* const doubted = doubted_[column.target].data();
  std::vector<std::uint32_t> ended;
  for (std::uint32_t row = 0; row < chunk.rows; ++row) {
    const Slot slot = slots[column.constant != 0 ? 0 : row];
    if (doubted[slot] == 0) continue;
    const bool now = !stands(column.target, slot) && !segment_.dead(chunk, row);
    const bool before = missed_before(number, row, column.target, slot);
    if (now && !before) {
      if (Status status = tell(findings_.told, number, row, column.column, Code::reference_left_out); !status) return status;
    }
    if (before && !now) ended.push_back(row);
  }
  if (ended.empty()) return {};
  const Packed records = segment_.packed(segment_.header(chunk).records);
  std::set<std::uint64_t> lacking;
  for (std::uint32_t row = 0; row < chunk.rows; ++row) {
    const Slot slot = slots[column.constant != 0 ? 0 : row];
    if (slot != 0 && !stands(column.target, slot) && !segment_.dead(chunk, row)) lacking.insert(records[row]);
  }
  for (const std::uint32_t row : ended) {
    if (lacking.contains(records[row])) continue;
    if (Status status = tell(findings_.ended, number, row, column.column, Code::reference_left_out); !status) return status;
  }
  return {};
}

Status Settle::resolve_orphans() {
  do {
    mark_alive();
    for (std::uint32_t number = 0; number < chunks_.size(); ++number) {
      if (Status status = orphans_of(number); !status) return status;
    }
  } while (keyed_row_died_);
  complete_before_.assign(complete_.size(), 1);
  for (std::size_t table = 0; last_.segment != nullptr && table < complete_before_.size(); ++table) {
    const auto ids = last_.segment->tables_[table].ids;  // that of slot 0, no key, is null
    complete_before_[table] = ids.size() < 2 || std::find(ids.begin() + 1, ids.end(), null_integer) == ids.end() ? 1 : 0;
  }
  doubted_.assign(complete_.size(), {});
  for (std::uint32_t number = 0; number < living_; ++number) {
    const Table& table = schema_.table(chunks_[number].table);
    for (const auto& column : segment_.columns(chunks_[number])) {
      if (static_cast<Storage>(column.storage) != Storage::references || table.columns[column.column].required) continue;
      if (complete(column.target) && complete_before_[column.target] != 0) continue;
      if (doubted_[column.target].empty()) doubt(column.target);
      if (Status status = left_out_of(number, column); !status) return status;
    }
  }
  return {};
}

}  // namespace pyojun
