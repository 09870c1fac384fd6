#include "readers/json_scan.hpp"

#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace pyojun {

namespace {

// One bit per byte of a 64-byte block.
struct Masks {
  std::uint64_t quote = 0, backslash = 0, open = 0, close = 0;
};

#if defined(__SSE2__)

std::uint64_t equal_bits(const __m128i* lanes, char c) {
  const __m128i wanted = _mm_set1_epi8(c);
  std::uint64_t bits = 0;
  for (int i = 0; i < 4; ++i) {
    const auto lane = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(lanes[i], wanted)));
    bits |= static_cast<std::uint64_t>(lane) << (16 * i);
  }
  return bits;
}

// '{' and '[' differ from each other by bit 0x20 only, and so do '}' and ']'.
Masks masks_of(const char* block) {
  __m128i lanes[4];
  __m128i folded[4];
  for (int i = 0; i < 4; ++i) {
    lanes[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block) + i);
    folded[i] = _mm_or_si128(lanes[i], _mm_set1_epi8(0x20));
  }
  return {equal_bits(lanes, '"'), equal_bits(lanes, '\\'), equal_bits(folded, '{'), equal_bits(folded, '}')};
}

#else

Masks masks_of(const char* block) {
  Masks masks;
  for (int i = 0; i < 64; ++i) {
    const std::uint64_t bit = std::uint64_t{1} << i;
    const char c = block[i];
    if (c == '"') masks.quote |= bit;
    if (c == '\\') masks.backslash |= bit;
    if (c == '{' || c == '[') masks.open |= bit;
    if (c == '}' || c == ']') masks.close |= bit;
  }
  return masks;
}

#endif

// Bit i of the result is the exclusive or of bits 0 .. i: between an opening and its closing quote all bits are set.
std::uint64_t prefix_xor(std::uint64_t bits) {
  for (int shift = 1; shift < 64; shift <<= 1) bits ^= bits << shift;
  return bits;
}

// State carried from block to block.
struct Scan {
  std::uint64_t in_string = 0;  // all ones while a string is open
  bool escaped = false;         // the next byte is escaped
  std::uint64_t depth = 0;

  // Bytes preceded by an odd number of backslashes. Blocks with backslashes are rare, so this walks the backslashes one by one.
  std::uint64_t escaped_bits(std::uint64_t backslash) {
    std::uint64_t bits = escaped ? 1 : 0;
    backslash &= ~bits;
    escaped = false;
    while (backslash != 0) {
      const int at = std::countr_zero(backslash);
      if (at == 63) {
        escaped = true;
        break;
      }
      bits |= std::uint64_t{2} << at;
      backslash &= ~(std::uint64_t{3} << at);
    }
    return bits;
  }

  // Position in the block at which depth returns to 0, or 64.
  int closes_at(const Masks& masks) {
    std::uint64_t quote = masks.quote;
    if (masks.backslash != 0 || escaped) quote &= ~escaped_bits(masks.backslash);
    const std::uint64_t strings = prefix_xor(quote) ^ in_string;
    in_string = static_cast<std::uint64_t>(static_cast<std::int64_t>(strings) >> 63);
    const std::uint64_t open = masks.open & ~strings, close = masks.close & ~strings;
    const auto closes = static_cast<unsigned>(std::popcount(close));
    if (closes < depth) {
      depth = depth + static_cast<unsigned>(std::popcount(open)) - closes;
      return 64;
    }
    for (std::uint64_t both = open | close; both != 0; both &= both - 1) {
      const std::uint64_t bit = both & (~both + 1);
      if ((open & bit) != 0) {
        ++depth;
      } else if (--depth == 0) {
        return std::countr_zero(bit);
      }
    }
    return 64;
  }
};

}  // namespace

const char* skip_container(const char* at, const char* end) {
  Scan scan;
  for (; end - at >= 64; at += 64) {
    if (const int found = scan.closes_at(masks_of(at)); found < 64) return at + found + 1;
  }
  char block[64];
  const auto rest = static_cast<std::size_t>(end - at);
  std::memset(block, ' ', sizeof block);
  std::memcpy(block, at, rest);
  const int found = scan.closes_at(masks_of(block));
  return found < 64 ? at + found + 1 : nullptr;
}

const char* skip_string(const char* at, const char* end) {
  for (const char* from = at + 1; from < end;) {
    const auto* quote = static_cast<const char*>(std::memchr(from, '"', static_cast<std::size_t>(end - from)));
    if (quote == nullptr) return nullptr;
    const char* slash = quote;
    while (slash - 1 > at && slash[-1] == '\\') --slash;
    if ((quote - slash) % 2 == 0) return quote + 1;
    from = quote + 1;
  }
  return nullptr;
}

std::uint64_t count_lines(const char* at, const char* end) {
  std::uint64_t lines = 0;
#if defined(__SSE2__)
  const __m128i wanted = _mm_set1_epi8('\n');
  for (; end - at >= 16; at += 16) {
    const __m128i same = _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)), wanted);
    lines += static_cast<unsigned>(std::popcount(static_cast<unsigned>(_mm_movemask_epi8(same))));
  }
#endif
  for (; at < end; ++at) lines += *at == '\n' ? 1 : 0;
  return lines;
}

}  // namespace pyojun
