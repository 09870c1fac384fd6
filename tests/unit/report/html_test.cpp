// The report's two forms: the same data gives the same bytes, both languages are complete, and names from outside stay text.
#include <doctest/doctest.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <set>

#include "base/sha256.hpp"
#include "base/text.hpp"
#include "report/conformance.hpp"
#include "report/escape.hpp"
#include "report/html_assets.hpp"
#include "report/html_writer.hpp"
#include "report/sample_audit.hpp"
#include "report/sample_report.hpp"

using namespace pyojun;
using namespace pyojun::test;

namespace {

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + what.size())) ++found;
  return found;
}

ReportData sample_audited() {
  ReportData report = sample_report();
  add_audit(report, sample_audit({sample_care()}));
  return report;
}

// Names of every text a pack or a source may bring.
AuditResult hostile_audit(const std::vector<std::string>& names) {
  PackResult pack = sample_care();
  AuditResult audit = sample_audit({});
  for (const std::string& name : names) {
    CriterionResult one = sample_result({name, name, name, name, State::fail, 1, 2});
    one.criterion.basis = one.criterion.remedy = one.criterion.remedy_ko = one.suppressed = one.violations_file = one.query = name;
    one.change = "new";
    pack.criteria.push_back(one);
    audit.gates.push_back({name, false, name});
    audit.cdm_source.emplace_back(name, name);
    audit.trend.push_back({9, "emr-sample", name, name, name, 50.0, 1, 1});
  }
  const std::string& first = names.front();
  pack.pack.title = pack.pack.title_ko = pack.pack.edition = pack.pack.edition_ko = pack.pack.authority = pack.pack.authority_ko =
      pack.pack.basis = pack.pack.basis_ko = first;
  pack.categories.clear();
  pack.tally = {};
  score(pack);
  rate(pack);
  pack.band = pack.verdict = pack.verdict_ko = audit.baseline = audit.source_name = audit.source_kind = audit.engine = audit.today = first;
  audit.packs.push_back(std::move(pack));
  return audit;
}

// Names parted by NUL in a file that the browser test brings.
std::vector<std::string> names_of(const char* path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::string> names;
  for (std::string name; std::getline(file, name, '\0');) names.push_back(name);
  return names;
}

}  // namespace

