// Reader `fhir`: FHIR R4 JSON as single resources, several in a row, Bundles of any size, and NDJSON. See docs/formats/fhir.md.
#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "readers/fhir_parse.hpp"
#include "readers/fhir_split.hpp"
#include "readers/json_lines.hpp"
#include "readers/json_scan.hpp"
#include "readers/readers_table.hpp"

namespace pyojun {

namespace {

constexpr std::size_t head_bytes = std::size_t{128} << 10;  // looked at to tell the layout and the version
constexpr std::size_t whole_bytes = std::size_t{4} << 20;   // smaller files are one chunk: all work is then in parse()
constexpr std::size_t granule = std::size_t{64} << 10;
constexpr int lines_looked_at = 16;
constexpr std::string_view bom = "\xEF\xBB\xBF";

std::string_view text_of(std::span<const char> bytes) { return {bytes.data(), bytes.size()}; }

bool is_wide(std::string_view head) {
  if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF")) return true;
  return head.size() >= 4 && (head[0] == '\0' || head[1] == '\0');
}

struct TopLevel {
  bool object = false;         // starts with '{'
  bool complete = false;       // and ends inside the text
  std::size_t end = 0;         // where it ends then
  bool resource_type = false;  // has a member resourceType, as far as the text goes
  bool entry = false;          // has a member entry that is an array
};

// Looks at the members of the object that `text` starts with; the text may end anywhere.
TopLevel look_at(std::string_view text) {
  TopLevel found;
  const char* end = text.data() + text.size();
  const char* at = text.data();
  if (at == end || *at != '{') return found;
  found.object = true;
  if (const char* past = skip_container(at, end); past != nullptr) {
    found.complete = true;
    found.end = static_cast<std::size_t>(past - text.data());
    end = past;
  }
  ++at;
  while ((at = skip_space(at, end)) < end && *at == '"') {
    const char* key_end = skip_string(at, end);
    if (key_end == nullptr) return found;
    const std::string_view key(at + 1, static_cast<std::size_t>(key_end - at - 2));
    const char* value = skip_space(key_end, end);
    if (value == end || *value != ':') return found;
    value = skip_space(value + 1, end);
    if (value == end) return found;
    if (key == "resourceType") found.resource_type = true;
    if (key == "entry" && *value == '[') found.entry = true;
    if (*value == '"') {
      at = skip_string(value, end);
    } else if (*value == '{' || *value == '[') {
      at = skip_container(value, end);
    } else {
      for (at = value; at < end && *at != ',' && *at != '}';) ++at;
    }
    if (at == nullptr) return found;
    at = skip_space(at, end);
    if (at < end && *at == ',') ++at;
  }
  return found;
}

bool only_space(std::string_view text) { return skip_space(text.data(), text.data() + text.size()) == text.data() + text.size(); }

// One resource per line? Decided by the first line that is one complete object, with more behind or broken lines before it.
bool has_lines(std::string_view head) {
  int number = 0;
  while (!head.empty() && number < lines_looked_at) {
    const std::size_t end = std::min(head.find('\n'), head.size());
    const std::string_view line = head.substr(0, end);
    const std::string_view rest = head.substr(std::min(end + 1, head.size()));
    head = rest;
    if (only_space(line)) continue;
    const TopLevel found = look_at(line);
    if (found.complete && only_space(line.substr(found.end))) {
      if (number == 0) return !only_space(rest);
      if (found.resource_type) return true;
    }
    ++number;
  }
  return false;
}

class FhirReader final : public Reader {
 public:
  FhirReader(const Source& source, std::unique_ptr<ByteStream> stream)
      : setup_(source.needs, source.limits, source.input->name()), stream_(std::move(stream)) {
    facts_.format = "fhir";
    facts_.encoding = "utf-8";
    facts_.version = "R4";
  }

  Status prepare(const Source& source);
  Result<bool> next(Chunk& chunk, std::size_t target) override;
  void parse(const Chunk& chunk, RecordBatch& batch) const override;
  const FileFacts& facts() const override { return facts_; }

 private:
  Status find_version(const Source& source, std::string_view head, bool whole);
  Status split_large(const Source& source);
  Result<bool> next_pieces(Chunk& chunk, std::size_t target);

