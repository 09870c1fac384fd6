// The three publishers and the report over a real warehouse: they must tell the same story.
#include <doctest/doctest.h>

#include "publish/publisher.hpp"
#include "warehouse/kit.hpp"

using namespace kit;

namespace {

// OMOP's required columns that the kit's rows leave out; the mapper never lets such a row through.
std::vector<Row> whole(std::vector<Row> rows, const std::vector<std::string>& required) {
  for (Row& row : rows)
    for (const std::string& name : required) row.integers.emplace(name, 0);
  return numbered(std::move(rows));
}

// 300 persons, two visits and four conditions each, and one condition of somebody nobody knows.
void fill(Run& run) {
  std::vector<Row> persons, visits, conditions;
  for (int i = 0; i < 300; ++i) {
    const std::string name = fmt::format("p{}", i * 7919 % 300);
    persons.push_back(person(name));
    for (int visit_number = 0; visit_number < 2; ++visit_number) visits.push_back(visit(fmt::format("{}-{}", name, visit_number), name));
    for (int day = 0; day < 4; ++day) conditions.push_back(condition(name, fmt::format("{}-{}", name, day % 2), 100 + day, 18000 + day));
  }
  conditions.push_back(condition("nobody"));
  const auto persons_whole = whole(std::move(persons), {"gender_concept_id", "year_of_birth", "race_concept_id", "ethnicity_concept_id"});
  const auto visits_whole = whole(std::move(visits), {"visit_concept_id", "visit_start_date", "visit_end_date", "visit_type_concept_id"});
  const auto conditions_whole = whole(std::move(conditions), {"condition_type_concept_id"});
  run.commit(run.file(), {chunk("person", 0, persons_whole), chunk("visit_occurrence", 1, visits_whole),
                          chunk("condition_occurrence", 2, conditions_whole)});
  run.settle();
}

PublishRequest request(Run& run, const std::string& place, unsigned threads) {
  PublishRequest result;
  result.warehouse = run.warehouse.get();
  result.place = place;
  result.threads = threads;
  return result;
}

}  // namespace

TEST_CASE("csv, parquet and duckdb publish the same rows of a real warehouse") {
  const Folder folder;
  Run run(folder / "w");
  fill(run);
  for (const unsigned threads : {1U, 2U}) {
    const auto csv = find_publisher("csv")->publish(request(run, folder / "csv", threads));
    const auto parquet = find_publisher("parquet")->publish(request(run, folder / "parquet", threads));
    const auto duckdb = find_publisher("duckdb")->publish(request(run, folder / "cdm.duckdb", threads));
    REQUIRE(csv);
    REQUIRE_MESSAGE(parquet, parquet.error().subject, " ", parquet.error().detail);
    REQUIRE_MESSAGE(duckdb, duckdb.error().subject, " ", duckdb.error().detail);
    CHECK(csv->rows() >= 300 + 600 + 1200);
    CHECK(parquet->rows() == csv->rows());
    CHECK(duckdb->rows() == csv->rows());
    Duck& duck = run.warehouse->duck();
    must(duck.exec("ATTACH " + sql_text(folder / "cdm.duckdb") + " AS other (READ_ONLY)"));
    for (const PublishedTable& table : csv->tables) {
      CAPTURE(table.table);
      const std::string file = "read_parquet(" + sql_text(folder / "parquet/" + table.table + ".parquet") + ")";
      const std::string text = "(SELECT * FROM read_csv(" + sql_text(folder / "csv/" + table.file) +
                               ", header=true, all_varchar=true, quote='\"', escape='\"', delim=','))";
      std::string columns;
      for (const Column& column : schema().table(schema().find(table.table)).columns)
        columns += fmt::format("{}CAST({} AS VARCHAR)", columns.empty() ? "" : ", ", sql_name(column.name));
      const auto difference = [&](const std::string& one, const std::string& other) {
        const auto rows = duck.integer("SELECT count(*) FROM (SELECT " + columns + " FROM " + one + " EXCEPT ALL SELECT " + columns +
                                       " FROM " + other + ")");
        REQUIRE(rows);
        return *rows;
      };
      CHECK(*duck.integer("SELECT count(*) FROM " + file) == static_cast<std::int64_t>(table.rows));
      CHECK(difference(file, "other.main." + table.table) == 0);
      CHECK(difference("other.main." + table.table, file) == 0);
      CHECK(difference(text, file) == 0);
      CHECK(difference(file, text) == 0);
    }
    must(duck.exec("DETACH other"));
  }
}
