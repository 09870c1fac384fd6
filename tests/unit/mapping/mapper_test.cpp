// What a rule writes: rows, references, fan-out, filters, rejects. Each case is a small mapping with its records and rows as text.
#include "kit.hpp"

using namespace pyojun;
using namespace kit;

namespace {

const std::string condition_rule = R"(
rule condition
from conditions
where CODE != ""
into stem
key PATIENT, CODE, START
person := person(PATIENT)
code := code("ICD10CM", CODE)
start := date(START)
end := date(STOP)
type := 32827
)";

}  // namespace

TEST_CASE("a flat record becomes a person; its key is what references mean") {
  Run run(R"(
rule patient
from patients
into person
key Id
gender_concept_id := concept(GENDER, "Gender") ? 0
year_of_birth := year(date(BIRTHDATE))
birth_datetime := datetime(BIRTHDATE)
race_concept_id := 0
person_source_value := Id
gender_source_value := GENDER
)");
  const auto rows = run.csv("patients", "X,Id,BIRTHDATE,GENDER\n-,p1,1980-02-29,M\n-,p2,1990-01-01T10:30:00,?\n");
  CHECK(joined(rows) ==
        "person: gender_concept_id=8507 year_of_birth=1980 race_concept_id=0 ethnicity_concept_id=0 person_source_value='p1' "
        "gender_source_value='M'\n"
        "person: gender_concept_id=0 year_of_birth=1990 birth_datetime=1990-01-01 10:30:00 race_concept_id=0 ethnicity_concept_id=0 "
        "person_source_value='p2' gender_source_value='?'");
  const RowChunk& chunk = run.out.chunks[0];
  REQUIRE(chunk.keyed);
  const Hash128 first = chunk.keys[0];
  CHECK(chunk.leads == std::vector<std::uint8_t>{1, 1});
  CHECK(chunk.candidates == std::vector<std::uint32_t>{0, 1});
  CHECK(run.out.tallies[0].in == 2);
  CHECK(run.out.tallies[0].mapped == 2);
  Run other(condition_rule);
  other.csv("conditions", "PATIENT,CODE,START,STOP\np1,E11.9,2020-01-01,\n");
  bool same = false;
  for (const auto& made : other.out.chunks) {
    for (const auto& column : made.columns)
      same = same || (column.storage == Storage::references && !column.references.empty() && column.references[0] == first);
  }
  CHECK(same);
  CHECK(run.plan->fields_of("patients") == std::vector<std::string>{"Id", "GENDER", "BIRTHDATE"});
}

TEST_CASE("codes fan out into the tables of their targets' domains") {
  Run run(condition_rule);
  const struct {
    std::string code, want;
  } table[] = {
      {"E11.9",
       "condition_occurrence: person_id=@person condition_concept_id=44054006 condition_start_date=2020-01-01 "
       "condition_type_concept_id=32827 "
       "condition_source_value='E11.9' condition_source_concept_id=35206882"},
      {"Z99",
       "condition_occurrence: person_id=@person condition_concept_id=44054006 condition_start_date=2020-01-01 "
       "condition_type_concept_id=32827 "
       "condition_source_value='Z99' condition_source_concept_id=35000001\n"
       "observation: person_id=@person observation_concept_id=4000001 observation_date=2020-01-01 observation_type_concept_id=32827 "
       "observation_source_value='Z99' observation_source_concept_id=35000001"},
      {"Z88.0",
       "observation: person_id=@person observation_concept_id=439224 observation_date=2020-01-01 observation_type_concept_id=32827 "
       "value_as_concept_id=1728416 observation_source_value='Z88.0' observation_source_concept_id=35000002"},
      {"X00",
       "condition_occurrence: person_id=@person condition_concept_id=0 condition_start_date=2020-01-01 condition_type_concept_id=32827 "
       "condition_source_value='X00' condition_source_concept_id=35000003"},
      {"none",
       "observation: person_id=@person observation_concept_id=0 observation_date=2020-01-01 observation_type_concept_id=32827 "
       "observation_source_value='none' observation_source_concept_id=0"},
  };
  for (const auto& row : table) {
    CAPTURE(row.code);
    CHECK(joined(run.csv("conditions", "PATIENT,CODE,START,STOP\np1," + row.code + ",2020-01-01,\n")) == row.want);
    CHECK(run.out.tallies[0].mapped == 1);
  }
  run.csv("conditions", "PATIENT,CODE,START,STOP\np1,Z99,2020-01-01,\n");
  std::vector<Hash128> keys;
  for (const auto& chunk : run.out.chunks) keys.insert(keys.end(), chunk.keys.begin(), chunk.keys.end());
  REQUIRE(keys.size() == 2);
  CHECK(keys[0] != keys[1]);
  const auto codes = run.mapper->codes();
  std::string text;
  for (const auto& tally : codes)
    text += fmt::format("{} {} {} {} {};", tally.vocabulary, tally.code, tally.domain, static_cast<int>(tally.grade), tally.rows);
  CHECK(text ==
        "ICD10CM E11.9 Condition 0 1;ICD10CM X00 Condition 5 1;ICD10CM Z88.0 Observation 0 1;ICD10CM Z99 Condition 0 2;ICD10CM Z99 "
        "Observation 0 2;"
        "ICD10CM none Observation 6 1;");
}

