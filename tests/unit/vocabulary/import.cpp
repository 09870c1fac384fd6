// Import: file forms, damage, publishing, damaged snapshots, SQL tables.
#include <doctest/doctest.h>
#include <duckdb.h>

#include <cstdlib>

#include "vocabulary/folder.hpp"
#include "vocabulary/scanner.hpp"

using namespace pyojun;
using namespace pyojun::test;

namespace {

const std::string two_concepts = std::string(concept_header) +
                                 "1\tOne\tCondition\tA\tC\tS\tx1\t19700101\t20991231\t\n"
                                 "2\tTwo\tCondition\tB\tC\t\tx2\t19700101\t20991231\t\n";
const std::string one_map = std::string(relationship_header) + "2\t1\tMaps to\t19700101\t20991231\t\n";

void good_files(const Folder& folder) {
  folder.write("CONCEPT.csv", two_concepts);
  folder.write("CONCEPT_RELATIONSHIP.csv", one_map);
}

std::int64_t count_in(const std::string& path) {
  duckdb_database database = nullptr;
  duckdb_connection connection = nullptr;
  duckdb_result result;
  REQUIRE(duckdb_open(nullptr, &database) == DuckDBSuccess);
  REQUIRE(duckdb_connect(database, &connection) == DuckDBSuccess);
  REQUIRE(duckdb_query(connection, ("select count(*) from read_parquet('" + path + "')").c_str(), &result) == DuckDBSuccess);
  const std::int64_t count = duckdb_value_int64(&result, 0, 0);
  duckdb_destroy_result(&result);
  duckdb_disconnect(&connection);
  duckdb_close(&database);
  return count;
}

}  // namespace

TEST_CASE("the same facts with tabs or commas, dates with or without dashes, any letter case, give the same lookups") {
  const struct {
    std::string_view concept_name, concepts, relationship_name, relations;
  } forms[] = {
      {"CONCEPT.csv", two_concepts, "CONCEPT_RELATIONSHIP.csv", one_map},
      {"concept.csv",
       "\xEF\xBB\xBF"
       "concept_id,concept_name,domain_id,vocabulary_id,concept_class_id,standard_concept,concept_code,valid_start_date,valid_end_date,"
       "invalid_reason\r\n"
       "1,\"One\",Condition,A,C,S,x1,1970-01-01,2099-12-31,\r\n2,\"Two, "
       "\"\"quoted\"\"\nname\",Condition,B,C,\"\",x2,1970-01-01,2099-12-31,\r\n",
       "Concept_Relationship_seed.csv",
       "concept_id_1,concept_id_2,relationship_id,valid_start_date,valid_end_date,invalid_reason\n2,1,Maps to,1970-01-01,2099-12-31,\n"},
      {"CONCEPT.csv",
       "CONCEPT_CODE\tconcept_id\tconcept_name\tdomain_id\tvocabulary_id\tconcept_class_id\tstandard_concept\tvalid_start_date\tvalid_end_"
       "date\tinvalid_reason\textra\r\n"
       "x1\t1\tOne\tCondition\tA\tC\tS\t19700101\t20991231\t\t\r\n\r\nx2\t2\tTwo\tCondition\tB\tC\t\t19700101\t20991231\t\t",
       "CONCEPT_RELATIONSHIP.csv", one_map},
  };
  for (const auto& form : forms) {
    const Folder folder;
    folder.write(form.concept_name, form.concepts);
    folder.write(form.relationship_name, form.relations);
    const auto info = build(folder);
    REQUIRE(info);
    CHECK(info->concepts == 2);
    CHECK(info->relationships == 1);
    const auto vocabulary = Vocabulary::open(folder.path("snapshot"));
    REQUIRE(vocabulary);
    const auto found = (*vocabulary)->find((*vocabulary)->system("B"), "x2");
    CHECK(found.concept_id == 2);
    REQUIRE((*vocabulary)->maps_to(2).size() == 1);
    CHECK((*vocabulary)->maps_to(2)[0] == 1);
    CHECK((*vocabulary)->concept_of(0)->name == "No matching concept");  // not in the files, answered all the same
    CHECK((*vocabulary)->find((*vocabulary)->system("None"), "No matching concept").concept_id == 0);
  }
}

