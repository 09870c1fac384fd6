#include "readers/fhir_parse.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "readers/fhir_reference.hpp"
#include "readers/json_scan.hpp"

namespace pyojun {

namespace {

enum Role : std::uint16_t {
  no_role,
  resource_type_role,
  id_role,
  reference_role,
  resource_role,
  full_url_role,
  fhir_version_role,
  foreign_type_role,
  first_sign_role,
};

// A Bundle may hold Bundles (documents, batch responses); those may not hold further ones.
constexpr unsigned deepest_bundle = 2;

// Lines are indexed together in blocks that stay in the second-level cache.
constexpr std::size_t block_bytes = std::size_t{96} << 10;
constexpr std::size_t text_block = std::size_t{32} << 10;

std::string_view between(const char* first, const char* end) { return {first, static_cast<std::size_t>(end - first)}; }

// One index per level of Bundle nesting and thread; the last is for header values.
JsonIndex& index_of(unsigned level) {
  static thread_local std::array<JsonIndex, deepest_bundle + 2> indexes;
  return indexes[level];
}

JsonSkipped& skipped_values() {
  static thread_local JsonSkipped values;
  return values;
}

class References final : public JsonRewriter {
 public:
  explicit References(const BundleTargets* targets) : targets_(targets) {}
  std::string_view rewrite(std::string_view text, RecordBatch&) const override {
    if (targets_ != nullptr && targets_->size() != 0) {
      if (const auto target = targets_->find(text); !target.empty()) return target;
    }
    return canonical_reference(text);
  }

 private:
  const BundleTargets* targets_;
};

}  // namespace

FhirSetup::FhirSetup(const Needs& needs, const Limits& some_limits, std::string file)
    : names(*needs.symbols, needs.all), limits(some_limits), file_name(std::move(file)), kinds(needs.kinds), only_kinds(needs.only_kinds) {
  std::sort(kinds.begin(), kinds.end());
  id_name = needs.all ? needs.symbols->intern("@id") : needs.symbols->find("@id");
  file_symbol = needs.all ? needs.symbols->intern("@file") : needs.symbols->find("@file");
  names.set_role("resourceType", resource_type_role);
  names.set_role("id", id_role);
  names.set_role("reference", reference_role);
  names.set_role("resource", resource_role);
  names.set_role("fullUrl", full_url_role);
  names.set_role("fhirVersion", fhir_version_role);
  for (const auto& [type, versions] : foreign_types()) names.set_role(type, foreign_type_role);
  for (const VersionSign& sign : version_signs()) {
    const auto same = [&](const auto& group) { return group.front().member == sign.member; };
    auto group = std::find_if(signs.begin(), signs.end(), same);
    if (group == signs.end()) group = signs.insert(signs.end(), std::vector<VersionSign>());
    group->push_back(sign);
    names.set_role(sign.member, static_cast<std::uint16_t>(first_sign_role + (group - signs.begin())));
  }
}

// A record that is being read.
struct FhirParser::Pending {
  NodeIndex first_node = 0;
  NodeIndex last_child = 0;
  const char* begin = nullptr;
  const char* end = nullptr;  // nullptr until it is complete
  std::string_view type, id;
  Symbol kind = 0;
  std::uint8_t versions = 0xFF;  // that the signs met so far allow together
  bool has_sign = false, has_r4_sign = false;
  bool unread = false;     // nobody reads this kind
  bool is_bundle = false;  // given up: to be read as a Bundle

