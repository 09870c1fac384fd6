// The FHIR reader over its quirks (formats F1-F11), hostile JSON, and every public file that is there.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "readers/fhir_reference.hpp"
#include "readers/fhir_split.hpp"
#include "readers/json_reading.hpp"
#include "readers/json_scan.hpp"

using namespace pyojun;
using namespace reading;

namespace {

std::vector<std::string> bodies(const Outcome& out) {
  std::vector<std::string> all;
  for (const auto& line : out.lines) all.push_back(body(line));
  return all;
}

constexpr std::string_view patient = R"({"resourceType":"Patient","id":"1"})";
const std::string patient_tree = R"({"resourceType":"Patient","id":"1","@id":"Patient/1","@file":"sample.json"})";

}  // namespace

TEST_CASE("references become Type/id whatever their form, or stay as they are") {
  const struct {
    std::string_view from, to;
  } rows[] = {
      {"Patient/123", "Patient/123"},
      {"Patient/123/_history/2", "Patient/123"},
      {"/Patient/123", "Patient/123"},
      {"http://x/fhir/Patient/123", "Patient/123"},
      {"https://x.org/a/b/Patient/a-b.c/_history/2", "Patient/a-b.c"},
      {"http://x/fhir/Patient/123/_history", "Patient/123"},
      {"#med1", "#med1"},
      {"#", "#"},
      {"", ""},
      {"urn:uuid:6d2eba67-5b4a-403f-a29f-e6da3f1ea963", "urn:uuid:6d2eba67-5b4a-403f-a29f-e6da3f1ea963"},
      {"urn:oid:1.2.3", "urn:oid:1.2.3"},
      {"Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|9999974592",
       "Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|9999974592"},
      {"http://x/fhir/Patient?identifier=a|b", "http://x/fhir/Patient?identifier=a|b"},
      {"Patient/1#contained", "Patient/1#contained"},
      {"http://hl7.org/fhir/StructureDefinition/x|1.0", "http://hl7.org/fhir/StructureDefinition/x|1.0"},
      {"Patient", "Patient"},
      {"Patient/", "Patient/"},
      {"/1", "/1"},
      {"patient/1", "patient/1"},
      {"http://x/page/1", "http://x/page/1"},
      {"a/Patient/1", "a/Patient/1"},
      {"Patient/1/_historyX", "Patient/1/_historyX"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.from);
    CHECK(canonical_reference(row.from) == row.to);
  }
  // The same at every length, and wherever a sign stands that leaves a reference as it is.
  for (std::size_t length = 1; length <= 80; ++length) {
    CAPTURE(length);
    const std::string id(length, 'x'), plain = "Patient/" + id;
    CHECK(canonical_reference(plain) == plain);
    CHECK(canonical_reference("http://h/" + plain) == plain);
    CHECK(canonical_reference(plain + "/_history/1") == plain);
    CHECK(canonical_reference(id) == id);
    for (std::size_t at = 0; at < length; ++at) {
      std::string marked = "http://h/" + plain;
      marked[marked.size() - 1 - at] = "?#|"[at % 3];
      CHECK(canonical_reference(marked) == marked);
    }
  }
}

TEST_CASE("skipping stops at the right bracket across block borders, strings and escapes") {
  for (std::size_t pad = 0; pad < 140; ++pad) {
    const std::string inner = std::string(pad, ' ') + R"("a\"]}{[\\":[{"b\\":"}"},"\\\"["],"c":"x\\\\")";
    const std::string text = "{" + inner + "}" + R"(,{"tail":1}])";
    CHECK(skip_container(text.data(), text.data() + text.size()) == text.data() + inner.size() + 2);
    CHECK(skip_container(text.data(), text.data() + inner.size() + 1) == nullptr);
    CHECK(skip_container_portable(text.data(), text.data() + text.size()) == text.data() + inner.size() + 2);
    CHECK(skip_container_portable(text.data(), text.data() + inner.size() + 1) == nullptr);
  }
  const std::string deep = std::string(1000, '[') + std::string(1000, ']');
  CHECK(skip_container(deep.data(), deep.data() + deep.size()) == deep.data() + deep.size());
  CHECK(count_lines(deep.data(), deep.data() + deep.size()) == 0);
  const std::string ends(10'000, '\n');
  for (const std::size_t size : {0U, 15U, 16U, 17U, 4079U, 4080U, 4096U, 9999U})
    CHECK(count_lines(ends.data(), ends.data() + size) == size);
}

