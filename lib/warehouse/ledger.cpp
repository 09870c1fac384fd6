#include "warehouse/ledger.hpp"

#include "warehouse/results.hpp"

#include <fmt/format.h>

#include <array>

namespace pyojun {

namespace {

// History stays for ever: these tables are taken over from run to run. profile and ledger.rule speak of the last run only.
constexpr std::array<std::string_view, 6> history{"ledger.run",    "ledger.file", "ledger.balance",
                                                  "ledger.filter", "ledger.rows", "quarantine.entry"};

constexpr std::string_view tables = R"sql(
create schema ledger; create schema quarantine; create schema profile; create schema provenance; create schema results; create schema derived; create schema cdm;
create table ledger.run(run bigint, identity varchar, source_name varchar, mapping varchar, mapping_hash varchar, vocabulary varchar,
  vocabulary_hash varchar, program varchar, started varchar, data_date varchar);
create table ledger.file(run bigint, file bigint, name varchar, path varchar, sha256 varchar, size bigint, format varchar, encoding varchar, kind varchar);
create table ledger.rule(rule bigint, name varchar);
create table ledger.balance(run bigint, file bigint, rule bigint, rule_name varchar, "in" bigint, mapped bigint, filtered bigint, duplicates bigint,
  quarantined bigint, unread bigint);
create table ledger.filter(run bigint, file bigint, rule bigint, filter bigint, reason varchar, rows bigint);
create table ledger.rows(run bigint, "table" varchar, rows bigint);
create table quarantine.entry(run bigint, file bigint, "offset" bigint, length bigint, "at" bigint, line bigint, record bigint, path varchar,
  rule bigint, rule_name varchar, code varchar, "column" varchar, row_kept boolean, state varchar);
create table profile.field(file bigint, kind varchar, field varchar, seen bigint, filled bigint);
create table profile.code(rule bigint, rule_name varchar, vocabulary varchar, code varchar, source_concept_id bigint, domain varchar, grade varchar,
  targets varchar, rows bigint);
)sql";

}  // namespace

std::string_view grade_name(Grade grade) {
  constexpr std::array<std::string_view, static_cast<std::size_t>(Grade::count)> names{"exact",     "normalised", "list",    "edition",
                                                                                       "truncated", "no_target",  "unknown", "no_system"};
  const auto at = static_cast<std::size_t>(grade);
  return at < names.size() ? names[at] : "unknown";
}

Status Ledger::create(const std::string& earlier) {
  // One transaction, so one sync of the log.
  std::string sql = "begin;" + std::string(tables) + std::string(results_tables());
  if (!earlier.empty()) {
    sql = "attach " + sql_text(earlier) + " as earlier (read_only);" + sql;
    for (const auto& table : history) sql += fmt::format("insert into {0} by name select * from earlier.{0};", table);
  }
  sql += "commit;";
  if (Status status = duck_.exec(sql, "ledger tables"); !status) return status;
  if (!earlier.empty()) {
    if (Status status = keep_results(); !status) return status;
  }
  auto appender = duck_.append_to("quarantine", "entry");
  if (!appender) return appender.error();
  entries_ = std::move(*appender);
  return {};
}

// Audits of earlier runs stay; a warehouse of an older program has no tables for them.
Status Ledger::keep_results() {
  auto there = duck_.integer("select count(*) from duckdb_tables() where database_name = 'earlier' and schema_name = 'results'", "results");
  if (!there) return there.error();
  if (*there == 2) {
    for (const std::string_view table : {"results.pack", "results.criterion"}) {
      if (Status status = duck_.exec(fmt::format("insert into {0} by name select * from earlier.{0}", table), table); !status)
        return status;
    }
  }
  return duck_.exec("detach earlier", "earlier run");
}

Status Ledger::add_entry(const QuarantineEntry& entry, const std::vector<std::string>& rules) {
  const auto number = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  entries_.add(run_).add(number(entry.file)).add(number(entry.offset)).add(number(entry.length)).add(number(entry.at));
  entries_.add(number(entry.line)).add(number(entry.record)).add(entry.path).add(std::int64_t{entry.rule});
  const auto rule = static_cast<std::size_t>(entry.rule);
  entries_.add(entry.rule >= 0 && rule < rules.size() ? std::string_view(rules[rule]) : std::string_view("reader"));
  entries_.add(info(entry.code).id).add(entry.column).add_flag(entry.row_kept).add(entry.row_kept ? "noted" : "open");
  return entries_.end_row();
}