TEST_CASE("stem default and only decide where the rest goes") {
  const auto table_of = [](const std::string& target, const std::string& system, const std::string& code) {
    Run run("rule r\nfrom k\ninto " + target + "\nperson := person(P)\ncode := code(\"" + system + "\", C)\nstart := date(D)\ntype := 0\n");
    const auto rows = run.csv("k", "P,C,D\n1," + code + ",2020-01-01\n");
    return rows.empty() ? std::string("none") : rows[0].substr(0, rows[0].find(':'));
  };
  CHECK(table_of("stem", "ICD10CM", "none") == "observation");
  CHECK(table_of("stem default Condition", "ICD10CM", "none") == "condition_occurrence");
  CHECK(table_of("stem default Drug", "UNKNOWN", "1") == "drug_exposure");
  CHECK(table_of("stem default Condition only Condition", "LOINC", "718-7") == "condition_occurrence");
  CHECK(table_of("stem", "SNOMED", "248152002") == "observation");                      // domain Gender has no table
  CHECK(table_of("stem default Measurement", "SNOMED", "260385009") == "measurement");  // Meas Value
}

TEST_CASE("a required end that the source lacks follows from start and days_supply") {
  Run run(
      "rule r\nfrom k\ninto stem\nperson := person(P)\ncode := code(\"SNOMED\", \"ASA\")\nstart := date(D)\nend := date(E)\ndays_supply := "
      "integer(N)\ntype := 0\n");
  const auto rows = run.csv("k", "P,D,E,N\n1,2020-01-01,,30\n1,2020-01-01,,\n1,2020-01-01,2020-01-05,30\n");
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].find("drug_exposure_end_date=2020-01-30") != std::string::npos);
  CHECK(rows[1].find("drug_exposure_end_date=2020-01-01") != std::string::npos);
  CHECK(rows[2].find("drug_exposure_end_date=2020-01-05") != std::string::npos);
}

