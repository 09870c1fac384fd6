// Records as JSON lines: the form in which `pyojun inspect --records` shows them and the reader `records` takes them back.
#include <charconv>

#include "record/batch.hpp"

namespace pyojun {

namespace {

void append_text(std::string& out, std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  out.push_back('"');
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, from, i - from);
    from = i + 1;
    switch (c) {
      case '"':
        out.append("\\\"");
        break;
      case '\\':
        out.append("\\\\");
        break;
      case '\n':
        out.append("\\n");
        break;
      case '\r':
        out.append("\\r");
        break;
      case '\t':
        out.append("\\t");
        break;
      default:
        out.append("\\u00");
        out.push_back(hex[c >> 4]);
        out.push_back(hex[c & 15]);
    }
  }
  out.append(text, from);
  out.push_back('"');
}

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  const auto result = std::to_chars(digits, digits + sizeof digits, number);
  out.append(digits, result.ptr);
}

class Dump {
 public:
  Dump(const RecordBatch& batch, const SymbolTable& names, std::string& out) : batch_(batch), names_(names), out_(out) {}

  void object(NodeIndex index) {
    const Node& node = batch_.nodes[index];
    out_.push_back('{');
    bool comma = false;
    if (node.data != nullptr && node.kind == NodeKind::object && node.length != 0) {
      out_.append("\"@text\":");
      append_text(out_, node.text());
      comma = true;
    }
    for (NodeIndex i = node.child; i != 0; i = batch_.nodes[i].next) {
      if (!first_of_name(node.child, i)) continue;
      if (comma) out_.push_back(',');
      comma = true;
      append_text(out_, names_.name(batch_.nodes[i].name));
      out_.push_back(':');
      member(i);
    }
    out_.push_back('}');
  }

 private:
  // Sibling lists are short except in wide flat records, whose names are all different and marked so by `columns`.
  bool first_of_name(NodeIndex first, NodeIndex index) const {
    if (!batch_.columns.empty()) return true;
    const Symbol name = batch_.nodes[index].name;
    for (NodeIndex i = first; i != index; i = batch_.nodes[i].next) {
      if (batch_.nodes[i].name == name) return false;
    }
    return true;
  }
  void member(NodeIndex index) {
    NodeIndex next = batch_.columns.empty() ? batch_.next_same(index) : 0;
    if (next == 0) return value(index);
    out_.push_back('[');
    value(index);
    for (; next != 0; next = batch_.next_same(next)) {
      out_.push_back(',');
      value(next);
    }
    out_.push_back(']');
  }
  void value(NodeIndex index) {
    const Node& node = batch_.nodes[index];
    switch (node.kind) {
      case NodeKind::object:
        object(index);
        break;
      case NodeKind::text:
        append_text(out_, node.text());
        break;
      case NodeKind::number:
      case NodeKind::boolean:
        out_.append(node.text());
        break;
      case NodeKind::null:
        out_.append("null");
        break;
    }
  }

  const RecordBatch& batch_;
  const SymbolTable& names_;
  std::string& out_;
};

}  // namespace

void dump_json(const RecordBatch& batch, const Record& record, const SymbolTable& names, std::uint64_t first_line, std::string& out) {
  out.append("{\"kind\":");
  append_text(out, names.name(record.kind));
  out.append(",\"offset\":");
  append_number(out, record.offset);
  out.append(",\"length\":");
  append_number(out, record.length);
  out.append(",\"line\":");
  append_number(out, first_line + record.line + 1);
  out.append(",\"record\":");
  Dump(batch, names, out).object(record.root);
  out.append("}\n");
}

}  // namespace pyojun
