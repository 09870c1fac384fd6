// Reads a text through a reader as the pipeline does, mapped and streamed, in small and large chunks, and insists on one result.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "readers/readers_table.hpp"

namespace reading {

using namespace pyojun;

struct Outcome {
  Code failed = Code::count;  // of open, next; Code::count: none
  std::string subject;
  std::vector<std::string> lines;  // records as dump_json writes them
  std::vector<Reject> rejects;     // lines made file lines, from 0
  std::vector<Record> records;     // likewise
  std::uint64_t seen = 0, line_ends = 0, bytes = 0;
  FileFacts facts;
};

struct Options {
  Result<std::unique_ptr<Reader>> (*open)(const Source&) = open_fhir;
  Dialect dialect;
  Limits limits;
  std::vector<std::string> needs;  // empty: all names
  std::vector<std::string> kinds;
  bool only_kinds = false;
  std::string name = "sample.json";
};

inline Outcome read_once(std::string_view text, const Options& options, bool streamed, std::size_t target) {
  Outcome out;
  const auto input = memory_input(options.name, std::string(text), streamed);
  SymbolTable symbols;
  for (const auto& name : options.needs) symbols.intern(name);
  Source source;
  source.input = input.get();
  source.dialect = &options.dialect;
  source.limits = options.limits;
  source.needs.symbols = &symbols;
  source.needs.all = options.needs.empty();
  source.needs.kinds = options.kinds;
  source.needs.only_kinds = options.only_kinds;
  auto reader = options.open(source);
  if (!reader) {
    out.failed = reader.error().code;
    out.subject = reader.error().subject;
    return out;
  }
  Chunk chunk;
  RecordBatch batch;
  while (true) {
    const auto more = (*reader)->next(chunk, target);
    if (!more) {
      out.failed = more.error().code;
      return out;
    }
    if (!*more) break;
    CHECK(chunk.offset == out.bytes);
    out.bytes += chunk.bytes.size();
    (*reader)->parse(chunk, batch);
    for (Record record : batch.records) {
      dump_json(batch, record, symbols, out.line_ends, out.lines.emplace_back());
      record.line += static_cast<std::uint32_t>(out.line_ends);
      out.records.push_back(record);
    }
    for (Reject reject : batch.rejects) {
      reject.line += static_cast<std::uint32_t>(out.line_ends);
      reject.record = 0;
      out.rejects.push_back(reject);
    }
    CHECK(batch.seen == batch.records.size() + batch.rejects.size());
    out.seen += batch.seen;
    out.line_ends += batch.lines;
  }
  CHECK(out.bytes == text.size());
  CHECK(out.line_ends == static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n')));
  out.facts = (*reader)->facts();
  return out;
}

// The result must not depend on how the bytes come.
inline Outcome read_text(std::string_view text, const Options& options = {}) {
  const Outcome first = read_once(text, options, false, std::size_t{512} << 10);
  for (const bool streamed : {false, true}) {
    for (const std::size_t target : {std::size_t{1}, std::size_t{100}, std::size_t{512} << 10}) {
      const Outcome other = read_once(text, options, streamed, target);
      CHECK(other.failed == first.failed);
      CHECK(other.lines == first.lines);
      CHECK(other.seen == first.seen);
      REQUIRE(other.rejects.size() == first.rejects.size());
      for (std::size_t i = 0; i < first.rejects.size(); ++i) {
        CHECK(other.rejects[i].code == first.rejects[i].code);
        CHECK(other.rejects[i].offset == first.rejects[i].offset);
        CHECK(other.rejects[i].at == first.rejects[i].at);
        CHECK(other.rejects[i].line == first.rejects[i].line);
      }
    }
  }
  return first;
}

// The part of a dumped line behind "record":.
inline std::string body(const std::string& line) {
  const std::size_t at = line.find("\"record\":");
  return at == std::string::npos ? std::string() : line.substr(at + 9, line.size() - at - 11);
}

inline std::filesystem::path shared_data() {
  if (const char* named = std::getenv("PYOJUN_SHARED"); named != nullptr) return named;
  return std::filesystem::path(PYOJUN_SOURCE_DIR) / "../shared/data";
}

inline std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline std::vector<std::filesystem::path> files_under(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  if (!std::filesystem::exists(folder)) return files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace reading
