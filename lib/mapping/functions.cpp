#include "mapping/functions.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "mapping/functions_code.hpp"
#include "mapping/functions_korea.hpp"
#include "mapping/functions_text.hpp"

namespace pyojun {

namespace {

using namespace mapping;

struct Row {
  Function function;
  Run run;
};

constexpr std::uint8_t any = 255;

constexpr std::array rows{
    Row{{"date", 1, 1, "time", "day of a time; quarantine when the text is no date", R"(date(start))", "2024-02-29"}, run_date},
    Row{{"datetime", 1, 1, "time", "time as precise as given; quarantine when the text is no date", R"(datetime(start))",
         "2024-02-29T13:05:00"},
        run_datetime},
    Row{{"instant", 1, 1, "time",
         "datetime in UTC by the offset it was given with; without one as it stands: what came first, for `version`",
         R"(instant("2024-02-29T13:05:00+09:00"))", "2024-02-29T04:05:00"},
        run_instant},
    Row{{"first_day", 1, 1, "time", "first day of a year or month, for partial dates; a complete time as it is", R"(first_day("2024-02"))",
         "2024-02-01"},
        run_first_day},
    Row{{"year", 1, 1, "integer", "year of a time", R"(year("2024-02"))", "2024"}, run_year},
    Row{{"month", 1, 1, "integer", "month; absent when the source gave none", R"(month("2024-02"))", "2"}, run_month},
    Row{{"day", 1, 1, "integer", "day of the month; absent when the source gave none", R"(day("2024-02"))", ""}, run_day},
    Row{{"days", 2, 2, "integer", "days from the first time to the second", R"(days("2024-02-28", "2024-03-01"))", "2"}, run_days},
    Row{{"add_days", 2, 2, "time", "a day, that many days later or, when negative, earlier", R"(add_days("2024-02-28", 2))", "2024-03-01"},
        run_add_days},
    Row{{"last_day", 1, 1, "time", "last day of a year or month, for partial dates", R"(last_day("2024-02"))", "2024-02-29"}, run_last_day},
    Row{{"number", 1, 1, "number", "number, parsed strictly; quarantine when it is none", R"(number("7.50"))", "7.5"}, run_number},
    Row{{"integer", 1, 1, "integer", "whole number, parsed strictly; quarantine when it is none", R"(integer("12.0"))", "12"}, run_integer},
    Row{{"text", 1, 1, "text", "the text of anything; of a structure what a person would read", R"(text(value[x]))", "5.4"}, run_text},
    Row{{"trim", 1, 1, "text", "without blanks at both ends", R"(trim("  a b "))", "a b"}, run_trim},
    Row{{"upper", 1, 1, "text", "ASCII letters in upper case", R"(upper("abc가"))", "ABC가"}, run_upper},
    Row{{"lower", 1, 1, "text", "ASCII letters in lower case", R"(lower("ABC"))", "abc"}, run_lower},
    Row{{"left", 2, 2, "text", "first n characters", R"(left("홍길동", 2))", "홍길"}, run_left},
    Row{{"right", 2, 2, "text", "last n characters", R"(right("20240229", 2))", "29"}, run_right},
    Row{{"substring", 2, 3, "text", "n characters (or the rest) from a position; the first character is 1",
         R"(substring("20240229", 5, 2))", "02"},
        run_substring},
    Row{{"replace", 3, 3, "text", "every occurrence of the second text becomes the third", R"(replace("1.2.3", ".", "-"))", "1-2-3"},
        run_replace},
    Row{{"split", 3, 3, "text", "part n of a text between separators; the first is 1, absent when there are fewer",
         R"(split("A^B^C", "^", 2))", "B"},
        run_split},
    Row{{"strip_prefix", 2, 2, "text", "without the prefix, when it is there", R"(strip_prefix("urn:oid:2.16", "urn:oid:"))", "2.16"},
        run_strip_prefix},
    Row{{"base64", 1, 1, "text", "text behind base64; absent when it is not UTF-8 text", R"(base64("7ZWc6riA"))", "한글"}, run_base64},
    Row{{"compose", 1, 1, "text", "Hangul written in separate letters (as macOS writes names) as whole syllables", R"(compose("가"))",
         "가"},
        run_compose},
    Row{{"rrn_birth", 1, 1, "time", "date of birth in a Korean resident registration number; quarantine when it is none",
         R"(rrn_birth("800229-1******"))", "1980-02-29"},
        run_rrn_birth},
    Row{{"rrn_sex", 1, 1, "text", "sex in a Korean resident registration number: M or F", R"(rrn_sex("010101-4******"))", "F"},
        run_rrn_sex},
    Row{{"rrn_foreigner", 1, 1, "condition", "whether a Korean resident registration number is a foreigner's",
         R"(text(rrn_foreigner("800229-5******")))", "true"},
        run_rrn_foreigner},
    Row{{"join", 2, 2, "text", "all present values of a path, with a text between", R"(join(name.given, " "))", "Ann May"}, run_join},
    Row{{"count", 1, 1, "integer", "number of present values of a path", R"(count(name.given))", "2"}, run_count},
    Row{{"length", 1, 1, "integer", "length in characters", R"(length("홍길동"))", "3"}, run_length},
    Row{{"plus", 2, 2, "number", "sum; absent if a side is", R"(plus(1, "2"))", "3"}, run_plus},
    Row{{"minus", 2, 2, "number", "difference; absent if a side is", R"(minus(2024, 30))", "1994"}, run_minus},
    Row{{"times", 2, 2, "number", "product; absent if a side is", R"(times(1.5, 2))", "3"}, run_times},
    Row{{"divide", 2, 2, "number", "quotient; absent if a side is, or when the divisor is 0", R"(divide(1, 4))", "0.25"}, run_divide},
    Row{{"code", 2, 3, "code",
         "source code: concept, targets and domain follow; absent when the code is absent or empty; the day of service, when given, "
         "decides the edition of the code system",
         R"(code("LOINC", "718-7"))", "718-7"},
        run_code},
    Row{{"best", 1, any, "code", "best of the codes: by grade, then vocabulary priority, then order",
         R"(best(code("X", "local"), each code(code.coding.system, code.coding.code)))", "718-7"},
        run_best},
    Row{{"list_code", 2, 2, "code", "code by a code list, as `code`", "", ""}, run_list_code},
    Row{{"list", 2, 2, "concept", "concept from a code list; absent when not listed", "", ""}, run_list},
    Row{{"concept", 2, 2, "concept", "standard concept by a word or code within a domain; absent when unknown",
         R"(integer(concept("M", "Gender")))", "8507"},
        run_concept},
    Row{{"standard", 1, 1, "concept", "first standard concept of a code, or 0", R"(integer(standard(code("LOINC", "718-7"))))", "3000963"},
        run_standard},
    Row{{"source", 1, 1, "concept", "concept of the source code itself, or 0", R"(integer(source(code("LOINC", "718-7"))))", "3000963"},
        run_source},
    Row{{"domain", 1, 1, "text", "domain of a code's first target, else of its own concept", R"(domain(code("LOINC", "718-7")))",
         "Measurement"},
        run_domain},
    Row{{"name", 1, 1, "text", "concept name of a code's first target, else of its own concept", R"(name(code("LOINC", "718-7")))",
         "Hemoglobin [Mass/volume] in Blood"},
        run_name},
    Row{{"grade", 1, 1, "text", "how well a code was mapped: exact, normalised, list, edition, truncated, no_target, unknown, no_system",
         R"(grade(code("LOINC", "no such code")))", "unknown"},
        run_grade},
    Row{{"complete", 1, 1, "condition", "whether the code system has no longer codes below this one; absent when the code is unknown",
         R"(text(complete(code("LOINC", "718-7"))))", "true"},
        run_complete},
    Row{{"value", 1, 2, "answer",
         "number, operator, concept or text, found out from the node; a second argument names the unit that may stand behind the number",
         R"(number(value("<0.5")))", "0.5"},
        run_value},
    Row{{"unit", 1, 1, "concept", "unit concept through UCUM and its spellings; the source text goes to unit_source_value",
         R"(integer(unit("mg/dL")))", "8840"},
        run_unit},
    Row{{"range", 1, 1, "range", "two values, low and high: \"3.5-5.0\", \"<5\"; for `range_low, range_high := range(x)`", "", ""},
        run_range},
    Row{{"reference", 1, any, "text",
         "the key text a reference means, as `@id` of its target; conditional and identifier-only references as "
         "Type?identifier=system|value; with types: of the first reference to one of them",
         R"(reference(subject, "Group", "Patient"))", "Patient/1"},
        run_reference},
    Row{{"resolve", 1, 1, "node", "the contained resource a reference means, for paths", R"(resolve(medicationReference).code.text)",
         "Aspirin"},
        run_resolve},
    Row{{"type_of", 1, 1, "text", "type of a choice: what stands behind the name", R"(type_of(value[x]))", "Quantity"}, run_type_of},
    Row{{"kind", 0, 0, "text", "record kind", R"(kind())", "Sample"}, run_kind},
    Row{{"file", 0, 0, "text", "name of the file", R"(file())", "sample.json"}, run_file},
    Row{{"optional", 1, 1, "value",
         "the value, or, when it cannot be read (a date that is none), absent: the row is kept and the value told as a finding",
         R"(optional(date("soon")))", ""},
        run_optional},
    Row{{"assumed", 1, 1, "value",
         "the value, for when no record of the row's key says one; last in the assignment of a column that `combine` names", "", ""},
        run_assumed},
    Row{{"position", 0, 0, "integer", "number of the item among those the rule's innermost `each` goes through, from 1; 1 without `each`",
         R"(position())", "1"},
        run_position},
    Row{{"event", 0, 0, "reference", "id of the candidate's lead row", "", ""}, run_event},
    Row{{"event_domain", 0, 0, "text", "domain of the candidate's lead row", "", ""}, run_event_domain},
    Row{{"event_field", 0, 0, "concept", "concept of the id field of the lead row's table", "", ""}, run_event_field},
};

constexpr auto table = [] {
  std::array<Function, rows.size()> out{};
  for (std::size_t i = 0; i < rows.size(); ++i) out[i] = rows[i].function;
  return out;
}();

}  // namespace

std::span<const Function> functions() { return table; }

const Function* find_function(std::string_view name) {
  const auto found = std::ranges::find(table, name, &Function::name);
  return found == table.end() ? nullptr : &*found;
}

Run mapping::function_run(std::string_view name) {
  const auto found = std::ranges::find(rows, name, [](const Row& row) { return row.function.name; });
  return found == rows.end() ? nullptr : found->run;
}

std::string_view example_record() {
  return R"({"@file": "sample.json", "start": "2024-02-29T13:05:00+09:00",
 "name": [{"given": ["Ann", "May"]}], "subject": {"reference": "Patient/1"},
 "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
 "valueQuantity": {"value": 5.4, "unit": "mg/dL"},
 "medicationReference": {"reference": "#m1"}, "contained": [{"id": "m1", "code": {"text": "Aspirin"}}]})";
}

