// From a chunk of delimited text to a flat batch: one pass from delimiter to delimiter, nodes written in place.
#include <algorithm>
#include <cstddef>
#include <cstring>

#include "base/short_text.hpp"
#include "readers/byte_scan.hpp"
#include "readers/delimited.hpp"

namespace pyojun {

namespace {

constexpr std::size_t store_block = std::size_t{32} << 10;

// Whether a byte is not ASCII. Reads up to 15 bytes beyond the text as long as they lie before `end`.
inline bool any_high_bit(const char* text, std::size_t size, const char* end) {
  while (end - text >= 16) {
    const auto high = static_cast<unsigned>(_mm_movemask_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(text))));
    if (size <= 16) return (high & ((1U << size) - 1)) != 0;
    if (high != 0) return true;
    text += 16;
    size -= 16;
  }
  return std::any_of(text, text + size, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

// What the inner loop must know of a column.
struct Slot {
  std::uint32_t slot;
  Symbol symbol;
  std::uint64_t rest;  // second half of a text node's words, see write_node
};

// A node is written for every field that is read, so it is written as three words. `rest`: child, name and kind.
static_assert(sizeof(Node) == 24 && offsetof(Node, length) == 8 && offsetof(Node, next) == 12 && offsetof(Node, child) == 16 &&
              offsetof(Node, name) == 20 && offsetof(Node, kind) == 22 && sizeof(Node::kind) == 1);
constexpr std::uint64_t rest_of_node(Symbol name, NodeKind kind) {
  return std::uint64_t{name} << 32 | std::uint64_t{static_cast<std::uint8_t>(kind)} << 48;
}
inline void write_node(Node& node, const char* data, std::size_t size, NodeIndex next, std::uint64_t rest) {
  const std::uint64_t words[2] = {std::uint64_t{static_cast<std::uint32_t>(size)} | std::uint64_t{next} << 32, rest};
  node.data = data;
  std::memcpy(reinterpret_cast<char*>(&node) + offsetof(Node, length), words, sizeof words);
}

class ChunkParser {
 public:
  ChunkParser(const DelimitedLayout& layout, const Chunk& chunk, RecordBatch& batch)
      : layout_(layout),
        chunk_(chunk),
        batch_(batch),
        begin_(chunk.bytes.data()),
        end_(begin_ + chunk.bytes.size()),
        pos_(begin_),
        structurals_(begin_, end_, layout.delimiter),
        counted_(begin_),
        offset_(chunk.offset) {
    for (const auto& word : layout.null_words) null_lengths_ |= std::uint64_t{1} << std::min<std::size_t>(word.size(), 63);
    slots_.reserve(layout.columns.size());
    for (const auto& column : layout.columns) slots_.push_back({column.slot, column.symbol, rest_of_node(column.symbol, NodeKind::text)});
    transcodes_ = layout.encoding == Encoding::cp949 || layout.encoding == Encoding::latin1;
    if (!layout.trusted) careful_ = bad_byte({begin_, chunk.bytes.size()}) != no_bad_byte;
    plain_ = !careful_;
    quote_ = quote_in(begin_, end_);
  }

  void run();

 private:
  void skip_header();
  bool skip_line_end();
  void record();
  void fields();
  template <bool decode, bool nulls>
  bool plain_fields();
  const char* quote_in(const char* at, const char* to) const;
  bool plain_fields_as_read() {
    if (transcodes_) return null_lengths_ != 0 ? plain_fields<true, true>() : plain_fields<true, false>();
    return null_lengths_ != 0 ? plain_fields<false, true>() : plain_fields<false, false>();
  }
  void unclosed_field();
  bool quoted_field();
  void emit(const char* from, std::size_t size);
  void emit_decoded(const char* from, std::size_t size, bool doubled);
  void put(std::uint32_t slot, Symbol name, const char* data, std::size_t size);
  void mark_null(std::string_view text);
  void finish_record();
  void pad();
  void refuse(Code code, const char* at, bool in_column);
  void check_bytes(const char* from, std::size_t size);
  void close_root();
  void take_back_filled();
  std::size_t bad_byte(std::string_view text) const;
  char* room(std::size_t bytes);
  std::uint64_t delivered(const char* to);
  std::uint32_t delivered_length(const char* from, const char* to) const;
  bool is_null(std::string_view text) const {
    if ((null_lengths_ >> (text.size() < 63 ? text.size() : 63) & 1) == 0) return false;
    return std::any_of(layout_.null_words.begin(), layout_.null_words.end(),
                       [text](std::string_view word) { return same_text(word, text); });
  }

  const DelimitedLayout& layout_;
  const Chunk& chunk_;
  RecordBatch& batch_;
  const char *begin_, *end_, *pos_;
  Structurals structurals_;
  Node* nodes_ = nullptr;
  std::vector<Node> pool_;
  NodeIndex base_ = 1;  // root of the record being read
  std::size_t column_ = 0;
  std::uint64_t null_lengths_ = 0;  // bit n: some null word has n bytes (63: or more)
  std::uint64_t step_ = 1;          // what a filled field counts
  bool transcodes_ = false, careful_ = false;
  bool plain_ = false;  // fields need no look inside
  std::vector<Slot> slots_;
  const char* quote_ = nullptr;  // the next quote, once pos_ has passed it another one is looked for; the end: none is left (plain_)

  const char* start_ = nullptr;  // of the record
  const char* stop_ = nullptr;   // of the record, its line end not included
  bool line_ended_ = false;      // a line end follows stop_
  bool refused_ = false;
  Reject reject_;
  std::uint32_t lines_ = 0;        // before the record
  std::uint32_t inner_lines_ = 0;  // inside its quotes

  char *store_at_ = nullptr, *store_end_ = nullptr;
  const char* counted_;  // delivered offsets are known up to here (UTF-16 only)
  std::uint64_t offset_;
};

std::size_t ChunkParser::bad_byte(std::string_view text) const {
  switch (layout_.encoding) {
    case Encoding::latin1:
      return no_bad_byte;
    case Encoding::cp949:
      return find_bad_cp949(text);
    default:
      return find_bad_utf8(text);
  }
}

char* ChunkParser::room(std::size_t bytes) {
  if (static_cast<std::size_t>(store_end_ - store_at_) < bytes) {
    std::string& block = batch_.store.emplace_back(std::max(bytes, store_block), '\0');
    store_at_ = block.data();
    store_end_ = store_at_ + block.size();
  }
  return store_at_;
}

std::uint64_t ChunkParser::delivered(const char* to) {
  if (!layout_.utf16) return chunk_.offset + static_cast<std::uint64_t>(to - begin_);
  offset_ += utf16_bytes({counted_, static_cast<std::size_t>(to - counted_)});
  counted_ = to;
  return offset_;
}

std::uint32_t ChunkParser::delivered_length(const char* from, const char* to) const {
  const auto bytes = static_cast<std::size_t>(to - from);
  return static_cast<std::uint32_t>(layout_.utf16 ? utf16_bytes({from, bytes}) : bytes);
}

inline void ChunkParser::put(std::uint32_t slot, Symbol name, const char* data, std::size_t size) {
  // The last one is closed with the record.
  write_node(nodes_[base_ + slot], data, size, base_ + slot + 1, rest_of_node(name, NodeKind::text));
}

// A field without quotes, or the inside of a quoted one without doubled quotes.
inline void ChunkParser::emit(const char* from, std::size_t size) {
  const DelimitedColumn& column = layout_.columns[column_];
  const bool null = null_lengths_ != 0 && is_null({from, size});
  if (size != 0 && !null) batch_.filled[column_] += step_;
  put(column.slot, column.symbol, from, size);
  if (null) nodes_[base_ + column.slot].kind = NodeKind::null;
  if (transcodes_ && column.symbol != 0 && any_high_bit(from, size, end_)) emit_decoded(from, size, false);
  if (careful_) check_bytes(from, size);
  if (size > layout_.limits.field_bytes) refuse(Code::field_too_large, from, true);
}

// Replaces the text of the node just written by its decoded form in the batch's store.
void ChunkParser::emit_decoded(const char* from, std::size_t size, bool doubled) {
  const std::uint32_t slot = layout_.columns[column_].slot;
  char* const to = room(transcoded_room(size));
  std::size_t written = transcode(to, {from, size}, layout_.encoding);
  if (written == no_bad_byte) return;  // check_bytes refuses the record
  if (doubled) {
    char* out = to;
    for (const char* in = to; in != to + written; ++in) {
      *out++ = *in;
      if (*in == layout_.quote) ++in;
    }
    written = static_cast<std::size_t>(out - to);
  }
  store_at_ = to + written;
  nodes_[base_ + slot].data = to;
  nodes_[base_ + slot].length = static_cast<std::uint32_t>(written);
}

void ChunkParser::check_bytes(const char* from, std::size_t size) {
  const std::size_t bad = bad_byte({from, size});
  if (bad != no_bad_byte) refuse(Code::bytes_undecodable, from + bad, true);
}

// Keeps the first defect of the record.
void ChunkParser::refuse(Code code, const char* at, bool in_column) {
  if (refused_) return;
  refused_ = true;
  reject_ = {};
  reject_.code = code;
  reject_.at = delivered_length(start_, at);
  if (in_column && column_ < layout_.columns.size()) {
    reject_.field = layout_.columns[column_].symbol;
    reject_.path = layout_.columns[column_].name;
  }
}

// At an opening quote. False: the quote is not closed within the chunk.
bool ChunkParser::quoted_field() {
  const char* const inside = pos_ + 1;
  const char* at = inside;
  bool line_ends = false, doubled = false;
  while (true) {
    at = find_quote(at, end_, layout_.quote, line_ends);
    if (at == end_) {
      inner_lines_ += count_line_ends(inside, end_);
      return false;
    }
    if (at + 1 == end_ || at[1] != layout_.quote) break;
    doubled = true;
    at += 2;
  }
  if (line_ends) inner_lines_ += count_line_ends(inside, at);
  if (column_ < layout_.columns.size()) {
    const auto size = static_cast<std::size_t>(at - inside);
    emit(inside, size);
    if (doubled && layout_.columns[column_].symbol != 0) emit_decoded(inside, size, true);
  }
  structurals_.seek(at + 1);
  stop_ = structurals_.next();
  if (stop_ != at + 1) refuse(Code::text_after_quote, at + 1, true);
  return true;
}

// The first quote in [at, to), or `to`.
const char* ChunkParser::quote_in(const char* at, const char* to) const {
  if (!layout_.quoting || at == to) return to;
  const void* const found = std::memchr(at, layout_.quote, static_cast<std::size_t>(to - at));
  return found == nullptr ? to : static_cast<const char*>(found);
}

// The fields up to the first one that is quoted, beyond the last column or over the limit, written straight into the nodes.
// True when that was the whole record.
template <bool decode, bool nulls>
bool ChunkParser::plain_fields() {
  Structurals structurals = structurals_;  // a copy, so that the compiler keeps it in registers
  const Slot* const slots = slots_.data();
  const std::size_t columns = slots_.size(), limit = layout_.limits.field_bytes;
  std::uint64_t* const filled = batch_.filled.data();
  const std::uint64_t step = step_;
  const NodeIndex base = base_;
  Node* const nodes = nodes_ + base;
  const char delimiter = layout_.delimiter;
  const char* const end = end_;
  const char* quote = quote_;
  const char* pos = pos_;
  const char* stop = pos;
  std::size_t column = column_;
  bool done = false;
  while (column < columns) {
    if (pos >= quote) {
      if (pos > quote) quote = quote_in(pos, end);
      if (pos == quote && pos != end) break;
    }
    stop = structurals.next();
    const auto size = static_cast<std::size_t>(stop - pos);
    if (size > limit) [[unlikely]] {
      structurals = Structurals(pos, end, delimiter);
      break;
    }
    bool null = false;
    if constexpr (nulls) null = is_null({pos, size});
    if (size != 0 && !null) filled[column] += step;
    const Slot slot = slots[column];
    write_node(nodes[slot.slot], pos, size, base + slot.slot + 1, null ? rest_of_node(slot.symbol, NodeKind::null) : slot.rest);
    if constexpr (decode) {
      if (slot.symbol != 0 && any_high_bit(pos, size, end)) {
        column_ = column;
        emit_decoded(pos, size, false);
      }
    }
    if (stop == end || *stop != delimiter) {
      done = true;
      break;
    }
    pos = stop + 1;
    ++column;
  }
  structurals_ = structurals;
  quote_ = quote;
  pos_ = pos;
  stop_ = stop;
  column_ = column;
  if (!done && column == columns) refuse(Code::too_many_fields, pos, false);
  return done;
}

void ChunkParser::unclosed_field() {
  const Code code = chunk_.skipped != 0 ? Code::record_too_large : chunk_.last_is_cut ? Code::record_cut : Code::quote_not_closed;
  refuse(code, pos_, true);
  stop_ = end_;
  line_ended_ = false;
}

// All fields of the record at start_; leaves stop_ at its end.
void ChunkParser::fields() {
  const std::size_t columns = slots_.size();
  while (true) {
    if (plain_ && column_ < columns && plain_fields_as_read()) break;
    if (layout_.quoting && pos_ != end_ && *pos_ == layout_.quote) {
      if (!quoted_field()) return unclosed_field();
    } else {
      stop_ = structurals_.next();
      if (column_ < columns) {
        emit(pos_, static_cast<std::size_t>(stop_ - pos_));
      } else if (careful_) {
        check_bytes(pos_, static_cast<std::size_t>(stop_ - pos_));
      }
    }
    if (stop_ == end_ || *stop_ != layout_.delimiter) break;
    pos_ = stop_ + 1;
    if (++column_ == columns) refuse(Code::too_many_fields, pos_, false);
  }
  line_ended_ = stop_ != end_;
}

void ChunkParser::pad() {
  for (++column_; column_ < layout_.columns.size(); ++column_)
    put(layout_.columns[column_].slot, layout_.columns[column_].symbol, stop_, 0);
}

void ChunkParser::close_root() {
  const auto kept = static_cast<std::uint32_t>(layout_.kept.size());
  Node& root = nodes_[base_];
  root = {};
  root.kind = NodeKind::object;
  root.child = kept == 0 ? 0 : base_ + 1;
  if (layout_.file_symbol != 0) put(kept, layout_.file_symbol, layout_.file_name.data(), layout_.file_name.size());
  nodes_[base_ + kept].next = 0;
}

// Refused records do not count as filled: their fields are gone through once more, backwards so to speak.
void ChunkParser::take_back_filled() {
  const char* const stop = stop_;
  const bool line_ended = line_ended_;
  const std::uint32_t inner_lines = inner_lines_;
  structurals_ = Structurals(start_, end_, layout_.delimiter);
  if (const char* const quote = quote_in(start_, stop_); quote != stop_) quote_ = quote;  // else what comes next still does
  pos_ = start_;
  column_ = 0;
  step_ = ~std::uint64_t{0};
  fields();
  step_ = 1;
  stop_ = stop;
  line_ended_ = line_ended;
  inner_lines_ = inner_lines;
}

void ChunkParser::record() {
  start_ = pos_;
  column_ = 0;
  refused_ = false;
  inner_lines_ = 0;
  // The highest slot of a column nobody reads is kept + 1: room for it behind the record.
  const std::size_t needed = base_ + layout_.kept.size() + 2;
  if (needed > pool_.size()) {
    pool_.resize(std::max(needed, pool_.size() * 2));
    nodes_ = pool_.data();
  }
  fields();
  finish_record();
}

// An open quote at the end of a chunk takes the line end into the record; the record's own line end does not belong to it.
void ChunkParser::finish_record() {
  if (!line_ended_ && refused_ && stop_ == end_ && stop_ != start_ && !chunk_.last_is_cut && chunk_.skipped == 0) {
    if (stop_[-1] == '\n') --stop_;
    if (stop_ != start_ && stop_[-1] == '\r') --stop_;
    if (stop_ != end_ && inner_lines_ != 0) --inner_lines_;
    line_ended_ = stop_ != end_;
  }
  const bool touches_end = !line_ended_;
  const bool cut = touches_end && chunk_.last_is_cut;
  if (cut) refuse(Code::record_cut, stop_, false);
  if (!refused_ && column_ + 1 < layout_.columns.size() && !layout_.pad) {
    refuse(touches_end ? Code::record_cut : Code::too_few_fields, stop_, false);
  }
  const auto held = static_cast<std::uint64_t>(stop_ - start_);
  const std::uint64_t rest = touches_end ? chunk_.skipped : 0;
  if (rest != 0 || held > layout_.limits.record_bytes) {
    refused_ = false;
    refuse(Code::record_too_large, start_, false);
  }
  const std::uint64_t offset = delivered(start_);
  if (refused_) {
    reject_.offset = offset;
    reject_.length = static_cast<std::uint32_t>(std::min<std::uint64_t>(delivered_length(start_, stop_) + rest, 0xFFFF'FFFF));
    reject_.line = lines_;
    reject_.record = static_cast<std::uint32_t>(batch_.seen);
    batch_.rejects.push_back(std::move(reject_));
    take_back_filled();
  } else {
    if (column_ + 1 < layout_.columns.size()) pad();
    close_root();
    batch_.records.push_back({base_, layout_.kind, offset, delivered_length(start_, stop_), lines_});
    if (layout_.utf16) batch_.content.emplace_back(start_, static_cast<std::size_t>(stop_ - start_));
    base_ += static_cast<NodeIndex>(layout_.kept.size()) + 1;
  }
  ++batch_.seen;
  lines_ += inner_lines_;
  pos_ = stop_;
  if (line_ended_) {
    skip_line_end();
  } else if (chunk_.skipped != 0) {
    ++lines_;
  }
}

// Steps over one LF, CR or CR LF; false when there is none.
inline bool ChunkParser::skip_line_end() {
  if (pos_ == end_ || (*pos_ != '\n' && *pos_ != '\r')) return false;
  pos_ += pos_[0] == '\r' && end_ - pos_ > 1 && pos_[1] == '\n' ? 2 : 1;
  structurals_.seek(pos_);
  ++lines_;
  return true;
}

void ChunkParser::skip_header() {
  const char* const behind = begin_ + std::min(layout_.header_bytes, chunk_.bytes.size());
  lines_ = count_line_ends(begin_, behind);
  pos_ = behind;
  structurals_.seek(pos_);
}

void ChunkParser::run() {
  // The nodes of the batch's last use are kept as they are: every field of those in use is written anew.
  pool_ = std::move(batch_.nodes);
  batch_.clear();
  pool_.resize(std::max<std::size_t>(pool_.size(), 1));
  pool_[0] = {};
  nodes_ = pool_.data();
  batch_.keep = chunk_.keep;
  batch_.columns = layout_.kept;
  batch_.filled.assign(layout_.columns.size(), 0);
  if (chunk_.sequence == 0) skip_header();
  while (pos_ != end_) {
    if (skip_line_end()) {
      ++batch_.blank;
    } else {
      record();
    }
  }
  batch_.lines = lines_;
  pool_.resize(base_);
  batch_.nodes = std::move(pool_);
}

}  // namespace

void parse_delimited(const DelimitedLayout& layout, const Chunk& chunk, RecordBatch& batch) {
  ChunkParser(layout, chunk, batch).run();
  batch.shape = layout.shape;
}

}  // namespace pyojun
