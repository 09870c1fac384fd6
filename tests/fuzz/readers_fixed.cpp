// Any bytes through the reader of fixed-width records: every record is accounted for, streamed and mapped give the same.
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

Dialect layout(bool pad) {
  using Type = FixedField::Type;
  Dialect dialect;
  dialect.ragged = pad ? "pad" : "refuse";
  FileKind file;
  file.kind = "claims";
  file.records.push_back({"a", 12, {{"T", 0, 1, Type::tag, 0, {"A"}}, {"N", 1, 6, Type::text, 0, {}}, {"V", 7, 5, Type::number, 2, {}}}});
  file.records.push_back({"b", 9, {{"T", 0, 1, Type::tag, 0, {"B", "A"}}, {"D", 1, 8, Type::date, 0, {}}}});
  file.records.push_back({"c", 5, {{"R", 0, 5, Type::raw, 0, {}}}});
  dialect.files.push_back(file);
  return dialect;
}

std::string read(std::string_view text, bool pad, bool streamed, std::size_t target) {
  const auto input = memory_input("fuzz.sam", std::string(text), streamed);
  const Dialect dialect = layout(pad);
  SymbolTable symbols;
  Source source;
  source.input = input.get();
  source.dialect = &dialect;
  source.kind = "claims";
  source.limits.record_bytes = 4096;
  source.needs.symbols = &symbols;
  source.needs.all = true;
  auto reader = open_fixed(source);
  if (!reader) return {};
  std::string out;
  Chunk chunk;
  RecordBatch batch;
  std::uint64_t lines = 0;
  while (true) {
    const auto more = (*reader)->next(chunk, target);
    must(static_cast<bool>(more));
    if (!*more) return out;
    (*reader)->parse(chunk, batch);
    must(batch.seen == batch.records.size() + batch.rejects.size());
    for (const Record& record : batch.records) {
      must(record.offset + record.length <= text.size());
      dump_json(batch, record, symbols, lines, out);
    }
    for (const Reject& reject : batch.rejects) must(reject.offset + reject.at <= text.size());
    lines += batch.lines;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 4000) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool pad = (data[0] & 1U) != 0;
  const std::string whole = read(text, pad, false, 1 << 16);
  must(read(text, pad, true, 1 << 16) == whole);
  must(read(text, pad, true, 5) == whole);
  return 0;
}
