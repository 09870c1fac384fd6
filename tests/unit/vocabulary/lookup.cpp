// Lookups over the sample vocabulary in testdata/vocabulary (its README lists what each row is there for).
#include <doctest/doctest.h>

#include <vector>

#include "base/time_value.hpp"
#include "vocabulary/folder.hpp"
#include "vocabulary/normalise.hpp"
#include "vocabulary/resource_csv.hpp"

using namespace pyojun;
using namespace pyojun::test;

namespace {
std::vector<std::int32_t> list(std::span<const std::int32_t> ids) { return {ids.begin(), ids.end()}; }
}  // namespace

TEST_CASE("a code is found as written, or after its vocabulary's rules, and the result says which") {
  const struct {
    std::string_view system, code;
    std::int32_t id;
    bool normalised;
  } rows[] = {
      {"SNOMED", "59621000", 320128, false},
      {"http://snomed.info/sct", " 59621000\r", 320128, true},
      {"SNOMED", "059621000", 320128, true},
      {"LOINC", "8302-2", 3036277, false},
      {"LOINC", "83022", 3036277, true},
      {"LOINC", "83023", 0, false},
      {"ICD10CM", "E11.9", 35206882, false},
      {"ICD10CM", "E119", 35206882, true},
      {"ICD10CM", "e11.9", 35206882, true},
      {"ICD10CM", "I10.", 35207668, true},
      {"ICD10CM", "\xC2\xA0I10", 35207668, true},
      {"ICD9CM", "4019", 44821949, true},
      {"CVX", "3", 40213183, true},
      {"CVX", "03", 40213183, false},
      {"CVX", "140", 40213154, false},
      {"CVX", "0140", 40213154, true},
      {"RxNorm", "0001191", 1112807, true},
      {"RxNorm", "", 0, false},
      {"SNOMED", "10939881000119104", 0, false},
      {"Visit", "IP", 9201, false},
      {"SAMPLE", "EXAM-01", 2000000001, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.system);
    CAPTURE(row.code);
    const auto found = sample().find(sample().system(row.system), row.code);
    CHECK(found.concept_id == row.id);
    CHECK(found.normalised == row.normalised);
  }
}

TEST_CASE("targets are valid standard concepts, ascending; a standard concept is its own target") {
  CHECK(list(sample().maps_to(320128)) == std::vector{320128});
  CHECK(list(sample().maps_to(id_of("ICD10CM", "I10"))) == std::vector{320128});
  CHECK(list(sample().maps_to(id_of("RxNorm", "10831"))) == std::vector{1705674, 1836430});
  CHECK(list(sample().maps_to(id_of("SNOMED", "15777000"))) == std::vector{4311629});
  CHECK(sample().maps_to(id_of("SNOMED", "66348005")).empty());
  CHECK(sample().maps_to(0).empty());
  CHECK(sample().maps_to(123456789).empty());
  CHECK(sample().maps_to(-5).empty());
  CHECK(list(sample().maps_to(id_of("SAMPLE", "EXAM-01"))) == std::vector{4203722});
  CHECK(list(sample().maps_to_value(id_of("SAMPLE", "EXAM-01"))) == std::vector{4036803});
  CHECK(sample().maps_to_value(320128).empty());
}

TEST_CASE("a concept tells name, domain, class, validity") {
  const auto view = sample().concept_of(201826);
  REQUIRE(view);
  CHECK(view->name == "Type 2 diabetes mellitus");
  CHECK(view->code == "44054006");
  CHECK(view->domain == "Condition");
  CHECK(view->vocabulary == "SNOMED");
  CHECK(view->concept_class == "Clinical Finding");
  CHECK(view->is_standard());
  CHECK(view->valid_start == 11718);  // 2002-01-31
  CHECK(view->valid_end == 47481);    // 2099-12-31
  const auto retired = sample().concept_of(40623280);
  REQUIRE(retired);
  CHECK(retired->invalid_reason == 'D');
  CHECK(!retired->is_standard());
  CHECK(!sample().concept_of(999));
  REQUIRE(sample().concept_of(0));
  CHECK(sample().concept_of(0)->name == "No matching concept");
}

