#include "database/postgres.hpp"

#include <fcntl.h>
#include <libpq-fe.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

namespace pyojun {

namespace {

using ResultPtr = std::unique_ptr<PGresult, void (*)(PGresult*)>;

ResultPtr own(PGresult* result) { return {result, PQclear}; }

bool is_file(const std::string& place) { return place.find('/') != std::string::npos || place.ends_with(".dsn"); }

// Notices of the server may quote values; nobody is told.
void ignore_notice(void* /*unused*/, const PGresult* /*unused*/) {}

Result<std::string> connection_text(const std::string& place) {
  if (!is_file(place)) {
    std::string quoted;
    for (const char c : place) {
      if (c == '\'' || c == '\\') quoted += '\\';
      quoted += c;
    }
    return "service='" + quoted + "'";
  }
  const Error bad{Code::database_connection_file, place, {}, {}, {}};
  const int file = ::open(place.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return bad;
  struct stat facts {};
  std::string text(65536, '\0');
  const bool private_file = ::fstat(file, &facts) == 0 && S_ISREG(facts.st_mode) && (facts.st_mode & 077U) == 0;
  const ssize_t got = private_file ? ::read(file, text.data(), text.size()) : -1;
  ::close(file);
  if (got < 0 || static_cast<std::size_t>(got) == text.size()) return bad;
  text.resize(static_cast<std::size_t>(got));
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return text;
}

}  // namespace

std::string postgres_text(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    if (c != '\0') out += c;
  }
  return out + "'";
}

Result<std::unique_ptr<Postgres>> Postgres::connect(const std::string& place) {
  auto text = connection_text(place);
  if (!text) return text.error();
  ::unsetenv("PGPASSWORD");  // a password in the environment can be read by others; the service, connection or password file has it
  const std::string whole = *text + " fallback_application_name=pyojun client_encoding=UTF8 connect_timeout=30";
  std::unique_ptr<Postgres> out(new Postgres(PQconnectdb(whole.c_str())));
  if (out->connection_ == nullptr || PQstatus(out->connection_) != CONNECTION_OK) return Error{Code::database_login, {}, {}, place, {}};
  PQsetNoticeReceiver(out->connection_, ignore_notice, nullptr);
  if (Status status = out->exec("set datestyle = 'ISO, YMD'; set standard_conforming_strings = on; set timezone = 'UTC'; "
                                "set extra_float_digits = 1; set client_min_messages = error",
                                "session");
      !status) {
    return status.error();
  }
  return out;
}

Postgres::~Postgres() {
  if (connection_ != nullptr) PQfinish(connection_);
}

Error Postgres::failed(pg_result* result, std::string_view name) const {
  const char* const state = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const bool lost = PQstatus(connection_) != CONNECTION_OK;
  return Error{Code::publish_database_failed,
               {},
               {},
               std::string(name),
               state != nullptr ? std::string("SQLSTATE ") + state
               : lost           ? "the connection was lost"
                                : "no answer"};
}

Status Postgres::exec(const std::string& sql, std::string_view name) {
  const auto result = own(PQexec(connection_, sql.c_str()));
  const ExecStatusType state = PQresultStatus(result.get());
  if (state == PGRES_COMMAND_OK || state == PGRES_TUPLES_OK) return {};
  return failed(result.get(), name);
}

Result<std::string> Postgres::text(const std::string& sql, std::string_view name) {
  const auto result = own(PQexec(connection_, sql.c_str()));
  if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) return failed(result.get(), name);
  if (PQntuples(result.get()) == 0 || PQnfields(result.get()) == 0) return std::string();
  return std::string(PQgetvalue(result.get(), 0, 0), static_cast<std::size_t>(PQgetlength(result.get(), 0, 0)));
}

Result<std::int64_t> Postgres::integer(const std::string& sql, std::string_view name) {
  auto value = text(sql, name);
  if (!value) return value.error();
  return static_cast<std::int64_t>(std::atoll(value->c_str()));
}

namespace {

Status give_names(const PGresult* result, const RowReceiver& receiver) {
  std::vector<std::string> names;
  for (int i = 0; i < PQnfields(result); ++i) names.emplace_back(PQfname(result, i));
  return receiver.columns(names);
}

Status give_rows(const PGresult* result, const RowReceiver& receiver) {
  std::vector<std::optional<std::string_view>> row(static_cast<std::size_t>(PQnfields(result)));
  for (int i = 0; i < PQntuples(result); ++i) {
    for (int k = 0; k < PQnfields(result); ++k) {
      auto& cell = row[static_cast<std::size_t>(k)];
      cell.reset();
      if (PQgetisnull(result, i, k) == 0) cell.emplace(PQgetvalue(result, i, k), static_cast<std::size_t>(PQgetlength(result, i, k)));
    }
    if (Status status = receiver.row(row); !status) return status;
  }
  return {};
}

}  // namespace

Status Postgres::query(const std::string& sql, std::string_view name, const RowReceiver& receiver) {
  // The extended protocol takes one statement only.
  if (PQsendQueryParams(connection_, sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0) == 0) return failed(nullptr, name);
  PQsetSingleRowMode(connection_);
  Status status;
  bool named = false;
  while (PGresult* const raw = PQgetResult(connection_)) {
    const auto result = own(raw);
    const ExecStatusType state = PQresultStatus(raw);
    if (!status) continue;
    if (state != PGRES_SINGLE_TUPLE && state != PGRES_TUPLES_OK) {
      status = failed(raw, name);
      continue;
    }
    if (!std::exchange(named, true)) status = give_names(raw, receiver);
    if (status) status = give_rows(raw, receiver);
  }
  return status;
}

Status Postgres::begin_copy(const std::string& sql, std::string_view name) {
  copying_ = name;
  const auto result = own(PQexec(connection_, sql.c_str()));
  if (PQresultStatus(result.get()) == PGRES_COPY_IN) return {};
  return failed(result.get(), name);
}

Status Postgres::put(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, std::size_t{1} << 24);
    if (PQputCopyData(connection_, piece.data(), static_cast<int>(piece.size())) != 1) return failed(nullptr, copying_);
    bytes.remove_prefix(piece.size());
  }
  return {};
}

Result<std::int64_t> Postgres::end_copy() {
  if (PQputCopyEnd(connection_, nullptr) != 1) return failed(nullptr, copying_);
  std::optional<Error> error;
  std::int64_t rows = 0;
  while (PGresult* const raw = PQgetResult(connection_)) {
    const auto result = own(raw);
    if (PQresultStatus(raw) == PGRES_COMMAND_OK) {
      rows = std::atoll(PQcmdTuples(raw));
    } else if (!error) {
      error = failed(raw, copying_);
    }
  }
  if (error) return *error;
  return rows;
}

}  // namespace pyojun
