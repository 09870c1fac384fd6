// Names by which sources call vocabularies, units and short words.
#include "vocabulary/aliases.hpp"

#include <algorithm>
#include <charconv>

#include "vocabulary/normalise.hpp"
#include "vocabulary/resource_csv.hpp"

namespace pyojun::vocabulary {

namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return result;
}

std::string trimmed(std::string_view text) {
  std::string result(text);
  code_rule("trim")->apply(result);
  return result;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) text.replace(at, from.size(), to);
}

// Signs that have several code points, and digits written small or wide.
std::string plain_signs(std::string_view text) {
  static constexpr std::pair<std::string_view, std::string_view> signs[] = {
      {"\xC2\xB5", "u"},         // µ micro sign
      {"\xCE\xBC", "u"},         // μ Greek mu
      {"\xC2\xB2", "2"},         // ²
      {"\xC2\xB3", "3"},         // ³
      {"\xC2\xB0", "deg"},       // °
      {"\xC2\xB7", "."},         // ·
      {"\xC3\x97", "x"},         // ×
      {"\xEF\xBC\xBE", "^"},     // ＾ full-width caret
      {"\xEF\xBC\x8F", "/"},     // ／
      {"\xEF\xBC\x85", "%"},     // ％
      {"\xEF\xBC\x8A", "*"},     // ＊
      {"\xE2\x84\x83", "degC"},  // ℃
      {"\xE2\x84\x89", "degF"},  // ℉
      {"\xE2\x84\x93", "l"},     // ℓ
      {"\xE3\x8E\x8E", "mg"},    // ㎎
      {"\xE3\x8E\x8F", "kg"},    // ㎏
      {"\xE3\x8E\x8D", "ug"},    // ㎍
      {"\xE3\x8E\x96", "ml"},    // ㎖
      {"\xE3\x8E\x97", "dl"},    // ㎗
      {"\xE3\x8E\x95", "ul"},    // ㎕
      {"\xE3\x8E\x9D", "cm"},    // ㎝
      {"\xE3\x8E\x9C", "mm"},    // ㎜
      {"\xE3\x8E\xA3", "mm3"},   // ㎣
  };
  std::string result(text);
  for (const auto& [from, to] : signs) replace_all(result, from, to);
  return result;
}

// "x10e3", "10^3", "10+3", "X10*3", "10E3" to "10*3"; absent when the text is no power of ten.
std::optional<std::string> power_of_ten(std::string_view text) {
  if (text.starts_with('x') || text.starts_with('X') || text.starts_with('*')) text.remove_prefix(1);
  if (!text.starts_with("10")) return std::nullopt;
  text.remove_prefix(2);
  if (text.starts_with("**")) text.remove_prefix(1);
  if (!text.empty() && std::string_view("*^+eE").find(text.front()) != std::string_view::npos) text.remove_prefix(1);
  if (text.empty() || text.size() > 2 || !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  return "10*" + std::string(text);
}

}  // namespace

