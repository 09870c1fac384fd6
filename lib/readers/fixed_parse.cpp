// One chunk of fixed-width records to a batch: bytes are cut by the layout first and decoded field by field.
#include <algorithm>

#include "readers/fixed.hpp"

namespace pyojun {

namespace {

using Type = FixedField::Type;

constexpr std::size_t store_block = std::size_t{32} << 10;

bool fill(char c) { return c == ' ' || c == '\0'; }

std::string_view without_tail(std::string_view text) {
  while (!text.empty() && fill(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view without_fill(std::string_view text) {
  text = without_tail(text);
  while (!text.empty() && fill(text.front())) text.remove_prefix(1);
  return text;
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

class ChunkParser {
 public:
  ChunkParser(const FixedLayout& layout, const Chunk& chunk, RecordBatch& batch)
      : layout_(layout), chunk_(chunk), batch_(batch), text_(chunk.bytes.data(), chunk.bytes.size()) {}
  void lines();
  void back_to_back();

 private:
  void line(std::string_view line, std::size_t at);
  void record(std::string_view bytes, std::size_t at, const FixedKind& kind);
  bool refused_for_length(std::string_view line, std::size_t at, const FixedKind& kind);
  bool well_formed(std::string_view bytes, std::size_t at, const FixedKind& kind);
  void node(Symbol name, const FixedField& field, std::string_view bytes, bool ascii);
  std::string_view number(std::string_view text, std::uint32_t scale);
  std::string_view keep(std::string_view text);
  void refuse(Code code, std::size_t at, std::uint64_t length, std::size_t defect, const FixedField* field = nullptr, Symbol symbol = 0);
  void add(Symbol name, std::string_view text, NodeKind kind);

  const FixedLayout& layout_;
  const Chunk& chunk_;
  RecordBatch& batch_;
  std::string_view text_;
  std::string scratch_;
  NodeIndex last_ = 0, root_ = 0;
};

// Text that is not in the chunk lives in blocks of the batch's store, whose memory must not move.
std::string_view ChunkParser::keep(std::string_view text) {
  if (batch_.store.empty() || batch_.store.back().capacity() - batch_.store.back().size() < text.size()) {
    batch_.store.emplace_back().reserve(std::max(store_block, text.size()));
  }
  std::string& block = batch_.store.back();
  const std::size_t from = block.size();
  block.append(text);
  return std::string_view(block).substr(from);
}

void ChunkParser::refuse(Code code, std::size_t at, std::uint64_t length, std::size_t defect, const FixedField* field, Symbol symbol) {
  Reject reject;
  reject.code = code;
  reject.offset = chunk_.offset + at;
  reject.length = static_cast<std::uint32_t>(std::min<std::uint64_t>(length, UINT32_MAX));
  reject.line = static_cast<std::uint32_t>(batch_.lines);
  reject.record = static_cast<std::uint32_t>(batch_.seen - 1);  // counted already
  reject.at = static_cast<std::uint32_t>(defect);
  reject.field = symbol;
  if (field != nullptr) reject.path = field->name;
  batch_.rejects.push_back(std::move(reject));
}

void ChunkParser::lines() {
  for (std::size_t begin = 0; begin < text_.size();) {
    const std::size_t found = text_.find('\n', begin);
    const std::size_t end = std::min(found, text_.size());
    std::string_view one = text_.substr(begin, end - begin);
    if (one.ends_with('\r')) one.remove_suffix(1);
    if (one.empty() || one == "\x1A") {  // DOS programs end a file with the byte 1A
      ++batch_.blank;
    } else {
      line(one, begin);
    }
    if (found != std::string_view::npos) ++batch_.lines;
    begin = end + 1;
  }
}

void ChunkParser::line(std::string_view line, std::size_t at) {
  ++batch_.seen;
  if (line.size() > layout_.limits.record_bytes) return refuse(Code::record_too_large, at, line.size(), 0);
  const FixedKind* kind = layout_.kind_of_line(line);
  if (kind == nullptr) return refuse(Code::fixed_kind_unknown, at, line.size(), 0);
  if (refused_for_length(line, at, *kind)) return;
  record(line, at, *kind);
}

bool ChunkParser::refused_for_length(std::string_view line, std::size_t at, const FixedKind& kind) {
  const std::size_t wanted = kind.record->bytes;
  if (line.size() == wanted) return false;
  if (line.size() < wanted) {
    if (layout_.pad) return false;
    refuse(Code::fixed_too_short, at, line.size(), line.size());
    return true;
  }
  const std::string_view rest = line.substr(wanted);
  if (layout_.pad && nothing_but_fill(rest)) return false;
  refuse(Code::fixed_too_long, at, line.size(), wanted);
  return true;
}

void ChunkParser::back_to_back() {
  for (std::size_t at = 0; at < text_.size();) {
    ++batch_.seen;
    const std::string_view rest = text_.substr(at);
    const FixedKind* kind = layout_.kind_at(rest);
    if (kind != nullptr && nothing_but_fill(rest.substr(0, kind->record->bytes))) kind = nullptr;
    if (kind == nullptr || kind->record->bytes > rest.size()) {
      const std::uint64_t length = rest.size() + chunk_.skipped;
      return refuse(kind == nullptr ? Code::fixed_kind_unknown : Code::record_cut, at, length, kind == nullptr ? 0 : rest.size());
    }
    record(rest.substr(0, kind->record->bytes), at, *kind);
    at += kind->record->bytes;
  }
}

void ChunkParser::record(std::string_view bytes, std::size_t at, const FixedKind& kind) {
  const bool ascii = is_ascii(bytes);
  if (!ascii && !well_formed(bytes, at, kind)) return;
  root_ = static_cast<NodeIndex>(batch_.nodes.size());
  last_ = 0;
  batch_.nodes.push_back(Node{nullptr, 0, 0, 0, 0, NodeKind::object});
  if (kind.kind != 0) {
    for (std::size_t i = 0; i < kind.symbols.size(); ++i) {
      const FixedField& field = kind.record->fields[i];
      // A field behind the end of a padded line is absent.
      if (kind.symbols[i] == 0 || field.start >= bytes.size()) continue;
      node(kind.symbols[i], field, bytes.substr(field.start, field.bytes), ascii);
    }
    if (layout_.file_symbol != 0) add(layout_.file_symbol, layout_.file_name, NodeKind::text);
  }
  Record out;
  out.root = root_;
  out.kind = kind.kind;
  out.offset = chunk_.offset + at;
  out.length = static_cast<std::uint32_t>(bytes.size());
  out.line = static_cast<std::uint32_t>(batch_.lines);
  batch_.records.push_back(out);
}

// The first field whose bytes do not fit the encoding refuses the record. A field that ends inside a character says so.
bool ChunkParser::well_formed(std::string_view bytes, std::size_t at, const FixedKind& kind) {
  for (std::size_t i = 0; i < kind.record->fields.size(); ++i) {
    const FixedField& field = kind.record->fields[i];
    if (field.type == Type::filler || field.start >= bytes.size()) continue;
    const std::string_view text = bytes.substr(field.start, field.bytes);
    if (layout_.encoding == Encoding::latin1) continue;
    const bool korean = layout_.encoding == Encoding::cp949;
    const std::size_t bad = korean ? find_bad_cp949(text) : find_bad_utf8(text);
    if (bad == no_bad_byte) continue;
    // The bytes behind the field complete the character: it was cut, not wrong. At the end of a record a lone lead byte says the same.
    const std::string_view wider = bytes.substr(field.start, text.size() + (korean ? 1 : 3));
    const std::size_t bad_wider = korean ? find_bad_cp949(wider) : find_bad_utf8(wider);
    const auto byte = static_cast<unsigned char>(text[bad]);
    const bool lone = wider.size() == text.size() && korean && bad + 1 == text.size() && byte > 0x80 && byte < 0xFF;
    const bool cut = lone || bad_wider == no_bad_byte || bad_wider > bad;
    refuse(cut ? Code::fixed_character_cut : Code::bytes_undecodable, at, bytes.size(), field.start + bad, &field, kind.symbols[i]);
    return false;
  }
  return true;
}

void ChunkParser::node(Symbol name, const FixedField& field, std::string_view bytes, bool ascii) {
  std::string_view text = bytes;
  if (field.type == Type::text || field.type == Type::date) text = without_tail(bytes);
  if (field.type == Type::number) text = without_fill(bytes);
  if (field.type == Type::date && std::all_of(text.begin(), text.end(), [](char c) { return c == '0' || fill(c); })) text = {};
  if (field.type == Type::number) text = number(text, field.scale);
  if (!ascii && layout_.encoding != Encoding::utf8 && !is_ascii(text)) {
    scratch_.clear();
    append_utf8(scratch_, text, layout_.encoding);  // cannot fail: well_formed() came before
    text = keep(scratch_);
  }
  const auto& nulls = layout_.null_words;
  const bool null = !nulls.empty() && std::find(nulls.begin(), nulls.end(), text) != nulls.end();
  add(name, null ? std::string_view() : text, null ? NodeKind::null : NodeKind::text);
}

// Without leading zeros, with the implied decimal point. What is no number stays as it is: the mapper judges it.
std::string_view ChunkParser::number(std::string_view text, std::uint32_t scale) {
  const bool negative = text.starts_with('-');
  std::string_view digits = negative ? text.substr(1) : text;
  if (!all_digits(digits)) return text;
  std::string_view fraction = digits.substr(digits.size() - std::min<std::size_t>(scale, digits.size()));
  std::string_view whole = digits.substr(0, digits.size() - fraction.size());
  const std::size_t missing = scale - fraction.size();  // zeros between the point and the digits there are
  while (fraction.ends_with('0')) fraction.remove_suffix(1);
  while (whole.size() > 1 && whole.starts_with('0')) whole.remove_prefix(1);
  if (!negative && fraction.empty() && !whole.empty()) return whole;
  if (whole.empty()) whole = "0";
  scratch_.clear();
  if (negative) scratch_ += '-';
  scratch_.append(whole);
  if (!fraction.empty()) scratch_.append(".").append(missing, '0').append(fraction);
  return keep(scratch_);
}

void ChunkParser::add(Symbol name, std::string_view text, NodeKind kind) {
  const auto index = static_cast<NodeIndex>(batch_.nodes.size());
  batch_.nodes.push_back(Node{text.data(), static_cast<std::uint32_t>(text.size()), 0, 0, name, kind});
  (last_ == 0 ? batch_.nodes[root_].child : batch_.nodes[last_].next) = index;
  last_ = index;
}

}  // namespace

bool nothing_but_fill(std::string_view bytes) { return std::all_of(bytes.begin(), bytes.end(), fill); }

bool FixedKind::tagged(std::string_view bytes) const {
  return std::all_of(tags.begin(), tags.end(), [&](std::size_t i) {
    const FixedField& tag = record->fields[i];
    if (tag.start + tag.bytes > bytes.size()) return false;
    const std::string_view there = bytes.substr(tag.start, tag.bytes);
    return std::find(tag.values.begin(), tag.values.end(), there) != tag.values.end();
  });
}

const FixedKind* FixedLayout::kind_of_line(std::string_view line) const {
  if (nothing_but_fill(line)) return nullptr;
  const FixedKind* best = nullptr;
  const auto distance = [&](const FixedKind& kind) {
    return kind.record->bytes > line.size() ? kind.record->bytes - line.size() : line.size() - kind.record->bytes;
  };
  for (const FixedKind& kind : kinds) {
    if (!kind.tagged(line)) continue;
    // A kind without a tag is told by its length alone, unless it is the only one.
    if (kind.tags.empty() && kinds.size() > 1 && kind.record->bytes != line.size()) continue;
    if (best == nullptr || distance(kind) < distance(*best)) best = &kind;
  }
  return best;
}

const FixedKind* FixedLayout::kind_at(std::string_view bytes) const {
  const FixedKind* found = nullptr;  // a kind without a tag gives way to those whose tags are there
  for (const FixedKind& kind : kinds) {
    if (kind.tagged(bytes) && (found == nullptr || (found->tags.empty() && !kind.tags.empty()))) found = &kind;
  }
  return found;
}

void parse_fixed(const FixedLayout& layout, const Chunk& chunk, RecordBatch& batch) {
  batch.clear();
  batch.keep = chunk.keep;
  const auto* plan = static_cast<const JsonChunk*>(chunk.keep.get());
  if (plan != nullptr && plan->holds == JsonChunk::Holds::nothing) {
    batch.lines = static_cast<std::uint64_t>(std::count(chunk.bytes.begin(), chunk.bytes.end(), '\n'));
    return;
  }
  ChunkParser parser(layout, chunk, batch);
  layout.lines ? parser.lines() : parser.back_to_back();
}

}  // namespace pyojun