TEST_CASE("values: numbers, comparators, units, answers, structures") {
  Run run(R"(
rule observation
from Observation
into stem default Measurement
person := person(reference(subject))
code := best(each code(code.coding.system, code.coding.code))
start := datetime(effectiveDateTime)
value := value(value[x])
unit := unit(valueQuantity.code ? valueQuantity.unit)
range_low, range_high := range(referenceRange)
type := 32817
)");
  const std::string head =
      R"({"subject": {"reference": "Patient/1"}, "effectiveDateTime": "2024-01-02T03:04:05Z", "code": {"coding": [{"system": "x", "code": "y"}, {"system": "http://loinc.org", "code": "718-7"}]}, )";
  const std::string row =
      "measurement: person_id=@person measurement_concept_id=3000963 measurement_date=2024-01-02 measurement_datetime=2024-01-02 03:04:05 "
      "measurement_type_concept_id=32817";
  const std::string tail = " measurement_source_value='718-7' measurement_source_concept_id=3000963";
  const struct {
    std::string value, before, after;
  } table[] = {
      {R"("valueQuantity": {"value": 5.4, "unit": "mg/dL"})", " value_as_number=5.4 unit_concept_id=8840",
       " unit_source_value='mg/dL' value_source_value='5.4'"},
      {R"("valueQuantity": {"value": 0.5, "comparator": "<", "code": "mm"})",
       " operator_concept_id=4171756 value_as_number=0.5 unit_concept_id=8588", " unit_source_value='mm' value_source_value='<0.5'"},
      {R"("valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": "260385009"}], "text": "neg"})",
       " value_as_concept_id=9189", " value_source_value='neg'"},
      {R"("valueString": "Negative")", " value_as_concept_id=9189", " value_source_value='Negative'"},
      {R"("valueString": ">= 7.5 mm")", " operator_concept_id=4171755 value_as_number=7.5", " value_source_value='>= 7.5 mm'"},
      {R"("valueString": "140/90")", "", " value_source_value='140/90'"},
      {R"("valueString": "1+")", " value_as_concept_id=4126673", " value_source_value='1+'"},
      {R"("valueString": "7.38 ~ 7.46")", "", " value_source_value='7.38 ~ 7.46'"},
      {R"("valueInteger": 7)", " value_as_number=7", " value_source_value='7'"},
      {R"("valueBoolean": true)", " value_as_concept_id=4188539", " value_source_value='true'"},
      {R"("valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 4}})", " value_as_number=0.25", " value_source_value='1:4'"},
      {R"("valueRatio": {"numerator": {"value": 1, "comparator": ">"}, "denominator": {"value": 512}})", "",
       " value_source_value='>1:512'"},
      {R"("valueRange": {"low": {"value": 1}, "high": {"value": 2}})", "", " value_source_value='1 - 2'"},
      {R"("valuePeriod": {"start": "2024-01-01", "end": "2024-01-02"})", "", " value_source_value='2024-01-01/2024-01-02'"},
      {R"("referenceRange": [{"low": {"value": 3.5}, "high": {"value": 5}}])", " range_low=3.5 range_high=5", ""},
      {R"("referenceRange": [{"text": "<5"}])", " range_high=5", ""},
      {R"("valueQuantity": {"unit": "mg/dL"})", " unit_concept_id=8840", " unit_source_value='mg/dL'"},
  };
  for (const auto& item : table) {
    CAPTURE(item.value);
    CHECK(joined(run.json("Observation", head + item.value + "}")) == row + item.before + tail + item.after);
    CHECK(rejects(run.out, *run.plan).empty());
  }
}

TEST_CASE("each: one candidate per node, the record itself when there is none, ^ is the enclosing node") {
  Run run(R"(
rule observation
from Observation
each component ? .
into stem
key ^id, code.coding.code
person := person(^subject.reference)
code := code("LOINC", code.coding.code)
start := date(^date)
value := valueQuantity.value
type := 0
)");
  const auto rows = run.json(
      "Observation",
      R"({"id": "a", "date": "2024-01-01", "subject": {"reference": "P"}, "component": [{"code": {"coding": [{"code": "718-7"}]}, "valueQuantity": {"value": 1}},
                                 {"code": {"coding": [{"code": "718-7"}]}, "valueQuantity": {"value": 2}}]}
                                {"id": "b", "date": "2024-01-02", "subject": {"reference": "P"}, "code": {"coding": [{"code": "718-7"}]}, "valueQuantity": {"value": 3}})");
  REQUIRE(rows.size() == 3);
  CHECK(run.out.tallies[0].in == 3);
  CHECK(rows[0].find("measurement_date=2024-01-01") != std::string::npos);
  CHECK(rows[1].find("value_as_number=2") != std::string::npos);
  CHECK(rows[2].find("measurement_date=2024-01-02") != std::string::npos);
  for (const auto& chunk : run.out.chunks) {
    if (chunk.rows == 3) CHECK(chunk.records == std::vector<std::uint32_t>{0, 0, 1});
  }
}