TEST_CASE("one escaper for text and attributes") {
  CHECK(escape_html("a<b>&\"'") == "a&lt;b&gt;&amp;&quot;&#39;");
  CHECK(escape_html("한\n\t") == "한\n\t");
  CHECK(escape_html(std::string_view("\0\x1b\x7f", 3)) == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(escape_html("a\xFF"
                    "b\xC3") ==
        "a\xEF\xBF\xBD"
        "b\xEF\xBF\xBD");
}

TEST_CASE("JSON strings") {
  CHECK(json_string("a\"b\\c\n\t\x01") == "\"a\\\"b\\\\c\\n\\t\\u0001\"");
  CHECK(json_string("\xE2\x80\xA8x\xFF") == "\"\\u2028x\xEF\xBF\xBD\"");
  CHECK(json_string("한국어") == "\"한국어\"");
}

TEST_CASE("base64 of a hash") {
  CHECK(base64_of_hex("") == "");
  CHECK(base64_of_hex("4d") == "TQ==");
  CHECK(base64_of_hex("4d61") == "TWE=");
  CHECK(base64_of_hex("4d616e") == "TWFu");
  CHECK(base64_of_hex(sha256_hex("")) == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

TEST_CASE("numbers for readers") {
  CHECK(with_commas(0) == "0");
  CHECK(with_commas(999) == "999");
  CHECK(with_commas(1000) == "1,000");
  CHECK(with_commas(18'446'744'073'709'551'615ULL) == "18,446,744,073,709,551,615");
  CHECK(percent(1, 3) == "33.3 %");
  CHECK(percent(99'999, 100'000) == "99.9 %");
  CHECK(percent(1, 100'000) == "0.1 %");
  CHECK(percent(0, 5) == "0.0 %");
  CHECK(percent(5, 5) == "100 %");
  CHECK(percent(0, 0) == "-");
}

TEST_CASE("every text exists in both languages, with the same blanks") {
  for (std::uint16_t i = 0; i < static_cast<std::uint16_t>(Text::count); ++i) {
    const auto text = static_cast<Text>(i);
    CAPTURE(english(text));
    CHECK(!english(text).empty());
    CHECK(!korean(text).empty());
    for (const auto* blank : {"{", "}"}) CHECK(count(english(text), blank) == count(korean(text), blank));
    CHECK(is_ascii(english(text)));
    if (text != Text::sha256) CHECK(!is_ascii(korean(text)));
  }
}

TEST_CASE("the page says everything in both languages") {
  const std::string html = to_html(sample_audited());
  CHECK(count(html, "<span lang=\"en\">") == count(html, "<span lang=\"ko\">"));
  CHECK(count(html, "<span lang=\"en\">") > 100);
  CHECK(html.find("id=\"lang-en\" aria-label=\"English\" checked") != std::string::npos);
  CHECK(to_html(sample_report(), Language::korean).find("id=\"lang-ko\" aria-label=\"한국어\" checked") != std::string::npos);
}

TEST_CASE("nothing is loaded and only our own style and script run") {
  const std::string html = to_html(sample_audited());
  for (const auto* word : {"http:", "https:", "//cdn", "src=", "@import", "url(", "style=\"", "onclick", "<iframe", "<link"}) {
    CAPTURE(word);
    CHECK(html.find(word) == std::string::npos);
  }
  CHECK(html.find("default-src 'none'") != std::string::npos);
  CHECK(html.find("style-src 'sha256-" + base64_of_hex(sha256_hex(html_style())) + "'") != std::string::npos);
  CHECK(html.find("script-src 'sha256-" + base64_of_hex(sha256_hex(html_script())) + "'") != std::string::npos);
  CHECK(html.find("unsafe-inline") == std::string::npos);
}

TEST_CASE("the same data gives the same bytes") {
  CHECK(to_html(sample_report(true)) == to_html(sample_report(true)));
  CHECK(to_json(sample_report(true)) == to_json(sample_report(true)));
  CHECK(to_html(sample_audited()) == to_html(sample_audited()));
}

TEST_CASE("hostile names stay text") {
  const std::string html = to_html(sample_report(true));
  CHECK(find_bad_utf8(html) == no_bad_byte);
  CHECK(count(html, "<script") == 1);
  CHECK(count(html, "</style>") == 1);
  CHECK(html.find("<img") == std::string::npos);
  CHECK(html.find("<h1>big") == std::string::npos);
  CHECK(html.find('\0') == std::string::npos);
  CHECK(html.find("&amp;lt;not twice&amp;gt; &amp;amp;") != std::string::npos);
  const std::string json = to_json(sample_report(true));
  CHECK(find_bad_utf8(json) == no_bad_byte);
  CHECK(json.find('\0') == std::string::npos);
}

TEST_CASE("thousands of files do not make thousands of lines in the books") {
  ReportData report = sample_report();
  for (int i = 0; i < 2000; ++i) report.balance.push_back({"file" + std::to_string(i), "rule", 2, 1, 1, 0, 0, 0});
  const std::string html = to_html(report);
  CHECK(html.find("file1999") == std::string::npos);
  CHECK(html.find(">4,000<") != std::string::npos);
  CHECK(to_json(report).find("file1999") != std::string::npos);
}

TEST_CASE("an unbalanced run says so first") {
  ReportData report = sample_report();
  report.balanced = false;
  CHECK(to_html(report).find("class=\"balance bad\"") != std::string::npos);
  CHECK(to_html(report).find("<ul class=\"todo blocks\">\n<li><span><a href=\"#books\">") != std::string::npos);
  CHECK(to_json(report).find("\"balanced\": false") != std::string::npos);
}

TEST_CASE("an empty report is whole") {
  const ReportData report;
  CHECK(to_html(report).find("</html>") != std::string::npos);
  CHECK(to_json(report).find("\"mapped_rows_ratio\": null") != std::string::npos);
}

TEST_CASE("hostile names of packs and sources stay text") {
  const std::string html = to_html(audit_report(hostile_audit(hostile_names())));
  CHECK(find_bad_utf8(html) == no_bad_byte);
  CHECK(count(html, "<script") == 1);
  CHECK(count(html, "</style>") == 1);
  CHECK(html.find("<img") == std::string::npos);
  CHECK(html.find("<h1>big") == std::string::npos);
  CHECK(html.find('\0') == std::string::npos);
  CHECK(html.find("href=\"javascript:") == std::string::npos);
}

TEST_CASE("nobody is called certified") {
  const std::string html = to_html(sample_audited());
  CHECK(count(html, "ertified") == 0);
  CHECK(count(html, "인증 완료") == 0);
  CHECK(html.find("Readiness against edition <span lang=\"en\">2025-01</span>") != std::string::npos);
}

TEST_CASE("an audit by itself has no books") {
  const std::string html = to_html(audit_report(sample_audit({sample_care()})));
  CHECK(html.find("id=\"pack-emr-sample\"") != std::string::npos);
  CHECK(html.find("id=\"tables\"") != std::string::npos);
  for (const auto* id : {"books", "coverage", "quarantine", "findings", "fields"}) {
    CAPTURE(id);
    CHECK(html.find("id=\"" + std::string(id) + "\"") == std::string::npos);
    CHECK(html.find("href=\"#" + std::string(id) + "\"") == std::string::npos);
  }
}

TEST_CASE("every link within the page has its target") {
  ReportData report = sample_report();
  add_audit(report, sample_audit({sample_care(), sample_large(300)}));
  const std::string html = to_html(report);
  std::size_t links = 0;
  for (std::size_t at = html.find("href=\"#"); at != std::string::npos; at = html.find("href=\"#", at + 7)) {
    const std::string id = html.substr(at + 7, html.find('"', at + 7) - at - 7);
    CAPTURE(id);
    CHECK(count(html, "id=\"" + id + "\"") == 1);
    ++links;
  }
  CHECK(links > 20);
}

// For tests/browser/check.py: PYOJUN_SAMPLE_REPORT names a folder.
TEST_CASE("sample reports are written on request") {
  const char* folder = std::getenv("PYOJUN_SAMPLE_REPORT");
  if (folder == nullptr) return;
  const auto write = [&](const std::string& name, const std::string& text) {
    std::ofstream file(std::string(folder) + "/" + name, std::ios::binary);
    file << text;
    CHECK(file.good());
  };
  write("report.html", to_html(sample_report()));
  write("report-ko.html", to_html(sample_report(), Language::korean));
  write("hostile.html", to_html(sample_report(true)));
  write("report.json", to_json(sample_report()));
  write("hostile.json", to_json(sample_report(true)));
  ReportData audited = sample_audited();
  write("audited.html", to_html(audited));
  write("audited.json", to_json(audited));
  const AuditResult audit = sample_audit({sample_care(), sample_large()});
  write("audit.html", to_html(audit_report(audit)));
  write("junit.xml", junit_xml(audit));
  const char* names = std::getenv("PYOJUN_HOSTILE_NAMES");
  const AuditResult hostile = hostile_audit(names == nullptr ? hostile_names() : names_of(names));
  ReportData hostile_report = audit_report(hostile);
  write("naughty.html", to_html(hostile_report));
  write("naughty.json", to_json(hostile_report));
  write("naughty.xml", junit_xml(hostile));
}