TEST_CASE("layouts: single, pretty-printed, several in a row, lines, BOM") {
  const std::string one(patient);
  const struct {
    std::string text;
    std::size_t records;
    bool by_lines;
  } rows[] = {
      {one, 1, false},
      {one + "\n", 1, false},
      {"\xEF\xBB\xBF" + one, 1, false},
      {"\n\n  " + one, 1, false},
      {"{\n  \"resourceType\": \"Patient\",\n  \"id\": \"1\"\n}\n", 1, false},
      {"{\n  \"resourceType\": \"Patient\",\n  \"id\": \"1\"\n}\n{\n  \"resourceType\": \"Patient\",\n  \"id\": \"1\"\n}\n", 2, false},
      {one + one, 2, false},
      {one + "\n" + one, 2, true},
      {one + "\r\n" + one + "\r\n", 2, true},
      {"\xEF\xBB\xBF" + one + "\n\n" + one + "\n \n", 2, true},
      {"{\"id\":\"1\",\"resourceType\":\"Patient\"}", 1, false},
      {"", 0, false},
      {" \n ", 0, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const Outcome out = read_text(row.text);
    CHECK(out.failed == Code::count);
    CHECK(out.lines.size() == row.records);
    CHECK(out.rejects.empty());
    for (const auto& some : out.records) CHECK(row.text.substr(some.offset, 1) == "{");
    for (const auto& some : out.records) CHECK(row.text.substr(some.offset + some.length - 1, 1) == "}");
    const auto& notes = out.facts.notes;
    const bool by_lines = std::any_of(notes.begin(), notes.end(), [](const Finding& note) { return note.code == Code::resource_per_line; });
    CHECK((!row.by_lines || by_lines));
  }
  CHECK(bodies(read_text(one)) == std::vector<std::string>{patient_tree});
}

TEST_CASE("values keep their kind and their text") {
  const Outcome out =
      read_text(R"({"resourceType":"Observation","a":[1.50,-0,1E+400,12345678901234567890123],"b":[true,null,false],"c":{"d":[]},)"
                R"("e":[[1,[2]],3],"f":"\u00e9\ud83d\ude00\n\"\\\/","_birthDate":{"extension":[{"url":"x"}]},"":1})");
  REQUIRE(out.lines.size() == 1);
  CHECK(body(out.lines[0]) == R"({"resourceType":"Observation","a":[1.50,-0,1E+400,12345678901234567890123],"b":[true,null,false],"c":{},)"
                              "\"e\":[1,2,3],\"f\":\"\xC3\xA9\xF0\x9F\x98\x80\\n\\\"\\\\/\",\"_birthDate\":{\"extension\":{\"url\":\"x\"}},"
                              R"("@file":"sample.json"})");
}

TEST_CASE("containers met before mean what they meant: read, left out, in arrays, under another name, after a refused record") {
  const std::string coding = R"([{"system":"http://loinc.org","code":"718-7","display":"Hemoglobin"},{"system":"urn:x","code":"Hb"}])";
  const std::string text = R"({"resourceType":"Observation","category":)" + coding + R"(,"code":{"coding":)" + coding +
                           R"(,"text":"a \u00e9 \"b\""},"component":[{"code":{"coding":)" + coding + R"(,"text":"c"}}]})";
  const std::string other =
      R"({"resourceType":"Condition","code":)" + coding + R"(,"category":)" + coding + R"(,"subject":)" + coding + "}";
  // Refused behind containers that are known and one that is new.
  const std::string refused =
      R"({"resourceType":"Observation","code":{"coding":)" + coding + R"(,"new":[1,[2,3],{"code":"n"}]},"code":{"text":1}})";
  const std::string after = R"({"resourceType":"Observation","code":{"coding":)" + coding + R"(,"new":[1,[2,3],{"code":"n"}]}})";
  std::string all;
  std::vector<std::string> alone;
  Options options;
  options.needs = {"code", "coding", "system", "text", "component", "new", "@id"};
  for (int round = 0; round < 3; ++round) {
    for (const std::string& line : {text, other, refused, after, other, text}) {
      all += line + "\n";
      for (const auto& one : read_once(line + "\n", options, false, 1).lines) alone.push_back(body(one));
    }
  }
  const Outcome outcome = read_text(all, options);
  CHECK(outcome.rejects.size() == 3);
  REQUIRE(outcome.lines.size() == alone.size());
  for (std::size_t i = 0; i < alone.size(); ++i) CHECK(body(outcome.lines[i]) == alone[i]);
}

