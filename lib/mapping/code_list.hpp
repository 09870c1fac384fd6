// Code lists: text to concepts, from inline pairs or a CSV file with source_to_concept_map or Usagi columns.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "mapping/plan.hpp"

namespace pyojun::mapping {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};

struct ListItem {
  std::vector<std::int32_t> targets;  // in file order, each once; standard ones only when a vocabulary was there to ask
  std::int32_t source_concept = 0;
};

struct CodeList {
  std::string name;
  std::unordered_map<std::string, ListItem, TextHash, std::equal_to<>> items;
  std::string vocabulary;  // source_vocabulary_id when all rows share one, else the list's name
  const ListItem* find(std::string_view text) const {
    const auto found = items.find(text);
    return found == items.end() ? nullptr : &found->second;
  }
};

// Extra lists by source vocabulary as written in the file.
using ListsByVocabulary = std::unordered_map<std::string, CodeList, TextHash, std::equal_to<>>;

struct ListSource {
  std::string file;  // for messages
  std::string_view text;
  const Vocabulary* vocabulary = nullptr;  // may be null: targets are then taken as they are
};

// Reads a file into one list (`list NAME FILE`) or into lists by source vocabulary (`--code-list FILE`). What is wrong is reported by line;
// a wrong line is left out.
void read_list(const ListSource& source, CodeList& list, std::vector<Diagnostic>& diagnostics);
void read_lists(const ListSource& source, ListsByVocabulary& lists, std::vector<Diagnostic>& diagnostics);

}  // namespace pyojun::mapping
