// The postgresql publisher: rows and books in one transaction. A schema that holds an earlier run gets the differences only.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>

#include "base/sha256.hpp"
#include "database/postgres.hpp"
#include "publish/ddl.hpp"
#include "publish/kinds.hpp"
#include "publish/pg_rows.hpp"
#include "publish/sql.hpp"
#include "warehouse/duck.hpp"

namespace pyojun {

namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 20;

// SERVICE[#SCHEMA][,constraints][,indexes]; SERVICE may be a connection file.
struct PgPlace {
  std::string service, schema = "cdm";
  bool constraints = false, indexes = false;
};

Result<PgPlace> pg_place(const std::string& place) {
  PgPlace out;
  std::string rest = place;
  const auto comma = rest.find(',');
  std::string options = comma == std::string::npos ? std::string() : rest.substr(comma);
  rest = rest.substr(0, comma);
  while (!options.empty()) {
    const auto next = options.find(',', 1);
    const std::string word = options.substr(1, next == std::string::npos ? next : next - 1);
    options = next == std::string::npos ? std::string() : options.substr(next);
    if (word != "constraints" && word != "indexes") return Error{Code::publish_option_unknown, {}, {}, word, {}};
    (word == "constraints" ? out.constraints : out.indexes) = true;
  }
  const auto hash = rest.rfind('#');
  out.service = rest.substr(0, hash);
  if (hash != std::string::npos) out.schema = rest.substr(hash + 1);
  if (out.service.empty() || out.service.find('=') != std::string::npos)
    return Error{Code::publish_place_missing, {}, {}, "postgresql:SERVICE#SCHEMA", {}};
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  constexpr std::size_t longest = 63;  // bytes; longer names are cut by the server and then not found again
  const bool servers_own = out.schema.starts_with("pg_") || out.schema == "information_schema";
  const bool good = !out.schema.empty() && out.schema.size() <= longest && !servers_own &&
                    std::all_of(out.schema.begin(), out.schema.end(), plain) && out.schema[0] > '9';
  if (!good) return Error{Code::publish_schema_name, {}, {}, out.schema, {}};
  return out;
}

// What stands in the schema: nothing of ours, an earlier run, or somebody's tables.
enum class Standing : std::uint8_t { empty, ours, foreign };

Result<Standing> standing(Postgres& server, const Schema& schema, const std::string& name) {
  std::string tables;
  for (const Table& table : schema.tables()) {
    if (table.schema == "cdm") tables += (tables.empty() ? "" : ", ") + postgres_text(table.name);
  }
  auto ours = server.integer(
      fmt::format("select count(*) from pg_tables where schemaname = {} and tablename = 'pyojun_run'", postgres_text(name)), "schema");
  if (!ours) return ours.error();
  if (*ours != 0) return Standing::ours;
  auto others = server.integer(
      fmt::format(
          "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = {} and c.relname in ({})",
          postgres_text(name), tables),
      "schema");
  if (!others) return others.error();
  return *others == 0 ? Standing::empty : Standing::foreign;
}

// 1 when rows of all our tables that are there may be read, written and taken away.
std::string tables_allowed(const Schema& schema, const std::string& name) {
  return fmt::format(
      "select (count(*) = 0)::integer from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = {} and c.relkind = "
      "'r' "
      "and (c.relname in ({}) or c.relname = 'pyojun_table') and not (has_table_privilege(c.oid, 'SELECT') and has_table_privilege(c.oid, "
      "'INSERT') and has_table_privilege(c.oid, 'DELETE'))",
      postgres_text(name), published_names(schema));
}

using Sink = std::function<Status(std::string_view)>;

// The table as a COPY stream, piece by piece.
Status stream(const RowSource& source, const Sink& sink) {
  ByteBuffer bytes;
  bytes.append(pg_copy_header);
  RowBlock block;
  for (std::size_t i = 0; i < source.blocks(); ++i) {
    if (Status status = source.read(i, {}, block); !status) return status;
    append_pg_rows(block, bytes);
    if (bytes.view().size() < piece_bytes) continue;
    if (Status status = sink(bytes.view()); !status) return status;
    bytes.clear();
  }
  bytes.append(pg_copy_trailer);
  return sink(bytes.view());
}

class PgPublication {
 public:
  PgPublication(const PublishRequest& request, PgPlace place, Postgres& server)
      : request_(request),
        place_(std::move(place)),
        server_(server),
        schema_(request.warehouse->schema()),
        prefix_(sql_name(place_.schema) + ".") {}

  Status run(Published& published);

 private:
  Status table(TableId id, Published& published);
  Result<std::int64_t> copy(const RowSource& source, const std::string& target, const std::string& name, Sha256* hash);
  Result<std::int64_t> replace(const RowSource& source, const Table& table, const std::string& target);
  Result<bool> unchanged(const Table& table, const std::string& hash);
  Status keys();
  Status books(const Published& published);
  Status exec(const std::string& sql, std::string_view name) { return server_.exec(sql, name); }