TEST_CASE("only needed names get nodes, and the rest is still validated") {
  Options options;
  options.needs = {"Observation", "code", "coding", "@id", "resourceType"};
  const std::string good =
      R"({"resourceType":"Observation","id":"7","code":{"coding":[{"system":"s","code":"c"}],"text":"t"},"meta":{"x":[1,"\u0041"]}})";
  CHECK(bodies(read_text(good, options)) ==
        std::vector<std::string>{R"({"resourceType":"Observation","code":{"coding":{"code":"c"}},"@id":"Observation/7"})"});
  for (const std::string_view bad :
       {R"("meta":{"x":01})", R"("meta":{"x":"\q"})", R"("meta":[1,])", R"("meta":tru)", R"("meta":"\ud800")"}) {
    CAPTURE(bad);
    const std::string text = R"({"resourceType":"Observation",)" + std::string(bad) + "}";
    const Outcome out = read_text(text, options);
    CHECK(out.lines.empty());
    CHECK(out.rejects.size() == 1);
  }
  options.kinds = {"Patient"};
  CHECK(bodies(read_text(good, options)) == std::vector<std::string>{R"({"resourceType":"Observation","@id":"Observation/7"})"});
}

TEST_CASE("a pass for some kinds leaves out lines that say theirs first, and reads all that do not") {
  Options options;
  options.needs = {"Medication", "@id"};
  options.kinds = {"Medication"};
  options.only_kinds = true;
  const Outcome out = read_text(
      "{\"resourceType\":\"Observation\",\"id\":\"1\",\"x\":01}\n"  // not looked at, so not found wrong either
      "{\"resourceType\":\"Medication\",\"id\":\"2\"}\n"
      "\n"
      "{\"id\":\"3\",\"resourceType\":\"Medication\"}\n"
      "{\"resourceType\":\"Observation\",\"id\":\"4\"}\r\n"
      "{ \"resourceType\":\"Observation\",\"id\":\"5\"}\n"
      "{\"resourceType\":\"Medic\\u0061tion\",\"id\":\"6\"}\n"
      "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":\"Medication\",\"id\":\"7\"}}]}",
      options);
  CHECK(out.rejects.empty());
  CHECK(bodies(out) == std::vector<std::string>{R"({"@id":"Medication/2"})", R"({"@id":"Medication/3"})", R"({"@id":"Observation/5"})",
                                                R"({"@id":"Medication/6"})", R"({"@id":"Medication/7"})"});
}

