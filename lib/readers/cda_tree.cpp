#include "readers/cda_tree.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "base/text.hpp"

namespace pyojun {

namespace {

// What an element of narrative text writes around its own text.
enum Block : std::uint8_t { inline_text, own_line, cell };

constexpr std::array<std::string_view, 12> line_elements{"paragraph", "br",    "list", "item",    "table", "thead",
                                                         "tbody",     "tfoot", "tr",   "caption", "title", "footnote"};

Block block_of(std::string_view local) {
  if (local == "td" || local == "th") return cell;
  return std::find(line_elements.begin(), line_elements.end(), local) != line_elements.end() ? own_line : inline_text;
}

bool is_white(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

std::string_view strip(std::string_view text) {
  while (!text.empty() && is_white(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_white(text.back())) text.remove_suffix(1);
  return text;
}

bool is_ours(XmlSpace space) { return space == XmlSpace::v3 || space == XmlSpace::none; }

std::uint64_t line_ends(std::string_view text) { return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n')); }

}  // namespace

CdaSetup::CdaSetup(const Needs& needs, const Limits& some_limits, std::string name)
    : elements(*needs.symbols, needs.all), attributes(*needs.symbols, needs.all, "@"), limits(some_limits), file_name(std::move(name)) {
  SymbolTable& symbols = *needs.symbols;
  const auto symbol = [&](std::string_view text) { return needs.all ? symbols.intern(text) : symbols.find(text); };
  kind = symbol("ClinicalDocument");
  file_symbol = symbol("@file");
  negated = symbol("@negated");
  planned = symbol("@planned");
  cancelled = symbol("@cancelled");
  other = symbol("@other");
  inside = symbol("@inside");
  statement = symbol("@statement");
  narrative = needs.all || symbols.find("text") != 0 || symbols.find("originalText") != 0;
}

void CdaTree::read(std::uint64_t offset, std::uint64_t length) {
  offset_ = offset;
  length_ = length;
  const std::size_t nodes = batch_.nodes.size(), records = batch_.records.size();
  const bool good = walk();
  if (good && met_ != 0) {
    batch_.seen += met_;
  } else {
    batch_.nodes.resize(nodes);
    batch_.records.resize(records);
    ++batch_.seen;
    refuse(!good ? exhausted_ ? Code::xml_names_exhausted : scanner_.code() : Code::cda_not_a_document, good ? 0 : scanner_.fail_at());
  }
  batch_.lines += good ? scanner_.lines() : line_ends(source_.text());
}

void CdaTree::refuse(Code code, std::size_t at) {
  Reject reject;
  reject.code = code;
  reject.offset = offset_;
  reject.length = static_cast<std::uint32_t>(std::min<std::uint64_t>(length_, std::numeric_limits<std::uint32_t>::max()));
  reject.at = static_cast<std::uint32_t>(source_.source_offset(at));
  // The line of the defect: the record is the whole document and begins in the first.
  reject.line = static_cast<std::uint32_t>(batch_.lines + line_ends(source_.text().substr(0, at)));
  reject.record = static_cast<std::uint32_t>(batch_.seen - 1);
  batch_.rejects.push_back(std::move(reject));
}

bool CdaTree::walk() {
  using Token = XmlScanner::Token;
  while (true) {
    switch (scanner_.next()) {
      case Token::start:
        if (narrative_ != nullptr) {
          narrative_start();
        } else if (!frames_.empty()) {
          start_element();
        } else if (scanner_.name().local == "ClinicalDocument" && is_ours(scanner_.name().space)) {
          start_record();
        }
        break;
      case Token::end:
        if (narrative_ != nullptr) {
          narrative_end();
        } else if (frames_.size() == 1) {
          end_record();
        } else if (!frames_.empty()) {
          end_element();
        }
        break;
      case Token::text:
        if (narrative_ != nullptr) {
          narrative_text();
        } else if (!frames_.empty()) {
          add_text();
        }
        break;
      case Token::finished:
        return !exhausted_;
      case Token::failed:
      case Token::nothing:
        return false;
    }
    if (exhausted_) return false;
  }
}

// --- records and elements

void CdaTree::start_record() {
  ++met_;
  record_begin_ = scanner_.begin();
  anchors_.clear();
  pointers_.clear();
  Frame frame;
  frame.node = static_cast<NodeIndex>(batch_.nodes.size());
  frame.known = true;
  batch_.nodes.push_back(Node{nullptr, 0, 0, 0, 0, NodeKind::object});
  add_attributes(frame);
  if (setup_.file_symbol != 0) add(frame, setup_.file_symbol, NodeKind::text, setup_.file_name);
  frames_.push_back(frame);
}

void CdaTree::end_record() {
  resolve_pointers();
  Record record;
  record.root = frames_.back().node;
  record.kind = setup_.kind;
  const std::size_t begin = source_.source_offset(record_begin_);
  record.offset = offset_ + begin;
  record.length = static_cast<std::uint32_t>(source_.source_offset(scanner_.position()) - begin);
  record.line = static_cast<std::uint32_t>(batch_.lines + line_ends(source_.text().substr(0, record_begin_)));
  batch_.records.push_back(record);
  frames_.clear();
}

NodeIndex CdaTree::add(Frame& parent, Symbol name, NodeKind kind, std::string_view text) {
  const auto index = static_cast<NodeIndex>(batch_.nodes.size());
  batch_.nodes.push_back(Node{text.data(), static_cast<std::uint32_t>(text.size()), 0, 0, name, kind});
  if (parent.last != 0) {
    batch_.nodes[parent.last].next = index;
  } else {
    batch_.nodes[parent.node].child = index;
  }
  parent.last = index;
  return index;
}

// Elements and attributes of HL7 v3 go by their local name whatever the prefix, of the US extensions by "sdtc:", others as written.
Symbol CdaTree::symbol_of(const JsonNames& names, const XmlName& name) {
  auto& known = const_cast<JsonNames&>(names);  // grows in inspect only, which is one thread
  Symbol symbol = 0;
  if (is_ours(name.space)) {
    const std::string_view text = source_.text();
    symbol = known.get(name.local, static_cast<std::size_t>(text.data() + text.size() - name.local.data())).symbol;
  } else {
    std::string_view prefix = name.prefix;
    if (name.space == XmlSpace::sdtc) prefix = "sdtc";
    if (name.space == XmlSpace::xsi) prefix = "xsi";
    const std::string called = std::string(prefix.empty() ? "_" : prefix).append(":").append(name.local);
    symbol = known.get(called, called.size()).symbol;
  }
  exhausted_ |= symbol == 0 && known.grows();
  return symbol;
}

void CdaTree::start_element() {
  Frame& parent = frames_.back();
  Frame frame;
  const XmlName& name = scanner_.name();
  const Symbol symbol = symbol_of(setup_.elements, name);
  frame.known = symbol != 0;
  frame.section = name.local == "section" && is_ours(name.space);
  frame.before = parent.last;
  frame.node = add(parent, symbol, NodeKind::object, {});
  frame.context = cda_inherit(parent.context);
  frame.place = frame.section ? std::string_view("-") : parent.place;
  if (frame.known) add_attributes(frame);
  if (is_ours(name.space)) add_context(frame, name);
  const bool narrative = parent.section && setup_.narrative && name.local == "text" && is_ours(name.space);
  if (name.local == "reference" && setup_.narrative && parent.known) {
    for (const XmlAttribute& each : scanner_.attributes()) {
      if (each.name.local == "value" && each.name.prefix.empty()) pointers_.push_back({parent.node, strip(value_of(each))});
    }
  }
  frames_.push_back(frame);
  if (narrative) start_narrative();
}

std::string_view CdaTree::decoded(std::string_view raw, bool attribute) {
  std::string& out = batch_.store.emplace_back();
  XmlScanner::decode(raw, attribute, out);
  return out;
}

std::string_view CdaTree::value_of(const XmlAttribute& attribute) { return attribute.plain ? attribute.raw : decoded(attribute.raw, true); }

// The value of xsi:type is a name: "PQ", whatever prefix the file has for it.
std::string_view CdaTree::type_name(const XmlAttribute& attribute) {
  const std::string_view value = strip(value_of(attribute));
  const std::size_t colon = value.find(':');
  return colon == std::string_view::npos ? value : value.substr(colon + 1);
}

void CdaTree::add_attributes(Frame& frame) {
  for (const XmlAttribute& each : scanner_.attributes()) {
    const Symbol symbol = symbol_of(setup_.attributes, each.name);
    if (symbol == 0) continue;
    const bool type = each.name.space == XmlSpace::xsi && each.name.local == "type";
    add(frame, symbol, NodeKind::text, type ? type_name(each) : value_of(each));
  }
}

std::string_view CdaTree::own_attribute(std::string_view local) {
  for (const XmlAttribute& each : scanner_.attributes()) {
    if (each.name.local == local && each.name.prefix.empty()) return value_of(each);
  }
  return {};
}

// Negation and mood of a statement hold for all that is in it; what a relation negates is the statement behind it.
void CdaTree::add_context(Frame& frame, const XmlName& name) {
  CdaContext& context = frame.context;
  if (name.local == "statusCode") {
    CdaContext& owner = frames_.back().context;
    if (owner.statement() && cda_takes_back(own_attribute("code"))) owner.cancelled = true;
    return;
  }
  if (name.local == "subject") {
    Frame& owner = frames_.back();
    owner.context.other |= owner.section || owner.context.statement();
    return;
  }
  if (name.local == "templateId") return read_template();
  if (name.local == "code" && frames_.back().section) return read_section_code();
  context.kind = cda_statement(name.local);
  if (!context.statement() && name.local != "entryRelationship" && name.local != "component") return;
  context.negated |= cda_negates(own_attribute("negationInd"));
  if (!context.statement()) return;
  const std::string_view mood = trim(own_attribute("moodCode"));
  if (!mood.empty() && !equal_folded(mood, "EVN")) context.planned = mood;
  if (frame.known) add_inherited(frame);
  if (setup_.statement != 0 && !frame.place.empty()) name_statement(frame, name.local);
}

void CdaTree::add_inherited(Frame& frame) {
  const CdaContext& context = frame.context;
  if (context.negated && setup_.negated != 0) add(frame, setup_.negated, NodeKind::text, "true");
  if (!context.planned.empty() && setup_.planned != 0) add(frame, setup_.planned, NodeKind::text, context.planned);
  if (context.cancelled && setup_.cancelled != 0) add(frame, setup_.cancelled, NodeKind::text, "true");
  if (context.other && setup_.other != 0) add(frame, setup_.other, NodeKind::text, "true");
  if (context.inside != 0 && setup_.inside != 0) add(frame, setup_.inside, NodeKind::text, cda_kinds(context.inside));
}

// "10160-0 observation 2.16.840.1.113883.10.20.22.4.19": section, kind of statement, template.
void CdaTree::name_statement(Frame& frame, std::string_view kind) {
  frame.label = &batch_.store.emplace_back(frame.place);
  frame.label->append(" ").append(kind);
  frame.named = add(frame, setup_.statement, NodeKind::text, *frame.label);
}

// Of several templates the first counts, but one of C-CDA's entries before all others.
void CdaTree::read_template() {
  Frame& owner = frames_.back();
  const std::string_view root = cda_public_name(own_attribute("root"));
  if (owner.section && owner.place == "-") owner.place = root;
  if (owner.label == nullptr) return;
  constexpr std::string_view entries = "2.16.840.1.113883.10.20.22.4.";
  const std::size_t first = owner.label->find(' ', owner.place.size() + 1);
  if (first != std::string::npos) {
    if (!root.starts_with(entries) || std::string_view(*owner.label).substr(first + 1).starts_with(entries)) return;
    owner.label->resize(first);
  }
  owner.label->append(" ").append(root);
  Node& node = batch_.nodes[owner.named];
  node.data = owner.label->data();
  node.length = static_cast<std::uint32_t>(owner.label->size());
}

void CdaTree::read_section_code() {
  const std::string_view code = cda_public_name(own_attribute("code"));
  if (code != "-") frames_.back().place = code;
}

// White space between elements is layout. Other pieces join to the element's own text.
void CdaTree::add_text() {
  Frame& frame = frames_.back();
  if (!frame.known) return;
  const std::string_view piece = scanner_.text();
  if (frame.text.data() == nullptr && strip(piece).empty() && scanner_.plain()) return;
  if (frame.text.data() == nullptr && scanner_.plain()) {
    frame.text = piece;
    return;
  }
  if (frame.own == nullptr) frame.own = &batch_.store.emplace_back(frame.text);
  if (scanner_.plain()) {
    frame.own->append(piece);
  } else {
    XmlScanner::decode(piece, false, *frame.own);
  }
  frame.text = *frame.own;
}

void CdaTree::end_element() {
  const Frame frame = frames_.back();
  frames_.pop_back();
  Node& node = batch_.nodes[frame.node];
  if (!frame.known && node.child == 0) {  // nobody reads it, and nothing in it
    Frame& parent = frames_.back();
    parent.last = frame.before;
    if (frame.before != 0) {
      batch_.nodes[frame.before].next = 0;
    } else {
      batch_.nodes[parent.node].child = 0;
    }
    batch_.nodes.pop_back();
    return;
  }
  const std::string_view text = strip(frame.text);
  node.data = text.data();
  node.length = static_cast<std::uint32_t>(text.size());
  // An element with attributes or elements is an object, which may have text; any other is a text, perhaps empty.
  if (node.child == 0) node.kind = NodeKind::text;
}

// --- narrative text: flattened, white space made single, rows and paragraphs on lines of their own

void CdaTree::start_narrative() {
  narrative_ = &batch_.store.emplace_back();
  blank_ = false;
  cells_ = 0;
  blocks_.clear();
  open_anchors_.clear();
  narrative_start();
}

// Separators are written with the text that follows them, so that what was written stays where it is.
void CdaTree::line_break() {
  if (!narrative_->empty() && narrative_->back() != '\n') *narrative_ += '\n';
  blank_ = false;
  cells_ = 0;
}

void CdaTree::separate() {
  std::string& out = *narrative_;
  const bool at_start = out.empty() || out.back() == '\n';
  if (!at_start) {
    const bool behind_cell = cells_ != 0;
    for (; cells_ != 0; --cells_) out += " |";
    if (blank_ || behind_cell) out += ' ';
  }
  cells_ = 0;
  blank_ = false;
}

void CdaTree::narrative_start() {
  const Block block = block_of(scanner_.name().local);
  if (block == own_line) line_break();
  std::size_t anchor = 0;
  for (const XmlAttribute& each : scanner_.attributes()) {
    if (each.name.local != "ID") continue;
    anchors_.push_back({strip(value_of(each)), narrative_, narrative_->size(), narrative_->size()});
    anchor = anchors_.size();
  }
  blocks_.push_back(block);
  open_anchors_.push_back(anchor);
}

void CdaTree::narrative_text() {
  const std::string_view piece = scanner_.plain() ? scanner_.text() : decoded(scanner_.text(), false);
  std::string& out = *narrative_;
  for (std::size_t i = 0; i < piece.size();) {
    if (is_white(piece[i])) {
      blank_ = true;
      ++i;
      continue;
    }
    // Up to white space that is more than one blank between two words.
    std::size_t end = i + 1;
    while (end < piece.size() && (!is_white(piece[end]) || (piece[end] == ' ' && end + 1 < piece.size() && !is_white(piece[end + 1]))))
      ++end;
    separate();
    out.append(piece, i, end - i);
    i = end;
  }
}

void CdaTree::narrative_end() {
  const std::uint8_t block = blocks_.back();
  if (block == own_line) line_break();
  if (const std::size_t anchor = open_anchors_.back(); anchor != 0) anchors_[anchor - 1].end = narrative_->size();
  blocks_.pop_back();
  open_anchors_.pop_back();
  if (blocks_.empty()) return end_narrative();
  if (block == cell) ++cells_;
}

void CdaTree::end_narrative() {
  line_break();
  frames_.back().text = *narrative_;
  narrative_ = nullptr;
  end_element();
}

// An element that holds a reference to narrative text and no text of its own says what stands there. A dangling reference adds nothing.
void CdaTree::resolve_pointers() {
  if (pointers_.empty() || anchors_.empty()) return;
  const auto by_id = [](const Anchor& a, const Anchor& b) { return a.id < b.id; };
  std::stable_sort(anchors_.begin(), anchors_.end(), by_id);
  for (const Pointer& pointer : pointers_) {
    Node& parent = batch_.nodes[pointer.parent];
    if (parent.length != 0) continue;
    const std::string_view id = pointer.target.starts_with('#') ? pointer.target.substr(1) : pointer.target;
    const auto found = std::lower_bound(anchors_.begin(), anchors_.end(), Anchor{id, nullptr, 0, 0}, by_id);
    if (id.empty() || found == anchors_.end() || found->id != id) continue;
    const std::string_view whole = *found->text;
    const std::size_t begin = std::min(found->begin, whole.size());
    std::string_view text = whole.substr(begin, std::min(found->end, whole.size()) - begin);
    while (!text.empty() && (is_white(text.front()) || text.front() == '|')) text.remove_prefix(1);
    while (!text.empty() && (is_white(text.back()) || text.back() == '|')) text.remove_suffix(1);
    parent.data = text.data();
    parent.length = static_cast<std::uint32_t>(text.size());
  }
}

}  // namespace pyojun
