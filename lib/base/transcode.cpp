// Other encodings into UTF-8. The CP949 table is made once from the C library's own converter, so that we keep no copy of it.
#include "base/text.hpp"

#include <array>
#include <cstring>

#include <iconv.h>

namespace pyojun {

namespace {

// UTF-8 of each pair (first byte 0x81..0xFE, second 0x41..0xFE): three bytes and their number, 0 when there is no such character.
struct Cp949Table {
  std::array<std::uint32_t, 0x10000> utf8{};  // bytes 0..2 the sequence, byte 3 its length

  Cp949Table() {
    // "CP949" is the Windows code page; "EUC-KR" would refuse 8,822 of its Hangul syllables.
    const iconv_t converter = iconv_open("UTF-8", "CP949");
    if (converter == reinterpret_cast<iconv_t>(-1)) return;
    for (unsigned first = 0x81; first <= 0xFE; ++first) {
      if (first == 0xC9 || first == 0xFE) continue;  // user-defined rows: no common meaning
      for (unsigned second = 0x41; second <= 0xFE; ++second) add(converter, first, second);
    }
    iconv_close(converter);
  }

  void add(iconv_t converter, unsigned first, unsigned second) {
    char in[2] = {static_cast<char>(first), static_cast<char>(second)};
    char out[8];
    char *from = in, *to = out;
    std::size_t in_left = 2, out_left = sizeof out;
    iconv(converter, nullptr, nullptr, nullptr, nullptr);
    if (iconv(converter, &from, &in_left, &to, &out_left) == static_cast<std::size_t>(-1) || in_left != 0) return;
    const auto length = static_cast<std::uint32_t>(to - out);
    if (length < 2 || length > 3) return;
    std::uint32_t entry = length << 24;
    for (std::uint32_t i = 0; i < length; ++i) entry |= static_cast<std::uint32_t>(static_cast<unsigned char>(out[i])) << (8 * i);
    utf8[first << 8 | second] = entry;
  }
};

const std::array<std::uint32_t, 0x10000>& cp949() {
  static const Cp949Table table;
  return table.utf8;
}

// `to` has room for four more bytes than are counted: an entry is stored whole.
std::size_t from_cp949(char* to, std::string_view text) {
  const auto& table = cp949();
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = p + text.size();
  char* const start = to;
  while (p != end) {
    if (*p >= 0x80) {
      if (end - p < 2) return no_bad_byte;
      const std::uint32_t entry = table[static_cast<std::size_t>(p[0]) << 8 | p[1]];
      if (entry == 0) return no_bad_byte;
      std::memcpy(to, &entry, 3);
      to += entry >> 24;
      p += 2;
      continue;
    }
    std::uint64_t word = 0;
    if (end - p >= 8) std::memcpy(&word, p, sizeof word);
    if (end - p < 8 || (word & 0x8080'8080'8080'8080ULL) != 0) {
      *to++ = static_cast<char>(*p++);
      continue;
    }
    std::memcpy(to, &word, sizeof word);
    p += 8;
    to += 8;
  }
  return static_cast<std::size_t>(to - start);
}

std::size_t from_latin1(char* to, std::string_view text) {
  char* const start = to;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      *to++ = c;
    } else {
      *to++ = static_cast<char>(0xC0 | byte >> 6);
      *to++ = static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return static_cast<std::size_t>(to - start);
}

// Writes even a surrogate as three bytes: see append_utf16.
void append_code_point(std::string& out, std::uint32_t point) {
  const auto tail = [&](unsigned shift) { return static_cast<char>(0x80 | (point >> shift & 0x3F)); };
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0 | point >> 6);
    out += tail(0);
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0 | point >> 12);
    out += tail(6);
    out += tail(0);
  } else {
    out += static_cast<char>(0xF0 | point >> 18);
    out += tail(12);
    out += tail(6);
    out += tail(0);
  }
}

std::string plain_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c != '-' && c != '_') out += ascii_lower(c);
  }
  return out;
}

}  // namespace

std::optional<Encoding> encoding_from_name(std::string_view name) {
  const std::string plain = plain_name(name);
  if (plain == "utf8") return Encoding::utf8;
  if (plain == "cp949" || plain == "ms949" || plain == "uhc") return Encoding::cp949;
  if (plain == "utf16le") return Encoding::utf16le;
  if (plain == "utf16be") return Encoding::utf16be;
  if (plain == "latin1" || plain == "iso88591") return Encoding::latin1;
  return std::nullopt;
}

std::string_view encoding_name(Encoding encoding) {
  static constexpr std::array<std::string_view, 5> names{"utf-8", "cp949", "utf-16le", "utf-16be", "latin-1"};
  return names[static_cast<std::size_t>(encoding)];
}

std::size_t find_bad_cp949(std::string_view text) {
  const auto& table = cp949();
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t i = 0;
  while (i < text.size()) {
    if (p[i] >= 0x80) {
      if (i + 1 == text.size() || table[static_cast<std::size_t>(p[i]) << 8 | p[i + 1]] == 0) return i;
      i += 2;
      continue;
    }
    i += ascii_prefix(text.substr(i));
  }
  return no_bad_byte;
}

std::size_t transcode(char* to, std::string_view text, Encoding from) {
  switch (from) {
    case Encoding::cp949:
      return from_cp949(to, text);
    case Encoding::latin1:
      return from_latin1(to, text);
    default:
      std::memcpy(to, text.data(), text.size());
      return text.size();
  }
}

bool append_utf8(std::string& out, std::string_view text, Encoding from) {
  const std::size_t before = out.size();
  if (from == Encoding::utf8 && find_bad_utf8(text) != no_bad_byte) return false;
  out.resize(before + transcoded_room(text.size()));
  const std::size_t written = transcode(out.data() + before, text, from);
  out.resize(before + (written == no_bad_byte ? 0 : written));
  return written != no_bad_byte;
}

std::size_t append_utf16(std::string& out, std::string_view text, bool big_endian, bool last) {
  const auto unit = [&](std::size_t i) {
    const auto a = static_cast<unsigned char>(text[i]), b = static_cast<unsigned char>(text[i + 1]);
    return static_cast<std::uint32_t>(big_endian ? a << 8 | b : b << 8 | a);
  };
  std::size_t i = 0;
  while (i + 2 <= text.size()) {
    const std::uint32_t high = unit(i);
    if (high < 0x80) {
      out += static_cast<char>(high);
      i += 2;
      continue;
    }
    if (high < 0xD800 || high > 0xDBFF) {
      append_code_point(out, high);
      i += 2;
      continue;
    }
    if (i + 4 > text.size() && !last) break;
    const std::uint32_t low = i + 4 <= text.size() ? unit(i + 2) : 0;
    if (low < 0xDC00 || low > 0xDFFF) {
      append_code_point(out, high);
      i += 2;
      continue;
    }
    append_code_point(out, 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
    i += 4;
  }
  return i;
}

std::uint64_t utf16_bytes(std::string_view utf8) {
  std::uint64_t units = 0;
  for (const char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    units += static_cast<std::uint64_t>((byte & 0xC0) != 0x80) + static_cast<std::uint64_t>(byte >= 0xF0);
  }
  return units * 2;
}

}  // namespace pyojun
