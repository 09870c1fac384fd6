// Every function's example is evaluated; docs/functions.md is what the table says; single values are parsed strictly.
#include "mapping/functions.hpp"

#include <fstream>
#include <iterator>
#include <set>

#include "kit.hpp"
#include "mapping/regex.hpp"
#include "mapping/values.hpp"

using namespace pyojun;
using namespace kit;

namespace {

// An expression's text over a record, or "absent"; through a text column, as rules use it.
std::string evaluate(const std::string& expression, std::string_view record = example_record(), const std::string& head = {}) {
  Run run(
      head +
      "rule r\nfrom Sample\ninto metadata\nmetadata_concept_id := 0\nmetadata_type_concept_id := 0\nname := \"n\"\nvalue_as_string := " +
      expression + "\n");
  const auto rows = run.json("Sample", record);
  if (!run.out.rejects.empty()) return std::string(info(run.out.rejects[0].code).id);
  REQUIRE(rows.size() == 1);
  const auto at = rows[0].find("value_as_string='");
  return at == std::string::npos ? "absent" : rows[0].substr(at + 17, rows[0].size() - at - 18);
}

}  // namespace

TEST_CASE("every function does what its example says") {
  std::set<std::string_view> names;
  for (const auto& function : functions()) {
    CAPTURE(function.name);
    CHECK(names.insert(function.name).second);
    CHECK(!function.about.empty());
    CHECK(function.min_args <= function.max_args);
    if (function.example.empty()) continue;
    CHECK(evaluate(std::string(function.example)) == (function.expected.empty() ? "absent" : std::string(function.expected)));
  }
  CHECK(find_function("date") != nullptr);
  CHECK(find_function("no such function") == nullptr);
}

