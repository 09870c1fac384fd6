#include "conformance/postgres_engine.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/mapped_file.hpp"
#include "base/resources.hpp"
#include "base/text.hpp"
#include "conformance/value_type.hpp"
#include "warehouse/duck.hpp"
#include "warehouse/table_function.hpp"

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

std::string ascii_upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
  return text;
}

ValueType value_of(ColumnType type) {
  constexpr std::array types{ValueType::integer, ValueType::number, ValueType::date, ValueType::datetime, ValueType::text};
  return types[static_cast<std::size_t>(type)];
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
  Status shut_in() { return run("set default_transaction_read_only = on", "session"); }

 private:
  Connection connection_;
  std::vector<std::string> macros_;
};

Status PostgresEngine::run(const std::string& sql, std::string_view what) {
  const Rows result(PQexec(connection_.get(), sql.c_str()));
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) return refused(result.get(), what);
  return {};
}

// With parameters, though there are none: then the server takes one statement and no more.
Result<std::vector<std::int64_t>> PostgresEngine::numbers(const std::string& sql, std::string_view what) {
  const Rows result(PQexecParams(connection_.get(), sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0));
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
  if (PQsendQueryParams(connection_.get(), sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0) != 1 ||
      PQsetSingleRowMode(connection_.get()) != 1)
    return refused(nullptr, what);
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
  const std::string types(resource("schemas/conformance/prelude/postgresql-types.sql").value_or(""));
  if (Status status = run(types, "prelude of types"); !status) return status;
  return run("set datestyle = 'ISO'; set extra_float_digits = 1", "session");
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
  Status check_schemas(const std::vector<std::string>& order);
  Status read_catalogue(const std::vector<std::string>& order);
  Status fit_types(const Schema& schema);
  Status fit_table(const SourceTable& found, const Table& table);
  Status find_evidence();
  std::unique_ptr<PostgresEngine> engine_;
  Catalog catalog_;
  std::map<std::string, std::string> schema_of_;  // by table
};

Result<std::string> PostgresSource::schema_with(const std::string& table) {
  std::string found;
  const auto sql = fmt::format(
      "select n.nspname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.relname = '{}' and "
      "c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_' and has_schema_privilege(n.oid, 'usage') order by case n.nspname "
      "when "
      "'cdm' then 0 when 'public' then 1 else 2 end, n.nspname",
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
    const std::string table = cells[0].value_or("") + "." + cells[1].value_or("");
    const std::string type = ascii_upper(cells[3].value_or(""));
    SourceTable& entry = catalog_[table];
    entry.name = table;
    entry.columns.push_back({cells[2].value_or(""), value_type(type), type});
    return true;
  };
  return engine_->rows(
      "select table_schema, table_name, column_name, data_type from information_schema.columns where table_schema in ('ledger', 'profile', "
      "'quarantine') and table_name ~ '^[a-z0-9_]+$' order by 1, 2, ordinal_position",
      "evidence", take);
}

Status PostgresSource::check_schemas(const std::vector<std::string>& order) {
  for (const auto& one : order) {
    bool usable = false;
    const auto take = [&usable](std::span<const Cell>) {
      usable = true;
      return true;
    };
    const auto sql =
        fmt::format("select 1 from pg_catalog.pg_namespace where nspname = {} and has_schema_privilege(oid, 'usage')", sql_text(one));
    if (Status status = engine_->rows(sql, "schemas", take); !status) return status;
    if (!usable) return Error{Code::audit_schema_missing, {}, {}, one, {}};
  }
  return {};
}

// From the server's own tables: information_schema hides what the role may not read, and then it would seem to be missing.
Status PostgresSource::read_catalogue(const std::vector<std::string>& order) {
  const auto take = [this](std::span<const Cell> cells) {
    const std::string schema = cells[0].value_or(""), table = cells[1].value_or(""), type = ascii_upper(cells[3].value_or(""));
    // The first schema of the path that has the table is the one its name means.
    if (schema_of_.try_emplace(table, schema).first->second != schema) return true;
    SourceTable& entry = catalog_[table];
    entry.name = table;
    entry.columns.push_back({cells[2].value_or(""), value_type(type), type, false, cells[4] == "t"});
    return true;
  };
  for (const auto& one : order) {
    const auto sql = fmt::format(
        "select n.nspname, c.relname, a.attname, format_type(coalesce(nullif(t.typbasetype, 0), a.atttypid), null), "
        "has_column_privilege(c.oid, "
        "a.attnum, 'select') from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace join "
        "pg_catalog.pg_attribute a "
        "on a.attrelid = c.oid join pg_catalog.pg_type t on t.oid = a.atttypid where n.nspname = {} and c.relkind in ('r', 'p', 'v', 'm', "
        "'f') "
        "and a.attnum > 0 and not a.attisdropped and c.relname ~ '^[a-z0-9_]+$' order by 2, a.attnum",
        sql_text(one));
    if (Status status = engine_->rows(sql, "catalogue", take); !status) return status;
  }
  for (auto& [key, table] : catalog_) table.readable = std::ranges::any_of(table.columns, &SourceColumn::readable);
  return {};
}

