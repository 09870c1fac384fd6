#include "pipeline/fetch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>

#include "base/files.hpp"
#include "base/registration_number.hpp"
#include "base/text.hpp"
#include "database/postgres.hpp"
#include "database/sqlite.hpp"
#include "readers/column_names.hpp"
#include "warehouse/duck.hpp"

namespace pyojun {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t largest_source = std::size_t{4} << 20;
constexpr std::size_t piece_bytes = std::size_t{1} << 18;

Error wrong(const std::string& file, std::uint64_t line, std::string_view subject) {
  return Error{Code::sql_source_wrong, file, Position{line, 0, 0}, std::string(subject), {}};
}

// The text behind "-- WORD:"; nothing when the line is no such comment.
std::string_view comment_value(std::string_view line, std::string_view word) {
  if (!line.starts_with("--")) return {};
  line = trim(line.substr(2));
  if (!line.starts_with(word) || line.size() <= word.size() || line[word.size()] != ':') return {};
  return trim(line.substr(word.size() + 1));
}

bool plain_name(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 100 && std::all_of(name.begin(), name.end(), good);
}

bool connect_line(SqlSource& out, std::string_view value) {
  const auto blank = value.find(' ');
  if (blank == std::string_view::npos) return false;
  const std::string_view engine = value.substr(0, blank);
  out.place = trim(value.substr(blank + 1));
  if (out.place.empty() || out.place.find('=') != std::string::npos) return false;  // a login stands in a file of its own
  out.engine = engine == "sqlite"   ? SqlSource::Engine::sqlite
               : engine == "duckdb" ? SqlSource::Engine::duckdb
                                    : SqlSource::Engine::postgresql;
  const bool is_path =
      out.engine != SqlSource::Engine::postgresql || out.place.find('/') != std::string::npos || out.place.ends_with(".dsn");
  if (is_path && fs::path(out.place).is_relative()) out.place = (fs::path(out.file).parent_path() / out.place).string();
  return engine == "postgresql" || engine == "sqlite" || engine == "duckdb";
}

void end_query(SqlSource& out) {
  if (out.queries.empty()) return;
  std::string& sql = out.queries.back().sql;
  while (!sql.empty() && (trim(sql).size() != sql.size() || sql.back() == ';')) {
    const std::string_view rest = trim(sql);
    sql = std::string(rest.ends_with(';') ? rest.substr(0, rest.size() - 1) : rest);
  }
}

void append_json(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    } else {
      out += c;
    }
  }
  out += '"';
}

// One query's rows as record lines.
class RecordFile {
 public:
  RecordFile(FileWriter file, const std::string& kind, const SqlNames& names) : file_(std::move(file)), kind_(kind), rules_(names) {
    begin_ = "{\"kind\":";
    append_json(begin_, kind);
    begin_ += ",\"record\":{";
  }
  Status names(const std::vector<std::string>& delivered) {
    for (const auto& name : delivered) registrations_.push_back(named_registration(name));
    const auto names = names_in_rules(*rules_.dialect, *rules_.symbols, kind_, delivered);
    for (std::size_t i = 0; i < names.size(); ++i) registrations_[i] = registrations_[i] || named_registration(names[i]);
    const std::set<std::string> distinct(names.begin(), names.end());
    if (distinct.size() != names.size()) return Error{Code::sql_query_failed, {}, {}, {}, "two columns of one name"};
    for (const auto& name : names) {
      std::string& member = members_.emplace_back(members_.empty() ? "" : ",");
      append_json(member, name);
      member += ':';
    }
    return {};
  }
  Status row(TextRow row) {
    text_ += begin_;
    for (std::size_t i = 0; i < row.size(); ++i) {
      text_ += members_[i];
      if (row[i]) {
        append_json(text_, kept(*row[i], registrations_[i]));
      } else {
        text_ += "null";
      }
    }
    text_ += "}}\n";
    ++rows_;
    return text_.size() < piece_bytes ? Status() : flush();
  }
  Status flush() {
    Status status = file_.write(text_);
    text_.clear();
    return status;
  }
  FileWriter& file() { return file_; }
  std::int64_t rows() const { return rows_; }

