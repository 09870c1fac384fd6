// Any bytes through the reader of dumped records; what it accepts dumps to lines that it reads back to the same lines.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "readers/readers_table.hpp"

using namespace pyojun;

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

// Dumps without positions, which differ between a file and its dump.
std::string read(std::string_view text, bool streamed, std::string& lines) {
  const auto input = memory_input("fuzz.jsonl", std::string(text), streamed);
  SymbolTable symbols;
  Dialect dialect;
  Source source;
  source.input = input.get();
  source.dialect = &dialect;
  source.limits.record_bytes = 4096;
  source.limits.depth = 20;
  source.needs.symbols = &symbols;
  source.needs.all = true;
  auto reader = open_records(source);
  if (!reader) return {};
  std::string bodies;
  Chunk chunk;
  RecordBatch batch;
  while (true) {
    const auto more = (*reader)->next(chunk, 64);
    must(static_cast<bool>(more));
    if (!*more) break;
    (*reader)->parse(chunk, batch);
    must(batch.seen == batch.records.size() + batch.rejects.size());
    for (const Record& record : batch.records) {
      const std::size_t from = lines.size();
      dump_json(batch, record, symbols, 0, lines);
      bodies.append(lines, lines.find("\"record\":", from), std::string::npos);
    }
  }
  return bodies;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string lines, streamed_lines, again_lines;
  const std::string bodies = read(text, false, lines);
  must(read(text, true, streamed_lines) == bodies);
  // Escapes may make a line longer than the limit of one record; then it is refused on return.
  if (lines.size() < 4096) must(read(lines, false, again_lines) == bodies);
  return 0;
}
