#include "conformance/audit.hpp"

#include <doctest/doctest.h>

#include "conformance/duck_engine.hpp"
#include "conformance/evaluate.hpp"
#include "warehouse/duck.hpp"

using namespace pyojun;

namespace {

// A CDM of a few rows in memory.
struct Bench {
  std::unique_ptr<Duck> duck;
  std::unique_ptr<AuditSource> source;
  Schema schema;

  explicit Bench(const std::string& sql) : schema(std::move(*Schema::load())) {
    duck = std::move(*Duck::open({}));
    REQUIRE(duck->exec("create schema cdm;" + sql));
    source = std::move(*warehouse_source(*duck, "w", "id"));
  }
  PackResult run(const std::string& criteria, const std::string& more = "") {
    PackFiles files{{"pack.csv", "key,value\ntitle,T\n" + more}, {"criteria.csv", criteria}};
    auto pack = load_pack("p", files, {});
    REQUIRE(pack);
    AuditRequest request;
    request.packs = {*pack};
    request.today = "2026-11-25";
    auto result = audit(*source, request, schema);
    REQUIRE(result);
    return std::move(result->packs[0]);
  }
};

constexpr const char* people =
    "create table cdm.person(person_id integer, gender_concept_id integer, year_of_birth integer);"
    "insert into cdm.person values (1, 8507, 1950), (2, 0, 1960), (3, null, 1970), (4, 8532, 1980);"
    "create table cdm.death(person_id integer, death_date date);";

}  // namespace

TEST_CASE("states of the plain rules") {
  Bench bench(people);
  const PackResult pack = bench.run(
      "id,title,category,kind,table,field,args,threshold,applies,observable\n"
      "fails,F,c,rows,person,,\"violated=coalesce(t.gender_concept_id, 0) = 0\",49.9,,\n"
      "exact,E,c,rows,person,,\"violated=coalesce(t.gender_concept_id, 0) = 0\",50,,\n"
      "nothing,N,c,not-null,death,death_date,,,,\n"
      "no-table,T,c,not-null,note,note_date,,,,\n"
      "no-field,T,c,not-null,person,birth_datetime,,,,\n"
      "not-here,A,c,not-null,person,person_id,,,1 = 0,\n"
      "unclear,U,c,not-null,person,person_id,,,exists (select 1 from nowhere),\n"
      "people,P,c,stated,,,,,,no\n"
      "broken,B,c,query,person,,count=select no_such from person,,,\n"
      "no-visits,V,c,not-null,person,person_id,,,exists (select 1 from visit_occurrence),\n");
  const auto state = [&pack](std::size_t at) { return pack.criteria[at].state; };
  CHECK(state(0) == State::fail);
  CHECK(pack.criteria[0].violated == 2);
  CHECK(pack.criteria[0].counted == 4);
  CHECK(state(1) == State::pass);
  CHECK(state(2) == State::not_applicable);
  CHECK(state(3) == State::not_observable);
  CHECK(state(4) == State::not_observable);
  CHECK(state(5) == State::not_applicable);
  CHECK(state(6) == State::error);
  CHECK(pack.criteria[6].reason == "p/criteria.csv:8: `applies` refused: Catalog Error");
  CHECK(state(7) == State::not_observable);
  CHECK(state(8) == State::error);
  CHECK(pack.criteria[8].reason == "p/criteria.csv:10: statement refused: Binder Error");
  CHECK(state(9) == State::not_observable);
  CHECK(pack.criteria[9].reason == "its condition cannot be decided without visit_occurrence");
  CHECK(pack.tally.all() == 10);
}

TEST_CASE("one refused statement does not take its neighbours with it") {
  Bench bench(people);
  const PackResult pack = bench.run(
      "id,title,category,kind,table,field,args\n"
      "good,G,c,not-null,person,gender_concept_id,\n"
      "bad,B,c,rows,person,,violated=t.no_such_column = 1\n");
  CHECK(pack.criteria[0].violated == 1);
  CHECK(pack.criteria[0].state == State::fail);
  CHECK(pack.criteria[1].state == State::error);
}

TEST_CASE("scores are weighted means of what was decided; a critical failure caps the verdict only") {
  Bench bench(people);
  const std::string criteria =
      "id,title,category,kind,table,field,args,threshold,weight,effect,critical\n"
      "half,H,one,rows,person,,\"violated=coalesce(t.gender_concept_id, 0) = 0\",,3,,\n"
      "whole,W,two,not-null,person,person_id,,,1,,\n"
      "aside,A,two,not-null,person,gender_concept_id,,,100,informational,\n"
      "absent,N,three,not-null,note,note_date,,,50,,\n";
  const PackResult share = bench.run(criteria);
  CHECK(*share.score == doctest::Approx((3 * 50.0 + 100.0) / 4));
  CHECK(*share.categories[0].score == doctest::Approx(50.0));
  CHECK(*share.categories[1].score == doctest::Approx(100.0));
  CHECK_FALSE(share.categories[2].score.has_value());
  CHECK(share.decided == doctest::Approx(100.0 * 4 / 54));  // too little for a verdict
  CHECK(share.undecided);
  CHECK(share.band.empty());
  const PackResult seen = bench.run(criteria.substr(0, criteria.find("absent")));
  CHECK_FALSE(seen.undecided);
  CHECK(seen.band == "D");
  CHECK_FALSE(share.capped);
  CHECK(*bench.run(criteria, "scoring,count\n").score == doctest::Approx(25.0));
  const PackResult capped = bench.run(
      "id,title,category,kind,table,field,critical,threshold\n"
      "all,A,one,not-null,person,person_id,,\n"
      "one,O,one,not-null,person,gender_concept_id,yes,\n");
  CHECK(capped.capped);
  CHECK(*capped.score == doctest::Approx(87.5));
  CHECK(capped.band == "B+");
  CHECK(capped.verdict == capped.pack.capped);
}