TEST_CASE("damage is refused with file, line and column; nothing appears") {
  const std::string good_line = "1\tOne\tCondition\tA\tC\tS\tx1\t19700101\t20991231\t\n";
  const struct {
    std::string_view file, text;
    Code code;
    std::uint64_t line;
    std::string_view subject;
  } rows[] = {
      {"CONCEPT.csv", "3\tThree\tCondition\tA\tC\tS\tx3\t19700101\n", Code::vocabulary_row_damaged, 3, "number of columns"},
      {"CONCEPT.csv", "\n3x\tThree\tCondition\tA\tC\tS\tx3\t19700101\t20991231\t\n", Code::vocabulary_row_damaged, 4, "concept_id"},
      {"CONCEPT.csv", "3\tThree\tCondition\tA\tC\tS\tx3\t19700230\t20991231\t\n", Code::vocabulary_row_damaged, 3, "valid_start_date"},
      {"CONCEPT.csv",
       "3\tThr\xFF"
       "ee\tCondition\tA\tC\tS\tx3\t19700101\t20991231\t\n",
       Code::vocabulary_row_damaged, 3, "UTF-8"},
      {"CONCEPT.csv", "3\tThree\tCondition\tA\tC\tStandard\tx3\t19700101\t20991231\t\n", Code::vocabulary_row_damaged, 3,
       "standard_concept"},
      {"CONCEPT.csv", "1\tAgain\tCondition\tA\tC\tS\tx9\t19700101\t20991231\t\n", Code::vocabulary_concept_twice, 3, "concept_id"},
      {"CONCEPT.csv", "99999999999\tThree\tCondition\tA\tC\tS\tx3\t19700101\t20991231\t\n", Code::vocabulary_row_damaged, 3, "concept_id"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const Folder folder;
    good_files(folder);
    folder.write(row.file, std::string(concept_header) + good_line + std::string(row.text));
    const auto info = build(folder);
    REQUIRE(!info);
    CHECK(info.error().code == row.code);
    CHECK(info.error().at.line == row.line);
    CHECK(info.error().subject == row.subject);
    CHECK(!std::filesystem::exists(folder.path("snapshot")));
    for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
      CHECK(entry.path().string().find(".work-") == std::string::npos);
  }
  const Folder folder;
  good_files(folder);
  folder.write("CONCEPT_RELATIONSHIP.csv", one_map + "2\t1\tMaps to\t1970\t20991231\t\n");
  CHECK(build(folder).error().at.line == 3);
  folder.write("CONCEPT_RELATIONSHIP.csv", "concept_id_1\tconcept_id_2\n1\t2\n");
  CHECK(build(folder).error().code == Code::vocabulary_column_missing);
  std::filesystem::remove(folder.path("CONCEPT_RELATIONSHIP.csv"));
  CHECK(build(folder).error().code == Code::vocabulary_file_missing);
  CHECK(build(folder).error().subject == "CONCEPT_RELATIONSHIP.csv");
}

TEST_CASE("targets that are not standard, not valid or not there do not count") {
  const Folder folder;
  std::string concepts = two_concepts;
  concepts += "3\tThree\tCondition\tA\tC\tS\tx3\t19700101\t20000101\tD\n4\tFour\tCondition\tB\tC\t\tx4\t19700101\t20991231\t\n";
  concepts += "5\tFive\tCondition\tA\tC\tS\tx5\t19700101\t20991231\t\n6\tSix\tCondition\tB\tC\tC\tx6\t19700101\t20991231\t\n";
  folder.write("CONCEPT.csv", concepts);
  std::string relations = one_map;
  for (const std::string_view target : {"3", "2", "77", "5", "1", "5"})
    relations += "4\t" + std::string(target) + "\tMaps to\t19700101\t20991231\t\n";
  relations +=
      "2\t5\tMaps to\t19700101\t20000101\tD\n6\t5\tMaps to value\t19700101\t20991231\t\n5\t1\tMaps to\t19700101\t20991231\t\n1\t5\tIs "
      "a\t19700101\t20991231\t\n";
  folder.write("CONCEPT_RELATIONSHIP.csv", relations);
  REQUIRE(build(folder));
  const auto vocabulary = *Vocabulary::open(folder.path("snapshot"));
  const auto list = [](std::span<const std::int32_t> ids) { return std::vector<std::int32_t>(ids.begin(), ids.end()); };
  CHECK(list(vocabulary->maps_to(4)) == std::vector{1, 5});
  CHECK(list(vocabulary->maps_to(2)) == std::vector{1});
  CHECK(list(vocabulary->maps_to(5)) == std::vector{1, 5});
  CHECK(list(vocabulary->maps_to(1)) == std::vector{1});
  CHECK(vocabulary->maps_to(3).empty());
  CHECK(vocabulary->maps_to(6).empty());
  CHECK(list(vocabulary->maps_to_value(6)) == std::vector{5});
}

TEST_CASE("of concepts that share a code the standard one is found, whatever their order") {
  for (const bool first : {true, false}) {
    const Folder folder;
    const std::string a = "10\tOld\tCondition\tA\tC\t\tsame\t19700101\t20000101\tU\n",
                      b = "20\tNew\tCondition\tA\tC\tS\tsame\t19700101\t20991231\t\n";
    folder.write("CONCEPT.csv", std::string(concept_header) + (first ? a + b : b + a));
    folder.write("CONCEPT_RELATIONSHIP.csv", relationship_header);
    REQUIRE(build(folder));
    const auto vocabulary = *Vocabulary::open(folder.path("snapshot"));
    CHECK(vocabulary->find(vocabulary->system("A"), "same").concept_id == 20);
  }
}

TEST_CASE("names two standard concepts of one domain share name none of them") {
  const Folder folder;
  folder.write("CONCEPT.csv",
               std::string(concept_header) +
                   "10\tYes\tMeas Value\tA\tC\tS\ta\t19700101\t20991231\t\n11\tYES\tMeas Value\tA\tC\tS\tb\t19700101\t20991231\t\n"
                   "12\tYes\tObservation\tA\tC\tS\tc\t19700101\t20991231\t\n");
  folder.write("CONCEPT_RELATIONSHIP.csv", relationship_header);
  REQUIRE(build(folder));
  const auto vocabulary = *Vocabulary::open(folder.path("snapshot"));
  CHECK(vocabulary->standard_by_name("yes", "Meas Value") == 0);
  CHECK(vocabulary->standard_by_name("yes", "Observation") == 12);
}

TEST_CASE("the same files give the same snapshot, whatever the number of threads") {
  const Folder one, four;
  std::string hashes[2], bytes[2];
  const Folder* folders[] = {&one, &four};
  for (int i = 0; i < 2; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(sample_folder())) std::filesystem::copy(entry.path(), folders[i]->path());
    const auto info = build(*folders[i], i == 0 ? 1 : 4);
    REQUIRE(info);
    hashes[i] = info->content_hash;
    bytes[i] = folders[i]->read("snapshot/snapshot.pyv");
  }
  CHECK(hashes[0] == hashes[1]);
  CHECK(bytes[0] == bytes[1]);
  one.write("CONCEPT_SYNONYM.csv", "concept_id\tconcept_synonym_name\tlanguage_concept_id\n");
  CHECK(build(one)->content_hash != hashes[0]);
}

