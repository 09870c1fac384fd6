// Numbers of rules over all runs: the same set of rules has the same numbers every night, so that rows of files that are not mapped again
// still say which rule made them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "warehouse/warehouse.hpp"

namespace pyojun {

class RuleBook {
 public:
  RuleBook() = default;
  RuleBook(std::vector<RuleSet> sets, std::vector<std::uint32_t> first_rules);
  // Number of the first rule of the set; a new set takes the first gap that is wide enough.
  std::uint32_t add(RuleSet rules);
  const std::vector<RuleSet>& sets() const { return sets_; }
  const std::vector<std::uint32_t>& first_rules() const { return firsts_; }
  const std::vector<std::string>& names() const { return names_; }                   // by rule number
  const std::vector<std::vector<std::string>>& filters() const { return filters_; }  // by rule number
  std::vector<std::size_t> filter_counts(std::uint32_t first, std::uint32_t rules) const;
  // Sets that no file uses are forgotten: their numbers may be given again.
  void mark(std::uint32_t first_rule, std::vector<bool>& used) const;
  void forget_unused(const std::vector<bool>& used);

 private:
  void lay_out();
  std::vector<RuleSet> sets_;
  std::vector<std::uint32_t> firsts_;
  std::vector<std::string> names_;
  std::vector<std::vector<std::string>> filters_;
};

}  // namespace pyojun