TEST_CASE("a key that is there twice multiplies the joined checks and no other") {
  Bench bench(std::string(people) +
              "insert into cdm.death values (1, date '2020-01-01'), (1, date '2020-02-01');"
              "create table cdm.measurement(measurement_id integer, person_id integer, measurement_date date);"
              "insert into cdm.measurement values (1, 1, date '2021-01-01'), (2, 2, date '2021-01-01');");
  const PackResult pack = bench.run(
      "id,title,category,kind,table,field\n"
      "before,B,c,before-death,measurement,measurement_date\n"
      "life,L,c,in-life,measurement,measurement_date\n"
      "there,T,c,not-null,measurement,measurement_date\n");
  CHECK(pack.criteria[0].violated == 2);
  CHECK(pack.criteria[0].counted == 2);
  CHECK(pack.criteria[1].violated == 2);
  CHECK(pack.criteria[1].counted == 1);
  CHECK(pack.criteria[2].counted == 2);
}

TEST_CASE("code and row coverage stand side by side") {
  Bench bench(
      "create table cdm.drug_exposure(drug_exposure_id integer, drug_concept_id integer, drug_source_value varchar);"
      "insert into cdm.drug_exposure values (1, 7, 'a'), (2, 7, 'a'), (3, 7, 'a'), (4, 0, 'b'), (5, null, 'c'), (6, 0, null);");
  const PackResult pack =
      bench.run("id,title,category,kind,table,field,args\nm,M,c,mapped,drug_exposure,drug_concept_id,source=drug_source_value\n");
  CHECK(pack.criteria[0].violated == 2);
  CHECK(pack.criteria[0].counted == 5);
  CHECK(pack.criteria[0].codes_violated == 2);
  CHECK(pack.criteria[0].codes_counted == 3);
}

TEST_CASE("violating keys, and only keys") {
  Bench bench(people);
  const PackResult pack = bench.run("id,title,category,kind,table,field\none,O,c,not-null,person,gender_concept_id\n");
  std::string text;
  const auto take = [&text](std::string_view more) {
    text += more;
    return Status();
  };
  const auto rows = list_violations(*bench.source, pack.criteria[0], 0, take);
  REQUIRE(rows);
  CHECK(*rows == 1);
  CHECK(text == "person_id\n3\n");
}

TEST_CASE("gates") {
  Bench bench(people);
  PackFiles files{{"pack.csv", "key,value\ntitle,T\n"},
                  {"criteria.csv", "id,title,category,kind,table,field\na,A,c,not-null,person,gender_concept_id\n"}};
  AuditRequest request;
  request.packs = {*load_pack("p", files, {})};
  request.today = "2026-11-25";
  request.gates = {"p>=75", "p>75", "p/c>=80", "p:failed<=1", "p:errors=0"};
  request.gate_new_failures = true;
  request.baseline_name = "earlier";
  request.baseline = {{"p", "a", "pass"}};
  for (const auto& gate : request.gates) CHECK(check_gate(gate, request.packs));
  for (const char* const wrong : {"p", "q>=1", "p/d>=1", "p>=x", "p:colour=1", ">=1"}) CHECK_FALSE(check_gate(wrong, request.packs));
  auto result = audit(*bench.source, request, bench.schema);
  REQUIRE(result);
  judge_gates(*result, request);
  REQUIRE(result->gates.size() == 6);
  const bool held[] = {true, false, false, true, true, false};
  for (std::size_t i = 0; i < 6; ++i) {
    CAPTURE(result->gates[i].expression);
    CHECK(result->gates[i].held == held[i]);
  }
  CHECK(result->packs[0].new_failures == 1);
  CHECK_FALSE(result->gates_held());
}

TEST_CASE("shown numbers never look better than what was found") {
  CHECK(shown_score(94.996) == "94.99");
  CHECK(shown_score(99.999) == "99.99");
  CHECK(shown_score(100.0) == "100.00");
  CHECK(shown_score(95.0 - 1e-12) == "95.00");  // the gate and the band forgive the same
  CHECK(shown_score(99.56) == "99.56");
  CHECK(shown_share(1, 3) == "33.34");
  CHECK(shown_share(1, 1000000) == "0.01");
  CHECK(shown_share(1, 4) == "25.00");
  CHECK(shown_share(0, 4) == "0.00");
}
