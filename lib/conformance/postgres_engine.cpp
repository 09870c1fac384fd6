#include "conformance/postgres_engine.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>

#include "base/mapped_file.hpp"
#include "base/resources.hpp"
#include "base/text.hpp"
#include "conformance/value_type.hpp"
#include "warehouse/duck.hpp"

namespace pyojun {

namespace {

struct Close {
  void operator()(PGconn* connection) const { PQfinish(connection); }
  void operator()(PGresult* result) const { PQclear(result); }
};
using Connection = std::unique_ptr<PGconn, Close>;
using Rows = std::unique_ptr<PGresult, Close>;

// The server's words may quote data; its SQLSTATE does not.
Error refused(const PGresult* result, std::string_view what) {
  const char* const state = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
  return Error{
      Code::audit_database_failed, {}, {}, std::string(what), state == nullptr ? "connection lost" : fmt::format("SQLSTATE {}", state)};
}

bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.'; }

class PostgresEngine final : public SqlEngine {
 public:
  explicit PostgresEngine(Connection connection) : connection_(std::move(connection)) {}
  std::string_view name() const override { return "postgresql"; }
  Result<std::vector<std::int64_t>> numbers(const std::string& sql, std::string_view what) override;
  Status rows(const std::string& sql, std::string_view what, const std::function<bool(std::span<const Cell>)>& each) override;
  Status run(const std::string& sql, std::string_view what) override;
  std::string dialect(std::string_view sql) const override;
  Status prepare();

 private:
  Rows query(const std::string& sql) { return Rows(PQexec(connection_.get(), sql.c_str())); }
  Connection connection_;
  std::vector<std::string> macros_;
};

Status PostgresEngine::run(const std::string& sql, std::string_view what) {
  const Rows result = query(sql);
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) return refused(result.get(), what);
  return {};
}

Result<std::vector<std::int64_t>> PostgresEngine::numbers(const std::string& sql, std::string_view what) {
  const Rows result = query(sql);
  if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) return refused(result.get(), what);
  std::vector<std::int64_t> out;
  if (PQntuples(result.get()) == 0) return out;
  for (int column = 0; column < PQnfields(result.get()); ++column) {
    const std::string_view text = PQgetvalue(result.get(), 0, column);
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    out.push_back(value);
  }
  return out;
}

// Row by row, so that a long list of keys does not have to fit in memory.
Status PostgresEngine::rows(const std::string& sql, std::string_view what, const std::function<bool(std::span<const Cell>)>& each) {
  if (PQsendQuery(connection_.get(), sql.c_str()) != 1 || PQsetSingleRowMode(connection_.get()) != 1) return refused(nullptr, what);
  Status status;
  bool wanted = true;
  std::vector<Cell> cells;
  while (Rows result{PQgetResult(connection_.get())}) {
    const auto state = PQresultStatus(result.get());
    if (state != PGRES_SINGLE_TUPLE && state != PGRES_TUPLES_OK) status = refused(result.get(), what);
    for (int row = 0; row < PQntuples(result.get()) && wanted; ++row) {
      cells.assign(static_cast<std::size_t>(PQnfields(result.get())), {});
      for (int column = 0; column < PQnfields(result.get()); ++column) {
        if (PQgetisnull(result.get(), row, column) == 0) cells[static_cast<std::size_t>(column)] = PQgetvalue(result.get(), row, column);
      }
      wanted = each(cells);
    }
  }
  return status;
}

Status PostgresEngine::prepare() {
  const std::string prelude(resource("schemas/conformance/prelude/postgresql.sql").value_or(""));
  constexpr std::string_view mark = "function pg_temp.";
  for (std::size_t at = prelude.find(mark); at != std::string::npos; at = prelude.find(mark, at + 1)) {
    const std::size_t begin = at + mark.size();
    macros_.push_back(prelude.substr(begin, prelude.find('(', begin) - begin));
  }
  if (Status status = run(prelude, "prelude"); !status) return status;
  return run("set default_transaction_read_only = on; set datestyle = 'ISO'; set extra_float_digits = 1", "session");
}

// add_days( becomes pg_temp.add_days(: PostgreSQL does not look for functions in the temporary schema by itself.
std::string PostgresEngine::dialect(std::string_view sql) const {
  std::string out;
  for (std::size_t i = 0; i < sql.size();) {
    if (!letter(sql[i])) {
      out += sql[i++];
      continue;
    }
    std::size_t end = i;
    while (end < sql.size() && letter(sql[end])) ++end;
    const std::string_view word = sql.substr(i, end - i);
    if (end < sql.size() && sql[end] == '(' && std::ranges::find(macros_, word) != macros_.end()) out += "pg_temp.";
    out += word;
    i = end;
  }
  return out;
}

class PostgresSource final : public AuditSource {
 public:
  explicit PostgresSource(std::unique_ptr<PostgresEngine> engine) : engine_(std::move(engine)) {}
  SqlEngine& engine() override { return *engine_; }
  const Catalog& catalog() const override { return catalog_; }
  Status open(const std::vector<std::string>& schemas, const Schema& schema);

