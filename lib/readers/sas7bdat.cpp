// Reader `sas7bdat`: data sets as SAS writes them, pages at a time. See docs/formats/sas7bdat.md.
#include "readers/sas7bdat.hpp"

#include <algorithm>

#include "base/hash.hpp"
#include "readers/column_names.hpp"
#include "readers/json_lines.hpp"
#include "readers/readers_table.hpp"

namespace pyojun {

namespace {

constexpr std::size_t chance_sequences = 8;  // as for delimited text: more UTF-8 than chance would give is no CP949

std::string_view text_of(std::span<const char> bytes) { return {bytes.data(), bytes.size()}; }

// Whole pages as chunks; what is left of a page at the end comes alone. When the rows are fewer than the file declares, a last chunk
// without bytes says so.
class Pages {
 public:
  Pages(std::unique_ptr<ByteStream> stream, const SasLayout& layout) : stream_(std::move(stream)), layout_(layout) {}
  Result<bool> next(Chunk& chunk, std::size_t target);

 private:
  std::unique_ptr<ByteStream> stream_;
  const SasLayout& layout_;
  std::uint64_t sequence_ = 0, rows_ = 0;
  bool done_ = false;
  std::vector<SasRow> found_;
};

Result<bool> Pages::next(Chunk& chunk, std::size_t target) {
  if (done_) return false;
  const std::size_t page = layout_.shape.page;
  const auto filled = stream_->fill(std::max<std::size_t>(target / page, 1) * page);
  if (!filled) return filled.error();
  const std::size_t held = std::min(stream_->view().size(), std::max<std::size_t>(target / page, 1) * page);
  const std::size_t whole = held / page * page, size = whole != 0 ? whole : held;
  std::uint64_t deleted = 0;
  for (std::size_t at = 0; at < whole; at += page) {
    sas_rows(layout_, text_of(stream_->view()).substr(at, page), found_, deleted);
    rows_ += found_.size();
  }
  rows_ += deleted;
  done_ = size == 0 || whole == 0;
  if (size == 0 && rows_ >= layout_.rows) return false;
  take_chunk(*stream_, size, JsonChunk(), sequence_++, chunk);
  chunk.last_is_cut = done_;
  return true;
}

class SasReader final : public Reader {
 public:
  SasReader(SasLayout layout, FileFacts facts, std::unique_ptr<ByteStream> stream)
      : layout_(std::move(layout)), facts_(std::move(facts)), pages_(std::move(stream), layout_) {}
  Result<bool> next(Chunk& chunk, std::size_t target) override { return pages_.next(chunk, target); }
  void parse(const Chunk& chunk, RecordBatch& batch) const override { parse_sas(layout_, chunk, batch); }
  const FileFacts& facts() const override { return facts_; }

 private:
  SasLayout layout_;
  FileFacts facts_;
  Pages pages_;
};

// Everything between a Source and its reader.
class Opening {
 public:
  explicit Opening(const Source& source) : source_(source) {}
  Result<std::unique_ptr<Reader>> open();

 private:
  Result<std::unique_ptr<ByteStream>> pages();
  Status describe();
  Status encoding();
  Status decide_by_content();
  Status columns();
  Error wrong(Code code) const { return {code, source_.input->path(), {}, {}, {}}; }

