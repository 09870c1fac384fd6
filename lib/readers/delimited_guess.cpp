// Guessing a delimiter from the head of a file, and reading single records the slow, simple way (headers and guesses only).
#include <algorithm>
#include <array>
#include <map>

#include "readers/byte_scan.hpp"
#include "readers/delimited.hpp"

namespace pyojun {

namespace {

constexpr std::size_t guess_records = 100;

// Ends of the records in the head under one delimiter; a record the head cuts off is left out unless it is the only one.
std::vector<std::string_view> records_of(std::string_view head, const DelimitedLayout& layout) {
  std::vector<std::string_view> records;
  std::size_t start = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < head.size() && records.size() < guess_records; ++i) {
    const char c = head[i];
    if (layout.quoting && c == layout.quote) {
      const bool at_start = i == start || head[i - 1] == layout.delimiter;
      quoted = quoted ? false : at_start || (i > 0 && head[i - 1] == layout.quote);
    } else if (!quoted && (c == '\n' || c == '\r')) {
      if (i > start) records.push_back(head.substr(start, i - start));
      start = i + 1;
    }
  }
  if (records.empty() && start < head.size()) records.push_back(head.substr(start));
  return records;
}

}  // namespace

std::optional<std::vector<std::string>> split_fields(std::string_view record, const DelimitedLayout& layout) {
  std::vector<std::string> fields;
  std::size_t at = 0;
  while (true) {
    std::string field;
    if (layout.quoting && at < record.size() && record[at] == layout.quote) {
      for (++at;; ++at) {
        if (at == record.size()) return std::nullopt;
        if (record[at] == layout.quote) {
          ++at;
          if (at == record.size() || record[at] != layout.quote) break;
        }
        field += record[at];
      }
      if (at < record.size() && record[at] != layout.delimiter) return std::nullopt;
    } else {
      const std::size_t end = std::min(record.find(layout.delimiter, at), record.size());
      field = record.substr(at, end - at);
      at = end;
    }
    fields.push_back(std::move(field));
    if (at == record.size()) return fields;
    ++at;
  }
}

DelimiterGuess guess_delimiter(std::string_view head, const DelimitedLayout& layout) {
  static constexpr std::array<char, 4> candidates{',', ';', '\t', '|'};
  DelimiterGuess best;
  for (const char candidate : candidates) {
    DelimitedLayout trial;
    trial.quote = layout.quote;
    trial.quoting = layout.quoting;
    trial.delimiter = candidate;
    std::map<std::size_t, std::size_t> counts;  // fields -> records
    const auto records = records_of(head, trial);
    for (const auto record : records) {
      if (const auto fields = split_fields(record, trial)) ++counts[fields->size()];
    }
    DelimiterGuess guess{candidate, 1, records.size(), 0};
    std::size_t most = 0;
    for (const auto& [fields, times] : counts) {
      if (times < most) continue;
      most = times;
      guess.fields = fields;
    }
    if (!records.empty()) guess.agreement = static_cast<double>(most) / static_cast<double>(records.size());
    // More fields do not beat better agreement, but two fields that agree in most records beat one.
    const auto worth = [](const DelimiterGuess& g) { return g.fields < 2 ? 0.0 : g.agreement; };
    if (worth(guess) > worth(best) || (worth(guess) == worth(best) && guess.fields > best.fields)) best = guess;
    if (best.records == 0) best.records = records.size();
  }
  return best;
}

}  // namespace pyojun
