#include "readers/xml_text.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace pyojun {

namespace {

constexpr std::size_t longest_declaration = 1024;

// The label in <?xml ... encoding="label" ... ?>, when the head is readable as ASCII.
std::string_view declared(std::string_view head) {
  head = head.substr(0, longest_declaration);
  if (!head.starts_with("<?xml")) return {};
  head = head.substr(0, head.find("?>"));
  std::size_t at = head.find("encoding");
  if (at == std::string_view::npos) return {};
  at = head.find_first_not_of(" \t\r\n", at + 8);
  if (at == std::string_view::npos || head[at] != '=') return {};
  at = head.find_first_not_of(" \t\r\n", at + 1);
  if (at == std::string_view::npos || (head[at] != '"' && head[at] != '\'')) return {};
  const std::size_t close = head.find(head[at], at + 1);
  return close == std::string_view::npos ? std::string_view() : head.substr(at + 1, close - at - 1);
}

// Character sets whose ASCII bytes are ASCII: nothing to do for a document without others.
bool contains_ascii(std::string_view label) {
  const std::string low = ascii_lower(label);
  constexpr std::array<std::string_view, 7> families{"iso-8859-", "windows-12", "us-ascii", "euc-", "ks_c_5601", "gb", "big5"};
  return std::any_of(families.begin(), families.end(), [&](std::string_view family) { return low.starts_with(family); });
}

}  // namespace

std::string_view xml_encoding_of(std::string_view head, std::size_t& mark_bytes) {
  mark_bytes = 0;
  if (head.starts_with("\xEF\xBB\xBF")) {
    mark_bytes = 3;
    return "utf-8";
  }
  if (head.starts_with(std::string_view("\xFF\xFE\0\0", 4)) || head.starts_with(std::string_view("\0\0\xFE\xFF", 4))) {
    mark_bytes = 4;
    return head[0] == '\0' ? "utf-32be" : "utf-32le";
  }
  if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF")) {
    mark_bytes = 2;
    return head[0] == '\xFF' ? "utf-16le" : "utf-16be";
  }
  if (head.size() >= 2 && head[0] == '\0' && head[1] != '\0') return "utf-16be";
  if (head.size() >= 2 && head[0] != '\0' && head[1] == '\0') return "utf-16le";
  const std::string_view label = declared(head);
  // Seen from .NET: a text that was UTF-16 in memory and says so, written as UTF-8. One byte a character cannot be UTF-16.
  if (ascii_lower(label).starts_with("utf-16") || ascii_lower(label).starts_with("utf-32")) return "utf-8";
  return label;
}

XmlText::XmlText(std::string_view bytes) : bytes_(bytes) {
  const std::string_view label = xml_encoding_of(bytes, mark_);
  if (label.empty() || equal_folded(label, "utf-8")) return;
  auto charset = Charset::find(label);
  if (!charset) {
    failed_ = Code::xml_encoding_unknown;
    failed_at_ = static_cast<std::size_t>(std::max<std::ptrdiff_t>(label.data() - bytes.data(), 0));
    return;
  }
  if (charset->is_utf8() || (mark_ == 0 && contains_ascii(label) && is_ascii(bytes))) return;
  const std::string_view body = bytes.substr(mark_);
  std::size_t bad = charset->append_utf8(decoded_, body);
  if (bad != no_bad_byte && equal_folded(label, "iso-8859-1")) {
    // A byte without a meaning in windows-1252 is a control character in ISO 8859-1.
    decoded_.clear();
    charset = Charset::strict_latin1();
    bad = charset->append_utf8(decoded_, body);
  }
  charset_ = std::move(charset);
  if (bad == no_bad_byte) return;
  failed_ = Code::bytes_undecodable;
  failed_at_ = mark_ + bad;
}

}  // namespace pyojun
