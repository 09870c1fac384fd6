#include "warehouse/assemble.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "base/resources.hpp"
#include "base/sha256.hpp"
#include "warehouse/assembly.hpp"

namespace pyojun {

namespace {

constexpr std::string_view prelude = "schemas/omop-5.4/assemble/prelude/duckdb.sql";

}  // namespace

std::string typed_columns(const Table& table, std::string_view pattern) {
  std::string out;
  for (const auto& column : table.columns) {
    if (!out.empty()) out += ", ";
    out += fmt::format(fmt::runtime(pattern), sql_name(column.name), sql_type(column.type));
  }
  return out;
}

namespace {

// assemble.settings: one row, a column a setting. assemble.setting, for metadata: a row for the observation period and each setting that is
// not at its default. assemble.item: values of lists by place.
std::string settings_sql(const AssembleValues& settings) {
  std::string row, rows, items;
  for (std::size_t i = 0; i < settings.size(); ++i) {
    const auto& [name, value] = settings[i];
    const AssembleSetting& setting = *find_assemble_setting(name);
    using Kind = AssembleSetting::Kind;
    const std::string quoted = value.empty() ? "null" : sql_text(value);
    const bool number = setting.kind == Kind::number || setting.kind == Kind::concept_id;
    const std::string_view type = number ? "integer" : setting.kind == Kind::date ? "date" : "varchar";
    row += fmt::format("{}cast({} as {}) as {}", row.empty() ? "" : ", ", quoted, type, sql_name(name));
    const bool told = name == "observation_period" || value != setting.fallback;
    if (told && !value.empty()) rows += fmt::format("{}({}, {}, {})", rows.empty() ? "" : ", ", i, sql_text(name), sql_text(value));
    if (setting.kind != Kind::list || value.empty()) continue;
    std::size_t place = 0;
    for (std::size_t at = 0; at != std::string::npos; at = value.find(' ', at + 1)) {
      items += fmt::format("{}({}, {}, {})", items.empty() ? "" : ", ", sql_text(name), place++, std::atoll(value.c_str() + at));
    }
  }
  std::string out = "create table assemble.settings as select " + row + ";";
  if (!rows.empty()) out += "insert into assemble.setting values " + rows + ";";
  if (!items.empty()) out += "insert into assemble.item values " + items + ";";
  return out;
}

constexpr std::string_view tables_sql = R"sql(
create schema if not exists assemble;
create table assemble.setting(place integer, name varchar, value varchar);
create table assemble.item(name varchar, place integer, number integer);
create table assemble.change(rule varchar, tab varchar, id integer, col varchar, value varchar, step integer);
create table assemble.removal(rule varchar, tab varchar, id integer, kept_id integer, step integer);
create table assemble.derived(tab varchar, added boolean, made_by varchar);
create table assemble.made as select "table" as tab, owner, day, id from ledger.made;
create table assemble.next_id(tab varchar, id integer);
create table results.assembly(step varchar, rule varchar, "table" varchar, changed bigint, removed bigint, added bigint);
)sql";

// assemble.next_id: a row for each table that rules add rows to.
std::string next_ids_sql(const AssembleRequest& request) {
  std::set<std::string> tables;
  for (const AssembleScript& script : assemble_scripts()) tables.insert(script.adds.begin(), script.adds.end());
  std::string out;
  for (const auto& table : tables) {
    const TableId id = request.schema->find(table);
    if (id == no_table) continue;
    out += fmt::format("{}({}, {})", out.empty() ? "" : ", ", sql_text(table), request.next_ids[id]);
  }
  if (out.empty()) return out;
  return "insert into assemble.next_id select n.tab, greatest(n.id, coalesce(max(m.id), 0) + 1) from (values " + out +
         ") n(tab, id) left join assemble.made m on m.tab = n.tab group by n.tab, n.id order by n.tab;";
}

}  // namespace

Status Assembly::run() {
  settings_ = with_assemble_defaults(request_.settings);
  for (auto& [name, value] : settings_) {
    if (name == "data_pull" && value.empty()) value = request_.data_date;
  }
  const std::string begin(resource(prelude).value_or(""));
  if (Status status = exec(std::string(tables_sql) + settings_sql(settings_) + next_ids_sql(request_) + begin, "prelude"); !status)
    return status;
  if (Status status = look_back(); !status) return status;
  if (Status status = take_completed(); !status) return status;
  for (const AssembleScript& one : assemble_scripts()) {
    ++step_;
    auto run = wanted(one);
    if (!run) return run.error();
    if (!*run) continue;
    if (Status status = script(one); !status) return status;
  }
  if (Status status =
          exec(R"(delete from ledger.made; insert into ledger.made("table", owner, day, id) select * from assemble.made;)", "ids");
      !status)
    return status;
  if (Status status = forget_before(); !status) return status;
  return count_rows();
}

