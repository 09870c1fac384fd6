#include "mapping/part_hash.hpp"

#include <fstream>
#include <iterator>

#include "base/sha256.hpp"
#include "mapping/parser.hpp"

namespace pyojun {

std::string part_hash(const std::string& path, std::string_view kind, const std::vector<std::string>& code_lists) {
  ast::Mapping mapping = parse_mapping(path).mapping;
  std::string all;
  // Every text is followed by its length, so that two mappings never run together to the same bytes.
  const auto add = [&all](std::string_view text) {
    all += std::to_string(text.size());
    all += ':';
    all += text;
  };
  for (const auto& list : mapping.lists) {
    if (!list.file.empty()) add(read_beside(mapping, list.at.file, list.file).value_or(std::string()));
  }
  for (const auto& file : code_lists) {
    std::ifstream in(file, std::ios::binary);
    add(std::string(std::istreambuf_iterator<char>(in), {}));
  }
  if (!kind.empty()) {
    std::erase_if(mapping.rules, [kind](const ast::Rule& rule) { return rule.kind != kind && rule.kind != "*"; });
  }
  mapping.title.clear();
  mapping.assemble.clear();  // works over the rows of all files, every night
  add(print(mapping));
  return sha256_hex(all);
}

}  // namespace pyojun
