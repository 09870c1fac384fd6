#include "conformance/files_source.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/input.hpp"
#include "base/text.hpp"
#include "warehouse/table_function.hpp"

namespace pyojun {

namespace {

struct Header {
  char delimiter = ',';
  bool crlf = false;
  std::vector<std::string> names;
};

std::string unquoted(std::string_view text) {
  text = trim(text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  return ascii_lower(trim(text));
}

// The header decides the delimiter: the one that cuts it into the most names.
Result<Header> read_header(const Input& input) {
  auto stream = input.open();
  if (!stream) return stream.error();
  std::size_t want = 4096;
  for (; want < (1U << 20); want *= 2) {
    auto more = (*stream)->fill(want);
    if (!more) return more.error();
    const auto view = (*stream)->view();
    if (!*more || std::ranges::find(view, '\n') != view.end()) break;
  }
  const auto bytes = (*stream)->view();
  std::string_view line(bytes.data(), bytes.size());
  line = line.substr(0, line.find('\n'));
  Header header;
  header.crlf = line.ends_with('\r');
  if (header.crlf) line.remove_suffix(1);
  if (line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  std::ptrdiff_t most = -1;
  for (const char delimiter : {',', '\t', ';', '|'}) {
    const auto count = std::ranges::count(line, delimiter);
    if (count <= most) continue;
    most = count;
    header.delimiter = delimiter;
  }
  std::set<std::string> seen;
  while (true) {
    const auto end = std::min(line.find(header.delimiter), line.size());
    std::string name = unquoted(line.substr(0, end));
    while (!seen.insert(name).second) name += "_";
    header.names.push_back(std::move(name));
    if (end == line.size()) break;
    line.remove_prefix(end + 1);
  }
  return header;
}

std::string_view wide_type(ColumnType type) { return type == ColumnType::integer ? "BIGINT" : sql_type(type); }

const Column* column_of(const Table& table, const std::string& name) {
  const ColumnId id = table.find(name);
  return id == no_column ? nullptr : &table.columns[id];
}

std::string read_csv(const std::string& path, const Header& header, const Table* table) {
  std::string columns;
  for (const auto& name : header.names) {
    const Column* const column = table == nullptr ? nullptr : column_of(*table, name);
    columns +=
        fmt::format("{}{}: '{}'", columns.empty() ? "" : ", ", sql_text(name), column == nullptr ? "VARCHAR" : wide_type(column->type));
  }
  // Athena's files are parted by tabs and quote nothing; their days are written 20200131.
  const bool tabs = header.delimiter == '\t';
  return fmt::format(
      "read_csv({}, auto_detect=false, header=false, skip=1, delim={}, quote={}, escape={}, nullstr='', new_line={}, "
      "{}max_line_size=16777216, columns={{{}}})",
      sql_text(path), sql_text(std::string_view(&header.delimiter, 1)), tabs ? "''" : "'\"'", tabs ? "''" : "'\"'",
      header.crlf ? "'\\r\\n'" : "'\\n'", tabs && table != nullptr ? "dateformat='%Y%m%d', " : "", columns);
}

std::string typed(const Column& column) {
  const std::string name = sql_name(column.name);
  switch (column.type) {
    case ColumnType::integer:
      return fmt::format("try_cast({} as bigint)", name);
    case ColumnType::number:
      return fmt::format("try_cast({} as double)", name);
    case ColumnType::date:
      return fmt::format("coalesce(try_cast({0} as date), try_strptime({0}, '%Y%m%d')::date)", name);
    case ColumnType::datetime:
      return fmt::format("try_cast({} as timestamp)", name);
    case ColumnType::text:
      return name;
  }
  return name;
}

struct Found {
  std::vector<std::string> csv, parquet;
  std::map<std::string, const Input*> inputs;
};

// "PERSON.csv.gz" and "person/part-0.parquet" are both person.
const Table* table_of(const Schema& schema, const Input& input, std::string& name) {
  const auto stem = [](std::string text) {
    text = ascii_lower(text);
    for (const std::string_view ending : {".csv", ".tsv", ".txt", ".parquet"}) {
      if (text.ends_with(ending)) return text.substr(0, text.size() - ending.size());
    }
    return std::string();
  };
  name = stem(input.name());
  if (name.empty()) return nullptr;
  TableId id = schema.find(name);
  if (id == no_table) {
    std::string_view path = input.path();
    path = path.substr(0, path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/'));
    name = ascii_lower(path.substr(path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1));
    id = schema.find(name);
  }
  return id == no_table ? nullptr : &schema.table(id);
}

Status load_csv(const LoadRequest& request, const Input& input, const Table& table, bool append) {
  auto header = read_header(input);
  if (!header) return header.error();
  const std::string target = "cdm." + sql_name(table.name);
  Duck& duck = *request.duck;
  if (!append) {
    if (duck.exec(fmt::format("create table {} as select * from {}", target, read_csv(input.path(), *header, &table)), input.name()))
      return {};
  }
  // Some cell does not fit its type, or a second file of a table: by way of text.
  const Status raw = duck.exec(
      fmt::format("create or replace temp table raw_rows as select * from {}", read_csv(input.path(), *header, nullptr)), input.name());
  if (!raw) return Error{Code::audit_file_damaged, input.path(), {}, table.name, raw.error().detail};
  if (Status status = type_columns(duck, &table, header->names, "raw_rows", target, append); !status) return status;
  return duck.exec("drop table raw_rows", "raw rows");
}

Status load_parquet(const LoadRequest& request, const std::vector<std::string>& paths, const Table& table) {
  std::string list, columns;
  for (const auto& path : paths) list += (list.empty() ? "" : ", ") + sql_text(path);
  const std::string from = fmt::format("read_parquet([{}], union_by_name=true)", list);
  const auto take = [&columns](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      const std::string_view name = rows.text(0, i);
      columns += fmt::format("{}{} as {}", columns.empty() ? "" : ", ", sql_name(name), sql_name(ascii_lower(name)));
    }
    return true;
  };
  Status status = request.duck->query(fmt::format("select column_name from (describe select * from {})", from), take, table.name);
  if (status)
    status = request.duck->exec(fmt::format("create view cdm.{} as select {} from {}", sql_name(table.name), columns, from), table.name);
  if (!status) return Error{Code::audit_file_damaged, paths.front(), {}, table.name, {}};
  return {};
}

}  // namespace

Status type_columns(Duck& duck, const Table* table, const std::vector<std::string>& columns, const std::string& raw,
                    const std::string& target, bool append) {
  std::string counts, list;
  std::vector<std::pair<const Column*, bool>> found;
  for (const auto& name : columns) found.emplace_back(table == nullptr ? nullptr : column_of(*table, name), false);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string name = sql_name(columns[i]);
    const Column* const column = found[i].first;
    counts += fmt::format(
        "{}{}", i == 0 ? "" : ", ",
        column == nullptr ? "0" : fmt::format("count(case when {} is not null and {} is null then 1 end)", name, typed(*column)));
  }
  const auto take = [&found](const DuckRows& rows) {
    for (std::size_t i = 0; i < found.size() && rows.rows() > 0; ++i) found[i].second = rows.integer(i, 0) > 0;
    return false;
  };
  if (Status status = duck.query(fmt::format("select {} from {}", counts, raw), take, "types"); !status) return status;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string name = sql_name(columns[i]);
    const Column* const column = found[i].first;
    list += fmt::format("{}{} as {}", list.empty() ? "" : ", ", column == nullptr ? name : typed(*column), name);
    if (found[i].second && !append) {
      list += fmt::format(", case when {} is null then {} end as {}", typed(*column), name, sql_name(columns[i] + " as delivered"));
    }
  }
  const std::string select = fmt::format("select {} from {}", list, raw);
  return duck.exec(append ? fmt::format("insert into {} by name {}", target, select) : fmt::format("create table {} as {}", target, select),
                   "types");
}

Result<Loaded> load_folder(const LoadRequest& request) {
  auto inputs = expand_inputs({request.place});
  if (!inputs) return inputs.error();
  Loaded out;
  std::map<std::string, std::vector<std::string>> parquet;
  for (const auto& input : inputs->files) {
    std::string name;
    const Table* const table = table_of(*request.schema, *input, name);
    const bool archived = input->path().find('!') != std::string::npos;  // DuckDB reads no zip
    if (table == nullptr || archived) {
      if (!request.vocabulary_only) out.passed_over.push_back(input->name());
      continue;
    }
    if (request.there.contains(table->name) || (request.vocabulary_only && table->schema != "vocabulary")) continue;
    if (ascii_lower(input->name()).ends_with(".parquet")) {
      parquet[table->name].push_back(input->path());
      continue;
    }
    if (request.unneeded.contains(table->name)) continue;
    if (Status status = load_csv(request, *input, *table, !out.tables.insert(table->name).second); !status) return status.error();
    out.kind = "csv";
  }
  for (const auto& [name, paths] : parquet) {
    if (!out.tables.insert(name).second) continue;
    if (Status status = load_parquet(request, paths, request.schema->table(request.schema->find(name))); !status) return status.error();
    if (out.kind.empty()) out.kind = "parquet";
  }
  return out;
}

namespace {

// What a conversion left beside its CDM, under the names a warehouse has: ledger.balance, profile.code, quarantine.entry.
Status show_evidence(Duck& duck, const std::string& alias) {
  std::string sql;
  const auto take = [&](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      const std::string name = sql_name(rows.text(0, i)) + "." + sql_name(rows.text(1, i));
      sql += fmt::format("create schema if not exists {}; create view {} as select * from {}.{};", sql_name(rows.text(0, i)), name, alias,
                         name);
    }
    return true;
  };
  const auto query = fmt::format(
      "select schema_name, table_name from duckdb_tables() where database_name = '{}' and schema_name in ('ledger', 'profile', "
      "'quarantine') "
      "order by 1, 2",
      alias);
  if (Status status = duck.query(query, take, "evidence"); !status) return status;
  return sql.empty() ? Status() : duck.exec(sql, "evidence");
}

}  // namespace