Status Ledger::add_run(const RunIdentity& run, const WarehouseOptions& options) {
  auto out = duck_.append_to("ledger", "run");
  if (!out) return out.error();
  out->add(run_).add(run.identity).add(run.source_name).add(run.mapping_name).add(run.mapping_hash).add(run.vocabulary_release);
  out->add(run.vocabulary_hash).add(run.program_version).add(run.started).add(run.data_date);
  if (Status status = out->end_row(); !status) return status;
  if (Status status = out->close(); !status) return status;
  auto rules = duck_.append_to("ledger", "rule");
  if (!rules) return rules.error();
  for (std::size_t i = 0; i < options.rules.size(); ++i) {
    if (Status status = rules->add(static_cast<std::int64_t>(i)).add(options.rules[i]).end_row(); !status) return status;
  }
  return rules->close();
}

Status Ledger::add_files(const std::vector<FileEntry>& files) {
  auto out = duck_.append_to("ledger", "file");
  if (!out) return out.error();
  for (std::size_t i = 0; i < files.size(); ++i) {
    const FileEntry& file = files[i];
    out->add(run_)
        .add(static_cast<std::int64_t>(i))
        .add(file.name)
        .add(file.path)
        .add(file.sha256)
        .add(static_cast<std::int64_t>(file.size));
    out->add(file.format).add(file.encoding).add(file.kind);
    if (Status status = out->end_row(); !status) return status;
  }
  return out->close();
}

Status Ledger::add_books(const Books& books, const WarehouseOptions& options) {
  auto out = duck_.append_to("ledger", "balance");
  if (!out) return out.error();
  auto filters = duck_.append_to("ledger", "filter");
  if (!filters) return filters.error();
  const auto number = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  for (const Balance& line : books.lines()) {
    const auto rule = static_cast<std::size_t>(line.rule);
    std::uint64_t filtered = 0;
    for (std::size_t i = 0; i < line.filtered.size(); ++i) {
      filtered += line.filtered[i];
      const bool named = rule < options.filters.size() && i < options.filters[rule].size();
      filters->add(run_).add(number(line.file)).add(std::int64_t{line.rule}).add(number(i));
      filters->add(named ? std::string_view(options.filters[rule][i]) : std::string_view()).add(number(line.filtered[i]));
      if (Status status = filters->end_row(); !status) return status;
    }
    const std::string_view name = line.rule < 0 ? "reader" : rule < options.rules.size() ? std::string_view(options.rules[rule]) : "";
    out->add(run_).add(number(line.file)).add(std::int64_t{line.rule}).add(name).add(number(line.in)).add(number(line.mapped));
    out->add(number(filtered)).add(number(line.duplicates)).add(number(line.quarantined)).add(number(line.unread));
    if (Status status = out->end_row(); !status) return status;
  }
  if (Status status = filters->close(); !status) return status;
  return out->close();
}

Status Ledger::add_rows(const std::vector<std::pair<std::string, std::uint64_t>>& rows) {
  auto out = duck_.append_to("ledger", "rows");
  if (!out) return out.error();
  for (const auto& [table, count] : rows) {
    if (Status status = out->add(run_).add(table).add(static_cast<std::int64_t>(count)).end_row(); !status) return status;
  }
  return out->close();
}

Status Ledger::add_profile(const std::vector<ProfileLine>& lines) {
  auto out = duck_.append_to("profile", "field");
  if (!out) return out.error();
  for (const auto& line : lines) {
    for (const auto& [field, filled] : line.filled) {
      out->add(std::int64_t{line.file})
          .add(line.kind)
          .add(field)
          .add(static_cast<std::int64_t>(line.seen))
          .add(static_cast<std::int64_t>(filled));
      if (Status status = out->end_row(); !status) return status;
    }
  }
  return out->close();
}

