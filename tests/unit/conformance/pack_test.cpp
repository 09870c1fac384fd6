#include "conformance/pack.hpp"

#include <doctest/doctest.h>

#include <set>

#include "conformance/kinds.hpp"
#include "conformance/template.hpp"

using namespace pyojun;

namespace {

const std::string about = "key,value\ntitle,A pack\nedition,1\n";

PackFiles files(const std::string& criteria) { return {{"pack.csv", about}, {"criteria.csv", criteria}}; }

Error error_of(const PackFiles& given, const PackOptions& options = {}) {
  auto pack = load_pack("p", given, options);
  REQUIRE_FALSE(pack);
  return pack.error();
}

}  // namespace

TEST_CASE("a row with `for` stands once for every filled row of the list") {
  PackFiles given = files(
      "for,id,title,category,kind,table,field,threshold\n"
      "fields.csv:need,need-{table}-{field},{field} is empty,c,not-null,{table},{field},{need}\n");
  given["fields.csv"] = "table,field,need\nperson,gender_concept_id,5\nperson,location_id,\nvisit_occurrence,visit_end_date,none\n";
  const auto pack = load_pack("some/folder/p", given, {});
  REQUIRE(pack);
  CHECK(pack->id == "p");
  REQUIRE(pack->criteria.size() == 2);
  CHECK(pack->criteria[0].id == "need-person-gender_concept_id");
  CHECK(pack->criteria[0].threshold == 5.0);
  CHECK(pack->criteria[0].check == pack->criteria[0].id);
  CHECK_FALSE(pack->criteria[1].threshold.has_value());
  CHECK(pack->bands.front().from == 95);
  CHECK(pack->bands.front().band == "A+");
  CHECK_FALSE(pack->capped.empty());
}

TEST_CASE("what is wrong in a pack is said with its line") {
  const std::string head = "id,title,kind,table,field,args,threshold\n";
  Error error = error_of(files(head + "a,A,not-null,person,x,,\na,B,not-null,person,y,,\n"));
  CHECK(error.code == Code::pack_id_twice);
  CHECK(error.at.line == 3);
  CHECK(error_of(files(head + "a,A,no-such-kind,person,x,,\n")).code == Code::pack_kind_unknown);
  CHECK(error_of(files(head + "a,A,not-null,person,,,\n")).code == Code::pack_argument_missing);
  CHECK(error_of(files(head + "a,A,not-null,person,x,low=1,\n")).code == Code::pack_word_unknown);
  CHECK(error_of(files(head + "a,A,not-null,person,x,,101\n")).code == Code::pack_word_unknown);
  CHECK(error_of(files(head + "a,{b},not-null,person,x,,\n")).code == Code::pack_placeholder_unknown);
  CHECK(error_of(files("id,title,colour\na,A,red\n")).code == Code::pack_word_unknown);
  CHECK(error_of(files(head + "a,A,not-null,person\n")).code == Code::pack_damaged);
  CHECK(error_of(files(head + "a,\"A,not-null,person,x,,\n")).code == Code::pack_damaged);
}

TEST_CASE("parameters have defaults, and take harmless values only") {
  PackFiles given = files("id,title,kind,table,field,args\na,A,at-least,person,year_of_birth,low={first}\n");
  given["parameters.csv"] = "name,default,about\nfirst,1900,the first year\n";
  CHECK(load_pack("p", given, {})->criteria[0].args.at("low") == "1900");
  PackOptions options;
  options.parameters = {{"first", "1850"}};
  CHECK(load_pack("p", given, options)->criteria[0].args.at("low") == "1850");
  options.parameters = {{"first", "1 or 1=1"}};
  CHECK(error_of(given, options).code == Code::pack_parameter_wrong);
}

TEST_CASE("optional groups are left out unless switched on") {
  const PackFiles given = files("id,title,kind,table,only\na,A,table-exists,person,\nb,B,table-exists,concept,vocabulary\n");
  CHECK(load_pack("p", given, {})->criteria.size() == 1);
  PackOptions options;
  options.groups = {"vocabulary"};
  CHECK(load_pack("p", given, options)->criteria.size() == 2);
}

TEST_CASE("every shipped pack loads, in both sizes") {
  CHECK_FALSE(shipped_packs().empty());
  PackOptions everything;
  everything.groups = {"vocabulary"};
  for (const auto& name : shipped_packs()) {
    CAPTURE(name);
    const auto pack = load_pack(name, {}), whole = load_pack(name, everything);
    REQUIRE(pack);
    REQUIRE(whole);
    CHECK_FALSE(pack->criteria.empty());
    if (name == "omop-dqd") {
      CHECK(pack->criteria.size() == 2374);
      CHECK(whole->criteria.size() == 2533);
    }
  }
}

TEST_CASE("names of kinds are unique") {
  std::set<std::string_view> names;
  for (const Kind& kind : kinds()) {
    CHECK(names.insert(kind.name).second);
    CHECK_FALSE(kind.about.empty());
  }
}

TEST_CASE("placeholders and optional parts") {
  const auto known = [](std::string_view name) -> std::optional<std::string_view> {
    if (name == "a") return "1";
    return std::nullopt;
  };
  CHECK(fill_known("{a}{b}{ a}{", known) == "1{b}{ a}{");
  const auto present = [](std::string_view name) { return name == "yes"; };
  CHECK(keep_present("x[yes? y][no? z] [", present) == "x y [");
}

TEST_CASE("a parameter may say which values it takes") {
  PackFiles given = files("id,title,kind,table,field,args\na,A,at-least,person,year_of_birth,low={first}\n");
  given["parameters.csv"] = "name,default,values,about\nfirst,1900,1800..1950,the first year\nplace,b,a|b,where\n";
  PackOptions options;
  options.parameters = {{"first", "1850"}, {"place", "a"}};
  CHECK(load_pack("p", given, options)->settings == "first=1850; place=a");
  CHECK(load_pack("p", given, {})->settings == "first=1900; place=b");
  using Setting = std::pair<std::string, std::string>;
  for (const Setting& setting : {Setting{"first", "1799"}, Setting{"first", "x"}, Setting{"first", ""}, Setting{"place", "c"}}) {
    CAPTURE(setting.second);
    options.parameters = {{setting.first, setting.second}};
    const Error error = error_of(given, options);
    CHECK(error.code == Code::pack_value_unknown);
    CHECK(error.detail == (setting.first == "first" ? "1800..1950" : "a|b"));
  }
  given["parameters.csv"] = "name,default,values,about\nfirst,1700,1800..1950,the first year\n";
  CHECK(error_of(given).code == Code::pack_value_unknown);
}

TEST_CASE("a criterion has a title, and no verdict says certified") {
  CHECK(error_of(files("id,title,kind,table\na,,table-exists,person\n")).code == Code::pack_title_missing);
  PackFiles given = files("id,title,kind,table\na,A,table-exists,person\n");
  given["scales.csv"] = "from,band,verdict,verdict_ko\n90,A,ready,인증 준비됨\n0,B,not ready,준비되지 않음\n";
  CHECK(load_pack("p", given, {}));
  given["scales.csv"] = "from,band,verdict,verdict_ko\n90,A,Certified,준비됨\n";
  CHECK(error_of(given).code == Code::pack_says_certified);
  given["scales.csv"] = "from,band,verdict,verdict_ko\n90,A,ready,인증됨\n";
  CHECK(error_of(given).at.line == 2);
}
