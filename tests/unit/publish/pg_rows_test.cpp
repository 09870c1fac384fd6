#include "publish/pg_rows.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <string>

#include "cdm/rows.hpp"
#include "publish/ddl.hpp"

using namespace pyojun;

TEST_CASE("rows of every type in PostgreSQL's binary form") {
  const std::int32_t integers[] = {258, null_integer}, days[] = {10958, null_integer};
  const std::int64_t times[] = {946'684'800'000'001, null_datetime};
  const double numbers[] = {1.0, std::bit_cast<double>(null_number_bits)};
  const std::string heap("a\0b", 3);
  const std::uint32_t ends[] = {3, 3};
  RowBlock block;
  block.rows = 2;
  block.columns.resize(6);
  const ColumnType types[] = {ColumnType::integer, ColumnType::date, ColumnType::datetime,
                              ColumnType::number,  ColumnType::text, ColumnType::text};
  for (std::size_t i = 0; i < 6; ++i) {
    block.columns[i].type = types[i];
    block.columns[i].form = i == 5 ? BlockColumn::Form::null : BlockColumn::Form::plain;
  }
  block.columns[0].integers = integers;
  block.columns[1].integers = days;
  block.columns[2].datetimes = times;
  block.columns[3].numbers = numbers;
  block.columns[4].ends = ends;
  block.columns[4].heap = heap.data();
  ByteBuffer out;
  append_pg_rows(block, out);
  const std::string null(4, '\xFF');
  std::string want("\0\6", 2);
  want += std::string("\0\0\0\4\0\0\1\2", 8);                // 258
  want += std::string("\0\0\0\4\0\0\0\1", 8);                // the day after 2000-01-01
  want += std::string("\0\0\0\10\0\0\0\0\0\0\0\1", 12);      // a microsecond after its midnight
  want += std::string("\0\0\0\10\x3F\xF0\0\0\0\0\0\0", 12);  // 1.0
  want += std::string("\0\0\0\3a b", 7) + null;              // NUL is a blank; a column of nulls
  want += std::string("\0\6", 2) + null + null + null + null + null + null;
  CHECK(std::string(out.view()) == want);
}

TEST_CASE("tables of a database follow the description of the CDM") {
  const auto schema = Schema::load();
  REQUIRE(schema);
  const Table& death = schema->table(schema->find("death"));
  CHECK(create_table(death, "cdm.death", SqlDialect::postgresql) ==
        "CREATE TABLE cdm.death (\"person_id\" integer NOT NULL, \"death_date\" date NOT NULL, \"death_datetime\" timestamp, "
        "\"death_type_concept_id\" integer, \"cause_concept_id\" integer, \"cause_source_value\" varchar(50), \"cause_source_concept_id\" "
        "integer)");
  CHECK(add_primary_key(death, "cdm.death").empty());
  std::vector<bool> published(schema->tables().size());
  published[schema->find("person")] = true;
  const auto keys = add_foreign_keys(*schema, death, "cdm.", published);
  REQUIRE(keys.size() == 1);
  CHECK(
      keys[0] ==
      "ALTER TABLE cdm.\"death\" ADD FOREIGN KEY (\"person_id\") REFERENCES cdm.\"person\" (\"person_id\") DEFERRABLE INITIALLY DEFERRED");
  const Table& person = schema->table(schema->find("person"));
  CHECK(create_table(person, "person", SqlDialect::sqlite).find("\"person_id\" INTEGER NOT NULL PRIMARY KEY") != std::string::npos);
  CHECK(create_indexes(schema->table(schema->find("measurement")), "m").size() >= 3);
}
