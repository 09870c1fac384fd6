// Assembly of a later run: what is derived person by person is derived for the persons that look different, the other rows are kept.
#include <fmt/format.h>

#include <utility>

#include "warehouse/assembly.hpp"

namespace pyojun {

namespace {

constexpr std::int64_t most_moved = 20'000;  // rows that assembly changed otherwise than before: more are not looked up one by one

bool names(const std::string& sql, const std::string& table) {
  const std::string name = "cdm." + table;
  for (std::size_t at = sql.find(name); at != std::string::npos; at = sql.find(name, at + 1)) {
    const char next = at + name.size() < sql.size() ? sql[at + name.size()] : ' ';
    if (next != '_' && (next < 'a' || next > 'z')) return true;
  }
  return false;
}

}  // namespace

// What Ledger::go_on() kept of the last run.
Status Assembly::look_back() {
  if (request_.first_run) return {};
  const auto tables = [&](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows(); ++i) before_.emplace(rows.text(0, i));
    return true;
  };
  Status status = duck_.query(
      "select schema_name || '.' || table_name from duckdb_tables() where schema_name in ('assemble', 'derived') and table_name like "
      "'%\\_before' escape '\\'",
      tables, "last run");
  if (!status || !before_.contains("assemble.derived_before")) return status;
  const auto made = [&](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows(); ++i) made_before_.emplace(rows.text(0, i), rows.text(1, i));
    return true;
  };
  return duck_.query("select tab, case when added then '' else made_by end from assemble.derived_before", made, "last run");
}

Status Assembly::forget_before() {
  std::string sql = "drop table if exists assemble.touched; drop table if exists assemble.touched_here;";
  for (const auto& table : before_) sql += "drop table " + table + ";";
  return exec(sql, "last run");
}

bool Assembly::again(const AssembleScript& script) const {
  if (script.by != "person" || script.table.empty() || !request_.touched || !before_.contains("derived." + script.table + "_before"))
    return false;
  const auto made = made_before_.find(script.table);
  return made != made_before_.end() && made->second == made_by(script);
}

Status Assembly::touch(const std::vector<std::int32_t>& persons) {
  auto out = duck_.append_to("assemble", "touched");
  if (!out) return out.error();
  auto& filter = *request_.filter;
  for (const std::int32_t person : persons) {
    if (person <= 0 || (!filter.all && filter.has(person))) continue;
    const auto at = static_cast<std::size_t>(person);
    if (filter.persons.size() <= at) filter.persons.resize(at + at / 2 + 1);
    filter.persons[at] = true;
    filter.all = false;
    if (Status status = out->add(std::int64_t{person}).end_row(); !status) return status;
  }
  return out->close();
}

// Mapped rows of which assembly says something else than in the last run.
Status Assembly::touch_moved() {
  if (!before_.contains("assemble.change_before") || !before_.contains("assemble.removal_before")) return {};
  constexpr std::string_view differing =
      "select tab, id from ((select tab, id, {1} from assemble.{0} except select tab, id, {1} from assemble.{0}_before) union all "
      "(select tab, id, {1} from assemble.{0}_before except select tab, id, {1} from assemble.{0}))";
  const std::string sql =
      fmt::format("select distinct tab, id from ({} union all {}) order by tab, id",
                  fmt::format(fmt::runtime(differing), "change", "col, value"), fmt::format(fmt::runtime(differing), "removal", "kept_id"));
  std::vector<std::int32_t> persons;
  std::int64_t moved = 0;
  const auto take = [&](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows() && ++moved <= most_moved; ++i) {
      const TableId table = schema_.find(rows.text(0, i));
      if (table != no_table) request_.persons_of(table, static_cast<std::int32_t>(rows.integer(1, i)), persons);
    }
    return moved <= most_moved;
  };
  if (Status status = duck_.query(sql, take, "last run"); !status) return status;
  if (moved > most_moved) everybody_ = true;
  // Rows that go to another person touch that one as well.
  constexpr std::string_view gone_to =
      "select distinct cast(value as integer) from ((select id, tab, col, value from assemble.change except select id, tab, col, value "
      "from "
      "assemble.change_before) union all (select id, tab, col, value from assemble.change_before except select id, tab, col, value from "
      "assemble.change)) where col = 'person_id' and value is not null order by 1";
  const auto go = [&](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows(); ++i) persons.push_back(static_cast<std::int32_t>(rows.integer(0, i)));
    return true;
  };
  if (Status status = duck_.query(std::string(gone_to), go, "last run"); !status) return status;
  return touch(persons);
}

