// An SQLite database behind RAII and Result. Its messages may quote values, so only its result code leaves this file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "database/query_rows.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace pyojun {

class Sqlite {
 public:
  enum class Access : std::uint8_t { read_only, create };
  // Code::publish_database_failed with SQLite's result code, here and below.
  static Result<std::unique_ptr<Sqlite>> open(const std::string& file, Access access);
  Sqlite(const Sqlite&) = delete;
  Sqlite& operator=(const Sqlite&) = delete;
  ~Sqlite();

  Status exec(const std::string& sql, std::string_view name);
  Result<std::int64_t> integer(const std::string& sql, std::string_view name);
  Status query(const std::string& sql, std::string_view name, const RowReceiver& receiver);
  Status close();  // what is left goes to the file

 private:
  friend class SqliteStatement;
  Sqlite() = default;
  Error failed(int code, std::string_view name) const;
  sqlite3* handle_ = nullptr;
};

// A prepared INSERT: bind 0 .. n-1, then step.
class SqliteStatement {
 public:
  static Result<SqliteStatement> prepare(Sqlite& database, const std::string& sql, std::string_view name);
  SqliteStatement(SqliteStatement&& other) noexcept;
  SqliteStatement& operator=(SqliteStatement&&) = delete;
  ~SqliteStatement();
  void bind(int at, std::int64_t value);
  void bind(int at, double value);
  void bind(int at, std::string_view text);  // copied
  void bind_null(int at);
  Status step();

 private:
  SqliteStatement(Sqlite& database, sqlite3_stmt* statement, std::string name)
      : database_(&database), statement_(statement), name_(std::move(name)) {}
  Sqlite* database_;
  sqlite3_stmt* statement_;
  std::string name_;
};

}  // namespace pyojun