  void sign(std::uint8_t allowed) {
    has_sign = true;
    has_r4_sign = has_r4_sign || (allowed & fhir_r4) != 0;
    versions &= allowed;
  }
};

FhirParser::FhirParser(const FhirSetup& setup, RecordBatch& batch, const char* chunk, std::uint64_t origin)
    : setup_(setup), batch_(batch), chunk_(chunk), origin_(origin), counted_to_(chunk), skipped_(skipped_values()) {
  skipped_.use(setup.limits);
  if (setup.file_symbol != 0) file_text_ = batch_.store.emplace_back(setup.file_name);
}

void FhirParser::finish(const char* end) { batch_.lines = line_of(end); }

std::uint32_t FhirParser::line_of(const char* at) {
  if (at > counted_to_) {
    line_ += count_lines(counted_to_, at);
    counted_to_ = at;
  }
  return static_cast<std::uint32_t>(line_);
}

std::string_view FhirParser::joined(std::string_view a, std::string_view b, std::string_view c) {
  const std::size_t size = a.size() + b.size() + c.size();
  if (texts_ == nullptr || texts_->capacity() - texts_->size() < size) {
    texts_ = &batch_.store.emplace_back();
    texts_->reserve(std::max(text_block, size));
  }
  const std::size_t from = texts_->size();
  texts_->append(a).append(b).append(c);
  return std::string_view(*texts_).substr(from);
}

void FhirParser::refuse(Code code, const char* first, const char* end, const char* at) {
  Reject reject;
  reject.code = code;
  reject.offset = origin_ + static_cast<std::uint64_t>(first - chunk_);
  reject.length = static_cast<std::uint32_t>(std::min<std::uint64_t>(static_cast<std::uint64_t>(end - first), 0xFFFFFFFFU));
  reject.line = line_of(first);
  reject.record = static_cast<std::uint32_t>(batch_.seen);
  reject.at = static_cast<std::uint32_t>(std::min<std::uint64_t>(static_cast<std::uint64_t>(at - first), 0xFFFFFFFFU));
  batch_.rejects.push_back(std::move(reject));
  ++batch_.seen;
}

void FhirParser::undo(const Pending& pending) {
  if (pending.first_node == 0) return;
  batch_.nodes.resize(pending.first_node);
  known_.forget();
}

// `plain`: references mean the same in all of the chunk, so that values met before can be shared.
JsonWalker FhirParser::walker(const JsonRewriter& references, bool plain) {
  JsonWalker out(setup_.names, setup_.limits, batch_);
  out.rewrite(&references, reference_role);
  if (!setup_.names.grows()) out.remember(&skipped_, plain ? &known_ : nullptr);
  return out;
}

// Adds what records have beside their members, and the record itself; or refuses it.
void FhirParser::accept(Pending& pending, std::string_view full_url) {
  const auto give_up = [&](Code code) {
    undo(pending);
    refuse(code, pending.begin, pending.end, pending.begin);
  };
  if (pending.end - pending.begin > static_cast<std::int64_t>(setup_.limits.record_bytes)) return give_up(Code::record_too_large);
  if (pending.type.empty()) return give_up(Code::fhir_not_a_resource);
  if (votes_ != nullptr && pending.has_sign) votes_->add(pending.versions);
  const bool foreign = pending.has_sign && (pending.versions & fhir_r4) == 0 && !pending.has_r4_sign;
  if (setup_.check_version && votes_ == nullptr && foreign) return give_up(Code::fhir_other_version);
  JsonFrame frame{pending.first_node, pending.last_child, 0};
  JsonWalker adder(setup_.names, setup_.limits, batch_);
  if (setup_.id_name != 0) {
    std::string_view id;
    if (!pending.id.empty()) {
      id = joined(pending.type, "/", pending.id);
    } else if (!full_url.empty()) {
      id = canonical_reference(full_url);
    }
    if (!id.empty()) adder.add(frame, setup_.id_name, NodeKind::text, id);
  }
  if (setup_.file_symbol != 0) adder.add(frame, setup_.file_symbol, NodeKind::text, file_text_);
  Record record;
  record.root = pending.first_node;
  record.kind = pending.kind;
  record.offset = origin_ + static_cast<std::uint64_t>(pending.begin - chunk_);
  record.length = static_cast<std::uint32_t>(pending.end - pending.begin);
  record.line = line_of(pending.begin);
  batch_.records.push_back(record);
  ++batch_.seen;
}

// Reads the object at the next token as a resource. False: it failed, or it is a Bundle (pending.is_bundle).
bool FhirParser::resource(JsonWalker& walker, Pending& pending) {
  pending.begin = walker.base() + walker.offset();
  pending.first_node = static_cast<NodeIndex>(batch_.nodes.size());
  batch_.nodes.push_back(Node{nullptr, 0, 0, 0, 0, NodeKind::object});
  JsonFrame frame;
  frame.self = pending.first_node;
  const bool ok = walker.members(0, [&](JsonName name, std::string_view key) { return root_member(walker, frame, pending, name, key); });
  if (!ok) return false;
  pending.last_child = frame.last;
  const char* end = walker.base() + walker.end_of_previous();
  pending.end = end;
  return true;
}

// The text of a string member, kept as a node when somebody reads it. Other values are read as usual and leave `out` empty.
bool FhirParser::keep_text(JsonWalker& walker, JsonFrame& frame, JsonName name, std::string_view& out) {
  if (walker.peek() != '"') return name.symbol == 0 ? walker.skip_value(1) : walker.value(frame, name, 1);
  if (!walker.text(out)) return false;
  if (name.symbol != 0) walker.add(frame, name.symbol, NodeKind::text, out);
  return true;
}

bool FhirParser::root_member(JsonWalker& walker, JsonFrame& frame, Pending& pending, JsonName name, std::string_view key) {
  if (name.symbol == 0 && setup_.names.grows() && !key.empty()) {
    name = const_cast<JsonNames&>(setup_.names).get(key, key.size());
    if (name.symbol == 0) return walker.fail(Code::json_names_exhausted);
  }
  if (name.symbol != 0 && !walker.first_of_its_name(frame, name.symbol)) return false;
  if (name.role == resource_type_role) {
    if (!keep_text(walker, frame, name, pending.type)) return false;
    if (pending.type == "Bundle") {
      pending.is_bundle = true;
      return false;
    }
    JsonName kind = setup_.names.find(pending.type, pending.type.size());
    if (kind.symbol == 0 && setup_.names.grows()) kind = const_cast<JsonNames&>(setup_.names).get(pending.type, pending.type.size());
    pending.kind = kind.symbol;
    if (kind.role == foreign_type_role) pending.sign(versions_of_foreign_type(pending.type));
    pending.unread = !setup_.kinds.empty() && !std::binary_search(setup_.kinds.begin(), setup_.kinds.end(), pending.type);
    return true;
  }
  if (name.role == id_role) return keep_text(walker, frame, name, pending.id);
  if (name.role >= first_sign_role) {
    for (const VersionSign& sign : setup_.signs[static_cast<std::size_t>(name.role - first_sign_role)]) {
      if (sign.type == pending.type && shape_is(sign.shape, walker.peek())) pending.sign(sign.versions);
    }
  }
  if (name.role == fhir_version_role && walker.peek() == '"') {
    std::string_view number;
    if (!keep_text(walker, frame, name, number)) return false;
    if (const std::uint8_t version = version_of_number(number); version != 0) pending.sign(version);
    return true;
  }
  return name.symbol == 0 || pending.unread ? walker.skip_value(1) : walker.value(frame, name, 1);
}

// A Bundle inside a Bundle or on a line of its own.
void FhirParser::nested(std::string_view text, unsigned level) {
  if (level > deepest_bundle) return refuse(Code::fhir_bundle_too_deep, text.data(), text.data() + text.size(), text.data());
  documents(text, level);
}

// --- NDJSON

// Most writers put the type first. A line that does not start so, or spells its type with escapes, has to be read to know.
bool FhirParser::may_be_wanted(std::string_view line) const {
  constexpr std::string_view start = R"({"resourceType":")";
  if (!line.starts_with(start)) return true;
  line.remove_prefix(start.size());
  const std::string_view type = line.substr(0, line.find('"'));
  return type == "Bundle" || type.find('\\') != std::string_view::npos ||
         std::binary_search(setup_.kinds.begin(), setup_.kinds.end(), type);
}