// What several rules, or several candidates below one node, ask of the same node is evaluated once; nobody may notice.
TEST_CASE("kept values: rules that go the same way share what they find, and each row still gets its own") {
  Run run(R"(
rule left
from k
each group
each item
where ^kind & "!" in ("a!", "c!") "other kind"
into note
key upper(^name) & "/" & id, position()
person_id := person(upper(^^who))
note_date := date(day ? ^day)
note_datetime := datetime(day ? ^day)
note_type_concept_id := 0
note_class_concept_id := 0
note_text := upper(^name) & "-" & upper(^^who) & "-" & text
note_source_value := text(position())
encoding_concept_id := 0
language_concept_id := 0
rule right
from k
each group
each item
where ^kind & "!" in ("b!", "c!") "other kind"
into note
key upper(^name) & "\\" & id
person_id := person(upper(^^who))
note_date := date(day ? ^day)
note_type_concept_id := 0
note_class_concept_id := 0
note_text := upper(^name) & "+" & upper(^^who) & "+" & text
note_source_value := text(position())
encoding_concept_id := 0
language_concept_id := 0
)");
  const auto rows = run.json("k", R"({"who":"ann","group":[
{"name":"one","kind":"a","day":"2020-01-01","item":[{"id":"1","text":"x"},{"id":"2","text":"y"}]},
{"name":"two","kind":"b","day":"2020-01-02","item":[{"id":"1","text":"x","day":"never"},{"id":"2","text":"y"}]},
{"name":"six","kind":"c","day":"2020-13-01","item":[{"id":"1","text":"x"},{"id":"2","text":"y","day":"2020-01-03"}]}]}
{"who":"bob","group":{"name":"one","kind":"a","day":"2020-01-04","item":{"id":"1","text":"z"}}})");
  CHECK(run.out.tallies[0].in == 7);
  CHECK(run.out.tallies[0].filtered[0] == 2);
  CHECK(run.out.tallies[1].filtered[0] == 3);
  std::string texts;
  for (const auto& row : rows) {
    const auto from = row.find("note_text=");
    texts += row.substr(from, row.find(' ', from) - from) + row.substr(row.find("note_source_value=") + 17, 4) + " ";
  }
  CHECK(texts ==
        "note_text='ONE-ANN-x'='1' note_text='ONE-ANN-y'='2' note_text='SIX-ANN-y'='2' note_text='ONE-BOB-z'='1' "
        "note_text='TWO+ANN+y'='2' note_text='SIX+ANN+y'='2' ");
  // Refused rows are listed rule by rule, though the rules took turns.
  CHECK(rejects(run.out, *run.plan) ==
        "C010@0+353 line 0 record 0 rule 1 note_date day [group[2].day];"
        "C010@0+353 line 0 record 0 rule 2 note_date day [group[1].item[0].day];"
        "C010@0+353 line 0 record 0 rule 2 note_date day [group[2].day];");
}

TEST_CASE("define: a value of the record itself, at any depth; one may use another") {
  Run run(R"(
define part := a.id
define who := part() & "|" & (a[id = "7"].name ? "-")
rule r
from k
each b
each c
into observation
person_id := person(who())
observation_concept_id := 0
observation_date := date("2020-01-01")
observation_type_concept_id := 0
observation_source_value := who() & x
value_as_string := ^y
rule p
from k
into person
key who()
gender_concept_id := 0
year_of_birth := 1980
race_concept_id := 0
ethnicity_concept_id := 0
)");
  const auto rows = run.json("k", R"({"a":{"id":"7","name":"n"},"b":[{"y":"1","c":{"x":"u"}},{"y":"2","c":[{"x":"v"},{"x":"w"}]}]})");
  const std::string text = joined(rows);
  for (const char* part : {"'7|nu'", "'7|nv'", "'7|nw'"}) {
    CAPTURE(text);
    CHECK(text.find(part) != std::string::npos);
  }
}

