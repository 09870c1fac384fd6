#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <random>

#include "kit.hpp"

using namespace kit;
namespace fs = std::filesystem;

namespace {

void fill(Run& run, const std::vector<std::string>& people) {
  const auto a = run.file();
  std::vector<Row> persons, visits;
  for (const auto& name : people) {
    persons.push_back(person(name));
    visits.push_back(visit("v-" + name, name));
  }
  run.commit(a, {chunk("person", 0, numbered(persons)), chunk("visit_occurrence", 1, numbered(visits))});
  run.settle();
}

}  // namespace

TEST_CASE("known keys keep their ids in later runs, whatever comes before them") {
  const Folder folder;
  {
    Run run(folder / "w");
    fill(run, {"al", "bo", "cy"});
    run.finish();
  }
  {
    Run run(folder / "w");
    fill(run, {"dy", "cy", "al"});
    CHECK(column(*run.warehouse, "person", "person_source_value") == "al cy dy");
    CHECK(column(*run.warehouse, "person", "person_id") == "1 3 4");
    CHECK(column(*run.warehouse, "visit_occurrence", "person_id") == "1 3 4");
    run.finish();
  }
  Run run(folder / "w");
  fill(run, {"al", "bo", "cy", "dy"});
  CHECK(column(*run.warehouse, "person", "person_id") == "1 2 3 4");
}

TEST_CASE("an entity that gets another key keeps its id; a merge that is not delivered again makes two entities") {
  const Folder folder;
  {
    Run run(folder / "w");
    fill(run, {"al", "bo"});
    run.finish();
  }
  {
    Run run(folder / "w");
    auto renamed = chunk("person", 0, numbered({person("bo"), person("albert")}));
    renamed.aliases = {key("albert"), key("al")};
    run.commit(run.file(), {renamed});
    run.settle();
    CHECK(column(*run.warehouse, "person", "person_source_value") == "albert bo");
    CHECK(column(*run.warehouse, "person", "person_id") == "1 2");
    run.finish();
  }
  Run run(folder / "w");
  fill(run, {"al", "albert", "bo"});
  CHECK(column(*run.warehouse, "person", "person_source_value") == "al bo albert");
  CHECK(column(*run.warehouse, "person", "person_id") == "1 2 3");
}

TEST_CASE("a kill at any moment of finish leaves the old run or the new one") {
  const Folder folder;
  std::vector<std::string> people{"al"};
  {
    Run run(folder / "w");
    fill(run, people);
    run.finish();
  }
  std::mt19937 random(7);
  int switched = 0;
  for (int turn = 0; turn < 25; ++turn) {
    people.push_back("p" + std::to_string(turn));
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      Run run(folder / "w");
      fill(run, people);
      (void)!::write(ready[1], "x", 1);
      run.finish();
      ::_exit(0);
    }
    char byte = 0;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    ::usleep(static_cast<useconds_t>(random() % 60'000));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(ready[0]);
    ::close(ready[1]);
    auto now = Warehouse::open_existing(folder / "w", schema());
    REQUIRE(now);
    const auto rows = cells(**now, "person").size();
    if (rows == people.size()) {
      ++switched;
    } else {
      people.pop_back();
      CHECK(rows == people.size());
    }
    CHECK(cells(**now, "observation_period").size() == rows);
    CHECK(*(*now)->duck().integer("select count(*) from cdm.visit_occurrence join cdm.person using (person_id)") ==
          static_cast<std::int64_t>(rows));
    CHECK((*now)->balanced());
  }
  MESSAGE(switched, " of 25 kills came after the switch");
}

TEST_CASE("one run at a time; the refusal names the holder") {
  const Folder folder;
  Run run(folder / "w");
  WarehouseOptions options;
  options.folder = folder / "w";
  options.schema = &schema();
  auto second = Warehouse::open(options);
  REQUIRE(!second);
  CHECK(second.error().code == Code::warehouse_locked);
  CHECK(second.error().detail.find("pid " + std::to_string(::getpid()) + " on ") == 0);
}

TEST_CASE("a folder with other files in it is not taken, a newer format is refused") {
  const Folder folder;
  WarehouseOptions options;
  options.schema = &schema();
  options.folder = folder / "other";
  fs::create_directories(options.folder);
  std::ofstream(options.folder + "/letter.txt") << "x";
  auto other = Warehouse::open(options);
  REQUIRE(!other);
  CHECK(other.error().code == Code::warehouse_not_one);
  options.folder = folder / "new";
  fs::create_directories(options.folder);
  std::ofstream(options.folder + "/FORMAT") << "pyojun-warehouse 99\n";
  auto newer = Warehouse::open(options);
  REQUIRE(!newer);
  CHECK(newer.error().code == Code::warehouse_newer);
  auto none = Warehouse::open_existing(folder / "absent", schema());
  CHECK(!none);
}

TEST_CASE("what an unfinished run leaves is swept, and the finished one before stays visible") {
  const Folder folder;
  {
    Run run(folder / "w");
    fill(run, {"al"});
    run.finish();
  }
  {
    Run run(folder / "w");
    fill(run, {"al", "bo"});  // and no finish
  }
  std::ofstream(folder / "w/rows-000002.seg") << "renamed, but CURRENT was never switched";
  {
    auto before = Warehouse::open_existing(folder / "w", schema());
    REQUIRE(before);
    CHECK(column(**before, "person", "person_source_value") == "al");
  }
  CHECK(fs::status(folder / "w").permissions() == fs::perms::owner_all);
  Run run(folder / "w");
  CHECK(!fs::exists(folder / "w/warehouse.duckdb.work"));
  CHECK(run.warehouse->swept() >= 1);  // a run that ends in order takes its work files along; the renamed one is left to the next
  CHECK(!fs::exists(folder / "w/rows-000002.seg"));
  fill(run, {"bo", "al"});
  CHECK(column(*run.warehouse, "person", "person_id") == "1 2");
  run.finish();
  run.warehouse.reset();
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder / "w")) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  CHECK(names == std::vector<std::string>{"CURRENT", "FORMAT", "LOCK", "index-000002.bin", "parts-000002.dir", "rows-000002.seg",
                                          "warehouse-000002.duckdb", "warehouse.duckdb"});
}

