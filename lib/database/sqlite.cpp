#include "database/sqlite.hpp"

#include <sqlite3.h>

#include <optional>
#include <utility>
#include <vector>

namespace pyojun {

Error Sqlite::failed(int code, std::string_view name) const {
  return Error{Code::publish_database_failed, {}, {}, std::string(name), std::string("SQLite ") + sqlite3_errstr(code)};
}

Result<std::unique_ptr<Sqlite>> Sqlite::open(const std::string& file, Access access) {
  std::unique_ptr<Sqlite> out(new Sqlite);
  const int flags = access == Access::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  const int code = sqlite3_open_v2(file.c_str(), &out->handle_, flags, nullptr);
  if (code != SQLITE_OK) {
    Error error = out->failed(code, "open");
    error.file = file;
    return error;
  }
  return out;
}

Sqlite::~Sqlite() { sqlite3_close(handle_); }

Status Sqlite::close() {
  const int code = sqlite3_close(handle_);
  if (code != SQLITE_OK) return failed(code, "close");
  handle_ = nullptr;
  return {};
}

Status Sqlite::exec(const std::string& sql, std::string_view name) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? Status() : Status(failed(code, name));
}

Result<std::int64_t> Sqlite::integer(const std::string& sql, std::string_view name) {
  sqlite3_stmt* raw = nullptr;
  int code = sqlite3_prepare_v2(handle_, sql.c_str(), static_cast<int>(sql.size()), &raw, nullptr);
  if (code != SQLITE_OK) return failed(code, name);
  code = sqlite3_step(raw);
  const std::int64_t value = code == SQLITE_ROW ? sqlite3_column_int64(raw, 0) : 0;
  sqlite3_finalize(raw);
  if (code != SQLITE_ROW && code != SQLITE_DONE) return failed(code, name);
  return value;
}

Status Sqlite::query(const std::string& sql, std::string_view name, const RowReceiver& receiver) {
  sqlite3_stmt* raw = nullptr;
  int code = sqlite3_prepare_v2(handle_, sql.c_str(), static_cast<int>(sql.size()), &raw, nullptr);
  if (code != SQLITE_OK || raw == nullptr) return failed(code == SQLITE_OK ? SQLITE_ERROR : code, name);
  const int columns = sqlite3_column_count(raw);
  std::vector<std::string> names;
  for (int i = 0; i < columns; ++i) names.emplace_back(sqlite3_column_name(raw, i));
  Status status = receiver.columns(names);
  std::vector<std::optional<std::string_view>> row(static_cast<std::size_t>(columns));
  while (status && (code = sqlite3_step(raw)) == SQLITE_ROW) {
    for (int i = 0; i < columns; ++i) {
      auto& cell = row[static_cast<std::size_t>(i)];
      cell.reset();
      if (sqlite3_column_type(raw, i) == SQLITE_NULL) continue;
      const auto* const text = reinterpret_cast<const char*>(sqlite3_column_text(raw, i));
      if (text != nullptr) cell.emplace(text, static_cast<std::size_t>(sqlite3_column_bytes(raw, i)));
    }
    status = receiver.row(row);
  }
  sqlite3_finalize(raw);
  if (!status) return status;
  return code == SQLITE_DONE ? Status() : Status(failed(code, name));
}

Result<SqliteStatement> SqliteStatement::prepare(Sqlite& database, const std::string& sql, std::string_view name) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v2(database.handle_, sql.c_str(), static_cast<int>(sql.size()), &raw, nullptr);
  if (code != SQLITE_OK) return database.failed(code, name);
  return SqliteStatement(database, raw, std::string(name));
}

SqliteStatement::SqliteStatement(SqliteStatement&& other) noexcept
    : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)), name_(std::move(other.name_)) {}
SqliteStatement::~SqliteStatement() { sqlite3_finalize(statement_); }

void SqliteStatement::bind(int at, std::int64_t value) { sqlite3_bind_int64(statement_, at + 1, value); }
void SqliteStatement::bind(int at, double value) { sqlite3_bind_double(statement_, at + 1, value); }
void SqliteStatement::bind(int at, std::string_view text) {
  sqlite3_bind_text(statement_, at + 1, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}
void SqliteStatement::bind_null(int at) { sqlite3_bind_null(statement_, at + 1); }

Status SqliteStatement::step() {
  const int code = sqlite3_step(statement_);
  sqlite3_reset(statement_);
  return code == SQLITE_DONE ? Status() : Status(database_->failed(code, name_));
}

}  // namespace pyojun