Status Ledger::add_codes(const CodeBook& codes, const std::vector<std::string>& rules) {
  auto out = duck_.append_to("profile", "code");
  if (!out) return out.error();
  for (const auto& [key, code] : codes) {
    std::string targets;
    for (const std::int32_t target : code.targets) targets += (targets.empty() ? "" : " ") + std::to_string(target);
    out->add(std::int64_t{code.rule}).add(code.rule < rules.size() ? std::string_view(rules[code.rule]) : std::string_view());
    out->add(code.vocabulary).add(code.code).add(std::int64_t{code.source_concept_id}).add(code.domain).add(grade_name(code.grade));
    out->add(targets).add(static_cast<std::int64_t>(code.rows));
    if (Status status = out->end_row(); !status) return status;
  }
  return out->close();
}

namespace {

std::uint64_t count(const DuckRows& rows, std::size_t column, std::size_t row) {
  return static_cast<std::uint64_t>(rows.integer(column, row));
}

Status read_books(Duck& duck, ReadLedger& out) {
  const std::string where = fmt::format(" where run = {} order by file, rule", out.run);
  const auto line = [&out](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      Balance balance;
      balance.file = static_cast<std::uint32_t>(rows.integer(0, i));
      balance.rule = static_cast<std::int32_t>(rows.integer(1, i));
      balance.in = count(rows, 2, i);
      balance.mapped = count(rows, 3, i);
      balance.duplicates = count(rows, 4, i);
      balance.quarantined = count(rows, 5, i);
      balance.unread = count(rows, 6, i);
      out.balances.push_back(std::move(balance));
    }
    return true;
  };
  if (Status status =
          duck.query("select file, rule, \"in\", mapped, duplicates, quarantined, unread from ledger.balance" + where, line, "books");
      !status) {
    return status;
  }
  std::size_t at = 0;
  const auto filter = [&](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      while (at < out.balances.size() && (out.balances[at].file != count(rows, 0, i) || out.balances[at].rule != rows.integer(1, i))) ++at;
      if (at < out.balances.size()) out.balances[at].filtered.push_back(count(rows, 2, i));
    }
    return true;
  };
  return duck.query("select file, rule, rows from ledger.filter" + where + ", filter", filter, "filters");
}

}  // namespace

Result<ReadLedger> read_ledger(Duck& duck) {
  ReadLedger out;
  const auto run = [&out](const DuckRows& rows) {
    if (rows.rows() == 0) return false;
    out.run = rows.integer(0, 0);
    RunIdentity& id = out.identity;
    const std::array<std::string*, 9> fields{&id.identity,           &id.source_name,     &id.mapping_name,    &id.mapping_hash,
                                             &id.vocabulary_release, &id.vocabulary_hash, &id.program_version, &id.started,
                                             &id.data_date};
    for (std::size_t i = 0; i < fields.size(); ++i) *fields[i] = rows.text(i + 1, 0);
    return false;
  };
  if (Status status = duck.query("select * from ledger.run order by run desc limit 1", run, "run"); !status) return status.error();
  const auto file = [&out](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      FileEntry entry;
      const std::array<std::string*, 6> fields{&entry.name, &entry.path, &entry.sha256, &entry.format, &entry.encoding, &entry.kind};
      for (std::size_t k = 0; k < fields.size(); ++k) *fields[k] = rows.text(k, i);
      entry.size = count(rows, 6, i);
      out.files.push_back(std::move(entry));
    }
    return true;
  };
  const std::string files =
      fmt::format("select name, path, sha256, format, encoding, kind, size from ledger.file where run = {} order by file", out.run);
  if (Status status = duck.query(files, file, "files"); !status) return status.error();
  const auto rule = [&out](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows(); ++i) out.rules.emplace_back(rows.text(0, i));
    return true;
  };
  if (Status status = duck.query("select name from ledger.rule order by rule", rule, "rules"); !status) return status.error();
  const auto table = [&out](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows(); ++i) out.rows.emplace_back(std::string(rows.text(0, i)), count(rows, 1, i));
    return true;
  };
  const std::string rows = fmt::format("select \"table\", rows from ledger.rows where run = {} order by rowid", out.run);
  if (Status status = duck.query(rows, table, "rows"); !status) return status.error();
  if (Status status = read_books(duck, out); !status) return status.error();
  return out;
}

}  // namespace pyojun
