// The books of a run: one line per file and rule, and one per file for the reader.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "warehouse/warehouse.hpp"

namespace pyojun {

class Books {
 public:
  explicit Books(std::vector<std::size_t> filters_by_rule) : filters_(std::move(filters_by_rule)) {}
  void add_file() {
    const auto file = static_cast<std::uint32_t>(lines_.size() / stride());
    for (std::size_t i = 0; i < stride(); ++i) {
      Balance line;
      line.file = file;
      line.rule = static_cast<std::int32_t>(i) - 1;
      if (i > 0) line.filtered.resize(filters_[i - 1]);
      lines_.push_back(std::move(line));
    }
  }
  std::size_t rules() const { return filters_.size(); }
  // rule -1 is the reader's line
  Balance& line(std::uint32_t file, std::int32_t rule) { return lines_[file * stride() + static_cast<std::size_t>(rule + 1)]; }
  const std::vector<Balance>& lines() const { return lines_; }
  std::vector<Balance>& lines() { return lines_; }

 private:
  std::size_t stride() const { return filters_.size() + 1; }
  std::vector<std::size_t> filters_;
  std::vector<Balance> lines_;
};

// in == mapped + filtered + duplicates + quarantined
bool balanced(const Balance& line);

}  // namespace pyojun