TEST_CASE("F2: every type of Bundle, entries without resource or fullUrl, members in any order") {
  for (const std::string_view type :
       {"transaction", "collection", "batch", "searchset", "message", "document", "history", "batch-response"}) {
    const std::string bundle = R"({"resourceType":"Bundle","type":")" + std::string(type) + R"(","link":[{"relation":"self"}],"entry":[)" +
                               R"({"fullUrl":"urn:uuid:1","resource":)" + std::string(patient) + R"(,"request":{"method":"POST"}},)" +
                               R"({"response":{"status":"201"}},)" + "\n" + R"({"search":{"mode":"match"},"resource":)" +
                               std::string(patient) + "}]}";
    const Outcome out = read_text(bundle);
    CHECK(out.lines.size() == 2);
    CHECK(out.rejects.empty());
    REQUIRE(!out.facts.notes.empty());
    CHECK(out.facts.notes[0].code == Code::bundle_type);
    CHECK(out.facts.notes[0].subject == type);
    CHECK(bundle.substr(out.records[0].offset, out.records[0].length) == patient);
    CHECK(bundle.substr(out.records[1].offset, out.records[1].length) == patient);
    CHECK(out.records[1].line == 1);
  }
  // Keys in alphabetical order: `entry` comes before `resourceType`.
  CHECK(read_text(R"({"entry":[{"resource":{"id":"1","resourceType":"Patient"}}],"resourceType":"Bundle"})").lines.size() == 1);
  // A List has entries too.
  const Outcome list = read_text(R"({"entry":[{"item":{"reference":"http://x/Patient/1"}}],"resourceType":"List","id":"l"})");
  CHECK(bodies(list) ==
        std::vector<std::string>{
            R"({"entry":{"item":{"reference":"Patient/1"}},"resourceType":"List","id":"l","@id":"List/l","@file":"sample.json"})"});
  CHECK(read_text(R"({"resourceType":"Bundle","type":"searchset","total":0})").seen == 0);
  CHECK(read_text(R"({"resourceType":"Bundle","entry":[]})").seen == 0);
}

TEST_CASE("F3: references inside a Bundle follow fullUrl, forwards and backwards") {
  const std::string bundle =
      R"({"resourceType":"Bundle","type":"transaction","entry":[
 {"fullUrl":"urn:uuid:b","resource":{"resourceType":"Observation","id":"o1","subject":{"reference":"urn:uuid:a"},"performer":[{"reference":"urn:oid:1.2"},{"identifier":{"value":"i"}}]}},
 {"fullUrl":"urn:uuid:a","resource":{"resourceType":"Patient","id":"p9"}},
 {"fullUrl":"urn:oid:1.2","resource":{"resourceType":"Practitioner"}},
 {"fullUrl":"http://x/fhir/Location/5","resource":{"resourceType":"Location"}},
 {"fullUrl":"http://x/odd/url","resource":{"resourceType":"Organization","id":"org","partOf":{"reference":"http://x/odd/url"}}},
 {"resource":{"resourceType":"Condition","subject":{"reference":"urn:uuid:zzz"},"asserter":{"reference":"#c"},"x":{"reference":"Practitioner?identifier=s|v"}}}
]})";
  Options options;
  options.needs = {"@id", "reference", "subject", "performer", "partOf", "asserter", "x"};
  CHECK(bodies(read_text(bundle, options)) ==
        std::vector<std::string>{
            R"({"subject":{"reference":"Patient/p9"},"performer":[{"reference":"urn:oid:1.2"},{}],"@id":"Observation/o1"})",
            R"({"@id":"Patient/p9"})",
            R"({"@id":"urn:oid:1.2"})",
            R"({"@id":"Location/5"})",
            R"({"partOf":{"reference":"Organization/org"},"@id":"Organization/org"})",
            R"({"subject":{"reference":"urn:uuid:zzz"},"asserter":{"reference":"#c"},"x":{"reference":"Practitioner?identifier=s|v"}})",
        });
}

TEST_CASE("nested Bundles are read one level deep, with their own references") {
  const std::string inner =
      R"({"resourceType":"Bundle","type":"document","entry":[{"fullUrl":"urn:uuid:a","resource":{"resourceType":"Patient","id":"in"}},)"
      R"({"resource":{"resourceType":"Condition","id":"c","subject":{"reference":"urn:uuid:a"}}}]})";
  const std::string outer =
      R"({"resourceType":"Bundle","entry":[{"resource":)" + inner + R"(},{"resource":{"resourceType":"Patient","id":"out"}}]})";
  Options options;
  options.needs = {"@id", "reference", "subject"};
  const std::vector<std::string> want{R"({"@id":"Patient/in"})", R"({"subject":{"reference":"Patient/in"},"@id":"Condition/c"})",
                                      R"({"@id":"Patient/out"})"};
  CHECK(bodies(read_text(outer, options)) == want);
  // The same as lines: the level counts from the line.
  const Outcome lines = read_text(outer + "\n" + outer + "\n", options);
  CHECK(lines.lines.size() == 6);
  const std::string third =
      R"({"resourceType":"Bundle","entry":[{"resource":)" + outer + R"(},{"resource":{"resourceType":"Patient","id":"last"}}]})";
  const std::string fourth = R"({"resourceType":"Bundle","entry":[{"resource":)" + third + R"(}]})";
  const Outcome deep = read_text(fourth, options);
  CHECK(deep.rejects.size() == 1);
  CHECK(deep.rejects[0].code == Code::fhir_bundle_too_deep);
  CHECK(deep.lines.size() == 2);
}

