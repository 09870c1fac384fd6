// The parts of the reader for HL7 v2 messages: delimiters, names a plan reads, splitter, parser. See docs/formats/hl7v2.md.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "readers/hl7v2_charset.hpp"
#include "readers/hl7v2_segments.hpp"
#include "readers/reader.hpp"

namespace pyojun {

// Limits of one message (reliability.md 1.4).
struct Hl7Limits {
  std::uint32_t segments = 50'000;     // in a message
  std::uint32_t repetitions = 10'000;  // of a field
};

// ---- lines ----

enum class Hl7Header : std::uint8_t { none, message, batch_start, batch_end };  // MSH; FHS BHS; BTS FTS

// What a line is that begins at `at`; a byte order mark, blanks and MLLP's 0x0B in front do not matter. `at` moves to the id.
Hl7Header hl7_header_at(const char*& at, const char* to);

// The bytes from one header line (or from anything, at the start of a file) up to the next header line.
struct Hl7Extent {
  const char* end = nullptr;  // where the next header line begins, or the end of the text
  Hl7Header next = Hl7Header::none;
  std::uint32_t lines = 0;  // line ends before `end`: LF, CR, and CR LF as one
  bool high = false;        // bytes above 0x7F
  bool zero = false;        // NUL bytes
};
Hl7Extent hl7_extent(const char* from, const char* to);

// ---- delimiters ----

// As MSH-1 and MSH-2 of one message declare them; 0: the message has none of this sort.
struct Hl7Delimiters {
  char field = '|', component = '^', repetition = '~', escape = '\\', subcomponent = '&', truncation = 0;
  bool repaired = false;       // what stood there was not usable as it is, the standard's sign was taken
  const char* rest = nullptr;  // behind MSH-2
};
// `from`: behind "MSH"; `to`: end of the line. Nothing when the signs are not distinct printable ASCII.
std::optional<Hl7Delimiters> hl7_delimiters(const char* from, const char* to);

// ---- text ----

// Appends a text with its escape sequences resolved; answers how many were of no known kind and stayed as they are.
std::uint32_t hl7_unescape(std::string& out, std::string_view text, const Hl7Delimiters& signs, const Hl7Encoding& encoding);

// ---- names ----

// What the plan reads of one segment.
struct Hl7Segment {
  std::uint32_t code = 0;
  SegmentPlace place = SegmentPlace::current;
  Symbol node = 0;  // its id, when it is a node of its own
  struct Field {
    std::uint32_t number = 0;
    Symbol name = 0;
  };
  std::vector<Field> wanted;   // in order of their numbers
  std::vector<Symbol> fields;  // by field number, when all is kept; [0] is not used
  bool read = false;           // by any rule
};

class Hl7Names {
 public:
  explicit Hl7Names(const Needs& needs);
  // Knows every id when all is kept, else those the plan names and those of the structure table; nullptr: no rule reads it.
  const Hl7Segment* segment(std::uint32_t code) const;
  // The next field to be read from `number` on; number 0: none is. `place` goes up with every call, from 0.
  Hl7Segment::Field next_field(const Hl7Segment& segment, std::uint32_t number, std::size_t& place) const {
    if (all_) return {number, any_field(segment, number)};
    while (place < segment.wanted.size() && segment.wanted[place].number < number) ++place;
    return place < segment.wanted.size() ? segment.wanted[place] : Hl7Segment::Field{};
  }
  Symbol part(std::uint32_t number) const { return number < parts_.size() ? parts_[number] : any_part(number); }  // "1", "2" ..
  Symbol kind(std::string_view name) const { return all_ ? symbols_->intern(name) : symbols_->find(name); }

  bool all() const { return all_; }

  Symbol patient = 0, order = 0, file = 0, id = 0, again = 0;

 private:
  Hl7Segment& make(std::uint32_t code) const;
  Symbol any_field(const Hl7Segment& segment, std::uint32_t number) const;
  Symbol any_part(std::uint32_t number) const;

  SymbolTable* symbols_;
  bool all_;
  mutable std::vector<std::unique_ptr<Hl7Segment>> segments_;  // open addressing by code
  mutable std::size_t used_ = 0;
  std::array<Symbol, 64> parts_{};
};

// Everything parse() must know; fixed when the file is opened.
struct Hl7Setup {
  Hl7Setup(const Needs& needs, const Limits& given, std::string file) : names(needs), limits(given), file_name(std::move(file)) {}
  Hl7Names names;
  Limits limits;
  Hl7Limits message;
  std::string file_name;
  Hl7Encoding undeclared;  // for bytes above 0x7F in messages that name no set; `undeclared`: refused unless they are UTF-8
};

// Records of one chunk, see Reader::parse.
void parse_hl7v2(const Hl7Setup& setup, const Chunk& chunk, RecordBatch& batch);

// Cuts a stream in front of header lines; compares the counts that batch trailers give with what came.
class Hl7Splitter {
 public:
  Hl7Splitter(std::unique_ptr<ByteStream> stream, const Limits& limits) : stream_(std::move(stream)), limits_(limits) {}
  Result<bool> next(Chunk& chunk, std::size_t target);  // as Reader::next

 private:
  bool have(std::size_t bytes);
  std::optional<std::size_t> boundary(std::size_t from);
  void deliver(Chunk& chunk, std::size_t bytes);
  void count(std::span<const char> bytes, bool last, Chunk& chunk);
  void trailer(std::string_view line, std::uint64_t came, Chunk& chunk);
  void skip_rest(Chunk& chunk);

  std::unique_ptr<ByteStream> stream_;
  Limits limits_;
  std::uint64_t sequence_ = 0, messages_ = 0, in_batch_ = 0, batches_ = 0;
  int open_files_ = 0, open_batches_ = 0;
  std::optional<Error> failed_;
};

}  // namespace pyojun