 private:
  // The rows are stored: a resident registration number may not be (docs/formats/sql.md).
  std::string_view kept(std::string_view text, bool registration) {
    const BareNumbers bare = rules_.dialect->bare_numbers;
    if (!registration && !holds_registration(text, bare)) return text;
    masked_.clear();
    if (registration || is_registration(text, bare)) {
      append_column_registration(masked_, text);
    } else {
      mask_registrations(masked_, text, bare);
    }
    return masked_;
  }

  FileWriter file_;
  std::string kind_, begin_, text_, masked_;
  SqlNames rules_;
  std::vector<bool> registrations_;  // by column: its name is one of the number
  std::vector<std::string> members_;
  std::int64_t rows_ = 0;
};

using RunQuery = std::function<Status(const SqlSource::Query&, const RowReceiver&)>;

// DuckDB gives typed vectors; the database itself turns them to texts.
Status duck_query(Duck& duck, const SqlSource::Query& query, const RowReceiver& receiver) {
  if (Status status = duck.exec("create or replace temp view pyojun_query as " + query.sql, query.name); !status) return status;
  std::vector<std::string> names;
  std::string columns;
  const auto take = [&](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      names.emplace_back(rows.text(0, i));
      columns += fmt::format("{}cast({} as varchar)", columns.empty() ? "" : ", ", sql_name(names.back()));
    }
    return true;
  };
  if (Status status = duck.query("select column_name from (describe pyojun_query)", take, query.name); !status) return status;
  if (Status status = receiver.columns(names); !status) return status;
  Status outcome;
  std::vector<std::optional<std::string_view>> row(names.size());
  const auto give = [&](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows() && outcome; ++i) {
      for (std::size_t k = 0; k < row.size(); ++k) {
        row[k].reset();
        if (!rows.null(k, i)) row[k] = rows.text(k, i);
      }
      outcome = receiver.row(row);
    }
    return static_cast<bool>(outcome);
  };
  if (Status status = duck.query("select " + columns + " from pyojun_query", give, query.name); !status) return status;
  return outcome;
}

Error unreachable(const SqlSource& source, const Error& why) {
  return Error{Code::sql_source_unreachable, source.file, {}, source.place, why.detail};
}

Result<RunQuery> open_database(const SqlSource& source) {
  switch (source.engine) {
    case SqlSource::Engine::postgresql: {
      auto server = Postgres::connect(source.place);
      if (!server) return server.error();
      if (Status status = (*server)->exec("begin transaction isolation level repeatable read read only", "begin"); !status)
        return status.error();
      return RunQuery([shared = std::shared_ptr<Postgres>(std::move(*server))](const SqlSource::Query& query, const RowReceiver& receiver) {
        return shared->query(query.sql, query.name, receiver);
      });
    }
    case SqlSource::Engine::sqlite: {
      auto database = Sqlite::open(source.place, Sqlite::Access::read_only);
      if (!database) return unreachable(source, database.error());
      if (Status status = (*database)->exec("begin", "begin"); !status) return unreachable(source, status.error());
      return RunQuery([shared = std::shared_ptr<Sqlite>(std::move(*database))](const SqlSource::Query& query, const RowReceiver& receiver) {
        return shared->query(query.sql, query.name, receiver);
      });
    }
    case SqlSource::Engine::duckdb: {
      DuckOptions options;
      options.file = source.place;
      options.read_only = true;
      auto duck = Duck::open(options);
      if (!duck) return unreachable(source, duck.error());
      return RunQuery([shared = std::shared_ptr<Duck>(std::move(*duck))](const SqlSource::Query& query, const RowReceiver& receiver) {
        return duck_query(*shared, query, receiver);
      });
    }
  }
  return Error{};
}

