// The CDM as data: tables, columns, keys and stem routing, loaded from schemas/omop-5.4 (embedded in the program).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"

namespace pyojun {

enum class ColumnType : std::uint8_t {
  integer,   // 32-bit in our files; ids, concepts, small numbers
  number,    // IEEE double; NUMERIC in the CDM
  date,      // days since 1970-01-01
  datetime,  // microseconds since 1970-01-01 00:00, local wall time of the mapping's time zone rule
  text,      // UTF-8
};

using TableId = std::uint16_t;
using ColumnId = std::uint16_t;  // position within its table, in OMOP column order
inline constexpr TableId no_table = 0xFFFF;
inline constexpr ColumnId no_column = 0xFFFF;

struct Column {
  std::string name;
  ColumnType type = ColumnType::text;
  std::uint32_t max_length = 0;  // characters for text, 0: no limit
  bool required = false;
  bool primary_key = false;
  TableId references = no_table;  // foreign key: "person", "visit_occurrence", "concept" ...
  std::string domain;             // domain a concept column must hold ("Gender"), empty: any; several are parted by |
};

struct Table {
  std::string name;    // lower case: "person"
  std::string schema;  // "cdm", "vocabulary", "results"; "filing": the warehouse's own
  std::vector<Column> columns;
  ColumnId primary_key = no_column;              // no_column: the table has none (death, fact_relationship, cohort)
  std::string domain;                            // domain whose concepts stem routing sends here ("Condition"); empty: not a stem table
  ColumnId find(std::string_view column) const;  // no_column when there is none
};

// Where an event attribute of `into stem` goes in one table: e.g. (condition_occurrence, "start") -> condition_start_date.
// An attribute with several parts has one route per column; the column's name and type say which part it takes
// (code: *_concept_id, *_source_concept_id, *_source_value; start: *_date, *_datetime; value: value_as_number, value_as_string ..).
struct StemRoute {
  TableId table = no_table;
  std::string attribute;
  ColumnId column = no_column;
};

class Schema {
 public:
  // Reads tables.csv, columns.csv and stem.csv of one CDM version from the embedded resources, or from `folder` when given
  // (then `version` is not used). Errors: schema_unknown, schema_damaged with file and line, file_not_readable.
  static Result<Schema> load(std::string_view version = "omop-5.4", const std::string& folder = {});

  TableId find(std::string_view table) const;  // no_table when there is none
  const Table& table(TableId id) const { return tables_[id]; }
  const std::vector<Table>& tables() const { return tables_; }
  const std::vector<StemRoute>& stem() const { return stem_; }
  std::vector<std::string> stem_attributes() const;         // distinct, in file order
  TableId table_for_domain(std::string_view domain) const;  // stem table of a domain; "Observation" table for domains without one

 private:
  Status add_columns(const std::string& text, const std::string& file);
  Status add_stem(const std::string& text, const std::string& file);

  std::vector<Table> tables_;
  std::vector<StemRoute> stem_;
  std::unordered_map<std::string, TableId> ids_;
};

}  // namespace pyojun
