#include "warehouse/ledger.hpp"

#include "warehouse/results.hpp"

#include <fmt/format.h>

#include <array>
#include <set>

#include "base/sha256.hpp"

namespace pyojun {

namespace {

// What is taken over from run to run. Entries of the quarantine, runs, files and merges stay for ever; names, rules, books and profile
// speak of what counts now.
constexpr std::array<std::string_view, 15> history_tables{"ledger.run",          "ledger.file",    "ledger.name",      "ledger.rule",
                                                          "ledger.reason",       "ledger.balance", "ledger.filter",    "ledger.rows",
                                                          "ledger.merge",        "ledger.made",    "quarantine.entry", "profile.field",
                                                          R"(profile."column")", "profile.code",   "profile.finding"};

constexpr std::string_view tables = R"sql(
create schema ledger; create schema quarantine; create schema profile; create schema provenance; create schema results; create schema derived; create schema cdm;
create table ledger.layout(sha256 varchar);
create table ledger.run(run bigint, identity varchar, source_name varchar, mapping varchar, mapping_hash varchar, vocabulary varchar,
  vocabulary_hash varchar, program varchar, started varchar, data_date varchar);
create table ledger.file(file bigint, run bigint, retired bigint, source varchar, name varchar, path varchar, sha256 varchar, size bigint, format varchar,
  encoding varchar, kind varchar, made_by varchar, built_by varchar, first_rule bigint, rules bigint);
create table ledger.name(source varchar, path varchar, name varchar, file bigint, seen bigint, vanished bigint, stamp varchar);
create table ledger.rule(rule bigint, "set" bigint, source varchar, name varchar);
create table ledger.reason(rule bigint, filter bigint, reason varchar);
create table ledger.balance(run bigint, file bigint, rule bigint, rule_name varchar, "in" bigint, mapped bigint, filtered bigint, duplicates bigint,
  quarantined bigint, unread bigint, first_mapped bigint, first_quarantined bigint);
create table ledger.filter(run bigint, file bigint, rule bigint, filter bigint, reason varchar, rows bigint);
create table ledger.rows(run bigint, "table" varchar, rows bigint);
create table ledger.made("table" varchar, owner integer, day date, id integer);
create table ledger.csv_block(place varchar, "table" varchar, program varchar, mark_low bigint, mark_high bigint, "at" bigint, bytes bigint, rows bigint,
  sum_low bigint, sum_high bigint, state varchar);
create table ledger.merge(run bigint, "table" varchar, id bigint, merged_into bigint);
create table quarantine.entry(run bigint, file bigint, "offset" bigint, length bigint, "at" bigint, line bigint, record bigint, path varchar,
  rule bigint, rule_name varchar, code varchar, "column" varchar, row_kept boolean, state varchar, closed bigint);
create table profile.field(file bigint, kind varchar, field varchar, seen bigint, filled bigint);
create table profile."column"(file bigint, field varchar, state varchar);
create table profile.finding(file bigint, code varchar, subject varchar, count bigint);
create table profile.code(run bigint, rule bigint, rule_name varchar, vocabulary varchar, code varchar, source_concept_id bigint, domain varchar, grade varchar,
  targets varchar, rows bigint);
)sql";

std::int64_t number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

std::string_view rule_name(std::int32_t rule, const std::vector<std::string>& rules) {
  const auto at = static_cast<std::size_t>(rule);
  return rule < 0 ? std::string_view("reader") : at < rules.size() ? std::string_view(rules[at]) : std::string_view();
}

}  // namespace

std::string_view grade_name(Grade grade) {
  constexpr std::array<std::string_view, static_cast<std::size_t>(Grade::count)> names{"exact",     "normalised", "list",    "edition",
                                                                                       "truncated", "no_target",  "unknown", "no_system"};
  const auto at = static_cast<std::size_t>(grade);
  return at < names.size() ? names[at] : "unknown";
}

namespace {

// Which tables and columns a database has.
std::string layout() { return sha256_hex(std::string(tables) + std::string(results_tables())); }

std::string create_sql() {
  return std::string(tables) + std::string(results_tables()) + "insert into ledger.layout values (" + sql_text(layout()) + ");";
}

// Findings of tonight that are compared with those there are; ended ones.
constexpr std::string_view finding_tables =
    "create temp table told as from quarantine.entry limit 0; create temp table ended as from quarantine.entry limit 0;";

}  // namespace