TEST_CASE("damage inside a Bundle is told with its place, and neighbours live on") {
  const auto bundle = [](std::string_view middle) {
    return R"({"resourceType":"Bundle","entry":[{"resource":)" + std::string(patient) + "},\n" + std::string(middle) + ",\n" +
           R"({"resource":)" + std::string(patient) + "}]}";
  };
  const struct {
    std::string_view entry, at;
    Code code;
    std::size_t records;
  } rows[] = {
      {R"({"resource":{"resourceType":"Patient","id":01}})", "01}", Code::json_syntax, 2},
      {R"({"resource":{"resourceType":"Patient" "id":1}})", "\"id\":1}", Code::json_syntax, 2},
      {R"({"resource":{"resourceType":"Patient","a":[1,2}}})", "}}}", Code::json_syntax, 2},
      {R"({"resource":{"id":"x"}})", "{\"id\":\"x\"", Code::fhir_not_a_resource, 2},
      {R"({"resource":{"resourceType":"Patient","n":"\ud800"}})", "\\ud800", Code::json_lone_surrogate, 2},
      {"{\"resource\":{\"resourceType\":\"Patient\",\"n\":\"\xB0\xA1\"}}", "\xB0\xA1", Code::json_encoding, 2},
      {"{\"resource\":{\"resourceType\":\"Patient\",\"n\":\"a\tb\"}}", "\tb", Code::json_syntax, 2},
      {R"({"resource":{"resourceType":"Patient","id":"a","id":"b"}})", "\"id\":\"b\"", Code::json_duplicate_member, 2},
      {R"({"request":[1,],"resource":{"resourceType":"Patient"}})", "]", Code::json_syntax, 2},
      {R"({"resource":{"resourceType":"MedicationOrder"}})", "{\"resourceType\":\"MedicationOrder\"", Code::fhir_other_version, 2},
      {R"(null)", "null", Code::fhir_bundle_broken, 2},
  };
  for (const auto& row : rows) {
    CAPTURE(row.entry);
    std::string text = bundle(row.entry);
    // A sign of R4, so that the file as a whole is not taken for an older version.
    text.insert(text.size() - 2, R"(,{"resource":{"resourceType":"Condition","clinicalStatus":{}}})");
    const Outcome out = read_text(text);
    CHECK(out.failed == Code::count);
    CHECK(out.lines.size() == row.records + 1);
    REQUIRE(out.rejects.size() == 1);
    CHECK(out.rejects[0].code == row.code);
    CHECK(out.rejects[0].line == 1);
    CHECK(out.rejects[0].offset + out.rejects[0].at == text.find(row.at, text.find(row.entry)));
  }
}

TEST_CASE("a cut Bundle gives what is whole and names the cut") {
  const std::string whole =
      R"({"resourceType":"Bundle","entry":[{"resource":)" + std::string(patient) + "},{\"resource\":" + std::string(patient) + "}]}";
  for (std::size_t size = 1; size < whole.size(); ++size) {
    CAPTURE(size);
    const Outcome out = read_text(whole.substr(0, size));
    CHECK(out.rejects.size() == 1);
    CHECK(out.lines.size() <= 2);
    CHECK((out.rejects[0].code == Code::json_incomplete || out.rejects[0].code == Code::json_syntax));
  }
}

TEST_CASE("F11: lines that are no resources are refused one by one") {
  const std::string good(patient);
  const struct {
    std::string bad;
    Code code;
    std::uint32_t at;
  } rows[] = {
      {R"({"exportId":"x","eventId":"kickoff"})", Code::fhir_not_a_resource, 0},
      {R"(2024-01-01 export started)", Code::json_syntax, 0},
      {R"([{"resourceType":"Patient"}])", Code::json_not_an_object, 0},
      {R"("text")", Code::json_not_an_object, 0},
      {R"({"resourceType":"Patient","id":"cut)", Code::json_incomplete, 31},
      {R"({"resourceType":"Patient","id":)", Code::json_incomplete, 31},
      {R"({"resourceType":"Patient")", Code::json_incomplete, 25},
      {R"({"resourceType":"Patient"}})", Code::json_syntax, 26},
      {std::string("{\"resourceType\":\"Patient\"}\0", 27), Code::json_syntax, 26},
      {R"({"resourceType":"Patient"} {"resourceType":"Patient"})", Code::json_syntax, 27},
      {R"({"resourceType":"Patient",})", Code::json_syntax, 26},
      {R"({"resourceType":7})", Code::fhir_not_a_resource, 0},
      {R"({"resourceType":["Patient"]})", Code::fhir_not_a_resource, 0},
      {R"({"resourceType":""})", Code::fhir_not_a_resource, 0},
      {"{\"resourceType\":\"Patient\",\"n\":\"\xEA\xB0\"}", Code::json_encoding, 31},
      {std::string("{\"resourceType\":\"Patient\",\"n\":\"\0\"}", 34), Code::json_syntax, 31},
      {R"({"resourceType":"Patient","n":")" + std::string(R"(\ud83d\u0041"})"), Code::json_lone_surrogate, 31},
      {R"({"resourceType":"Patient","n":")" + std::string(R"(\udc00"})"), Code::json_lone_surrogate, 31},
  };
  for (const auto& row : rows) {
    CAPTURE(row.bad);
    const std::string text = good + "\n" + row.bad + "\n" + good + "\r\n" + good + "\n";
    const Outcome out = read_text(text);
    CHECK(out.lines.size() == 3);
    REQUIRE(out.rejects.size() == 1);
    CHECK(out.rejects[0].code == row.code);
    CHECK(out.rejects[0].offset == good.size() + 1);
    CHECK(out.rejects[0].at == row.at);
    CHECK(out.rejects[0].line == 1);
    CHECK(out.rejects[0].length == row.bad.size());
  }
  // Also when the first line is the bad one.
  for (const auto& row : rows) {
    CAPTURE(row.bad);
    if (row.bad.starts_with("{\"resourceType\":\"Patient\"} {")) continue;
    const Outcome out = read_text(row.bad + "\n" + good + "\n" + good + "\n");
    CHECK(out.lines.size() == 2);
    CHECK(out.rejects.size() == 1);
  }
}

