// Any bytes through the reader of SAS data sets: positions stay in the file, streamed and mapped give the same, whatever the chunks.
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

std::string read(std::string_view text, bool streamed, std::size_t target) {
  const auto input = memory_input("fuzz.sas7bdat", std::string(text), streamed);
  const Dialect dialect;
  SymbolTable symbols;
  Source source;
  source.input = input.get();
  source.dialect = &dialect;
  source.kind = "rows";
  source.limits.record_bytes = 4096;
  source.limits.columns = 64;
  source.needs.symbols = &symbols;
  source.needs.all = true;
  auto reader = open_sas7bdat(source);
  if (!reader) return std::string(info(reader.error().code).id);
  std::string out, refused;  // apart: batches differ with the chunks, the order within each list does not
  Chunk chunk;
  RecordBatch batch;
  std::uint64_t lines = 0;
  while (true) {
    const auto more = (*reader)->next(chunk, target);
    must(static_cast<bool>(more));
    if (!*more) return out + refused;
    (*reader)->parse(chunk, batch);
    must(batch.seen == batch.records.size() + batch.rejects.size());
    must(batch.lines == batch.seen);
    for (const Record& record : batch.records) {
      must(record.offset + record.length <= text.size());
      dump_json(batch, record, symbols, lines, out);
    }
    for (const Reject& reject : batch.rejects) {
      must(reject.offset + reject.at <= text.size());
      refused += std::to_string(static_cast<int>(reject.code)) + '@' + std::to_string(reject.offset) + '\n';
    }
    lines += batch.lines;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string whole = read(text, false, 1 << 16);
  must(read(text, true, 1 << 16) == whole);
  must(read(text, true, 1) == whole);
  return 0;
}
