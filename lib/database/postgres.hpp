// A PostgreSQL connection behind RAII and Result. What the server says may quote values, so only SQLSTATE and the name given by the caller
// leave this file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "database/query_rows.hpp"

struct pg_conn;
struct pg_result;

namespace pyojun {

class Postgres {
 public:
  // `place` is a service of the connection service file (~/.pg_service.conf), or, with a slash in it or ending in ".dsn", a file of
  // keyword=value lines that only its owner may read. Passwords come from there or from the password file, never from the command line or
  // the environment. Codes: database_connection_file, database_login.
  static Result<std::unique_ptr<Postgres>> connect(const std::string& place);
  Postgres(const Postgres&) = delete;
  Postgres& operator=(const Postgres&) = delete;
  ~Postgres();

  // One or several statements. `name` says in the error which it was (a table, a task). Code::publish_database_failed with SQLSTATE.
  Status exec(const std::string& sql, std::string_view name);
  // First value of the first row, "" for null and for no row.
  Result<std::string> text(const std::string& sql, std::string_view name);
  Result<std::int64_t> integer(const std::string& sql, std::string_view name);
  // Row by row as the server sends them: memory does not grow with the result.
  Status query(const std::string& sql, std::string_view name, const RowReceiver& receiver);

  // COPY .. FROM STDIN: begin with the statement, put pieces in the statement's format, end; answers the rows the server took.
  Status begin_copy(const std::string& sql, std::string_view name);
  Status put(std::string_view bytes);
  Result<std::int64_t> end_copy();

 private:
  explicit Postgres(pg_conn* connection) : connection_(connection) {}
  Error failed(pg_result* result, std::string_view name) const;

  pg_conn* connection_ = nullptr;
  std::string copying_;
};

std::string postgres_text(std::string_view text);  // 'text' with quotes doubled; standard_conforming_strings is on

}  // namespace pyojun
