// The XML scanner against what XML 1.0 and its namespaces refuse, most of which faster parsers let pass.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/charset.hpp"
#include "base/text.hpp"
#include "readers/xml_scan.hpp"
#include "readers/xml_text.hpp"

using namespace pyojun;

namespace {

struct Scan {
  std::string events;  // (name @attribute=value text )
  Code code = Code::count;
  std::size_t at = 0;
};

Scan scan(std::string_view text, XmlLimits limits = {}) {
  Scan out;
  XmlScanner scanner(text, limits);
  using Token = XmlScanner::Token;
  while (true) {
    switch (scanner.next()) {
      case Token::start:
        out.events += "(";
        if (scanner.name().space == XmlSpace::v3) out.events += "v3|";
        if (scanner.name().space == XmlSpace::sdtc) out.events += "sdtc|";
        out.events += scanner.name().local;
        for (const XmlAttribute& each : scanner.attributes()) {
          out.events.append(" @").append(each.name.local).append("=");
          XmlScanner::decode(each.raw, true, out.events);
        }
        break;
      case Token::end:
        out.events += ")";
        break;
      case Token::text:
        out.events += "'";
        if (scanner.plain()) {
          out.events += scanner.text();
        } else {
          XmlScanner::decode(scanner.text(), false, out.events);
        }
        out.events += "'";
        break;
      case Token::finished:
        return out;
      case Token::failed:
      case Token::nothing:
        out.code = scanner.code();
        out.at = scanner.fail_at();
        return out;
    }
  }
}

}  // namespace

TEST_CASE("well-formed XML: elements, attributes, text, CDATA, comments, instructions") {
  CHECK(scan("<a/>").events == "(a)");
  CHECK(scan("<?xml version='1.0' encoding='utf-8'?>\n<!-- c --><?p i?>\n<a>x</a>\n<!-- d -->\n").events == "(a'x')");
  CHECK(scan("<a b='1' c=\"2\" ><d  /></a >").events == "(a @b=1 @c=2(d))");
  CHECK(scan("<a>1<![CDATA[<&]]]>2</a>").events == "(a'1''<&]''2')");
  CHECK(scan("<a>1<![CDATA[<&]]]]><![CDATA[>]]>2</a>").events == "(a'1''<&]]''>''2')");
  CHECK(scan("<a>&lt;&#65;&#x1F600;&amp;&quot;&apos;&gt;</a>").events == "(a'<A\xF0\x9F\x98\x80&\"'>')");
  CHECK(scan("<a b='&#10; x\n\ty&#13;'>l\r\nm\rn</a>").events == "(a @b=\n x  y\r'l\nm\nn')");
  CHECK(scan("<\xEA\xB0\x80 \xEB\x82\x98='1'/>").events == "(\xEA\xB0\x80 @\xEB\x82\x98=1)");
  CHECK(scan("<a>x]]y]>z</a>").events == "(a'x]]y]>z')");
}

TEST_CASE("namespaces go by their name, not their prefix") {
  CHECK(scan("<a xmlns='urn:hl7-org:v3'><b xmlns=''/><c/></a>").events == "(v3|a(b)(v3|c))");
  CHECK(scan("<n:a xmlns:n='urn:hl7-org:v3' xmlns:s='urn:hl7-org:sdtc'><s:b/><n:c/></n:a>").events == "(v3|a(sdtc|b)(v3|c))");
  CHECK(scan("<a><n:b xmlns:n='urn:hl7-org:v3'/><n:b/></a>").code == Code::xml_prefix_unbound);
  CHECK(scan("<a p:b='1'/>").code == Code::xml_prefix_unbound);
  CHECK(scan("<a xml:lang='en'/>").events == "(a @lang=en)");
  CHECK(scan("<a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>").code == Code::count);
  CHECK(scan("<a xmlns:xml='urn:x'/>").code == Code::xml_syntax);
  CHECK(scan("<a xmlns:p=''/>").code == Code::xml_syntax);
  CHECK(scan("<a xmlns:xmlns='urn:x'/>").code == Code::xml_syntax);
}

