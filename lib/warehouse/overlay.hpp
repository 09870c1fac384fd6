// What assembly decided about mapped rows: values changed, rows left out, references that follow. Kept beside the rows, in assemble.change
// and assemble.removal, so that the mapped rows and their provenance stay as they were delivered.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "warehouse/duck.hpp"
#include "warehouse/row_source.hpp"

namespace pyojun {

class Overlay {
 public:
  explicit Overlay(const Schema& schema) : schema_(schema), tables_(schema.tables().size()) {}
  // Reads assemble.change (the last step wins) and assemble.removal of the database; what was loaded before is forgotten.
  Status load(Duck& duck);
  // What one step added to them; the steps before have been loaded.
  Status take(Duck& duck, int step);
  // True when rows of the table look different through the overlay: changed, left out, or referring to a row that was left out.
  bool touches(TableId table) const;
  std::uint64_t removed(TableId table) const { return tables_[table].removed; }
  // Rows of `source` (in primary key order) as assembly leaves them. The overlay outlives the result.
  std::unique_ptr<RowSource> over(std::unique_ptr<RowSource> source) const;

 private:
  friend class OverlaySource;
  // Changed cells of one column, ids ascending. Values as in BlockColumn: days, microseconds, bits of a double; texts apart.
  struct Cells {
    ColumnId column = no_column;
    std::vector<std::int32_t> ids;
    std::vector<std::int64_t> values;
    std::vector<std::string> texts;
  };
  struct TableOverlay {
    std::vector<Cells> cells;
    std::vector<bool> gone;                                        // by id
    std::vector<std::pair<std::int32_t, std::int32_t>> followers;  // id left out -> id that stands for it, or null_integer
    std::uint64_t removed = 0;
  };
  Status load_columns(Duck& duck, const std::string& where);
  Status load_cells(Duck& duck, TableId table, ColumnId column);
  Status load_removals(Duck& duck);
  bool is_gone(TableId table, std::int32_t id) const {
    const auto& gone = tables_[table].gone;
    return id >= 0 && static_cast<std::size_t>(id) < gone.size() && gone[static_cast<std::size_t>(id)];
  }
  // Of all that the overlay says about a table.
  std::uint64_t mark(TableId table) const;
  std::int32_t follow(TableId table, std::int32_t id) const;

  const Schema& schema_;
  std::vector<TableOverlay> tables_;  // by TableId
};

}  // namespace pyojun
