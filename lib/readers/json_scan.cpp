#include "readers/json_scan.hpp"

#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace pyojun {

namespace {

// One bit per byte of a 64-byte block.
struct Masks {
  std::uint64_t quote = 0, backslash = 0, open = 0, close = 0;
};

// Set bits without the popcnt instruction, which not every x86-64 has.
[[gnu::always_inline]] inline unsigned count_bits(std::uint64_t bits) {
  bits -= bits >> 1 & 0x5555555555555555U;
  bits = (bits & 0x3333333333333333U) + (bits >> 2 & 0x3333333333333333U);
  bits = (bits + (bits >> 4)) & 0x0F0F0F0F0F0F0F0FU;
  return static_cast<unsigned>(bits * 0x0101010101010101U >> 56);
}

// Bit i of the result is the exclusive or of bits 0 .. i: between an opening and its closing quote all bits are set.
[[gnu::always_inline]] inline std::uint64_t prefix_xor(std::uint64_t bits) {
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

  // Position in the block at which depth returns to 0, or 64. `Native`: the caller is compiled for a processor with popcnt.
  template <bool Native>
  [[gnu::always_inline]] int closes_at(const Masks& masks) {
    const auto count = [](std::uint64_t bits) { return Native ? static_cast<unsigned>(__builtin_popcountll(bits)) : count_bits(bits); };
    std::uint64_t quote = masks.quote;
    if (masks.backslash != 0 || escaped) quote &= ~escaped_bits(masks.backslash);
    const std::uint64_t strings = prefix_xor(quote) ^ in_string;
    in_string = static_cast<std::uint64_t>(static_cast<std::int64_t>(strings) >> 63);
    const std::uint64_t open = masks.open & ~strings, close = masks.close & ~strings;
    const unsigned closes = count(close);
    if (closes < depth) {
      depth = depth + count(open) - closes;
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

// The rest of a text, behind its last whole block, as a block of its own.
struct LastBlock {
  char bytes[64];
  LastBlock(const char* at, const char* end) {
    std::memset(bytes, ' ', sizeof bytes);
    std::memcpy(bytes, at, static_cast<std::size_t>(end - at));
  }
};

#if defined(__x86_64__)

// '{' and '[' differ from each other by bit 0x20 only, and so do '}' and ']'.
[[gnu::always_inline]] inline Masks masks_of(const char* block) {
  Masks masks;
  for (int i = 0; i < 4; ++i) {
    const __m128i lane = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block) + i);
    const __m128i folded = _mm_or_si128(lane, _mm_set1_epi8(0x20));
    const auto bits = [i](__m128i bytes, char c) {
      const auto same = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(c))));
      return static_cast<std::uint64_t>(same) << (16 * i);
    };
    masks.quote |= bits(lane, '"');
    masks.backslash |= bits(lane, '\\');
    masks.open |= bits(folded, '{');
    masks.close |= bits(folded, '}');
  }
  return masks;
}

[[gnu::target("avx2,popcnt,bmi")]] inline std::uint64_t equal_bits(const __m256i* lanes, char c) {
  const __m256i wanted = _mm256_set1_epi8(c);
  const auto low = static_cast<unsigned>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(lanes[0], wanted)));
  const auto high = static_cast<unsigned>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(lanes[1], wanted)));
  return static_cast<std::uint64_t>(high) << 32 | low;
}

[[gnu::target("avx2,popcnt,bmi")]] inline Masks masks_of_avx2(const char* block) {
  __m256i lanes[2];
  __m256i folded[2];
  for (int i = 0; i < 2; ++i) {
    lanes[i] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block) + i);
    folded[i] = _mm256_or_si256(lanes[i], _mm256_set1_epi8(0x20));
  }
  return {equal_bits(lanes, '"'), equal_bits(lanes, '\\'), equal_bits(folded, '{'), equal_bits(folded, '}')};
}

[[gnu::target("avx2,popcnt,bmi")]] const char* skip_container_avx2(const char* at, const char* end) {
  Scan scan;
  for (; end - at >= 64; at += 64) {
    if (const int found = scan.closes_at<true>(masks_of_avx2(at)); found < 64) return at + found + 1;
  }
  const LastBlock last(at, end);
  const int found = scan.closes_at<true>(masks_of_avx2(last.bytes));
  return found < 64 ? at + found + 1 : nullptr;
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

const char* skip_container_plain(const char* at, const char* end) {
  Scan scan;
  for (; end - at >= 64; at += 64) {
    if (const int found = scan.closes_at<false>(masks_of(at)); found < 64) return at + found + 1;
  }
  const LastBlock last(at, end);
  const int found = scan.closes_at<false>(masks_of(last.bytes));
  return found < 64 ? at + found + 1 : nullptr;
}

}  // namespace

const char* skip_container(const char* at, const char* end) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt")) return skip_container_avx2(at, end);
#endif
  return skip_container_plain(at, end);
}

const char* skip_container_portable(const char* at, const char* end) { return skip_container_plain(at, end); }

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
#if defined(__x86_64__)
  const __m128i wanted = _mm_set1_epi8('\n');
  const __m128i zero = _mm_setzero_si128();
  while (end - at >= 16) {
    // Each of 16 counters takes up to 255 blocks before it is added up.
    __m128i counters = zero;
    for (int i = 0; i < 255 && end - at >= 16; ++i, at += 16) {
      counters = _mm_sub_epi8(counters, _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)), wanted));
    }
    const __m128i sums = _mm_sad_epu8(counters, zero);
    lines += static_cast<std::uint64_t>(_mm_cvtsi128_si64(sums)) + static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_srli_si128(sums, 8)));
  }
#endif
  for (; at < end; ++at) lines += *at == '\n' ? 1 : 0;
  return lines;
}

}  // namespace pyojun
