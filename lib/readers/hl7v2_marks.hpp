// Where the signs of an HL7 v2 message are: 64 bytes at a time (SSE2), every byte looked at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include <emmintrin.h>

#include "readers/hl7v2.hpp"

namespace pyojun {

// Goes from one field separator or line end to the next and gathers the places of the other signs (of components, repetitions, escapes,
// subcomponents) on the way.
class Hl7Marks {
 public:
  // `to` must stay readable; the signs stay those of the message.
  void start(const char* from, const char* to, const Hl7Delimiters& signs) {
    to_ = to;
    const auto all = [](char sign, char otherwise) { return _mm_set1_epi8(sign != 0 ? sign : otherwise); };
    field_ = _mm_set1_epi8(signs.field);
    others_[0] = all(signs.component, signs.field);
    others_[1] = all(signs.repetition, signs.field);
    others_[2] = all(signs.escape, signs.field);
    others_[3] = all(signs.subcomponent, signs.field);
    load(from);
  }
  // The next field separator, CR or LF, which is then behind us; the end of the text when there is none. `gather`: signs() of the bytes
  // from the last forget() on are wanted.
  const char* next(bool gather) {
    while (stops_ == 0) {
      if (gather) keep(others_found_);
      if (!more()) return to_;
    }
    const std::uint64_t before = (stops_ & (~stops_ + 1)) - 1;
    if (gather) keep(others_found_ & before);
    others_found_ &= ~before;
    const char* const found = block_ + __builtin_ctzll(stops_);
    stops_ &= stops_ - 1;
    return found;
  }
  // Passes up to `separators` field separators of the line, counting down, and answers the place of the last; when the line has fewer, that
  // of its end (a CR or LF, which is then behind us, or the end of the text).
  const char* pass(std::uint32_t& separators) {
    while (true) {
      const std::uint64_t end = breaks_ & stops_ & (~(breaks_ & stops_) + 1);  // the first line end of the block
      std::uint64_t ahead = end == 0 ? stops_ : stops_ & (end - 1);
      while (ahead != 0) {
        const std::uint64_t rest = ahead & (ahead - 1);
        if (--separators == 0) return reach(ahead ^ rest);
        ahead = rest;
      }
      if (end != 0) return reach(end);
      if (!more()) return to_;
    }
  }
  // As next(), over field separators.
  const char* next_line_end() {
    while (true) {
      const std::uint64_t ends = breaks_ & stops_;
      if (ends == 0) {
        if (!more()) return to_;
        continue;
      }
      return reach(ends & (~ends + 1));
    }
  }
  // Goes on at `from`, which must not lie before the last place found.
  void seek(const char* from) {
    const auto ahead = static_cast<std::size_t>(from - block_);
    if (ahead >= 64) return load(from);
    stops_ &= ~std::uint64_t{0} << ahead;
    others_found_ &= ~std::uint64_t{0} << ahead;
  }
  void forget() { signs_.clear(); }
  std::span<const char* const> signs() const { return signs_; }

 private:
  const char* reach(std::uint64_t bit) {
    const std::uint64_t behind = ~(bit | (bit - 1));
    stops_ &= behind;
    others_found_ &= behind;
    return block_ + __builtin_ctzll(bit);
  }
  bool more() {
    if (to_ - block_ <= 64) {
      stops_ = others_found_ = 0;
      return false;
    }
    load(block_ + 64);
    return true;
  }
  void keep(std::uint64_t found) {
    for (; found != 0; found &= found - 1) signs_.push_back(block_ + __builtin_ctzll(found));
  }
  void load(const char* from) {
    block_ = from;
    alignas(16) char rest[64];
    const char* source = from;
    const auto left = static_cast<std::size_t>(to_ - from);
    if (left < 64) {
      std::memset(rest, 'x', sizeof rest);
      std::memcpy(rest, from, left);
      source = rest;
    }
    stops_ = breaks_ = others_found_ = 0;
    const __m128i lf = _mm_set1_epi8('\n'), cr = _mm_set1_epi8('\r');
    for (unsigned i = 0; i < 4; ++i) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(source + std::size_t{16} * i));
      const auto equal = [bytes](__m128i sign) { return _mm_cmpeq_epi8(bytes, sign); };
      const auto mask = [i](__m128i found) {
        return static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(found))) << (16 * i);
      };
      const __m128i ends = _mm_or_si128(equal(lf), equal(cr));
      breaks_ |= mask(ends);
      stops_ |= mask(_mm_or_si128(ends, equal(field_)));
      others_found_ |=
          mask(_mm_or_si128(_mm_or_si128(equal(others_[0]), equal(others_[1])), _mm_or_si128(equal(others_[2]), equal(others_[3]))));
    }
    if (left < 64) {
      const std::uint64_t there = (std::uint64_t{1} << left) - 1;
      stops_ &= there;
      others_found_ &= there;
    }
    others_found_ &= ~stops_;
  }

  __m128i field_{}, others_[4]{};
  const char *block_ = nullptr, *to_ = nullptr;
  std::uint64_t stops_ = 0, breaks_ = 0, others_found_ = 0;
  std::vector<const char*> signs_;
};

}  // namespace pyojun
