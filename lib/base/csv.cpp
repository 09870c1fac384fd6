#include "base/csv.hpp"

#include <utility>

#include "base/text.hpp"

namespace pyojun {

namespace {

// Takes one record off `rest`. False when a quoted cell is not closed.
bool next_record(std::string_view& rest, std::uint64_t& number, CsvLine& line) {
  line.cells.clear();
  line.number = number;
  std::string cell;
  bool quoted = false;
  bool was_quoted = false;
  std::size_t i = 0;
  for (; i < rest.size(); ++i) {
    const char c = rest[i];
    if (c == '\n') ++number;
    if (quoted) {
      if (c == '"' && i + 1 < rest.size() && rest[i + 1] == '"') {
        cell += rest[i++];
      } else if (c == '"') {
        quoted = false;
      } else {
        cell += c;
      }
    } else if (c == '"' && cell.empty() && !was_quoted) {
      quoted = was_quoted = true;
    } else if (c == ',') {
      line.cells.push_back(std::move(cell));
      cell.clear();
      was_quoted = false;
    } else if (c == '\n') {
      ++i;
      break;
    } else if (c != '\r') {
      cell += c;
    }
  }
  line.cells.push_back(std::move(cell));
  rest.remove_prefix(i);
  return !quoted;
}

}  // namespace

Result<CsvTable> CsvTable::parse(std::string_view text, const std::string& file, Code code) {
  CsvTable table;
  table.file_ = file;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const auto damaged = [&](std::uint64_t line, std::string_view subject) {
    return Error{code, file, Position{line, 0, 0}, std::string(subject), {}};
  };
  std::uint64_t number = 1;
  bool header = true;
  while (!text.empty()) {
    CsvLine line;
    if (!next_record(text, number, line)) return damaged(line.number, "\"");
    if ((line.cells.size() == 1 && trim(line.cells[0]).empty()) || line.cells[0].starts_with('#')) continue;
    if (std::exchange(header, false)) {
      for (const auto& cell : line.cells) {
        std::string name = ascii_lower(trim(cell));
        if (!table.at_.emplace(name, table.names_.size()).second) return damaged(line.number, name);
        table.names_.push_back(std::move(name));
      }
      continue;
    }
    if (line.cells.size() != table.names_.size()) return damaged(line.number, line.cells[0]);
    table.lines_.push_back(std::move(line));
  }
  if (header) return damaged(1, "");
  return table;
}

bool CsvTable::has(std::string_view name) const { return at_.contains(std::string(name)); }

std::string_view CsvTable::cell(const CsvLine& line, std::string_view name) const {
  const auto found = at_.find(std::string(name));
  return found == at_.end() ? std::string_view() : std::string_view(line.cells[found->second]);
}

std::string csv_cell(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

}  // namespace pyojun
