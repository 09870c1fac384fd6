// Records written as JSON lines come back as the same trees.
#include <doctest/doctest.h>

#include <string>

#include "readers/json_reading.hpp"

using namespace pyojun;
using namespace reading;

namespace {

Options records_options() {
  Options options;
  options.open = open_records;
  options.name = "records.jsonl";
  return options;
}

std::string joined(const Outcome& out) {
  std::string text;
  for (const auto& line : out.lines) text += body(line) + "\n";
  return text;
}

}  // namespace

TEST_CASE("a dumped record is read back to the same tree") {
  const std::string trees[] = {
      R"({"resourceType":"Patient","a":[1.50,-0,1e9],"b":[true,null,"null"],"c":{},"d":{"e":["x",{"f":"y"}]},"@file":"f"})",
      R"({"person":"","gender":null,"@file":"f"})",
      R"({"title":{"@text":"mixed \"content\"\n","b":"bold"},"@file":"f"})",
      "{\"이름\":\"홍길동 \\u0001\",\"@file\":\"f\"}",
  };
  for (const auto& tree : trees) {
    CAPTURE(tree);
    const Outcome out = read_text(R"({"kind":"any kind","offset":12,"length":34,"line":5,"record":)" + tree + "}\n", records_options());
    REQUIRE(out.lines.size() == 1);
    CHECK(body(out.lines[0]) == tree);
    CHECK(out.lines[0].starts_with(R"({"kind":"any kind","offset":0,)"));
  }
}

TEST_CASE("lines of another shape are refused with their place") {
  const std::string good = R"({"kind":"k","offset":0,"length":1,"line":1,"record":{"a":1}})";
  const struct {
    std::string bad;
    Code code;
    std::uint32_t at;
  } rows[] = {
      {R"({"kind":"k"})", Code::records_line_shape, 0},
      {R"({"record":{}})", Code::records_line_shape, 0},
      {R"({"kind":"k","record":[]})", Code::records_line_shape, 0},
      {R"({"kind":1,"record":{}})", Code::records_line_shape, 0},
      {R"(7)", Code::records_line_shape, 0},
      {R"({"kind":"k","record":{"a":1})", Code::json_incomplete, 28},
      {R"({"kind":"k","record":{"a":01}})", Code::json_syntax, 26},
      {R"({"kind":"k","record":{"a":1,"a":2}})", Code::json_duplicate_member, 28},
      {R"({"kind":"k","record":{}} x)", Code::json_syntax, 25},
      {"{\"kind\":\"k\",\"record\":{\"a\":\"\xFF\"}}", Code::json_encoding, 27},
  };
  for (const auto& row : rows) {
    CAPTURE(row.bad);
    const Outcome out = read_text(good + "\n" + row.bad + "\n\n" + good, records_options());
    CHECK(out.lines.size() == 2);
    REQUIRE(out.rejects.size() == 1);
    CHECK(out.rejects[0].code == row.code);
    CHECK(out.rejects[0].offset == good.size() + 1);
    CHECK(out.rejects[0].at == row.at);
    CHECK(out.rejects[0].line == 1);
  }
}

TEST_CASE("detection knows its own lines") {
  CHECK(detect_records(std::string_view(R"({"kind":"k","offset":0,"length":1,"line":1,"record":{}})")) == Match::yes);
  CHECK(detect_records(std::string_view(R"({"resourceType":"Patient","kind":"k"})")) == Match::no);
  CHECK(detect_records(std::string_view("")) == Match::no);
}

TEST_CASE("public FHIR files survive dump and return") {
  const auto files = files_under(shared_data() / "fhir/us-core");
  if (files.empty()) MESSAGE("SKIPPED: no shared data, fhir/us-core was not read");
  for (const auto& file : files) {
    CAPTURE(file.filename().string());
    const Outcome first = read_once(slurp(file), Options(), false, 1 << 20);
    std::string dump;
    for (const auto& line : first.lines) dump += line;
    if (dump.empty()) continue;
    const Outcome second = read_once(dump, records_options(), false, 1 << 20);
    CHECK(second.rejects.empty());
    CHECK(joined(second) == joined(first));
  }
}
