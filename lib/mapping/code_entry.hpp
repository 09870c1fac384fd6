// One source code as the mapper knows it: source concept, targets, grade, the rows it makes in each stem emit, and its tallies.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "cdm/rows.hpp"

namespace pyojun::mapping {

// One row a code makes: which layout of the stem emit, and the concepts in it.
struct RouteRow {
  std::uint16_t layout = 0;
  std::int32_t target = 0;  // 0: no standard target
  std::int32_t value = 0;   // "Maps to value" target, 0: none
};

struct CodeRoute {
  std::uint32_t emit = 0;  // number of the emit in the plan
  std::vector<RouteRow> rows;
};

struct CodeCount {
  std::uint16_t rule = 0;
  TableId table = no_table;  // table the rows went to; no_table: the code was used as a value
  std::uint64_t rows = 0;
};

// Owned by a CodeCache; address is stable while the cache lives (overflow entries: until the candidate is done).
struct CodeEntry {
  std::string_view vocabulary;  // vocabulary id, or the system as delivered when it is unknown
  std::string_view code;
  std::int32_t source_concept = 0;
  Grade grade = Grade::unknown;
  std::uint32_t priority = 0;  // of the vocabulary for best(); smaller is better
  std::span<const std::int32_t> targets, values;
  std::vector<CodeRoute> routes;
  std::vector<CodeCount> counts;
  bool made = false;      // from a concept id, not from a source code: not tallied
  bool overflow = false;  // the cache is full: counted under an empty code
};

}  // namespace pyojun::mapping
