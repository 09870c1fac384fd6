#include "mapping/part_hash.hpp"

#include <algorithm>
#include <utility>

#include "base/sha256.hpp"
#include "mapping/parser.hpp"

namespace pyojun {

namespace {

// Every text is preceded by its length, so that two mappings never run together to the same bytes.
std::string with_length(std::string_view text) { return std::to_string(text.size()) + ':' + std::string(text); }

}  // namespace

PartHashes::PartHashes(ast::Mapping mapping, const std::vector<std::string>& lists) : mapping_(std::move(mapping)) {
  for (const auto& text : lists) texts_ += with_length(text);
  for (const auto& text : mapping_.layouts) texts_ += with_length(text);
  mapping_.title.clear();
  mapping_.assemble.clear();  // works over the rows of all files, every night
}

const std::string& PartHashes::of(const std::vector<std::string>& kinds) {
  const auto known = known_.find(kinds);
  if (known != known_.end()) return known->second;
  // The others step aside while this part is printed.
  std::vector<ast::Rule> all = std::exchange(mapping_.rules, {});
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!kinds.empty() && all[i].kind != "*" && std::ranges::find(kinds, all[i].kind) == kinds.end()) continue;
    places.push_back(i);
    mapping_.rules.push_back(std::move(all[i]));
  }
  const std::string text = print(mapping_);
  for (std::size_t i = 0; i < places.size(); ++i) all[places[i]] = std::move(mapping_.rules[i]);
  mapping_.rules = std::move(all);
  return known_.emplace(kinds, sha256_hex(texts_ + with_length(text))).first->second;
}

}  // namespace pyojun