TEST_CASE("a vocabulary is known by URI, OID, HL7 v2 name and vendor spelling") {
  const struct {
    std::string_view alias, name;
  } rows[] = {{"http://snomed.info/sct", "SNOMED"},
              {"http://snomed.info", "SNOMED"},
              {"http://www.snomed.org/", "SNOMED"},
              {"http://snomed.info/sct/900000000000207008/version/20230131", "SNOMED"},
              {"http://snomed.info/sct|2023", "SNOMED"},
              {"2.16.840.1.113883.6.96", "SNOMED"},
              {"urn:oid:2.16.840.1.113883.6.96", "SNOMED"},
              {"urn: oid: 2.16.840.1.113883.6.96", "SNOMED"},
              {"SNOMED-CT", "SNOMED"},
              {"SCT", "SNOMED"},
              {"SNM3", "SNOMED"},
              {"snomed", "SNOMED"},
              {"LN", "LOINC"},
              {"https://loinc.org", "LOINC"},
              {"urn:oid:2.16.840.1.113883.6.90", "ICD10CM"},
              {"I10", "ICD10"},
              {"I9CDX", "ICD9CM"},
              {"2.16.840.1.113883.6.104", "ICD9Proc"},
              {"http://hl7.org/fhir/sid/cvx", "CVX"},
              {"CPT4", "CPT4"},
              {"urn:oid:2.16.840.1.113883.6.238", "Race"},
              {"KCD", "KCD7"},
              {"http://www.hl7korea.or.kr/CodeSystem/kostat-kcd-8", "KCD7"},
              {"EDI", "EDI"},
              {"http://unitsofmeasure.org", "UCUM"}};
  for (const auto& row : rows) {
    CAPTURE(row.alias);
    const auto id = sample().system(row.alias);
    REQUIRE(id != no_vocabulary);
    CHECK(sample().system_name(id) == row.name);
  }
  for (const std::string_view unknown : {"L", "", "http://example.org", "Acme Rehab", "Condition", "Clinical Finding"}) {
    CAPTURE(unknown);
    CHECK(sample().system(unknown) == no_vocabulary);
  }
  CHECK(sample().has_concepts(sample().system("SNOMED")));
  CHECK(!sample().has_concepts(sample().system("ICD10PCS")));
  CHECK(sample().find(sample().system("ICD10PCS"), "0016070").concept_id == 0);
  CHECK(sample().find(no_vocabulary, "I10").concept_id == 0);
}

TEST_CASE("units: UCUM first, then aliases and parts; words for none") {
  const struct {
    std::string_view text;
    std::int32_t id;
  } rows[] = {{"mg/dL", 8840},
              {"MG/DL", 8840},
              {"mg/dl", 8840},
              {"U/L", 8645},
              {"[U]/L", 8645},
              {"kU/L", 8810},
              {"lbs", 8739},
              {"[lb_av]", 8739},
              {"mcg", 9655},
              {"\xC2\xB5g", 9655},
              {"mmHg", 8876},
              {"mm[Hg]", 8876},
              {"MM[HG]", 8876},
              {"bpm", 8541},
              {"beats/min", 8541},
              {"/MIN", 8541},
              {"10*3/uL", 8848},
              {"10+3/ul", 8848},
              {"x10e3/mcL", 8848},
              {"10^3/ul", 8848},
              {"THOUS/MCL", 8848},
              {"10\xEF\xBC\xBE"
               "3/uL",
               8848},
              {"10*6/uL", 8815},
              {"x10*9/L", 9444},
              {"kg/m\xC2\xB2", 9531},
              {"kg/m^2", 9531},
              {"{score}", 44777566},
              {"(score)", 44777566},
              {"%", 8554},
              {"PERCENT", 8554},
              {"Tabs", 9431},
              {"Femtoliters", 8583},
              {"[degF]", 9289},
              {"\xC2\xB0"
               "C",
               586323},
              {"Cel", 586323},
              {"in", 9327},
              {"a", 9448},
              {"/a", 44777560},
              {"pH", 8482},
              {"[pH]", 8482},
              {"MMOLL", 8753},
              {"sec", 8555},
              {"IU/L", 8923},
              {"gm/dL", 8713},
              {" kg ", 9529},
              {"", -1},
              {"null", -1},
              {"NA", -1},
              {"N/A", -1},
              {"  ", -1},
              {"furlong", 0},
              {"/", 0},
              {"//", 0}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(sample().unit(row.text) == row.id);
  }
}