  const PublishRequest& request_;
  PgPlace place_;
  Postgres& server_;
  const Schema& schema_;
  std::string prefix_;
  bool fresh_ = true;
};

Status PgPublication::run(Published& published) {
  if (Status status = exec("begin", "begin"); !status) return status;
  const std::string lock = fmt::format("select pg_advisory_xact_lock(hashtext({}))", postgres_text("pyojun " + place_.schema));
  if (Status status = exec(lock, "lock"); !status) return status;
  // "if not exists" would ask for the right to make schemas where there is nothing to make.
  auto missing = server_.integer(fmt::format("select (to_regnamespace({}) is null)::integer", postgres_text(place_.schema)), "schema");
  if (!missing) return missing.error();
  if (*missing != 0) {
    if (Status status = exec("create schema " + sql_name(place_.schema), "schema"); !status) return status;
  }
  auto what = standing(server_, schema_, place_.schema);
  if (!what) return what.error();
  if (*what == Standing::foreign) return Error{Code::publish_schema_occupied, {}, {}, place_.schema, {}};
  fresh_ = *what == Standing::empty;
  if (fresh_) {
    const std::string own = fmt::format(
        "create table {0}pyojun_run(identity text not null); "
        "create table {0}pyojun_table(\"table\" text primary key, rows bigint not null, sha256 text not null); "
        "create table {0}pyojun_balance(file text, rule text, \"in\" bigint, mapped bigint, filtered bigint, duplicates bigint, "
        "quarantined bigint)",
        prefix_);
    if (Status status = exec(own, "books"); !status) return status;
  }
  for (TableId id = 0; id < schema_.tables().size(); ++id) {
    if (schema_.table(id).schema != "cdm") continue;
    if (Status status = table(id, published); !status) return status;
  }
  if (fresh_) {
    if (Status status = keys(); !status) return status;
  }
  if (Status status = books(published); !status) return status;
  return exec("commit", "commit");
}

// With `hash` the table was made in this transaction: its rows need no later freezing.
Result<std::int64_t> PgPublication::copy(const RowSource& source, const std::string& target, const std::string& name, Sha256* hash) {
  const std::string sql = fmt::format("copy {} from stdin with (format binary{})", target, hash != nullptr ? ", freeze" : "");
  if (Status status = server_.begin_copy(sql, name); !status) return status.error();
  const Status sent = stream(source, [&](std::string_view bytes) {
    if (hash != nullptr) hash->add(bytes.data(), bytes.size());
    return server_.put(bytes);
  });
  auto rows = server_.end_copy();  // also after an error: the server's own word is the better one
  if (!rows) return rows.error();
  if (!sent) return sent.error();
  return *rows;
}

// Only rows that differ are deleted and inserted, so that what hangs on the target (replicas, triggers, indexes) sees the change alone.
Result<std::int64_t> PgPublication::replace(const RowSource& source, const Table& table, const std::string& target) {
  if (table.primary_key == no_column) {
    if (Status status = exec("delete from " + target, table.name); !status) return status.error();
    return copy(source, target, table.name, nullptr);
  }
  if (Status status = exec(fmt::format("create temporary table pyojun_new (like {}) on commit drop", target), table.name); !status)
    return status.error();
  if (auto rows = copy(source, "pyojun_new", table.name, nullptr); !rows) return rows.error();
  const std::string key = sql_name(table.columns[table.primary_key].name);
  const std::string sql = fmt::format(
      "analyze pyojun_new; delete from {0} o where not exists (select 1 from pyojun_new n where n.{1} = o.{1} and row(n.*) is not distinct "
      "from "
      "row(o.*)); insert into {0} select n.* from pyojun_new n where not exists (select 1 from {0} o where o.{1} = n.{1}); drop table "
      "pyojun_new",
      target, key);
  if (Status status = exec(sql, table.name); !status) return status.error();
  return server_.integer("select count(*) from " + target, table.name);
}

Result<bool> PgPublication::unchanged(const Table& table, const std::string& hash) {
  auto before =
      server_.text(fmt::format("select sha256 from {}pyojun_table where \"table\" = {}", prefix_, postgres_text(table.name)), table.name);
  if (!before) return before.error();
  return *before == hash;
}

Status PgPublication::table(TableId id, Published& published) {
  const Table& table = schema_.table(id);
  const std::string target = prefix_ + sql_name(table.name);
  auto source = request_.warehouse->rows(id);
  if (!source) return source.error();
  const std::uint64_t expected = (*source)->rows();
  Sha256 hash;
  std::string sha256;
  published.tables.push_back({table.name, {}, expected, 0, {}});
  Result<std::int64_t> rows = static_cast<std::int64_t>(expected);
  if (fresh_) {
    if (Status status = exec(create_table(table, target, SqlDialect::postgresql), table.name); !status) return status;
    rows = copy(**source, target, table.name, &hash);
    sha256 = hash.hex();
  } else {
    const auto add = [&hash](std::string_view bytes) { return hash.add(bytes.data(), bytes.size()), Status(); };
    if (Status status = stream(**source, add); !status) return status;
    sha256 = hash.hex();
    auto same = unchanged(table, sha256);
    if (!same) return same.error();
    if (*same) return {};
    rows = replace(**source, table, target);
  }
  if (!rows) return rows.error();
  if (*rows != static_cast<std::int64_t>(expected)) return Error{Code::publish_rows_differ, place_.service, {}, table.name, {}};
  return exec(fmt::format("delete from {0}pyojun_table where \"table\" = {1}; insert into {0}pyojun_table values ({1}, {2}, {3})", prefix_,
                          postgres_text(table.name), expected, postgres_text(sha256)),
              table.name);
}

// After the rows: building them at once costs less than keeping them up row by row.
Status PgPublication::keys() {
  std::vector<bool> published(schema_.tables().size());
  for (TableId id = 0; id < published.size(); ++id) published[id] = schema_.table(id).schema == "cdm";
  std::vector<std::pair<std::string, std::string>> statements;
  for (const bool primary : {true, false}) {
    for (const Table& table : schema_.tables()) {
      if (table.schema != "cdm") continue;
      const std::string name = prefix_ + sql_name(table.name);
      if (place_.constraints && primary) statements.emplace_back(add_primary_key(table, name), table.name);
      if (place_.constraints && !primary) {
        for (auto& sql : add_foreign_keys(schema_, table, prefix_, published)) statements.emplace_back(std::move(sql), table.name);
      }
      if (place_.indexes && primary) {
        for (auto& sql : create_indexes(table, name)) statements.emplace_back(std::move(sql), table.name);
      }
    }
  }
  for (const auto& [sql, table] : statements) {
    if (sql.empty()) continue;
    if (Status status = exec(sql, table); !status) return status;
  }
  return {};
}

Status PgPublication::books(const Published& published) {
  const Warehouse& warehouse = *request_.warehouse;
  std::string sql =
      fmt::format("delete from {0}pyojun_run; delete from {0}pyojun_balance; insert into {0}pyojun_run(identity) values ({1});", prefix_,
                  postgres_text(request_.identity));
  for (const Balance& line : warehouse.balances()) {
    std::uint64_t filtered = 0;
    for (const auto count : line.filtered) filtered += count;
    const std::string rule = line.rule < 0 ? "reader" : warehouse.rules()[static_cast<std::size_t>(line.rule)];
    sql += fmt::format("insert into {}pyojun_balance values ({}, {}, {}, {}, {}, {}, {});", prefix_,
                       postgres_text(warehouse.files()[line.file].name), postgres_text(rule), line.in, line.mapped, filtered,
                       line.duplicates, line.quarantined);
  }
  if (published.tables.empty()) return {};
  return exec(sql, "books");
}

}  // namespace