TEST_CASE("also: further rows of the candidate, with event() and their own condition and key") {
  Run run(R"(
rule medication
from meds
into stem
key ID
person := person(P)
code := code("SNOMED", CODE)
start := date(D)
type := 32838
also cost where COST != ""
cost_event_id := event()
cost_domain_id := event_domain()
cost_type_concept_id := 32814
total_charge := number(COST)
also provider where DOC != ""
key DOC
provider_source_value := DOC
)");
  const auto rows = run.csv("meds", "ID,P,CODE,D,COST,DOC\n1,p,ASA,2020-01-01,12.5,d1\n2,p,44054006,2020-01-01,,d1\n");
  CHECK(joined(rows) ==
        "condition_occurrence: person_id=@person condition_concept_id=44054006 condition_start_date=2020-01-01 "
        "condition_type_concept_id=32838 condition_source_value='44054006' "
        "condition_source_concept_id=44054006\n"
        "drug_exposure: person_id=@person drug_concept_id=1112807 drug_exposure_start_date=2020-01-01 drug_exposure_end_date=2020-01-01 "
        "drug_type_concept_id=32838 "
        "drug_source_value='ASA' drug_source_concept_id=1112807\n"
        "cost: cost_event_id=#0 cost_domain_id='Drug' cost_type_concept_id=32814 total_charge=12.5\n"
        "provider: provider_source_value='d1'\nprovider: provider_source_value='d1'");
}

TEST_CASE("filters are counted by their own number; what no rule reads is counted") {
  Run run("rule r\nfrom k where A != \"skip\"\nwhere B = \"x\" \"only x\"\nwhere C = \"y\"\ninto person\nkey A\nyear_of_birth := 1980\n");
  run.csv("k", "A,B,C\nskip,x,y\n1,z,y\n2,x,n\n3,x,y\n");
  CHECK(run.plan->rules()[0].filters == std::vector<std::string>{"A != \"skip\"", "only x", "C = \"y\""});
  const RuleTally& tally = run.out.tallies[0];
  CHECK(tally.in == 4);
  CHECK(tally.filtered == std::vector<std::uint64_t>{1, 1, 1});
  CHECK(tally.mapped == 1);
  run.csv("other", "A,B,C\n1,2,3\n");
  CHECK(run.out.unread == 1);
  CHECK(run.out.tallies[0].in == 0);
}

TEST_CASE("one bad value quarantines the whole candidate and says where, not what") {
  Run run(R"(
rule patient
from Patient
into person
key id
gender_concept_id := 0
year_of_birth := year(date(birthDate))
person_source_value := name.given
also location where present city
key city
city := city
latitude := number(address.lat)
)");
  const auto rows = run.json("Patient", R"({"id": "1", "birthDate": "1980-01-01", "city": "a", "address": [{"lat": 1}]}
{"id": "2", "birthDate": "1980-13-01"}
{"id": "3"}
{"id": "", "birthDate": "1980-01-01"}
{"id": "5", "birthDate": "1980-01-01", "city": "b", "address": [{"x": 1}, {"lat": "north"}]}
{"id": "6", "birthDate": "1980-01-01"})");
  CHECK(rows.size() == 3);
  CHECK(run.out.tallies[0].in == 6);
  CHECK(run.out.tallies[0].mapped == 2);
  CHECK(run.out.tallies[0].quarantined == 4);
  CHECK(rejects(run.out, *run.plan) ==
        "C010@77+38 line 1 record 1 rule 1 year_of_birth birthDate [birthDate];"
        "C015@116+11 line 2 record 2 rule 1 year_of_birth birthDate [birthDate];"
        "C016@128+37 line 3 record 3 rule 1  id [id];"
        "C011@166+92 line 4 record 4 rule 1 latitude lat [address[1].lat];");
  CHECK(run.out.chunks[0].candidates == std::vector<std::uint32_t>{0, 1});
}

