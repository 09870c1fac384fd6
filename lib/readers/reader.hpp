// A reader turns bytes into batches of records. It knows no OMOP. Splitting is sequential and cheap; parsing is parallel.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/input.hpp"
#include "base/result.hpp"
#include "readers/dialect.hpp"
#include "record/batch.hpp"

namespace pyojun {

// Limits from day one (reliability.md 1.4). What goes over them is quarantined and the run goes on.
struct Limits {
  std::uint64_t record_bytes = 64ULL << 20;
  std::uint32_t columns = 10'000;
  std::uint32_t field_bytes = 16U << 20;
  std::uint32_t depth = 128;
  std::uint32_t number_bytes = 1024;
  std::uint32_t xml_depth = 256;        // elements within each other
  std::uint32_t xml_attributes = 1024;  // of one element
};

// Which names the plan reads. A reader may leave out nodes nobody reads, but must still validate the whole record.
struct Needs {
  SymbolTable* symbols = nullptr;  // frozen when all == false: look names up with find(), never intern()
  bool all = false;                // keep every node (inspect, records): names are interned as they come; parse() is then not thread-safe
  std::vector<std::string>
      kinds;                // record kinds the plan reads; empty: every kind. Records of others may come without nodes below the root.
  bool only_kinds = false;  // records of other kinds need not come at all, nor be validated: another pass does that
};

// A run of whole records in the order of the file. Bytes stay alive as long as `keep` does.
struct Chunk {
  std::span<const char> bytes;
  std::uint64_t offset = 0;  // of bytes[0] in the (uncompressed) file as delivered
  std::shared_ptr<const void> keep;
  std::uint64_t sequence = 0;       // 0, 1, 2 ... per file
  bool last_is_cut = false;         // the file ends inside the last record
  std::vector<Finding> findings;    // noticed while splitting; parse() hands them on
  std::uint32_t skipped_lines = 0;  // line ends among `skipped`
  std::uint64_t skipped = 0;        // bytes of the last record that follow `bytes` and were let go because it is over the limit
};

enum class Match : std::uint8_t { no, unsure, yes };

// One open input file. next() is called by one thread at a time; parse() is const and may run on many threads at once.
class Reader {
 public:
  virtual ~Reader() = default;
  // false: no more data. Chunks are about `target` bytes, or one record if that is larger.
  virtual Result<bool> next(Chunk& chunk, std::size_t target) = 0;
  // Fills the batch (cleared first). Never fails: bad data becomes rejects. Deterministic for the same chunk.
  virtual void parse(const Chunk& chunk, RecordBatch& batch) const = 0;
  // Facts found while opening: encoding, delimiter, columns, notes on unknown and missing columns.
  virtual const FileFacts& facts() const = 0;
};

struct Source {
  const Input* input = nullptr;       // outlives the reader
  const Dialect* dialect = nullptr;   // outlives the reader
  std::vector<std::string> expected;  // fields the plan reads of this kind; what is not delivered becomes FileFacts::missing_columns
  std::string kind;                   // record kind from the dialect's file patterns; empty when the format tells it itself
  Limits limits;
  Needs needs;
};

// One row of the formats table. `head` is the first bytes (up to 64 KiB, decompressed) of the file. Pure: no I/O, no file names.
struct Format {
  std::string_view name, about;
  Match (*detect)(std::span<const char> head);
  Result<std::unique_ptr<Reader>> (*open)(const Source& source);
  bool flat = false;  // all records of a file are of the kind the mapping gives the file; else records say themselves what they are
};

std::span<const Format> formats();
const Format* find_format(std::string_view name);

}  // namespace pyojun