// What records of one key say between them. Everything else sees the rows with it.
Status Assembly::take_completed() {
  if (request_.completed.empty()) return {};
  {
    auto out = duck_.append_to("assemble", "change");
    if (!out) return out.error();
    for (const CompletedCell& cell : request_.completed) {
      const Table& table = schema_.table(cell.table);
      out->add("records that complete each other").add(table.name).add(std::int64_t{cell.id}).add(table.columns[cell.column].name);
      cell.value ? out->add(*cell.value) : out->add_null();
      if (Status status = out->add(std::int64_t{step_}).end_row(); !status) return status;
    }
    if (Status status = out->close(); !status) return status;
  }
  if (Status status = overlay_.load(duck_); !status) return status;
  return exec(
      "insert into results.assembly select 'complete', rule, tab, count(distinct id), 0, 0 from assemble.change group by rule, tab order "
      "by tab",
      "completed rows");
}

// True when the guard names tables of the CDM and none of them has rows: it asks whether there is something to do in them.
bool Assembly::only_empty_tables(const std::string& guard) const {
  constexpr std::string_view schema = "cdm.";
  bool any = false;
  for (auto at = guard.find(schema); at != std::string::npos; at = guard.find(schema, at)) {
    at += schema.size();
    const auto end = guard.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", at);
    const TableId id = schema_.find(guard.substr(at, end == std::string::npos ? end : end - at));
    if (id == no_table || id >= request_.mapped.size() || request_.mapped[id] != 0) return false;
    if (std::ranges::any_of(derived_, [id](const Derived& one) { return one.table == id; })) return false;
    any = true;
  }
  return any;
}

Result<bool> Assembly::wanted(const AssembleScript& script) {
  if (!script.wanted(settings_)) return false;
  if (!script.table.empty()) {
    const TableId id = schema_.find(script.table);
    if (id == no_table || (script.mode == "replace") == (request_.mapped[id] == 0)) return false;  // nothing to replace, or made already
  }
  if (script.guard.empty()) return true;
  if (only_empty_tables(script.guard)) return false;
  auto number = duck_.integer(script.guard, script.name);
  if (!number) return number.error();
  return *number != 0;
}

// Creates derived.<table>, empty, and lets cdm.<table> show it. False when it is there already.
Result<bool> Assembly::make_target(const std::string& name, bool added, const std::string& made_by) {
  const TableId id = schema_.find(name);
  if (std::any_of(derived_.begin(), derived_.end(), [id](const Derived& one) { return one.table == id; })) return false;
  const Table& table = schema_.table(id);
  derived_.push_back({id, 0, added});
  const std::string sql = fmt::format("create table derived.{}({}); insert into assemble.derived values ({}, {}, {});", sql_name(name),
                                      typed_columns(table, "{0} {1}"), sql_text(name), added, sql_text(made_by));
  if (Status status = exec(sql, name); !status) return status.error();
  return true;
}

std::string cdm_view(const Table& table, const std::string& source) {
  return fmt::format("create or replace view cdm.{} as {};", sql_name(table.name), source);
}

std::string Assembly::source_of(TableId table) const {
  const std::string& name = schema_.table(table).name;
  const auto own = std::find_if(derived_.begin(), derived_.end(), [table](const Derived& one) { return one.table == table; });
  if (own == derived_.end()) return "select * from part_rows(" + sql_text(name) + ")";
  if (!own->added) return "select * from derived." + sql_name(name);
  return fmt::format("select * from part_rows({}) union all select * from derived.{}", sql_text(name), sql_name(name));
}

// Settings, program, vocabulary and the file itself: when they are what they were, a person's rows are what they were.
std::string Assembly::made_by(const AssembleScript& script) const {
  std::string text = request_.made_by + '\n' + script.sql + '\n';
  for (const auto& [name, value] : settings_) text += name + '=' + value + '\n';
  return sha256_hex(text);
}

Status Assembly::derive(const AssembleScript& script) {
  if (script.sql.find("event_span") != std::string::npos) {
    if (Status status = spans(); !status) return status;
  }
  return exec(script.sql, script.name);
}

Status Assembly::script(const AssembleScript& script) {
  if (Status status = provide(script); !status) return status;
  std::vector<std::string> targets = script.adds;
  if (!script.table.empty()) targets.push_back(script.table);
  for (const auto& target : targets) {
    auto made = make_target(target, script.table.empty(), made_by(script));
    if (!made) return made.error();
  }
  const bool in_vain = script.lookup == "ingredient" && !found_ingredients_;  // eras of nothing
  if (!in_vain) {
    if (Status status = again(script) ? derive_again(script) : derive(script); !status) return status;
  }
  for (const auto& target : targets) {
    const TableId id = schema_.find(target);
    if (Status status = exec(cdm_view(schema_.table(id), source_of(id)), script.name); !status) return status;
  }
  const auto mentions = [&](std::string_view name) { return script.sql.find(name) != std::string::npos; };
  return script.adds.empty() && !mentions("assemble.change") && !mentions("assemble.removal") ? Status() : take_changes(script);
}