void FhirParser::lines(std::string_view text) {
  if (!setup_.only_kinds || setup_.kinds.empty()) return blocks(text);
  // Runs of lines that may be wanted; what lies between is passed by.
  std::size_t wanted = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    if (!may_be_wanted(text.substr(begin, end - begin))) {
      blocks(text.substr(wanted, begin - wanted));
      wanted = end;
    }
    begin = end;
  }
  blocks(text.substr(wanted));
}

void FhirParser::blocks(std::string_view text) {
  while (!text.empty()) {
    std::size_t size = text.size();
    if (size > block_bytes) {
      // Whole lines only: up to the last line end in the block, or the first one behind it.
      const auto* last = static_cast<const char*>(memrchr(text.data(), '\n', block_bytes));
      if (last == nullptr) last = static_cast<const char*>(std::memchr(text.data() + block_bytes, '\n', size - block_bytes));
      if (last != nullptr) size = static_cast<std::size_t>(last - text.data()) + 1;
    }
    block(text.substr(0, size));
    text.remove_prefix(size);
  }
}

void FhirParser::block(std::string_view text) {
  JsonIndex& index = index_of(0);
  // A string cannot span lines: a line end inside one makes build() fail, and then each line is indexed alone.
  const bool together = index.build(text);
  const References references(nullptr);
  JsonWalker walker = this->walker(references, true);
  if (together) walker.start(index);
  for (std::size_t begin = 0; begin < text.size();) {
    const auto* found = static_cast<const char*>(std::memchr(text.data() + begin, '\n', text.size() - begin));
    const std::size_t end = found == nullptr ? text.size() : static_cast<std::size_t>(found - text.data());
    const std::string_view line_text = text.substr(begin, end - begin);
    if (line_text.size() > setup_.limits.record_bytes) {
      refuse(Code::record_too_large, line_text.data(), line_text.data() + line_text.size(), line_text.data());
      if (together) walker.seek(static_cast<std::uint32_t>(end));
    } else if (together) {
      line(walker, text, begin, end);
    } else if (skip_space(line_text.data(), line_text.data() + line_text.size()) == line_text.data() + line_text.size()) {
      // blank
    } else if (index.build(line_text)) {
      walker.start(index);
      line(walker, line_text, 0, line_text.size());
    } else {
      const JsonDefect defect = find_defect(line_text);
      refuse(defect.code, line_text.data(), line_text.data() + line_text.size(), line_text.data() + defect.at);
    }
    begin = end + 1;
    if (found != nullptr) {
      // Lines are counted as they are met.
      counted_to_ = found + 1;
      ++line_;
    }
  }
}

