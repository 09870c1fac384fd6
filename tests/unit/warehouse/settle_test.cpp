#include "kit.hpp"

using namespace kit;

TEST_CASE("ids are dense in order of delivery; references may come before their rows") {
  const Folder folder;
  Run run(folder / "w");
  const auto a = run.file("a.csv"), b = run.file("b.csv");
  run.commit(a, {chunk("condition_occurrence", 2, numbered({condition("bo", "v2"), condition("al"), condition("bo", "v1")}))});
  run.commit(b, {chunk("visit_occurrence", 1, numbered({visit("v1", "bo"), visit("v2", "bo")}))});
  run.commit(b, {chunk("person", 0, numbered({person("al"), person("bo")}))});
  run.commit(b, {chunk("person", 0, numbered({person("cy")}))});
  run.settle();
  CHECK(column(*run.warehouse, "person", "person_id") == "1 2 3");
  CHECK(column(*run.warehouse, "person", "person_source_value") == "al bo cy");
  CHECK(column(*run.warehouse, "visit_occurrence", "person_id") == "2 2");
  CHECK(column(*run.warehouse, "condition_occurrence", "condition_occurrence_id") == "1 2 3");
  CHECK(column(*run.warehouse, "condition_occurrence", "person_id") == "2 1 2");
  CHECK(column(*run.warehouse, "condition_occurrence", "visit_occurrence_id") == "2 - 1");
  CHECK(run.quarantine().empty());
}

TEST_CASE("the later row of a key wins, a version beats order, and only lead rows are booked") {
  const Folder folder;
  Run run(folder / "w");
  const auto a = run.file();
  run.commit(a, {chunk("person", 0, numbered({person("al", 1), person("bo", 1), person("al", 2)}))});
  run.commit(a, {chunk("person", 0, numbered({person("al", 3)}))});
  auto old = person("cy", 7), newer = person("cy", 8);
  newer.version = 2;
  old.version = 1;
  run.commit(a, {chunk("person", 1, numbered({newer}))});
  run.commit(a, {chunk("person", 1, numbered({old}))});
  run.settle();
  CHECK(column(*run.warehouse, "person", "year_of_birth") == "1 3 8");
  CHECK(column(*run.warehouse, "person", "person_id") == "1 2 3");
  CHECK(run.balance(a, 0).duplicates == 2);
  CHECK(run.balance(a, 0).mapped == 2);
  CHECK(run.balance(a, 1).duplicates == 1);
}

TEST_CASE("keyed event rows: a losing candidate takes its rows of all tables along") {
  const Folder folder;
  Run run(folder / "w");
  const auto a = run.file();
  run.commit(a, {chunk("person", 0, numbered({person("al")}))});
  auto first = condition("al", "", 1), second = condition("al", "", 2);
  first.key = second.key = "c1";
  Row side;
  side.lead = false;
  side.key = "c1/1";
  side.references["person_id"] = "al";
  side.integers["observation_concept_id"] = 5;
  run.commit(a, {chunk("condition_occurrence", 1, numbered({first})), chunk("observation", 1, {side})});
  run.commit(a, {chunk("condition_occurrence", 1, numbered({second}))});
  run.settle();
  CHECK(column(*run.warehouse, "condition_occurrence", "condition_concept_id") == "2");
  CHECK(cells(*run.warehouse, "observation").empty());
  CHECK(run.balance(a, 1).duplicates == 1);
  CHECK(run.balance(a, 1).mapped == 1);
}

TEST_CASE("a key that moves to another table replaces its row there") {
  const Folder folder;
  Run run(folder / "w");
  const auto a = run.file();
  run.commit(a, {chunk("person", 0, numbered({person("al")}))});
  auto first = condition("al");
  first.key = "k";
  Row second;
  second.key = "k";
  second.references["person_id"] = "al";
  second.integers["observation_concept_id"] = 5;
  run.commit(a, {chunk("condition_occurrence", 1, numbered({first}))});
  run.commit(a, {chunk("observation", 1, numbered({second}))});
  run.settle();
  CHECK(cells(*run.warehouse, "condition_occurrence").empty());
  CHECK(cells(*run.warehouse, "observation").size() == 1);
}

