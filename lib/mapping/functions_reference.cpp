// reference() and resolve(): which record, or which part of this one, a FHIR reference means.
#include "mapping/functions_code.hpp"
#include "mapping/shape.hpp"

namespace pyojun::mapping {

namespace {

// The key text of the record a reference means. "#id" names a part of this record, which is no row of its own: empty.
std::string_view key_text(Frame& frame, const Value& in) {
  const ShapeNames& names = frame.plan->names_;
  std::string_view text;
  if (in.tag == Tag::object) {
    text = child_text(frame, in.node, names.reference);
    Value identifier;
    if (text.empty() && child(frame, in.node, names.identifier, identifier)) {
      const auto type = child_text(frame, in.node, names.type), value = child_text(frame, identifier.node, names.value);
      const auto system = child_text(frame, identifier.node, names.system);
      if (!type.empty() && !value.empty()) text = joined(frame, joined(frame, type, "?identifier=", system), "|", value);
    }
  } else {
    text = own_text(frame, in);
  }
  return text.starts_with('#') ? std::string_view() : text;
}

// The resource type a key text says: "Patient/1", "Patient?identifier=..", "https://host/base/Patient/1". Empty when it says none
// (urn:uuid:..).
std::string_view type_in(std::string_view key) {
  if (key.starts_with("urn:")) return {};
  const auto last = [](std::string_view path) { return path.substr(path.rfind('/') + 1); };  // npos + 1 is 0
  if (const std::size_t query = key.find('?'); query != std::string_view::npos) return last(key.substr(0, query));
  key = key.substr(0, key.find("/_history/"));
  const std::size_t slash = key.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : last(key.substr(0, slash));
}

// A reference that does not say its type may be of any.
bool of_type(Frame& frame, const Op& op, const Value& in, std::string_view key) {
  std::string_view type = type_in(key);
  if (type.empty() && in.tag == Tag::object) type = child_text(frame, in.node, frame.plan->names_.type);
  if (type.empty()) return true;
  for (std::size_t i = 1; i < op.args.size(); ++i) {
    Value wanted;
    eval(*op.args[i], frame, wanted);
    if (own_text(frame, wanted) == type) return true;
  }
  return false;
}

}  // namespace

void run_reference(const Op& op, Frame& frame, Value& out) {
  if (op.args.size() == 1) {
    Value in;
    eval(*op.args[0], frame, in);
    const std::string_view key = key_text(frame, in);
    out.clear();
    if (key.empty()) return;
    out.node = in.node;
    return out.set_text(key);
  }
  std::string_view found;
  NodeIndex node = 0;
  each_value(*op.args[0], frame, [&](const Value& in) {
    const std::string_view key = key_text(frame, in);
    if (key.empty() || !of_type(frame, op, in, key)) return false;
    found = key;
    node = in.node;
    return true;
  });
  out.clear();
  if (found.empty()) return;
  out.node = node;
  out.set_text(found);
}

void run_resolve(const Op& op, Frame& frame, Value& out) {
  Value in;
  eval(*op.args[0], frame, in);
  const ShapeNames& names = frame.plan->names_;
  std::string_view text = in.tag == Tag::object ? child_text(frame, in.node, names.reference) : own_text(frame, in);
  out.clear();
  if (text.size() < 2 || text[0] != '#') return;
  text.remove_prefix(1);
  for (NodeIndex i = frame.nodes[frame.context[0]].child; i != 0; i = frame.nodes[i].next) {
    if (frame.nodes[i].name == names.contained && child_text(frame, i, names.id) == text) return load(frame, i, out);
  }
}

}  // namespace pyojun::mapping
