// One chunk of delimited text on its way to a flat batch. Private to the reader: fields are in delimited_fields.cpp, records in
// delimited_parse.cpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/short_text.hpp"
#include "readers/byte_scan.hpp"
#include "readers/delimited.hpp"

namespace pyojun {

// What the inner loop must know of a column.
struct DelimitedSlot {
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

class DelimitedChunk {
 public:
  DelimitedChunk(const DelimitedLayout& layout, const Chunk& chunk, RecordBatch& batch)
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
  std::vector<DelimitedSlot> slots_;
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

inline void DelimitedChunk::put(std::uint32_t slot, Symbol name, const char* data, std::size_t size) {
  // The last one is closed with the record.
  write_node(nodes_[base_ + slot], data, size, base_ + slot + 1, rest_of_node(name, NodeKind::text));
}

}  // namespace pyojun
