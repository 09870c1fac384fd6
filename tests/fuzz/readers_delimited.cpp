// Any bytes as delimited text: positions inside the file, records one after the other, every record either there or refused, and the same
// outcome whatever the size of the chunks. The first bytes choose the settings.
#include <algorithm>
#include <cstdlib>
#include <string>

#include "../unit/readers/delimited_help.hpp"

using namespace pyojun;
using namespace pyojun::test;

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

Setup setup_from(unsigned char a, unsigned char b) {
  Setup setup;
  static constexpr const char* encodings[] = {"", "utf-8", "cp949", "latin-1", "utf-16le", "utf-16be", "", ""};
  setup.dialect.encoding = encodings[a & 7];
  if ((a & 8) != 0) setup.dialect.ragged = "pad";
  if ((a & 16) != 0) setup.dialect.quote = "none";
  if ((a & 32) != 0) setup.dialect.null_words = {"NULL", "."};
  if ((a & 64) != 0) setup.limits.record_bytes = 8 + (b >> 4);
  if ((a & 128) != 0) setup.limits.field_bytes = 4;
  if ((b & 1) != 0) setup.dialect.delimiter = ";";
  if ((b & 2) != 0) setup.plan = {"a", "b", "@file"};
  return setup;
}

void check_positions(const Outcome& out, std::uint64_t size) {
  struct Span {
    std::uint64_t from, to;
  };
  std::vector<Span> spans;
  for (const auto& record : out.records) spans.push_back({record.offset, record.offset + record.length});
  for (const auto& reject : out.rejects) {
    spans.push_back({reject.offset, reject.offset + reject.length});
    check(reject.at <= reject.length);
  }
  std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.from < b.from; });
  std::uint64_t last = 0;
  for (const Span& span : spans) {
    check(span.from >= last && span.to >= span.from && span.to <= size);
    last = span.to;
  }
  check(out.seen == out.records.size() + out.rejects.size());
  for (const auto& row : out.rows) check(row.size() == out.columns.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 2) return 0;
  Setup setup = setup_from(data[0], data[1]);
  const std::string text(reinterpret_cast<const char*>(data + 2), size - 2);
  setup.target = 1 << 20;
  const Outcome whole = read(text, setup);
  check_positions(whole, text.size());
  setup.target = 1 + data[1] % 40;
  setup.streamed = true;
  const Outcome parts = read(text, setup);
  check_positions(parts, text.size());
  check(parts.error == whole.error);
  // Over the limit, a record may be met by its length or by the length of its open quote: that depends on where the chunk began.
  if ((data[0] & 64) == 0) {
    check(parts.rows == whole.rows && parts.lines == whole.lines && parts.filled == whole.filled && parts.seen == whole.seen);
    for (std::size_t i = 0; i < whole.rejects.size(); ++i) {
      check(parts.rejects[i].code == whole.rejects[i].code && parts.rejects[i].offset == whole.rejects[i].offset);
    }
  }
  const std::span<const char> head(text.data(), text.size());
  (void)detect_delimited(head);
  return 0;
}
