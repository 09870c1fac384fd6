// Any bytes through the HL7 v2 reader: no crash, books balance, places inside the file, mapped and streamed agree whatever the chunks.
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

std::string read(std::string_view text, bool streamed, std::size_t target, bool all) {
  const auto input = memory_input("fuzz.hl7", std::string(text), streamed);
  SymbolTable symbols;
  for (const char* name : {"@id", "@again", "patient", "order", "OBX", "NTE", "OBX-5", "PID-3", "OBR-4", "ORC-1", "MSH-9", "1", "2", "5"})
    symbols.intern(name);
  Dialect dialect;
  Source source;
  source.input = input.get();
  source.dialect = &dialect;
  source.limits.record_bytes = 4096;
  source.needs.symbols = &symbols;
  source.needs.all = all;
  auto reader = open_hl7v2(source);
  if (!reader) return std::string(info(reader.error().code).id);
  std::string out, refused;
  Chunk chunk;
  RecordBatch batch;
  std::uint64_t bytes = 0, line_ends = 0;
  while (true) {
    const auto more = (*reader)->next(chunk, target);
    must(static_cast<bool>(more));
    if (!*more) break;
    must(chunk.offset == bytes && !chunk.bytes.empty());
    bytes += chunk.bytes.size() + chunk.skipped;
    (*reader)->parse(chunk, batch);
    must(batch.seen == batch.records.size() + batch.rejects.size());
    for (const Record& record : batch.records) {
      must(record.offset + record.length <= text.size());
      dump_json(batch, record, symbols, line_ends, out);
    }
    for (const Reject& reject : batch.rejects) {
      must(reject.offset + reject.at <= text.size());
      refused.append(info(reject.code).id).append(std::to_string(reject.offset)).append("\n");
    }
    line_ends += batch.lines;
  }
  must(bytes == text.size());
  return out + refused + std::to_string(line_ends);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const bool all = (data[0] & 1U) != 0;
  const std::string first = read(text, false, 1 << 20, all);
  if (text.size() < 4096) must(first == read(text, true, std::size_t{1} + (data[0] >> 1U), all));
  detect_hl7v2({text.data(), text.size()});
  return 0;
}
