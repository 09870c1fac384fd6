// Names by which sources call vocabularies, units and short words: our own tables in schemas/vocabulary.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace pyojun::vocabulary {

// Looks up views in maps of strings without making a string.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
template <class T>
using TextMap = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

// schemas/vocabulary/systems.csv: alias -> OMOP vocabulary id.
class SystemAliases {
 public:
  static SystemAliases load();
  // OMOP vocabulary id or nothing. The alias is compared without letter case, blanks, "urn:oid:", "|version" and a final slash.
  std::optional<std::string_view> find(std::string_view alias) const;
  // All vocabulary ids named, in file order, each once.
  const std::vector<std::string>& vocabularies() const { return vocabularies_; }
  // The form in which aliases are compared.
  static std::string plain(std::string_view alias);

 private:
  TextMap<std::string> exact_;
  std::vector<std::pair<std::string, std::string>> prefixes_;  // longest first
  std::vector<std::string> vocabularies_;
};

// schemas/vocabulary/units.csv.
class UnitAliases {
 public:
  static UnitAliases load();
  bool means_none(std::string_view text) const;
  // Spellings to try as UCUM codes, best first: the text itself, whole aliases, then the text with its parts replaced.
  std::vector<std::string> spellings(std::string_view text) const;

 private:
  // Aliases in their own letter case and in lower case; several targets are tried in file order.
  using Table = TextMap<std::vector<std::string>>;
  static const std::vector<std::string>* find(const Table& exact, const Table& folded, std::string_view text);
  std::vector<std::string> by_parts(std::string_view text) const;

  TextMap<bool> none_;
  Table whole_, whole_folded_, parts_, parts_folded_;
};

// schemas/vocabulary/words.csv: (domain, word in any letter case) -> concept id.
class Words {
 public:
  static Words load();
  std::int32_t find(std::string_view domain, std::string_view word) const;  // 0: unknown

 private:
  TextMap<std::int32_t> words_;
};

}  // namespace pyojun::vocabulary
