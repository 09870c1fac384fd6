// The parts of building a snapshot: concepts, indexes, relationships. build.cpp puts them together and publishes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "vocabulary/huge_array.hpp"
#include "vocabulary/layout.hpp"
#include "vocabulary/source_table.hpp"

namespace pyojun::vocabulary {

// Strings that many concepts share get small numbers in order of first use.
class StringTable {
 public:
  // 0xFFFF when the table is full.
  std::uint16_t number(std::string_view text);
  const std::vector<std::string>& all() const { return all_; }

 private:
  std::vector<std::string> all_;
  std::unordered_map<std::string, std::uint16_t> numbers_;
};

struct Concepts {
  HugeArray<Row> rows;
  HugeArray<char> text;
  std::vector<Kind> kinds;
  StringTable strings;
  std::vector<std::uint64_t> per_string;  // concepts of vocabulary strings[i]

  bool standard(const Row& row) const {
    return kinds[row.kind].standard == 'S' && (row.flags & (flag_deleted | flag_updated | flag_invalid_other)) == 0;
  }
  bool valid(const Row& row) const { return (row.flags & (flag_deleted | flag_updated | flag_invalid_other)) == 0; }
  std::string_view code(const Row& row) const;
  std::string_view name(const Row& row) const;
};

struct Indexes {
  HugeArray<std::uint32_t> ids;  // row + 1 by concept id
  HugeArray<Slot> codes, names;
};

struct Targets {
  HugeArray<std::uint32_t> single;  // by row
  std::vector<std::uint32_t> more;
  std::vector<ValueEntry> values;
};

struct MapPair {
  std::int32_t from = 0, to = 0;
  bool value = false;  // "Maps to value"
};

// A column block of concept_relationship or concept_ancestor for SQL: see column_file.hpp.
using BlockSink = std::function<Status(std::string_view block)>;

struct Relations {
  std::vector<MapPair> maps;       // valid "Maps to" to another concept, and "Maps to value"
  std::vector<std::string> names;  // relationship ids, as numbered in the column blocks
  std::uint64_t count = 0;
};

Result<Concepts> import_concepts(const SourceTable& table, unsigned threads);
Result<Indexes> build_indexes(const Concepts& concepts, const std::string& path, unsigned threads);
// sink may be empty: then no column blocks are made.
Result<Relations> import_relationships(const SourceTable& table, unsigned threads, const BlockSink& sink);
Result<std::uint64_t> import_ancestors(const SourceTable& table, unsigned threads, const BlockSink& sink);
// Keeps targets that are valid and standard; sets flag_has_value on rows.
Targets resolve_targets(Concepts& concepts, const Indexes& indexes, const std::vector<MapPair>& maps);

// Row of an id or no_row.
std::uint32_t row_of(const Indexes& indexes, const Concepts& concepts, std::int32_t id);

// Numbers and dates as vocabulary files write them. Dates: YYYYMMDD or YYYY-MM-DD.
bool parse_id(std::string_view text, std::int32_t& id);
bool parse_day(std::string_view text, std::uint16_t& day);

// ASCII letters to lower case; other bytes as they are.
void lower_into(std::string_view text, std::string& out);

}  // namespace pyojun::vocabulary