TEST_CASE("further rows of equal key are one row and die unbooked; a lead row beats them") {
  const Folder folder;
  Run run(folder / "w");
  const auto a = run.file();
  const auto place = [](std::string_view name, std::string_view city, bool lead) {
    Row row;
    row.key = name;
    row.lead = lead;
    row.texts["city"] = city;
    return row;
  };
  run.commit(a, {chunk("location", 0, numbered({place("x", "lead", true)}))});
  run.commit(a, {chunk("person", 1, numbered({person("al"), person("bo")})),
                 chunk("location", 1, numbered({place("x", "side", false), place("y", "first", false)}))});
  run.commit(a, {chunk("person", 1, numbered({person("cy")})), chunk("location", 1, numbered({place("y", "second", false)}))});
  run.settle();
  CHECK(column(*run.warehouse, "location", "city") == "lead second");
  CHECK(run.balance(a, 1).mapped == 3);
  CHECK(run.balance(a, 1).duplicates == 0);
}

TEST_CASE("a delete removes the row of its key and is itself no row; a later row brings the key back") {
  const Folder folder;
  Run run(folder / "w");
  const auto a = run.file();
  auto gone = visit("v1", "al");
  gone.deletes = true;
  auto gone_too = visit("v3", "al");
  gone_too.deletes = true;
  run.commit(a, {chunk("person", 0, numbered({person("al")}))});
  run.commit(a, {chunk("visit_occurrence", 1, numbered({visit("v1", "al", 1), visit("v2", "al", 2), visit("v3", "al", 3)}))});
  run.commit(a, {chunk("visit_occurrence", 1, numbered({gone, gone_too}))});
  run.commit(a, {chunk("visit_occurrence", 1, numbered({visit("v3", "al", 4)}))});
  run.commit(a, {chunk("condition_occurrence", 2, numbered({condition("al", "v1"), condition("al", "v3")}))});
  run.settle();
  CHECK(column(*run.warehouse, "visit_occurrence", "visit_start_date") == "2 4");
  CHECK(column(*run.warehouse, "condition_occurrence", "visit_occurrence_id") == "- 2");
  CHECK(run.balance(a, 1).duplicates == 3);  // v1, v3 and the delete of v3 were superseded
  CHECK(run.balance(a, 1).mapped == 3);      // v2, v3 again, and the delete of v1
  CHECK(run.quarantine() == "C051:condition_occurrence.visit_occurrence_id:1");
}

TEST_CASE("between equal versions the order decides, then a delete of another record stands") {
  const Folder folder;
  Run run(folder / "w");
  const auto a = run.file(), b = run.file();
  const auto told = [](std::string_view name, std::string order, std::int32_t day, bool deletes = false) {
    auto row = visit(name, "al", day);
    row.version = 5;
    row.order = std::move(order);
    row.deletes = deletes;
    return row;
  };
  run.commit(a, {chunk("person", 0, numbered({person("al")}))});
  run.commit(
      a,
      {chunk("visit_occurrence", 1,
             numbered({told("v1", "2", 1), told("v2", "1", 2, true), told("v3", "1", 3, true), told("v3", "1", 4), told("v4", "1", 5)}))});
  run.commit(b, {chunk("visit_occurrence", 1, numbered({told("v1", "1", 6), told("v2", "1", 7), told("v4", "1", 5), told("v5", "1", 8)}))});
  run.commit(b, {chunk("visit_occurrence", 1, numbered({told("v5", "1", 9)}))});
  run.settle();
  // v1 by its order; v2 stays deleted; v3 is deleted, for these are two records; v5 by order of delivery.
  CHECK(column(*run.warehouse, "visit_occurrence", "visit_start_date") == "1 5 9");
  CHECK(run.quarantine() ==
        "C092:visit_occurrence.visit_occurrence_id:1 C092:visit_occurrence.visit_occurrence_id:1 "
        "C092:visit_occurrence.visit_occurrence_id:1");
}

