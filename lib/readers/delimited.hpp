// The parts of the reader for delimited text (CSV, TSV and their kin): layout of a file, splitter, parser. See docs/formats/delimited.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "readers/reader.hpp"

namespace pyojun {

// One column of the file, in file order.
struct DelimitedColumn {
  std::string name;        // as delivered, decoded; or from the dialect
  Symbol symbol = 0;       // name used by rules; 0 when no rule reads it
  std::uint32_t slot = 0;  // node behind the root, from 1; kept + 1 when no rule reads it
};

// Everything parse() must know; fixed when the file is opened.
struct DelimitedLayout {
  char delimiter = ',';
  char quote = '"';
  bool quoting = true;
  bool pad = false;                    // short rows are filled with empty fields
  Encoding encoding = Encoding::utf8;  // of the bytes in chunks; UTF-16 arrives here as UTF-8
  bool utf16 = false;                  // delivered offsets count UTF-16 code units
  bool trusted = false;                // the whole file was found to be well-formed in its encoding
  Limits limits;
  std::vector<std::string> null_words;
  std::vector<DelimitedColumn> columns;
  std::vector<Symbol> kept;  // symbols by slot
  Symbol kind = 0;
  std::string file_name;         // value of the extra last node
  Symbol file_symbol = 0;        // "@file" when a rule reads it, else 0
  std::size_t header_bytes = 0;  // at the start of chunk 0, in bytes as in the chunk
  std::uint64_t shape = 0;       // hash of the column names in order (RecordBatch::shape)
};

// Cuts a stream into chunks of whole records. Knows quotes, so that a line end inside a quoted field is none.
class DelimitedSplitter {
 public:
  // `offset`: of the stream's first byte in the file as delivered (behind the byte order mark).
  DelimitedSplitter(std::unique_ptr<ByteStream> stream, const DelimitedLayout& layout, std::uint64_t offset)
      : stream_(std::move(stream)),
        delimiter_(layout.delimiter),
        quote_(layout.quote),
        quoting_(layout.quoting),
        utf16_(layout.utf16),
        limits_(layout.limits),
        offset_(offset) {}

  // As Reader::next. After an error of the stream the whole records before it still come, then the error.
  Result<bool> next(Chunk& chunk, std::size_t target);
  bool drained() const { return held() == 0; }  // nothing is left in the window

 private:
  struct Open {
    bool closed = false;
    std::size_t behind = 0;  // first byte behind the closing quote
    bool at_end = false;     // the file ended first
  };
  bool have(std::size_t bytes);
  std::size_t held() const { return stream_->view().size(); }
  std::size_t opening_quote(std::size_t from, std::size_t to) const;
  Open closing_quote(std::size_t opening);
  std::optional<std::size_t> line_end(std::size_t from);
  std::uint64_t consume(std::size_t bytes);
  void deliver(Chunk& chunk, std::size_t bytes);
  void cut_behind_line(Chunk& chunk, std::size_t line_end);
  void cut_unclosed(Chunk& chunk, std::size_t opening, bool at_end);
  void cut_oversize(Chunk& chunk, std::size_t from);

  std::unique_ptr<ByteStream> stream_;
  char delimiter_, quote_;
  bool quoting_, utf16_;
  Limits limits_;
  std::uint64_t offset_;
  std::uint64_t sequence_ = 0;
  std::optional<Error> failed_;
};

// UTF-16 shown as UTF-8. `cut` (owned by the stream's user) is set when the file ends inside a code unit.
std::unique_ptr<ByteStream> utf16_stream(std::unique_ptr<ByteStream> stream, bool big_endian, std::shared_ptr<bool> cut);

// Records of one chunk, see Reader::parse.
void parse_delimited(const DelimitedLayout& layout, const Chunk& chunk, RecordBatch& batch);

// The fields of one record (no line end behind it), unquoted; nothing when its quotes are wrong.
std::optional<std::vector<std::string>> split_fields(std::string_view record, const DelimitedLayout& layout);

// The best delimiter for the head of a file, by how well the number of fields agrees from record to record.
struct DelimiterGuess {
  char delimiter = ',';
  std::size_t fields = 1;   // most frequent number per record
  std::size_t records = 0;  // looked at
  double agreement = 0;     // share of records with that number
};
DelimiterGuess guess_delimiter(std::string_view head, const DelimitedLayout& layout);

}  // namespace pyojun
