// Reader `cda`: HL7 CDA R2 documents (C-CDA R1.1 and R2.1, eICR, RR and their kin) from XML files. See docs/formats/cda.md.
#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

#include "base/text.hpp"
#include "readers/cda_tree.hpp"
#include "readers/readers_table.hpp"

namespace pyojun {

namespace {

constexpr std::size_t head_bytes = std::size_t{64} << 10;

std::string_view text_of(std::span<const char> bytes) { return {bytes.data(), bytes.size()}; }

// A file is one chunk: an XML document is good as a whole or not at all.
struct CdaChunk {
  std::shared_ptr<const void> keep;  // of mapped bytes
  std::string bytes;                 // of others
  bool rest = false;                 // bytes of a file over the limit that were passed by
};

class CdaReader final : public Reader {
 public:
  CdaReader(const Source& source, std::unique_ptr<ByteStream> stream)
      : setup_(source.needs, source.limits, source.input->name()), stream_(std::move(stream)) {
    facts_.format = "cda";
  }
  Status prepare();
  Result<bool> next(Chunk& chunk, std::size_t target) override;
  void parse(const Chunk& chunk, RecordBatch& batch) const override;
  const FileFacts& facts() const override { return facts_; }

 private:
  CdaSetup setup_;
  FileFacts facts_;
  std::unique_ptr<ByteStream> stream_;
  std::uint64_t sequence_ = 0;
};

Status CdaReader::prepare() {
  const auto filled = stream_->fill(head_bytes);
  if (!filled) return filled.error();
  std::size_t mark = 0;
  const std::string_view label = xml_encoding_of(text_of(stream_->view()), mark);
  // A label is a file's own word and not shown as it is.
  facts_.encoding = label.empty() || equal_folded(label, "utf-8") ? "utf-8" : Charset::find(label) ? ascii_lower(label) : "unknown";
  if (mark != 0) add_finding(facts_.notes, Code::byte_order_mark, {}, 1);
  return {};
}

Result<bool> CdaReader::next(Chunk& chunk, std::size_t /*target*/) {
  const auto limit = static_cast<std::size_t>(setup_.limits.record_bytes);
  for (std::size_t want = head_bytes; stream_->view().size() <= limit; want *= 2) {
    const auto filled = stream_->fill(std::min(want, limit + 1));
    if (!filled) return filled.error();
    if (!*filled) break;
  }
  const auto view = stream_->view();
  if (view.empty()) return false;
  auto kept = std::make_shared<CdaChunk>();
  kept->rest = sequence_ != 0;
  chunk = Chunk{};
  chunk.offset = stream_->position();
  chunk.sequence = sequence_++;
  if (stream_->mapped()) {
    chunk.bytes = view;
    kept->keep = stream_->keep();
  } else {
    kept->bytes.assign(view.data(), view.size());
    chunk.bytes = {kept->bytes.data(), kept->bytes.size()};
  }
  chunk.keep = std::move(kept);
  stream_->consume(view.size());
  return true;
}

// Batch::keep for documents in another encoding than UTF-8.
struct HeldText {
  std::shared_ptr<const void> chunk;
  std::unique_ptr<XmlText> text;
};

void CdaReader::parse(const Chunk& chunk, RecordBatch& batch) const {
  batch.clear();
  batch.keep = chunk.keep;
  const auto* plan = static_cast<const CdaChunk*>(chunk.keep.get());
  const std::string_view bytes = text_of(chunk.bytes);
  const auto refuse = [&](Code code, std::size_t at) {
    const std::string_view before = bytes.substr(0, at);
    Reject reject;
    reject.code = code;
    reject.offset = chunk.offset;
    reject.length = static_cast<std::uint32_t>(std::min<std::size_t>(bytes.size(), 0xFFFFFFFF));
    reject.at = static_cast<std::uint32_t>(at);
    reject.line = static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n'));
    batch.rejects.push_back(std::move(reject));
    batch.seen = 1;
  };
  const bool too_large = bytes.size() > setup_.limits.record_bytes;
  if (plan->rest || too_large) {
    batch.lines = static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), '\n'));
    if (!plan->rest) refuse(Code::record_too_large, 0);
    return;
  }
  auto text = std::make_unique<XmlText>(bytes);
  if (text->failed() != Code::count) {
    refuse(text->failed(), text->failed_at());
    batch.lines = static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), '\n'));
    return;
  }
  CdaTree(setup_, *text, batch).read(chunk.offset, bytes.size());
  if (!text->decoded()) return;
  auto held = std::make_shared<HeldText>();
  held->chunk = chunk.keep;
  held->text = std::move(text);
  batch.keep = std::move(held);
}

}  // namespace

// Any XML is ours: what holds no ClinicalDocument is refused by that name and not by one of a delimited file.
Match detect_cda(std::span<const char> head) {
  std::size_t mark = 0;
  const std::string_view text = text_of(head);
  const std::string_view label = xml_encoding_of(text, mark);
  std::string narrow;
  for (const char c : text.substr(mark, 4096)) {
    if (c != '\0') narrow.push_back(c);
  }
  const std::size_t first = narrow.find_first_not_of(" \t\r\n");
  if (first == std::string::npos || narrow[first] != '<' || first + 1 >= narrow.size()) return Match::no;
  const bool wide = label.starts_with("utf-16") || label.starts_with("utf-32");
  if (!wide && text.substr(mark, 4096).find('\0') != std::string_view::npos && narrow.size() < 16) return Match::no;
  const char second = narrow[first + 1];
  const bool name = (ascii_lower(second) >= 'a' && ascii_lower(second) <= 'z') || second == '_' || (second & 0x80) != 0;
  return second == '?' || second == '!' || name ? Match::yes : Match::no;
}

Result<std::unique_ptr<Reader>> open_cda(const Source& source) {
  auto stream = source.input->open();
  if (!stream) return stream.error();
  auto reader = std::make_unique<CdaReader>(source, std::move(*stream));
  if (Status status = reader->prepare(); !status) return status.error();
  return std::unique_ptr<Reader>(std::move(reader));
}

}  // namespace pyojun
