#include "mapping/part_hash.hpp"

#include <fstream>
#include <iterator>
#include <utility>

#include "base/sha256.hpp"
#include "mapping/parser.hpp"

namespace pyojun {

namespace {

// Every text is preceded by its length, so that two mappings never run together to the same bytes.
std::string with_length(std::string_view text) { return std::to_string(text.size()) + ':' + std::string(text); }

}  // namespace

void PartHashes::read(const std::string& mapping, const std::vector<std::string>& code_lists) {
  read_ = true;
  mapping_ = parse_mapping(mapping).mapping;
  for (const auto& list : mapping_.lists) {
    if (!list.file.empty()) lists_ += with_length(read_beside(mapping_, list.at.file, list.file).value_or(std::string()));
  }
  for (const auto& file : code_lists) {
    std::ifstream in(file, std::ios::binary);
    lists_ += with_length(std::string(std::istreambuf_iterator<char>(in), {}));
  }
  mapping_.title.clear();
  mapping_.assemble.clear();  // works over the rows of all files, every night
}

const std::string& PartHashes::of(const std::string& mapping, std::string_view kind, const std::vector<std::string>& code_lists) {
  if (!read_) read(mapping, code_lists);
  const auto known = known_.find(kind);
  if (known != known_.end()) return known->second;
  // The others step aside while this part is printed.
  std::vector<ast::Rule> all = std::exchange(mapping_.rules, {});
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!kind.empty() && all[i].kind != kind && all[i].kind != "*") continue;
    places.push_back(i);
    mapping_.rules.push_back(std::move(all[i]));
  }
  const std::string text = print(mapping_);
  for (std::size_t i = 0; i < places.size(); ++i) all[places[i]] = std::move(mapping_.rules[i]);
  mapping_.rules = std::move(all);
  return known_.emplace(kind, sha256_hex(lists_ + with_length(text))).first->second;
}

}  // namespace pyojun
