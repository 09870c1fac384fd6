// Groups, fields, repetitions and components of a message as nodes.
#include <algorithm>
#include <array>
#include <cstring>

#include "base/hash.hpp"
#include "readers/hl7v2_parser.hpp"

namespace pyojun {

namespace {

// What a byte means inside a field; kinds may be joined.
constexpr std::uint8_t component_sign = 1, repetition_sign = 2, subcomponent_sign = 4, escape_sign = 8;

bool has(const auto& flats, std::uint32_t code) {
  return std::ranges::find(flats, code, &std::decay_t<decltype(flats[0])>::code) != flats.end();
}

}  // namespace

void Hl7Parser::fail(Code code, const char* at) {
  if (failed_) return;
  failed_ = true;
  code_ = code;
  fail_at_ = at;
}

void Hl7Parser::learn(const Hl7Delimiters& signs) {
  const char now[5] = {signs.field, signs.component, signs.repetition, signs.escape, signs.subcomponent};
  signs_ = signs;
  if (std::memcmp(now, learned_, sizeof now) == 0) return;
  std::memcpy(learned_, now, sizeof now);
  classes_.fill(0);
  const auto set = [this](char sign, std::uint8_t kind) {
    if (sign != 0) classes_[static_cast<unsigned char>(sign)] = kind;
  };
  set(signs.component, component_sign);
  set(signs.repetition, repetition_sign);
  set(signs.subcomponent, subcomponent_sign);
  set(signs.escape, escape_sign);
}

// ---- groups ----

void Hl7Parser::open_patient() {
  patient_ = {make(names_.patient, NodeKind::object), 0};
  append(root_, patient_.node);
  order_ = insurance_ = {};
  patient_flats_.clear();
}

void Hl7Parser::open_order() {
  if (patient_.node == 0) open_patient();
  order_ = {make(names_.order, NodeKind::object), 0};
  append(patient_, order_.node);
  order_flats_.clear();
  results_.clear();
  had_results_ = false;
}

// What a result goes by: OBX-3.1, without it OBX-3.4, else OBX-3.2; and OBX-4. `both`: the two fields, with or without separators around.
std::uint64_t Hl7Parser::called(std::string_view both) const {
  if (both.starts_with(signs_.field)) both.remove_prefix(1);
  const std::size_t end = std::min(both.find(signs_.field), both.size());
  const std::string_view identifier = both.substr(0, end);
  std::array<std::string_view, 4> parts;
  std::size_t from = 0;
  for (auto& part : parts) {
    const std::size_t to = signs_.component == 0 ? identifier.size() : std::min(identifier.find(signs_.component, from), identifier.size());
    part = identifier.substr(from, to - from);
    if (!part.empty() && &part == parts.data()) break;
    from = std::min(to + 1, identifier.size());
  }
  const std::string_view name = !parts[0].empty() ? parts[0] : !parts[3].empty() ? parts[3] : parts[1];
  std::string_view group = both.substr(std::min(end + 1, both.size()));
  group = group.substr(0, group.find(signs_.field));
  return group.empty() ? hash128(name).low : combine(hash128(name), hash128(group).low).low;
}

// `@again` says how many results of the same order went before that go by the same name and OBX-4. Senders who leave OBX-4 empty repeat a
// code, others tell two results of one code apart by its text or system only; without a number of its own each would look like a
// correction of the one before.
void Hl7Parser::count_again(Group& result, const char* id, const char* to) {
  if (result.node == 0 || names_.again == 0) return;
  std::string_view both;
  if (result_to_ != nullptr) {
    both = {result_from_, static_cast<std::size_t>(result_to_ - result_from_)};
  } else {
    const std::string_view line(id, static_cast<std::size_t>(to - id));
    std::size_t at = 0;
    for (int i = 0; i < 3 && at < line.size(); ++i) at = std::min(line.find(signs_.field, at + 1), line.size());
    std::size_t end = at;
    for (int i = 0; i < 2 && end < line.size(); ++i) end = std::min(line.find(signs_.field, end + 1), line.size());
    both = line.substr(at, end - at);
  }
  const std::uint64_t hash = called(both);
  const auto before = std::ranges::count(results_, hash);
  results_.push_back(hash);
  if (before == 0) return;
  std::string& number = batch_.store.emplace_back(std::to_string(before));
  const NodeIndex node = make(names_.again, NodeKind::text);
  text(node, number.data(), number.data() + number.size(), false);
  append(result, node);
}

// Nodes of fields that govern the new group as they did the one before: copies that share what is below them.
void Hl7Parser::carry(const std::vector<Flat>& from, std::initializer_list<std::uint32_t> codes, Group& group, std::vector<Flat>& into) {
  for (const Flat& flat : from) {
    if (std::ranges::find(codes, flat.code) == codes.end()) continue;
    Flat made{flat.code, 0, 0};
    for (NodeIndex i = flat.first; i != 0; i = i == flat.last ? 0 : batch_.nodes[i].next) {
      const Node copied = batch_.nodes[i];
      const NodeIndex copy = make(copied.name, copied.kind);
      batch_.nodes[copy] = copied;
      batch_.nodes[copy].next = 0;
      append(group, copy);
      if (made.first == 0) made.first = copy;
      made.last = copy;
    }
    into.push_back(made);
  }
}

Hl7Parser::Group& Hl7Parser::node_in(Group& group, const Hl7Segment& known) {
  item_ = {};
  if (known.node != 0 && known.read && group.node != 0) {
    item_.node = make(known.node, NodeKind::object);
    append(group, item_.node);
  }
  note_host_ = &item_;
  return item_;
}

Hl7Parser::Group& Hl7Parser::patient_place(const Hl7Segment& known) {
  order_ = {};
  if (known.place == SegmentPlace::patient_start || patient_.node == 0) {
    open_patient();
  } else if (has(patient_flats_, known.code)) {
    if (known.place == SegmentPlace::patient_field) return node_in(patient_, known);
    const std::vector<Flat> before = patient_flats_;
    open_patient();
    carry(before, {segment_code("PID"), segment_code("PD1")}, patient_, patient_flats_);
  }
  flats_ = &patient_flats_;
  note_host_ = &patient_;
  return patient_;
}

Hl7Parser::Group& Hl7Parser::order_place(const Hl7Segment& known) {
  const bool again = has(order_flats_, known.code);
  const bool joins = order_.node != 0 && !had_results_ && !again;
  if (known.place == SegmentPlace::order_start) {
    const bool behind = specimen_first_ && joins;  // OUL: OBR [ORC]
    if (!behind) open_order();
  } else if (known.place == SegmentPlace::order_field) {
    if (order_.node == 0) open_order();
    if (again) return node_in(order_, known);
  } else if (order_.node == 0) {
    open_order();
  } else if (!joins) {
    const std::vector<Flat> before = order_flats_;
    open_order();
    carry(before, {segment_code("ORC")}, order_, order_flats_);
    if (known.code != segment_code("OBR") && known.code != segment_code("TXA"))
      carry(before, {segment_code("RXO"), segment_code("RXE"), segment_code("RXR")}, order_, order_flats_);
  }
  flats_ = &order_flats_;
  note_host_ = &order_;
  return order_;
}

// Where the fields of a segment go; opens and closes groups as its place says.
Hl7Parser::Group& Hl7Parser::place(const Hl7Segment& known) {
  flats_ = nullptr;
  switch (known.place) {
    case SegmentPlace::header:
      note_host_ = &root_;
      return root_;
    case SegmentPlace::patient_start:
    case SegmentPlace::patient_field:
    case SegmentPlace::visit_start:
      return patient_place(known);
    case SegmentPlace::patient_node: {
      if (patient_.node == 0) open_patient();
      order_ = {};
      Group& made = node_in(patient_, known);
      if (known.code == segment_code("IN1")) insurance_ = made;
      return made;
    }
    case SegmentPlace::order_start:
    case SegmentPlace::order_detail:
    case SegmentPlace::order_field:
      return order_place(known);
    case SegmentPlace::order_node:
      if (order_.node == 0 || (specimen_first_ && known.code == segment_code("SPM"))) open_order();
      return node_in(order_, known);
    case SegmentPlace::result:
      if (order_.node == 0) open_order();
      had_results_ = true;
      return node_in(order_, known);
    case SegmentPlace::note: {
      Group& host = note_host_ != nullptr ? *note_host_ : root_;
      if (known.node == 0 || !known.read || host.node == 0) return none_ = {};
      none_ = {make(known.node, NodeKind::object), 0};
      append(host, none_.node);
      return none_;
    }
    case SegmentPlace::insurance:
      if (item_.node != 0 && item_.node == insurance_.node) return item_;
      return insurance_.node != 0 ? insurance_ : node_in(innermost(), known);
    case SegmentPlace::current:
      break;
  }
  return node_in(innermost(), known);
}

// ---- fields ----

// Calls use(begin, end, signs inside) for each piece between signs of the kind, until it answers false.
template <class Use>
void Hl7Parser::cut(const char* from, const char* to, Signs signs, std::uint8_t kind, Use use) const {
  const char* at = from;
  std::size_t first = 0;
  for (std::size_t i = 0; i < signs.size(); ++i) {
    if (classes_[static_cast<unsigned char>(*signs[i])] != kind) continue;
    if (!use(at, signs[i], signs.subspan(first, i - first))) return;
    at = signs[i] + 1;
    first = i + 1;
  }
  use(at, to, signs.subspan(first));
}

void Hl7Parser::unescaped(NodeIndex index, const char* from, const char* to) {
  Node& node = batch_.nodes[index];
  std::string& made = batch_.store.emplace_back();
  unknown_escapes_ += hl7_unescape(made, {from, static_cast<std::size_t>(to - from)}, signs_, encoding_);
  node.data = made.data();
  node.length = static_cast<std::uint32_t>(made.size());
}

NodeIndex Hl7Parser::component(Symbol name, const char* from, const char* to, Signs signs) {
  const NodeIndex index = plain(name, from, to);
  if (signs.empty()) return index;
  const std::uint8_t any = kinds(signs);
  if ((any & escape_sign) != 0) unescaped(index, from, to);
  if ((any & subcomponent_sign) == 0) return index;
  batch_.nodes[index].kind = NodeKind::object;
  Group group{index, 0};
  std::uint32_t number = 1;
  cut(from, to, signs, subcomponent_sign, [&](const char* at, const char* end, Signs inside) {
    if (const Symbol part = at == end ? Symbol{0} : names_.part(number); part != 0) {
      const NodeIndex made = plain(part, at, end);
      if (!inside.empty()) unescaped(made, at, end);  // no sign but that of escapes is left
      append(group, made);
    }
    ++number;
    return true;
  });
  return index;
}

// `""^""`: all that is said is that it is nothing.
bool Hl7Parser::nothing(const char* from, const char* to) const {
  bool any = false;
  for (const char* at = from; at != to; ++at) {
    if ((classes_[static_cast<unsigned char>(*at)] & (component_sign | subcomponent_sign)) != 0) continue;
    if (*at != '"' || to - at < 2 || at[1] != '"') return false;
    any = true;
    ++at;
  }
  return any;
}

NodeIndex Hl7Parser::repetition(Symbol name, const char* from, const char* to, Signs signs) {
  const std::uint8_t any = kinds(signs);
  if ((any & (component_sign | subcomponent_sign)) == 0) return component(name, from, to, signs);
  if (nothing(from, to)) return make(name, NodeKind::null);
  const NodeIndex index = make(name, NodeKind::object);
  text(index, from, to, (any & escape_sign) != 0);
  Group group{index, 0};
  std::uint32_t number = 1;
  cut(from, to, signs, component_sign, [&](const char* at, const char* end, Signs inside) {
    if (const Symbol part = at == end ? Symbol{0} : names_.part(number); part != 0) append(group, component(part, at, end, inside));
    ++number;
    return true;
  });
  return index;
}

void Hl7Parser::field(Group& host, Symbol name, const char* from, const char* to, Signs signs) {
  if (host.node == 0) return;
  if (static_cast<std::uint64_t>(to - from) > setup_.limits.field_bytes) return fail(Code::field_too_large, from);
  if (signs.empty()) return append(host, plain(name, from, to));
  if ((kinds(signs) & repetition_sign) == 0) return append(host, repetition(name, from, to, signs));
  std::uint32_t count = 0;
  cut(from, to, signs, repetition_sign, [&](const char* at, const char* end, Signs inside) {
    if (at != end) {
      append(host, repetition(name, at, end, inside));
    } else if (end != to) {
      append(host, make(name, NodeKind::text));  // keeps the place: `~1` is the second repetition
    }
    if (++count <= setup_.message.repetitions) return true;
    fail(Code::hl7_too_many_repetitions, at);
    return false;
  });
}

}  // namespace pyojun