  FhirSetup setup_;
  FileFacts facts_;
  std::unique_ptr<ByteStream> stream_;
  std::unique_ptr<JsonLines> lines_;
  bool whole_ = false;     // the file is one chunk
  std::uint64_t end_ = 0;  // of the file, when it was split
  std::vector<Piece> pieces_;
  std::size_t next_piece_ = 0;
  std::uint64_t sequence_ = 0;
  bool done_ = false;
};

Status FhirReader::prepare(const Source& source) {
  auto filled = stream_->fill(head_bytes);
  if (!filled) return filled.error();
  std::string_view head = text_of(stream_->view());
  if (is_wide(head)) return Error{Code::json_encoding_of_file, source.input->path(), {}, {}, {}};
  if (head.starts_with(bom)) add_finding(facts_.notes, Code::byte_order_mark, {}, 1);
  // The first line must be seen whole; only a very long one needs more than the head.
  std::size_t want = head_bytes;
  while (*filled && head.substr(0, std::min(head.size(), want)).find('\n') == std::string_view::npos &&
         want <= setup_.limits.record_bytes) {
    want *= 2;
    filled = stream_->fill(want);
    if (!filled) return filled.error();
    head = text_of(stream_->view());
  }
  head = head.substr(0, want);
  const bool by_lines = has_lines(head.starts_with(bom) ? head.substr(bom.size()) : head);
  if (source.dialect != nullptr && source.dialect->format.starts_with("fhir-")) {
    facts_.version = source.dialect->format.substr(5);
    setup_.check_version = false;
  }
  filled = stream_->fill(whole_bytes + 1);
  if (!filled) return filled.error();
  whole_ = !*filled && stream_->view().size() <= whole_bytes;
  if (by_lines) add_finding(facts_.notes, Code::resource_per_line, {}, 1);
  if (Status status = find_version(source, text_of(stream_->view()), by_lines); !status) return status;
  if (by_lines) {
    lines_ = std::make_unique<JsonLines>(std::move(stream_), setup_.limits.record_bytes);
    return {};
  }
  return whole_ ? Status() : split_large(source);
}

// Reads a sample for signs of other versions; nothing is kept of it.
Status FhirReader::find_version(const Source& source, std::string_view head, bool by_lines) {
  const bool all = whole_ && head.size() <= head_bytes;
  head = head.substr(0, head_bytes);
  const std::size_t skipped = head.starts_with(bom) ? bom.size() : 0;
  SymbolTable nothing;
  Needs needs;
  needs.symbols = &nothing;
  const FhirSetup setup(needs, setup_.limits, {});
  RecordBatch batch;
  VersionVotes votes;
  FhirParser parser(setup, batch, head.data(), 0);
  parser.vote(&votes);
  head.remove_prefix(skipped);
  if (by_lines) {
    parser.lines(all ? head : head.substr(0, head.rfind('\n') + 1));
  } else {
    FhirSplitter splitter(skipped, granule);
    splitter.run(head, true);
    for (const Piece& piece : splitter.pieces()) parser.piece(piece);
    if (const auto type = splitter.first_bundle(); !type.empty()) add_finding(facts_.notes, Code::bundle_type, type, 1);
  }
  const std::uint8_t verdict = setup_.check_version ? votes.verdict() : std::uint8_t{0};
  if (verdict == 0) return {};
  return Error{Code::fhir_version_of_file, source.input->path(), {}, fmt::format("FHIR {}", version_name(verdict)), {}};
}

// One pass over the whole file for the places of entries and what their fullUrls mean; the bytes are read again when they are handed out.
Status FhirReader::split_large(const Source& source) {
  const std::size_t skipped = text_of(stream_->view()).starts_with(bom) ? bom.size() : 0;
  FhirSplitter splitter(skipped, granule);
  if (stream_->mapped()) {
    splitter.run(stream_->view().subspan(skipped), true);
  } else {
    stream_->consume(skipped);
    std::size_t want = whole_bytes;
    while (true) {
      const auto filled = stream_->fill(want);
      if (!filled) return filled.error();
      const std::uint64_t before = splitter.position();
      splitter.run(stream_->view(), !*filled);
      const auto taken = static_cast<std::size_t>(splitter.position() - before);
      stream_->consume(taken);
      if (!*filled) break;
      want = taken == 0 ? stream_->view().size() * 2 : std::max(whole_bytes, stream_->view().size() + granule);
      if (want > 2 * setup_.limits.record_bytes + whole_bytes) splitter.give_up();
    }
    auto again = source.input->open();
    if (!again) return again.error();
    stream_ = std::move(*again);
  }
  end_ = splitter.position();
  pieces_ = std::move(splitter.pieces());
  add_finding(facts_.notes, Code::bundles_in_file, {}, splitter.bundles());
  add_finding(facts_.notes, Code::bundle_entry_bare, {}, splitter.entries_without_resource());
  return {};
}

Result<bool> FhirReader::next(Chunk& chunk, std::size_t target) {
  if (lines_) return lines_->next(chunk, target);
  if (done_) return false;
  if (!whole_) return next_pieces(chunk, target);
  done_ = true;
  const std::size_t size = stream_->view().size();
  if (size == 0) return false;
  JsonChunk plan;
  plan.holds = JsonChunk::Holds::documents;
  take_chunk(*stream_, size, std::move(plan), sequence_++, chunk);
  return true;
}

// Chunks tile the file: each reaches from the end of the one before to the end of its last piece, so that lines add up.
Result<bool> FhirReader::next_pieces(Chunk& chunk, std::size_t target) {
  const std::uint64_t begin = stream_->position();
  JsonChunk plan;
  plan.holds = JsonChunk::Holds::pieces;
  std::uint64_t end = begin;
  while (next_piece_ < pieces_.size() && end - begin < target) {
    end = pieces_[next_piece_].end;
    plan.pieces.push_back(std::move(pieces_[next_piece_++]));
  }
  const bool last = next_piece_ == pieces_.size();
  if (last) end = end_;
  done_ = last;
  if (end == begin) return false;
  const bool cut = last && !plan.pieces.empty() && plan.pieces.back().kind == PieceKind::cut;
  const auto size = static_cast<std::size_t>(end - begin);
  const auto filled = stream_->fill(size);
  if (!filled) return filled.error();
  if (!*filled) return Error{Code::file_changed_while_reading, {}, {}, {}, {}};
  take_chunk(*stream_, size, std::move(plan), sequence_++, chunk);
  chunk.last_is_cut = cut;
  return true;
}

// Batch::keep for chunks whose Bundles were taken apart in parse().
struct HeldTargets {
  std::shared_ptr<const void> chunk;
  std::vector<std::shared_ptr<const BundleTargets>> targets;
};

void FhirReader::parse(const Chunk& chunk, RecordBatch& batch) const {
  batch.clear();
  batch.keep = chunk.keep;
  const auto* plan = static_cast<const JsonChunk*>(chunk.keep.get());
  FhirParser parser(setup_, batch, chunk.bytes.data(), chunk.offset);
  std::string_view text = text_of(chunk.bytes);
  const char* end = text.data() + text.size();
  if (chunk.offset == 0 && text.starts_with(bom)) text.remove_prefix(bom.size());
  switch (plan != nullptr ? plan->holds : JsonChunk::Holds::documents) {
    case JsonChunk::Holds::lines:
      parser.lines(text);
      break;
    case JsonChunk::Holds::documents:
      parser.documents(text);
      break;
    case JsonChunk::Holds::pieces:
      for (const Piece& piece : plan->pieces) parser.piece(piece);
      break;
    case JsonChunk::Holds::nothing:
      break;
  }
  parser.finish(end);
  if (parser.held().empty()) return;
  auto held = std::make_shared<HeldTargets>();
  held->chunk = chunk.keep;
  held->targets = std::move(parser.held());
  batch.keep = std::move(held);
}

}  // namespace

Match detect_fhir(std::span<const char> head) {
  std::string narrow;
  std::string_view text = text_of(head);
  if (is_wide(text)) {
    // Only to be refused by name: see json_encoding_of_file.
    for (const char c : text) {
      if (static_cast<unsigned char>(c - 1) < 0x7F) narrow.push_back(c);
    }
    text = narrow;
  }
  if (text.starts_with(bom)) text.remove_prefix(bom.size());
  for (int number = 0; number < lines_looked_at && !text.empty(); ++number) {
    const char* first = skip_space(text.data(), text.data() + text.size());
    text.remove_prefix(static_cast<std::size_t>(first - text.data()));
    const TopLevel found = look_at(text);
    if (found.resource_type) return Match::yes;
    if (found.entry && text.find("\"resourceType\"") != std::string_view::npos) return Match::yes;
    const std::size_t line = text.find('\n', found.complete ? found.end : 0);
    if (line == std::string_view::npos) break;
    text.remove_prefix(line + 1);
  }
  return Match::no;
}

Result<std::unique_ptr<Reader>> open_fhir(const Source& source) {
  auto stream = source.input->open();
  if (!stream) return stream.error();
  auto reader = std::make_unique<FhirReader>(source, std::move(*stream));
  if (Status status = reader->prepare(source); !status) return status.error();
  return std::unique_ptr<Reader>(std::move(reader));
}

}  // namespace pyojun