TEST_CASE("an old snapshot is replaced as a whole; other folders are left alone") {
  const Folder folder;
  good_files(folder);
  REQUIRE(build(folder));
  const auto before = *Vocabulary::open(folder.path("snapshot"));
  folder.write("CONCEPT.csv", two_concepts + "3\tThree\tCondition\tA\tC\tS\tx3\t19700101\t20991231\t\n");
  REQUIRE(build(folder));
  CHECK(before->info().concepts == 2);  // an open snapshot stays what it was
  CHECK((*Vocabulary::open(folder.path("snapshot")))->info().concepts == 3);
  folder.write("CONCEPT.csv", two_concepts + "damaged\n");
  CHECK(!build(folder));
  CHECK((*Vocabulary::open(folder.path("snapshot")))->info().concepts == 3);
  const Folder other;
  good_files(other);
  std::filesystem::create_directories(other.path("snapshot"));
  other.write("snapshot/letter.txt", "keep me");
  CHECK(build(other).error().code == Code::vocabulary_target_in_use);
  CHECK(other.read("snapshot/letter.txt") == "keep me");
}

TEST_CASE("what is no snapshot, newer or damaged is refused; damage inside a section is found by verify") {
  const Folder folder;
  good_files(folder);
  REQUIRE(build(folder));
  const std::string good = folder.read("snapshot/snapshot.pyv");
  CHECK(verify_snapshot(folder.path("snapshot")));
  const auto code_with = [&](std::string bytes) {
    folder.write("snapshot/snapshot.pyv", bytes);
    const auto opened = Vocabulary::open(folder.path("snapshot"));
    return opened ? Code::internal_error : opened.error().code;
  };
  CHECK(code_with("") == Code::vocabulary_not_a_snapshot);
  CHECK(code_with("concept_id\n") == Code::vocabulary_not_a_snapshot);
  CHECK(code_with(good.substr(0, good.size() - 1)) == Code::vocabulary_snapshot_damaged);
  std::string newer = good;
  newer[8] = 99;
  CHECK(code_with(newer) == Code::vocabulary_snapshot_newer);
  std::string header = good;
  header[40] = static_cast<char>(header[40] ^ 1);
  CHECK(code_with(header) == Code::vocabulary_snapshot_damaged);
  CHECK(Vocabulary::open(folder.path("nowhere")).error().code == Code::vocabulary_not_a_snapshot);
  std::string row = good;
  row[384] = static_cast<char>(row[384] ^ 1);     // first byte of the first section
  CHECK(code_with(row) == Code::internal_error);  // opening does not read it
  CHECK(verify_snapshot(folder.path("snapshot")).error().subject == "rows");
  // Any damage behind the header: opening may succeed, lookups must stay inside the file.
  for (std::size_t at = 512; at < good.size(); at += 7) {
    std::string damaged = good;
    damaged[at] = static_cast<char>(damaged[at] ^ 0xFF);
    folder.write("snapshot/snapshot.pyv", damaged);
    const auto opened = Vocabulary::open(folder.path("snapshot"));
    if (!opened) continue;
    for (const std::int32_t id : {0, 1, 2}) {
      (void)(*opened)->concept_of(id);
      (void)(*opened)->maps_to(id);
      (void)(*opened)->maps_to_value(id);
    }
    (void)(*opened)->find((*opened)->system("A"), "x1");
    (void)(*opened)->standard_by_name("one", "Condition");
    (void)(*opened)->suggest("one", 3);
  }
}