TEST_CASE("a finished warehouse answers again: rows, books, files, provenance, quarantine, SQL") {
  const Folder folder;
  {
    Run run(folder / "w");
    const auto a = run.file("one.csv");
    const std::vector<RecordPlace> places{{10, 5, 0}, {16, 7, 1}, {24, 9, 2}};
    run.commit(a, {chunk("person", 0, numbered({person("al"), person("al"), person("bo")}))}, places, 100, 200);
    run.commit(a, {chunk("visit_occurrence", 1, numbered({visit("v", "nobody"), visit("u", "bo")}))}, {{40, 5, 0}, {99, 3, 4}}, 103, 203);
    run.settle();
    auto place = run.warehouse->provenance(schema().find("person"), 2);
    REQUIRE(place);
    REQUIRE(place->has_value());
    CHECK((*place)->offset == 24);
    run.finish();
    CHECK(cells(*run.warehouse, "person").size() == 2);  // still readable
  }
  auto opened = Warehouse::open_existing(folder / "w", schema());
  REQUIRE(opened);
  Warehouse& warehouse = **opened;
  CHECK(column(warehouse, "person", "person_id") == "1 2");
  CHECK(column(warehouse, "visit_occurrence", "person_id") == "2");
  CHECK(warehouse.files().at(0).name == "one.csv");
  CHECK(warehouse.rules().at(1) == "rule1");
  CHECK(warehouse.balanced());
  CHECK(warehouse.balances().at(1).duplicates == 1);
  CHECK(warehouse.balances().at(2).quarantined == 1);
  const auto place = warehouse.provenance(schema().find("visit_occurrence"), 1);
  REQUIRE(place);
  REQUIRE(place->has_value());
  CHECK((*place)->offset == 99);
  CHECK((*place)->length == 3);
  CHECK((*place)->line == 208);
  CHECK((*place)->record == 105);
  CHECK((*place)->rule == 1);
  CHECK(!warehouse.provenance(schema().find("visit_occurrence"), 2)->has_value());
  CHECK(!warehouse.provenance(schema().find("observation_period"), 1)->has_value());
  CHECK(*warehouse.duck().integer("select count(*) from cdm.person join cdm.visit_occurrence using (person_id)") == 1);
  CHECK(*warehouse.duck().integer("select \"offset\" from part_provenance('person') where id = 1") == 16);
  CHECK(*warehouse.duck().integer("select count(*) from quarantine.entry where state = 'open'") == 1);
  CHECK(*warehouse.duck().integer("select rows from ledger.rows where \"table\" = 'person'") == 2);
}

