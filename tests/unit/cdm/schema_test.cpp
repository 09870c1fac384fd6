// The CDM description: loads, refuses damage by file and line, and agrees with the published specification when that is at hand.
#include "cdm/schema.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <doctest/doctest.h>

#include "cdm/rows.hpp"

using namespace pyojun;

namespace {

Schema schema() {
  auto loaded = Schema::load();
  REQUIRE(loaded);
  return std::move(*loaded);
}

std::string shared_data() {
  const char* set = std::getenv("PYOJUN_SHARED");
  return set != nullptr ? set : PYOJUN_SOURCE_DIR "/../shared/data";
}

// RFC 4180 with header: one map per row. Enough for the published specification files.
std::vector<std::map<std::string, std::string>> published(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream all;
  all << file.rdbuf();
  std::string text = all.str();
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  std::vector<std::vector<std::string>> rows(1, std::vector<std::string>(1));
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"')
      rows.back().back() += text[++i];
    else if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      rows.back().emplace_back();
    else if (c == '\n' && !quoted)
      rows.emplace_back(1);
    else if (c != '\r' || quoted)
      rows.back().back() += c;
  }
  std::vector<std::map<std::string, std::string>> out;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (rows[i].size() < 2) continue;
    auto& row = out.emplace_back();
    for (std::size_t j = 0; j < rows[i].size() && j < rows[0].size(); ++j) row[rows[0][j]] = rows[i][j];
  }
  return out;
}

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

// Our three files in a folder of their own, with one line of one of them replaced.
struct Broken {
  std::filesystem::path folder = std::filesystem::temp_directory_path() / "pyojun_schema_test";
  Broken(const std::string& name, const std::string& from, const std::string& to) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    for (const std::string file : {"tables.csv", "columns.csv", "stem.csv"}) {
      std::ifstream in(std::string(PYOJUN_SOURCE_DIR "/schemas/omop-5.4/") + file, std::ios::binary);
      std::stringstream text;
      text << in.rdbuf();
      std::string bytes = text.str();
      if (file == name) {
        const auto at = bytes.find(from);
        REQUIRE(at != std::string::npos);
        bytes.replace(at, from.size(), to);
      }
      std::ofstream(folder / file, std::ios::binary) << bytes;
    }
  }
  ~Broken() { std::filesystem::remove_all(folder); }
};

}  // namespace

TEST_CASE("tables and columns are found by name, in OMOP order") {
  const Schema s = schema();
  CHECK(std::ranges::count_if(s.tables(), [](const Table& table) { return table.schema != "filing"; }) == 39);
  const Table& person = s.table(s.find("person"));
  CHECK(person.columns.size() == 18);
  CHECK(person.columns[person.primary_key].name == "person_id");
  const Column& gender = person.columns[person.find("gender_concept_id")];
  CHECK(gender.required);
  CHECK(gender.domain == "Gender");
  CHECK(gender.references == s.find("concept"));
  CHECK(person.columns[person.find("person_source_value")].max_length == 50);
  CHECK(s.table(s.find("death")).primary_key == no_column);
  CHECK(s.find("no_such_table") == no_table);
  CHECK(person.find("no_such_column") == no_column);
}

TEST_CASE("stem routing: domains lead to tables, attributes to columns") {
  const Schema s = schema();
  CHECK(s.table(s.table_for_domain("Drug")).name == "drug_exposure");
  CHECK(s.table(s.table_for_domain("Specimen")).name == "specimen");
  CHECK(s.table(s.table_for_domain("Meas Value")).name == "observation");
  CHECK(s.table(s.table_for_domain("")).name == "observation");
  CHECK(s.stem_attributes().front() == "person");
  std::set<std::pair<TableId, ColumnId>> claimed;
  for (const auto& route : s.stem()) {
    CHECK_FALSE(s.table(route.table).domain.empty());
    claimed.emplace(route.table, route.column);
  }
  // Every required column of a stem table but its own id must be reachable, else no rule could fill it.
  for (TableId id = 0; id < s.tables().size(); ++id) {
    const Table& table = s.table(id);
    if (table.domain.empty()) continue;
    for (ColumnId column = 0; column < table.columns.size(); ++column) {
      if (!table.columns[column].required || column == table.primary_key) continue;
      CAPTURE(table.name);
      CAPTURE(table.columns[column].name);
      CHECK(claimed.contains({id, column}));
    }
  }
}

TEST_CASE("a damaged description is refused with file and line") {
  const auto refused = [](const std::string& file, const std::string& from, const std::string& to, std::uint64_t line) {
    const Broken broken(file, from, to);
    const auto loaded = Schema::load("omop-5.4", broken.folder.string());
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().code == Code::schema_damaged);
    CHECK(loaded.error().file.ends_with(file));
    CHECK(loaded.error().at.line == line);
  };
  refused("columns.csv", "person_id,integer", "person_id,int", 2);
  refused("columns.csv", "table,column", "column,table", 1);
  refused("columns.csv", ",location,\n", ",no_table,\n", 10);
  refused("tables.csv", "person,cdm,person_id,", "person,cdm,,", 2);
  refused("tables.csv", "death,cdm,,", "death,cdm,person_id,", 12);
  refused("stem.csv", "condition_occurrence,person,person_id", "condition_occurrence,person,no_column", 2);
  CHECK(Schema::load("omop-9.9").error().code == Code::schema_unknown);
  CHECK(Schema::load("", "/no/such/folder").error().code == Code::file_not_readable);
}

