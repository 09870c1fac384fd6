// Compiling: names become symbols and fields, mistakes become diagnostics, the hash covers every file, shipped mappings compile.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/resources.hpp"
#include "kit.hpp"

using namespace pyojun;
using namespace kit;

namespace {

Compiled compile_text(const std::string& rules, std::vector<std::string> lists = {}) {
  CompileOptions options;
  options.schema = &schema();
  options.vocabulary = std::make_shared<FakeVocabulary>();
  options.code_lists = std::move(lists);
  return mapping::compile_parsed(parse_text("mapping test\ncdm omop-5.4\n" + rules), options);
}

std::string fatal(const Compiled& compiled) {
  std::string out;
  for (const auto& d : compiled.diagnostics) {
    if (info(d.code).severity == Severity::fatal)
      out += std::string(info(d.code).id) + "@" + std::to_string(d.line) + " " + d.subject + ";";
  }
  return out;
}

const std::string rule =
    "rule r\nfrom k\ninto observation\nperson_id := person(P)\nobservation_concept_id := 0\nobservation_type_concept_id := "
    "0\nobservation_date := date(D)\n";

// A file that is gone when the test is.
struct TemporaryFile {
  explicit TemporaryFile(std::string_view text)
      : path((std::filesystem::temp_directory_path() / fmt::format("pyojun_plan_test_{}.csv", std::hash<std::string_view>{}(text)))
                 .string()) {
    std::ofstream(path, std::ios::binary) << text;
  }
  ~TemporaryFile() { std::remove(path.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  std::string path;
};

}  // namespace

TEST_CASE("shipped mappings compile") {
  for (const std::string name : {"synthea/csv", "fhir/r4"}) {
    CAPTURE(name);
    if (resources_under("mappings/" + name + "/").empty()) {
      MESSAGE("SKIPPED: mapping not shipped: " << name);
      continue;
    }
    CompileOptions options;
    options.path = name;
    options.schema = &schema();
    const Compiled compiled = compile(options);
    CHECK(fatal(compiled) == "");
    REQUIRE(compiled.plan);
    CHECK(compiled.plan->hash().size() == 64);
    CHECK(!compiled.plan->rules().empty());
  }
}

TEST_CASE("every name a rule reads is a symbol; fields of the record itself are listed by kind") {
  const Compiled compiled =
      compile_text(rule + "value_as_string := text(value[x])\nobservation_source_value := a.b[c = ^e].d\nunit_source_value := ^gone ? f\n");
  CHECK(fatal(compiled) != "");  // there is nothing above the record
  const Compiled good = compile_text(rule + "value_as_string := text(value[x])\nobservation_source_value := a.b[c = ^e].d\n");
  CHECK(fatal(good) == "");
  REQUIRE(good.plan);
  for (const auto name :
       {"P", "D", "k", "a", "b", "c", "d", "e", "valueQuantity", "valueString", "valueCodeableConcept", "comparator", "coding"}) {
    CHECK_MESSAGE(good.plan->symbols().find(name) != 0, name);
  }
  CHECK(good.plan->fields_of("k") == std::vector<std::string>{"P", "D", "a", "e"});
  CHECK(good.plan->reads_kind("k"));
  CHECK(!good.plan->reads_kind("other"));
}

TEST_CASE("what cannot work is said before any record is read") {
  for (const auto line :
       {"value_as_string := nofunction(P)", "value_as_string := left(P)", "value_as_string := list(nolist, P)", "provider_id := person(P)",
        "visit_occurrence_id := visit_occurrence(P) ? provider(P)", "value_as_string := P when P matches \"(\"", "nocolumn := P",
        "value_as_string := nolookup(P).x", "value_as_string := ^^P"}) {
    CAPTURE(line);
    const Compiled compiled = compile_text(rule + line + "\n");
    CHECK(fatal(compiled) != "");
    CHECK(!compiled.plan);
  }
}

TEST_CASE("the hash changes with every file and option that can change a row") {
  const auto hash = [](const std::string& rules, std::vector<std::string> lists = {}) {
    const Compiled compiled = compile_text(rules, std::move(lists));
    REQUIRE(compiled.plan);
    return compiled.plan->hash();
  };
  const TemporaryFile list("source_code,source_vocabulary_id,target_concept_id\nx,LOCAL,44054006\n");
  CHECK(hash(rule) == hash(rule));
  CHECK(hash(rule) != hash(rule + "# a comment\n"));
  CHECK(hash(rule) != hash(rule, {list.path}));
}

TEST_CASE("code lists: both column sets, standard targets only, spreadsheet damage refused") {
  const TemporaryFile good(
      "source_code,source_concept_id,source_vocabulary_id,source_code_description,target_concept_id,target_vocabulary_id,valid_start_date,"
      "valid_end_date,invalid_reason\n"
      "A1,0,LOCAL,\"first, with "
      "comma\",44054006,SNOMED,19700101,20991231,\nA1,0,LOCAL,,4000001,SNOMED,,,\nA2,0,LOCAL,,35206882,ICD10CM,,,\nA3,0,LOCAL,,44054006,,,,"
      "D\n"
      "E11.9,0,ICD10CM,,4000001,,,,\n");
  Run run(R"(
rule r
from k
into stem
person := person(P)
code := code(S, C)
start := date(D)
type := 0
)",
          {good.path});
  const auto target = [&](const std::string& system, const std::string& code) {
    std::string out;
    for (const auto& row : run.csv("k", "P,S,C,D\n1," + system + "," + code + ",2020-01-01\n")) {
      const auto at = row.find("_concept_id=") + 12;
      out += row.substr(at, row.find(' ', at) - at) + ";";
    }
    return out;
  };
  CHECK(target("LOCAL", "A1") == "44054006;4000001;");
  CHECK(target("LOCAL", "A2") == "44054006;");      // not standard: its standard target
  CHECK(target("LOCAL", "A3") == "0;");             // retired line
  CHECK(target("ICD10CM", "E11.9") == "4000001;");  // the list wins over the vocabulary
  const TemporaryFile usagi("sourceCode,sourceName,mappingStatus,conceptId\nu1,x,APPROVED,44054006\nu2,x,UNCHECKED,44054006\n");
  CHECK(fatal(compile_text(rule, {usagi.path})) == "");
  const TemporaryFile damaged(
      "source_code,source_vocabulary_id,target_concept_id\n1.2E+05,L,44054006\n5-Jan,L,44054006\n5-1,L,44054006\nE+1,L,44054006\nx,L,y\n");
  CHECK(fatal(compile_text(rule, {damaged.path})) == "C042@2 source_code;C042@3 source_code;C043@6 target_concept_id;");
  const TemporaryFile other("a,b\n1,2\n");
  CHECK(fatal(compile_text(rule, {other.path})).starts_with("C041"));
  CHECK(fatal(compile_text(rule, {"/no/such/file.csv"})).starts_with("C040"));
}