 private:
  Result<std::string> schema_with(const std::string& table);
  Status find_evidence();
  std::unique_ptr<PostgresEngine> engine_;
  Catalog catalog_;
};

Result<std::string> PostgresSource::schema_with(const std::string& table) {
  std::string found;
  const auto sql = fmt::format(
      "select table_schema from information_schema.tables where table_name = '{}' order by case table_schema when 'cdm' then 0 when "
      "'public' then 1 else 2 end, table_schema",
      table);
  const auto take = [&found](std::span<const Cell> cells) {
    if (found.empty() && cells[0]) found = *cells[0];
    return true;
  };
  if (Status status = engine_->rows(sql, "schemas", take); !status) return status.error();
  return found;
}

// What a conversion left, where somebody copied it beside the CDM, under the names a warehouse has: ledger.balance, profile.code.
Status PostgresSource::find_evidence() {
  const auto take = [this](std::span<const Cell> cells) {
    std::string type = cells[3].value_or("");
    for (char& c : type) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    SourceTable& entry = catalog_[cells[0].value_or("") + "." + cells[1].value_or("")];
    entry.name = cells[0].value_or("") + "." + cells[1].value_or("");
    entry.columns.push_back({cells[2].value_or(""), value_type(type), type, false});
    return true;
  };
  return engine_->rows(
      "select table_schema, table_name, column_name, data_type from information_schema.columns where table_schema in ('ledger', 'profile', "
      "'quarantine') and table_name ~ '^[a-z0-9_]+$' order by 1, 2, ordinal_position",
      "evidence", take);
}

Status PostgresSource::open(const std::vector<std::string>& schemas, const Schema& schema) {
  std::vector<std::string> order = schemas;
  if (order.empty()) {
    for (const char* const table : {"person", "concept"}) {
      auto found = schema_with(table);
      if (!found) return found.error();
      if (!found->empty() && std::ranges::find(order, *found) == order.end()) order.push_back(*found);
    }
  }
  if (order.empty()) return Error{Code::audit_no_cdm, {}, {}, name, {}};
  std::string path;
  for (const auto& one : order) path += (path.empty() ? "" : ", ") + sql_name(one);
  if (Status status = engine_->run("set search_path to " + path, "search path"); !status) return status;
  std::map<std::string, std::string> schema_of;
  const auto take = [&](std::span<const Cell> cells) {
    const std::string table = cells[1].value_or(""), column = cells[2].value_or("");
    std::string type = cells[3].value_or("");
    for (char& c : type) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    // The first schema of the path that has the table is the one its name means.
    if (schema_of.try_emplace(table, cells[0].value_or("")).first->second != cells[0].value_or("")) return true;
    SourceTable& entry = catalog_[table];
    entry.name = table;
    entry.columns.push_back({column, value_type(type), type, false});
    return true;
  };
  for (const auto& one : order) {
    const auto sql = fmt::format(
        "select table_schema, table_name, column_name, data_type from information_schema.columns where table_schema = {} and table_name ~ "
        "'^[a-z0-9_]+$' order by 2, ordinal_position",
        sql_text(one));
    if (Status status = engine_->rows(sql, "catalogue", take); !status) return status;
  }
  if (Status status = find_evidence(); !status) return status;
  return count_rows(*engine_, catalog_,
                    [&schema](const std::string& table) { return schema.find(table) != no_table || table.find('.') != std::string::npos; });
}

Result<std::string> connection_string(const std::string& place) {
  struct stat facts {};
  if (::stat(place.c_str(), &facts) == 0 && S_ISREG(facts.st_mode)) {
    auto file = MappedFile::open(place);
    if (!file) return file.error();
    const auto bytes = (*file)->bytes();
    return std::string(trim(std::string_view(bytes.data(), bytes.size())));
  }
  if (place.find('=') == std::string::npos) return "service=" + place;
  if (ascii_lower(place).find("password") != std::string::npos) return Error{Code::audit_password_shown, {}, {}, {}, {}};
  return place;
}

}  // namespace

Result<std::unique_ptr<AuditSource>> open_postgres(const std::string& place, const std::vector<std::string>& schemas,
                                                   const Schema& schema) {
  auto text = connection_string(place);
  if (!text) return text.error();
  Connection connection(PQconnectdb(text->c_str()));
  const std::string name = place.find('=') == std::string::npos
                               ? place.substr(place.rfind('/') == std::string::npos ? 0 : place.rfind('/') + 1)
                               : std::string("postgresql");
  if (PQstatus(connection.get()) != CONNECTION_OK) return Error{Code::audit_database_failed, {}, {}, name, "no connection"};
  PQsetNoticeProcessor(
      connection.get(), [](void*, const char*) {}, nullptr);
  auto engine = std::make_unique<PostgresEngine>(std::move(connection));
  if (Status status = engine->prepare(); !status) return status.error();
  auto out = std::make_unique<PostgresSource>(std::move(engine));
  out->kind = "postgresql";
  out->name = name;
  if (Status status = out->open(schemas, schema); !status) return status.error();
  return std::unique_ptr<AuditSource>(std::move(out));
}

}  // namespace pyojun
