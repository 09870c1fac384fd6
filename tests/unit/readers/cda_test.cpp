// The CDA reader: shape of the tree, narrative text, references, encodings, what is refused, and every public file that is there.
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "readers/json_reading.hpp"

using namespace pyojun;
using namespace reading;

namespace {

Outcome read(std::string_view text, std::vector<std::string> needs = {}) {
  Options options;
  options.open = open_cda;
  options.name = "sample.xml";
  options.needs = std::move(needs);
  return read_text(text, options);
}

std::string tree(std::string_view inside) {
  const Outcome out = read(
      "<ClinicalDocument xmlns='urn:hl7-org:v3' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' "
      "xmlns:sdtc='urn:hl7-org:sdtc'>" +
      std::string(inside) + "</ClinicalDocument>");
  if (out.lines.size() != 1) return out.rejects.empty() ? "nothing" : std::string(info(out.rejects[0].code).id);
  std::string text = body(out.lines[0]);
  const std::string start = R"({"@file":"sample.xml")";
  REQUIRE(text.starts_with(start));
  text = "{" + text.substr(std::min(text.size(), start.size() + (text[start.size()] == ',' ? 1 : 0)));
  return text;
}

}  // namespace

TEST_CASE("elements with nothing but text are texts, others objects; attributes are members with @") {
  CHECK(tree("<name><given>Ann</given><given> May\n</given><family/></name>") == R"({"name":{"given":["Ann","May"],"family":""}})");
  CHECK(tree("<code code='1' displayName='a&amp;b'>x<t/>y</code>") == R"({"code":{"@text":"xy","@code":"1","@displayName":"a&b","t":""}})");
  CHECK(tree("<value xsi:type='PQ' value='1'/>") == R"({"value":{"@xsi:type":"PQ","@value":"1"}})");
  CHECK(tree("<a><![CDATA[1 < 2]]> &#65;</a>") == R"({"a":"1 < 2 A"})");
}

TEST_CASE("a statement says what it inherits: B19, B20") {
  const auto inherited = [](std::string_view inside) {
    const Outcome out = read("<ClinicalDocument xmlns='urn:hl7-org:v3'><entry>" + std::string(inside) + "</entry></ClinicalDocument>",
                             {"entry", "entryRelationship", "component", "act", "organizer", "observation", "@negated", "@planned",
                              "@cancelled", "@other", "@inside"});
    return out.lines.size() == 1 ? body(out.lines[0]) : std::string("nothing");
  };
  CHECK(inherited("<observation negationInd=' true&#10;' moodCode='evn'/>") == R"({"entry":{"observation":{"@negated":"true"}}})");
  CHECK(inherited("<observation negationInd='false' moodCode='EVN'/>") == R"({"entry":{"observation":""}})");
  CHECK(inherited("<act negationInd='1'><entryRelationship><observation/></entryRelationship></act>") ==
        R"({"entry":{"act":{"@negated":"true","entryRelationship":{"observation":{"@negated":"true","@inside":"act"}}}}})");
  CHECK(
      inherited("<act><entryRelationship "
                "negationInd='TRUE'><observation/></entryRelationship><entryRelationship><observation/></entryRelationship></act>") ==
      R"({"entry":{"act":{"entryRelationship":[{"observation":{"@negated":"true","@inside":"act"}},{"observation":{"@inside":"act"}}]}}})");
  CHECK(
      inherited("<organizer moodCode='INT'><component><act moodCode='EVN'><entryRelationship><observation moodCode=' RQO "
                "'/></entryRelationship></act>"
                "</component></organizer>") ==
      R"({"entry":{"organizer":{"@planned":"INT","component":{"act":{"@planned":"INT","@inside":"organizer","entryRelationship":{"observation":{"@planned":"RQO","@inside":"act organizer"}}}}}}})");
  CHECK(inherited("<organizer><subject/><component><observation/></component></organizer>") ==
        R"({"entry":{"organizer":{"component":{"observation":{"@other":"true","@inside":"organizer"}}}}})");
  CHECK(inherited("<act><statusCode code='Nullified'/><entryRelationship><observation><statusCode "
                  "code='cancelled'/></observation></entryRelationship></act>") ==
        R"({"entry":{"act":{"entryRelationship":{"observation":{"@cancelled":"true","@inside":"act"}}}}})");
}

TEST_CASE("names go by namespace whatever the prefix: B10") {
  const std::string own =
      "<ns0:ClinicalDocument xmlns:ns0='urn:hl7-org:v3' xmlns:x='http://www.w3.org/2001/XMLSchema-instance' "
      "xmlns:y='urn:hl7-org:sdtc'><ns0:value x:type='ns0:CD' y:valueSet='v'/><y:raceCode code='1'/><z:s xmlns:z='urn:z'/>"
      "</ns0:ClinicalDocument>";
  const Outcome out = read(own);
  REQUIRE(out.lines.size() == 1);
  CHECK(body(out.lines[0]) ==
        R"({"@file":"sample.xml","value":{"@xsi:type":"CD","@sdtc:valueSet":"v"},"sdtc:raceCode":{"@code":"1"},"z:s":""})");
  CHECK(read("<ClinicalDocument><id root='1'/></ClinicalDocument>").lines.size() == 1);
}