  const Source& source_;
  SasLayout layout_;
  FileFacts facts_;
};

// The stream behind the header.
Result<std::unique_ptr<ByteStream>> Opening::pages() {
  auto stream = source_.input->open();
  if (!stream) return stream.error();
  const std::size_t wanted = std::max(layout_.shape.header, sas_head_bytes);
  if (const auto filled = (*stream)->fill(wanted); !filled) return filled.error();
  if (layout_.shape.page == 0) {
    const auto shape = sas_shape(text_of((*stream)->view()));
    if (!shape) return wrong(Code::sas_damaged);
    layout_.shape = *shape;
    if (const auto filled = (*stream)->fill(shape->header); !filled) return filled.error();
  }
  if ((*stream)->view().size() < layout_.shape.header) return wrong(Code::sas_damaged);
  (*stream)->consume(layout_.shape.header);
  return std::move(*stream);
}

// Descriptions stand on the first pages. Those of long tables go on behind the rows, so that everything may have to be passed.
Status Opening::describe() {
  auto stream = pages();
  if (!stream) return stream.error();
  SasDescriber describer(layout_, source_.limits);
  const std::size_t page = layout_.shape.page;
  while (!describer.complete()) {
    const auto filled = (*stream)->fill(page);
    if (!filled) return filled.error();
    if ((*stream)->view().size() < page) break;
    describer.page(text_of((*stream)->view()).substr(0, page));
    (*stream)->consume(page);
  }
  if (const auto code = describer.finish()) return wrong(*code);
  return {};
}

Status Opening::encoding() {
  if (!source_.dialect->encoding.empty()) {
    const auto named = encoding_from_name(source_.dialect->encoding);
    if (!named || *named == Encoding::utf16le || *named == Encoding::utf16be) {
      return Error{Code::dialect_setting_wrong, source_.input->path(), {}, "encoding", {}};
    }
    layout_.encoding = *named;
    facts_.encoding = encoding_name(*named);
    return {};
  }
  const char* declared = sas_charset(layout_.shape.encoding);
  if (declared == nullptr) return Error{Code::sas_encoding_unknown, source_.input->path(), {}, std::to_string(layout_.shape.encoding), {}};
  const std::string_view name = declared;
  if (name.empty() || name == "US-ASCII") return decide_by_content();
  facts_.encoding = ascii_lower(name);
  if (name == "UTF-8") return {};
  layout_.encoding = Encoding::latin1;
  if (name == "EUC-KR" || name == "CP949") {
    layout_.encoding = Encoding::cp949;
    facts_.encoding = encoding_name(Encoding::cp949);
  } else if (name != "ISO-8859-1") {
    layout_.charset = Charset::find(name);
    if (!layout_.charset) return Error{Code::sas_encoding_unknown, source_.input->path(), {}, std::to_string(layout_.shape.encoding), {}};
  }
  return {};
}

// The file says nothing: every text of it is looked at, UTF-8 first, then CP949. Never by column or row.
Status Opening::decide_by_content() {
  auto stream = pages();
  if (!stream) return stream.error();
  Pages pages(std::move(*stream), layout_);
  Chunk chunk;
  std::vector<SasRow> rows;
  std::string unpacked(layout_.row_bytes, '\0');
  std::uint64_t sequences = 0, deleted = 0, bad_at = 0;
  bool utf8 = true, korean = true;
  while (korean) {
    const auto more = pages.next(chunk, 1);
    if (!more) return more.error();
    if (!*more) break;
    if (chunk.bytes.size() < layout_.shape.page) continue;
    const std::string_view page = text_of(chunk.bytes);
    sas_rows(layout_, page, rows, deleted);
    for (const SasRow& found : rows) {
      std::string_view row = page.substr(found.offset, found.bytes);
      if (found.packed) {
        if (!sas_unpack(layout_.packing, row, unpacked)) continue;
        row = unpacked;
      }
      for (const SasColumn& column : layout_.columns) {
        if (column.value != SasValue::text) continue;
        const std::string_view text = row.substr(column.offset, column.width);
        if (is_ascii(text)) continue;
        Utf8Check check;
        check.add(trim(text));
        check.finish();
        sequences += utf8 ? check.sequences() : 0;
        if (check.bad() != Utf8Check::none && utf8) utf8 = false, bad_at = chunk.offset + found.offset + column.offset;
        if (find_bad_cp949(trim(text)) != no_bad_byte) korean = false;
      }
    }
  }
  if (!utf8 && (!korean || sequences > chance_sequences))
    return Error{Code::encoding_unclear, source_.input->path(), {0, 0, bad_at}, {}, {}};
  layout_.encoding = utf8 ? Encoding::utf8 : Encoding::cp949;
  facts_.encoding = encoding_name(layout_.encoding);
  return {};
}

Status Opening::columns() {
  for (SasColumn& column : layout_.columns) {
    std::string name;
    if (layout_.charset) {
      if (layout_.charset->append_utf8(name, column.name) != no_bad_byte) return wrong(Code::header_unreadable);
    } else if (!append_utf8(name, column.name, layout_.encoding)) {
      return wrong(Code::header_unreadable);
    }
    facts_.columns.push_back(std::move(name));
  }
  const BoundColumns bound = bind_columns(source_, facts_.columns, facts_);
  for (std::size_t i = 0; i < layout_.columns.size(); ++i) layout_.columns[i].symbol = bound.symbols[i];
  layout_.kept = bound.kept;
  std::string shape = std::to_string(bound.shape);
  for (const SasColumn& column : layout_.columns) {
    shape +=
        ' ' + std::to_string(column.offset) + ' ' + std::to_string(column.width) + ' ' + std::to_string(static_cast<int>(column.value));
  }
  layout_.content_shape = hash128(shape).low;
  layout_.file_symbol = source_.needs.all ? Symbol{0} : source_.needs.symbols->find("@file");
  if (layout_.file_symbol != 0) layout_.kept.push_back(layout_.file_symbol);
  return {};
}

Result<std::unique_ptr<Reader>> Opening::open() {
  if (Status done = describe(); !done) return done.error();
  if (Status done = encoding(); !done) return done.error();
  if (Status done = columns(); !done) return done.error();
  layout_.kind = record_kind_of(source_);
  layout_.file_name = source_.input->name();
  layout_.null_words = source_.dialect->null_words;
  std::erase(layout_.null_words, std::string());  // empty text is empty, not null
  facts_.format = "sas7bdat";
  facts_.kind = source_.kind;
  auto from = pages();
  if (!from) return from.error();
  return std::unique_ptr<Reader>(std::make_unique<SasReader>(std::move(layout_), std::move(facts_), std::move(*from)));
}

}  // namespace

Match detect_sas7bdat(std::span<const char> head) { return sas_shape(text_of(head)) ? Match::yes : Match::no; }

Result<std::unique_ptr<Reader>> open_sas7bdat(const Source& source) { return Opening(source).open(); }

}  // namespace pyojun