TEST_CASE("what is not well-formed is refused at its byte") {
  const struct {
    std::string_view text;
    Code code;
    std::size_t at;
  } rows[] = {
      {"", Code::xml_incomplete, 0},
      {"  \n", Code::xml_incomplete, 3},
      {"x<a/>", Code::xml_syntax, 0},
      {"<a/>x", Code::xml_two_roots, 4},
      {"<a/><b/>", Code::xml_two_roots, 4},
      {"<a/><?xml version='1.0'?><a/>", Code::xml_two_roots, 4},
      {"<a/><![CDATA[x]]>", Code::xml_two_roots, 4},
      {"<a/></a>", Code::xml_two_roots, 4},
      {"<!DOCTYPE a><a/>", Code::xml_doctype, 0},
      {"<?xml version='1.0'?>\n<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", Code::xml_doctype, 22},
      {"<a>&b;</a>", Code::xml_entity, 3},
      {"<a b='&nbsp;'/>", Code::xml_entity, 6},
      {"<a>&;</a>", Code::xml_syntax, 3},
      {"<a>& b</a>", Code::xml_syntax, 3},
      {"<a>&#0;</a>", Code::xml_character, 3},
      {"<a>&#xD800;</a>", Code::xml_character, 3},
      {"<a>&#x110000;</a>", Code::xml_character, 3},
      {"<a>&#xG;</a>", Code::xml_character, 3},
      {"<a>\x01</a>", Code::xml_character, 3},
      {"<a>\xC3(</a>", Code::bytes_undecodable, 3},
      {"<a>\xEF\xBF\xBF</a>", Code::xml_character, 3},
      {"<a b='1' b='2'/>", Code::xml_attribute_twice, 9},
      {"<a xmlns='u' xmlns='v'/>", Code::xml_attribute_twice, 13},
      {"<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>", Code::xml_attribute_twice, 37},
      {"<a b='1'c='2'/>", Code::xml_syntax, 8},
      {"<a b=1/>", Code::xml_syntax, 5},
      {"<a b/>", Code::xml_syntax, 4},
      {"<a b='<'/>", Code::xml_syntax, 6},
      {"<a></b>", Code::xml_tag_mismatch, 3},
      {"<a></ab>", Code::xml_tag_mismatch, 3},
      {"<a></a b='1'>", Code::xml_syntax, 7},
      {"<a>]]></a>", Code::xml_syntax, 3},
      {"<a><!-- -- --></a>", Code::xml_syntax, 8},
      {"<a><!ELEMENT a></a>", Code::xml_syntax, 3},
      {"<a><?xml version='1.0'?></a>", Code::xml_syntax, 3},
      {"<1a/>", Code::xml_syntax, 1},
      {"< a/>", Code::xml_syntax, 1},
      {"<:a/>", Code::xml_syntax, 1},
      {"<a:/>", Code::xml_syntax, 3},
      {"<?xml encoding='utf-8'?><a/>", Code::xml_syntax, 0},
      {"<a", Code::xml_incomplete, 2},
      {"<a>x", Code::xml_incomplete, 4},
      {"<a><b></b>", Code::xml_incomplete, 10},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const Scan found = scan(row.text);
    CHECK(info(found.code).id == info(row.code).id);
    CHECK(found.at == row.at);
  }
}

TEST_CASE("no cut document is taken as whole, wherever it is cut") {
  const std::string whole =
      "<?xml version=\"1.0\"?><!--c--><n:a xmlns:n='urn:hl7-org:v3' b='&lt;'><?p i?>t&amp;<![CDATA[x]]><c/>\xEA\xB0\x80</n:a>";
  CHECK(scan(whole).code == Code::count);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK(scan(std::string_view(whole).substr(0, size)).code != Code::count);
  }
}

