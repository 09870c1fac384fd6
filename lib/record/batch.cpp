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
  bytes = {};
  bytes_offset = 0;
  content.clear();
  shape = 0;
}

std::string_view RecordBatch::content_of(std::size_t i) const {
  if (!content.empty()) return content[i];
  const Record& record = records[i];
  if (record.offset < bytes_offset || record.offset - bytes_offset > bytes.size()) return {};
  return bytes.substr(static_cast<std::size_t>(record.offset - bytes_offset), record.length);
}

}  // namespace pyojun