// What the database said stays there; the class of the error, the query and its line are told.
Error query_error(const SqlSource& source, const SqlSource::Query& query, const Error& why) {
  if (why.code == Code::file_write_failed) return why;
  const bool told = why.code == Code::publish_database_failed || why.code == Code::sql_query_failed;
  return Error{Code::sql_query_failed, source.file, Position{query.line, 0, 0}, query.name, told ? why.detail : std::string()};
}

Result<SqlSource> read_sql_source(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text(largest_source + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || !in.eof()) return Error{Code::file_not_readable, file, {}, file, {}};
  text.resize(static_cast<std::size_t>(in.gcount()));
  return parse_sql_source(file, text);
}

Status fetch_one(const SqlSource& source, const SqlNames& rules, AtomicDirectory& folder, std::vector<std::string>& names) {
  auto run = open_database(source);
  if (!run) return run.error();
  for (const auto& query : source.queries) {
    const std::string name = query.name + ".jsonl";
    if (std::find(names.begin(), names.end(), name) != names.end()) return wrong(source.file, query.line, query.name);
    auto file = folder.create(name);
    if (!file) return file.error();
    RecordFile records(std::move(*file), query.name, rules);
    const RowReceiver receiver{[&](const std::vector<std::string>& columns) { return records.names(columns); },
                               [&](TextRow row) { return records.row(row); }};
    if (Status status = (*run)(query, receiver); !status) return query_error(source, query, status.error());
    if (Status status = records.flush(); !status) return status;
    if (Status status = folder.add(records.file(), records.rows()); !status) return status;
    names.push_back(name);
  }
  return {};
}

}  // namespace

bool is_sql_source(std::string_view argument) {
  std::error_code ignored;
  return argument.ends_with(".sql") && fs::is_regular_file(fs::path(argument), ignored);
}

Result<SqlSource> parse_sql_source(const std::string& file, std::string_view text) {
  SqlSource out;
  out.file = file;
  bool connected = false;
  for (std::uint64_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (number == 1 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (const auto value = comment_value(line, "connect"); !value.empty()) {
      if (connected || !connect_line(out, value)) return wrong(file, number, "connect");
      connected = true;
    } else if (const auto name = comment_value(line, "query"); !name.empty()) {
      end_query(out);
      if (!plain_name(name)) return wrong(file, number, "query");
      out.queries.push_back({std::string(name), {}, number});
    } else if (!out.queries.empty()) {
      out.queries.back().sql.append(line).append("\n");
    } else if (const std::string_view rest = trim(line); !rest.empty() && !rest.starts_with("--")) {
      return wrong(file, number, "query");
    }
  }
  end_query(out);
  if (!connected) return wrong(file, 1, "connect");
  for (const auto& query : out.queries) {
    if (query.sql.empty()) return wrong(file, query.line, query.name);
  }
  return out.queries.empty() ? Result<SqlSource>(wrong(file, 1, "query")) : Result<SqlSource>(std::move(out));
}

Status check_sql_sources(const std::vector<std::string>& sources) {
  for (const auto& file : sources) {
    if (auto source = read_sql_source(file); !source) return source.error();
  }
  return {};
}

Result<std::vector<std::string>> fetch_sql_sources(const std::vector<std::string>& sources, const std::string& folder,
                                                   const SqlNames& rules) {
  auto target = AtomicDirectory::start(folder);
  if (!target) return target.error();
  std::vector<std::string> names;
  for (const auto& file : sources) {
    auto source = read_sql_source(file);
    if (!source) return source.error();
    if (Status status = fetch_one(*source, rules, *target, names); !status) return status.error();
  }
  if (Status status = target->publish(); !status) return status.error();
  std::sort(names.begin(), names.end());
  for (auto& name : names) name = folder + "/" + name;
  return names;
}

}  // namespace pyojun