TEST_CASE("history stays: runs, books and quarantine of earlier runs are kept") {
  const Folder folder;
  for (int i = 0; i < 3; ++i) {
    Run run(folder / "w");
    const auto a = run.file();
    run.commit(a, {chunk("visit_occurrence", 1, numbered({visit("v", "nobody")}))});
    run.settle();
    run.finish();
  }
  auto opened = Warehouse::open_existing(folder / "w", schema());
  REQUIRE(opened);
  CHECK(*(*opened)->duck().integer("select count(*) from quarantine.entry") == 3);
  CHECK(*(*opened)->duck().integer("select count(distinct run) from ledger.run") == 3);
  CHECK((*opened)->balances().size() == 5);
}

TEST_CASE("files of earlier runs go on counting when they are kept; rows that take their place take their ids") {
  const Folder folder;
  const auto event = [](std::string_view name, std::int32_t concept_id) {
    Row row = condition("al", "", concept_id);
    row.key = name;
    return row;
  };
  {
    Run run(folder / "w");
    run.commit(run.file("a.csv"), {chunk("person", 0, numbered({person("al")}))});
    run.commit(run.file("b.csv"), {chunk("condition_occurrence", 2, numbered({event("e1", 11), event("e2", 12), event("e3", 13)}))});
    run.settle();
    run.finish();
  }
  {
    Run run(folder / "w");  // b.csv is replaced: e2 is corrected, e1 is gone, e4 is new; person and its file stay as they are
    run.warehouse->keep(0);
    run.commit(run.file("b.csv"), {chunk("condition_occurrence", 2, numbered({event("e4", 14), event("e2", 22), event("e3", 13)}))});
    run.settle();
    CHECK(column(*run.warehouse, "person", "person_id") == "1");
    CHECK(column(*run.warehouse, "condition_occurrence", "condition_occurrence_id") == "2 3 4");
    CHECK(column(*run.warehouse, "condition_occurrence", "condition_concept_id") == "22 13 14");
    CHECK(run.balance(0, 0).mapped == 1);
    run.finish();
    CHECK(fs::exists(folder / "w/rows-000001.seg"));
  }
  {
    Run run(folder / "w");  // a late file brings e1 back and corrects e4; what it refers to is in a segment of the first run
    run.warehouse->keep(0);
    run.warehouse->keep(2);
    run.commit(run.file("c.csv"), {chunk("condition_occurrence", 2, numbered({event("e1", 31), event("e4", 34), event("e5", 35)}))});
    run.settle();
    CHECK(column(*run.warehouse, "condition_occurrence", "condition_occurrence_id") == "1 2 3 4 5");
    CHECK(column(*run.warehouse, "condition_occurrence", "condition_concept_id") == "31 22 13 34 35");
    CHECK(run.balance(2, 2).duplicates == 1);
    const auto place = run.warehouse->provenance(schema().find("condition_occurrence"), 4);
    REQUIRE((place && place->has_value()));
    CHECK((*place)->file == 3);
    run.finish();
  }
  Run run(folder / "w");  // c.csv is withdrawn: the corrected row counts again, under the same id
  run.warehouse->keep(0);
  run.warehouse->keep(2);
  run.settle();
  CHECK(column(*run.warehouse, "condition_occurrence", "condition_occurrence_id") == "2 3 4");
  CHECK(column(*run.warehouse, "condition_occurrence", "condition_concept_id") == "22 13 14");
  run.finish();
}

TEST_CASE("orphans stay open over the runs, are resolved when their parent comes, and come back when it goes") {
  const Folder folder;
  const auto states = [](Run& run) {
    return *run.warehouse->duck().text("select coalesce(string_agg(state || ' ' || run, ', ' order by run), '') from quarantine.entry");
  };
  {
    Run run(folder / "w");
    run.commit(run.file("v.csv"), {chunk("visit_occurrence", 1, numbered({visit("v", "al")}))});
    run.settle();
    CHECK(run.balance(0, 1).quarantined == 1);
    run.finish();
  }
  {
    Run run(folder / "w");
    run.warehouse->keep(0);
    run.settle();
    CHECK(states(run) == "open 1");
    run.finish();
  }
  {
    Run run(folder / "w");
    run.warehouse->keep(0);
    run.commit(run.file("p.csv"), {chunk("person", 0, numbered({person("al")}))});
    run.settle();
    CHECK(states(run) == "resolved 1");
    CHECK(column(*run.warehouse, "visit_occurrence", "person_id") == "1");
    CHECK(run.balance(0, 1).quarantined == 0);
    run.finish();
  }
  Run run(folder / "w");
  run.warehouse->keep(0);
  run.settle();
  CHECK(states(run) == "resolved 1, open 4");
  CHECK(cells(*run.warehouse, "visit_occurrence").empty());
}

