// UTF-8 checking with a wide path for ASCII, and small text helpers. Transcoding is in transcode.cpp.
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <emmintrin.h>

namespace pyojun {

namespace {

// Bytes from the front that are ASCII. 64 at a time: the memory is the limit, not the loop.
std::size_t ascii_run(const char* p, std::size_t size) {
  std::size_t i = 0;
  for (; i + 64 <= size; i += 64) {
    const auto* q = reinterpret_cast<const __m128i*>(p + i);
    const __m128i low = _mm_or_si128(_mm_loadu_si128(q), _mm_loadu_si128(q + 1));
    const __m128i high = _mm_or_si128(_mm_loadu_si128(q + 2), _mm_loadu_si128(q + 3));
    if (_mm_movemask_epi8(_mm_or_si128(low, high)) != 0) break;
  }
  for (; i + 8 <= size; i += 8) {
    std::uint64_t word;
    std::memcpy(&word, p + i, sizeof word);
    word &= 0x8080'8080'8080'8080ULL;
    if (word != 0) return i + static_cast<std::size_t>(__builtin_ctzll(word)) / 8;
  }
  while (i < size && static_cast<signed char>(p[i]) >= 0) ++i;
  return i;
}

// Length of the well-formed sequence at p, 0 when there is none.
inline std::size_t sequence_length(const unsigned char* p, std::size_t left) {
  const auto follows = [&](std::size_t i) { return (p[i] & 0xC0) == 0x80; };
  const unsigned char lead = p[0];
  if (lead >= 0xC2 && lead <= 0xDF) return left >= 2 && follows(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    if (left < 3 || !follows(1) || !follows(2)) return 0;
    if ((lead == 0xE0 && p[1] < 0xA0) || (lead == 0xED && p[1] > 0x9F)) return 0;
    return 3;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if (left < 4 || !follows(1) || !follows(2) || !follows(3)) return 0;
    if ((lead == 0xF0 && p[1] < 0x90) || (lead == 0xF4 && p[1] > 0x8F)) return 0;
    return 4;
  }
  return 0;
}

// First bad byte; counts the sequences on the way.
std::size_t scan_utf8(std::string_view text, std::uint64_t& sequences) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t i = 0;
  while (true) {
    i += ascii_run(text.data() + i, text.size() - i);
    if (i == text.size()) return no_bad_byte;
    // Stays here while the text is not ASCII: going back to the wide path for every single letter would cost more.
    while (i < text.size() && p[i] >= 0x80) {
      const std::size_t length = sequence_length(p + i, text.size() - i);
      if (length == 0) return i;
      i += length;
      ++sequences;
    }
  }
}

// How many bytes at the end may be the start of a sequence that goes on behind it.
std::size_t open_tail(std::string_view text) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    const auto c = static_cast<unsigned char>(text[text.size() - back]);
    if (c < 0x80) return 0;
    if (c < 0xC0) continue;
    const std::size_t length = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
    return back < length ? back : 0;
  }
  return 0;
}

}  // namespace

std::size_t ascii_prefix(std::string_view text) { return ascii_run(text.data(), text.size()); }

bool is_ascii(std::string_view text) { return ascii_run(text.data(), text.size()) == text.size(); }

std::size_t find_bad_utf8(std::string_view text) {
  std::uint64_t sequences = 0;
  return scan_utf8(text, sequences);
}

void Utf8Check::complete(std::string_view& piece) {
  const std::size_t held = rest_.size();
  const auto lead = static_cast<unsigned char>(rest_[0]);
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  const std::size_t taken = std::min(length - held, piece.size());
  rest_.append(piece.substr(0, taken));
  if (rest_.size() < length) {
    piece = {};
    seen_ += taken;
    return;
  }
  if (sequence_length(reinterpret_cast<const unsigned char*>(rest_.data()), length) == 0) {
    bad_ = seen_ - held;
    return;
  }
  ++sequences_;
  seen_ += taken;
  piece.remove_prefix(taken);
  rest_.clear();
}

void Utf8Check::add(std::string_view piece) {
  if (bad_ != none) return;
  if (!rest_.empty()) complete(piece);
  if (bad_ != none || piece.empty()) return;
  const std::size_t tail = open_tail(piece);
  const std::size_t bad = scan_utf8(piece.substr(0, piece.size() - tail), sequences_);
  if (bad != no_bad_byte) {
    bad_ = seen_ + bad;
    return;
  }
  rest_.assign(piece.substr(piece.size() - tail));
  seen_ += piece.size();
}

void Utf8Check::finish() {
  if (bad_ == none && !rest_.empty()) bad_ = seen_ - rest_.size();
}

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string ascii_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = ascii_lower(c);
  return out;
}

bool equal_folded(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > limit) return limit + 1;
  std::vector<std::size_t> row(a.size() + 1);
  for (std::size_t i = 0; i < row.size(); ++i) row[i] = i;
  for (std::size_t j = 1; j <= b.size(); ++j) {
    std::size_t diagonal = row[0], least = row[0] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
      const std::size_t swapped = diagonal + (ascii_lower(a[i - 1]) == ascii_lower(b[j - 1]) ? 0 : 1);
      diagonal = row[i];
      row[i] = std::min({row[i] + 1, row[i - 1] + 1, swapped});
      least = std::min(least, row[i]);
    }
    if (least > limit) return limit + 1;
  }
  return std::min(row.back(), limit + 1);
}

std::string_view nearest(std::string_view text, std::span<const std::string_view> candidates) {
  std::string_view best;
  std::size_t least = std::max<std::size_t>(1, text.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(text, candidate, least - 1);
    if (distance >= least) continue;
    least = distance;
    best = candidate;
    if (least == 0) break;
  }
  return best;
}

}  // namespace pyojun