// Which schema: one that was named, else cdm, main, or the first by name that has a person table.
Result<Loaded> load_duckdb(const LoadRequest& request) {
  Duck& duck = *request.duck;
  const std::string alias = request.vocabulary_only ? "vocabulary_source" : "source";
  if (Status status = duck.exec(fmt::format("attach {} as {} (read_only)", sql_text(request.place), alias), "attach"); !status) {
    return Error{Code::audit_database_failed, request.place, {}, {}, {}};
  }
  struct Line {
    std::string schema, table, column;
  };
  std::vector<Line> lines;
  const auto take = [&lines](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows(); ++i)
      lines.push_back({std::string(rows.text(0, i)), std::string(rows.text(1, i)), std::string(rows.text(2, i))});
    return true;
  };
  const auto query = fmt::format(
      "select schema_name, table_name, column_name from duckdb_columns() where database_name = '{}' order by 1, 2, column_index", alias);
  if (Status status = duck.query(query, take, "catalogue"); !status) return status.error();
  std::vector<std::string> order = request.schemas;
  if (order.empty()) {
    const std::string_view mark = request.vocabulary_only ? "concept" : "person";
    for (const std::string_view wanted : {"cdm", "main", ""}) {
      for (const Line& line : lines) {
        const bool fits = wanted.empty() || line.schema == wanted;
        if (fits && ascii_lower(line.table) == mark && std::ranges::find(order, line.schema) == order.end()) order.push_back(line.schema);
      }
    }
    if (order.size() > 1) order.resize(1);
    if (order.empty()) order.emplace_back("main");
  }
  Loaded out;
  out.kind = "duckdb";
  std::map<std::string, std::pair<std::string, std::string>> views;  // table -> from, column list
  for (const auto& schema : order) {
    for (const Line& line : lines) {
      const std::string name = ascii_lower(line.table);
      const TableId id = request.schema->find(name);
      if (line.schema != schema || id == no_table || request.there.contains(name)) continue;
      if (request.vocabulary_only && request.schema->table(id).schema != "vocabulary") continue;
      const std::string from = fmt::format("{}.{}.{}", alias, sql_name(line.schema), sql_name(line.table));
      auto& view = views.try_emplace(name, from, "").first->second;
      if (view.first != from) continue;
      view.second += fmt::format("{}{} as {}", view.second.empty() ? "" : ", ", sql_name(line.column), sql_name(ascii_lower(line.column)));
    }
  }
  if (!request.vocabulary_only) {
    if (Status status = show_evidence(duck, alias); !status) return status.error();
  }
  for (const auto& [name, view] : views) {
    if (Status status =
            duck.exec(fmt::format("create or replace view cdm.{} as select {} from {}", sql_name(name), view.second, view.first), name);
        !status)
      return status.error();
    out.tables.insert(name);
  }
  return out;
}

}  // namespace pyojun