// Persons of rows that assembly added now or then.
Status Assembly::touch_added(TableId id, bool now) {
  const Table& table = schema_.table(id);
  if (table.find("person_id") == no_column) return {};
  const bool then = before_.contains("derived." + table.name + "_before");
  const std::string name = "derived." + sql_name(table.name), earlier = "derived." + sql_name(table.name + "_before");
  std::string sql = "select person_id from " + (now ? name : earlier);
  if (now && then)
    sql = fmt::format(
        "select person_id from ((select * from {0} except select * from {1}) union all (select * from {1} except select * from "
        "{0}))",
        name, earlier);
  std::vector<std::int32_t> persons;
  const auto take = [&](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows(); ++i) persons.push_back(static_cast<std::int32_t>(rows.integer(0, i)));
    return true;
  };
  if (Status status = duck_.query(sql, take, "last run"); !status) return status;
  return touch(persons);
}

// assemble.touched, and the filter of part_spans.
Status Assembly::find_touched() {
  if (std::exchange(has_touched_, true)) return {};
  if (Status status = exec("create table assemble.touched(person_id integer)", "last run"); !status) return status;
  request_.filter->all = false;
  if (Status status = touch(*request_.touched); !status) return status;
  if (Status status = touch_moved(); !status) return status;
  std::set<TableId> added;
  for (const auto& one : derived_) {
    if (one.added) added.insert(one.table);
  }
  for (const auto& [name, made] : made_before_) {
    const TableId id = schema_.find(name);
    if (made.empty() && id != no_table && !added.contains(id)) {
      if (Status status = touch_added(id, false); !status) return status;
    }
  }
  for (const TableId id : added) {
    if (Status status = touch_added(id, true); !status) return status;
  }
  auto persons = duck_.integer("select count(*) from assemble.touched", "last run");
  if (!persons) return persons.error();
  // For so many it is quicker to derive all anew.
  everybody_ = everybody_ || 2 * static_cast<std::uint64_t>(*persons) > request_.mapped[schema_.find("person")];
  if (everybody_) request_.filter->all = true;
  return {};
}

// assemble.span: the folded events, kept from run to run.
Status Assembly::spans() {
  if (std::exchange(has_spans_, true)) return {};
  std::string sql = "create table assemble.span as select person_id, first_date, last_date from event_span";
  if (!request_.filter->all && before_.contains("assemble.span_before")) {
    sql += " union all select * from assemble.span_before where person_id not in (select person_id from assemble.touched)";
  } else {
    request_.filter->all = true;
  }
  sql +=
      "; create or replace temp view last_event as select max(last_date) as day from assemble.span;"
      "create or replace temp view event_span as select * from assemble.span;";
  if (before_.contains("assemble.span_before"))
    sql += "create or replace temp view last_event_before as select max(last_date) as day from assemble.span_before;";
  return exec(sql, "spans");
}

Status Assembly::derive_again(const AssembleScript& script) {
  if (Status status = find_touched(); !status) return status;
  const bool by_spans = script.sql.find("event_span") != std::string::npos;
  if (everybody_ || (by_spans && !before_.contains("assemble.span_before"))) return derive(script);
  if (by_spans) {
    if (Status status = spans(); !status) return status;
  }
  constexpr std::string_view those = "where person_id in (select person_id from assemble.touched_here)";
  std::string narrow = "create or replace table assemble.touched_here as select person_id from assemble.touched;", widen;
  if (!script.also.empty()) narrow += "insert into assemble.touched_here " + script.also + ";";
  for (TableId id = 0; id < schema_.tables().size(); ++id) {
    const Table& table = schema_.table(id);
    if (table.find("person_id") == no_column || !names(script.sql, table.name) || table.name == script.table) continue;
    narrow += cdm_view(table, fmt::format("select * from ({}) {}", source_of(id), those));
    widen += cdm_view(table, source_of(id));
  }
  if (by_spans) {
    narrow += fmt::format("create or replace temp view event_span as select * from assemble.span {};", those);
    widen += "create or replace temp view event_span as select * from assemble.span;";
  }
  if (Status status = exec(narrow, script.name); !status) return status;
  if (Status status = exec(script.sql, script.name); !status) return status;
  // Numbered as the file numbers all of them: by the other columns.
  const Table& table = schema_.table(schema_.find(script.table));
  std::string columns;
  for (ColumnId id = 0; id < table.columns.size(); ++id) {
    if (id == table.primary_key) continue;
    columns += (columns.empty() ? "" : ", ") + sql_name(table.columns[id].name);
  }
  const std::string merge = fmt::format(
      "create table derived.merged({4}); insert into derived.merged({1}, {2}) select row_number() over (order by {2}), {2} from ("
      "select {2} from derived.{0}_before where person_id not in (select person_id from assemble.touched_here) union all select {2} from "
      "derived.{3}) order by {2}; drop table derived.{3}; alter table derived.merged rename to {3};",
      script.table, sql_name(table.columns[table.primary_key].name), columns, sql_name(script.table), typed_columns(table, "{0} {1}"));
  return exec(widen + merge, script.name);
}

}  // namespace pyojun