void FhirParser::line(JsonWalker& walker, std::string_view text, std::size_t begin, std::size_t end) {
  const auto stop = static_cast<std::uint32_t>(end);
  walker.bound(stop);
  if (walker.offset() >= stop) return;  // blank
  const char* first = text.data() + walker.offset();
  const char* last = text.data() + end;
  while (last > first && (last[-1] == '\r' || last[-1] == ' ' || last[-1] == '\t')) --last;
  Pending pending;
  const bool object = walker.peek() == '{';
  bool ok = object ? resource(walker, pending) : walker.skip_value(0);
  if (pending.is_bundle) {
    undo(pending);
    nested(text.substr(begin, end - begin), 1);
  } else {
    if (ok && !walker.at_end()) ok = walker.fail(Code::json_syntax);
    if (ok && object) return accept(pending, {});
    undo(pending);
    const Code code = ok ? Code::json_not_an_object : walker.code();
    refuse(code, first, last, ok ? first : text.data() + std::min(walker.fail_at(), static_cast<std::uint32_t>(last - text.data())));
  }
  walker.seek(stop);
}

// --- documents and Bundles

void FhirParser::documents(std::string_view text) { documents(text, 0); }

void FhirParser::documents(std::string_view text, unsigned level) {
  const std::uint64_t begin = origin_ + static_cast<std::uint64_t>(text.data() - chunk_);
  FhirSplitter splitter(begin, block_bytes);
  splitter.run(text, true);
  for (const Piece& some : splitter.pieces()) {
    piece(some, between(text.data() + (some.begin - begin), text.data() + (some.end - begin)), level);
    // Nodes of rewritten references point into the targets.
    if (some.targets && some.targets->size() != 0) held_.push_back(some.targets);
  }
}

void FhirParser::piece(const Piece& some) {
  const char* first = chunk_ + (some.begin - origin_);
  piece(some, between(first, first + (some.end - some.begin)), 0);
}

void FhirParser::piece(const Piece& some, std::string_view text, unsigned level) {
  switch (some.kind) {
    case PieceKind::document:
      return document(text, level);
    case PieceKind::entries:
      return entries(text, some.targets.get(), level);
    case PieceKind::header:
      return header(text);
    case PieceKind::broken:
      return refuse(Code::fhir_bundle_broken, text.data(), text.data() + text.size(), text.data());
    case PieceKind::cut:
      return refuse(Code::json_incomplete, text.data(), text.data() + text.size(), text.data());
  }
}

// Other members of a Bundle are no records, but broken ones are told.
void FhirParser::header(std::string_view text) {
  JsonIndex& index = index_of(deepest_bundle + 1);
  const char* end = text.data() + text.size();
  if (!index.build(text)) {
    const JsonDefect defect = find_defect(text);
    return refuse(defect.code, text.data(), end, text.data() + defect.at);
  }
  JsonWalker walker(setup_.names, setup_.limits, batch_);
  walker.start(index);
  if (!walker.skip_value(1)) refuse(walker.code(), text.data(), end, text.data() + walker.fail_at());
}