TEST_CASE("the text of a section is flattened, and references to it are followed: B26") {
  const std::string section =
      "<section><text><paragraph ID='p'>One  <content ID='c'>two</content>\n three</paragraph>"
      "<table><thead><tr><th>A</th><th>B</th></tr></thead><tbody><tr ID='r'><td>1</td><td/><td ID='d'>x<br/>y</td></tr>"
      "</tbody></table></text><entry><a><originalText><reference value='#";
  const auto with = [&](const std::string& id) { return tree(section + id + "'/></originalText></a></entry></section>"); };
  const std::string text = R"({"section":{"text":"One two three\nA | B\n1 | | x\ny","entry":{"a":{"originalText":{)";
  CHECK(with("c") == text + R"("@text":"two","reference":{"@value":"#c"}}}}}})");
  CHECK(with("r") == text + R"("@text":"1 | | x\ny","reference":{"@value":"#r"}}}}}})");
  CHECK(with("d") == text + R"("@text":"x\ny","reference":{"@value":"#d"}}}}}})");
  CHECK(with("p") == text + R"("@text":"One two three","reference":{"@value":"#p"}}}}}})");
  CHECK(with("none") == text + R"("reference":{"@value":"#none"}}}}}})");
  // An element's own words come first.
  CHECK(tree("<section><text><content ID='c'>two</content></text></section><o>own<reference value='#c'/></o>")
            .find("\"o\":{\"@text\":\"own\"") != std::string::npos);
}

TEST_CASE("only what is read is kept, but all of the way to it") {
  const std::string text = "<ClinicalDocument xmlns='urn:hl7-org:v3'><a><b><c code='1' x='2'>t</c></b></a><d><e/></d></ClinicalDocument>";
  const Outcome out = read(text, {"ClinicalDocument", "c", "@code"});
  REQUIRE(out.lines.size() == 1);
  CHECK(body(out.lines[0]) == R"({"":{"":{"c":{"@text":"t","@code":"1"}}}})");
}

TEST_CASE("several documents in one file, none, and one that is not whole") {
  const std::string one = "<ClinicalDocument xmlns='urn:hl7-org:v3'><id root='1'/></ClinicalDocument>";
  const Outcome two = read("<all>\n" + one + "\n" + one + "</all>");
  REQUIRE(two.records.size() == 2);
  CHECK(two.records[0].offset == 6);
  CHECK(two.records[0].length == one.size());
  CHECK(two.records[1].line == 2);
  const Outcome fragment = read("<section xmlns='urn:hl7-org:v3'><title>x</title></section>");
  REQUIRE(fragment.rejects.size() == 1);
  CHECK(fragment.rejects[0].code == Code::cda_not_a_document);
  const Outcome broken = read("<all>" + one + "\n<b></c></all>");
  CHECK(broken.records.empty());
  REQUIRE(broken.rejects.size() == 1);
  CHECK(broken.rejects[0].code == Code::xml_tag_mismatch);
  CHECK(broken.rejects[0].line == 1);
  CHECK(broken.rejects[0].at == one.size() + 5 + 1 + 3);
}

TEST_CASE("positions are those of the file, whatever its encoding") {
  const std::string head = "<?xml version='1.0' encoding='euc-kr'?>\n<ClinicalDocument>\xB0\xA1\xB0\xA2\n<a></b>";
  const Outcome out = read(head + "</ClinicalDocument>");
  REQUIRE(out.rejects.size() == 1);
  CHECK(out.rejects[0].at == head.size() - 4);
  CHECK(out.rejects[0].line == 2);
}

TEST_CASE("too large, too deep, too many names") {
  Options options;
  options.open = open_cda;
  options.limits.record_bytes = 100;
  const std::string text = "<ClinicalDocument><a>" + std::string(100, 'x') + "\n</a></ClinicalDocument>";
  const Outcome out = read_text(text, options);
  REQUIRE(out.rejects.size() == 1);
  CHECK(out.rejects[0].code == Code::record_too_large);
  std::string deep = "<ClinicalDocument>";
  for (int i = 0; i < 300; ++i) deep += "<a>";
  const Outcome down = read(deep);
  REQUIRE(down.rejects.size() == 1);
  CHECK(down.rejects[0].code == Code::xml_too_deep);
}

TEST_CASE("what is XML is ours") {
  const auto detect = [](std::string_view text) { return detect_cda(text); };
  CHECK(detect("<?xml version='1.0'?><ClinicalDocument/>") == Match::yes);
  CHECK(detect("\xEF\xBB\xBF  <!-- x --><a/>") == Match::yes);
  CHECK(detect(std::string_view("\xFF\xFE<\0a\0/\0>\0", 10)) == Match::yes);
  CHECK(detect("a,b\n<1,2\n") == Match::no);
  CHECK(detect("<5,7\n") == Match::no);
  CHECK(detect("{\"a\":1}") == Match::no);
  CHECK(detect("") == Match::no);
}

TEST_CASE("every public C-CDA file is read, or refused by a name") {
  const auto folder = shared_data() / "ccda";
  if (!std::filesystem::exists(folder)) {
    MESSAGE("SKIPPED: no public C-CDA files at " << folder.string());
    return;
  }
  std::map<std::string, int> codes;
  int documents = 0, files = 0;
  for (const char* set : {"ehr-products", "older-r11", "onc-positive", "hl7-examples"}) {
    for (const auto& path : files_under(folder / set)) {
      if (path.extension() != ".xml") continue;
      ++files;
      Options options;
      options.open = open_cda;
      const Outcome out = read_once(slurp(path), options, false, std::size_t{512} << 10);
      CHECK(out.records.size() + out.rejects.size() == 1);
      documents += static_cast<int>(out.records.size());
      for (const Reject& reject : out.rejects) ++codes[std::string(info(reject.code).id)];
    }
  }
  CHECK(files == 509);
  CHECK(documents == 223);
  // Fragments of the guide: whole XML without a document, or with prefixes that only their document would declare.
  CHECK(codes.size() == 2);
  CHECK(codes[std::string(info(Code::cda_not_a_document).id)] == 181);
  CHECK(codes[std::string(info(Code::xml_prefix_unbound).id)] == 105);
}