TEST_CASE("limits refuse the record, not the file") {
  const std::string good(patient);
  Options options;
  options.limits.record_bytes = 1000;
  options.limits.number_bytes = 20;
  options.limits.field_bytes = 300;
  options.limits.depth = 5;
  std::string many;
  for (int i = 0; i < 400; ++i) many += ",\"\"";
  const struct {
    std::string member;
    Code code;
  } rows[] = {
      {R"("a":["")" + many + "]", Code::record_too_large},
      {R"("a":")" + std::string(301, 'x') + "\"", Code::field_too_large},
      {R"("a":)" + std::string(21, '1'), Code::json_number_too_long},
      {R"("a":[[[[[1]]]]])", Code::json_too_deep},
      {R"("a":{"b":{"c":{"d":{"e":{}}}}})", Code::json_too_deep},
  };
  for (const auto& row : rows) {
    CAPTURE(row.member.substr(0, 20));
    const std::string bad = R"({"resourceType":"Patient",)" + row.member + "}";
    for (const std::string& text :
         {good + "\n" + bad + "\n" + good + "\n",
          R"({"resourceType":"Bundle","entry":[{"resource":)" + good + R"(},{"resource":)" + bad + R"(},{"resource":)" + good + "}]}"}) {
      const Outcome out = read_text(text, options);
      CHECK(out.lines.size() == 2);
      REQUIRE(out.rejects.size() == 1);
      CHECK(out.rejects[0].code == row.code);
    }
  }
  Options deep;
  const std::string ok = R"({"resourceType":"Patient","a":)" + std::string(127, '[') + std::string(127, ']') + "}";
  CHECK(read_text(ok, deep).lines.size() == 1);
  const std::string too_deep = R"({"resourceType":"Patient","a":)" + std::string(100000, '[') + std::string(100000, ']') + "}";
  CHECK(read_text(too_deep, deep).rejects.size() == 1);
}

