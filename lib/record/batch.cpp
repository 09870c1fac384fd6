#include "record/batch.hpp"

namespace pyojun {

void RecordBatch::clear() {
  nodes.resize(1);
  records.clear();
  rejects.clear();
  lines = 0;
  seen = 0;
  blank = 0;
  columns.clear();
  filled.clear();
  store.clear();
  keep.reset();
}

}  // namespace pyojun