TEST_CASE("SQL tables hold every row of the import") {
  const Folder folder;
  for (const auto& entry : std::filesystem::directory_iterator(sample_folder())) std::filesystem::copy(entry.path(), folder.path());
  REQUIRE(build(folder, 1, true));
  const struct {
    std::string_view table;
    std::string_view file;
  } tables[] = {
      {"concept", "CONCEPT.csv"},       {"concept_relationship", "CONCEPT_RELATIONSHIP.csv"}, {"concept_ancestor", "CONCEPT_ANCESTOR.csv"},
      {"vocabulary", "VOCABULARY.csv"}, {"concept_synonym", "CONCEPT_SYNONYM.csv"},           {"relationship", "RELATIONSHIP.csv"}};
  const auto vocabulary = *Vocabulary::open(folder.path("snapshot"));
  for (const auto& table : tables) {
    CAPTURE(table.table);
    CHECK(count_in(vocabulary->sql_folder() + "/" + std::string(table.table) + ".parquet") == sample_rows(table.file));
  }
  CHECK(export_sql_tables(*vocabulary));  // all there: nothing to do
  std::filesystem::remove(vocabulary->sql_folder() + "/concept_ancestor.parquet");
  std::filesystem::remove(vocabulary->sql_folder() + "/concept.parquet");
  const std::string_view only[] = {"concept_ancestor"};
  CHECK(export_sql_tables(*vocabulary, 1, only));
  CHECK(count_in(vocabulary->sql_folder() + "/concept_ancestor.parquet") == sample_rows("CONCEPT_ANCESTOR.csv"));
  CHECK(!std::filesystem::exists(vocabulary->sql_folder() + "/concept.parquet"));
}

TEST_CASE("scanners cut rows at every place of a 64-byte block") {
  for (std::size_t width = 0; width < 200; ++width) {
    const std::string text = std::string(width, 'a') + "\tb\r\n\n" + std::string(width, 'c') + "\td";
    vocabulary::TabRows rows(text);
    vocabulary::Fields row;
    REQUIRE(rows.next(row));
    CHECK(row.count == 2);
    CHECK(row.at[0].size() == width);
    CHECK(row.at[1] == "b");
    REQUIRE(rows.next(row));
    CHECK(row.count == 2);
    CHECK(row.at[1] == "d");
    CHECK(rows.lines() == 3);
    CHECK(!rows.next(row));
  }
}

TEST_CASE("the public vocabulary shard is imported") {
  const char* shared = std::getenv("PYOJUN_SHARED");
  const std::string source = std::string(shared != nullptr ? shared : PYOJUN_SOURCE_DIR "/../shared/data") + "/vocabulary";
  if (!std::filesystem::exists(source + "/CONCEPT.csv")) {
    MESSAGE("SKIPPED: no public vocabulary shard; set PYOJUN_SHARED");
    return;
  }
  const Folder folder;
  SnapshotOptions options;
  options.source = source;
  options.target = folder.path("snapshot");
  options.sql_tables = false;
  const auto info = build_snapshot(options);
  REQUIRE(info);
  CHECK(info->concepts == 2294);
  CHECK(info->relationships == 266588);
  const auto vocabulary = *Vocabulary::open(options.target);
  CHECK(vocabulary->word("Gender", "F") == 8532);  // the shard has no gender rows
  CHECK(!vocabulary->concept_of(8532));
  CHECK(vocabulary->concept_of(0)->name == "No matching concept");
  CHECK(vocabulary->unit("mIU/mL") == 9550);
  CHECK(vocabulary->unit("mL/min/{1.73_m2}") == 720870);
  CHECK(vocabulary->unit("mEq/L") == 9557);
}
