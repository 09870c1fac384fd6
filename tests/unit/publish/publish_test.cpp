// Publishing as a whole: round trips, the same bytes for any number of threads, and failures that leave the old output alone.
#include "publish/publisher.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/files.hpp"
#include "base/sha256.hpp"
#include "publish/fake_warehouse.hpp"

using namespace pyojun;
using namespace pyojun::test;
namespace fs = std::filesystem;

namespace {

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/pyojun-publish-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    path = name;
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string operator/(const std::string& name) const { return path + "/" + name; }
  std::string path;
};

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE_MESSAGE(file.good(), path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// 1,000 persons and 5,000 measurements with all kinds of values.
void fill(FakeWarehouse& warehouse, std::int32_t shift = 0) {
  std::vector<std::int32_t> ids, years, measurement_ids, persons, days;
  std::vector<std::int64_t> times;
  std::vector<double> values;
  std::vector<std::string> sources, units;
  for (std::int32_t i = 1; i <= 1000; ++i) {
    ids.push_back(i);
    years.push_back(1930 + i % 90 + shift);
  }
  for (std::int32_t i = 1; i <= 5000; ++i) {
    measurement_ids.push_back(i);
    persons.push_back(1 + i / 5 % 1000);
    days.push_back(14000 + i);
    times.push_back(i % 3 == 0 ? null_datetime : (14000LL + i) * 86'400'000'000 + i * 1'000'000LL);
    values.push_back(i % 4 == 0 ? null_number() : i / 8.0);
    sources.push_back(i % 5 == 0 ? "" : "code, \"" + std::to_string(i) + "\"\n'; 한국");
    units.push_back("mg/dL");
  }
  warehouse.fill("person", 1000,
                 {{"person_id", integers(ids)},
                  {"gender_concept_id", constant(integers({8507}))},
                  {"year_of_birth", integers(years)},
                  {"race_concept_id", constant(integers({0}))},
                  {"ethnicity_concept_id", constant(integers({0}))}});
  warehouse.fill("measurement", 5000,
                 {{"measurement_id", integers(measurement_ids)},
                  {"person_id", integers(persons)},
                  {"measurement_concept_id", constant(integers({3004249}))},
                  {"measurement_date", integers(days)},
                  {"measurement_datetime", datetimes(times)},
                  {"measurement_type_concept_id", constant(integers({32817}))},
                  {"value_as_number", numbers(values)},
                  {"measurement_source_value", texts(sources)},
                  {"unit_source_value", constant(texts(units))}});
}

PublishRequest request(FakeWarehouse& warehouse, const std::string& place, unsigned threads = 1) {
  PublishRequest result;
  result.warehouse = &warehouse;
  result.place = place;
  result.threads = threads;
  return result;
}

Result<Published> publish(const char* kind, const PublishRequest& what) { return find_publisher(kind)->publish(what); }

// Rows that are in one of the two and not in the other.
std::int64_t differences(Duck& duck, const std::string& one, const std::string& other) {
  const auto count = duck.integer("SELECT (SELECT count(*) FROM (FROM " + one + " EXCEPT ALL FROM " + other +
                                  ")) + (SELECT count(*) FROM (FROM " + other + " EXCEPT ALL FROM " + one + "))");
  REQUIRE(count);
  return *count;
}

// Contents of a folder by name, to see that nothing changed.
std::map<std::string, std::string> contents(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(folder)) files[entry.path().filename()] = sha256_hex(read(entry.path()));
  return files;
}

}  // namespace

TEST_CASE("targets are KIND:PLACE") {
  const auto good = parse_target("csv:some/where:else");
  REQUIRE(good);
  CHECK(good->publisher->name == "csv");
  CHECK(good->place == "some/where:else");
  CHECK(parse_target("xls:a").error().code == Code::publisher_unknown);
  CHECK(parse_target("csv").error().code == Code::publish_place_missing);
  CHECK(parse_target("csv:").error().code == Code::publish_place_missing);
  CHECK(parse_target("").error().code == Code::publisher_unknown);
  for (const Publisher& row : publishers()) {
    const auto example = parse_target(row.example);
    REQUIRE(example);
    CHECK(example->publisher == &row);
  }
}

