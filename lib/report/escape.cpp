// Escaping for HTML and JSON, and base64 for content hashes.
#include "report/escape.hpp"

#include <fmt/format.h>

#include <cstdint>

#include "base/text.hpp"

namespace pyojun {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

// Calls good(piece) for well-formed pieces and bad() for every byte that belongs to none.
template <class Good, class Bad>
void for_utf8(std::string_view text, Good good, Bad bad) {
  while (!text.empty()) {
    const std::size_t at = find_bad_utf8(text);
    good(text.substr(0, at == no_bad_byte ? text.size() : at));
    if (at == no_bad_byte) return;
    bad();
    text.remove_prefix(at + 1);
  }
}

void append_html(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        if ((static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n') || c == 0x7F) {
          out += replacement;
        } else {
          out += c;
        }
    }
  }
}

void append_json(std::string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else if (text.substr(i, 3) == "\xE2\x80\xA8" || text.substr(i, 3) == "\xE2\x80\xA9") {
      out += text[i + 2] == '\xA8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out += c;
    }
  }
}

unsigned nibble(char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); }

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  for_utf8(
      text, [&](std::string_view piece) { append_html(out, piece); }, [&] { out += replacement; });
  return out;
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for_utf8(
      text, [&](std::string_view piece) { append_json(out, piece); }, [&] { out += replacement; });
  out += '"';
  return out;
}

std::string base64_of_hex(std::string_view hex) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 6) {
    const std::size_t digits = hex.size() - i < 6 ? hex.size() - i : 6;
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 6; ++k) bits = bits << 4 | (k < digits ? nibble(hex[i + k]) : 0);
    for (std::size_t k = 0; k < 4; ++k) out += k * 3 < digits * 2 ? alphabet[bits >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

}  // namespace pyojun