TEST_CASE("very many findings in a small engine: told once, ended together, orphans told every night") {
  constexpr int many = 20'000;
  constexpr std::uint64_t small_memory = 24ULL << 20;
  const Folder folder;
  const auto count = [](Run& run, const std::string& where) {
    return *run.warehouse->duck().integer("select count(*) from quarantine.entry where " + where);
  };
  {
    Run run(folder / "w", 4, 1U << 21, small_memory);
    run.commit(run.file("p.csv"), {chunk("person", 0, numbered({person("al")}))});
    const std::uint32_t visits = run.file("v.csv");
    for (int batch = 0; batch < 10; ++batch) {
      std::vector<Row> kept, orphans;
      for (int i = 0; i < many / 10; ++i) {
        Row row = visit(fmt::format("v{} {}", batch, i), "al");
        row.references["provider_id"] = "nobody";
        kept.push_back(row);
        orphans.push_back(visit(fmt::format("o{} {}", batch, i), "unknown"));
      }
      const auto first = static_cast<std::uint64_t>(batch) * many / 5;
      run.commit(visits, {chunk("visit_occurrence", 1, numbered(kept))}, {}, first);
      run.commit(visits, {chunk("visit_occurrence", 2, numbered(orphans))}, {}, first + many / 10);
    }
    run.settle();
    CHECK(count(run, "code = 'C051' and state = 'noted'") == many);
    CHECK(count(run, "state = 'open'") == many);
    run.finish();
  }
  {
    Run run(folder / "w", 4, 1U << 21, small_memory);
    run.warehouse->keep(0);
    run.warehouse->keep(1);
    run.settle();
    CHECK(count(run, "run = 1 and closed is null") == 2 * many);
    CHECK(count(run, "run > 1 or closed is not null") == 0);
    run.finish();
  }
  Run run(folder / "w", 4, 1U << 21, small_memory);
  run.warehouse->keep(0);
  run.warehouse->keep(1);
  Row provider;
  provider.key = "nobody";
  run.commit(run.file("n.csv"), {chunk("provider", 0, numbered({provider}))});
  run.settle();
  CHECK(count(run, "code = 'C051' and state = 'resolved' and closed = 3") == many);
  CHECK(count(run, "closed is null") == many);
}

TEST_CASE("derived tables: observation periods, metadata, source") {
  const Folder folder;
  Run run(folder / "w");
  const auto a = run.file();
  Row death;
  death.references["person_id"] = "al";
  death.integers["death_date"] = 18050;
  run.commit(a, {chunk("person", 0, numbered({person("al"), person("bo"), person("cy", 2030)}))});
  run.commit(a, {chunk("visit_occurrence", 1, numbered({visit("v1", "al", 18000), visit("v2", "al", 18200), visit("v3", "bo", 100)}))});
  run.commit(a, {chunk("death", 2, {death}), chunk("condition_occurrence", 3, {condition("bo", "", 1, 90)})});
  run.settle();
  CHECK(column(*run.warehouse, "observation_period", "person_id") == "1 2");
  CHECK(column(*run.warehouse, "observation_period", "observation_period_start_date") == "18000 90");
  CHECK(column(*run.warehouse, "observation_period", "observation_period_end_date") == "18110 160");
  CHECK(column(*run.warehouse, "cdm_source", "cdm_source_name") == "test");
  CHECK(column(*run.warehouse, "cdm_source", "cdm_release_date") == "18110");
  CHECK(cells(*run.warehouse, "metadata").size() == 10);
  CHECK(*run.warehouse->duck().integer("select count(*) from cdm.observation_period") == 2);
  for (const auto& [table, rows] : run.warehouse->table_rows()) {
    if (table == "observation_period") CHECK(rows == 2);
  }
}