TEST_CASE("csv: every CDM table, manifest, and the same rows when read back") {
  const Folder folder;
  FakeWarehouse warehouse;
  fill(warehouse);
  const auto published = publish("csv", request(warehouse, folder / "cdm"));
  REQUIRE(published);
  CHECK(published->rows() == 6000);
  std::size_t tables = 0;
  for (const Table& table : warehouse.schema().tables()) {
    const bool there = fs::exists(folder / "cdm/" + table.name + ".csv");
    CHECK(there == (table.schema == "cdm"));
    tables += there ? 1 : 0;
  }
  CHECK(published->tables.size() == tables);
  CHECK(read(folder / "cdm/death.csv").substr(0, 20) == "person_id,death_date");
  const auto manifest = read_manifest(folder / "cdm");
  REQUIRE(manifest);
  CHECK(manifest->size() == tables);
  for (const PublishedTable& table : published->tables) {
    const std::string text = read(folder / "cdm/" + table.file);
    CHECK(text.size() == table.bytes);
    CHECK(sha256_hex(text) == table.sha256);
  }
  for (const char* table : {"person", "measurement"})
    CHECK(differences(
              warehouse.duck(), std::string("cdm.") + table,
              "read_csv(" + sql_text(folder / "cdm/" + table + ".csv") +
                  ", header=true, auto_detect=false, quote='\"', escape='\"', delim=',', columns=" +
                  *warehouse.duck().text(std::string("SELECT '{' || string_agg('''' || column_name || ''': ''' || data_type || '''', ', ' "
                                                     "ORDER BY ordinal_position) || '}' "
                                                     "FROM information_schema.columns WHERE table_schema = 'cdm' AND table_name = '") +
                                         table + "'") +
                  ")") == 0);
}

