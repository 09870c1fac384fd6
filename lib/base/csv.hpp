// Small CSV tables that people keep by hand: packs, thresholds, suppressions. RFC 4180 quoting, one header line, cells by column name.
// Large deliveries are read by readers/delimited.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"

namespace pyojun {

struct CsvLine {
  std::vector<std::string> cells;  // trimmed of nothing; as written, quotes undone
  std::uint64_t number = 0;        // line the record begins on, from 1
};

class CsvTable {
 public:
  // A byte order mark, CRLF, blank lines and lines whose first cell starts with # are passed over. Header names fold to lower case.
  // Error `code` with file and line: no header, a quote that is not closed, a record of another width than the header, a name twice.
  static Result<CsvTable> parse(std::string_view text, const std::string& file, Code code);

  const std::string& file() const { return file_; }
  const std::vector<std::string>& names() const { return names_; }
  const std::vector<CsvLine>& lines() const { return lines_; }
  bool has(std::string_view name) const;
  // Cell by column name; "" when there is no such column.
  std::string_view cell(const CsvLine& line, std::string_view name) const;

 private:
  std::string file_;
  std::vector<std::string> names_;
  std::unordered_map<std::string, std::size_t> at_;
  std::vector<CsvLine> lines_;
};

// One cell, quoted only if it holds a comma, a quote, CR or LF.
std::string csv_cell(std::string_view text);

}  // namespace pyojun