TEST_CASE("our facts agree with the published field list") {
  const std::string path = shared_data() + "/omop/OMOP_CDMv5.4_Field_Level.csv";
  if (!std::filesystem::exists(path)) {
    MESSAGE("SKIPPED: published CDM 5.4 field list not found; set PYOJUN_SHARED");
    return;
  }
  const Schema s = schema();
  // The published list leaves this key out although its text calls it one.
  const std::map<std::pair<std::string, std::string>, std::string> ours{{{"cost", "payer_plan_period_id"}, "payer_plan_period"}};
  std::map<std::string, ColumnId> next;
  std::size_t fields = 0, columns = 0;
  for (auto& row : published(path)) {
    std::string name = row["cdmTableName"], field = row["cdmFieldName"], type = lower(row["cdmDatatype"]);
    std::erase(field, '"');  // note_nlp."offset" is published with its SQL quotes
    CAPTURE(name);
    CAPTURE(field);
    ++fields;
    REQUIRE(s.find(name) != no_table);
    const Table& table = s.table(s.find(name));
    const ColumnId at = next[name]++;
    REQUIRE(at < table.columns.size());
    const Column& column = table.columns[at];
    CHECK(column.name == field);
    CHECK(column.required == (row["isRequired"] == "Yes"));
    CHECK(column.primary_key == (row["isPrimaryKey"] == "Yes"));
    CHECK((at == table.primary_key) == column.primary_key);
    std::string target = row["isForeignKey"] == "Yes" ? lower(row["fkTableName"]) : "";
    if (const auto found = ours.find({name, field}); found != ours.end()) target = found->second;
    CHECK((column.references == no_table ? "" : s.table(column.references).name) == target);
    std::string domain = row["fkDomain"] == "NA" ? "" : row["fkDomain"];
    if (const auto comma = domain.find(", "); comma != std::string::npos) domain.replace(comma, 2, "|");
    CHECK(column.domain == domain);
    const bool text = type.starts_with("varchar(");
    CHECK((column.type == ColumnType::text) == text);
    if (text) CHECK(column.max_length == (type == "varchar(max)" ? 0U : static_cast<unsigned>(std::atoi(type.c_str() + 8))));
    if (type == "integer") CHECK(column.type == ColumnType::integer);
    if (type == "float") CHECK(column.type == ColumnType::number);
    if (type == "date") CHECK(column.type == ColumnType::date);
    if (type == "datetime") CHECK(column.type == ColumnType::datetime);
  }
  for (const Table& table : s.tables()) columns += table.schema == "filing" ? 0 : table.columns.size();
  CHECK(fields == 432);
  CHECK(columns == fields);
}

TEST_CASE("our tables agree with the published table list, and stem attributes with the published stem table") {
  const std::string folder = shared_data() + "/omop/";
  if (!std::filesystem::exists(folder + "StemTableV5.4.csv") || !std::filesystem::exists(folder + "OMOP_CDMv5.4_Table_Level.csv")) {
    MESSAGE("SKIPPED: published CDM 5.4 table lists not found; set PYOJUN_SHARED");
    return;
  }
  const Schema s = schema();
  const std::map<std::string, std::string> schemas{{"CDM", "cdm"}, {"VOCAB", "vocabulary"}, {"RESULTS", "results"}};
  std::size_t at = 0;
  for (auto& row : published(folder + "OMOP_CDMv5.4_Table_Level.csv")) {
    REQUIRE(at < s.tables().size());
    CHECK(s.tables()[at].name == row["cdmTableName"]);
    CHECK(s.tables()[at++].schema == schemas.at(row["schema"]));
  }
  for (; at < s.tables().size(); ++at) CHECK(s.tables()[at].schema == "filing");  // ours stand behind
  std::set<std::string> stem;
  for (auto& row : published(folder + "StemTableV5.4.csv")) stem.insert(lower(row["COLUMN_NAME"]));
  CHECK(stem.size() > 40);
  // Each routed column is one the published stem table has, under its own name or the table's prefix.
  for (const auto& route : s.stem()) {
    const std::string column = s.table(route.table).columns[route.column].name;
    CAPTURE(column);
    const bool known = std::ranges::any_of(stem, [&](const std::string& name) {
      return column == name || column.ends_with("_" + name) || (column.ends_with("_date") && name == "start_date") ||
             (column.ends_with("_datetime") && name == "start_datetime");
    });
    CHECK(known);
  }
}

TEST_CASE("clear_rows keeps the columns and drops the rows") {
  RowChunk chunk;
  chunk.table = 3;
  chunk.rows = 2;
  chunk.keyed = true;
  chunk.columns.emplace_back();
  chunk.columns[0].column = 1;
  chunk.columns[0].integers = {1, 2};
  chunk.columns[0].heap = "ab";
  chunk.columns[0].ends = {1, 2};
  chunk.keys.resize(2);
  chunk.records = {0, 1};
  chunk.leads = {1, 1};
  chunk.clear_rows();
  CHECK(chunk.rows == 0);
  CHECK(chunk.table == 3);
  CHECK(chunk.columns.size() == 1);
  CHECK(chunk.columns[0].column == 1);
  CHECK(chunk.columns[0].integers.empty());
  CHECK(chunk.columns[0].heap.empty());
  CHECK(chunk.keys.empty());
  CHECK(chunk.records.empty());
}