Status Assembly::provide(const AssembleScript& script) {
  for (const auto& table : script.needs) {
    if (!request_.vocabulary.table) continue;
    auto source = request_.vocabulary.table(table);
    if (!source) return source.error();
    if (source->empty()) continue;
    const std::string view = cdm_view(schema_.table(schema_.find(table)), "select * from read_parquet(" + sql_text(*source) + ")");
    if (Status status = exec(view, script.name); !status) return status;
  }
  return script.lookup == "ingredient" ? ingredients() : Status();
}

// Ingredients of the drugs this run has, from the mapped vocabulary: no vocabulary table is written for them.
Status Assembly::ingredients() {
  if (std::exchange(has_ingredients_, true)) return {};
  if (Status status = exec("create table assemble.ingredient(drug_concept_id integer, ingredient_concept_id integer)", "ingredients");
      !status)
    return status;
  std::vector<std::int32_t> drugs;
  const auto take = [&](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows(); ++i) drugs.push_back(static_cast<std::int32_t>(rows.integer(0, i)));
    return true;
  };
  const std::string sql = "select distinct drug_concept_id from cdm.drug_exposure where drug_concept_id <> 0 order by 1";
  if (Status status = duck_.query(sql, take, "drugs"); !status) return status;
  if (drugs.empty() || !request_.vocabulary.ingredients) return {};
  auto pairs = request_.vocabulary.ingredients(drugs);
  if (!pairs) return pairs.error();
  found_ingredients_ = !pairs->empty();
  if (!found_ingredients_) return {};
  auto out = duck_.append_to("assemble", "ingredient");
  if (!out) return out.error();
  for (const auto& [drug, ingredient] : *pairs) {
    if (Status status = out->add(std::int64_t{drug}).add(std::int64_t{ingredient}).end_row(); !status) return status;
  }
  return out->close();
}

Status Assembly::take_changes(const AssembleScript& script) {
  const std::string stamp = fmt::format(
      "update assemble.change set step = {0} where step is null; update assemble.removal set step = {0} where step is null;", step_);
  if (Status status = exec(stamp, script.name); !status) return status;
  if (!script.message.empty()) {
    if (Status status = quarantine(script); !status) return status;
  }
  if (Status status = change_added(script); !status) return status;
  if (Status status = overlay_.take(duck_, step_); !status) return status;
  return count(script);
}

// The overlay speaks of mapped rows. Rows that assembly itself added stand in tables of ours and take their changes there.
Status Assembly::change_added(const AssembleScript& script) {
  std::string sql;
  for (const auto& one : derived_) {
    const Table& table = schema_.table(one.table);
    if (!one.added || table.primary_key == no_column) continue;
    const auto take = [&](const DuckRows& rows) {
      for (std::size_t i = 0; i < rows.rows(); ++i) {
        sql += fmt::format(
            "update derived.{0} as d set {1} = c.value from assemble.change c where c.tab = {2} and c.col = {3} and c.step = {4} "
            "and d.{5} = c.id;",
            sql_name(table.name), sql_name(rows.text(0, i)), sql_text(table.name), sql_text(rows.text(0, i)), step_,
            sql_name(table.columns[table.primary_key].name));
      }
      return true;
    };
    const std::string columns =
        fmt::format("select distinct col from assemble.change where step = {} and tab = {} order by col", step_, sql_text(table.name));
    if (Status status = duck_.query(columns, take, script.name); !status) return status;
  }
  return sql.empty() ? Status() : exec(sql, script.name);
}

// Rows left out without another in their place, at the place in the delivered file they came from.
Status Assembly::quarantine(const AssembleScript& script) {
  std::string sql;
  const auto take = [&](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      sql += fmt::format(
          "insert into told(run, file, \"offset\", length, \"at\", line, record, path, rule, rule_name, code, \"column\", "
          "row_kept, state) "
          "select (select max(run) from ledger.run), p.file, p.\"offset\", p.length, 0, p.line, p.record, '', p.rule, coalesce(r.name, "
          "''), {0}, {1}, "
          "false, 'open' "
          "from part_provenance({1}) p join assemble.removal m on m.tab = {1} and m.id = p.id and m.step = {2} and m.kept_id is null "
          "left join ledger.rule r on r.rule = p.rule order by p.id;",
          sql_text(script.message), sql_text(rows.text(0, i)), step_);
    }
    return true;
  };
  const std::string tables =
      fmt::format("select distinct tab from assemble.removal where step = {} and kept_id is null order by tab", step_);
  if (Status status = duck_.query(tables, take, script.name); !status) return status;
  return sql.empty() ? Status() : exec(sql, script.name);
}