Status Ledger::create() {
  if (Status status = duck_.exec("begin;" + create_sql() + std::string(finding_tables), "ledger tables"); !status) return status;
  return open_appenders();
}

Result<bool> Ledger::go_on() {
  auto there = duck_.integer("select count(*) from duckdb_tables() where schema_name = 'ledger' and table_name = 'layout'", "layout");
  if (!there) return there.error();
  if (*there == 0) return false;
  auto text = duck_.text("select sha256 from ledger.layout", "layout");
  if (!text) return text.error();
  if (*text != layout()) return false;
  first_ = false;
  auto kept = keep_derived();
  if (!kept) return kept.error();
  const std::string sql = "begin; drop schema if exists cdm cascade; create schema cdm; drop table if exists results.assembly;" + *kept +
                          std::string(finding_tables) + "commit;";
  if (Status status = duck_.exec(sql, "ledger tables"); !status) return status.error();
  if (Status status = open_appenders(); !status) return status.error();
  return true;
}

// What assembly may look back on gets the name NAME_before.
Result<std::string> Ledger::keep_derived() {
  std::string sql;
  const auto take = [&](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      const std::string schema(rows.text(0, i)), table(rows.text(1, i));
      const bool kept = schema == "derived" || table == "change" || table == "removal" || table == "derived" || table == "span";
      sql += kept ? fmt::format("alter table {}.{} rename to {};", schema, sql_name(table), sql_name(table + "_before"))
                  : fmt::format("drop table {}.{};", schema, sql_name(table));
    }
    return true;
  };
  Status status = duck_.query(
      "select schema_name, table_name from duckdb_tables() where schema_name in ('assemble', 'derived') order by 1, 2", take, "derived");
  if (!status) return status.error();
  return sql;
}

Status Ledger::take_over(const std::string& earlier) {
  first_ = false;
  if (Status status = duck_.exec("attach " + sql_text(earlier) + " as earlier (read_only)", "earlier run"); !status) return status;
  std::set<std::string> there;  // an older program knew fewer tables
  const auto take = [&](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows(); ++i) there.emplace(rows.text(0, i));
    return true;
  };
  Status found =
      duck_.query("select schema_name || '.' || table_name from duckdb_tables() where database_name = 'earlier'", take, "earlier run");
  if (!found) return found;
  if (Status status = duck_.exec("begin;" + create_sql(), "ledger tables"); !status) return status;
  std::string sql, names = "'results.pack', 'results.criterion'";
  for (const auto& table : history_tables) {
    std::string plain(table);
    std::erase(plain, '"');
    names += ", " + sql_text(plain);
    if (there.contains(plain)) sql += fmt::format("insert into {0} by name select * from earlier.{0};", table);
  }
  // What a newer program remembers in columns unknown here would be lost.
  auto unknown = duck_.integer(
      fmt::format(
          "select count(*) from duckdb_columns() e where e.database_name = 'earlier' and e.schema_name || '.' || e.table_name in ({}) and "
          "not exists (select 1 from duckdb_columns() m where m.database_name = current_database() and m.schema_name = e.schema_name and "
          "m.table_name = e.table_name and m.column_name = e.column_name)",
          names),
      "earlier run");
  if (!unknown) return unknown.error();
  if (*unknown > 0) return Error{Code::warehouse_newer, earlier, {}, {}, {}};
  if (Status status = duck_.exec(sql + std::string(finding_tables) + "commit;", "ledger tables"); !status) return status;
  if (Status status = keep_results(); !status) return status;
  return open_appenders();
}

Status Ledger::open_appenders() {
  constexpr std::array<std::pair<const char*, const char*>, 3> names{{{"quarantine", "entry"}, {"", "told"}, {"", "ended"}}};
  const std::array<DuckAppender*, names.size()> places{&entries_, &told_, &ended_};
  for (std::size_t i = 0; i < names.size(); ++i) {
    auto appender = duck_.append_to(names[i].first, names[i].second);
    if (!appender) return appender.error();
    *places[i] = std::move(*appender);
  }
  return {};
}

