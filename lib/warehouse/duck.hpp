// DuckDB behind RAII and Result. Engine messages may quote data, so only their class leaves this file.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

// The engine's own names.
// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
struct _duckdb_database;
struct _duckdb_connection;
struct _duckdb_appender;
struct _duckdb_data_chunk;
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)

namespace pyojun {

struct DuckOptions {
  std::string file;         // empty: in memory
  std::string temp_folder;  // where it may spill; empty: it may not
  std::uint64_t memory_bytes = 256ULL << 20;
  unsigned threads = 1;
  bool read_only = false;
};

// One fetched chunk of a query. Values are read by column and row; text is copied.
class DuckRows {
 public:
  DuckRows() = default;
  DuckRows(DuckRows&& other) noexcept;
  DuckRows& operator=(DuckRows&& other) noexcept;
  ~DuckRows();
  std::size_t rows() const { return rows_; }
  std::size_t columns() const;
  bool null(std::size_t column, std::size_t row) const;
  // Pointer to the column's values as DuckDB stores them (int32, int64, double ...).
  const void* data(std::size_t column) const;
  // Any integer or boolean column (BOOLEAN, (U)TINYINT .. (U)BIGINT, DATE, TIMESTAMP, HUGEINT within 64 bits); 0 for null.
  std::int64_t integer(std::size_t column, std::size_t row) const;
  double number(std::size_t column, std::size_t row) const;          // DOUBLE, FLOAT, and integers; 0 for null
  std::string_view text(std::size_t column, std::size_t row) const;  // VARCHAR; borrowed from this object

 private:
  friend class Duck;
  _duckdb_data_chunk* chunk_ = nullptr;
  std::size_t rows_ = 0;
};

// Appends rows to a table, value by value. Not thread-safe.
class DuckAppender {
 public:
  DuckAppender() = default;
  DuckAppender(DuckAppender&& other) noexcept;
  DuckAppender& operator=(DuckAppender&& other) noexcept;
  ~DuckAppender();
  explicit operator bool() const { return appender_ != nullptr; }
  DuckAppender& add(std::int64_t value);
  DuckAppender& add(std::string_view text);
  DuckAppender& add_flag(bool value);
  DuckAppender& add_null();
  Status end_row();  // Code::warehouse_engine when one of the values before was refused
  Status close();    // writes what is left

 private:
  friend class Duck;
  _duckdb_appender* appender_ = nullptr;
  std::string table_;
  bool good_ = true;
};

// A database with one connection; connect() gives further ones. Each connection is for one thread at a time.
class Duck {
 public:
  static Result<std::unique_ptr<Duck>> open(const DuckOptions& options);
  Duck(const Duck&) = delete;
  Duck& operator=(const Duck&) = delete;
  ~Duck();
  // Another connection to the same database.
  Result<std::unique_ptr<Duck>> connect() const;
  // The database is not closed when the last connection goes: what it holds in memory is left to the end of the process, which is near.
  // Only after a checkpoint, with one thread and nothing spilled.
  void leave_open();

  // Runs one or several statements. `name` says in the error which statement it was (a file name, a task); never data.
  Status exec(const std::string& sql, std::string_view name = {});
  // Runs one statement and gives its rows chunk by chunk; a false from `each` ends it early.
  Status query(const std::string& sql, const std::function<bool(const DuckRows&)>& each, std::string_view name = {});
  // The same row by row: each(rows, row).
  template <class Each>
  Status each_row(const std::string& sql, std::string_view name, Each each) {
    const auto chunk = [&](const DuckRows& rows) {
      for (std::size_t row = 0; row < rows.rows(); ++row) each(rows, row);
      return true;
    };
    return query(sql, chunk, name);
  }
  // First value of the first row.
  Result<std::int64_t> integer(const std::string& sql, std::string_view name = {});
  Result<std::string> text(const std::string& sql, std::string_view name = {});
  // Schema "" finds temporary tables too.
  Result<DuckAppender> append_to(const std::string& schema, const std::string& table);

  _duckdb_connection* connection() const { return connection_; }

 private:
  struct Database;
  Duck() = default;
  std::shared_ptr<Database> database_;
  _duckdb_connection* connection_ = nullptr;
};

std::string sql_text(std::string_view text);  // 'text' with quotes doubled
std::string sql_name(std::string_view name);  // "name" with quotes doubled

}  // namespace pyojun