TEST_CASE("short words name concepts within a domain") {
  const struct {
    std::string_view domain, text;
    std::int32_t id;
  } rows[] = {{"Gender", "M", 8507},
              {"Gender", "female", 8532},
              {"Gender", "\xEB\x82\xA8", 8507},
              {"Gender", "1", 0},
              {"Gender", "x", 0},
              {"Race", "white", 8527},
              {"Race", "2106-3", 8527},
              {"Race", "5", 8527},
              {"Race", "other", 0},
              {"Ethnicity", "nonhispanic", 38003564},
              {"Visit", "AMB", 9202},
              {"Visit", "wellness", 9202},
              {"Visit", "IMP", 9201},
              {"Visit", "Emergency Room Visit", 9203},
              {"Visit", "Inpatient", 9201},
              {"Condition", "hyperlipidemia", 432867},
              {"Meas Value Operator", ">=", 4171755},
              {"Nowhere", "M", 0},
              {"", "", 0}};
  for (const auto& row : rows) {
    CAPTURE(row.domain);
    CAPTURE(row.text);
    CHECK(sample().word(row.domain, row.text) == row.id);
  }
}

TEST_CASE("a standard concept is found by its name in any letter case within its domain only") {
  CHECK(sample().standard_by_name("TYPE 2 DIABETES MELLITUS", "Condition") == 201826);
  CHECK(sample().standard_by_name("Type 2 diabetes mellitus", "Drug") == 0);
  CHECK(sample().standard_by_name("Prediabetes", "Condition") == 0);  // not standard
  CHECK(sample().standard_by_name("", "Condition") == 0);
}

TEST_CASE("suggestions hold all words, standard and exact names first; synonyms count") {
  const auto first = [](std::string_view text) {
    const auto found = sample().suggest(text, 3);
    return found.empty() ? 0 : found.front().id;
  };
  CHECK(first("diabetes mellitus type") == 201826);
  CHECK(first("paracetamol") == 1125315);
  CHECK(first("\xEA\xB3\xA0\xED\x98\x88\xEC\x95\x95") == 320128);
  CHECK(first("lisinopril") == 1308216);
  CHECK(sample().suggest("no such words at all", 5).empty());
  CHECK(sample().suggest("", 5).empty());
  CHECK(sample().suggest("oral", 4).size() == 4);
}

TEST_CASE("priority follows the data; vocabularies not listed come last") {
  const auto place = [](std::string_view name) { return sample().priority(sample().system(name)); };
  CHECK(place("SNOMED") < place("ICD10CM"));
  CHECK(place("RxNorm") < place("NDC"));
  CHECK(place("ICD10CM") < place("SAMPLE"));
  CHECK(place("SAMPLE") == sample().priority(no_vocabulary) + 1);
}

TEST_CASE("KCD: the edition of the day, the same code in ICD-10, a shorter code above") {
  const VocabularyId kcd = sample().system("KCD");
  const auto day = [](int year, unsigned month, unsigned d) { return days_from_civil(year, month, d); };
  CHECK(!sample().holds_edition_of_day(kcd, day(2015, 12, 31)));
  CHECK(sample().holds_edition_of_day(kcd, day(2016, 1, 1)));
  CHECK(sample().holds_edition_of_day(kcd, day(2020, 12, 31)));
  CHECK(!sample().holds_edition_of_day(kcd, day(2021, 1, 1)));
  CHECK(!sample().holds_edition_of_day(kcd, day(2040, 1, 1)));
  CHECK(sample().holds_edition_of_day(sample().system("SNOMED"), day(2040, 1, 1)));
  CHECK(sample().holds_edition_named(kcd, "KCD-7"));
  CHECK(sample().holds_edition_named(kcd, "KCD"));
  CHECK(!sample().holds_edition_named(kcd, "KCD-8"));
  CHECK(!sample().holds_edition_named(kcd, "http://www.hl7korea.or.kr/CodeSystem/kostat-kcd-9"));
  const auto near = [&](std::string_view code) { return sample().find_near(kcd, code); };
  CHECK(sample().concept_of(near("I469").concept_id)->vocabulary == "ICD10");
  CHECK(!near("I46.9").truncated);
  CHECK(sample().concept_of(near("e1190").concept_id)->code == "E11.9");
  CHECK(near("E11.90").truncated);
  CHECK(sample().concept_of(near("E11.7").concept_id)->code == "E11");
  for (const std::string_view none : {"Q99.9", "", "E", "E1", "\xEA\xB0\x80\xEA\xB0\x80\xEA\xB0\x80", "A09.1"})
    CHECK(near(none).concept_id == 0);
  CHECK(sample().find_near(sample().system("SNOMED"), "596210001").concept_id == 0);
  CHECK(sample().has_longer_code(id_of("KCD", "E11")));
  CHECK(!sample().has_longer_code(id_of("KCD", "E11.9")));
  CHECK(sample().has_longer_code(id_of("KCD", "I10")));
}