// Audits of earlier runs stay; a warehouse of an older program has no tables for them.
Status Ledger::keep_results() {
  auto there = duck_.integer(
      "select count(*) from duckdb_tables() where database_name = 'earlier' and schema_name = 'results' and table_name in ('pack', "
      "'criterion')",
      "results");
  if (!there) return there.error();
  if (*there == 2) {
    for (const std::string_view table : {"results.pack", "results.criterion"}) {
      if (Status status = duck_.exec(fmt::format("insert into {0} by name select * from earlier.{0}", table), table); !status)
        return status;
    }
  }
  return duck_.exec("detach earlier", "earlier run");
}

Status Ledger::append(DuckAppender& to, const QuarantineEntry& entry, const std::vector<std::string>& rules) {
  to.add(run_).add(number(entry.file)).add(number(entry.offset)).add(number(entry.length)).add(number(entry.at));
  to.add(number(entry.line)).add(number(entry.record)).add(entry.path).add(std::int64_t{entry.rule}).add(rule_name(entry.rule, rules));
  to.add(info(entry.code).id).add(entry.column).add_flag(entry.row_kept).add(entry.row_kept ? "noted" : "open").add_null();
  return to.end_row();
}

Status Ledger::add_entry(const QuarantineEntry& entry, const std::vector<std::string>& rules) { return append(entries_, entry, rules); }
Status Ledger::tell(const QuarantineEntry& entry, const std::vector<std::string>& rules) { return append(told_, entry, rules); }
Status Ledger::end(const QuarantineEntry& entry, const std::vector<std::string>& rules) { return append(ended_, entry, rules); }

namespace {
constexpr std::string_view same_finding = R"(a.file = b.file and a."offset" = b."offset" and a.record = b.record and a.rule = b.rule
  and a.code = b.code and a."column" = b."column")";
}  // namespace

Status Ledger::close_entries() {
  for (DuckAppender* const one : {&entries_, &told_, &ended_}) {
    if (Status status = one->close(); !status) return status;
  }
  return {};
}

Status Ledger::close_findings(const std::vector<FileEntry>& files, const std::vector<std::string>& retold) {
  // Findings can be as many as rows (a delivery without its table of providers), so a first run compares them with nothing.
  if (first_) return duck_.exec("insert into quarantine.entry select * from told; drop table told; drop table ended;", "findings");
  // References left out are new when they are told (see Findings).
  const std::string once = sql_text(info(Code::reference_left_out).id);
  std::string sql = fmt::format(
      "insert into quarantine.entry select a.* from told a anti join (select * from quarantine.entry where closed is null and code <> {}) "
      "b "
      "on {} order by a.rowid;",
      once, same_finding);
  std::string gone;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (number(files[i].retired) == run_) gone += (gone.empty() ? "" : ",") + std::to_string(i);
  }
  // An entry of a file that was taken again is resolved, or fails still: then the file that took its place has one like it.
  if (!gone.empty()) {
    sql += fmt::format(R"sql(
    create temp table failing as select b.file, b."offset", b.record, b.code, b.rule_name, b."column" from quarantine.entry a
      join ledger.file g on g.file = a.file join ledger.file f on f.source = g.source and f.sha256 = g.sha256 and f.run < {0}
      join quarantine.entry b on b.file = f.file and a."offset" = b."offset" and a.record = b.record and a.code = b.code and a.rule_name = b.rule_name
        and a."column" = b."column"
      where a.closed is null and g.run = {0} and f.file in ({1}) and b.closed is null;
    update quarantine.entry a set closed = {0}, state = case when exists (select 1 from failing b where a.file = b.file and a."offset" = b."offset"
        and a.record = b.record and a.code = b.code and a.rule_name = b.rule_name and a."column" = b."column") then 'failing' else 'resolved' end
      where closed is null and file in ({1});
    drop table failing;)sql",
                       run_, gone);
  }
  std::string codes;
  constexpr std::array nightly{
      Code::orphan_row,         Code::orphan_side_row, Code::withdrawal_found_nothing, Code::retired_name_gave_way, Code::version_tie,
      Code::merge_found_nobody, Code::row_incomplete,  Code::person_differs,           Code::people_share_number};
  for (const Code code : nightly) codes += sql_text(info(code).id) + ", ";
  for (const auto& code : retold) codes += sql_text(code) + ", ";
  codes.resize(codes.size() - 2);
  sql += fmt::format(
      "update quarantine.entry set state = 'resolved', closed = {} where rowid in (select a.rowid from quarantine.entry a anti join told b "
      "on {} where a.closed is null and a.code in ({})); update quarantine.entry set state = 'resolved', closed = {} where rowid in "
      "(select "
      "a.rowid from quarantine.entry a semi join ended b on {} where a.closed is null and a.code = {}); drop table told; drop table ended;",
      run_, same_finding, codes, run_, same_finding, once);
  return duck_.exec(sql, "findings");
}

