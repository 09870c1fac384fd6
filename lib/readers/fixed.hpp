// The parts of the reader for fixed-width records: a layout bound to the plan's names, splitter, parser. See docs/formats/fixed.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "readers/json_lines.hpp"
#include "readers/reader.hpp"

namespace pyojun {

// One record kind with the plan's names.
struct FixedKind {
  const FixedRecord* record = nullptr;
  Symbol kind = 0;                            // 0 when no rule reads it
  std::vector<Symbol> symbols;                // by field; 0 when no rule reads it
  std::vector<std::size_t> tags;              // fields of type tag
  bool tagged(std::string_view bytes) const;  // all its tags are there
};

// Everything parse() must know; fixed when the file is opened.
struct FixedLayout {
  std::vector<FixedKind> kinds;
  Encoding encoding = Encoding::cp949;
  bool lines = true;          // a line is a record; else the records stand back to back
  bool pad = false;           // blanks at the end of a line may be missing, or be too many
  std::uint32_t tag_end = 0;  // bytes that tell the kind of a record
  std::vector<std::string> null_words;
  Limits limits;
  std::string file_name;
  Symbol file_symbol = 0;  // "@file" when a rule reads it, else 0

  // The kind of a line; of several with its tags the one of its length, else the nearest in length. Null: none, as of blanks and NULs
  // alone.
  const FixedKind* kind_of_line(std::string_view line) const;
  // The kind of what begins here, when records stand back to back; one without a tag when no other has its tags there. Null: none.
  // Whether the record is one at all (nothing_but_fill) is seen only when all of it is there.
  const FixedKind* kind_at(std::string_view bytes) const;
};

// Blanks and NULs alone: no record of any kind.
bool nothing_but_fill(std::string_view bytes);

// Cuts records that stand back to back into chunks of whole records.
class FixedSplitter {
 public:
  FixedSplitter(std::unique_ptr<ByteStream> stream, const FixedLayout& layout) : stream_(std::move(stream)), layout_(layout) {}
  // As Reader::next. From a place that begins like no record, everything up to the end of the file is one refused record.
  Result<bool> next(Chunk& chunk, std::size_t target);

 private:
  Result<std::size_t> whole_records(std::size_t target, bool& lost);

  std::unique_ptr<ByteStream> stream_;
  const FixedLayout& layout_;
  std::uint64_t sequence_ = 0;
};

void parse_fixed(const FixedLayout& layout, const Chunk& chunk, RecordBatch& batch);

}  // namespace pyojun