// A table with columns of other types than the CDM's gets a view of the session's own before it, of the same name: the temporary schema is
// looked into first.
Status PostgresSource::fit_table(const SourceTable& found, const Table& table) {
  std::string counts, list;
  std::vector<const SourceColumn*> doubtful;
  const auto typed = [&table](const SourceColumn& one) {
    const ColumnType type = table.columns[table.find(one.name)].type;
    const std::string text = fmt::format("cast({} as text)", sql_name(one.name));
    if (type == ColumnType::text) return text;
    constexpr std::array<std::string_view, 4> makers{"integer", "number", "date", "datetime"};
    return fmt::format("pg_temp.typed_{}({})", makers[static_cast<std::size_t>(type)], text);
  };
  const auto delivered = [](const SourceColumn& one) { return fmt::format("nullif(trim(cast({} as text)), '')", sql_name(one.name)); };
  const auto other = [&table](const SourceColumn& one) {
    const ColumnId id = table.find(one.name);
    return id != no_column && one.readable && !fits(table.columns[id].type, one.type);
  };
  for (const SourceColumn& one : found.columns) {
    if (!other(one) || table.columns[table.find(one.name)].type == ColumnType::text) continue;
    counts +=
        fmt::format("{}count(case when {} is not null and {} is null then 1 end)", counts.empty() ? "" : ", ", delivered(one), typed(one));
    doubtful.push_back(&one);
  }
  const std::string from = sql_name(schema_of_[found.name]) + "." + sql_name(found.name);
  std::set<std::string, std::less<>> bad;
  if (!counts.empty()) {
    auto values = engine_->numbers(fmt::format("select {} from {}", counts, from), found.name);
    if (!values) return values.error();
    for (std::size_t i = 0; i < doubtful.size() && i < values->size(); ++i) {
      if ((*values)[i] == 0) continue;
      const SourceColumn& one = *doubtful[i];
      bad.insert(one.name);
      misfits.push_back({found.name, one.name, std::string(sql_type(table.columns[table.find(one.name)].type)), one.sql_type,
                         static_cast<std::uint64_t>((*values)[i])});
    }
  }
  for (const SourceColumn& one : found.columns) {
    if (!one.readable) continue;
    list += fmt::format("{}{} as {}", list.empty() ? "" : ", ", other(one) ? typed(one) : sql_name(one.name), sql_name(one.name));
    if (bad.contains(one.name))
      list += fmt::format(", case when {} is null then {} end as {}", typed(one), delivered(one), sql_name(one.name + " as delivered"));
  }
  const auto view = fmt::format("create temporary view {} as select {} from {}", sql_name(found.name), list, from);
  if (Status status = engine_->run(view, found.name); !status) return status;
  SourceTable& entry = catalog_[found.name];
  for (SourceColumn& one : entry.columns) {
    one.bad_values = bad.contains(one.name);
    if (other(one)) one.type = value_of(table.columns[table.find(one.name)].type);
  }
  return {};
}

Status PostgresSource::fit_types(const Schema& schema) {
  std::vector<std::string> others;
  for (const auto& [key, table] : catalog_) {
    const TableId id = schema.find(key);
    if (id == no_table) continue;
    if (!table.readable) closed.push_back(key);
    bool other = false;
    for (const auto& one : table.columns) {
      if (table.readable && !one.readable) closed.push_back(key + "." + one.name);
      const ColumnId column = schema.table(id).find(one.name);
      other |= column != no_column && one.readable && !fits(schema.table(id).columns[column].type, one.type);
    }
    if (other) others.push_back(key);
  }
  for (const auto& key : others) {
    const SourceTable found = catalog_[key];
    if (Status status = fit_table(found, schema.table(schema.find(key))); !status) return status;
  }
  return {};
}

Status PostgresSource::open(const std::vector<std::string>& wanted, const Schema& schema) {
  std::vector<std::string> order = wanted;
  if (order.empty()) {
    for (const char* const table : {"person", "concept"}) {
      auto found = schema_with(table);
      if (!found) return found.error();
      if (!found->empty() && std::ranges::find(order, *found) == order.end()) order.push_back(*found);
    }
  }
  if (order.empty()) return Error{Code::audit_no_cdm, {}, {}, name, {}};
  if (Status status = check_schemas(order); !status) return status;
  schemas = order;
  std::string path;
  for (const auto& one : order) path += (path.empty() ? "" : ", ") + sql_name(one);
  if (Status status = engine_->run("set search_path to " + path, "search path"); !status) return status;
  if (Status status = read_catalogue(order); !status) return status;
  const bool any = std::ranges::any_of(catalog_, [&schema](const auto& entry) { return schema.find(entry.first) != no_table; });
  if (!any) return Error{Code::audit_no_cdm, {}, {}, path, {}};
  if (Status status = fit_types(schema); !status) return status;
  if (Status status = find_evidence(); !status) return status;
  if (Status status = engine_->shut_in(); !status) return status;
  return count_rows(*engine_, catalog_, [this, &schema](const std::string& table) {
    return catalog_[table].readable && (schema.find(table) != no_table || table.find('.') != std::string::npos);
  });
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