Status Ledger::add_run(const RunIdentity& run) {
  auto out = duck_.append_to("ledger", "run");
  if (!out) return out.error();
  out->add(run_).add(run.identity).add(run.source_name).add(run.mapping_name).add(run.mapping_hash).add(run.vocabulary_release);
  out->add(run.vocabulary_hash).add(run.program_version).add(run.started).add(run.data_date);
  if (Status status = out->end_row(); !status) return status;
  return out->close();
}

Status Ledger::add_rules(const std::vector<RuleSet>& sets, const std::vector<std::uint32_t>& first_rules) {
  if (Status status = duck_.exec("delete from ledger.rule; delete from ledger.reason", "rules"); !status) return status;
  auto rules = duck_.append_to("ledger", "rule");
  if (!rules) return rules.error();
  auto reasons = duck_.append_to("ledger", "reason");
  if (!reasons) return reasons.error();
  for (std::size_t set = 0; set < sets.size(); ++set) {
    for (std::size_t i = 0; i < sets[set].names.size(); ++i) {
      const std::int64_t rule = number(first_rules[set] + i);
      rules->add(rule).add(number(set)).add(sets[set].source).add(sets[set].names[i]);
      if (Status status = rules->end_row(); !status) return status;
      if (i >= sets[set].filters.size()) continue;
      for (std::size_t k = 0; k < sets[set].filters[i].size(); ++k) {
        if (Status status = reasons->add(rule).add(number(k)).add(sets[set].filters[i][k]).end_row(); !status) return status;
      }
    }
  }
  if (Status status = reasons->close(); !status) return status;
  return rules->close();
}

Status Ledger::add_files(const std::vector<FileEntry>& files) {
  auto out = duck_.append_to("ledger", "file");
  if (!out) return out.error();
  std::string gone;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const FileEntry& file = files[i];
    if (number(file.retired) == run_) gone += (gone.empty() ? "" : ",") + std::to_string(i);
    if (number(file.run) != run_) continue;
    out->add(number(i)).add(run_);
    file.retired == 0 ? out->add_null() : out->add(number(file.retired));
    out->add(file.source).add(file.name).add(file.path).add(file.sha256).add(number(file.size)).add(file.format).add(file.encoding);
    out->add(file.kind).add(file.made_by).add(file.built_by).add(std::int64_t{file.first_rule}).add(std::int64_t{file.rules});
    if (Status status = out->end_row(); !status) return status;
  }
  if (Status status = out->close(); !status) return status;
  if (gone.empty()) return {};
  return duck_.exec(fmt::format(R"sql(
    update ledger.file set retired = {0} where file in ({1});
    delete from profile.field where file in ({1});
    delete from profile."column" where file in ({1});
    delete from profile.finding where file in ({1});
    delete from profile.code where run not in (select run from ledger.file where retired is null);)sql",
                                run_, gone),
                    "retired files");
}

Status Ledger::set_names(const std::vector<FileName>& names) {
  if (Status status = duck_.exec("delete from ledger.name", "names"); !status) return status;
  auto out = duck_.append_to("ledger", "name");
  if (!out) return out.error();
  for (const auto& name : names) {
    out->add(name.source)
        .add(name.path)
        .add(name.name)
        .add(std::int64_t{name.file})
        .add(number(name.seen))
        .add(number(name.vanished))
        .add(name.stamp);
    if (Status status = out->end_row(); !status) return status;
  }
  return out->close();
}

