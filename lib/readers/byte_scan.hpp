// Looking for a few byte values 16 or 64 at a time (SSE2, which every x86-64 has).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <emmintrin.h>

namespace pyojun {

// First '\n' or '\r' in [from, to), or `to`.
inline const char* find_line_end(const char* from, const char* to) {
  const __m128i lf = _mm_set1_epi8('\n'), cr = _mm_set1_epi8('\r');
  for (; to - from >= 16; from += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    const int found = _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(bytes, lf), _mm_cmpeq_epi8(bytes, cr)));
    if (found != 0) return from + __builtin_ctz(static_cast<unsigned>(found));
  }
  while (from != to && *from != '\n' && *from != '\r') ++from;
  return from;
}

// First `quote` in [from, to), or `to`; `line_ends` is set when a '\n' or '\r' lies before it (or a few bytes behind it).
inline const char* find_quote(const char* from, const char* to, char quote, bool& line_ends) {
  const __m128i wanted = _mm_set1_epi8(quote), lf = _mm_set1_epi8('\n'), cr = _mm_set1_epi8('\r');
  for (; to - from >= 16; from += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    const int breaks = _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(bytes, lf), _mm_cmpeq_epi8(bytes, cr)));
    const int found = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, wanted));
    line_ends |= breaks != 0;
    if (found != 0) return from + __builtin_ctz(static_cast<unsigned>(found));
  }
  for (; from != to && *from != quote; ++from) line_ends |= *from == '\n' || *from == '\r';
  return from;
}

// Line ends in [from, to): LF, CR, and CR LF as one.
inline std::uint32_t count_line_ends(const char* from, const char* to) {
  std::uint32_t count = 0;
  while ((from = find_line_end(from, to)) != to) {
    from += from[0] == '\r' && to - from > 1 && from[1] == '\n' ? 2 : 1;
    ++count;
  }
  return count;
}

// Goes from one delimiter or line end to the next.
class Structurals {
 public:
  Structurals(const char* from, const char* to, char delimiter) : delimiter_(_mm_set1_epi8(delimiter)), to_(to) { load(from); }

  // The next one, which is then behind us; the end of the text when there is none.
  const char* next() {
    while (mask_ == 0) {
      if (to_ - block_ <= 64) return to_;
      load(block_ + 64);
    }
    const char* const found = block_ + __builtin_ctzll(mask_);
    mask_ &= mask_ - 1;
    return found;
  }
  // Goes on at `from`, which must not lie before the last one found.
  void seek(const char* from) {
    const auto ahead = static_cast<std::size_t>(from - block_);
    if (ahead < 64) {
      mask_ &= ~std::uint64_t{0} << ahead;
    } else {
      load(from);
    }
  }

 private:
  void load(const char* from) {
    block_ = from;
    const auto left = static_cast<std::size_t>(to_ - from);
    mask_ = left >= 64 ? hits(from, delimiter_) : last_hits(from, left, delimiter_);
  }

  // Bit i: byte i of 64 is the delimiter or ends a line.
  static std::uint64_t hits(const char* from, __m128i delimiter) {
    return std::uint64_t{hits16(from, delimiter)} | std::uint64_t{hits16(from + 16, delimiter)} << 16 |
           std::uint64_t{hits16(from + 32, delimiter)} << 32 | std::uint64_t{hits16(from + 48, delimiter)} << 48;
  }
  static std::uint32_t hits16(const char* from, __m128i delimiter) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    const __m128i breaks = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\r')));
    return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_or_si128(breaks, _mm_cmpeq_epi8(bytes, delimiter))));
  }
  // The last bytes of the text, fewer than 64. Not inline, so that a Structurals can live in registers.
  [[gnu::noinline]] static std::uint64_t last_hits(const char* from, std::size_t left, __m128i delimiter) {
    alignas(16) char rest[64] = {};
    std::memcpy(rest, from, left);
    return hits(rest, delimiter) & ((std::uint64_t{1} << left) - 1);
  }

  __m128i delimiter_;
  const char* block_ = nullptr;
  const char* to_;
  std::uint64_t mask_ = 0;
};

}  // namespace pyojun
