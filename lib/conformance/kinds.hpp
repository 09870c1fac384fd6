// Check kinds: one visible table. A criterion names a kind and gives its arguments; the kind knows the SQL.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "conformance/pack.hpp"

namespace pyojun {

enum class Shape : std::uint8_t {
  table,   // decided by the catalogue: does the table exist
  field,   // decided by the catalogue: does the column exist
  rows,    // two conditions over the rows of one table: violated, counted. All such checks of a table share one scan
  groups,  // the same, after the rows were counted per (group1, group2): hundreds of checks of one column cost one aggregation
  totals,  // two aggregate expressions over the rows of one table; shares the scan too
  query,   // a statement of its own that returns two numbers
  stated,  // decided by people: never observable in data
};

// SQL texts keep to what DuckDB, PostgreSQL and Spark SQL have in common, plus the macros of schemas/conformance/prelude.
// `t` is the row; {field}, {table} and the arguments are filled in; {a} and {b} are the looked-up rows (null when there is none).
// {x:list} 'A', 'B' from A|B; {x:numbers} 1, 2 from "1 2"; {x:literal} a number or date; {x:compare} the field, cast to a date when x is
// one; [x? text] only when argument x is given.
struct Kind {
  std::string_view name;
  Shape shape;
  std::string_view arguments;  // names parted by blanks; (name) may be left out. `table` and `field` are columns of criteria.csv
  std::string_view about;      // what is counted as violated, and out of what
  std::string_view violated;
  std::string_view counted;   // "": every row
  std::string_view lookup_a;  // "table.key=column of t"; "distinct table.key=column": one row a key by construction
  std::string_view lookup_b;
  std::string_view group1, group2;  // Shape::groups; the conditions name them {g1}, {g2}
  bool joined = false;              // a row that finds several looked-up rows counts that often in the denominator too
  std::string_view keys = {};       // Shape::query: SELECT of the violating keys; Shape::totals: condition of the rows to list
  std::string_view needs = {};      // further columns, "table.column" parted by blanks
  std::string_view codes = {};      // column whose distinct values are counted beside the rows (code and row coverage)
};

std::span<const Kind> kinds();
const Kind* find_kind(std::string_view name);
// Name of a required argument the criterion does not give; "" when all are there.
std::string missing_argument(const Kind& kind, const Criterion& criterion);
// Name of an argument the kind does not know; "" when there is none.
std::string unknown_argument(const Kind& kind, const Criterion& criterion);

}  // namespace pyojun