TEST_CASE("info counts what was imported and notes licences") {
  const auto& info = sample().info();
  CHECK(info.release == "sample of v5.0 facts");
  CHECK(static_cast<std::int64_t>(info.concepts) == sample_rows("CONCEPT.csv"));
  CHECK(static_cast<std::int64_t>(info.relationships) == sample_rows("CONCEPT_RELATIONSHIP.csv"));
  CHECK(static_cast<std::int64_t>(info.ancestors) == sample_rows("CONCEPT_ANCESTOR.csv"));
  CHECK(info.content_hash.size() == 64);
  CHECK(info.absent == std::vector<std::string>{"drug_strength"});
  bool snomed = false;
  for (const auto& item : info.vocabularies) snomed = snomed || (item.id == "SNOMED" && item.concepts > 100 && !item.licence.empty());
  CHECK(snomed);
}

TEST_CASE("our own tables: every rule exists, every word's concept is in the sample or known by number") {
  for (const auto& row : vocabulary::resource_csv("schemas/vocabulary/normalise.csv", 2)) {
    CAPTURE(row[1]);
    CHECK(vocabulary::code_rule(row[1]) != nullptr);
  }
  for (const auto& row : vocabulary::resource_csv("schemas/vocabulary/words.csv", 3))
    CHECK(row[2].find_first_not_of("0123456789") == std::string::npos);
  for (const auto& row : vocabulary::resource_csv("schemas/vocabulary/units.csv", 4)) {
    CAPTURE(row[1]);
    CHECK((row[0] == "none" || row[0] == "whole" || row[0] == "part"));
    CHECK((row[3].empty() || row[3] == "exact"));
  }
}

TEST_CASE("code rules change what they name and nothing else") {
  const struct {
    std::string_view rule, before, after;
  } rows[] = {{"dot_after_3", "E119", "E11.9"},
              {"dot_after_3", "E11", "E11"},
              {"dot_after_3", "E11.9", "E11.9"},
              {"dot_after_3", "1234", "1234"},
              {"icd9_dot", "E9500", "E950.0"},
              {"icd9_dot", "25000", "250.00"},
              {"icd9_procedure_dot", "4523", "45.23"},
              {"no_dagger", "G63.2*", "G63.2"},
              {"ndc_11", "0002-3227-30", "00002322730"},
              {"ndc_11", "44567-703-01", "44567070301"},
              {"ndc_11", "12345-1234-1", "12345123401"},
              {"ndc_11", "1-2", "1-2"},
              {"ndc_11", "123456-1-1", "123456-1-1"},
              {"half_width", "Ｉ１０．９＊", "I10.9*"},
              {"half_width", "～ａ　１", "~a 1"},
              {"half_width", "I10", "I10"},
              {"half_width", "가￠", "가￠"},
              {"edi_9", "53300280", "053300280"},
              {"edi_9", "648900030", "648900030"},
              {"edi_9", "J5083001", "J5083001"},
              {"kd_to_edi", "8806659002219", "665900221"},
              {"kd_to_edi", "8806659002218", "8806659002218"},
              {"kd_to_edi", "123", "123"},
              {"no_leading_zeros", "000", "000"},
              {"two_digits", "8", "08"},
              {"no_trailing_dot", "E11.-", "E11"},
              {"trim", " \xE3\x80\x80 x ", "x"}};
  for (const auto& row : rows) {
    CAPTURE(row.rule);
    CAPTURE(row.before);
    std::string code(row.before);
    CHECK(vocabulary::code_rule(row.rule)->apply(code) == (row.before != row.after));
    CHECK(code == row.after);
  }
  CHECK(vocabulary::code_rule("nothing") == nullptr);
  for (const std::string_view good : {"8302-2", "2093-3", "72514-3"}) CHECK(vocabulary::loinc_check_digit(good));
  for (const std::string_view bad : {"8302-3", "8302", "LA7435-6", "-2", "x-2", ""}) CHECK(!vocabulary::loinc_check_digit(bad));
}
