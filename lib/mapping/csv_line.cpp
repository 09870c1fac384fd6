#include "mapping/csv_line.hpp"

#include <utility>

namespace pyojun::mapping {

bool next_csv_line(std::string_view& rest, char delimiter, std::uint32_t& number, CsvLine& line) {
  line.fields.clear();
  if (rest.empty()) return false;
  line.number = ++number;
  std::string field;
  bool quoted = false;
  std::size_t i = 0;
  for (; i < rest.size(); ++i) {
    const char c = rest[i];
    if (quoted) {
      if (c == '"' && i + 1 < rest.size() && rest[i + 1] == '"') {
        field += rest[i++];
      } else if (c == '"') {
        quoted = false;
      } else {
        field += c;
        number += c == '\n';
      }
    } else if (c == '"' && field.empty()) {
      quoted = true;
    } else if (c == delimiter) {
      line.fields.push_back(std::move(field));
      field.clear();
    } else if (c == '\n') {
      ++i;
      break;
    } else if (c != '\r') {
      field += c;
    }
  }
  line.fields.push_back(std::move(field));
  rest.remove_prefix(i);
  return true;
}

}  // namespace pyojun::mapping
