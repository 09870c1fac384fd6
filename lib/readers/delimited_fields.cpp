// The fields of a record: from delimiter to delimiter in one pass, nodes written in place.
#include <algorithm>
#include <cstring>

#include "readers/delimited_chunk.hpp"

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

}  // namespace

std::size_t DelimitedChunk::bad_byte(std::string_view text) const {
  switch (layout_.encoding) {
    case Encoding::latin1:
      return no_bad_byte;
    case Encoding::cp949:
      return find_bad_cp949(text);
    default:
      return find_bad_utf8(text);
  }
}

char* DelimitedChunk::room(std::size_t bytes) {
  if (static_cast<std::size_t>(store_end_ - store_at_) < bytes) {
    std::string& block = batch_.store.emplace_back(std::max(bytes, store_block), '\0');
    store_at_ = block.data();
    store_end_ = store_at_ + block.size();
  }
  return store_at_;
}

// A field without quotes, or the inside of a quoted one without doubled quotes.
inline void DelimitedChunk::emit(const char* from, std::size_t size) {
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
void DelimitedChunk::emit_decoded(const char* from, std::size_t size, bool doubled) {
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

void DelimitedChunk::check_bytes(const char* from, std::size_t size) {
  const std::size_t bad = bad_byte({from, size});
  if (bad != no_bad_byte) refuse(Code::bytes_undecodable, from + bad, true);
}

// At an opening quote. False: the quote is not closed within the chunk.
bool DelimitedChunk::quoted_field() {
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
const char* DelimitedChunk::quote_in(const char* at, const char* to) const {
  if (!layout_.quoting || at == to) return to;
  const void* const found = std::memchr(at, layout_.quote, static_cast<std::size_t>(to - at));
  return found == nullptr ? to : static_cast<const char*>(found);
}

// The fields up to the first one that is quoted, beyond the last column or over the limit, written straight into the nodes.
// True when that was the whole record.
template <bool decode, bool nulls>
bool DelimitedChunk::plain_fields() {
  Structurals structurals = structurals_;  // a copy, so that the compiler keeps it in registers
  const DelimitedSlot* const slots = slots_.data();
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
    const DelimitedSlot slot = slots[column];
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

void DelimitedChunk::unclosed_field() {
  const Code code = chunk_.skipped != 0 ? Code::record_too_large : chunk_.last_is_cut ? Code::record_cut : Code::quote_not_closed;
  refuse(code, pos_, true);
  stop_ = end_;
  line_ended_ = false;
}

// All fields of the record at start_; leaves stop_ at its end.
void DelimitedChunk::fields() {
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

}  // namespace pyojun