Status Ledger::add_books(const Books& books, const std::vector<CountedLine>& counted, const std::vector<std::string>& rules,
                         const std::vector<std::vector<std::string>>& filters) {
  if (Status status = duck_.exec("delete from ledger.balance; delete from ledger.filter", "books"); !status) return status;
  auto out = duck_.append_to("ledger", "balance");
  if (!out) return out.error();
  auto reasons = duck_.append_to("ledger", "filter");
  if (!reasons) return reasons.error();
  for (std::size_t at = 0; at < books.lines().size(); ++at) {
    const Balance& line = books.lines()[at];
    const auto rule = static_cast<std::size_t>(line.rule);
    std::uint64_t filtered = 0;
    for (std::size_t i = 0; i < line.filtered.size(); ++i) {
      filtered += line.filtered[i];
      const bool named = rule < filters.size() && i < filters[rule].size();
      reasons->add(run_).add(number(line.file)).add(std::int64_t{line.rule}).add(number(i));
      reasons->add(named ? std::string_view(filters[rule][i]) : std::string_view()).add(number(line.filtered[i]));
      if (Status status = reasons->end_row(); !status) return status;
    }
    out->add(run_).add(number(line.file)).add(std::int64_t{line.rule}).add(rule_name(line.rule, rules)).add(number(line.in));
    out->add(number(line.mapped)).add(number(filtered)).add(number(line.duplicates)).add(number(line.quarantined)).add(number(line.unread));
    out->add(number(counted[at].mapped)).add(number(counted[at].quarantined));
    if (Status status = out->end_row(); !status) return status;
  }
  if (Status status = reasons->close(); !status) return status;
  return out->close();
}

Status Ledger::add_merges(const std::vector<std::tuple<std::string, std::int32_t, std::int32_t>>& merges) {
  if (merges.empty()) return {};
  if (Status status = duck_.exec("create temp table merging as from ledger.merge limit 0", "merges"); !status) return status;
  auto out = duck_.append_to("", "merging");
  if (!out) return out.error();
  for (const auto& [table, from, into] : merges) {
    if (Status status = out->add(run_).add(table).add(std::int64_t{from}).add(std::int64_t{into}).end_row(); !status) return status;
  }
  if (Status status = out->close(); !status) return status;
  return duck_.exec(R"sql(insert into ledger.merge select distinct * from merging a where not exists
      (select 1 from ledger.merge b where a."table" = b."table" and a.id = b.id and a.merged_into = b.merged_into) order by all; drop table merging;)sql",
                    "merges");
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

Status Ledger::add_columns(const std::vector<ColumnLine>& lines) {
  auto out = duck_.append_to("profile", "column");
  if (!out) return out.error();
  for (const auto& line : lines) {
    for (const auto* const names : {&line.unread, &line.missing}) {
      for (const auto& name : *names) {
        if (Status status = out->add(std::int64_t{line.file}).add(name).add(names == &line.unread ? "unread" : "missing").end_row();
            !status) {
          return status;
        }
      }
    }
  }
  return out->close();
}

Status Ledger::add_noticed(const std::vector<NoticedLine>& lines) {
  auto out = duck_.append_to("profile", "finding");
  if (!out) return out.error();
  for (const auto& line : lines) {
    out->add(std::int64_t{line.file}).add(info(line.code).id).add(line.subject).add(number(line.count));
    if (Status status = out->end_row(); !status) return status;
  }
  return out->close();
}

Status Ledger::add_codes(const CodeBook& codes, const std::vector<std::string>& rules) {
  auto out = duck_.append_to("profile", "code");
  if (!out) return out.error();
  for (const auto& [key, code] : codes) {
    std::string targets;
    for (const std::int32_t target : code.targets) targets += (targets.empty() ? "" : " ") + std::to_string(target);
    out->add(run_).add(std::int64_t{code.rule}).add(code.rule < rules.size() ? std::string_view(rules[code.rule]) : std::string_view());
    out->add(code.vocabulary).add(code.code).add(std::int64_t{code.source_concept_id}).add(code.domain).add(grade_name(code.grade));
    out->add(targets).add(static_cast<std::int64_t>(code.rows));
    if (Status status = out->end_row(); !status) return status;
  }
  return out->close();
}

}  // namespace pyojun
