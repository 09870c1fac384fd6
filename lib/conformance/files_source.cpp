#include "conformance/files_source.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/input.hpp"
#include "base/text.hpp"
#include "conformance/value_type.hpp"
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
Result<Header> read_header(const Input& input, const Table& table) {
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
  // UTF-16 and UTF-32 have zero bytes in every Latin letter.
  if (line.find('\0') != std::string_view::npos) return Error{Code::audit_file_wide, input.path(), {}, {}, {}};
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
  bool known = false;
  while (true) {
    const auto end = std::min(line.find(header.delimiter), line.size());
    std::string name = unquoted(line.substr(0, end));
    if (!name.empty() && seen.contains(name)) return Error{Code::audit_column_twice, input.path(), Position{1, 0, 0}, name, {}};
    while (!seen.insert(name).second) name += "_";  // cells behind the last name
    known = known || table.find(name) != no_column;
    header.names.push_back(std::move(name));
    if (end == line.size()) break;
    line.remove_prefix(end + 1);
  }
  if (!known) return Error{Code::audit_header_missing, input.path(), Position{1, 0, 0}, table.name, {}};
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

// A text as the CDM's type, null when it does not fit. A cast alone would round 1.5 to 2.
std::string typed(ColumnType type, const std::string& text) {
  switch (type) {
    case ColumnType::integer:
      return fmt::format("case when regexp_full_match({0}, '\\s*[+-]?[0-9]+([.]0*)?\\s*') then try_cast({0} as bigint) end", text);
    case ColumnType::number:
      return fmt::format("try_cast({} as double)", text);
    case ColumnType::date:
      return fmt::format("coalesce(try_cast({0} as date), try_strptime({0}, '%Y%m%d')::date)", text);
    case ColumnType::datetime:
      return fmt::format("try_cast({} as timestamp)", text);
    case ColumnType::text:
      return text;
  }
  return text;
}

// One column of a SELECT list that gives a source the CDM's names and types.
struct Piece {
  std::string name;                // in the result
  std::string text;                // the delivered value
  const Column* column = nullptr;  // null: taken over as it is
  std::string delivered;           // SQL name of the delivered type
};

// The list, after values that do not fit were counted in `from`; `kept`: with "<column> as delivered" for columns that have some.
Result<std::string> typed_list(Duck& duck, const std::string& table, const std::vector<Piece>& pieces, const std::string& from,
                               std::vector<Misfit>& misfits, std::vector<std::string>& kept) {
  std::string counts;
  std::vector<const Piece*> doubtful;
  for (const Piece& piece : pieces) {
    if (piece.column == nullptr || piece.column->type == ColumnType::text) continue;
    counts += fmt::format("{}count(case when {} is not null and ({}) is null then 1 end)", counts.empty() ? "" : ", ", piece.text,
                          typed(piece.column->type, piece.text));
    doubtful.push_back(&piece);
  }
  std::set<std::string, std::less<>> bad;
  const auto take = [&](const DuckRows& rows) {
    for (std::size_t i = 0; i < doubtful.size() && rows.rows() > 0; ++i) {
      const std::int64_t values = rows.integer(i, 0);
      if (values <= 0) continue;
      bad.insert(doubtful[i]->name);
      misfits.push_back({table, doubtful[i]->name, std::string(wide_type(doubtful[i]->column->type)), doubtful[i]->delivered,
                         static_cast<std::uint64_t>(values)});
    }
    return false;
  };
  if (!counts.empty()) {
    if (Status status = duck.query(fmt::format("select {} from {}", counts, from), take, table); !status) return status.error();
  }
  std::string list;
  for (const Piece& piece : pieces) {
    const std::string value = piece.column == nullptr ? piece.text : typed(piece.column->type, piece.text);
    list += fmt::format("{}{} as {}", list.empty() ? "" : ", ", value, sql_name(piece.name));
    if (!bad.contains(piece.name)) continue;
    kept.push_back(piece.name + " as delivered");
    list += fmt::format(", case when ({}) is null then {} end as {}", value, piece.text, sql_name(kept.back()));
  }
  return list;
}

// A column of a database or a Parquet file; taken over as it is unless the SQL of checks could not work on its type.
Piece piece_of(const Table& table, const std::string& column, const std::string& sql_type) {
  Piece out{ascii_lower(column), sql_name(column), column_of(table, ascii_lower(column)), sql_type};
  if (out.column == nullptr || fits(out.column->type, value_type(sql_type))) {
    out.column = nullptr;
  } else if (out.column->type == ColumnType::text) {
    out.text = fmt::format("cast({} as varchar)", out.text);
  } else {
    out.text = fmt::format("nullif(trim(cast({} as varchar)), '')", out.text);
  }
  return out;
}

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

Status load_csv(const LoadRequest& request, const Input& input, const Table& table, bool append, std::vector<Misfit>& misfits) {
  auto header = read_header(input, table);
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
  if (!raw) return Error{Code::audit_file_damaged, input.path(), {}, table.name, {}};
  if (Status status = type_columns(duck, table, header->names, "raw_rows", target, append, misfits); !status) return status;
  return duck.exec("drop table raw_rows", "raw rows");
}

Status load_parquet(const LoadRequest& request, const std::vector<std::string>& paths, const Table& table, Loaded& out) {
  std::string list;
  std::vector<Piece> pieces;
  for (const auto& path : paths) list += (list.empty() ? "" : ", ") + sql_text(path);
  const std::string from = fmt::format("read_parquet([{}], union_by_name=true)", list);
  const auto take = [&](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows(); ++i)
      pieces.push_back(piece_of(table, std::string(rows.text(0, i)), std::string(rows.text(1, i))));
    return true;
  };
  const Error damaged{Code::audit_file_damaged, paths.front(), {}, table.name, {}};
  if (!request.duck->query(fmt::format("select column_name, column_type from (describe select * from {})", from), take, table.name))
    return damaged;
  std::set<std::string> names;
  for (const Piece& piece : pieces) {
    if (!names.insert(piece.name).second) return Error{Code::audit_column_twice, paths.front(), {}, piece.name, {}};
  }
  std::vector<std::string> kept;
  auto columns = typed_list(*request.duck, table.name, pieces, from, out.misfits, kept);
  if (!columns) return damaged;
  out.read_later.insert(out.read_later.end(), paths.begin(), paths.end());
  if (!request.duck->exec(fmt::format("create view cdm.{} as select {} from {}", sql_name(table.name), *columns, from), table.name))
    return damaged;
  return {};
}

}  // namespace

