// The text section of a snapshot, and our own embedded tables.
#include "vocabulary/snapshot_info.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/resources.hpp"
#include "vocabulary/resource_csv.hpp"
#include "vocabulary/scanner.hpp"

namespace pyojun::vocabulary {

namespace {

std::string flat(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c == '\t' || c == '\n' || c == '\r') c = ' ';
  }
  return result;
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

std::vector<std::vector<std::string>> resource_csv(std::string_view path, std::size_t columns) {
  std::vector<std::vector<std::string>> result;
  const auto text = resource(path);
  if (!text) return result;
  QuotedRows rows(*text);
  Fields fields;
  bool header = true;
  while (rows.next(fields)) {
    if (fields.at[0].starts_with('#')) continue;
    if (!std::exchange(header, false)) {
      auto& row = result.emplace_back();
      for (std::size_t i = 0; i < std::min({fields.count, columns, Fields::most}); ++i) row.emplace_back(fields.at[i]);
      row.resize(columns);
    }
  }
  return result;
}

std::string write_info(const Vocabulary::Info& info) {
  std::string out = fmt::format("release\t{}\nhash\t{}\nconcepts\t{}\nrelationships\t{}\nancestors\t{}\n", flat(info.release),
                                info.content_hash, info.concepts, info.relationships, info.ancestors);
  for (const auto& name : info.absent) out += fmt::format("absent\t{}\n", flat(name));
  for (const auto& item : info.vocabularies) {
    out += fmt::format("vocabulary\t{}\t{}\t{}\t{}\n", flat(item.id), flat(item.name), flat(item.version), item.concepts);
  }
  return out;
}

Vocabulary::Info read_info(std::string_view text) {
  Vocabulary::Info info;
  TabRows rows(text);
  Fields row;
  while (rows.next(row)) {
    if (row.count < 2) continue;
    const std::string_view key = row.at[0], value = row.at[1];
    if (key == "release") info.release = value;
    if (key == "hash") info.content_hash = value;
    if (key == "concepts") info.concepts = number(value);
    if (key == "relationships") info.relationships = number(value);
    if (key == "ancestors") info.ancestors = number(value);
    if (key == "absent") info.absent.emplace_back(value);
    if (key == "vocabulary" && row.count >= 5) {
      info.vocabularies.push_back({std::string(value), std::string(row.at[2]), std::string(row.at[3]), number(row.at[4]), {}});
    }
  }
  return info;
}

std::string licence_of(std::string_view vocabulary) {
  for (const auto& row : resource_csv("schemas/vocabulary/licences.csv", 2)) {
    if (row[0] == vocabulary) return row[1];
  }
  return {};
}

}  // namespace pyojun::vocabulary
