#include "warehouse/rule_book.hpp"

#include <algorithm>

namespace pyojun {

RuleBook::RuleBook(std::vector<RuleSet> sets, std::vector<std::uint32_t> first_rules)
    : sets_(std::move(sets)), firsts_(std::move(first_rules)) {
  lay_out();
}

std::uint32_t RuleBook::add(RuleSet rules) {
  rules.filters.resize(rules.names.size());
  for (std::size_t i = 0; i < sets_.size(); ++i) {
    if (sets_[i].source == rules.source && sets_[i].names == rules.names && sets_[i].filters == rules.filters) return firsts_[i];
  }
  std::vector<std::pair<std::size_t, std::size_t>> taken;  // begin, end
  for (std::size_t i = 0; i < sets_.size(); ++i) taken.emplace_back(firsts_[i], firsts_[i] + sets_[i].names.size());
  std::sort(taken.begin(), taken.end());
  std::size_t first = 0;
  for (const auto& [begin, end] : taken) {
    if (begin >= first + rules.names.size()) break;
    first = std::max(first, end);
  }
  sets_.push_back(std::move(rules));
  firsts_.push_back(static_cast<std::uint32_t>(first));
  lay_out();
  return firsts_.back();
}

std::vector<std::size_t> RuleBook::filter_counts(std::uint32_t first, std::uint32_t rules) const {
  std::vector<std::size_t> out(rules);
  for (std::uint32_t i = 0; i < rules && first + i < filters_.size(); ++i) out[i] = filters_[first + i].size();
  return out;
}

void RuleBook::mark(std::uint32_t first_rule, std::vector<bool>& used) const {
  for (std::size_t i = 0; i < firsts_.size(); ++i) {
    if (firsts_[i] == first_rule) used[i] = true;
  }
}

void RuleBook::forget_unused(const std::vector<bool>& used) {
  std::vector<RuleSet> sets;
  std::vector<std::uint32_t> firsts;
  for (std::size_t i = 0; i < sets_.size(); ++i) {
    if (!used[i]) continue;
    sets.push_back(std::move(sets_[i]));
    firsts.push_back(firsts_[i]);
  }
  sets_ = std::move(sets);
  firsts_ = std::move(firsts);
  lay_out();
}

void RuleBook::lay_out() {
  names_.clear();
  filters_.clear();
  for (std::size_t i = 0; i < sets_.size(); ++i) {
    const std::size_t end = firsts_[i] + sets_[i].names.size();
    names_.resize(std::max(names_.size(), end));
    filters_.resize(names_.size());
    for (std::size_t k = 0; k < sets_[i].names.size(); ++k) {
      names_[firsts_[i] + k] = sets_[i].names[k];
      filters_[firsts_[i] + k] = sets_[i].filters[k];
    }
  }
}

}  // namespace pyojun
