// The SQL engine a source lives in, behind the few things an audit needs.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace pyojun {

enum class ValueType : std::uint8_t { integer, number, date, datetime, text, other };

struct SourceColumn {
  std::string name;  // lower case
  ValueType type = ValueType::other;
  std::string sql_type;     // as the engine names it
  bool bad_values = false;  // some delivered texts did not fit the type; they are in column "<name> as delivered", null here
  bool readable = true;     // false: the database role may not read it
};

struct SourceTable {
  std::string name;  // "person"; with its schema when that is not the CDM's: "profile.code"
  std::vector<SourceColumn> columns;
  std::uint64_t rows = 0;
  bool readable = true;  // false: the database role may read none of its columns
  const SourceColumn* find(std::string_view column) const;
};

// Delivered values that do not fit the CDM's type of their column: criteria see nothing there. Names and counts only.
struct Misfit {
  std::string table, column, expected, delivered;  // SQL names of the two types
  std::uint64_t values = 0;                        // more than 0
};

// What a source has, by lower-case name.
using Catalog = std::map<std::string, SourceTable, std::less<>>;

// A cell of a fetched row; nothing for NULL.
using Cell = std::optional<std::string>;

class SqlEngine {
 public:
  virtual ~SqlEngine() = default;
  virtual std::string_view name() const = 0;  // "duckdb", "postgresql"
  // Numbers of the first row, NULL as 0. `what` names the statement in errors; values and library texts stay out of them.
  virtual Result<std::vector<std::int64_t>> numbers(const std::string& sql, std::string_view what) = 0;
  // Every row, each cell as text; false from `each` ends early.
  virtual Status rows(const std::string& sql, std::string_view what, const std::function<bool(std::span<const Cell>)>& each) = 0;
  virtual Status run(const std::string& sql, std::string_view what) = 0;
  // The statement as this engine wants it: the names of the prelude's macros may need a prefix.
  virtual std::string dialect(std::string_view sql) const { return std::string(sql); }
};

// The class of an engine's error, "Binder Error" or "SQLSTATE 42883": the rest of its text could quote what it read.
std::string error_class(const Error& error);

}  // namespace pyojun