TEST_CASE("limits: depth, attributes, declarations") {
  std::string deep;
  for (int i = 0; i < 256; ++i) deep += "<a>";
  std::string closed = deep;
  for (int i = 0; i < 256; ++i) closed += "</a>";
  CHECK(scan(closed).code == Code::count);
  CHECK(scan(deep + "<a/>").code == Code::xml_too_deep);
  const auto many = [](int count) {
    std::string out = "<a";
    for (int i = 0; i < count; ++i) out += " b" + std::to_string(i) + "='1'";
    return out + "/>";
  };
  CHECK(scan(many(1024)).code == Code::count);
  CHECK(scan(many(1025)).code == Code::xml_too_many_attributes);
  std::string twice = many(1000);
  twice.insert(twice.size() - 2, " b7='2'");
  CHECK(scan(twice).code == Code::xml_attribute_twice);
  std::string spaces = "<a";
  for (int i = 0; i < 200; ++i) spaces += " xmlns:p" + std::to_string(i) + "='u'";
  CHECK(scan(spaces + "/>").code == Code::xml_too_many_attributes);
}

TEST_CASE("encodings: byte order mark, zero bytes, declaration") {
  const auto text = [](std::string_view bytes) {
    const XmlText decoded(bytes);
    return decoded.failed() == Code::count ? std::string(decoded.text()) : std::string(info(decoded.failed()).id);
  };
  CHECK(text("\xEF\xBB\xBF<a/>") == "<a/>");
  CHECK(text(std::string("\xFF\xFE<\0a\0/\0>\0", 10)) == "<a/>");
  CHECK(text(std::string("\xFE\xFF\0<\0a\0/\0>", 10)) == "<a/>");
  CHECK(text(std::string("<\0a\0/\0>\0", 8)) == "<a/>");
  CHECK(text(std::string("\0<\0a\0/\0>", 8)) == "<a/>");
  CHECK(text("<?xml version='1.0' encoding='euc-kr'?><a>\xB0\xA1</a>").find("\xEA\xB0\x80") != std::string::npos);
  CHECK(text("<?xml version='1.0' encoding=\"ISO-8859-1\"?><a>\xE9\x93\x81</a>").find("\xC3\xA9\xC2\x93\xC2\x81") != std::string::npos);
  CHECK(text("<?xml version='1.0' encoding=\"windows-1252\"?><a>\x93</a>").find("\xE2\x80\x9C") != std::string::npos);
  CHECK(text("<?xml version='1.0' encoding='utf-16'?><a/>").ends_with("<a/>"));
  CHECK(text("<?xml version='1.0' encoding='klingon'?><a/>") == info(Code::xml_encoding_unknown).id);
  CHECK(text("<?xml version='1.0' encoding='euc-kr'?><a>\xB0</a>") == info(Code::bytes_undecodable).id);
  CHECK(text(std::string("\xFF\xFE<\0a\0/\0>", 9)) == info(Code::bytes_undecodable).id);
  const std::string korean = "<?xml version='1.0' encoding='euc-kr'?><a>\xB0\xA1\xB0\xA2x</a>";
  const XmlText decoded(korean);
  for (std::size_t at = 0; at < decoded.text().size(); ++at) {
    const std::size_t source = decoded.source_offset(at);
    if (decoded.text()[at] == 'x') CHECK(korean[source] == 'x');
  }
}

TEST_CASE("character sets by name") {
  CHECK(Charset::find("UTF-8")->is_utf8());
  CHECK_FALSE(Charset::find("../x").has_value());
  CHECK_FALSE(Charset::find("UTF-8//IGNORE").has_value());
  CHECK_FALSE(Charset::find("").has_value());
  std::string out;
  CHECK(Charset::find("shift_jis")->append_utf8(out, "\x82\xA0z") == no_bad_byte);
  CHECK(out == "\xE3\x81\x82z");
  CHECK(Charset::find("shift_jis")->source_bytes("\x82\xA0z", 3) == 2);
  out.clear();
  CHECK(Charset::find("euc-kr")->append_utf8(out, "ab\xFF") == 2);
  CHECK(out == "ab");
}
