// What blocks and what next: the arithmetic agrees with the score.
#include "report/advice.hpp"

#include <doctest/doctest.h>

#include "report/sample_audit.hpp"

using namespace pyojun;
using namespace pyojun::test;

TEST_CASE("critical failures come first, then what costs most") {
  const PackResult pack = sample_care();
  const auto found = gains(pack);
  REQUIRE(found.size() == 3);
  CHECK(found[0].result->criterion.id == "KF-05");
  CHECK(found[1].result->criterion.id == "KF-06");
  CHECK(found[2].result->criterion.id == "KI-05");
  CHECK(found[1].points > found[2].points);
}

TEST_CASE("the points are what the score wins") {
  PackResult pack = sample_care();
  double promised = 0;
  for (const Gain& gain : gains(pack)) promised += gain.points;
  const double before = pack.score.value_or(0);
  for (CriterionResult& one : pack.criteria)
    if (one.state == State::fail) one.state = State::pass, one.violated = 0;
  pack.categories.clear();
  pack.tally = {};
  score(pack);
  rate(pack);
  CHECK(pack.score.value_or(0) - before == doctest::Approx(promised));
}

TEST_CASE("a criterion that is not scored wins nothing") {
  PackResult pack = sample_care();
  pack.criteria[2].criterion.scoring = false;
  for (const Gain& gain : gains(pack)) CHECK((gain.points == 0) == (gain.result->criterion.id == "KF-06"));
}

TEST_CASE("criteria of one check are one step, suppressed ones are none") {
  std::vector<PackResult> packs{sample_care(), sample_large(1000)};
  for (CriterionResult& one : packs[1].criteria) one.criterion.check = "isRequired";
  const auto found = steps(packs);
  REQUIRE(found.size() == 3);
  CHECK(found[0].first->criterion.id == "KF-05");
  CHECK(found[1].first->criterion.id == "field_isrequired_table_7");
  CHECK(found[1].criteria == 5);
  CHECK(found[1].points == doctest::Approx(100.0 - packs[1].score.value_or(0)));
  CHECK(found[2].first->criterion.id == "KI-05");
}

TEST_CASE("tones follow the pack's own bands") {
  PackResult pack = sample_large(100);
  CHECK(tone(pack) == Tone::good);
  pack.verdict = "ready with gaps";
  CHECK(tone(pack) == Tone::middle);
  pack.verdict = "not ready";
  CHECK(tone(pack) == Tone::bad);
  CHECK(tone(sample_care()) == Tone::bad);  // a critical criterion
  CHECK(tone(PackResult()) == Tone::none);
  CHECK(ready_from(pack.pack) == 90);
  CHECK(!ready_from(Pack()));
}

TEST_CASE("what could not be decided, by reason") {
  const auto found = undecided(sample_care());
  REQUIRE(found.size() == 2);
  CHECK(found[0].state == State::error);
  CHECK(found[0].reason == "statement refused: Catalog Error");
  CHECK(found[0].criteria == 1);
  CHECK(found[1].state == State::not_observable);
  CHECK(found[1].reason.empty());
}
