// Static checks: one small mapping for each finding, and none for the mappings we ship.
#include "mapping/check.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "mapping/diagnostic.hpp"
#include "mapping/parser.hpp"

using namespace pyojun;

namespace {

// A vocabulary of five concepts: what the checks ask for, and nothing else.
class FewConcepts final : public Vocabulary {
 public:
  VocabularyId system(std::string_view name) const override { return name == "SNOMED" ? VocabularyId{1} : no_vocabulary; }
  std::string_view system_name(VocabularyId) const override { return "SNOMED"; }
  bool has_concepts(VocabularyId) const override { return true; }
  Found find(VocabularyId, std::string_view) const override { return {}; }
  std::optional<ConceptView> concept_of(std::int32_t id) const override {
    ConceptView view;
    view.id = id;
    view.standard = 'S';
    view.domain = "Gender";
    if (id == 8507) return view;
    if (id == 8527) return view.domain = "Race", view;
    if (id == 100) return view.invalid_reason = 'D', view;
    if (id == 200) return view.standard = 0, view;
    if (id == 32827) return view.domain = "Type Concept", view;
    return std::nullopt;
  }
  std::span<const std::int32_t> maps_to(std::int32_t) const override { return {}; }
  std::span<const std::int32_t> maps_to_value(std::int32_t) const override { return {}; }
  std::int32_t standard_by_name(std::string_view, std::string_view) const override { return 0; }
  const Info& info() const override { return info_; }
  const std::string& sql_folder() const override { return folder_; }
  std::int32_t unit(std::string_view) const override { return 0; }
  std::int32_t word(std::string_view, std::string_view) const override { return 0; }
  std::size_t priority(VocabularyId) const override { return 0; }
  std::vector<ConceptView> suggest(std::string_view, std::size_t) const override { return {}; }

 private:
  Info info_;
  std::string folder_;
};

const Schema& schema() {
  static const Schema loaded = [] {
    auto made = Schema::load();
    REQUIRE(made);
    return std::move(*made);
  }();
  return loaded;
}

std::vector<Diagnostic> check(const std::string& text, const Vocabulary* vocabulary = nullptr) {
  const Parsed parsed = parse_text(text);
  CAPTURE(text);
  CHECK(parsed.diagnostics.empty());
  return check_mapping(parsed.mapping, schema(), vocabulary, functions());
}

std::string found(const std::vector<Diagnostic>& diagnostics) {
  std::string out;
  for (const auto& d : diagnostics) {
    out += std::string(info(d.code).id) + "@" + std::to_string(d.line) + ":" + std::to_string(d.column) + " " + d.subject;
    out += d.suggestion.empty() ? ";" : " -> " + d.suggestion + ";";
  }
  return out;
}

// Rules that are in order: a person with a key, a death, an event, lists and a lookup in use.
const std::string person = "mapping m\nrule p\nfrom k\ninto person\nkey Id\nyear_of_birth := year(BIRTH)\n";  // the next line is 7
const std::string death = "mapping m\nrule p\nfrom k\ninto person\nkey Id\nyear_of_birth := 1\nalso death\nperson_id := person(Id)\n";  // 9
const std::string stem = person + "rule e\nfrom k\ninto stem\nperson := person(Id)\ncode := code(\"SNOMED\", C)\nstart := date(D)\n";  // 13

}  // namespace

