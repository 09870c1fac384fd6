// One chunk of HL7 v2 messages into trees: the state of parse_hl7v2().
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "readers/byte_scan.hpp"
#include "readers/hl7v2.hpp"
#include "readers/hl7v2_marks.hpp"

namespace pyojun {

class Hl7Parser {
 public:
  Hl7Parser(const Hl7Setup& setup, RecordBatch& batch) : setup_(setup), names_(setup.names), batch_(batch) {}
  void run(const Chunk& chunk);

 private:
  // A node that takes children in order; node 0: nobody reads what would stand here.
  struct Group {
    NodeIndex node = 0, last = 0;
  };
  // Fields of one segment that stand in a group itself, to be carried over into the next group.
  struct Flat {
    std::uint32_t code = 0;
    NodeIndex first = 0, last = 0;
  };
  struct Text {
    const char *begin, *end;
  };
  using Signs = std::span<const char* const>;  // places of the signs inside a piece of text, in order

  // hl7v2_parse.cpp: lines and messages
  void extent(const char* at, const Hl7Extent& extent, const Chunk& chunk);
  void orphans(const char* from, const char* to);
  void message(const char* id, const char* to, const Hl7Extent& extent, const Chunk& chunk);
  bool decode(std::string_view raw, bool high, Text& text);
  bool settle_set(std::string_view raw, bool& done);
  void segments(Text text);
  bool begins_segment(const char* at, const char* to) const;
  const char* segment_end(const char* line_end, const char* to, bool& ended);
  bool ends(const char* at, const char* to, const char*& next);
  const char* skip_segment(const char* from, const char* to, const char*& next);
  const char* segment(const char* id, const char* to);
  void fields(const Hl7Segment& known, Group& host, const char* from, const char* to, const char*& next);
  const char* header_fields(const Hl7Segment& known, Group& host, const char* from, const char* to);
  std::string_view raw_field(std::string_view line, std::uint32_t number) const;
  Symbol kind_of(std::string_view line);
  std::optional<Hl7Delimiters> delimiters(const char* from, const char* to);
  void refuse(Code code, const char* from, const char* to, const char* at);
  void count_unread(std::uint32_t code);

  // hl7v2_tree.cpp: groups and fields
  Group& place(const Hl7Segment& known);
  Group& patient_place(const Hl7Segment& known);
  Group& order_place(const Hl7Segment& known);
  Group& node_in(Group& group, const Hl7Segment& known);
  Group& innermost() { return order_.node != 0 ? order_ : patient_.node != 0 ? patient_ : root_; }
  void open_patient();
  void open_order();
  void carry(const std::vector<Flat>& from, std::initializer_list<std::uint32_t> codes, Group& group, std::vector<Flat>& into);
  std::uint64_t called(std::string_view both) const;
  void count_again(Group& result, const char* id, const char* to);
  void append(Group& group, NodeIndex node) {
    if (group.node == 0) return;
    (group.last == 0 ? batch_.nodes[group.node].child : batch_.nodes[group.last].next) = node;
    group.last = node;
  }
  NodeIndex make(Symbol name, NodeKind kind) {
    if (made_ == batch_.nodes.size()) batch_.nodes.resize(made_ + nodes_ahead);
    batch_.nodes[made_] = {nullptr, 0, 0, 0, name, kind};
    return static_cast<NodeIndex>(made_++);
  }
  // A text as it stands.
  NodeIndex piece(Symbol name, const char* from, const char* to) {
    if (made_ == batch_.nodes.size()) batch_.nodes.resize(made_ + nodes_ahead);
    batch_.nodes[made_] = {from, static_cast<std::uint32_t>(to - from), 0, 0, name, NodeKind::text};
    return static_cast<NodeIndex>(made_++);
  }
  // A text without any sign inside; `""` says that it is nothing.
  NodeIndex plain(Symbol name, const char* from, const char* to) {
    const bool nothing = to - from == 2 && from[0] == '"' && from[1] == '"';
    return nothing ? make(name, NodeKind::null) : piece(name, from, to);
  }
  void field(Group& host, Symbol name, const char* from, const char* to, Signs signs);
  bool nothing(const char* from, const char* to) const;
  NodeIndex repetition(Symbol name, const char* from, const char* to, Signs signs);
  NodeIndex component(Symbol name, const char* from, const char* to, Signs signs);
  template <class Use>
  void cut(const char* from, const char* to, Signs signs, std::uint8_t kind, Use use) const;
  std::uint8_t kinds(Signs signs) const {
    std::uint8_t any = 0;
    for (const char* sign : signs) any |= classes_[static_cast<unsigned char>(*sign)];
    return any;
  }
  void text(NodeIndex node, const char* from, const char* to, bool escapes) {
    if (escapes) return unescaped(node, from, to);
    batch_.nodes[node].data = from;
    batch_.nodes[node].length = static_cast<std::uint32_t>(to - from);
  }
  void unescaped(NodeIndex node, const char* from, const char* to);
  void learn(const Hl7Delimiters& signs);
  void fail(Code code, const char* at);

  // Nodes are laid out in advance, cheaper than one by one; made_ of them are used.
  static constexpr std::size_t nodes_ahead = 1024;

  const Hl7Setup& setup_;
  const Hl7Names& names_;
  RecordBatch& batch_;
  std::size_t made_ = 0;
  const char* begin_ = nullptr;  // of the chunk
  std::uint64_t offset_ = 0;     // of begin_ in the file
  std::uint32_t line_ = 0;       // line ends before the current extent

  Hl7Delimiters signs_;
  std::string declared_;       // MSH-1 and MSH-2 of the message before, with the separator behind; empty: look again
  Hl7Delimiters as_declared_;  // what they said
  Hl7Marks marks_;
  const char *result_from_ = nullptr, *result_to_ = nullptr;  // OBX-3 and OBX-4 of the segment at hand, when both were met
  Hl7Encoding encoding_;                                      // of the message
  std::array<std::uint8_t, 256> classes_{};
  char learned_[5] = {};
  bool failed_ = false;
  Code code_ = Code::internal_error;
  const char* fail_at_ = nullptr;

  Group root_, patient_, order_, item_, insurance_, none_;
  Group* note_host_ = nullptr;
  bool had_results_ = false, specimen_first_ = false;
  std::vector<std::uint64_t> results_;  // of the open order: hashes of OBX-3 and OBX-4
  std::vector<Flat> patient_flats_, order_flats_;
  std::vector<Flat>* flats_ = nullptr;  // where the segment just placed is remembered

  std::uint32_t segments_ = 0;
  Symbol kind_ = 0;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> unread_;
  std::uint64_t unknown_escapes_ = 0, comments_ = 0, continuations_ = 0, guessed_ = 0, repaired_ = 0;
  std::vector<std::pair<std::string, std::uint64_t>> types_;
  std::string last_type_;  // MSH-9 of the message before, which kind it was and where it stands in types_
  Symbol last_kind_ = 0;
  char last_component_ = 0;  // the same text is another type under other signs
  std::size_t last_place_ = 0;
};

}  // namespace pyojun