Status type_columns(Duck& duck, const Table& table, const std::vector<std::string>& columns, const std::string& raw,
                    const std::string& target, bool append, std::vector<Misfit>& misfits) {
  std::vector<Piece> pieces;
  for (const auto& name : columns) pieces.push_back({name, sql_name(name), column_of(table, name), "VARCHAR"});
  std::vector<std::string> kept;
  auto list = typed_list(duck, table.name, pieces, raw, misfits, kept);
  if (!list) return list.error();
  const std::string select = fmt::format("select {} from {}", *list, raw);
  if (!append) return duck.exec(fmt::format("create table {} as {}", target, select), "types");
  std::string sql;
  for (const auto& name : kept) sql += fmt::format("alter table {} add column if not exists {} varchar; ", target, sql_name(name));
  return duck.exec(fmt::format("{}insert into {} by name {}", sql, target, select), "types");
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
    if (Status status = load_csv(request, *input, *table, !out.tables.insert(table->name).second, out.misfits); !status)
      return status.error();
    out.kind = "csv";
  }
  for (const auto& [name, paths] : parquet) {
    if (!out.tables.insert(name).second) continue;
    if (Status status = load_parquet(request, paths, request.schema->table(request.schema->find(name)), out); !status)
      return status.error();
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

namespace {

struct Line {
  std::string schema, table, column, type;
};

// Which schema: those that were named, else cdm, main, or the first by name that has a person table.
Result<std::vector<std::string>> schema_order(const LoadRequest& request, const std::vector<Line>& lines) {
  std::vector<std::string> order = request.schemas;
  for (const auto& name : order) {
    if (std::ranges::find(lines, name, &Line::schema) == lines.end()) return Error{Code::audit_schema_missing, request.place, {}, name, {}};
  }
  if (!order.empty()) return order;
  const std::string_view mark = request.vocabulary_only ? "concept" : "person";
  for (const std::string_view wanted : {"cdm", "main", ""}) {
    for (const Line& line : lines) {
      const bool fitting = wanted.empty() || line.schema == wanted;
      if (fitting && ascii_lower(line.table) == mark && std::ranges::find(order, line.schema) == order.end()) order.push_back(line.schema);
    }
  }
  if (order.size() > 1) order.resize(1);
  if (order.empty()) order.emplace_back("main");
  return order;
}

Result<std::vector<Line>> columns_of(Duck& duck, const std::string& alias) {
  std::vector<Line> lines;
  const auto take = [&lines](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows(); ++i)
      lines.push_back(
          {std::string(rows.text(0, i)), std::string(rows.text(1, i)), std::string(rows.text(2, i)), std::string(rows.text(3, i))});
    return true;
  };
  const auto query = fmt::format(
      "select schema_name, table_name, column_name, upper(data_type) from duckdb_columns() where database_name = '{}' order by 1, 2, "
      "column_index",
      alias);
  if (Status status = duck.query(query, take, "catalogue"); !status) return status.error();
  return lines;
}

}  // namespace

Result<Loaded> load_duckdb(const LoadRequest& request) {
  Duck& duck = *request.duck;
  const std::string alias = request.vocabulary_only ? "vocabulary_source" : "source";
  const Error failed{Code::audit_database_failed, request.place, {}, {}, {}};
  if (!duck.exec(fmt::format("attach {} as {} (read_only)", sql_text(request.place), alias), "attach")) return failed;
  auto lines = columns_of(duck, alias);
  if (!lines) return lines.error();
  auto order = schema_order(request, *lines);
  if (!order) return order.error();
  Loaded out;
  out.kind = "duckdb";
  out.schemas = *order;
  std::map<std::string, std::pair<std::string, std::vector<Piece>>> views;  // table -> from, columns
  for (const auto& schema : *order) {
    for (const Line& line : *lines) {
      const std::string name = ascii_lower(line.table);
      const TableId id = request.schema->find(name);
      if (line.schema != schema || id == no_table || request.there.contains(name)) continue;
      if (request.vocabulary_only && request.schema->table(id).schema != "vocabulary") continue;
      const std::string from = fmt::format("{}.{}.{}", alias, sql_name(line.schema), sql_name(line.table));
      auto& view = views.try_emplace(name, from, std::vector<Piece>()).first->second;
      if (view.first == from) view.second.push_back(piece_of(request.schema->table(id), line.column, line.type));
    }
  }
  if (!request.vocabulary_only) {
    if (Status status = show_evidence(duck, alias); !status) return status.error();
  }
  for (const auto& [name, view] : views) {
    std::vector<std::string> kept;
    auto list = typed_list(duck, name, view.second, view.first, out.misfits, kept);
    // A view that is broken, or that reads what is not there.
    if (!list || !duck.exec(fmt::format("create or replace view cdm.{} as select {} from {}", sql_name(name), *list, view.first), name))
      return Error{Code::audit_database_failed, request.place, {}, name, {}};
    out.tables.insert(name);
  }
  return out;
}

}  // namespace pyojun