std::string functions_markdown() {
  std::string out = fmt::format(
      "# Functions\n\nMade from the table in `lib/mapping/functions.cpp`; `pyojun list functions` prints the same.\n"
      "The examples are evaluated in a test over this record:\n\n```json\n{}\n```\n\n"
      "| function | result | meaning | example |\n|---|---|---|---|\n",
      example_record());
  const auto escaped = [](std::string_view text) {
    std::string made;
    for (const char c : text) made += c == '|' ? std::string("\\|") : std::string(1, c);
    return made;
  };
  for (const Function& f : table) {
    std::string arguments;
    for (int i = 0; i < f.min_args; ++i) arguments += fmt::format("{}{}", i == 0 ? "" : ", ", static_cast<char>('a' + i));
    if (f.max_args == any) {
      arguments += ", ..";
    } else if (f.max_args > f.min_args) {
      arguments += fmt::format(" [, {}]", static_cast<char>('a' + f.min_args));
    }
    const std::string example =
        f.example.empty() ? ""
                          : fmt::format("`{}` = {}", escaped(f.example), f.expected.empty() ? "absent" : fmt::format("`{}`", f.expected));
    out += fmt::format("| `{}({})` | {} | {} | {} |\n", f.name, arguments, f.result, escaped(f.about), example);
  }
  return out;
}

}  // namespace pyojun