TEST_CASE("a delete takes along what stands within, up to its version; one that finds nothing is told") {
  const Folder folder;
  Run run(folder / "w");
  const auto a = run.file();
  const auto site = [](std::string_view name, std::int64_t version) {
    Row row;
    row.key = name;
    row.version = version;
    row.deletes = true;
    return row;
  };
  const auto told = [](std::string_view name, std::string_view within, std::int64_t version, std::int32_t day) {
    auto row = visit(name, "al", day);
    row.version = version;
    row.within = within;
    return row;
  };
  run.commit(a, {chunk("care_site", 2, numbered({site("s1", 5), site("s2", 5), site("s3", 5)}))});
  run.commit(a, {chunk("person", 0, numbered({person("al")}))});
  run.commit(a, {chunk("visit_occurrence", 1,
                       numbered({told("v1", "s1", 4, 1), told("v2", "s1", 5, 2), told("v3", "s1", 6, 3), told("v4", "s2", 6, 4),
                                 told("v5", "", 1, 5)}))});
  run.settle();
  CHECK(column(*run.warehouse, "visit_occurrence", "visit_start_date") == "3 4 5");
  CHECK(run.balance(a, 1).duplicates == 2);
  CHECK(run.quarantine() == "C090:care_site.care_site_id:1 C090:care_site.care_site_id:1");
}

TEST_CASE("rows under a retired name give way, whatever their version") {
  const Folder folder;
  Run run(folder / "w");
  const auto a = run.file();
  auto old = person("old", 1950), fresh = person("new", 1960), later = person("old", 1970);
  old.version = 1;
  fresh.version = 2;
  later.version = 3;
  auto people = chunk("person", 0, numbered({old, fresh, later}));
  people.aliases = {key("new"), key("old")};
  people.retires = true;
  run.commit(a, {std::move(people)});
  run.settle();
  CHECK(column(*run.warehouse, "person", "year_of_birth") == "1960");
  CHECK(run.quarantine() == "C091:person.person_id:1");
}

TEST_CASE("orphans are quarantined with their place; what hung on them loses the reference") {
  const Folder folder;
  Run run(folder / "w");
  const auto a = run.file("visits.csv"), b = run.file("conditions.csv");
  run.commit(a, {chunk("person", 0, numbered({person("al")}))});
  run.commit(a, {chunk("visit_occurrence", 1, numbered({visit("v1", "nobody"), visit("v2", "al")}))});
  const std::vector<RecordPlace> places{{100, 10, 0}, {110, 15, 1}, {125, 5, 2}};
  run.commit(b, {chunk("condition_occurrence", 2, numbered({condition("al", "v1"), condition("nobody", "v1"), condition("al", "v2")}))},
             places, 40, 50);
  run.settle();
  CHECK(column(*run.warehouse, "visit_occurrence", "visit_source_value") == "v2");
  CHECK(column(*run.warehouse, "condition_occurrence", "visit_occurrence_id") == "- 1");
  CHECK(run.balance(a, 1).quarantined == 1);
  CHECK(run.balance(b, 2).quarantined == 1);
  CHECK(run.balance(b, 2).mapped == 2);
  CHECK(run.quarantine() ==
        "C050:visit_occurrence.person_id:0 C050:condition_occurrence.person_id:0 C051:condition_occurrence.visit_occurrence_id:1");
  auto& duck = run.warehouse->duck();
  auto place = duck.text(
      "select \"offset\" || ' ' || length || ' ' || line || ' ' || record || ' ' || rule_name || ' ' || state from quarantine.entry "
      "where code = 'C050' and file = 1");
  REQUIRE(place);
  CHECK(*place == "110 15 52 42 rule2 open");
}

TEST_CASE("a candidate whose lead is an orphan loses its further rows too, and they are no targets any more") {
  const Folder folder;
  Run run(folder / "w");
  const auto a = run.file();
  Row site;
  site.key = "site";
  site.lead = false;
  site.texts["care_site_name"] = "x";
  auto held = visit("v2", "al");
  held.references["care_site_id"] = "site";
  run.commit(a, {chunk("person", 0, numbered({person("al")}))});
  run.commit(a, {chunk("visit_occurrence", 1, numbered({visit("v1", "nobody")})), chunk("care_site", 1, {site})});
  run.commit(a, {chunk("visit_occurrence", 1, numbered({held}))});
  run.settle();
  CHECK(cells(*run.warehouse, "care_site").empty());
  CHECK(column(*run.warehouse, "visit_occurrence", "care_site_id") == "-");
}

