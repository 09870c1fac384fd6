// What functions about structures share: looking at a node's members, and making small texts.
#pragma once

#include "mapping/frame.hpp"

namespace pyojun::mapping {

// First child of that name as a value; absent when there is none.
inline bool child(const Frame& frame, NodeIndex node, Symbol name, Value& out) {
  out.clear();
  if (node == 0 || name == 0) return false;
  const NodeIndex found = frame.batch->find(node, name);
  if (found == 0) return false;
  load(frame, found, out);
  return out.present();
}

inline std::string_view child_text(const Frame& frame, NodeIndex node, Symbol name) {
  Value value;
  return child(frame, node, name, value) && value.tag == Tag::text ? value.text() : std::string_view();
}

// `a`, `sign`, `b` in a row, in the arena.
inline std::string_view joined(Frame& frame, std::string_view a, std::string_view sign, std::string_view b) {
  char* out = frame.arena.take(a.size() + sign.size() + b.size());
  a.copy(out, a.size());
  sign.copy(out + a.size(), sign.size());
  b.copy(out + a.size() + sign.size(), b.size());
  return {out, a.size() + sign.size() + b.size()};
}

// The text of a value; empty when it has none.
inline std::string_view own_text(Frame& frame, const Value& value) {
  std::string_view text;
  return value.present() && text_of(frame, value, text) ? text : std::string_view();
}

}  // namespace pyojun::mapping
