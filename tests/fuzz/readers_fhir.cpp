// Any bytes through the FHIR reader: no crash, books balance, mapped and streamed agree; and our JSON grammar against simdjson's own.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "readers/json_index.hpp"
#include "readers/json_walk.hpp"
#include "readers/readers_table.hpp"

using namespace pyojun;

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

std::string read(std::string_view text, bool streamed, std::size_t target, bool all) {
  const auto input = memory_input("fuzz.json", std::string(text), streamed);
  SymbolTable symbols;
  for (const char* name : {"@id", "@file", "code", "reference", "subject", "Patient", "resourceType"}) symbols.intern(name);
  Dialect dialect;
  Source source;
  source.input = input.get();
  source.dialect = &dialect;
  source.limits.record_bytes = 4096;
  source.limits.depth = 20;
  source.needs.symbols = &symbols;
  source.needs.all = all;
  auto reader = open_fhir(source);
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
    bytes += chunk.bytes.size();
    (*reader)->parse(chunk, batch);
    must(batch.seen == batch.records.size() + batch.rejects.size());
    for (const Record& record : batch.records) {
      must(record.offset + record.length <= text.size());
      dump_json(batch, record, symbols, line_ends, out);
    }
    for (const Reject& reject : batch.rejects) must(reject.offset + reject.at <= text.size());
    for (const Reject& reject : batch.rejects)
      refused.append(info(reject.code).id).append(std::to_string(reject.offset + reject.at)).append("\n");
    line_ends += batch.lines;
  }
  must(bytes == text.size());
  return out + refused;
}

// Where simdjson accepts a document, so do we, and the other way round; but for what simdjson 3.0 decides differently.
void compare(std::string_view text) {
  static JsonIndex index;
  SymbolTable symbols;
  const JsonNames names(symbols, false);
  Limits limits;
  RecordBatch batch;
  bool ours = index.build(text);
  Code code = Code::json_syntax;
  if (ours) {
    JsonWalker walker(names, limits, batch);
    walker.start(index);
    ours = walker.skip_value(0) && walker.at_end();
    code = walker.code();
  }
  static simdjson::dom::parser parser;
  const auto error = parser.parse(simdjson::padded_string(text)).error();
  if (ours && error != simdjson::SUCCESS) must(error == simdjson::NUMBER_ERROR || error == simdjson::DEPTH_ERROR);
  if (!ours && error == simdjson::SUCCESS)
    must(code == Code::json_lone_surrogate || code == Code::json_too_deep || code == Code::json_number_too_long);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const bool all = (data[0] & 1U) != 0;
  const std::string first = read(text, false, 1 << 20, all);
  const std::string second = read(text, true, std::size_t{1} + (data[0] >> 1U), all);
  must(first == second);
  detect_fhir(text);
  detect_records(text);
  compare(text);
  return 0;
}