TEST_CASE("columns take only what fits them") {
  const auto reject = [](const std::string& assign, const std::string& record) {
    Run run(
        "rule r\nfrom k\ninto observation\nperson_id := person(P)\nobservation_concept_id := 0\nobservation_type_concept_id := "
        "0\nobservation_date := date(\"2020-01-01\")\n" +
        assign + "\n");
    run.json("k", record);
    return run.out.rejects.empty() ? std::string("fine") : std::string(info(run.out.rejects[0].code).id);
  };
  CHECK(reject("value_as_number := V", R"({"P": "1", "V": "1.5"})") == "fine");
  CHECK(reject("value_as_number := V", R"({"P": "1", "V": "x"})") == "C011");
  CHECK(reject("value_as_concept_id := V", R"({"P": "1", "V": "1.5"})") == "C012");
  CHECK(reject("value_as_concept_id := V", R"({"P": "1", "V": "99999999999"})") == "C013");
  CHECK(reject("value_as_concept_id := V", R"({"P": "1", "V": ""})") == "fine");
  CHECK(reject("observation_datetime := datetime(V)", R"({"P": "1", "V": "2020"})") == "fine");
  CHECK(reject("value_as_number := V", R"({"V": "1"})") == "C015");
  Run partial(
      "rule r\nfrom k\ninto observation\nperson_id := person(P)\nobservation_concept_id := 0\nobservation_type_concept_id := "
      "0\nobservation_date := date(V)\n");
  partial.json("k", R"({"P": "1", "V": "2020-01"})");
  REQUIRE(partial.out.rejects.size() == 1);
  CHECK(info(partial.out.rejects[0].code).id == "C014");
  Run cut("rule r\nfrom k\ninto person\nkey K\nyear_of_birth := 1980\nperson_source_value := K\n");
  const auto rows =
      cut.json("k", R"({"K": "가나다라마바사아자차가나다라마바사아자차가나다라마바사아자차가나다라마바사아자차가나다라마바사아자차넘침"})");
  CHECK(rows[0].find("차'") != std::string::npos);
  CHECK(cut.out.cut_texts == 1);
}

TEST_CASE("aliases: other names of the same row, one for each node") {
  Run run(R"(
rule practitioner
from Practitioner
into provider
key @id
alias "Practitioner?identifier=" & identifier.system & "|" & identifier.value
provider_source_value := @id
)");
  run.json("Practitioner",
           R"({"@id": "Practitioner/1", "identifier": [{"system": "s", "value": "1"}, {"system": "s", "value": "2"}, {"system": "s"}]})");
  const RowChunk& chunk = run.out.chunks[0];
  REQUIRE(chunk.aliases.size() == 4);
  CHECK(chunk.aliases[0] == chunk.keys[0]);
  CHECK(chunk.aliases[2] == chunk.keys[0]);
  const std::uint64_t seed = hash128("provider").low;
  CHECK(chunk.aliases[1] == hash128("Practitioner?identifier=s|1", seed));
  CHECK(chunk.aliases[3] == hash128("Practitioner?identifier=s|2", seed));
}

TEST_CASE("delete when: a row that removes the row of its key") {
  Run run(
      "rule r\nfrom k\ninto visit_occurrence\nkey ID\nperson_id := person(P)\nvisit_concept_id := 9201\nvisit_start_date := "
      "date(D)\nvisit_end_date := date(D)\n"
      "visit_type_concept_id := 0\ndelete when STATUS = \"cancelled\"\n");
  run.csv("k", "ID,P,D,STATUS\n1,p,2020-01-01,active\n1,,,cancelled\n");
  const RowChunk& chunk = run.out.chunks[0];
  CHECK(chunk.rows == 2);
  CHECK(chunk.deletes == std::vector<std::uint8_t>{0, 1});
  CHECK(chunk.keys[0] == chunk.keys[1]);
  CHECK(run.out.tallies[0].mapped == 2);
  Run stem(condition_rule + "delete when STATUS = \"entered-in-error\"\n");
  stem.csv("conditions", "PATIENT,CODE,START,STOP,STATUS\np,Z99,2020-01-01,,entered-in-error\n");
  std::size_t deletes = 0;
  for (const auto& made : stem.out.chunks) deletes += static_cast<std::size_t>(std::count(made.deletes.begin(), made.deletes.end(), 1));
  CHECK(deletes == 2 * stem.plan->rules()[0].tables.size());
}

