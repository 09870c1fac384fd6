#include "cdm/rows.hpp"

namespace pyojun {

// Keeps the columns' identity and all memory: the next batch of the same emit fills the same vectors.
void RowChunk::clear_rows() {
  rows = 0;
  for (auto& column : columns) {
    column.integers.clear();
    column.datetimes.clear();
    column.numbers.clear();
    column.ends.clear();
    column.heap.clear();
    column.references.clear();
    column.siblings.clear();
  }
  keys.clear();
  aliases.clear();
  versions.clear();
  orders.clear();
  order_ends.clear();
  order_heap.clear();
  within.clear();
  said.clear();
  records.clear();
  candidates.clear();
  deletes.clear();
  leads.clear();
}

}  // namespace pyojun