TEST_CASE("csv: the same bytes for any number of threads and any size of blocks") {
  const Folder folder;
  FakeWarehouse warehouse;
  fill(warehouse);
  REQUIRE(publish("csv", request(warehouse, folder / "one", 1)));
  const auto expected = contents(folder / "one");
  for (const unsigned threads : {2U, 3U, 8U})
    for (const std::uint32_t rows : {1U, 7U, 100U, 100'000U}) {
      warehouse.block_rows = rows;
      REQUIRE(publish("csv", request(warehouse, folder / "other", threads)));
      CHECK(contents(folder / "other") == expected);
    }
}

TEST_CASE("csv: books that do not agree with the rows stop the publishing") {
  const Folder folder;
  FakeWarehouse warehouse;
  fill(warehouse);
  REQUIRE(publish("csv", request(warehouse, folder / "cdm", 2)));
  const auto before = contents(folder / "cdm");
  warehouse.liar = warehouse.schema().find("measurement");
  for (const char* kind : {"csv", "parquet"}) {
    const auto published = publish(kind, request(warehouse, folder / "cdm", 2));
    REQUIRE(!published);
    CHECK(published.error().code == Code::publish_rows_differ);
    CHECK(published.error().subject == "measurement");
  }
  CHECK(contents(folder / "cdm") == before);
}

TEST_CASE("parquet: types and rows when read back") {
  const Folder folder;
  FakeWarehouse warehouse;
  fill(warehouse);
  for (const unsigned threads : {1U, 2U}) {
    const auto published = publish("parquet", request(warehouse, folder / "cdm", threads));
    REQUIRE(published);
    CHECK(published->rows() == 6000);
    for (const PublishedTable& table : published->tables) CHECK(sha256_hex(read(folder / "cdm/" + table.file)) == table.sha256);
    for (const char* table : {"person", "measurement"})
      CHECK(differences(warehouse.duck(), std::string("cdm.") + table,
                        "read_parquet(" + sql_text(folder / "cdm/" + table + ".parquet") + ")") == 0);
  }
  const auto columns =
      warehouse.duck().integer("SELECT count(*) FROM (DESCRIBE FROM read_parquet(" + sql_text(folder / "cdm/drug_exposure.parquet") + "))");
  REQUIRE(columns);
  CHECK(*columns == static_cast<std::int64_t>(warehouse.schema().table(warehouse.schema().find("drug_exposure")).columns.size()));
}

TEST_CASE("duckdb: every table, typed, in the schema asked for") {
  const Folder folder;
  FakeWarehouse warehouse;
  fill(warehouse);
  for (const std::string schema : {"main", "cdm54"}) {
    const std::string file = folder / schema + ".duckdb";
    REQUIRE(find_publisher("duckdb")->check(schema == "main" ? file : file + "#" + schema));
    const auto published = publish("duckdb", request(warehouse, schema == "main" ? file : file + "#" + schema));
    REQUIRE(published);
    CHECK(published->rows() == 6000);
    Duck& duck = warehouse.duck();
    REQUIRE(duck.exec("ATTACH " + sql_text(file) + " AS other (READ_ONLY)"));
    for (const char* table : {"person", "measurement"})
      CHECK(differences(duck, std::string("cdm.") + table, "other." + schema + "." + table) == 0);
    CHECK(*duck.integer("SELECT count(*) FROM other." + schema + ".concept") == 0);
    CHECK(*duck.integer("SELECT count(*) FROM duckdb_tables() WHERE database_name = 'other' AND schema_name = '" + schema +
                        "' AND table_name <> 'pyojun_run'") == static_cast<std::int64_t>(published->tables.size()));
    CHECK(*duck.integer("SELECT count(*) FROM duckdb_columns() WHERE database_name = 'other' AND table_name = 'person' AND column_name = "
                        "'person_id' AND NOT is_nullable") == 1);
    REQUIRE(duck.exec("DETACH other"));
    CHECK(!fs::exists(file + ".wal"));
  }
  CHECK(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator()) == 2);
}

TEST_CASE("vocabulary tables go along when asked for") {
  const Folder folder;
  FakeWarehouse warehouse;
  fill(warehouse);
  fs::create_directory(folder / "sql");
  REQUIRE(warehouse.duck().exec(
      "COPY (SELECT 8507 AS concept_id, 'MALE' AS concept_name, DATE '1970-01-01' AS valid_start_date, DATE '2099-12-31' AS "
      "valid_end_date, "
      "'Gender' AS domain_id, 'Gender' AS vocabulary_id, 'Gender' AS concept_class_id, 'M' AS concept_code, 7 AS of_another_release) TO " +
      sql_text(folder / "sql/concept.parquet") + " (FORMAT parquet)"));
  PublishRequest with = request(warehouse, folder / "cdm");
  with.vocabulary_sql = folder / "sql";
  REQUIRE(publish("parquet", with));
  CHECK(!fs::exists(folder / "cdm/concept.parquet"));
  with.with_vocabulary = true;
  const auto published = publish("parquet", with);
  REQUIRE(published);
  CHECK(published->rows() == 6001);
  with.place = folder / "cdm.duckdb";
  REQUIRE(publish("duckdb", with));
  REQUIRE(warehouse.duck().exec("ATTACH " + sql_text(with.place) + " AS other (READ_ONLY)"));
  CHECK(*warehouse.duck().text("SELECT concept_name FROM other.concept WHERE concept_id = 8507") == "MALE");
}