std::string SystemAliases::plain(std::string_view alias) {
  std::string text;
  text.reserve(alias.size());
  for (const char c : alias) {
    if (c == '|') break;
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') text.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c);
  }
  if (text.starts_with("urn:oid:")) text.erase(0, 8);
  if (text.starts_with("https://")) text.erase(4, 1);
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

SystemAliases SystemAliases::load() {
  SystemAliases result;
  for (const auto& row : resource_csv("schemas/vocabulary/systems.csv", 3)) {
    std::string key = plain(row[0]);
    if (std::find(result.vocabularies_.begin(), result.vocabularies_.end(), row[1]) == result.vocabularies_.end())
      result.vocabularies_.push_back(row[1]);
    if (row[2] == "prefix") {
      result.prefixes_.emplace_back(std::move(key), row[1]);
    } else {
      result.exact_.emplace(std::move(key), row[1]);
    }
  }
  std::stable_sort(result.prefixes_.begin(), result.prefixes_.end(),
                   [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
  return result;
}

std::optional<std::string_view> SystemAliases::find(std::string_view alias) const {
  const std::string key = plain(alias);
  if (const auto at = exact_.find(key); at != exact_.end()) return at->second;
  for (const auto& [prefix, vocabulary] : prefixes_) {
    if (key.starts_with(prefix)) return vocabulary;
  }
  return std::nullopt;
}

UnitAliases UnitAliases::load() {
  UnitAliases result;
  for (const auto& row : resource_csv("schemas/vocabulary/units.csv", 4)) {
    const std::string &kind = row[0], &text = row[1], &target = row[2];
    if (kind == "none") {
      result.none_.emplace(lower(text), true);
    } else {
      const bool whole = kind == "whole";
      (whole ? result.whole_ : result.parts_)[text].push_back(target);
      if (row[3] != "exact") (whole ? result.whole_folded_ : result.parts_folded_)[lower(text)].push_back(target);
    }
  }
  return result;
}

bool UnitAliases::means_none(std::string_view text) const {
  const std::string plain = lower(trimmed(text));
  return plain.empty() || none_.contains(plain);
}

const std::vector<std::string>* UnitAliases::find(const Table& exact, const Table& folded, std::string_view text) {
  if (const auto at = exact.find(text); at != exact.end()) return &at->second;
  if (const auto at = folded.find(lower(text)); at != folded.end()) return &at->second;
  return nullptr;
}

std::vector<std::string> UnitAliases::spellings(std::string_view text) const {
  std::vector<std::string> result{trimmed(text)};
  std::string signs = plain_signs(result.front());
  if (signs != result.front()) result.push_back(signs);
  for (std::size_t i = 0, end = result.size(); i < end; ++i) {
    if (const auto* targets = find(whole_, whole_folded_, result[i])) result.insert(result.end(), targets->begin(), targets->end());
  }
  std::string dense = signs;
  std::erase(dense, ' ');
  if (dense != signs) {
    result.push_back(dense);
    if (const auto* targets = find(whole_, whole_folded_, dense)) result.insert(result.end(), targets->begin(), targets->end());
  }
  for (auto& spelling : by_parts(dense)) {
    if (const auto* targets = find(whole_, whole_folded_, spelling)) result.insert(result.end(), targets->begin(), targets->end());
    result.push_back(std::move(spelling));
  }
  return result;
}

// "MG/DL" is "mg" and "dL" joined by "/". A part that is no alias stays as it is; annotations in braces are first kept, then left out.
std::vector<std::string> UnitAliases::by_parts(std::string_view text) const {
  std::vector<std::string> results;
  for (const bool bare : {false, true}) {
    std::string joined;
    for (std::size_t from = 0; from <= text.size();) {
      const std::size_t slash = std::min(text.find('/', from), text.size());
      std::string part(text.substr(from, slash - from));
      const std::size_t brace = part.find('{');
      if (bare && brace != std::string::npos && brace != 0) part.resize(brace);
      if (const auto power = power_of_ten(part)) {
        part = *power;
      } else if (const auto* targets = find(parts_, parts_folded_, part)) {
        part = targets->front();
      }
      joined += part;
      if (slash < text.size()) joined += '/';
      from = slash + 1;
    }
    if (results.empty() || joined != results.back()) results.push_back(std::move(joined));
  }
  return results;
}

Words Words::load() {
  Words result;
  for (const auto& row : resource_csv("schemas/vocabulary/words.csv", 3)) {
    std::int32_t id = 0;
    std::from_chars(row[2].data(), row[2].data() + row[2].size(), id);
    result.words_.emplace(lower(row[0]) + '\t' + lower(row[1]), id);
  }
  return result;
}

std::int32_t Words::find(std::string_view domain, std::string_view word) const {
  const auto at = words_.find(lower(domain) + '\t' + lower(trimmed(word)));
  return at == words_.end() ? 0 : at->second;
}

}  // namespace pyojun::vocabulary
