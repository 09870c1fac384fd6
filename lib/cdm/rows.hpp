// Mapped rows, column by column, with natural keys instead of ids: what the mapper hands to the warehouse.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.hpp"
#include "base/time_value.hpp"
#include "cdm/schema.hpp"

namespace pyojun {

inline constexpr std::int32_t null_integer = std::numeric_limits<std::int32_t>::min();
// Null numbers are this one NaN pattern; real results are never NaN.
inline constexpr std::uint64_t null_number_bits = 0x7FF8'0000'0000'0DEAULL;

// Number of a column's group; of groups at most `most_groups`.
inline constexpr std::uint8_t no_group = 0xFF, most_groups = 32;

// Null in a column of siblings.
inline constexpr std::uint32_t null_sibling = 0xFFFF'FFFF;

enum class Storage : std::uint8_t {
  constant,    // the same value in every row of the chunk: values[0]
  integers,    // integer and date columns; null_integer / null_date is null
  datetimes,   // null_datetime is null
  numbers,     // bit patterns compare for null
  texts,       // ends/heap; length 0 is null
  references,  // keys of rows of another table; {0,0} is null. The warehouse turns them into ids.
  siblings,    // candidate numbers of this batch: the id of that candidate's lead row (cost_event_id)
};

// One column of a chunk. Only columns a rule sets are there; the others are null.
struct ColumnValues {
  ColumnId column = no_column;
  Storage storage = Storage::integers;
  Storage constant_of = Storage::integers;  // storage of the single value when storage == constant
  TableId target = no_table;                // table of a reference
  std::uint8_t group = no_group;            // columns that are said together; what a row does not say is taken from older rows of its key
  ColumnId instead = no_column;             // when no row says the group: as that column
  std::vector<std::int32_t> integers;
  std::vector<std::int64_t> datetimes;
  std::vector<double> numbers;
  std::vector<std::uint32_t> ends;  // end offset of each text in heap
  std::string heap;
  std::vector<Hash128> references;
  std::vector<std::uint32_t> siblings;
};

// Where a record of the batch stands in the delivered file; by record number within the batch.
struct RecordPlace {
  std::uint64_t offset = 0;  // bytes from the start of the (uncompressed) file
  std::uint32_t length = 0;  // bytes
  std::uint32_t line = 0;    // within the batch, from 0
};

// Rows of one table made by one emit of one rule from one batch, in the order of the records.
struct RowChunk {
  TableId table = no_table;
  std::uint16_t rule = 0;
  std::uint32_t rows = 0;
  bool keyed = false;  // keys are the identity of the rows: later versions replace earlier ones
  std::vector<ColumnValues> columns;
  std::vector<Hash128> keys;              // per row, when keyed
  std::vector<Hash128> aliases;           // pairs (row key, other key) that name the same entity; may be empty
  std::vector<std::int64_t> versions;     // per row when the rule says `version`, else empty: order of delivery decides
  std::vector<std::uint32_t> orders;      // per row when `version` lists several values: its text in order_ends, never falling
  std::vector<std::uint32_t> order_ends;  // end offset in order_heap of each text; the greater text (by bytes) is later
  std::string order_heap;
  std::vector<Hash128> within;            // `within_each` keys a row of what it stands in, {0,0} is none: a delete of one removes the row
  std::uint16_t within_each = 0;          //
  TableId within_target = no_table;       // the table these keys are of
  bool retires = false;                   // rows told under the other key of an alias give way to rows told under the row's
  std::vector<std::uint64_t> said;        // per row, when columns have groups: bit 2g: says group g; 2g + 1: by assumption
  std::vector<std::uint32_t> records;     // per row: record number within the batch
  std::vector<std::uint32_t> candidates;  // per row: candidate number within the batch and rule set
  std::vector<std::uint8_t> deletes;      // per row: 1 when it removes the row of its key and is itself no row; empty: none does
  std::vector<std::uint8_t> leads;        // per row: 1 for the row whose fate is the candidate's fate
  void clear_rows();
};

// Per rule: in = mapped + sum(filtered) + quarantined (+ duplicates and orphans, which the warehouse moves out of mapped).
struct RuleTally {
  std::uint64_t in = 0, mapped = 0, quarantined = 0;
  std::vector<std::uint64_t> filtered;  // by filter number of the rule
};

// How well a source code was mapped. Order is from best to worst; the report counts codes and rows by it.
enum class Grade : std::uint8_t {
  exact,       // code found as delivered, standard target found
  normalised,  // found after the vocabulary's declared code normalisation
  list,        // by a code list (source_to_concept_map)
  edition,     // under the same code in another edition of the code system (schemas/vocabulary/editions.csv, fallbacks.csv)
  truncated,   // under a shorter code that stands above it
  no_target,   // the code is known, but has no valid standard target: concept 0
  unknown,     // vocabulary is known, the code is not: concept 0
  no_system,   // the code system is not known to the snapshot: concept 0
  count
};

// One source code as the mapper met it. Codes and counts only.
struct CodeTally {
  std::uint16_t rule = 0;
  std::string vocabulary;  // vocabulary id, or the system as delivered when it is unknown
  std::string code;
  std::int32_t source_concept_id = 0;
  std::string domain;  // domain the row went to
  Grade grade = Grade::unknown;
  std::vector<std::int32_t> targets;
  std::uint64_t rows = 0;
};

}  // namespace pyojun
