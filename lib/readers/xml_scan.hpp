// The one entry to XML: a strict scanner over UTF-8 text (XML 1.0, fifth edition; Namespaces in XML 1.0) without DTDs.
// Refused: DOCTYPE, entities other than the five and numbers, characters outside `Char`, duplicate attributes (also by expanded name),
// prefixes nobody declared, tags that do not match, a second root, "]]>" in text, "--" in comments. Where XML is stricter than is worth
// its cost: any character beyond ASCII may stand in a name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/codes.hpp"

namespace pyojun {

struct XmlLimits {
  std::uint32_t depth = 256;
  std::uint32_t attributes = 1024;
};

// What a namespace is to the reader. `none`: no namespace at all; `other`: any that was not asked for.
enum class XmlSpace : std::uint8_t { none, v3, sdtc, xsi, xml, other };

struct XmlName {
  std::string_view prefix, local;
  XmlSpace space = XmlSpace::none;
};

struct XmlAttribute {
  XmlName name;
  std::string_view uri;  // of the prefix
  std::string_view raw;  // between the quotes
  bool plain = true;     // raw is the value: no references, no line ends or tabs
};

class XmlScanner {
 public:
  enum class Token : std::uint8_t { start, end, text, finished, failed, nothing };  // `nothing` is never answered

  // `text` is UTF-8 without byte order mark and outlives the scanner. Checks its characters at once.
  XmlScanner(std::string_view text, const XmlLimits& limits);

  // An empty element is a start and an end. Text comes in pieces: references, CDATA sections and comments cut it.
  Token next();

  const XmlName& name() const { return name_; }                                   // of a start
  std::span<const XmlAttribute> attributes() const { return attributes_; }        // of a start, xmlns left out
  std::string_view text() const { return text_piece_; }                           // of a text
  bool plain() const { return plain_; }                                           // the text needs no decode()
  std::size_t depth() const { return open_.size(); }                              // elements open after this token
  std::size_t begin() const { return static_cast<std::size_t>(token_ - base_); }  // of this token
  std::size_t position() const { return static_cast<std::size_t>(at_ - base_); }  // behind this token
  Code code() const { return code_; }
  std::size_t fail_at() const { return fail_at_; }
  std::uint64_t lines() const { return lines_; }  // '\n' in the whole text

  // Appends text or an attribute's value with references replaced and line ends made one (XML 1.0, 2.11 and 3.3.3).
  static void decode(std::string_view raw, bool attribute, std::string& out);

 private:
  struct Binding {
    std::string_view prefix, uri;
    XmlSpace space = XmlSpace::none;
    std::uint32_t depth = 0;
  };

  bool check_characters();
  Token fail(Code code, const char* at);
  Token text_run();
  Token markup();
  Token start_tag();
  Token end_tag();
  Token cdata();
  bool comment();
  bool instruction();
  bool attribute();
  bool value(XmlAttribute& found);
  bool reference_ok(const char* at, const char* end, const char*& past);
  bool bind(std::string_view prefix, const XmlAttribute& found, const char* at);
  const Binding* binding(std::string_view prefix) const;
  bool resolve_element();
  bool resolve(XmlAttribute& found);
  bool unique();
  void close_bindings();
  std::string_view qualified_name();
  const char* find_text_end(const char* from) const;
  const char* find_value_end(const char* from, char quote) const;

  const char *base_, *end_, *at_, *token_;
  XmlLimits limits_;
  XmlName name_;
  std::vector<XmlAttribute> attributes_;
  std::vector<std::string_view> open_;  // qualified names of the open elements
  std::vector<Binding> bindings_;
  std::vector<const XmlAttribute*> sorted_;  // see unique()
  std::string_view text_piece_;
  XmlSpace default_space_ = XmlSpace::none;
  std::uint64_t lines_ = 0;
  std::size_t fail_at_ = 0;
  Code code_ = Code::xml_syntax;
  bool plain_ = true;
  bool empty_element_ = false;  // its end is the next token
  bool had_root_ = false;
  bool failed_ = false;
};

}  // namespace pyojun