TEST_CASE("places that cannot be written are refused before any work") {
  const Folder folder;
  FakeWarehouse warehouse;
  fill(warehouse);
  std::ofstream(folder / "notes.txt") << "somebody's work, not a database";
  fs::create_directory(folder / "full");
  std::ofstream(folder / "full/notes.txt") << "somebody's work";
  for (const char* kind : {"csv", "parquet"}) {
    for (const std::string& place :
         {folder / "missing/cdm", folder / "notes.txt", folder / "full", std::string("/proc/cdm"), std::string("/dev/full")}) {
      CAPTURE(place);
      CHECK(!find_publisher(kind)->check(place));
      CHECK(!publish(kind, request(warehouse, place)));
    }
    CHECK(find_publisher(kind)->check(folder / "new"));
    CHECK(!fs::exists(folder / "new"));
  }
  for (const std::string& place :
       {folder / "missing/cdm.duckdb", folder / "notes.txt", folder / "full", std::string("/proc/cdm"), std::string("/dev/full")}) {
    CAPTURE(place);
    CHECK(!find_publisher("duckdb")->check(place));
    CHECK(!publish("duckdb", request(warehouse, place)));
  }
  CHECK(find_publisher("duckdb")->check(folder / "notes.txt").error().code == Code::publish_place_occupied);
  CHECK(find_publisher("duckdb")->check(folder / "a.duckdb#x;y").error().code == Code::publish_schema_name);
  CHECK(read(folder / "notes.txt") == "somebody's work, not a database");
  CHECK(fs::exists(folder / "full/notes.txt"));
}

TEST_CASE("a failing disk leaves the older output whole") {
  const Folder folder;
  FakeWarehouse warehouse;
  fill(warehouse);
  REQUIRE(publish("csv", request(warehouse, folder / "cdm", 2)));
  REQUIRE(publish("duckdb", request(warehouse, folder / "cdm.duckdb")));
  const auto before = contents(folder / "cdm");
  const std::string file_before = sha256_hex(read(folder / "cdm.duckdb"));
  const pid_t child = ::fork();  // the file size limit stands in for a full disk, and is for one process only
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{20'000, 20'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const auto published = publish("csv", request(warehouse, folder / "cdm", 2));
    ::_exit(!published && published.error().code == Code::file_write_failed ? 0 : 1);
  }
  int state = 0;
  REQUIRE(::waitpid(child, &state, 0) == child);
  CHECK(WIFEXITED(state));
  CHECK(WEXITSTATUS(state) == 0);
  CHECK(contents(folder / "cdm") == before);
  CHECK(sha256_hex(read(folder / "cdm.duckdb")) == file_before);
  CHECK(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator()) == 2);
}

TEST_CASE("a kill while writing leaves the older output whole, and the next run sweeps") {
  const Folder folder;
  FakeWarehouse warehouse;
  fill(warehouse);
  REQUIRE(publish("csv", request(warehouse, folder / "cdm")));
  const auto before = contents(folder / "cdm");
  FakeWarehouse changed;
  fill(changed, 1);
  changed.block_rows = 1;
  for (int i = 0; i < 10; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (;;) static_cast<void>(static_cast<bool>(publish("csv", request(changed, folder / "cdm"))));
    }
    ::usleep(static_cast<useconds_t>(500 + 1700 * i));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const auto manifest = read_manifest(folder / "cdm");
    REQUIRE(manifest);
    const auto now = contents(folder / "cdm");
    for (const PublishedFile& file : *manifest) CHECK(now.at(file.name) == file.sha256);
    CHECK(now.size() == before.size());
  }
  REQUIRE(publish("csv", request(warehouse, folder / "cdm")));
  CHECK(contents(folder / "cdm") == before);
  CHECK(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator()) == 1);
}

TEST_CASE("the database's settings are as before after publishing") {
  const Folder folder;
  FakeWarehouse warehouse;
  fill(warehouse);
  const std::string settings = "SELECT current_setting('threads')::VARCHAR || ' ' || current_setting('preserve_insertion_order')::VARCHAR";
  const auto before = warehouse.duck().text(settings);
  REQUIRE(before);
  REQUIRE(publish("parquet", request(warehouse, folder / "cdm", 2)));
  REQUIRE(publish("duckdb", request(warehouse, folder / "cdm.duckdb", 2)));
  CHECK(*warehouse.duck().text(settings) == *before);
  CHECK(before->starts_with("2 "));
}