TEST_CASE("docs/functions.md is made from the table") {
  std::ifstream file(std::string(PYOJUN_SOURCE_DIR) + "/docs/functions.md", std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (std::getenv("PYOJUN_ACCEPT") != nullptr) {
    std::ofstream(std::string(PYOJUN_SOURCE_DIR) + "/docs/functions.md", std::ios::binary) << functions_markdown();
    return;
  }
  CHECK_MESSAGE(text == functions_markdown(), "run the test once with PYOJUN_ACCEPT=1");
}

TEST_CASE("expressions: absent, empty and null are three things") {
  const std::string_view record = R"({"a": "x", "e": "", "n": null, "t": true, "f": false, "num": 17, "o": {"v": "1"}, "o": {"v": "2"}})";
  const struct {
    std::string expression, want;
  } table[] = {
      {R"("yes" when a = "x" ? "no")", "yes"},
      {R"("yes" when e = "" ? "no")", "yes"},
      {R"("yes" when e != "" ? "no")", "no"},
      {R"("yes" when n = "" ? "no")", "no"},
      {R"("yes" when n != "" ? "no")", "yes"},
      {R"("yes" when gone = "" ? "no")", "no"},
      {R"("yes" when gone != "x" ? "no")", "yes"},
      {R"("yes" when empty e ? "no")", "yes"},
      {R"("yes" when empty n ? "no")", "yes"},
      {R"("yes" when empty gone ? "no")", "no"},
      {R"("yes" when present e or present n or present gone ? "no")", "no"},
      {R"("yes" when present o and present a ? "no")", "yes"},
      {R"(gone ? e ? n ? a)", "x"},
      {R"("yes" when t ? "no")", "yes"},
      {R"("yes" when f ? "no")", "no"},
      {R"("yes" when f = false ? "no")", "yes"},
      {R"("yes" when not gone ? "no")", "yes"},
      {R"("yes" when num > 9 ? "no")", "yes"},
      {R"("yes" when num > "9" ? "no")", "no"},
      {R"("yes" when a in ("y", "x") ? "no")", "yes"},
      {R"("yes" when num in (16, 17) ? "no")", "yes"},
      {R"("yes" when a matches "[a-z]+" ? "no")", "yes"},
      {R"("yes" when a matches "[a-z]{2,}" ? "no")", "no"},
      {R"(a & "-" & num)", "x-17"},
      {R"(a & gone)", "absent"},
      {R"(o.v)", "1"},
      {R"(o[1].v)", "2"},
      {R"(o[v = "2"].v)", "2"},
      {R"(o[v = ^a].v)", "absent"},
      {R"(join(o.v, "+"))", "1+2"},
      {R"(count(o))", "2"},
      {R"(//v)", "1"},
      {R"(divide(1, 0))", "absent"},
      {R"(date("2024-02-30"))", "C010"},
      {R"(number("1,5"))", "C011"},
      {R"(integer("1.5"))", "C012"},
      {R"(year("2024"))", "2024"},
      {R"(split("a", "^", 2))", "absent"},
      {R"(substring("홍길동님", 2, 2))", "길동"},
      {R"(left("ab", 9))", "ab"},
      {R"(right("ab", 9))", "ab"},
  };
  for (const auto& row : table) {
    CAPTURE(row.expression);
    CHECK(evaluate(row.expression, record) == row.want);
  }
}

TEST_CASE("dialect date forms and the time zone rule") {
  CHECK(evaluate(R"(date("31.12.2023"))", "{}", "dialect\ndate \"DD.MM.YYYY\"\n") == "2023-12-31");
  CHECK(evaluate(R"(datetime("20231231"))", "{}", "dialect\ndate \"hl7\"\n") == "2023-12-31");
  CHECK(evaluate(R"(datetime("2024-01-01T08:30:00+09:00"))", "{}", "timezone keep\n") == "2024-01-01T08:30:00");
  CHECK(evaluate(R"(datetime("2024-01-01T08:30:00+09:00"))", "{}", "timezone utc\n") == "2023-12-31T23:30:00");
  CHECK(evaluate(R"(date("2024-01-01T23:30:00Z"))", "{}", "timezone \"+09:00\"\n") == "2024-01-02");
  CHECK(evaluate(R"(date("2024-01-01"))", "{}", "timezone \"+09:00\"\n") == "2024-01-01");
}

TEST_CASE("references: relative, identifier only, contained") {
  CHECK(evaluate("reference(r)", R"({"r": {"reference": "Practitioner?identifier=sys|val"}})") == "Practitioner?identifier=sys|val");
  CHECK(evaluate("reference(r)", R"({"r": {"type": "Patient", "identifier": {"system": "s", "value": "v"}}})") == "Patient?identifier=s|v");
  CHECK(evaluate("reference(r)", R"({"r": {"identifier": {"system": "s", "value": "v"}}})") == "absent");
  CHECK(evaluate("reference(r)", R"({"r": {"reference": "#m1"}})") == "absent");
  CHECK(evaluate("reference(r, \"P\")",
                 R"({"r": [{"reference": "O/1"}, {"reference": "#p"}, {"reference": "P/2"}, {"reference": "P/3"}]})") == "P/2");
  CHECK(evaluate("reference(r, \"Q\", \"P\")", R"({"r": [{"reference": "https://h/fhir/P/4/_history/1"}]})") ==
        "https://h/fhir/P/4/_history/1");
  CHECK(evaluate("reference(r, \"P\")", R"({"r": {"type": "P", "identifier": {"system": "s", "value": "v/w"}}})") == "P?identifier=s|v/w");
  CHECK(evaluate("reference(r, \"P\")", R"({"r": [{"reference": "urn:uuid:1", "type": "O"}, {"reference": "urn:uuid:2"}]})") ==
        "urn:uuid:2");
  CHECK(evaluate("reference(r, \"P\")", R"({"r": [{"reference": "O/1"}, {"display": "somebody"}]})") == "absent");
  CHECK(evaluate("reference(r)", R"({"r": "Patient/7"})") == "Patient/7");
  CHECK(
      evaluate("resolve(r).code.text",
               R"({"r": {"reference": "#m2"}, "contained": [{"id": "m1", "code": {"text": "A"}}, {"id": "m2", "code": {"text": "B"}}]})") ==
      "B");
  CHECK(evaluate("resolve(r).code.text", R"({"r": {"reference": "Medication/1"}})") == "absent");
}

TEST_CASE("numbers and ranges are parsed strictly") {
  using namespace pyojun::mapping;
  for (const auto text : {"1", "-1.5", "+2", "1e3", ".5", "0012"}) CHECK_MESSAGE(parse_number(text).has_value(), text);
  for (const auto text : {"", " 1", "1 ", "0x10", "inf", "nan", "1,5", "1.", "--1", "+-1", "1e", "1e999", "１"})
    CHECK_MESSAGE(!parse_number(text).has_value(), text);
  CHECK(parse_integer("9223372036854775807") == 9223372036854775807);
  CHECK(parse_integer("12.0") == 12);
  CHECK(!parse_integer("12.5"));
  const struct {
    std::string_view text;
    bool there, has_low, has_high;
    double low, high;
  } table[] = {
      {"3.5-5.0", true, true, true, 3.5, 5},
      {"3.5 - 5.0 mmol/L", true, true, true, 3.5, 5},
      {"(7.38 ~ 7.46)", true, true, true, 7.38, 7.46},
      {"-5--1", true, true, true, -5, -1},
      {"<5", true, false, true, 0, 5},
      {">=10", true, true, false, 10, 0},
      {"negative", false, false, false, 0, 0},
      {"5", false, false, false, 0, 0},
      {"5-3", false, false, false, 0, 0},
  };
  for (const auto& row : table) {
    CAPTURE(row.text);
    const auto range = parse_range(row.text);
    CHECK(range.has_value() == row.there);
    if (!range) continue;
    CHECK(range->has_low == row.has_low);
    CHECK(range->has_high == row.has_high);
    if (row.has_low) CHECK(range->low == row.low);
    if (row.has_high) CHECK(range->high == row.high);
  }
}

TEST_CASE("regular expressions match the whole text, in linear time") {
  const struct {
    std::string_view pattern, text;
    bool want;
  } table[] = {
      {"a*b", "aaab", true},
      {"a*b", "aaabc", false},
      {"(ab|cd)+", "abcdab", true},
      {"[^0-9]+", "abc", true},
      {"[^0-9]+", "ab1", false},
      {"\\d{4}-\\d{2}", "2024-02", true},
      {"\\d{2,3}", "1", false},
      {"\\d{2,}", "12345", true},
      {".", "가", true},
      {"..", "가", false},
      {"[가-힣]+", "홍길동", true},
      {"^a$", "a", true},
      {"(?:x|y){2}", "xy", true},
      {"a?b?", "", true},
      {"\\w+\\s\\W", "ab !", true},
      {"\\.", ".", true},
      {"\\.", "x", false},
      {"(a|b|c)d", "cd", true},
      {"(a*)*", "aaaa", true},
      {"x{0}", "", true},
      {"[\\d.]+", "1.5", true},
      {"a|", "", true},
      {"(a+)+b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", false},
  };
  mapping::Regex::Scratch scratch;
  for (const auto& row : table) {
    CAPTURE(row.pattern);
    CAPTURE(row.text);
    const auto regex = mapping::Regex::compile(row.pattern);
    REQUIRE(regex);
    CHECK(regex->matches(row.text, scratch) == row.want);
  }
  for (const auto pattern : {"(", ")", "[a", "*", "a{3,2}", "\\1", "(?=a)", "a{", "\\b", "[b-a]"})
    CHECK_MESSAGE(!mapping::Regex::compile(pattern), pattern);
}

TEST_CASE("a resident registration number is a calendar date, a century and a sex, masked or not; anything else is refused") {
  const struct {
    std::string number, birth, sex, foreigner;
  } rows[] = {{"800101-1234567", "1980-01-01", "M", "false"},  {"8001012******", "1980-01-01", "F", "false"},
              {"000229-3******", "2000-02-29", "M", "false"},  {"050228-4", "2005-02-28", "F", "false"},
              {"700101-5******", "1970-01-01", "M", "true"},   {"030101-8******", "2003-01-01", "F", "true"},
              {"990101-9******", "1899-01-01", "M", "false"},  {"990101-0******", "1899-01-01", "F", "false"},
              {" 800101-1xxxxxx ", "1980-01-01", "M", "false"}};
  for (const auto& row : rows) {
    CAPTURE(row.birth);
    const std::string quoted = "\"" + row.number + "\"";
    CHECK(evaluate("rrn_birth(" + quoted + ")") == row.birth);
    CHECK(evaluate("rrn_sex(" + quoted + ")") == row.sex);
    CHECK(evaluate("text(rrn_foreigner(" + quoted + "))") == row.foreigner);
  }
  const std::string wrong[] = {"800230-1******", "010229-1******",  "801301-1******",  "80010-11******", "8001011",
                               "800101-1*****",  "800101--1******", "800101-1******1", "abcdefg",        "80010*-1******"};
  for (const auto& number : wrong) {
    CAPTURE(number);
    CHECK(evaluate("rrn_birth(\"" + number + "\")") == (number == "8001011" ? "1980-01-01" : "C080"));
  }
  CHECK(evaluate("rrn_sex(\"  \")") == "absent");
}