TEST_CASE("each finding stands at its place with name and suggestion") {
  const std::string defined = "mapping m\ndefine d := trim(R)\n" + person.substr(10);  // the next line is 8
  const std::string dated = death + "death_date := date(D)\n";                         // the next line is 10
  const struct {
    std::string text, want;
  } rows[] = {
      {person, ""},
      {dated, ""},
      {stem, ""},
      {person + "rule x\nfrom k\ninto persn\n", "M055@9:6 persn -> person;"},
      {person + "gender_source_value := rrn_sex(R) when present R\n", ""},
      {person + "gender_source_value := rrn_sex(R)\nperson_source_value := R\n", "C081@8:24 R;"},
      {person + "gender_source_value := rrn_sex(R)\nrule x\nfrom k\ninto location\nkey left(R, 6)\n", "C081@11:10 R;"},
      {person + "gender_source_value := rrn_sex(R)\nrule x\nfrom other\ninto location\nkey R\n", ""},
      {person + "gender_source_value := rrn_sex(R)\nrule x\nfrom k\ninto location\nkey *\n", "C081@10:6 key *;"},
      {defined + "gender_source_value := rrn_sex(R)\nperson_source_value := d()\n", "C081@9:24 d();"},
      {defined + "gender_source_value := rrn_sex(d())\nrule x\nfrom k where left(d(), 6) = B\ninto location\n", ""},
      {person + "person_source_value := RRN\n", "C081@7:24 RRN;"},
      {person + "person_source_value := BARRN\n", ""},
      {person + "rule x\nfrom k\ninto concept\n", "M056@9:6 concept;"},
      {person + "gendr_source_value := G\n", "M057@7:1 person.gendr_source_value -> gender_source_value;"},
      {stem + "stat := date(D)\n", "M058@13:1 stat -> start;"},
      {death, "M059@7:6 death_date;"},
      {person + "rule e\nfrom k\ninto stem\nperson := person(Id)\ncode := code(\"SNOMED\", C)\n", "M059@9:6 start;"},
      {person + "gender_source_value := uper(G)\n", "M060@7:24 uper -> upper;"},
      {person + "gender_source_value := left(G)\n", "M061@7:24 left;"},
      {person + "gender_source_value := trim(G, 2)\n", "M061@7:24 trim;"},
      {person + "gender_concept_id := list(sexes, G)\nlist sex \"m\" -> 8507\nrule q\nfrom k where G in sex\ninto location\n",
       "M062@7:27 sexes -> sex;"},
      {person + "gender_source_value := G when G in sex\n", "M062@7:36 sex;"},
      {person + "gender_source_value := visits(G).name\n", "M063@7:24 visits;"},
      {person + "gender_source_value := visit(G).nam\nlookup visit from k key A keep name := B\n", "M064@7:24 visit(..).nam -> name;"},
      {person + "gender_source_value := visit(G)\nlookup visit from k key A keep name := B\n", "M064@7:24 visit;"},
      {person + "gender_source_value := visit(G, H).name\nlookup visit from k key A keep name := B\n", "M065@7:24 visit;"},
      {death +
           "death_date := date(D)\ncause_source_value := A\nrule y\nfrom k\ninto death\nperson_id := person(A, B)\ndeath_date := date(D)\n",
       "M065@14:14 person;"},
      {person + "gender_source_value := upper(G).name\n", "M066@7:24 upper;"},
      {person + "gender_source_value := upper(G).name.first\n", "M066@7:24 upper;"},
      {person + "gender_source_value := each \"G\"\n", "M067@7:24 each;"},
      {person + "gender_source_value := ^G\n", "M068@7:24 ^;"},
      {person + "gender_source_value := G[^^a = \"1\"]\n", "M068@7:26 ^^;"},
      {person + "gender_source_value := event_domain()\n", "M069@7:24 event_domain;"},
      {person + "gender_source_value := G when G matches \"[\"\n", "M070@7:41 ;"},
      {person + "month_of_birth := \"May\"\n", "M071@7:19 month_of_birth;"},
      {person + "month_of_birth := 1.5\n", "M071@7:19 month_of_birth;"},
      {person + "month_of_birth := 3000000000\n", "M071@7:19 month_of_birth;"},
      {person + "month_of_birth := date(B)\n", "M071@7:19 month_of_birth;"},
      {person + "month_of_birth := true\n", "M071@7:19 month_of_birth;"},
      {person + "birth_datetime := \"1970-01-01\"\n", "M072@7:19 birth_datetime;"},
      {person + "birth_datetime := datetime(A) ? B\n", "M072@7:33 birth_datetime;"},
      {death + "death_date := D when present D\n", "M072@9:15 death_date;"},
      {stem + "end := D\n", ""},
      {stem + "end := 5\n", "M072@13:8 condition_end_date;"},
      {stem + "provider := P\n", "M073@13:13 provider_id -> provider(..);"},
      {stem + "route := ROUTE\n", ""},
      {person + "gender_concept_id := G\n", "M092@7:22 gender_concept_id;"},
      {person + "gender_concept_id := integer(G)\n", ""},
      {person + "provider_id := P\n", "M073@7:16 provider_id -> provider(..);"},
      {person + "person_id := 1\n", "M074@7:1 person_id;"},
      {person + "rule e\nfrom k\ninto stem\nperson := person(Id)\ncode := C\nstart := date(D)\n", "M075@11:9 code;"},
      {person + "rule e\nfrom k\ninto stem default Observations only Condition\nperson := person(Id)\ncode := code(\"a\", C)\nstart := "
                "date(D)\n",
       "M076@9:6 Observations -> Observation;"},
      {person + "list sex \"none.csv\"\nrule q\nfrom k where G in sex\ninto location\n", "M077@7:6 none.csv;"},
      {person + "rule q\nfrom k\ninto location\ndelete when A = \"D\"\n", "M078@7:6 q;"},
      {person + "list sex \"m\" -> 8507\n", "M079@7:6 sex;"},
      {person + "lookup visit from k key A keep name := B\n", "M079@7:8 visit;"},
      {person + "rule q\nfrom k where A = \"1\"\nwhere B = \"1\" and A in (\"2\", \"3\")\ninto location\n", "M080@9:7 q;"},
      {person + "rule q\nfrom k\nwhere A in (\"1\", \"2\")\nwhere not A = \"1\"\nwhere A != \"2\"\ninto location\n", "M080@11:7 q;"},
      {person + "rule q\nfrom k\nwhere false\ninto location\n", "M080@9:7 q;"},
      {person + "rule q\nfrom k\nwhere false \"counted elsewhere\"\ninto location\n", ""},
      {person + "gender_source_value := \"x\" ? G\n", "M081@7:30 ;"},
      {"mapping m\ndialect\nfile patients \"a\"\nrule p\nfrom patient\ninto location\n", "M082@5:6 patient -> patients;"},
      {person + "provider_id := provider(P)\n", "M083@7:16 provider;"},
      {person + "gender_source_value := \"" + std::string(51, 'x') + "\"\n", "M084@7:24 gender_source_value;"},
      {person + "gender_source_value := \"a\"\ngender_source_value := \"b\"\n", "M044@8:1 gender_source_value;"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(found(check(row.text)) == row.want);
  }
}

TEST_CASE("concepts and code systems are looked up when there is a vocabulary") {
  const FewConcepts vocabulary;
  const struct {
    std::string line, want;
  } rows[] = {
      {"gender_concept_id := 8507", ""},
      {"gender_concept_id := 0", ""},
      {"gender_concept_id := 8507 when G = \"M\" ? 0", ""},
      {"gender_concept_id := 99", "M085@7:22 99;"},
      {"gender_concept_id := 100", "M086@7:22 100;"},
      {"gender_concept_id := 200", "M087@7:22 200;"},
      {"gender_source_concept_id := 200", ""},
      {"gender_concept_id := 8527", "M088@7:22 8527;"},
      {"gender_concept_id := concept(G, \"Race\")", "M088@7:33 Race -> Gender;"},
      {"gender_concept_id := list(sex, G)\nlist sex \"m\" -> 8507, \"f\" -> 99", "M085@8:6 99;"},
      {"race_concept_id := standard(code(\"SNOMED\", R))", ""},
      {"race_concept_id := standard(code(\"SNOWMED\", R))", "M089@7:34 SNOWMED;"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.line);
    CHECK(found(check(person + row.line + "\n", &vocabulary)) == row.want);
  }
  CHECK(found(check(stem + "type := 32827\n", &vocabulary)) == "");
  CHECK(found(check(stem + "type := 8507\n", &vocabulary)) == "M088@13:9 8507;");
}

TEST_CASE("sample data shows kinds and fields that nobody delivers") {
  const Parsed parsed = parse_text(
      "mapping m\nlookup l from visit key Id keep a := NAM\nrule p\nfrom patients\neach name\nwhere ^Sx = \"M\" and use = \"x\"\ninto "
      "person\n"
      "key ^Id\ngender_source_value := list(race, ^RACE) ? ^value[x] ? ^@id\n");
  CHECK(parsed.diagnostics.empty());
  const SeenFields seen{{"patients", {"Id", "Sex", "name", "valueCode"}}, {"visits", {"Id"}}};
  CHECK(found(check_fields(parsed.mapping, seen)) == "M090@2:8 visit -> visits;M091@6:8 Sx -> Sex;M091@9:36 RACE;");
}

TEST_CASE("shipped mappings have no findings") {
  for (const std::string name : {"shipped:synthea/csv", "shipped:fhir/r4"}) {
    CAPTURE(name);
    const Parsed parsed = parse_mapping(name);
    for (const auto& d : check_mapping(parsed.mapping, schema(), nullptr, functions())) FAIL_CHECK(render(d, "en"));
  }
}
