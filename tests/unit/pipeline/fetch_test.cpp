#include "pipeline/fetch.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "database/sqlite.hpp"
#include "warehouse/duck.hpp"

using namespace pyojun;

namespace {

struct Folder {
  std::string path;
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "pyojun-fetch-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
};

std::string read(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void write(const std::string& file, const std::string& text) { std::ofstream(file, std::ios::binary) << text; }

}  // namespace

TEST_CASE("an SQL source names its database and its queries") {
  const auto source = parse_sql_source("a/b.sql",
                                       "\xEF\xBB\xBF-- Views of the ward.\r\n--connect: sqlite w.db\r\n\r\n-- query: patients\r\nselect 1 "
                                       "-- one\r\n;;\r\n-- query: visits\nselect 2");
  REQUIRE(source);
  CHECK(source->engine == SqlSource::Engine::sqlite);
  CHECK(source->place == "a/w.db");
  REQUIRE(source->queries.size() == 2);
  CHECK(source->queries[0].name == "patients");
  CHECK(source->queries[0].line == 4);
  CHECK(source->queries[0].sql == "select 1 -- one");
  CHECK(source->queries[1].sql == "select 2");
}

TEST_CASE("what an SQL source may not be is refused with its line") {
  const struct {
    const char* text;
    std::uint64_t line;
  } rows[] = {{"", 1},
              {"-- query: a\nselect 1", 1},
              {"-- connect: oracle x\n-- query: a\nselect 1", 1},
              {"-- connect: postgresql host=x password=y\n-- query: a\nselect 1", 1},
              {"-- connect: sqlite x\n-- connect: sqlite y\n-- query: a\nselect 1", 2},
              {"-- connect: sqlite x\nselect 1", 2},
              {"-- connect: sqlite x\n-- query: ../a\nselect 1", 2},
              {"-- connect: sqlite x\n-- query: a\n\n-- query: b\nselect 1", 2},
              {"-- connect: sqlite x\n", 1}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto source = parse_sql_source("x.sql", row.text);
    REQUIRE(!source);
    CHECK(source.error().code == Code::sql_source_wrong);
    CHECK(source.error().at.line == row.line);
  }
}

TEST_CASE("rows of SQLite and DuckDB become the same records, line by line") {
  const Folder folder;
  const Dialect dialect;
  const SymbolTable symbols;
  const SqlNames names{&dialect, &symbols};
  const std::string make = "create table p(id integer, name text, born text, weight double precision)";
  const std::string fill = "insert into p values (1, 'a \"b\" \\', '1970-01-02', 1.5), (2, null, '', null)";
  {
    auto lite = Sqlite::open(folder.path + "/l.db", Sqlite::Access::create);
    REQUIRE(lite);
    REQUIRE((*lite)->exec(make + ";" + fill, "test"));
    DuckOptions options;
    options.file = folder.path + "/d.db";
    auto duck = Duck::open(options);
    REQUIRE(duck);
    REQUIRE((*duck)->exec(make + ";" + fill, "test"));
  }
  for (const std::string engine : {"sqlite l.db", "duckdb d.db"}) {
    CAPTURE(engine);
    write(folder.path + "/s.sql",
          "-- connect: " + engine + "\n-- query: people\nselect * from p order by id;\n-- query: none\nselect id from p where id > 9\n");
    const auto files = fetch_sql_sources({folder.path + "/s.sql"}, folder.path + "/fetched", names);
    REQUIRE(files);
    REQUIRE(files->size() == 2);
    CHECK((*files)[0] == folder.path + "/fetched/none.jsonl");
    CHECK(read((*files)[0]).empty());
    CHECK(read((*files)[1]) ==
          "{\"kind\":\"people\",\"record\":{\"id\":\"1\",\"name\":\"a \\\"b\\\" \\\\\",\"born\":\"1970-01-02\",\"weight\":\"1.5\"}}\n"
          "{\"kind\":\"people\",\"record\":{\"id\":\"2\",\"name\":null,\"born\":\"\",\"weight\":null}}\n");
  }
  write(folder.path + "/twice.sql", "-- connect: sqlite l.db\n-- query: a\nselect id, id from p\n");
  CHECK(fetch_sql_sources({folder.path + "/twice.sql"}, folder.path + "/twice", names).error().code == Code::sql_query_failed);
  write(folder.path + "/write.sql", "-- connect: sqlite l.db\n-- query: a\ndelete from p\n");
  CHECK(fetch_sql_sources({folder.path + "/write.sql"}, folder.path + "/write", names).error().code == Code::sql_query_failed);
  write(folder.path + "/gone.sql", "-- connect: sqlite gone.db\n-- query: a\nselect 1\n");
  CHECK(fetch_sql_sources({folder.path + "/gone.sql"}, folder.path + "/gone", names).error().code == Code::sql_source_unreachable);
}

TEST_CASE("columns are called as rules call them, and registration numbers are masked") {
  const Folder folder;
  auto lite = Sqlite::open(folder.path + "/l.db", Sqlite::Access::create);
  REQUIRE(lite);
  REQUIRE((*lite)->exec(
      "create table p(\"환자번호\", \"번호\", name, jumin_no); insert into p values ('1', '800101-1234567', 'a 8001011234567 b', "
      "'8013011234567')",
      "test"));
  Dialect dialect;
  FileKind people;
  people.kind = "people";
  people.aliases = {{"환자번호", "PT_NO"}};
  dialect.files.push_back(people);
  SymbolTable symbols;
  symbols.intern("PT_NO");
  symbols.intern("NAME");
  write(folder.path + "/s.sql", "-- connect: sqlite l.db\n-- query: people\nselect * from p\n");
  const auto files = fetch_sql_sources({folder.path + "/s.sql"}, folder.path + "/fetched", {&dialect, &symbols});
  REQUIRE(files);
  CHECK(read((*files)[0]) ==
        "{\"kind\":\"people\",\"record\":{\"PT_NO\":\"1\",\"번호\":\"800101-1******\",\"NAME\":\"a 800101******* "
        "b\",\"jumin_no\":\"8013011******\"}}\n");
}