TEST_CASE("lookups: the first record of a key wins, the tables are shared") {
  const std::string rules = R"(
lookup items from items key CODE keep label := NAME, unit := UNIT
rule r
from events
into observation
person_id := person(P)
observation_concept_id := 0
observation_type_concept_id := 0
observation_date := date(D)
value_as_string := items(CODE).label ? "unknown"
unit_source_value := items(CODE).unit
)";
  Run run(rules);
  auto second = make_mapper(run.plan, run.vocabulary);
  RecordBatch items;
  flat("CODE,NAME,UNIT\n1,one,mg\n2,two,\n1,again,g\n", "items", run.plan->symbols(), items);
  run.mapper->gather(items);
  std::vector<std::unique_ptr<Mapper>> mappers;
  mappers.push_back(std::move(run.mapper));
  mappers.push_back(std::move(second));
  finish_lookups(mappers);
  for (auto& mapper : mappers) {
    run.mapper = std::move(mapper);
    CHECK(joined(run.csv("events", "P,D,CODE\np,2020-01-01,1\np,2020-01-01,2\np,2020-01-01,3\n")) ==
          "observation: person_id=@person observation_concept_id=0 observation_date=2020-01-01 observation_type_concept_id=0 "
          "value_as_string='one' unit_source_value='mg'\n"
          "observation: person_id=@person observation_concept_id=0 observation_date=2020-01-01 observation_type_concept_id=0 "
          "value_as_string='two'\n"
          "observation: person_id=@person observation_concept_id=0 observation_date=2020-01-01 observation_type_concept_id=0 "
          "value_as_string='unknown'");
  }
  CHECK(run.plan->has_lookups());
  CHECK(run.plan->rules()[1].lookup);
  run.csv("items", "CODE,NAME,UNIT\n1,one,mg\n");
  CHECK(run.out.unread == 0);
}

TEST_CASE("code lists: inline pairs, list_code, in") {
  Run run(R"(
list sex "male" -> 8507 "female" -> 8532
rule r
from k
where S in sex
into person
key ID
gender_concept_id := list(sex, S) ? 0
year_of_birth := 1980
gender_source_value := S
)");
  CHECK(joined(run.csv("k", "ID,S\n1,male\n2,x\n3,female\n")) ==
        "person: gender_concept_id=8507 year_of_birth=1980 race_concept_id=0 ethnicity_concept_id=0 gender_source_value='male'\n"
        "person: gender_concept_id=8532 year_of_birth=1980 race_concept_id=0 ethnicity_concept_id=0 gender_source_value='female'");
  CHECK(run.out.tallies[0].filtered == std::vector<std::uint64_t>{1});
}

TEST_CASE("a code is asked for once, and grades say how it was found") {
  Run run(condition_rule);
  run.csv("conditions", "PATIENT,CODE,START,STOP\np,E11.9,2020-01-01,\np,E11.9,2020-01-01,\np,e11.9,2020-01-01,\n");
  run.map();
  CHECK(run.vocabulary->asked == 2);
  const auto codes = run.mapper->codes();
  REQUIRE(codes.size() == 2);
  CHECK(codes[0].grade == Grade::exact);
  CHECK(codes[0].rows == 4);
  CHECK(codes[1].grade == Grade::normalised);
}

TEST_CASE("key *: exact copies share a key, different records do not") {
  Run run(
      "rule r\nfrom k\ninto observation\nkey *\nperson_id := person(P)\nobservation_concept_id := 0\nobservation_type_concept_id := "
      "0\nobservation_date := date(D)\n");
  run.json("k",
           R"({"P": "1", "D": "2020-01-01", "x": "a"} {"P": "1", "D": "2020-01-01", "x": "a"} {"P": "1", "D": "2020-01-01", "x": "b"})");
  const auto& keys = run.out.chunks[0].keys;
  REQUIRE(keys.size() == 3);
  CHECK(keys[0] == keys[1]);
  CHECK(keys[0] != keys[2]);
  CHECK(run.plan->fields_of("k") == std::vector<std::string>{"*", "P", "D"});
}

TEST_CASE("versions come from whole numbers or times") {
  Run run("rule r\nfrom k\ninto person\nkey K\nversion V\nyear_of_birth := 1980\n");
  run.json("k", R"({"K": "1", "V": "7"} {"K": "1", "V": "1970-01-01T00:00:01Z"} {"K": "1"})");
  CHECK(run.out.chunks[0].versions == std::vector<std::int64_t>{7, 1'000'000, null_datetime});
}