Status check_postgresql(const std::string& place) {
  auto where = pg_place(place);
  if (!where) return where.error();
  auto server = Postgres::connect(where->service);
  if (!server) return server.error();
  auto schema = Schema::load();
  if (!schema) return schema.error();
  auto what = standing(**server, *schema, where->schema);
  if (!what) return what.error();
  if (*what == Standing::foreign) return Error{Code::publish_schema_occupied, {}, {}, where->schema, {}};
  // May we write there? A schema that is missing is made, which needs the right to.
  const std::string sql = fmt::format(
      "select case when to_regnamespace({0}) is null then has_database_privilege(current_database(), 'CREATE') "
      "else has_schema_privilege({0}, 'CREATE') end::integer",
      postgres_text(where->schema));
  auto allowed = (*server)->integer(sql, "schema");
  if (!allowed) return allowed.error();
  if (*what == Standing::ours && *allowed != 0) allowed = (*server)->integer(tables_allowed(*schema, where->schema), "schema");
  if (!allowed) return allowed.error();
  return *allowed != 0 ? Status() : Status(Error{Code::publish_database_failed, {}, {}, where->schema, "SQLSTATE 42501"});
}

Result<Published> publish_postgresql(const PublishRequest& request) {
  auto where = pg_place(request.place);
  if (!where) return where.error();
  auto server = Postgres::connect(where->service);
  if (!server) return server.error();
  Published published{request.place, {}};
  if (Status status = PgPublication(request, std::move(*where), **server).run(published); !status)
    return status.error();  // closing rolls back
  return published;
}

}  // namespace pyojun