TEST_CASE("aliases name one entity, in whichever order they come") {
  const Folder folder;
  Run run(folder / "w");
  const auto a = run.file();
  run.commit(a, {chunk("condition_occurrence", 2, numbered({condition("al-old"), condition("al")}))});
  run.commit(a, {chunk("person", 0, numbered({person("al-old", 1), person("bo", 2)}))});
  auto merged = chunk("person", 0, numbered({person("al", 3)}));
  merged.aliases = {key("al"), key("al-old")};
  run.commit(a, {merged});
  run.commit(a, {chunk("condition_occurrence", 2, numbered({condition("al-old"), condition("bo")}))});
  run.settle();
  CHECK(column(*run.warehouse, "person", "year_of_birth") == "2 3");
  CHECK(column(*run.warehouse, "condition_occurrence", "person_id") == "2 2 2 1");
  CHECK(run.balance(a, 0).duplicates == 1);
}

TEST_CASE("a sibling reference is the id of its candidate's lead row") {
  const Folder folder;
  Run run(folder / "w");
  const auto a = run.file();
  run.commit(a, {chunk("person", 0, numbered({person("al")}))});
  const auto cost = [](std::uint32_t candidate) {
    Row row;
    row.candidate = candidate;
    row.lead = false;
    row.siblings["cost_event_id"] = candidate;
    return row;
  };
  auto doubled = condition("al", "", 9);
  doubled.candidate = 1;
  doubled.lead = false;
  std::vector<Row> rows = numbered({condition("nobody", "", 1), condition("al", "", 2), condition("al", "", 3)});
  rows.insert(rows.begin() + 2, doubled);
  run.commit(a, {chunk("condition_occurrence", 1, rows), chunk("cost", 1, {cost(0), cost(1), cost(2)})});
  run.settle();
  CHECK(column(*run.warehouse, "condition_occurrence", "condition_concept_id") == "2 9 3");
  CHECK(column(*run.warehouse, "cost", "cost_event_id") == "1 3");
  CHECK(column(*run.warehouse, "cost", "cost_id") == "1 2");
}

TEST_CASE("a reference to an event row finds it by its key") {
  const Folder folder;
  Run run(folder / "w");
  const auto a = run.file();
  auto first = condition("al"), second = condition("al");
  first.key = "c1";
  second.key = "c2";
  Row event;
  event.references["episode_id"] = "e";
  RowChunk episode_event = chunk("episode_event", 2, {event});
  ColumnValues reference;
  reference.column = schema().table(episode_event.table).find("event_id");
  reference.storage = Storage::references;
  reference.target = schema().find("condition_occurrence");
  reference.references = {key("c2")};
  episode_event.columns.push_back(reference);
  run.commit(a, {episode_event});
  run.commit(a, {chunk("person", 0, numbered({person("al")}))});
  Row episode;
  episode.key = "e";
  episode.references["person_id"] = "al";
  run.commit(a, {chunk("episode", 3, numbered({episode}))});
  run.commit(a, {chunk("condition_occurrence", 1, numbered({first, second}))});
  run.settle();
  CHECK(column(*run.warehouse, "episode_event", "event_id") == "2");
}

TEST_CASE("rows that do not fit their table are refused, and wrong counts are not balanced") {
  const Folder folder;
  Run run(folder / "w");
  const auto a = run.file();
  auto wrong = chunk("person", 0, numbered({person("al")}));
  wrong.columns[0].column = schema().table(wrong.table).find("birth_datetime");
  std::vector<RowChunk> chunks{wrong};
  std::vector<QuarantineEntry> none;
  const Status refused = run.warehouse->commit(a, chunks, {}, {}, none);
  REQUIRE(!refused);
  CHECK(refused.error().code == Code::warehouse_rows_misfit);
  chunks = {chunk("person", 0, numbered({person("al")}))};
  REQUIRE(run.warehouse->commit(a, chunks, {}, {}, none));  // a row nobody counted
  REQUIRE(run.warehouse->settle());
  CHECK(!run.warehouse->balanced());
  CHECK(!run.warehouse->finish());
}
