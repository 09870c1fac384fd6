#include "base/hangul.hpp"

#include <array>
#include <memory>
#include <unordered_map>

#include "base/text.hpp"

namespace pyojun {

namespace {

constexpr std::uint32_t l_base = 0x1100, v_base = 0x1161, t_base = 0x11A7, s_base = 0xAC00;
constexpr std::uint32_t l_count = 19, v_count = 21, t_count = 28;
constexpr std::uint32_t replacement = 0xFFFD;

// The next character of well-formed UTF-8; a byte that fits nowhere is a character of its own.
std::uint32_t take(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  const std::uint32_t first = byte(at++);
  const std::size_t more = first < 0xC0 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
  if (more == 0 || at + more > text.size()) return first;
  std::uint32_t out = first & (0x3FU >> more);
  for (std::size_t i = 0; i < more; ++i) out = out << 6U | (byte(at++) & 0x3FU);
  return out;
}

void put(std::string& out, std::uint32_t syllable) {
  out += static_cast<char>(0xE0U | syllable >> 12U);
  out += static_cast<char>(0x80U | (syllable >> 6U & 0x3FU));
  out += static_cast<char>(0x80U | (syllable & 0x3FU));
}

bool is_syllable(std::uint32_t c) { return c >= s_base && c <= 0xD7A3; }

// Most of at least two characters are syllables, and nothing else but Korean could have made these bytes.
bool korean(std::string_view utf8) {
  std::size_t syllables = 0, others = 0;
  for (std::size_t at = 0; at < utf8.size();) is_syllable(take(utf8, at)) ? ++syllables : ++others;
  return syllables >= 2 && others * 4 <= syllables;
}

bool korean_utf8(std::string_view bytes) { return find_bad_utf8(bytes) == no_bad_byte && korean(bytes); }

// Bytes that were UTF-8 before somebody read them as pairs: a character may be damaged at either end.
bool korean_utf8_inside(std::string_view bytes) {
  for (std::size_t front = 0; front <= 2 && front < bytes.size(); ++front) {
    std::string_view rest = bytes.substr(front);
    const std::size_t bad = find_bad_utf8(rest);
    if (bad != no_bad_byte && rest.size() - bad > 2) continue;
    if (korean(rest.substr(0, bad))) return true;
  }
  return false;
}

bool korean_cp949(std::string_view bytes) {
  std::string decoded;
  return append_utf8(decoded, bytes, Encoding::cp949) && korean(decoded);
}

// CP949 pair by character: the decoder's own table turned round.
const std::unordered_map<std::uint32_t, std::uint16_t>& pairs_by_character() {
  static const auto table = [] {
    auto made = std::make_unique<std::unordered_map<std::uint32_t, std::uint16_t>>();
    for (unsigned lead = 0x81; lead <= 0xFE; ++lead) {
      for (unsigned trail = 0x41; trail <= 0xFE; ++trail) {
        const std::array<char, 2> pair{static_cast<char>(lead), static_cast<char>(trail)};
        std::string decoded;
        if (!append_utf8(decoded, {pair.data(), 2}, Encoding::cp949)) continue;
        std::size_t at = 0;
        const std::uint32_t character = take(decoded, at);
        if (at == decoded.size()) made->emplace(character, static_cast<std::uint16_t>(lead << 8U | trail));
      }
    }
    return made;
  }();
  return *table;
}

// One run of characters in a row, as the bytes of either encoding.
struct Run {
  std::string latin1, cp949;
  std::size_t replaced = 0;
  bool suspicious() const {
    if (replaced >= 2) return true;
    if (latin1.size() >= 4 && (korean_cp949(latin1) || korean_utf8(latin1))) return true;
    return cp949.size() >= 6 && korean_utf8_inside(cp949);
  }
};

}  // namespace

bool has_separate_hangul(std::string_view utf8) {
  // U+1100 to U+11FF are E1 84 80 to E1 87 BF.
  for (std::size_t at = utf8.find('\xE1'); at != std::string_view::npos && at + 1 < utf8.size(); at = utf8.find('\xE1', at + 1)) {
    const auto second = static_cast<unsigned char>(utf8[at + 1]);
    if (second >= 0x84 && second <= 0x87) return true;
  }
  return false;
}

std::string compose_hangul(std::string_view utf8) {
  if (!has_separate_hangul(utf8)) return std::string(utf8);
  std::string out;
  for (std::size_t at = 0; at < utf8.size();) {
    const std::size_t begin = at;
    const std::uint32_t first = take(utf8, at);
    std::size_t next = at;
    if (is_syllable(first) && (first - s_base) % t_count == 0 && at < utf8.size()) {
      const std::uint32_t tail = take(utf8, next) - t_base;
      if (tail > 0 && tail < t_count) {
        at = next;
        put(out, first + tail);
        continue;
      }
      next = at;
    }
    const std::uint32_t l = first - l_base;
    const std::uint32_t v = at < utf8.size() ? take(utf8, next) - v_base : v_count;
    if (l >= l_count || v >= v_count) {
      out.append(utf8, begin, at - begin);
      continue;
    }
    at = next;
    const std::uint32_t t = at < utf8.size() ? take(utf8, next) - t_base : 0;
    const bool has_tail = t > 0 && t < t_count;
    if (has_tail) at = next;
    put(out, s_base + (l * v_count + v) * t_count + (has_tail ? t : 0));
  }
  return out;
}

std::uint64_t mojibake_runs(std::string_view utf8) {
  if (is_ascii(utf8)) return 0;
  std::uint64_t found = 0;
  Run run;
  const auto close = [&] {
    if (run.suspicious()) ++found;
    run = Run{};
  };
  for (std::size_t at = 0; at < utf8.size();) {
    const std::uint32_t c = take(utf8, at);
    if (c < 0x80) {
      close();
      continue;
    }
    if (c == replacement) ++run.replaced;
    if (c <= 0xFF) run.latin1 += static_cast<char>(c);
    if (c > 0xFF || c == replacement) run.latin1.clear();
    const auto& pairs = pairs_by_character();
    if (const auto pair = pairs.find(c); pair != pairs.end()) {
      run.cp949 += static_cast<char>(pair->second >> 8U);
      run.cp949 += static_cast<char>(pair->second & 0xFFU);
    }
  }
  close();
  return found;
}

}  // namespace pyojun
