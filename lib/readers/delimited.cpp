// The reader for delimited text: opening a file, that is deciding encoding and delimiter and binding its columns to the plan's names.
#include "readers/delimited.hpp"

#include <algorithm>

#include "readers/column_names.hpp"
#include "readers/delimited_encoding.hpp"
#include "readers/readers_table.hpp"

namespace pyojun {

namespace {

constexpr std::size_t head_bytes = std::size_t{64} << 10;

class DelimitedReader final : public Reader {
 public:
  DelimitedReader(DelimitedLayout layout, FileFacts facts, std::unique_ptr<ByteStream> stream, std::uint64_t offset,
                  std::shared_ptr<bool> cut)
      : layout_(std::move(layout)), facts_(std::move(facts)), splitter_(std::move(stream), layout_, offset), cut_(std::move(cut)) {}

  Result<bool> next(Chunk& chunk, std::size_t target) override {
    auto more = splitter_.next(chunk, std::max(target, layout_.header_bytes));
    if (more && *more && *cut_ && splitter_.drained()) chunk.last_is_cut = true;
    return more;
  }
  void parse(const Chunk& chunk, RecordBatch& batch) const override { parse_delimited(layout_, chunk, batch); }
  const FileFacts& facts() const override { return facts_; }

 private:
  DelimitedLayout layout_;
  FileFacts facts_;
  DelimitedSplitter splitter_;
  std::shared_ptr<bool> cut_;
};

// Everything between a Source and its reader.
class Opening {
 public:
  explicit Opening(const Source& source) : source_(source), dialect_(*source.dialect) {}
  Result<std::unique_ptr<Reader>> open();

 private:
  Result<std::unique_ptr<ByteStream>> stream();
  Error wrong(std::string_view setting) const { return {Code::dialect_setting_wrong, source_.input->path(), {}, std::string(setting), {}}; }
  Status settings();
  Status delimiter();
  Status columns();
  Result<std::vector<std::string>> header();
  Result<std::vector<std::string>> headerless();
  void bind(const std::vector<std::string>& names);

