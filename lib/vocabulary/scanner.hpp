// Cuts vocabulary text into rows and fields: Athena's form (tabs, no quoting) 64 bytes at a time, RFC 4180 commas byte by byte.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace pyojun::vocabulary {

// One row's fields, borrowed from the text (or, unquoted, from the scanner until its next row). `count` may exceed what was kept.
struct Fields {
  static constexpr std::size_t most = 16;
  std::string_view at[most];
  std::size_t count = 0;
};

// Tab-separated, nothing quoted. A carriage return before the line feed is left out. Empty lines are passed over, but counted.
class TabRows {
 public:
  explicit TabRows(std::string_view text) : start_(text.data()), end_(text.data() + text.size()), block_(text.data()) {
    if (!text.empty()) mask_ = marks(block_);
  }
  bool next(Fields& row) {
    do {
      if (start_ == end_) return false;
      take(row);
      ++lines_;
    } while (row.count == 1 && row.at[0].empty());
    return true;
  }
  std::uint64_t lines() const { return lines_; }  // lines passed, the last row's included

 private:
  void take(Fields& row) {
    row.count = 0;
    for (;;) {
      while (mask_ == 0) {
        if (end_ - block_ <= 64) {  // the last line has no line feed
          keep(row, end_);
          start_ = end_;
          return;
        }
        block_ += 64;
        mask_ = marks(block_);
      }
      const char* at = block_ + std::countr_zero(mask_);
      mask_ &= mask_ - 1;
      const bool last = *at == '\n';
      keep(row, last && at != start_ && at[-1] == '\r' ? at - 1 : at);
      start_ = at + 1;
      if (last) return;
    }
  }
  void keep(Fields& row, const char* to) {
    if (row.count < Fields::most) row.at[row.count] = {start_, static_cast<std::size_t>(to - start_)};
    ++row.count;
  }
  // Bit i: byte i of the block is a tab or line feed.
  std::uint64_t marks(const char* block) const {
    std::uint64_t result = 0;
    const std::size_t size = static_cast<std::size_t>(end_ - block);
#if defined(__SSE2__)
    if (size >= 64) {
      const __m128i tab = _mm_set1_epi8('\t'), feed = _mm_set1_epi8('\n');
      for (int part = 0; part < 4; ++part) {
        __m128i bytes;
        std::memcpy(&bytes, block + 16 * part, 16);
        const __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(bytes, tab), _mm_cmpeq_epi8(bytes, feed));
        result |= static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(hit))) << (16 * part);
      }
      return result;
    }
#endif
    for (std::size_t i = 0; i < size && i < 64; ++i) {
      if (block[i] == '\t' || block[i] == '\n') result |= std::uint64_t{1} << i;
    }
    return result;
  }

  const char* start_;
  const char* end_;
  const char* block_;
  std::uint64_t mask_ = 0;
  std::uint64_t lines_ = 0;
};

// RFC 4180 with commas (or another delimiter): quoted fields may hold delimiters, doubled quotes and line feeds.
class QuotedRows {
 public:
  explicit QuotedRows(std::string_view text, char delimiter = ',') : text_(text), delimiter_(delimiter) {}
  bool next(Fields& row);
  std::uint64_t lines() const { return lines_; }

 private:
  std::string_view field();
  std::string_view quoted();

  std::string_view text_;
  char delimiter_;
  std::size_t at_ = 0;
  bool row_ended_ = false;
  std::uint64_t lines_ = 0;
  std::deque<std::string> unquoted_;
};

}  // namespace pyojun::vocabulary
