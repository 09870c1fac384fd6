#include "conformance/template.hpp"

#include <algorithm>

namespace pyojun {

namespace {

bool name_char(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':'; }

}  // namespace

std::string fill_known(std::string_view text, const std::function<std::optional<std::string_view>(std::string_view name)>& value) {
  std::string out;
  while (!text.empty()) {
    const std::size_t open = std::min(text.find('{'), text.size());
    out += text.substr(0, open);
    text.remove_prefix(open);
    if (text.empty()) break;
    std::size_t end = 1;
    while (end < text.size() && name_char(text[end])) ++end;
    const bool closed = end < text.size() && text[end] == '}' && end > 1;
    const auto found = closed ? value(text.substr(1, end - 1)) : std::nullopt;
    if (found) {
      out += *found;
      text.remove_prefix(end + 1);
    } else {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

std::string keep_present(std::string_view text, const std::function<bool(std::string_view name)>& present) {
  std::string out;
  while (!text.empty()) {
    const std::size_t open = std::min(text.find('['), text.size());
    out += text.substr(0, open);
    text.remove_prefix(open);
    const std::size_t mark = text.find('?');
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos || mark == std::string_view::npos || mark > close) {
      out += text;
      break;
    }
    if (present(text.substr(1, mark - 1))) out += text.substr(mark + 1, close - mark - 1);
    text.remove_prefix(close + 1);
  }
  return out;
}

}  // namespace pyojun
