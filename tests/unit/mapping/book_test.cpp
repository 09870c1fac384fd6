// The book of a mapping, and the documents that show mappings: what they say must be what the program reads.
#include "mapping/book.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "mapping/check.hpp"
#include "mapping/diagnostic.hpp"
#include "mapping/parser.hpp"

using namespace pyojun;

namespace {

const std::string root = std::string(PYOJUN_SOURCE_DIR) + "/";

Schema load_schema() {
  auto loaded = Schema::load();
  REQUIRE(loaded);
  return std::move(*loaded);
}

std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE(in.good());
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    out.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

// Bodies of the fenced blocks that open with exactly this line.
std::vector<std::string> blocks(const std::string& markdown, const std::string& fence) {
  std::vector<std::string> out;
  bool inside = false, wanted = false;
  for (const auto& line : lines_of(markdown)) {
    if (line.starts_with("```")) {
      wanted = !inside && line == fence;
      inside = !inside;
      if (wanted) out.emplace_back();
    } else if (inside && wanted) {
      out.back() += line + "\n";
    }
  }
  return out;
}

void write_file(const std::filesystem::path& path, std::string_view text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

}  // namespace

TEST_CASE("the tutorial's mapping has no findings, also against the columns of its data") {
  const Schema schema = load_schema();
  const Parsed parsed = parse_mapping(root + "testdata/tutorial");
  for (const auto& d : parsed.diagnostics) FAIL_CHECK(render(d, "en"));
  for (const auto& d : check_mapping(parsed.mapping, schema, nullptr, functions())) FAIL_CHECK(render(d, "en"));
  SeenFields seen;
  for (const auto& file : parsed.mapping.dialect.files) {
    std::string header = lines_of(read_text(root + "testdata/tutorial/data/" + file.kind + ".csv")).at(0);
    std::replace(header.begin(), header.end(), ',', '\n');
    auto& fields = seen[file.kind] = lines_of(header);
    for (auto& field : fields) {
      const auto alias = std::find_if(file.aliases.begin(), file.aliases.end(), [&](const auto& pair) { return pair.first == field; });
      if (alias != file.aliases.end()) field = alias->second;
    }
  }
  CHECK(seen.size() == 4);
  for (const auto& d : check_fields(parsed.mapping, seen)) FAIL_CHECK(render(d, "en"));
}

TEST_CASE("the tutorial shows every line of its mapping and no other") {
  std::vector<std::string> shown, mapped;
  for (const auto& block : blocks(read_text(root + "docs/tutorial-mapping.md"), "```map")) {
    for (const auto& line : lines_of(block)) shown.push_back(line);
  }
  for (const auto& line : lines_of(read_text(root + "testdata/tutorial/mapping.map"))) {
    if (!line.starts_with("# A small clinic")) mapped.push_back(line);
  }
  for (auto* lines : {&shown, &mapped}) {
    std::erase(*lines, "");
    std::sort(lines->begin(), lines->end());
  }
  CHECK(shown.size() > 60);
  CHECK(shown == mapped);
}

TEST_CASE("the second site of the tutorial and the override of the language page are read") {
  const auto folder = std::filesystem::temp_directory_path() / "pyojun_book_site";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  std::filesystem::copy(root + "testdata/tutorial", folder / "clinic", std::filesystem::copy_options::recursive);
  const Schema schema = load_schema();
  std::size_t count = 0;
  for (const std::string page : {"docs/tutorial-mapping.md", "docs/map-language.md"}) {
    for (const auto& block : blocks(read_text(root + page), "```")) {
      if (!block.starts_with("mapping ") || block.starts_with("mapping  ")) continue;  // the grammar itself
      CAPTURE(block);
      write_file(folder / "mapping.map", block);
      const Parsed parsed = parse_mapping(folder.string());
      for (const auto& d : parsed.diagnostics) FAIL_CHECK(render(d, "en"));
      for (const auto& d : check_mapping(parsed.mapping, schema, nullptr, functions())) FAIL_CHECK(render(d, "en"));
      ++count;
    }
  }
  CHECK(count == 2);
  std::filesystem::remove_all(folder);
}

TEST_CASE("the book says in words where columns come from, filters with reasons, and lists") {
  const Schema schema = load_schema();
  const Parsed parsed = parse_text(
      "mapping m \"A | title\"\ncdm omop-5.4\nlist sex \"M\" -> 8507\nlookup v from visits where A = \"1\" key Id keep d := date(D)\nrule "
      "p \"Persons\"\n"
      "from patients where K matches \"a|b\"\nwhere present Id \"no number\"\nwhere A = \"1\"\ninto person\nkey Id\n"
      "gender_concept_id := list(sex, upper(SEX)) ? 0\nyear_of_birth := year(BORN ? SEEN)\nlocation_id := location(A & \"-\", B)\n"
      "gender_source_value := SEX when K matches \"a|b\"\nrule e\nfrom codes\neach coding ? . where use = \"x\"\ninto stem default "
      "Condition\n"
      "code := code(\"SNOMED\", CODE)\nstart := v(Id).d\n");
  REQUIRE(parsed.diagnostics.empty());
  const std::string book = book_markdown(parsed.mapping, schema, "en");
  for (const std::string part :
       {"# A \\| title\n", "| mapping | `m` |\n", "\n## person\n\n### p: Persons\n\n",
        "Reads records of kind `patients`, only those where `K matches \"a|b\"`.\n", "- `present Id`: no number\n- `A = \"1\"`\n",
        "Rows are told apart by `Id`.\n", "| column | comes from |\n",
        "| `gender_concept_id` | the concept that code list `sex` gives for `SEX` in upper case; if absent, `0` |\n",
        "| `year_of_birth` | the year of (`BORN`; if absent, `SEEN`) |\n",
        "| `location_id` | the `location` row with key `A` followed by `\"-\"` + `B` |\n",
        "| `gender_source_value` | `SEX` when `K matches \"a\\|b\"` |\n",
        "Once for each `coding`, or once for the record itself when there is none, where `use = \"x\"`.\n",
        "| `code` | code `CODE` of code system `\"SNOMED\"` | `condition_concept_id`, `condition_source_concept_id`, "
        "`condition_source_value` |\n",
        "- `sex`: `M` -> 8507\n", "- `v` (from `visits`, where `A = \"1\"`), key `Id`: `d`: the date in `D`\n"}) {
    CAPTURE(part);
    CHECK(book.find(part) != std::string::npos);
  }
  CHECK(book.find("\n\n\n") == std::string::npos);
  const std::string korean = book_markdown(parsed.mapping, schema, "ko");
  CHECK(korean.find("| 열 | 출처 |") != std::string::npos);
  CHECK(korean.find("코드 목록 `sex`에서 `SEX` (대문자)에 해당하는 concept; 없으면 `0`") != std::string::npos);
  CHECK(korean.find("Reads") == std::string::npos);
}