TEST_CASE("further values of version become texts that sort as the values do") {
  Run run("rule r\nfrom k\ninto person\nkey K\nversion 1, A, B\nyear_of_birth := 1980\n");
  // In rising order: absent, then texts in natural order; what comes first decides.
  run.json("k", R"({"K": "1", "B": "9"} {"K": "2", "A": "-1"} {"K": "3", "A": "7"} {"K": "4", "A": "007", "B": "x"} {"K": "5", "A": "10"}
    {"K": "6", "A": "MSG9"} {"K": "7", "A": "MSG10", "B": "1"} {"K": "8", "A": "MSG10", "B": "2"} {"K": "9", "A": "MSG10", "B": "2"})");
  const RowChunk& chunk = run.out.chunks[0];
  REQUIRE(chunk.orders.size() == 9);
  const auto text = [&](std::size_t row) {
    const std::uint32_t at = chunk.orders[row];
    const std::size_t begin = at == 0 ? 0 : chunk.order_ends[at - 1];
    return std::string_view(chunk.order_heap).substr(begin, chunk.order_ends[at] - begin);
  };
  for (std::size_t row = 1; row < 8; ++row) CHECK(text(row - 1) < text(row));
  CHECK(text(7) == text(8));
  CHECK(chunk.order_ends.size() == 8);  // equal neighbours share one
}

TEST_CASE("within and retires go along with the rows") {
  Run run(
      "rule r\nfrom k\ninto visit_occurrence\nkey K\nretires O\nwithin care_site(A), care_site(B)\nperson_id := person(K)\n"
      "visit_start_date := date(D)\nvisit_end_date := date(D)\nvisit_type_concept_id := 0\n");
  run.json("k", R"({"K": "1", "A": "x", "B": "y", "O": "0", "D": "2020-01-01"} {"K": "2", "B": "x", "D": "2020-01-01"})");
  const RowChunk& chunk = run.out.chunks[0];
  CHECK(chunk.retires);
  CHECK(chunk.within_each == 2);
  CHECK(chunk.within_target == schema().find("care_site"));
  REQUIRE(chunk.within.size() == 4);
  CHECK(chunk.within[0] == chunk.within[3]);
  CHECK(chunk.within[1] != chunk.within[0]);
  CHECK(chunk.within[2] == Hash128{});
}

TEST_CASE("mapping a batch again gives the same, and memory is kept") {
  Run run(condition_rule);
  const std::string text = "PATIENT,CODE,START,STOP\np,E11.9,2020-01-01,\np,Z99,2020-01-01,\nq,,2020-01-01,\nq,E11.9,bad,\n";
  const auto first = run.csv("conditions", text);
  const auto* memory = run.out.chunks[0].keys.data();
  const auto again = run.map();
  CHECK(first == again);
  CHECK(run.out.chunks[0].keys.data() == memory);
  CHECK(run.out.rejects.size() == 1);
}

TEST_CASE("stem rules that share a name share their keys; others do not") {
  const std::string rule = R"(
from conditions
into stem
key PATIENT, CODE
SHARED
person := person(PATIENT)
code := code("ICD10CM", CODE)
start := date(START)
)";
  const auto mapping = [&](const std::string& one, const std::string& two) {
    std::string text;
    for (const auto& [name, shared] : {std::pair{"one", one}, std::pair{"two", two}}) {
      std::string made = "rule " + std::string(name) + rule;
      made.replace(made.find("SHARED"), 6, shared);
      text += made;
    }
    Run run(text);
    run.csv("conditions", "PATIENT,CODE,START\np1,E11.9,2020-01-01\n");
    std::vector<Hash128> keys;
    for (const RowChunk& chunk : run.out.chunks) keys.insert(keys.end(), chunk.keys.begin(), chunk.keys.end());
    REQUIRE(keys.size() == 2);
    return keys[0] == keys[1];
  };
  CHECK(mapping("shared diagnosis", "shared diagnosis"));
  CHECK_FALSE(mapping("shared diagnosis", "shared problem"));
  CHECK_FALSE(mapping("shared diagnosis", "type := 32827"));
}
