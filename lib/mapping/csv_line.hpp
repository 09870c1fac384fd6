// Small CSV files beside a mapping (code lists, field layouts), one record at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pyojun::mapping {

struct CsvLine {
  std::vector<std::string> fields;
  std::uint32_t number = 0;
};

// One record (RFC 4180, quotes undone) taken from the front of `rest`; `number` counts lines. False at the end.
bool next_csv_line(std::string_view& rest, char delimiter, std::uint32_t& number, CsvLine& line);

}  // namespace pyojun::mapping