  const Source& source_;
  const Dialect& dialect_;
  const FileKind* kind_ = nullptr;
  DelimitedLayout layout_;
  DelimitedEncoding encoding_;
  FileFacts facts_;
  std::shared_ptr<bool> cut_ = std::make_shared<bool>(false);
};

Result<std::unique_ptr<ByteStream>> Opening::stream() {
  auto stream = source_.input->open();
  if (!stream) return stream.error();
  if (encoding_.mark_bytes != 0) {
    if (const auto filled = (*stream)->fill(encoding_.mark_bytes); !filled) return filled.error();
    (*stream)->consume(encoding_.mark_bytes);
  }
  if (layout_.utf16) return utf16_stream(std::move(*stream), encoding_.encoding == Encoding::utf16be, cut_);
  return std::move(*stream);
}

Status Opening::settings() {
  if (dialect_.quote == "none" || dialect_.quote.empty()) {
    layout_.quoting = false;
  } else if (dialect_.quote.size() == 1 && dialect_.quote[0] > ' ') {
    layout_.quote = dialect_.quote[0];
  } else {
    return wrong("quote");
  }
  if (dialect_.ragged != "refuse" && dialect_.ragged != "pad") return wrong("ragged");
  layout_.pad = dialect_.ragged == "pad";
  layout_.null_words = dialect_.null_words;
  std::erase(layout_.null_words, std::string());  // empty text is empty, not null
  layout_.limits = source_.limits;
  layout_.utf16 = encoding_.encoding == Encoding::utf16le || encoding_.encoding == Encoding::utf16be;
  layout_.encoding = layout_.utf16 ? Encoding::utf8 : encoding_.encoding;
  layout_.trusted = encoding_.trusted && !layout_.utf16;
  kind_ = declared_kind(source_);
  return {};
}

Status Opening::delimiter() {
  if (!dialect_.delimiter.empty()) {
    const char c = dialect_.delimiter[0];
    const bool good = dialect_.delimiter.size() == 1 && c > 0 && c != '\n' && c != '\r' && !(layout_.quoting && c == layout_.quote);
    if (!good) return wrong("delimiter");
    layout_.delimiter = c;
    return {};
  }
  auto head = stream();
  if (!head) return head.error();
  if (const auto filled = (*head)->fill(head_bytes); !filled && (*head)->view().empty()) return filled.error();
  const auto view = (*head)->view();
  layout_.delimiter = guess_delimiter({view.data(), std::min(view.size(), head_bytes)}, layout_).delimiter;
  return {};
}

// The first line that is not empty.
Result<std::vector<std::string>> Opening::header() {
  auto from = stream();
  if (!from) return from.error();
  DelimitedSplitter splitter(std::move(*from), layout_, encoding_.mark_bytes);
  Chunk chunk;
  std::uint64_t line = 1;
  const auto unreadable = [&](std::uint64_t at) { return Error{Code::header_unreadable, source_.input->path(), {line, 0, at}, {}, {}}; };
  while (true) {
    const auto more = splitter.next(chunk, 1);
    if (!more) return more.error();
    if (!*more) return std::vector<std::string>();
    layout_.header_bytes += chunk.bytes.size();
    std::string_view text(chunk.bytes.data(), chunk.bytes.size());
    while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
    if (text.empty()) {
      ++line;
      continue;
    }
    if (chunk.last_is_cut || chunk.skipped != 0) return unreadable(chunk.offset);
    std::string decoded;
    if (!append_utf8(decoded, text, layout_.encoding)) return unreadable(chunk.offset);
    auto names = split_fields(decoded, layout_);
    if (!names) return unreadable(chunk.offset);
    return std::move(*names);
  }
}

Result<std::vector<std::string>> Opening::headerless() {
  if (kind_ != nullptr && !kind_->columns.empty()) return kind_->columns;
  if (!source_.needs.all) return wrong("columns");
  auto first = header();
  layout_.header_bytes = 0;
  if (!first) return first.error();
  for (std::size_t i = 0; i < first->size(); ++i) (*first)[i] = "column_" + std::to_string(i + 1);
  return first;
}

void Opening::bind(const std::vector<std::string>& names) {
  const BoundColumns bound = bind_columns(source_, names, facts_);
  layout_.shape = bound.shape;
  layout_.kept = bound.kept;
  if (!source_.needs.all) layout_.file_symbol = source_.needs.symbols->find("@file");
  if (layout_.file_symbol != 0) layout_.kept.push_back(layout_.file_symbol);
  std::uint32_t slot = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Symbol symbol = bound.symbols[i];
    layout_.columns.push_back({names[i], symbol, symbol != 0 ? ++slot : static_cast<std::uint32_t>(layout_.kept.size()) + 1});
  }
}

Status Opening::columns() {
  auto names = dialect_.header ? header() : headerless();
  if (!names) return names.error();
  if (names->size() > layout_.limits.columns) return Error{Code::too_many_columns, source_.input->path(), {1, 0, 0}, {}, {}};
  facts_.columns = *names;
  bind(*names);
  return {};
}

Result<std::unique_ptr<Reader>> Opening::open() {
  auto encoding = decide_encoding(*source_.input, dialect_);
  if (!encoding) return encoding.error();
  encoding_ = std::move(*encoding);
  if (encoding_.note) add_finding(facts_.notes, *encoding_.note, {}, 1);
  add_finding(facts_.notes, Code::text_garbled, {}, garbled_texts(*source_.input, encoding_));
  if (Status done = settings(); !done) return done.error();
  if (Status done = delimiter(); !done) return done.error();
  if (Status done = columns(); !done) return done.error();
  layout_.kind = record_kind_of(source_);
  layout_.file_name = source_.input->name();
  facts_.format = "delimited";
  facts_.encoding = encoding_name(encoding_.encoding);
  facts_.delimiter = std::string(1, layout_.delimiter);
  facts_.kind = source_.kind;
  auto from = stream();
  if (!from) return from.error();
  return std::unique_ptr<Reader>(
      std::make_unique<DelimitedReader>(std::move(layout_), std::move(facts_), std::move(*from), encoding_.mark_bytes, cut_));
}

// What other formats begin with.
bool has_other_signature(std::string_view text) {
  for (const std::string_view start : {"{", "[", "<", "MSH|", "\vMSH|", "FHS|", "BHS|", "PK\x03\x04", "%PDF", "\x1f\x8b",
                                       "\x7f"
                                       "ELF",
                                       "SQLite format 3", "PAR1"}) {
    if (text.starts_with(start)) return true;
  }
  return false;
}

}  // namespace

Match detect_delimited(std::span<const char> head) {
  if (head.empty()) return Match::unsure;
  bool told = false;
  const DelimitedEncoding encoding = encoding_of_head(head, told);
  const std::string_view raw(head.data() + encoding.mark_bytes, head.size() - encoding.mark_bytes);
  std::string decoded;
  const bool utf16 = encoding.encoding == Encoding::utf16le || encoding.encoding == Encoding::utf16be;
  if (utf16) append_utf16(decoded, raw, encoding.encoding == Encoding::utf16be, false);
  const std::string_view text = utf16 ? std::string_view(decoded) : raw;
  if (has_other_signature(text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size())))) return Match::no;
  const auto control = [](char c) { return c >= 0 && c < ' ' && c != '\t' && c != '\n' && c != '\r'; };
  const auto controls = static_cast<std::size_t>(std::count_if(text.begin(), text.end(), control));
  if (controls * 100 > text.size()) return Match::no;
  const DelimiterGuess guess = guess_delimiter(text, DelimitedLayout());
  if (guess.fields >= 2 && guess.agreement >= 0.9 && (guess.records >= 2 || guess.fields >= 3)) return Match::yes;
  return Match::unsure;
}

Result<std::unique_ptr<Reader>> open_delimited(const Source& source) { return Opening(source).open(); }

}  // namespace pyojun
