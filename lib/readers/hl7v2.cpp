// Reader `hl7v2`: HL7 v2.1 to 2.8 messages in ER7 form, one or many a file, framed, batched or bare. See docs/formats/hl7v2.md.
#include "readers/hl7v2.hpp"

#include <cctype>

#include "readers/delimited_encoding.hpp"
#include "readers/readers_table.hpp"

namespace pyojun {

namespace {

class Hl7Reader final : public Reader {
 public:
  Hl7Reader(const Source& source, std::unique_ptr<ByteStream> stream)
      : setup_(source.needs, source.limits, source.input->name()), splitter_(std::move(stream), source.limits) {
    facts_.format = "hl7v2";
  }

  Status prepare(const Source& source);
  Result<bool> next(Chunk& chunk, std::size_t target) override { return splitter_.next(chunk, target); }
  void parse(const Chunk& chunk, RecordBatch& batch) const override { parse_hl7v2(setup_, chunk, batch); }
  const FileFacts& facts() const override { return facts_; }

 private:
  Hl7Setup setup_;
  FileFacts facts_;
  Hl7Splitter splitter_;
};

// What bytes beyond ASCII mean in messages whose MSH-18 does not say it.
Status Hl7Reader::prepare(const Source& source) {
  auto decided = decide_encoding(*source.input, *source.dialect);
  if (!decided) {
    if (decided.error().code != Code::encoding_unclear) return decided.error();
    add_finding(facts_.notes, Code::charset_assumed, {}, 1);
    return {};
  }
  facts_.encoding = encoding_name(decided->encoding);
  switch (decided->encoding) {
    case Encoding::utf16le:
    case Encoding::utf16be:
      return Error{Code::hl7_utf16, source.input->path(), {}, {}, {}};
    case Encoding::cp949:
      setup_.undeclared = {Hl7Charset::cp949, nullptr};
      break;
    case Encoding::latin1:
      setup_.undeclared = {Hl7Charset::named, "ISO-8859-1"};
      break;
    case Encoding::utf8:
      break;
  }
  return {};
}

}  // namespace

Match detect_hl7v2(std::span<const char> head) {
  const char* at = head.data();
  const char* const to = at + head.size();
  const char* id = at;
  if (hl7_header_at(id, to) != Hl7Header::none) {
    // A CSV file may have a column called MSH: with a separator of CSV the next sign must be one, too.
    const bool like_csv = to - id > 3 && (id[3] == ',' || id[3] == ';');
    const bool signs = to - id > 4 && id[4] > ' ' && std::isalnum(static_cast<unsigned char>(id[4])) == 0 && id[4] != '"' && id[4] != id[3];
    return !like_csv || signs ? Match::yes : Match::no;
  }
  // Blank lines, comments, or a damaged message may stand in front.
  const std::string_view text(at, head.size());
  const std::size_t first = text.find_first_not_of(" \t\r\n\v");
  if (first == std::string_view::npos || text[first] == '{' || text[first] == '[' || text[first] == '<') return Match::no;
  const Hl7Extent found = hl7_extent(at, to);
  if (found.next == Hl7Header::none) return Match::no;
  id = found.end;
  hl7_header_at(id, to);
  const bool usual = std::string_view(id, static_cast<std::size_t>(to - id)).substr(3).starts_with("|^~\\&");
  return usual ? Match::yes : Match::no;
}

Result<std::unique_ptr<Reader>> open_hl7v2(const Source& source) {
  auto stream = source.input->open();
  if (!stream) return stream.error();
  auto reader = std::make_unique<Hl7Reader>(source, std::move(*stream));
  if (Status status = reader->prepare(source); !status) return status.error();
  return std::unique_ptr<Reader>(std::move(reader));
}

}  // namespace pyojun
