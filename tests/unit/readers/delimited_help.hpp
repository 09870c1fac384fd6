// Reads a text as delimited records and shows what came of it, whatever the chunk size and whether mapped or streamed.
#pragma once

#include <string>
#include <vector>

#include "readers/readers_table.hpp"

namespace pyojun::test {

struct Outcome {
  std::vector<std::vector<std::string>> rows;  // kept columns; "\x01null" for null
  std::vector<std::string> columns;            // names of the kept columns
  std::vector<Record> records;                 // line is the line in the file, from 1
  std::vector<Reject> rejects;                 // line is the line in the file, from 1; record counts from 0 over the file
  std::uint64_t seen = 0, lines = 0, blank = 0;
  std::vector<std::uint64_t> filled;
  FileFacts facts;
  Code error = Code::count;  // of opening or reading
  std::uint64_t error_offset = 0;
};

struct Setup {
  Dialect dialect;
  std::string kind;
  std::vector<std::string> plan;  // names the plan reads; empty: all
  std::vector<std::string> expected;
  Limits limits;
  std::size_t target = 1 << 16;
  bool streamed = false;
};

inline void collect(const RecordBatch& batch, const SymbolTable& names, Outcome& out) {
  out.columns.clear();
  for (const Symbol column : batch.columns) out.columns.emplace_back(names.name(column));
  for (Record record : batch.records) {
    std::vector<std::string> row;
    std::size_t expected_node = record.root + 1;
    for (NodeIndex i = batch.nodes[record.root].child; i != 0; i = batch.nodes[i].next) {
      const Node& node = batch.nodes[i];
      row.emplace_back(node.kind == NodeKind::null ? std::string("\x01null") : std::string(node.text()));
      if (i != expected_node++ || node.name != batch.columns[row.size() - 1]) row.emplace_back("\x01wrong node");
    }
    out.rows.push_back(std::move(row));
    record.line += static_cast<std::uint32_t>(out.lines) + 1;
    out.records.push_back(record);
  }
  for (Reject reject : batch.rejects) {
    reject.line += static_cast<std::uint32_t>(out.lines) + 1;
    reject.record += static_cast<std::uint32_t>(out.seen);
    out.rejects.push_back(reject);
  }
  out.seen += batch.seen;
  out.lines += batch.lines;
  out.blank += batch.blank;
  out.filled.resize(batch.filled.size());
  for (std::size_t i = 0; i < batch.filled.size(); ++i) out.filled[i] += batch.filled[i];
}

inline Outcome read(const Input& input, const Setup& setup = {}) {
  Outcome out;
  SymbolTable names;
  for (const auto& name : setup.plan) names.intern(name);
  Source source;
  source.input = &input;
  source.dialect = &setup.dialect;
  source.kind = setup.kind;
  source.expected = setup.expected;
  source.limits = setup.limits;
  source.needs.symbols = &names;
  source.needs.all = setup.plan.empty();
  auto reader = open_delimited(source);
  if (!reader) {
    out.error = reader.error().code;
    out.error_offset = reader.error().at.offset;
    return out;
  }
  out.facts = (*reader)->facts();
  RecordBatch batch;
  Chunk chunk;
  while (true) {
    auto more = (*reader)->next(chunk, setup.target);
    if (!more) {
      out.error = more.error().code;
      out.error_offset = more.error().at.offset;
      return out;
    }
    if (!*more) return out;
    (*reader)->parse(chunk, batch);
    collect(batch, names, out);
  }
}

inline Outcome read(const std::string& text, const Setup& setup = {}) {
  const auto input = memory_input("test.csv", text, setup.streamed);
  return read(*input, setup);
}

}  // namespace pyojun::test
