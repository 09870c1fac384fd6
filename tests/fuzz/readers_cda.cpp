// Any bytes through the CDA reader: no crash, books balance, mapped and streamed agree, and what our scanner accepts pugixml accepts too.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <pugixml.hpp>

#include "readers/readers_table.hpp"
#include "readers/xml_scan.hpp"
#include "readers/xml_text.hpp"

using namespace pyojun;

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

std::string read(std::string_view text, bool streamed, bool all) {
  const auto input = memory_input("fuzz.xml", std::string(text), streamed);
  SymbolTable symbols;
  for (const char* name : {"ClinicalDocument", "@file", "section", "text", "entry", "originalText", "reference", "@value", "code", "@code"})
    symbols.intern(name);
  Dialect dialect;
  Source source;
  source.input = input.get();
  source.dialect = &dialect;
  source.limits.record_bytes = 4096;
  source.limits.xml_depth = 20;
  source.limits.xml_attributes = 30;
  source.needs.symbols = &symbols;
  source.needs.all = all;
  auto reader = open_cda(source);
  must(static_cast<bool>(reader));
  std::string out;
  Chunk chunk;
  RecordBatch batch;
  std::uint64_t bytes = 0, line_ends = 0;
  while (true) {
    const auto more = (*reader)->next(chunk, 1);
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
    for (const Reject& reject : batch.rejects) {
      must(reject.offset + reject.at <= text.size());
      out.append(info(reject.code).id).append(std::to_string(reject.at)).append("\n");
    }
    line_ends += batch.lines;
  }
  must(bytes == text.size());
  return out;
}

// pugixml asks for less. Only what it does not know of is left out: names beyond its own character classes are ours too.
void compare(std::string_view text) {
  const XmlText decoded(text);
  if (decoded.failed() != Code::count) return;
  XmlScanner scanner(decoded.text(), {});
  XmlScanner::Token token;
  do {
    token = scanner.next();
    must(scanner.position() <= decoded.text().size());
  } while (token != XmlScanner::Token::finished && token != XmlScanner::Token::failed);
  if (token == XmlScanner::Token::failed) {
    must(scanner.fail_at() <= decoded.text().size());
    return;
  }
  pugi::xml_document document;
  must(static_cast<bool>(document.load_buffer(decoded.text().data(), decoded.text().size(), pugi::parse_default, pugi::encoding_utf8)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const bool all = (data[0] & 1U) != 0;
  must(read(text, false, all) == read(text, true, all));
  detect_cda(text);
  compare(text);
  return 0;
}
