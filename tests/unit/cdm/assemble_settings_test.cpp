#include "cdm/assemble_settings.hpp"

#include <doctest/doctest.h>

#include <set>
#include <sstream>

using namespace pyojun;

TEST_CASE("every setting of assembly has a name of its own, both languages and a default that fits") {
  std::set<std::string> names;
  REQUIRE(assemble_settings().size() > 20);
  for (const auto& setting : assemble_settings()) {
    CAPTURE(setting.name);
    CHECK(names.insert(setting.name).second);
    CHECK(!setting.about.empty());
    CHECK(!setting.about_ko.empty());
    const bool may_be_empty = setting.kind == AssembleSetting::Kind::date || setting.kind == AssembleSetting::Kind::list;
    if (setting.fallback.empty()) CHECK(may_be_empty);
    std::istringstream items(setting.fallback);
    const bool list = setting.kind == AssembleSetting::Kind::list;
    for (std::string item; list ? bool(items >> item) : bool(std::getline(items, item));) CHECK(setting.fits(item));
  }
}

TEST_CASE("values of settings are judged by their kind") {
  const struct {
    const char *name, *value;
    bool fits;
  } rows[] = {{"observation_period", "ehr", true},    {"observation_period", "EHR", false}, {"period_gap_days", "548", true},
              {"period_gap_days", "179", false},      {"period_gap_days", "36501", false},  {"period_gap_days", "5 48", false},
              {"go_live", "2012-02-29", true},        {"go_live", "2011-02-29", false},     {"go_live", "20120229", false},
              {"death_priority", "32815", true},      {"death_priority", "-1", false},      {"new_visit_concept", "9202", true},
              {"new_visit_concept", "9202.0", false}, {"new_visit_concept", "", false}};
  for (const auto& row : rows) {
    CAPTURE(row.name);
    CAPTURE(row.value);
    const AssembleSetting* const setting = find_assemble_setting(row.name);
    REQUIRE(setting != nullptr);
    CHECK(setting->fits(row.value) == row.fits);
  }
  CHECK(find_assemble_setting("observation") == nullptr);
}

TEST_CASE("what a mapping does not say has its default") {
  const auto values = with_assemble_defaults({{"observation_period", "visits"}});
  REQUIRE(values.size() == assemble_settings().size());
  for (const auto& [name, value] : values) {
    const AssembleSetting* const setting = find_assemble_setting(name);
    CHECK(value == (name == "observation_period" ? "visits" : setting->fallback));
  }
}
