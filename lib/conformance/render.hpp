// From a criterion to SQL: what the scans share, the statement that gives the same numbers alone, and the one that lists the violating
// keys.
#pragma once

#include <string>
#include <vector>

#include "cdm/schema.hpp"
#include "conformance/engine.hpp"
#include "conformance/kinds.hpp"
#include "conformance/pack.hpp"

namespace pyojun {

// A row of another table found by key: left join <table> <alias> on <alias>.<key> = t.<column>.
struct Lookup {
  std::string table, key, column;
  bool distinct = false;  // over the distinct keys only, so at most one row is found
  std::string alias;
  bool operator==(const Lookup&) const = default;
  std::string from() const;  // what stands between `left join` and the alias
  std::string on() const;    // "alias.key = t.column"
};

struct Need {
  std::string table, column;  // column "": the table alone
};

struct CheckSql {
  Shape shape = Shape::stated;
  std::string table;
  std::vector<Lookup> lookups;
  std::string violated, counted;  // conditions; "" counts every row. Shape::totals: expressions. Shape::query: `violated` is the statement
  std::string group1, group2;
  std::string grouped_violated, grouped_counted;  // Shape::groups: the conditions over g.g1 and g.g2
  std::string codes;                              // column whose distinct values are counted too; "" for most kinds
  bool joined = false;
  std::vector<Need> needs;
  std::string query;       // gives the two numbers by itself
  std::string keys_query;  // violating keys, in their order; "" when there are none to list
};

struct RenderContext {
  const Catalog* catalog = nullptr;
  const Schema* schema = nullptr;           // for primary keys
  std::string today;                        // YYYY-MM-DD
  std::vector<std::string> schemas{"cdm"};  // AuditSource::schemas
  // A PostgreSQL server, whose information_schema hides what the role may not read: then existence is asked of its own catalogue.
  bool server = false;
};

// A day of the calendar as YYYY-MM-DD: 2026-02-30 is none.
bool is_day(std::string_view text);
CheckSql render(const Criterion& criterion, const RenderContext& context);

// "select <one>, <two> from table t left join ..."
std::string select_over(const std::string& table, const std::vector<Lookup>& lookups, const std::string& columns);
// count(case when condition then 1 end), or count(*) without a condition.
std::string count_of(const std::string& condition);

}  // namespace pyojun
