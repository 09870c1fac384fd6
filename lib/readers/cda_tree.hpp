// One XML document into records: every ClinicalDocument element becomes a node tree. See docs/formats/cda.md for the shape.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "readers/cda_context.hpp"
#include "readers/json_names.hpp"
#include "readers/reader.hpp"
#include "readers/xml_scan.hpp"
#include "readers/xml_text.hpp"
#include "record/batch.hpp"

namespace pyojun {

// What does not change from file to file.
struct CdaSetup {
  CdaSetup(const Needs& needs, const Limits& limits, std::string file_name);

  JsonNames elements, attributes;  // attributes are asked for without "@"
  Limits limits;
  std::string file_name;
  Symbol kind = 0, file_symbol = 0;
  Symbol negated = 0, planned = 0, cancelled = 0, other = 0, inside = 0;  // members a statement has from what is around it
  Symbol statement = 0;                                                   // its name, for the list of what no rule reads
  bool narrative = false;                                                 // somebody reads narrative text
};

// Reads one document. The batch gets its records, or one reject and none of them.
class CdaTree {
 public:
  CdaTree(const CdaSetup& setup, const XmlText& source, RecordBatch& batch)
      : setup_(setup), source_(source), batch_(batch), scanner_(source.text(), {setup.limits.xml_depth, setup.limits.xml_attributes}) {}

  // `offset`: of the document in the file; `length`: its bytes there. Lines of the document are added to the batch.
  void read(std::uint64_t offset, std::uint64_t length);

 private:
  // An element that is open inside a record. Whole structures are kept, so that paths of any depth find their way.
  struct Frame {
    NodeIndex node = 0, last = 0;  // last child so far
    NodeIndex before = 0;          // sibling before this one
    std::string_view text;         // own text so far
    std::string* own = nullptr;    // holds `text` when it was put together
    CdaContext context;
    std::string_view place;        // the section around it, as statements are named by; empty outside
    std::string* label = nullptr;  // of a statement: text of its node `named`
    NodeIndex named = 0;
    bool known = false;  // somebody reads the name
    bool section = false;
  };
  // An element with an ID inside narrative text: a part of the flattened text.
  struct Anchor {
    std::string_view id;
    const std::string* text = nullptr;
    std::size_t begin = 0, end = 0;
  };
  // <reference value="#id"/>
  struct Pointer {
    NodeIndex parent = 0;
    std::string_view target;
  };

  bool walk();
  void start_record();
  void end_record();
  void start_element();
  void end_element();
  void add_text();
  void refuse(Code code, std::size_t at);
  Symbol symbol_of(const JsonNames& names, const XmlName& name);
  void add_attributes(Frame& frame);
  void add_context(Frame& frame, const XmlName& name);
  void add_inherited(Frame& frame);
  void name_statement(Frame& frame, std::string_view kind);
  void read_template();
  void read_section_code();
  std::string_view own_attribute(std::string_view local);  // of the element that starts, in no namespace; empty when it has none
  std::string_view value_of(const XmlAttribute& attribute);
  std::string_view type_name(const XmlAttribute& attribute);
  NodeIndex add(Frame& parent, Symbol name, NodeKind kind, std::string_view text);
  std::string_view decoded(std::string_view raw, bool attribute);

  void start_narrative();
  void narrative_start();
  void narrative_end();
  void narrative_text();
  void end_narrative();
  void line_break();
  void separate();
  void resolve_pointers();

  const CdaSetup& setup_;
  const XmlText& source_;
  RecordBatch& batch_;
  XmlScanner scanner_;
  std::vector<Frame> frames_;
  std::vector<Anchor> anchors_;
  std::vector<Pointer> pointers_;
  std::vector<std::uint8_t> blocks_;       // per open narrative element: what its end writes
  std::vector<std::size_t> open_anchors_;  // per open narrative element: its anchor + 1
  std::string* narrative_ = nullptr;       // inside the narrative text of a section
  bool blank_ = false;                     // white space to write before the next narrative text
  std::uint32_t cells_ = 0;                // ends of table cells to write before it
  std::size_t record_begin_ = 0;
  std::uint64_t offset_ = 0, length_ = 0, met_ = 0;
  bool exhausted_ = false;  // the symbol table is full
};

}  // namespace pyojun