void FhirParser::document(std::string_view text, unsigned level) {
  JsonIndex& index = index_of(level);
  const char* end = text.data() + text.size();
  while (end > text.data() && skip_space(end - 1, end) == end) --end;
  text = between(text.data(), end);
  if (text.empty()) return;
  if (text.size() > setup_.limits.record_bytes) return refuse(Code::record_too_large, text.data(), end, text.data());
  if (!index.build(text)) {
    const JsonDefect defect = find_defect(text);
    return refuse(defect.code, text.data(), end, text.data() + defect.at);
  }
  const References references(nullptr);
  JsonWalker walker = this->walker(references, true);
  walker.start(index);
  Pending pending;
  const bool object = walker.peek() == '{';
  bool ok = object ? resource(walker, pending) : walker.skip_value(0);
  if (ok && !walker.at_end()) ok = walker.fail(Code::json_syntax);
  if (ok && object) return accept(pending, {});
  undo(pending);
  // The splitter takes Bundles apart; one that comes here has a broken structure.
  if (pending.is_bundle) return refuse(Code::fhir_bundle_broken, text.data(), end, text.data());
  refuse(ok ? Code::json_not_an_object : walker.code(), text.data(), end, ok ? text.data() : text.data() + walker.fail_at());
}

void FhirParser::entries(std::string_view text, const BundleTargets* targets, unsigned level) {
  JsonIndex& index = index_of(level);
  const References references(targets);
  JsonWalker walker = this->walker(references, targets == nullptr || targets->size() == 0);
  if (text.size() <= setup_.limits.record_bytes + 2 * block_bytes && index.build(text)) {
    walker.start(index);
    while (!walker.at_end()) {
      if (walker.peek() == '{') {
        entry(walker, text, level);
      } else {
        walker.advance();  // the splitter has seen to it that commas and entries take turns
      }
    }
    return;
  }
  const char* end = text.data() + text.size();
  for (const char* at = text.data(); at < end;) {
    const char* first = at;
    while (first < end && *first != '{') ++first;
    if (first == end) return;
    const char* past = skip_container(first, end);
    const std::string_view one = between(first, past == nullptr ? end : past);
    at = one.data() + one.size();
    if (one.size() > setup_.limits.record_bytes) {
      refuse(Code::record_too_large, first, at, first);
    } else if (index.build(one)) {
      walker.start(index);
      entry(walker, one, level);
    } else {
      const JsonDefect defect = find_defect(one);
      refuse(past == nullptr ? Code::json_incomplete : defect.code, first, at, first + defect.at);
    }
  }
}

// The entry object at the next token. Afterwards the walker stands behind it, whatever it held.
void FhirParser::entry(JsonWalker& walker, std::string_view text, unsigned level) {
  const char* base = text.data();
  const char* first = base + walker.offset();
  Pending pending;
  std::string_view full_url;
  bool done = false;  // a resource was met
  const bool ok = walker.members(0, [&](JsonName name, std::string_view) {
    if (name.role == full_url_role && walker.peek() == '"') return walker.text(full_url);
    if (name.role != resource_role || walker.peek() != '{') return walker.skip_value(1);
    if (done) return walker.fail(Code::json_duplicate_member);
    done = true;
    if (resource(walker, pending)) return true;
    if (!pending.is_bundle) return false;
    undo(pending);
    const char* past = skip_container(pending.begin, base + text.size());
    if (past == nullptr) return walker.fail(Code::json_incomplete, static_cast<std::uint32_t>(text.size()));
    const std::string_view bundle = between(pending.begin, past);
    pending = Pending();
    nested(bundle, level + 1);
    walker.seek(static_cast<std::uint32_t>(past - base));
    return true;
  });
  if (ok) {
    if (pending.end != nullptr) accept(pending, full_url);
    return;
  }
  undo(pending);
  // The defect lies in the resource or in the entry around it.
  const char* at = base + walker.fail_at();
  const char* unit = pending.begin != nullptr && pending.end == nullptr ? pending.begin : first;
  const char* past = skip_container(unit, base + text.size());
  refuse(walker.code(), unit, past == nullptr ? base + text.size() : past, at);
  const char* past_entry = skip_container(first, base + text.size());
  walker.seek(static_cast<std::uint32_t>(past_entry == nullptr ? text.size() : static_cast<std::size_t>(past_entry - base)));
}

}  // namespace pyojun