Status Assembly::count(const AssembleScript& script) {
  std::string sql = fmt::format(
      "insert into results.assembly select {0}, rule, tab, sum(changed), sum(removed), 0 from ("
      "select rule, tab, count(distinct id) as changed, 0 as removed from assemble.change where step = {1} group by rule, tab union all "
      "select rule, tab, 0, count(*) from assemble.removal where step = {1} group by rule, tab) group by rule, tab order by rule, tab;",
      sql_text(script.name), step_);
  for (const auto& table : script.adds) {
    sql += fmt::format(
        "insert into results.assembly select {0}, 'rows added', {1}, 0, 0, n from (select (select count(*) from derived.{2}) - "
        "coalesce((select sum(added) from results.assembly where \"table\" = {1}), 0) as n) where n > 0;",
        sql_text(script.name), sql_text(table), sql_name(table));
  }
  return exec(sql, script.name);
}

// Published rows are mapped - left out + added; a derived table stands for all of its table's rows.
Status Assembly::count_rows() {
  std::set<TableId> tables;
  for (auto& one : derived_) {
    const std::string& name = schema_.table(one.table).name;
    auto rows = duck_.integer("select count(*) from derived." + sql_name(name), name);
    if (!rows) return rows.error();
    one.rows = static_cast<std::uint64_t>(*rows);
    if (!one.added && request_.mapped[one.table] > one.rows) {
      const std::string sql = fmt::format("insert into results.assembly values ('', 'rows told more than once', {}, 0, {}, 0)",
                                          sql_text(name), request_.mapped[one.table] - one.rows);
      if (Status status = exec(sql, name); !status) return status;
    }
  }
  for (TableId id = 0; id < schema_.tables().size(); ++id) {
    if (overlay_.removed(id) == 0) continue;
    const std::string& name = schema_.table(id).name;
    std::uint64_t expected = request_.mapped[id] - overlay_.removed(id);
    for (const auto& one : derived_) expected += one.table == id ? one.rows : 0;
    auto rows = duck_.integer("select count(*) from cdm." + sql_name(name), name);
    if (!rows) return rows.error();
    if (static_cast<std::uint64_t>(*rows) != expected) return Error{Code::internal_error, {}, {}, "assembly of " + name, {}};
  }
  std::sort(derived_.begin(), derived_.end(), [](const Derived& a, const Derived& b) { return a.table < b.table; });
  return {};
}

Status make_views(Duck& duck, const Schema& schema, const std::vector<Derived>& derived, const std::string& vocabulary_folder) {
  std::string sql;
  for (TableId id = 0; id < schema.tables().size(); ++id) {
    const Table& table = schema.table(id);
    const bool is_derived = std::any_of(derived.begin(), derived.end(), [id](const Derived& one) { return one.table == id; });
    std::string source;
    if (table.schema == "vocabulary") {
      const std::string file = vocabulary_folder + "/" + table.name + ".parquet";
      struct stat facts {};
      const bool there = !vocabulary_folder.empty() && ::stat(file.c_str(), &facts) == 0;
      source = there ? "from read_parquet(" + sql_text(file) + ")" : "select " + typed_columns(table, "null::{1} as {0}") + " where false";
    } else if (is_derived) {
      source = "from derived." + sql_name(table.name);
    } else {
      source = "from part_rows(" + sql_text(table.name) + ")";
    }
    sql += cdm_view(table, source);
  }
  return duck.exec(sql, "views");
}

Result<std::vector<Derived>> assemble(Duck& duck, const AssembleRequest& request, Overlay& overlay) {
  Assembly assembly(duck, request, overlay);
  if (Status status = assembly.run(); !status) return status.error();
  return assembly.take();
}

Result<std::vector<Derived>> read_assembled(Duck& duck, const Schema& schema, Overlay& overlay) {
  auto there = duck.integer("select count(*) from duckdb_tables() where schema_name = 'assemble' and table_name = 'derived'", "derived");
  if (!there) return there.error();
  if (*there == 0) return Error{Code::warehouse_damaged, {}, {}, "assemble.derived", {}};
  if (Status status = overlay.load(duck); !status) return status.error();
  std::vector<Derived> out;
  const auto take = [&](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      const TableId id = schema.find(rows.text(0, i));
      if (id != no_table) out.push_back({id, 0, rows.integer(1, i) != 0});
    }
    return true;
  };
  if (Status status = duck.query("select tab, added from assemble.derived order by tab", take, "derived"); !status) return status.error();
  for (auto& one : out) {
    auto rows = duck.integer("select count(*) from derived." + sql_name(schema.table(one.table).name), "derived");
    if (!rows) return rows.error();
    one.rows = static_cast<std::uint64_t>(*rows);
  }
  return out;
}

}  // namespace pyojun
