// Settle, second part: references that stand for no living row.
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
      if ((index->flags(slot) & KeyIndex::mentioned) != 0 && !stands(table, slot)) complete_[table] = 0;
    }
  }
  keyed_row_died_ = false;
}

bool Settle::complete(TableId table) const { return complete_[table] != 0; }

bool Settle::stands(TableId table, Slot slot) const {
  const KeyIndex* const index = indexes_.find(table);
  return (index->flags(index->root(slot)) & KeyIndex::alive) != 0;
}

Status Settle::tell(std::uint32_t number, std::uint32_t row, ColumnId column, Code code) {
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
  entry.row_kept = code != Code::orphan_row;
  return sink_(entry);
}

Status Settle::orphans_of(std::uint32_t number, bool required) {
  const ChunkInfo& chunk = chunks_[number];
  if (chunk.live == 0) return {};
  const Table& table = schema_.table(chunk.table);
  const ChunkHeader& header = segment_.header(chunk);
  for (const auto& column : segment_.columns(chunk)) {
    if (static_cast<Storage>(column.storage) != Storage::references || table.columns[column.column].required != required) continue;
    if (complete(column.target)) continue;
    const Slot* const slots = segment_.at<Slot>(column.at);
    for (std::uint32_t row = 0; row < header.rows; ++row) {
      const Slot slot = slots[column.constant != 0 ? 0 : row];
      // Slot 0 refers to nothing: the mapper refuses candidates whose required columns are empty.
      if (slot == 0 || stands(column.target, slot) || segment_.dead(chunk, row)) continue;
      if (!required) {
        if (Status status = tell(number, row, column.column, Code::reference_left_out); !status) return status;
        continue;
      }
      const Code code = segment_.lead(header, row) ? Code::orphan_row : Code::orphan_side_row;
      if (Status status = tell(number, row, column.column, code); !status) return status;
      kill(number, row, Fate::orphan);
    }
  }
  return {};
}

Status Settle::resolve_orphans() {
  do {
    mark_alive();
    for (std::uint32_t number = 0; number < chunks_.size(); ++number) {
      if (Status status = orphans_of(number, true); !status) return status;
    }
  } while (keyed_row_died_);
  for (std::uint32_t number = 0; number < chunks_.size(); ++number) {
    if (Status status = orphans_of(number, false); !status) return status;
  }
  return {};
}

}  // namespace pyojun