TEST_CASE("F1: other versions are refused by name, undecided files are R4, mixed files record by record") {
  const struct {
    std::string_view text, version;
  } rows[] = {
      {R"({"resourceType":"MedicationOrder"})", "FHIR DSTU2"},
      {R"({"resourceType":"Immunization","wasNotGiven":false})", "FHIR DSTU2"},
      {R"({"resourceType":"Immunization","notGiven":false})", "FHIR STU3"},
      {R"({"resourceType":"Condition","clinicalStatus":"active"})", "FHIR STU3"},
      {R"({"resourceType":"Condition","clinicalStatus":{"coding":[]}})", ""},
      {R"({"resourceType":"Encounter","class":"inpatient"})", "FHIR DSTU2"},
      {R"({"resourceType":"Encounter","class":{"code":"IMP"}})", ""},
      {R"({"resourceType":"Encounter","class":[{"coding":[]}]})", "FHIR R5"},
      {R"({"resourceType":"MedicationRequest","medication":{"concept":{}}})", "FHIR R5"},
      {R"({"resourceType":"MedicationRequest","medicationCodeableConcept":{}})", ""},
      {R"({"resourceType":"MedicationStatement","taken":"y"})", "FHIR STU3"},
      {R"({"resourceType":"MedicationStatement","context":{}})", ""},
      {R"({"resourceType":"Observation","context":{}})", "FHIR STU3"},
      {R"({"resourceType":"CapabilityStatement","fhirVersion":"3.0.1"})", "FHIR STU3"},
      {R"({"resourceType":"CapabilityStatement","fhirVersion":"4.0.1"})", ""},
      {R"({"resourceType":"CapabilityStatement","fhirVersion":"4.3.0"})", ""},
      {R"({"resourceType":"CapabilityStatement","fhirVersion":"5.0.0"})", "FHIR R5"},
      {R"({"resourceType":"Patient","notGiven":true,"contained":[{"resourceType":"MedicationOrder"}]})", ""},
      {R"({"resourceType":"SomethingNew"})", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const Outcome out = read_text(row.text);
    CHECK((out.failed == Code::fhir_version_of_file) == !row.version.empty());
    CHECK(out.subject == row.version);
    Options told;
    told.dialect.format = "fhir-stu3";
    const Outcome forced = read_text(row.text, told);
    CHECK(forced.lines.size() == 1);
    CHECK(forced.facts.version == "stu3");
  }
  // DSTU2 and STU3 signs of one file agree on the version that fits all.
  CHECK(read_text("{\"resourceType\":\"Condition\",\"clinicalStatus\":\"active\"}\n{\"resourceType\":\"MedicationOrder\"}\n").subject ==
        "FHIR DSTU2");
  const Outcome mixed =
      read_text("{\"resourceType\":\"Condition\",\"clinicalStatus\":\"active\"}\n{\"resourceType\":\"Condition\",\"clinicalStatus\":{}}\n");
  CHECK(mixed.lines.size() == 1);
  REQUIRE(mixed.rejects.size() == 1);
  CHECK(mixed.rejects[0].code == Code::fhir_other_version);
}

TEST_CASE("UTF-16 is refused as a file, CP949 record by record") {
  std::string wide = "\xFF\xFE";
  for (const char c : patient) wide.append({c, '\0'});
  CHECK(read_text(wide).failed == Code::json_encoding_of_file);
  CHECK(detect_fhir(wide) == Match::yes);
  CHECK(read_text(wide.substr(2)).failed == Code::json_encoding_of_file);
  const Outcome cp949 = read_text("{\"resourceType\":\"Patient\",\"name\":\"\xB0\xA1\"}");
  REQUIRE(cp949.rejects.size() == 1);
  CHECK(cp949.rejects[0].code == Code::json_encoding);
  CHECK(cp949.rejects[0].at == 34);
}

TEST_CASE("detection looks at content only") {
  const struct {
    std::string text;
    Match match;
  } rows[] = {
      {std::string(patient), Match::yes},
      {"  \n{\n \"id\" : \"1\",\n \"resourceType\" : \"Patient\" }", Match::yes},
      {"{\"exportId\":1}\n" + std::string(patient) + "\n", Match::yes},
      {R"({"resourceType":"Bundle","type":"trans)", Match::yes},
      {R"({"entry":[{"resource":{"resourceType":"Pat)", Match::yes},
      {R"({"exportId":1})", Match::no},
      {R"({"kind":"Patient","offset":0,"length":1,"line":1,"record":{"resourceType":"Patient"}})", Match::no},
      {"id,name\n1,{\"resourceType\"}\n", Match::no},
      {"", Match::no},
      {"[", Match::no},
      {"{", Match::no},
      {"{\"", Match::no},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(detect_fhir(row.text) == row.match);
  }
}

TEST_CASE("large files are split ahead: the same records as small ones, references over the whole Bundle") {
  // 6 MB: over the size up to which a file is one chunk.
  std::string bundle = "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[\n";
  const std::size_t count = 6000;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string number = std::to_string(i), target = std::to_string(count - 1 - i);
    if (i != 0) bundle += ",\n";
    bundle += "{\"fullUrl\":\"urn:uuid:" + number + "\",\"resource\":{\"resourceType\":\"Basic\",\"id\":\"n" + number +
              "\",\"subject\":{\"reference\":\"urn:uuid:" + target + "\"},\"pad\":\"" + std::string(900, 'x') + "\"}}";
  }
  bundle += "\n]}\n";
  Options options;
  options.needs = {"@id", "reference", "subject"};
  for (const bool streamed : {false, true}) {
    const Outcome out = read_once(bundle, options, streamed, 100'000);
    REQUIRE(out.lines.size() == count);
    CHECK(out.rejects.empty());
    CHECK(body(out.lines[0]) == R"({"subject":{"reference":"Basic/n5999"},"@id":"Basic/n0"})");
    CHECK(body(out.lines[5999]) == R"({"subject":{"reference":"Basic/n0"},"@id":"Basic/n5999"})");
    CHECK(out.records[5999].line == 6000);
  }
  const std::string cut = bundle.substr(0, bundle.size() - 500) + "\n" + bundle;
  for (const bool streamed : {false, true}) {
    const Outcome out = read_once(cut, options, streamed, 100'000);
    CHECK(out.lines.size() >= count - 1);
    CHECK(!out.rejects.empty());
  }
}

TEST_CASE("values larger than any window are refused and passed by") {
  Options options;
  options.limits.record_bytes = 1 << 20;
  const std::string good(patient);
  const std::string giant = R"({"resourceType":"Patient","a":")" + std::string(12 << 20, 'x') + "\"}";
  for (const bool streamed : {false, true}) {
    const Outcome lines = read_once(good + "\n" + giant + "\n" + good + "\n", options, streamed, 100'000);
    CHECK(lines.lines.size() == 2);
    CHECK(lines.rejects.size() == 1);
    const Outcome bundle =
        read_once(R"({"resourceType":"Bundle","entry":[{"resource":)" + good + "},{\"resource\":" + giant + "}]}\n" + good + "\n", options,
                  streamed, 100'000);
    CHECK(bundle.lines.size() == 2);
    CHECK(bundle.rejects.size() == 1);
  }
}

TEST_CASE("hostile JSON: every n_ file is refused with a place, every y_ file is well-formed, neighbours live on") {
  const auto files = files_under(shared_data() / "hostile/json");
  if (files.empty()) MESSAGE("SKIPPED: no shared data, hostile/json was not read");
  const std::string good(patient);
  for (const auto& file : files) {
    const std::string name = file.filename().string();
    CAPTURE(name);
    const std::string text = slurp(file);
    const bool wide = text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF") || text.find('\0') == 0 || text.find('\0') == 1;
    const Outcome out = read_text(text);
    const bool space = text.find_first_not_of(" \n\r\t") == std::string::npos;
    if (name[0] == 'n' && !wide && !space) {
      CHECK(out.lines.empty());
      CHECK(!out.rejects.empty());
    }
    for (const auto& reject : out.rejects) {
      CHECK(reject.offset + reject.at <= text.size());
      if (name[0] == 'y')
        CHECK((reject.code == Code::json_not_an_object || reject.code == Code::fhir_not_a_resource ||
               reject.code == Code::json_duplicate_member));
    }
    // As a member of a resource.
    const Outcome member = read_text(R"({"resourceType":"Patient","x":)" + text + "}");
    if (name[0] == 'y' && member.rejects.size() == 1) CHECK(member.rejects[0].code == Code::json_duplicate_member);
    if (name[0] == 'y' && member.rejects.empty()) CHECK(member.lines.size() == 1);
    if (text.find('\n') != std::string::npos || text.find('\0') != std::string::npos) continue;
    // As one line among good ones.
    const Outcome line = read_text(good + "\n" + text + "\n" + good + "\n");
    CHECK(line.lines.size() == 2);
    CHECK(line.rejects.size() == (space ? 0U : 1U));
    const Outcome in_line = read_text(good + "\n{\"resourceType\":\"Patient\",\"x\":" + text + "}\n" + good + "\n");
    CHECK(in_line.lines.size() + in_line.rejects.size() == 3);
    if (name[0] == 'y') CHECK((in_line.lines.size() == 3 || in_line.rejects[0].code == Code::json_duplicate_member));
  }
}

TEST_CASE("every public FHIR file is read or refused by name") {
  const auto files = files_under(shared_data() / "fhir");
  if (files.empty()) MESSAGE("SKIPPED: no shared data, fhir was not read");
  std::uint64_t records = 0;
  for (const auto& file : files) {
    const std::string name = file.filename().string();
    CAPTURE(name);
    const std::string text = slurp(file);
    const bool json = name.ends_with(".json") || name.ends_with(".ndjson");
    if (json) CHECK(detect_fhir(std::string_view(text).substr(0, 65536)) == Match::yes);
    const Outcome out = read_once(text, Options(), false, std::size_t{512} << 10);
    CHECK(out.rejects.empty());
    if (out.failed != Code::count) {
      CHECK(out.failed == Code::fhir_version_of_file);
      CHECK(file.parent_path().filename() == "bundles");
      MESSAGE(name << ": " << out.subject);
    } else if (json) {
      CHECK(!out.lines.empty());
    }
    records += out.seen;
  }
  if (!files.empty()) CHECK(records > 18'000);
}
