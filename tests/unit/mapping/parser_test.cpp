// The mapping language's front end: what is read, what is printed, what is refused and where.
#include "mapping/parser.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/resources.hpp"
#include "mapping/diagnostic.hpp"

using namespace pyojun;

namespace {

// One expression, as the value of an assignment.
Parsed parse_value(const std::string& expression) {
  return parse_text("mapping m\nrule r\nfrom k\ninto person\nc := " + expression + "\n");
}

std::string printed(const std::string& expression) {
  const Parsed parsed = parse_value(expression);
  if (!parsed.diagnostics.empty()) return render(parsed.diagnostics[0], "en");
  return print(*parsed.mapping.rules.at(0).emits.at(0).assigns.at(0).value);
}

void write_file(const std::filesystem::path& path, std::string_view text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

// A folder of its own, gone at the end of the test.
struct Folder {
  std::filesystem::path path;
  explicit Folder(const std::string& name) : path(std::filesystem::temp_directory_path() / ("pyojun_parser_" + name)) {
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
};

std::string ids(const Parsed& parsed) {
  std::string out;
  for (const auto& d : parsed.diagnostics)
    out += std::string(info(d.code).id) + "@" + std::to_string(d.line) + ":" + std::to_string(d.column) + " ";
  return out;
}

}  // namespace

TEST_CASE("expressions are printed in one canonical form, and reading that gives it again") {
  const struct {
    std::string text, form;
  } rows[] = {
      {"CODE", "CODE"},
      {"`환자 번호`&\"-\"&`n o`", "`환자 번호` & \"-\" & `n o`"},
      {"환자번호", "환자번호"},
      {"a?b?\"x\"", "a ? b ? \"x\""},
      {"(a ? b) ? c", "(a ? b) ? c"},
      {"((a))", "a"},
      {"-5 ? 0.50 ? true ? null", "-5 ? 0.50 ? true ? null"},
      {"\"a\\\"b\\\\\\n\\t\"", "\"a\\\"b\\\\\\n\\t\""},
      {"a when b=\"1\" or c and not d", "a when b = \"1\" or c and not d"},
      {"a when (b or c) and d ? e", "a when (b or c) and d ? e"},
      {"(a when b) when c", "(a when b) when c"},
      {"not (a or b)", "not (a or b)"},
      {"not not a", "not not a"},
      {"a in (\"x\",\"y\")", "a in (\"x\", \"y\")"},
      {"a in race", "a in race"},
      {"a & b = c", "a & b = c"},
      {"(a = b) & c", "(a = b) & c"},
      {"a matches \"[0-9]+\"", "a matches \"[0-9]+\""},
      {"present a or empty b.c", "present a or empty b.c"},
      {"year(date(BIRTHDATE))", "year(date(BIRTHDATE))"},
      {"kind()", "kind()"},
      {"payers(ID, \"x\").name", "payers(ID, \"x\").name"},
      {"payers(ID).`어떤 열`", "payers(ID).`어떤 열`"},
      {"resolve(medicationReference).code", "resolve(medicationReference).code"},
      {"resolve(x).code.coding[0].value[x]", "resolve(x).code.coding[0].value[x]"},
      {"value(value[x])", "value(value[x])"},
      {"best(code(a, b), each code(c.coding.system, c.coding.code))", "best(code(a, b), each code(c.coding.system, c.coding.code))"},
      {".", "."},
      {"^", "^"},
      {"^^a.b", "^^a.b"},
      {"^.subject.reference", "^subject.reference"},
      {"telecom[system = \"phone\" and use != \"old\"][0].value", "telecom[system = \"phone\" and use != \"old\"][0].value"},
      {"a[(x)]", "a[.x]"},
      {"a[b[0].c = ^d]", "a[b[0].c = ^d]"},
      {"`not` & `a``", "M008"},
      {"`not`", "`not`"},
      {"a.not", "a.not"},
      {"PID-3[5 = \"MR\"].1", "PID-3[.5 = \"MR\"].1"},
      {"PID-3[present 5].1", "PID-3[present .5].1"},
      {"^PID-3.4.1", "^PID-3.4.1"},
      {"OBX-14 ? OBR-7", "OBX-14 ? OBR-7"},
      {".5.1", ".5.1"},
      {"//section[code/@code = \"11450-4\"]/entry//observation", "//section[code.@code = \"11450-4\"].entry//observation"},
      {"@id", "@id"},
      {"sdtc:raceCode.@code", "sdtc:raceCode.@code"},
      {"a ?\n  b ?\n  c", "a ? b ? c"},
      {"a\n  ? b\n  & c", "a ? b & c"},
      {"f(\n  a,\n  b\n)", "f(a, b)"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const std::string form = printed(row.text);
    if (row.form.starts_with("M0")) {
      CHECK(form.find("[" + row.form + "]") != std::string::npos);
      continue;
    }
    CHECK(form == row.form);
    CHECK(printed(form) == form);
  }
}

TEST_CASE("a number behind a comparison inside brackets stays a number, an index is one only alone") {
  const Parsed parsed = parse_value("a[rank = 5][2].b");
  REQUIRE(parsed.diagnostics.empty());
  const auto& step = parsed.mapping.rules[0].emits[0].assigns[0].value->path.steps[0];
  REQUIRE(step.predicates.size() == 2);
  CHECK(step.predicates[0].condition->args[1]->kind == ast::Kind::number);
  CHECK(step.predicates[1].index == 2);
}

TEST_CASE("a whole mapping is printed in canonical form") {
  const std::string text = R"(# comment
mapping synthea/csv-2 "Titel \"x\""   # name
cdm omop-5.4
source messages
timezone "+09:00"
dialect
  format csv
  encoding cp949
  delimiter "|"
  quote none
  header no
  ragged pad
  null "NULL", "\\N"
  date "YYYYMMDD"
  alias "ALL" -> all
  file patients "p*.csv",
    "q.csv"
  columns Id, `생년 월일`
  alias "x y" -> z
list race "white" -> 8527, "black" -> 8516,
  "asian" -> 8515
  "none" -> 0
list sex "lists/sex.csv"
lookup first from visits where A = "1" key Id, B keep start := START, stop := STOP
rule a.b "skipped"
rule patient "Patients"
  from patients where ok = "Y"
  each a.b ? . where c = "1"
  each d
  where present e "reason"
  into stem default Observation only Condition, "Meas Value"
  key ^Id, x ? y
  alias z
  version date(v)
  range_low, range_high := range(r)
  also death where present f
  key *
  death_date := date(f)
  delete when g = "D"
)";
  const std::string form = R"(mapping synthea/csv-2 "Titel \"x\""
cdm omop-5.4
source messages
timezone "+09:00"
dialect
  format csv
  encoding cp949
  delimiter "|"
  quote none
  header no
  ragged pad
  null "NULL", "\\N"
  date "YYYYMMDD"
  alias "ALL" -> all
  file patients "p*.csv", "q.csv"
  columns Id, `생년 월일`
  alias "x y" -> z
list race
  "white" -> 8527
  "black" -> 8516
  "asian" -> 8515
  "none" -> 0
list sex "lists/sex.csv"
lookup first
  from visits where A = "1"
  key Id, B
  keep start := START
  keep stop := STOP
rule patient "Patients"
  from patients where ok = "Y"
  each a.b ? . where c = "1"
  each d
  where present e "reason"
  into stem default Observation only Condition, `Meas Value`
  key ^Id, x ? y
  alias z
  version date(v)
  range_low, range_high := range(r)
  also death where present f
  key *
  death_date := date(f)
  delete when g = "D"
)";
  const std::string without_bad = text.substr(0, text.find("rule a.b")) + text.substr(text.find("rule patient"));
  const Parsed parsed = parse_text(without_bad);
  CHECK(ids(parsed) == "");
  CHECK(print(parsed.mapping) == form);
  CHECK(print(parse_text(form).mapping) == form);
  CHECK(ids(parse_text(text)) == "M036@25:6 M037@25:6 M015@25:7 ");
}

TEST_CASE("mistakes are found where they are, each once, and reading goes on behind them") {
  const std::string head = "mapping m\nrule r\nfrom k\ninto person\n";  // the mistake stands on line 5
  const struct {
    std::string text, found;
  } whole[] = {
      {"cdm omop-5.4\n", "M012@1:1 "},
      {"", "M012@1:1 "},
      {"mapping m\nrul patient\nfrom a\ninto person\na := b\n", "M013@2:1 "},
      {"mapping m\na := b\n", "M014@2:1 "},
      {"mapping m\nencoding utf-8\n", "M014@2:1 "},
      {"mapping m\ntimezone \"09:00\"\n", "M032@2:10 "},
      {"mapping m\ntimezone \"+15:00\"\n", "M032@2:10 "},
      {"mapping m\nsource snapshots\n", "M030@2:8 "},
      {"mapping m\ncdm a\ncdm b\n", "M031@3:1 "},
      {"mapping m\ndialect\nheader maybe\n", "M030@3:8 "},
      {"mapping m\ndialect\ndelimiter \"ab\"\n", "M030@3:11 "},
      {"mapping m\ndialect\ncolumns a\n", "M033@3:1 "},
      {"mapping m\ndialect\nfile k \"a\"\nfile k \"b\"\n", "M031@4:6 "},
      {"mapping m\ndialect\nalias \"a\" b\n", "M020@3:11 "},
      {"mapping m\ndialect\nencodng utf-8\nformat csv\n", "M013@3:1 "},
      {"mapping m\nlist a \"x\" -> b\n", "M026@2:15 "},
      {"mapping m\nlist a \"x\" -> 1\nlist a \"y\" -> 2\n", "M034@3:6 "},
      {"mapping m\nlist a \"x\" -> 1, \"x\" -> 2\n", "M031@2:18 "},
      {"mapping m\nlookup a from b keep c := d\n", "M035@2:8 "},
      {"mapping m\nrule a\ninto person\n", "M036@2:6 "},
      {"mapping m\nrule a\nfrom b\n", "M037@2:6 "},
      {"mapping m\nrule a\nfrom b\nkey c\ninto person\n", "M038@4:1 "},
      {"mapping m\nrule a\nfrom b\ninto person\nrule a\nfrom b\ninto person\n", "M034@5:6 "},
      {"mapping m\noverride patient\n", "M045@2:10 "},
      {"mapping m\noverride rule patient\na := b\n", "M046@2:15 "},
      {"mapping m\nwithout rule patient\n", "M046@2:14 "},
      {"mapping m\ninclude \"../other.map\"\n", "M051@2:9 "},
      {"mapping m\ninclude \"/etc/passwd\"\n", "M051@2:9 "},
      {"mapping m\ninclude \"C:\\\\x.map\"\n", "M051@2:9 "},
      {"mapping m\ninclude \"other.map\"\n", "M001@2:9 "},
      {"mapping m\nrule a\nfrom b\ninto person\noverride rule a\nfrom c\nwithout x\ninto death\n", "M047@6:1 M049@7:9 M048@8:6 "},
      {"mapping m\nrule a\nfrom b\ninto stem\nrange_low, range_high := range(x)\noverride rule a\nrange_low := y\n", "M050@7:1 "},
      {"mapping m\xFF\n", "M004@1:10 "},
      {"mapping \"\xED\xA0\x80\"\n", "M004@1:10 "},
  };
  for (const auto& row : whole) {
    CAPTURE(row.text);
    CHECK(ids(parse_text(row.text)) == row.found);
  }
  const struct {
    std::string text, found;
  } lines[] = {
      {"a := b $ c", "M005@5:8 "},
      {"a := “b”", "M006@5:6 M006@5:8 "},
      {"a := \"b", "M007@5:6 "},
      {"a := `b", "M008@5:6 "},
      {"a := ``", "M009@5:6 "},
      {"a := \"\\q\"", "M010@5:7 "},
      {"a := 12abc", "M011@5:6 "},
      {"intoo person", "M013@5:1 "},
      {"a := b c", "M015@5:8 "},
      {"a := b = c = d", "M015@5:12 "},
      {"key a,\nb := c", "M018@5:7 "},
      {"a :=", "M018@5:5 "},
      {"a := b ?", "M018@5:9 "},
      {"a = b", "M019@5:3 "},
      {"a := (b, c)", "M021@5:8 "},
      {"a := f(b]", "M021@5:9 "},
      {"a := b[1)", "M021@5:9 "},
      {"a := f(b\nc := d", "M022@5:7 "},
      {"a := f(b,\nkey c\n", "M021@6:5 "},
      {"a := b matches c", "M023@5:16 "},
      {"a := b in \"c\"", "M024@5:11 "},
      {"a := b.", "M025@5:8 "},
      {"a := b[-1]", "M027@5:8 "},
      {"a := b[99999999999]", "M027@5:8 "},
      {"a := b and when", "M029@5:12 "},
      {"from c", "M031@5:1 "},
      {"key a\nkey b", "M031@6:1 "},
      {"into death", "M039@5:1 "},
      {"also death\nwhere a", "M040@6:1 "},
      {"each \"a\"", "M041@5:6 "},
      {"each a ? b", "M042@5:10 "},
      {"delete a", "M043@5:8 "},
      {"a, a := b", "M044@5:4 "},
      {"where", "M018@5:6 "},
      {"환자번호 := 가나다 $", "M005@5:13 "},
  };
  for (const auto& row : lines) {
    CAPTURE(row.text);
    CHECK(ids(parse_text(head + row.text + "\n")) == row.found);
    // What follows is read all the same.
    const Parsed parsed = parse_text(head + row.text + "\nlast := 1\nrule next\nfrom k\ninto death\n");
    CHECK(ids(parsed).find("M0") == 0);
    REQUIRE(parsed.mapping.rules.size() == 2);
    const auto& assigns = parsed.mapping.rules[0].emits.back().assigns;
    REQUIRE(!assigns.empty());
    CHECK(assigns.back().names[0].first == "last");
  }
}

TEST_CASE("nesting is bounded, so that no mapping can exhaust the stack") {
  for (const auto& [open, close] :
       {std::pair<std::string, std::string>{"(", ")"}, {"f(", ")"}, {"not ", ""}, {"each ", ""}, {"a[b = ", "]"}}) {
    const std::string& begins = open;  // a structured binding cannot be captured in C++20 by clang
    CAPTURE(begins);
    const auto nested = [&, o = open, c = close](int depth) {
      std::string text;
      for (int i = 0; i < depth; ++i) text += o;
      text += "x";
      for (int i = 0; i < depth; ++i) text += c;
      return parse_value(text);
    };
    CHECK(nested(190).diagnostics.empty());
    CHECK(ids(nested(100000)).starts_with("M028@5:"));
  }
}

TEST_CASE("a file full of mistakes ends with a last word, not with a million") {
  std::string text = "mapping m\nrule r\nfrom k\ninto person\n";
  for (int i = 0; i < 5000; ++i) text += "a = b\n";
  const Parsed parsed = parse_text(text);
  CHECK(parsed.diagnostics.size() == 201);
  CHECK(parsed.diagnostics.back().code == Code::map_too_many_problems);
}

TEST_CASE("CRLF, byte order mark and blanks make no difference") {
  const Parsed plain = parse_text("mapping m\nrule r\n from k\n into person\n a := b ?\n c\n");
  const Parsed windows = parse_text("\xEF\xBB\xBFmapping m\r\nrule r\r\n\tfrom k\r\n\tinto  person\r\n  a := b ?\r\n\r\n# x\r\n  c");
  CHECK(ids(plain) == "");
  CHECK(ids(windows) == "");
  CHECK(print(plain.mapping) == print(windows.mapping));
}

TEST_CASE("includes are read in place; the including file speaks first, overrides change single lines") {
  const Folder folder("include");
  write_file(folder.path / "mapping.map",
             "mapping site \"Site\"\nsource delta\ninclude \"sub/base.map\"\ninclude \"sub/base.map\"\n"
             "override rule patient \"Changed\"\n  where B != \"\" \"no B\"\n  key Id, B\n  without c\n  a := 2\n"
             "  also death where present D\n    death_date := date(D)\n  into location\n    city := TOWN\n"
             "without rule gone\nlist race \"x\" -> 2\n");
  write_file(folder.path / "sub/base.map",
             "mapping base\ncdm omop-5.4\nsource snapshot\ninclude \"deeper.map\"\nlist race \"x\" -> 1\n"
             "rule patient\n from p\n where A\n into person\n key Id\n a := 1\n b := 1\n c := 1\n also location\n city := CITY\n"
             "rule gone\n from p\n into person\n");
  write_file(folder.path / "sub/deeper.map", "dialect\n null \"N\"\n");
  const Parsed parsed = parse_mapping(folder.path.string());
  CHECK(ids(parsed) == "");
  CHECK(parsed.mapping.files.size() == 3);
  CHECK(print(parsed.mapping) ==
        "mapping site \"Site\"\ncdm omop-5.4\nsource delta\ndialect\n  null \"N\"\nlist race\n  \"x\" -> 2\nrule patient \"Changed\"\n"
        "  from p\n  where A\n  where B != \"\" \"no B\"\n  into person\n  key Id, B\n  b := 1\n  a := 2\n  also location\n  city := TOWN\n"
        "  also death where present D\n  death_date := date(D)\n");
}

TEST_CASE("include cycles, depth and links that lead out are refused at the include") {
  const Folder folder("cycle");
  write_file(folder.path / "a.map", "mapping a\ninclude \"b.map\"\n");
  write_file(folder.path / "b.map", "include \"a.map\"\n");
  const Parsed cycle = parse_mapping((folder.path / "a.map").string());
  CHECK(ids(cycle) == "M052@1:9 ");
  CHECK(cycle.diagnostics.at(0).file == (folder.path / "b.map").generic_string());
  for (int i = 0; i < 20; ++i) {
    write_file(folder.path / ("d" + std::to_string(i) + ".map"),
               (i == 0 ? "mapping a\n" : "") + std::string("include \"d") + std::to_string(i + 1) + ".map\"\n");
  }
  CHECK(ids(parse_mapping((folder.path / "d0.map").string())) == "M053@1:9 ");
  const Folder outside("outside");
  write_file(outside.path / "secret.map", "cdm secret\n");
  std::filesystem::create_symlink(outside.path / "secret.map", folder.path / "link.map");
  write_file(folder.path / "c.map", "mapping c\ninclude \"link.map\"\n");
  CHECK(ids(parse_mapping((folder.path / "c.map").string())) == "M051@2:9 ");
}

TEST_CASE("a mapping is found by file, by folder and by the name of a shipped one") {
  const Folder folder("find");
  CHECK(ids(parse_mapping((folder.path / "none").string())) == "M001@0:0 ");
  CHECK(ids(parse_mapping(folder.path.string())) == "M001@0:0 ");
  write_file(folder.path / "x.map", "mapping x\n");
  CHECK(parse_mapping(folder.path.string() + "/").mapping.name == "x");
  write_file(folder.path / "part.map", "list a \"b\" -> 1\n");
  CHECK(parse_mapping(folder.path.string()).mapping.name == "x");
  write_file(folder.path / "y.map", "mapping y\n");
  CHECK(ids(parse_mapping(folder.path.string())) == "M002@0:0 ");
  write_file(folder.path / "mapping.map", "mapping main\n");
  CHECK(parse_mapping(folder.path.string()).mapping.name == "main");
  write_file(folder.path / "large.map", "mapping large\n#" + std::string(5U << 20U, 'x'));
  CHECK(ids(parse_mapping((folder.path / "large.map").string())) == "M003@0:0 ");
  write_file(folder.path / "codes.csv", "a,b\n");
  const Parsed main = parse_mapping(folder.path.string());
  CHECK(read_beside(main.mapping, 0, "codes.csv") == "a,b\n");
  CHECK(!read_beside(main.mapping, 0, "../codes.csv"));
  CHECK(!read_beside(main.mapping, 0, "none.csv"));
  CHECK(!read_beside(main.mapping, 9, "codes.csv"));
}

TEST_CASE("every shipped mapping is read without a word and printed to what reads the same") {
  std::size_t count = 0;
  for (const std::string_view path : resources_under("mappings/")) {
    const std::string_view text = *resource(path);
    if (!path.ends_with(".map") || (!text.starts_with("mapping ") && text.find("\nmapping ") == std::string_view::npos)) continue;
    CAPTURE(path);
    const Parsed parsed = parse_mapping("shipped:" + std::string(path.substr(9)));
    CHECK(ids(parsed) == "");
    const std::string form = print(parsed.mapping);
    const Parsed again = parse_text(form);
    // A layout lies beside its mapping; text has nothing beside it.
    CHECK((ids(again).empty() || (ids(again).starts_with("R186@") && form.find("  layout ") != std::string::npos)));
    CHECK(print(again.mapping) == form);
    ++count;
  }
  CHECK(count >= 2);
}

TEST_CASE("a site changes one column of a shipped mapping") {
  const Folder folder("site");
  write_file(folder.path / "site.map",
             "mapping site\ninclude \"shipped:synthea/csv\"\noverride rule patients\n  person_source_value := \"-\"\n");
  const Parsed parsed = parse_mapping(folder.path.string());
  CHECK(ids(parsed) == "");
  CHECK(parsed.mapping.name == "site");
  CHECK(print(parsed.mapping).find("person_source_value := \"-\"") != std::string::npos);
}

TEST_CASE("a diagnostic shows the line, a caret as wide as what is meant, and a suggestion") {
  const Parsed parsed = parse_text("mapping m\nrule r\n  from k\n  intp person\n  into person\n\t`환자 이름` := 성별 가나다\n", "site.map");
  REQUIRE(parsed.diagnostics.size() == 2);
  CHECK(render(parsed.diagnostics[0], "en") ==
        "site.map:4:3: error: no statement begins like this 'intp' [M013]\n    intp person\n    ^~~~\n"
        "  see docs/map-language.md; assignments are written COLUMN := EXPRESSION\n  did you mean 'into'?\n");
  const std::string korean = render(parsed.diagnostics[1], "ko");
  CHECK(korean.starts_with("site.map:6:16: 오류: "));
  CHECK(korean.find("\n   `환자 이름` := 성별 가나다\n                       ^~~~~~\n") != std::string::npos);
}

TEST_CASE("long lines are cut around the caret and control characters never reach the terminal") {
  Diagnostic d;
  d.code = Code::map_character;
  d.file = "x";
  d.line = 1;
  d.source_line = std::string(200, 'a') + "\x1B[31m" + std::string(200, 'b');
  d.column = 201;
  const std::string shown = render(d, "en");
  CHECK(shown.find('\x1B') == std::string::npos);
  CHECK(shown.find("...aaa") != std::string::npos);
  CHECK(shown.find("bbb...") != std::string::npos);
}

TEST_CASE("the nearest name is suggested only when it may have been meant") {
  const std::vector<std::string_view> names{"gender_source_value", "person_id", "value"};
  CHECK(nearest("gendr_source_valeu", names) == "gender_source_value");
  CHECK(nearest("person_dI", names) == "person_id");
  CHECK(nearest("PERSON_ID", names) == "");
  CHECK(nearest("xyz", names) == "");
  CHECK(nearest("", names) == "");
}
