// The books of a run: for every file that counts one line per rule of its mapping, and one for the reader.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "warehouse/warehouse.hpp"

namespace pyojun {

class Books {
 public:
  // Opens the lines of a file: its rules are numbered from `first_rule` on, `filters` says how many filters each has.
  void add_file(std::uint32_t file, std::uint32_t first_rule, std::span<const std::size_t> filters) {
    if (starts_.size() <= file) starts_.resize(file + std::size_t{1}, nowhere);
    starts_[file] = lines_.size();
    for (std::size_t i = 0; i <= filters.size(); ++i) {
      Balance line;
      line.file = file;
      line.rule = i == 0 ? -1 : static_cast<std::int32_t>(first_rule + i - 1);
      if (i > 0) line.filtered.resize(filters[i - 1]);
      lines_.push_back(std::move(line));
    }
  }
  bool has(std::uint32_t file) const { return file < starts_.size() && starts_[file] != nowhere; }
  // Number of a line; rule -1 is the reader's. The file must be there and the rule one of its mapping's.
  std::size_t index(std::uint32_t file, std::int32_t rule) const {
    const std::size_t start = starts_[file];
    return rule < 0 ? start : start + 1 + static_cast<std::size_t>(rule - lines_[start + 1].rule);
  }
  Balance& line(std::uint32_t file, std::int32_t rule) { return lines_[index(file, rule)]; }
  const std::vector<Balance>& lines() const { return lines_; }
  std::vector<Balance>& lines() { return lines_; }

 private:
  static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);
  std::vector<std::size_t> starts_;  // by file
  std::vector<Balance> lines_;
};

// in == mapped + filtered + duplicates + quarantined
bool balanced(const Balance& line);

}  // namespace pyojun
