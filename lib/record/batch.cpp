#include "record/batch.hpp"

#include <algorithm>

#include "base/hangul.hpp"

namespace pyojun {

void RecordBatch::clear() {
  nodes.resize(1);
  records.clear();
  rejects.clear();
  lines = 0;
  seen = 0;
  blank = 0;
  findings.clear();
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

void compose_texts(RecordBatch& batch) {
  // Text is borrowed from the source's bytes or was decoded into the store: one look at these is cheaper than one at every node.
  const bool any = has_separate_hangul(batch.bytes) || std::ranges::any_of(batch.store, has_separate_hangul);
  if (!any) return;
  for (Node& node : batch.nodes) {
    if (node.length < 6 || !has_separate_hangul(node.text())) continue;
    const std::string& composed = batch.store.emplace_back(compose_hangul(node.text()));
    node.data = composed.data();
    node.length = static_cast<std::uint32_t>(composed.size());
  }
}

void add_finding(std::vector<Finding>& findings, Code code, std::string_view subject, std::uint64_t count) {
  if (count == 0) return;
  for (Finding& known : findings) {
    if (known.code == code && known.subject == subject) {
      known.count += count;
      return;
    }
  }
  findings.push_back({code, std::string(subject), count});
}

}  // namespace pyojun
