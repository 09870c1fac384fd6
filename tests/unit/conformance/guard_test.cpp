// Packs come from others: what their SQL may say, and what a source that was opened lets it do.
#include "conformance/guard.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "conformance/source.hpp"

using namespace pyojun;

TEST_CASE("statements that packs use") {
  for (const char* const sql : {
           "select count(*), 1 from person",
           "select (select count(*) from person t where t.person_id in (1, 2)), (select count(*) from visit_occurrence)",
           "with v(n) as (select count(*) from person group by year_of_birth), w as (select 1 as n) select v.n, 1 from v, w",
           "select count(case when v.n > 1 then 1 end), count(*) from (select person_id, count(*) as n from visit_occurrence group by "
           "person_id) v",
           "select 1, count(*) from (values (1), (2)) v(n) left join ledger.\"in\" b on b.\"in\" = v.n",
           "select extract(year from t.death_date), trim(both 'x' from t.cause_source_value) from death t where a is distinct from b",
           "select row_number() over (partition by person_id order by visit_start_date desc), 1 from visit_occurrence order by person_id "
           "desc",
           "select 'a; b -- c', 'it''s' from note where matches(note_text, '[(]x') and cast(note_date as date) < date '2020-01-01'",
           "select count(x::integer), 1 from profile.code where c.rows > 1",
       }) {
    CAPTURE(sql);
    CHECK(refused_statement(sql).empty());
  }
}

TEST_CASE("statements that read or change something else") {
  for (const char* const sql : {
           "select count(*), 1 from read_text('/etc/passwd')",
           "select count(*), 1 from READ_CSV ('x')",
           "select count(*), 1 from \"read_text\"('/etc/passwd')",
           "select count(*), 1 from main.read_text\n('x')",
           "select count(*), 1 from 'x.csv'",
           "select count(*), 1 from \"x.csv\"",
           "select count(*), 1 from x.csv",
           "select count(*), 1 from person, 'x.csv'",
           "select count(*), 1 from person p join x.parquet q on 1 = 1",
           "select count(*), 1 from person where exists (from 'x.csv')",
           "select distinct from 'x.csv'",
           "select count(*), 1 from a: 'x.csv'",
           "select count(*), 1 from (table person)",
           "select count(*), 1 from (describe 'x.csv')",
           "select count(*), 1 from (desc x)",
           "from person",
           "select 1, 1; copy person to 'x'",
           "copy (select 1) to 'x'",
           "attach 'x' as y",
           "select 1, 1 into new_table",
           "with gone as (delete from person returning 1) select count(*), 1 from gone",
           "select 1, 1 from person for update",
           "select pg_read_file('/etc/passwd'), 1",
           "select 1, set_config('default_transaction_read_only', 'off', false)",
           "select count(*), 1 from pg_authid",
           "select count(*), 1 from pg_catalog.pg_authid",
           "select count(*), 1 from hr.salary",
           "select count(*), 1 from ledger.a.b",
           "select 1, 1 -- comment",
           "select 1, /* comment */ 1",
           "select E'\\'', 1",
           "select $$a$$, 1",
           "select 'a",
           "select getenv\xC2\xA0('HOME'), 1",
           "select 1, 1 from person)",
           "select (1, 1 from person",
           "",
       }) {
    CAPTURE(sql);
    CHECK_FALSE(refused_statement(sql).empty());
  }
  CHECK(refused_statement("select count(*), 1 from read_text('/etc/passwd')") == "the function read_text");
}

TEST_CASE("a condition stays where it is put") {
  CHECK(refused_expression("exists (select 1 from visit_occurrence where visit_concept_id = 9201)").empty());
  CHECK(refused_expression("t.a = 1 and (t.b is null or upper(t.c) in ('x', 'y'))").empty());
  CHECK_FALSE(refused_expression("1 = 1) then 1 end), (select 1").empty());
  CHECK_FALSE(refused_expression("exists (select 1 from 'x.csv')").empty());
}

TEST_CASE("a pack that reads files is refused with its line") {
  PackFiles files{{"pack.csv", "key,value\ntitle,T\n"},
                  {"criteria.csv",
                   "id,title,kind,table,field,args,applies\na,A,not-null,person,person_id,,\nb,B,query,,,\"count=select count(*), 1 from "
                   "read_text('x')\",\n"}};
  const auto pack = load_pack("p", files, {});
  REQUIRE_FALSE(pack);
  CHECK(pack.error().code == Code::pack_sql_refused);
  CHECK(pack.error().at.line == 3);
  CHECK(pack.error().subject == "b");
}

// The second wall: the engine itself, should a statement get past the first.
TEST_CASE("an opened source reads nothing else, writes nothing and keeps its settings") {
  std::string folder = (std::filesystem::temp_directory_path() / "pyojun-guard-XXXXXX").string();
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  std::ofstream(folder + "/person.csv") << "person_id,gender_concept_id\n1,8507\n";
  std::ofstream(folder + "/other.txt") << "secret\n";
  const Schema schema = std::move(*Schema::load());
  SourceOptions options;
  options.place = folder;
  auto source = open_source(options, schema);
  REQUIRE(source);
  SqlEngine& engine = (*source)->engine();
  const auto ignore = [](std::span<const Cell>) { return true; };
  CHECK(engine.rows("select person_id from person", "t", ignore));
  CHECK_FALSE(engine.rows("select content from read_text('" + folder + "/other.txt')", "t", ignore));
  CHECK_FALSE(engine.rows("select * from '" + folder + "/person.csv'", "t", ignore));
  CHECK_FALSE(engine.run("copy person to '" + folder + "/out.csv'", "t"));
  CHECK_FALSE(engine.run("attach '" + folder + "/new.duckdb' as n", "t"));
  CHECK_FALSE(engine.run("set enable_external_access = true", "t"));
  CHECK_FALSE(engine.run("set threads = 2", "t"));
  CHECK_FALSE(std::filesystem::exists(folder + "/out.csv"));
  std::filesystem::remove_all(folder);
}
