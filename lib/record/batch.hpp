// The one record form every format is turned into: a small node tree in a batch that owns or borrows its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/codes.hpp"
#include "base/symbol.hpp"

namespace pyojun {

// What the source said. Absent (no node), empty (text of length 0) and null (said to be nothing) are three things.
enum class NodeKind : std::uint8_t {
  object,   // has children, no text
  text,     // text as delivered, decoded to UTF-8
  number,   // JSON number: text as written in the source
  boolean,  // text is "true" or "false"
  null,     // JSON null, HL7 `""`, a declared null word
};

using NodeIndex = std::uint32_t;  // 0 means none; node 0 of a batch is never used

// Repetition is several siblings of the same name: a JSON array of n members is n nodes called by the member's name.
// The order among siblings of one name is the source's order. An object may carry text too (CDA mixed content).
struct Node {
  const char* data = nullptr;  // UTF-8; points into the source bytes or into the batch's own store
  std::uint32_t length = 0;
  NodeIndex next = 0;   // next sibling
  NodeIndex child = 0;  // first child
  Symbol name = 0;
  NodeKind kind = NodeKind::text;
  std::string_view text() const { return {data, length}; }
};

// One record: the unit that is counted in the balance and refused as a whole.
struct Record {
  NodeIndex root = 0;        // an object node
  Symbol kind = 0;           // "patients", "Observation", "ORU_R01", "ClinicalDocument"
  std::uint64_t offset = 0;  // byte offset in the (uncompressed) file as delivered
  std::uint32_t length = 0;  // bytes as delivered
  std::uint32_t line = 0;    // line within the batch, from 0; the file's line = batch.first_line + line
};

// A refused record or value. Carries positions and names only, never data.
struct Reject {
  Code code = Code::internal_error;
  std::uint64_t offset = 0;       // byte offset of the record in the file as delivered
  std::uint32_t length = 0;       // length of the record in bytes
  std::uint32_t line = 0;         // within the batch, from 0
  std::uint32_t record = 0;       // readers: place among all records met in the batch, from 0; mapper: index in RecordBatch::records
  std::uint32_t at = 0;           // bytes from `offset` to the defect
  Symbol field = 0;               // field the defect is in, when known
  std::uint16_t rule = 0;         // rule number + 1 for mapping rejects, 0 for reader rejects
  std::uint16_t table = 0xFFFF;   // CDM table (TableId) of `column`, when known
  std::uint16_t column = 0xFFFF;  // CDM column (ColumnId) when known
  std::string path;               // path inside the record ("name[1].given"), built only for rejects
};

// Something a reader noticed that refuses nothing: a note or warning of codes.def, by name and count. Never a value.
struct Finding {
  Code code = Code::internal_error;
  std::string subject;  // a segment id, an element's name; may be empty
  std::uint64_t count = 0;
};
// Adds to the finding of the same code and subject.
void add_finding(std::vector<Finding>& findings, Code code, std::string_view subject, std::uint64_t count);

// A run of whole records, made by Reader::parse from one Chunk. Reused: clear() keeps the memory.
struct RecordBatch {
  std::vector<Node> nodes{Node{}};
  std::vector<Record> records;
  std::vector<Reject> rejects;    // records that were refused by the reader
  std::uint64_t lines = 0;        // line ends consumed
  std::uint64_t seen = 0;         // records met, refused ones included: records.size() + refused
  std::uint64_t blank = 0;        // empty lines, which are no records
  std::vector<Finding> findings;  // sums of all batches of a file are its findings
  // Flat formats: child i of every root is node root + 1 + i and is called columns[i]. Empty for trees.
  std::vector<Symbol> columns;
  std::vector<std::uint64_t> filled;  // flat formats: per file column (all columns, not only the kept ones) non-empty values
  std::deque<std::string> store;      // decoded or unescaped text that nodes point into; addresses are stable
  std::shared_ptr<const void> keep;   // keeps the source bytes alive
  // What `key *` compares: the record's bytes as delivered. They are those of the chunk (`bytes`, set by whoever called parse(); its first
  // byte is at `bytes_offset` of the file), unless the reader says otherwise record by record in `content`: text that was decoded to
  // another encoding, a record inside an envelope. `shape` tells apart equal bytes that mean something else (the column names of a flat
  // file).
  std::string_view bytes;
  std::uint64_t bytes_offset = 0;
  std::vector<std::string_view> content;
  std::uint64_t shape = 0;

  void clear();
  // Content of record `i` of `records`; empty when nothing is known of it (a batch made by hand).
  std::string_view content_of(std::size_t i) const;
  // First child of `parent` called `name`, or 0. In flat batches this is a position, not a search, when the caller keeps it.
  NodeIndex find(NodeIndex parent, Symbol name) const {
    for (NodeIndex i = nodes[parent].child; i != 0; i = nodes[i].next) {
      if (nodes[i].name == name) return i;
    }
    return 0;
  }
  // Next sibling of the same name, or 0.
  NodeIndex next_same(NodeIndex node) const {
    for (NodeIndex i = nodes[node].next; i != 0; i = nodes[i].next) {
      if (nodes[i].name == nodes[node].name) return i;
    }
    return 0;
  }
};

// Makes syllables of Hangul that the source wrote in separate letters (exports of macOS), in every text of the batch: lists, comparisons,
// cuts and columns then see what a reader of Korean sees. `bytes` must be set; offsets and content stay those of the source.
void compose_texts(RecordBatch& batch);

// Appends one record as one JSON line, line end included: {"kind":"patients","offset":0,"length":42,"line":1,"record":{...}}. Repeated
// names become arrays; member order is first appearance; an object's own text is its member "@text". `first_line`: line ends
// before the batch, so that the file's first line is 1. Reader `records` reads it back to the same tree (docs/formats/records.md).
void dump_json(const RecordBatch& batch, const Record& record, const SymbolTable& names, std::uint64_t first_line, std::string& out);

}  // namespace pyojun
