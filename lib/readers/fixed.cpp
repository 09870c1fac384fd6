// Reader `fixed`: records whose fields stand at fixed byte positions, by a layout of the mapping. See docs/formats/fixed.md.
#include "readers/fixed.hpp"

#include <algorithm>

#include "readers/delimited_encoding.hpp"
#include "readers/readers_table.hpp"

namespace pyojun {

namespace {

constexpr std::size_t head_bytes = std::size_t{64} << 10;

class FixedReader final : public Reader {
 public:
  FixedReader(FixedLayout layout, FileFacts facts, std::unique_ptr<ByteStream> stream)
      : layout_(std::move(layout)), facts_(std::move(facts)) {
    if (layout_.lines) {
      lines_ = std::make_unique<JsonLines>(std::move(stream), layout_.limits.record_bytes);
    } else {
      splitter_ = std::make_unique<FixedSplitter>(std::move(stream), layout_);
    }
  }
  Result<bool> next(Chunk& chunk, std::size_t target) override {
    return lines_ ? lines_->next(chunk, target) : splitter_->next(chunk, target);
  }
  void parse(const Chunk& chunk, RecordBatch& batch) const override { parse_fixed(layout_, chunk, batch); }
  const FileFacts& facts() const override { return facts_; }

 private:
  FixedLayout layout_;
  FileFacts facts_;
  std::unique_ptr<JsonLines> lines_;
  std::unique_ptr<FixedSplitter> splitter_;
};

// The file kind whose layout holds: the one the file's name fits, or the only one there is.
const FileKind* layout_of(const Source& source) {
  const FileKind* only = nullptr;
  std::size_t with_layout = 0;
  for (const FileKind& kind : source.dialect->files) {
    if (kind.records.empty()) continue;
    if (kind.kind == source.kind) return &kind;
    only = &kind;
    ++with_layout;
  }
  return source.kind.empty() && with_layout == 1 ? only : nullptr;
}

// A byte order mark or the dialect decides, else strict UTF-8 over the whole file, else CP949. A field cut inside a character makes a file
// of CP949 ill-formed here and there, so records are judged one by one and never the whole file.
Result<DelimitedEncoding> encoding_of(const Source& source) {
  auto decided = decide_encoding(*source.input, *source.dialect);
  if (decided || decided.error().code != Code::encoding_unclear) return decided;
  const auto facts = source.input->byte_facts();
  DelimitedEncoding out;
  out.encoding = facts && facts->utf8_sequences > 8 ? Encoding::utf8 : Encoding::cp949;
  out.note = Code::encoding_not_everywhere;
  return out;
}

void bind(FixedLayout& layout, const FileKind& kind, const Source& source) {
  SymbolTable& symbols = *source.needs.symbols;
  const auto symbol = [&](const std::string& name) { return source.needs.all ? symbols.intern(name) : symbols.find(name); };
  for (const FixedRecord& record : kind.records) {
    FixedKind bound;
    bound.record = &record;
    bound.kind = symbol(record.kind);
    for (std::size_t i = 0; i < record.fields.size(); ++i) {
      const FixedField& field = record.fields[i];
      const bool read = field.type != FixedField::Type::filler;
      bound.symbols.push_back(read ? symbol(field.name) : Symbol{0});
      if (field.type != FixedField::Type::tag) continue;
      bound.tags.push_back(i);
      layout.tag_end = std::max(layout.tag_end, field.start + field.bytes);
    }
    layout.kinds.push_back(std::move(bound));
  }
  layout.file_symbol = symbol("@file");
}

Result<std::unique_ptr<ByteStream>> stream_of(const Source& source, std::size_t mark_bytes) {
  auto stream = source.input->open();
  if (!stream) return stream.error();
  if (mark_bytes != 0) {
    if (const auto filled = (*stream)->fill(mark_bytes); !filled) return filled.error();
    (*stream)->consume(mark_bytes);
  }
  return std::move(*stream);
}

// Records stand back to back when no line ends in the head of the file, which is longer than every record.
Result<bool> has_lines(ByteStream& stream, const FixedLayout& layout) {
  std::size_t longest = 0;
  for (const FixedKind& kind : layout.kinds) longest = std::max<std::size_t>(longest, kind.record->bytes);
  const std::size_t wanted = std::max(head_bytes, longest + 2);
  if (const auto filled = stream.fill(wanted); !filled && stream.view().empty()) return filled.error();
  const auto view = stream.view();
  const auto head = view.first(std::min(view.size(), wanted));
  return std::find(head.begin(), head.end(), '\n') != head.end();
}

}  // namespace

Result<std::size_t> FixedSplitter::whole_records(std::size_t target, bool& lost) {
  std::size_t size = 0;
  while (size == 0 || size < target) {
    const auto filled = stream_->fill(size + std::max<std::size_t>(layout_.tag_end, 1));
    if (!filled) return filled.error();
    const auto view = stream_->view();
    if (view.size() <= size) return size;
    const FixedKind* kind = layout_.kind_at(std::string_view(view.data(), view.size()).substr(size));
    if (kind == nullptr) return lost = true, size;
    const auto whole = stream_->fill(size + kind->record->bytes);
    if (!whole) return whole.error();
    if (stream_->view().size() < size + kind->record->bytes) return lost = true, size;
    if (nothing_but_fill(std::string_view(stream_->view().data(), stream_->view().size()).substr(size, kind->record->bytes)))
      return lost = true, size;
    size += kind->record->bytes;
  }
  return size;
}

Result<bool> FixedSplitter::next(Chunk& chunk, std::size_t target) {
  bool lost = false;
  const auto whole = whole_records(target, lost);
  if (!whole) return whole.error();
  if (*whole == 0 && !lost) return false;
  JsonChunk plan;
  if (*whole != 0) {  // what is lost comes in a chunk of its own
    take_chunk(*stream_, *whole, std::move(plan), sequence_++, chunk);
    return true;
  }
  const auto filled = stream_->fill(static_cast<std::size_t>(layout_.limits.record_bytes));
  if (!filled) return filled.error();
  const std::size_t kept = std::min<std::size_t>(stream_->view().size(), static_cast<std::size_t>(layout_.limits.record_bytes));
  take_chunk(*stream_, kept, std::move(plan), sequence_++, chunk);
  while (true) {
    const auto more = stream_->fill(head_bytes);
    if (!more) return more.error();
    const std::size_t rest = stream_->view().size();
    if (rest == 0) return true;
    chunk.skipped += rest;
    stream_->consume(rest);
  }
}

// Nothing in the bytes tells fixed-width records from any other text: they are read only when a layout says so.
Match detect_fixed(std::span<const char>) { return Match::no; }

Result<std::unique_ptr<Reader>> open_fixed(const Source& source) {
  const FileKind* kind = layout_of(source);
  if (kind == nullptr) return Error{Code::layout_missing, source.input->path(), {}, source.kind, {}};
  auto encoding = encoding_of(source);
  if (!encoding) return encoding.error();
  if (encoding->encoding == Encoding::utf16le || encoding->encoding == Encoding::utf16be) {
    return Error{Code::dialect_setting_wrong, source.input->path(), {}, "encoding", {}};
  }
  FixedLayout layout;
  layout.encoding = encoding->encoding;
  layout.pad = source.dialect->ragged == "pad";
  layout.null_words = source.dialect->null_words;
  std::erase(layout.null_words, std::string());  // empty text is empty, not null
  layout.limits = source.limits;
  layout.file_name = source.input->name();
  bind(layout, *kind, source);
  auto head = stream_of(source, encoding->mark_bytes);
  if (!head) return head.error();
  const auto lines = has_lines(**head, layout);
  if (!lines) return lines.error();
  layout.lines = *lines;
  FileFacts facts;
  facts.format = "fixed";
  facts.encoding = encoding_name(encoding->encoding);
  facts.version = kind->layout;
  if (encoding->note) add_finding(facts.notes, *encoding->note, {}, 1);
  add_finding(facts.notes, Code::text_garbled, {}, garbled_texts(*source.input, *encoding));
  auto stream = stream_of(source, encoding->mark_bytes);
  if (!stream) return stream.error();
  return std::unique_ptr<Reader>(std::make_unique<FixedReader>(std::move(layout), std::move(facts), std::move(*stream)));
}

}  // namespace pyojun
