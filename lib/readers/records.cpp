// Reader `records`: JSON lines as dump_json() writes them, back to the same trees. See docs/formats/records.md.
#include <algorithm>
#include <cstring>

#include "readers/json_index.hpp"
#include "readers/json_lines.hpp"
#include "readers/json_names.hpp"
#include "readers/json_scan.hpp"
#include "readers/json_walk.hpp"
#include "readers/readers_table.hpp"

namespace pyojun {

namespace {

enum Role : std::uint16_t { no_role, kind_role, record_role, own_text_role };

constexpr std::size_t head_bytes = std::size_t{64} << 10;
constexpr std::string_view bom = "\xEF\xBB\xBF";

class RecordsReader final : public Reader {
 public:
  RecordsReader(const Source& source, std::unique_ptr<ByteStream> stream)
      : names_(*source.needs.symbols, source.needs.all),
        limits_(source.limits),
        file_name_(source.input->name()),
        lines_(std::move(stream), source.limits.record_bytes) {
    file_symbol_ = source.needs.all ? source.needs.symbols->intern("@file") : source.needs.symbols->find("@file");
    names_.set_role("kind", kind_role);
    names_.set_role("record", record_role);
    names_.set_role("@text", own_text_role);
    facts_.format = "records";
    facts_.encoding = "utf-8";
  }
  Result<bool> next(Chunk& chunk, std::size_t target) override { return lines_.next(chunk, target); }
  void note_columns(std::string_view head, const std::vector<std::string>& expected);
  void parse(const Chunk& chunk, RecordBatch& batch) const override;
  const FileFacts& facts() const override { return facts_; }

 private:
  struct Line {
    std::string_view text;
    std::uint64_t offset = 0;
    std::uint32_t number = 0;
  };
  void line(const Line& line, RecordBatch& batch, std::string_view file) const;
  struct Envelope {
    Record record;
    bool has_kind = false;
    std::string_view content;  // text of the member `record`
  };
  bool envelope(JsonWalker& walker, std::string_view text, Envelope& out, RecordBatch& batch) const;

  JsonNames names_;
  Limits limits_;
  std::string file_name_;
  Symbol file_symbol_ = 0;
  JsonLines lines_;
  FileFacts facts_;
};

JsonIndex& thread_index() {
  static thread_local JsonIndex index;
  return index;
}

void RecordsReader::parse(const Chunk& chunk, RecordBatch& batch) const {
  batch.clear();
  batch.keep = chunk.keep;
  const auto* plan = static_cast<const JsonChunk*>(chunk.keep.get());
  const std::string_view file = file_symbol_ == 0 ? std::string_view() : std::string_view(batch.store.emplace_back(file_name_));
  const std::string_view text(chunk.bytes.data(), chunk.bytes.size());
  const bool nothing = plan != nullptr && plan->holds == JsonChunk::Holds::nothing;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t found = text.find('\n', begin);
    const std::size_t end = std::min(found, text.size());
    Line one{text.substr(begin, end - begin), chunk.offset + begin, static_cast<std::uint32_t>(batch.lines)};
    if (one.offset == 0 && one.text.starts_with(bom)) {
      one.text.remove_prefix(bom.size());
      one.offset = bom.size();
    }
    if (!nothing) line(one, batch, file);
    if (found != std::string_view::npos) ++batch.lines;
    begin = end + 1;
  }
}

bool RecordsReader::envelope(JsonWalker& walker, std::string_view text, Envelope& out, RecordBatch& batch) const {
  if (walker.peek() != '{') return walker.skip_value(0) && walker.fail(Code::records_line_shape, 0);
  return walker.members(0, [&](JsonName name, std::string_view) {
    if (name.role == kind_role && walker.peek() == '"' && !out.has_kind) {
      std::string_view kind;
      if (!walker.text(kind)) return false;
      out.has_kind = true;
      out.record.kind =
          names_.grows() ? const_cast<JsonNames&>(names_).get(kind, kind.size()).symbol : names_.find(kind, kind.size()).symbol;
      return true;
    }
    if (name.role != record_role || walker.peek() != '{' || out.record.root != 0) return walker.skip_value(1);
    JsonFrame frame;
    frame.self = static_cast<NodeIndex>(batch.nodes.size());
    batch.nodes.push_back(Node{nullptr, 0, 0, 0, 0, NodeKind::object});
    out.record.root = frame.self;
    const std::uint32_t begin = walker.offset();
    if (!walker.object(frame, 1)) return false;
    out.content = text.substr(begin, walker.end_of_previous() - begin);
    return true;
  });
}

void RecordsReader::line(const Line& line, RecordBatch& batch, std::string_view file) const {
  const char* first = line.text.data();
  const char* end = first + line.text.size();
  if (skip_space(first, end) == end) return;
  const std::size_t nodes = batch.nodes.size();
  const auto refuse = [&](Code code, std::size_t at) {
    batch.nodes.resize(nodes);
    Reject reject;
    reject.code = code;
    reject.offset = line.offset;
    reject.length = static_cast<std::uint32_t>(line.text.size());
    reject.line = line.number;
    reject.record = static_cast<std::uint32_t>(batch.seen - 1);  // this line is counted already
    reject.at = static_cast<std::uint32_t>(at);
    batch.rejects.push_back(std::move(reject));
  };
  ++batch.seen;
  if (line.text.size() > limits_.record_bytes) return refuse(Code::record_too_large, 0);
  JsonIndex& index = thread_index();
  if (!index.build(line.text)) {
    const JsonDefect defect = find_defect(line.text);
    return refuse(defect.code, defect.at);
  }
  JsonWalker walker(names_, limits_, batch);
  walker.own_text(own_text_role);
  walker.start(index);
  Envelope found;
  Record& record = found.record;
  if (!envelope(walker, line.text, found, batch)) return refuse(walker.code(), walker.fail_at());
  if (!walker.at_end()) return refuse(Code::json_syntax, walker.offset());
  if (!found.has_kind || record.root == 0) return refuse(Code::records_line_shape, 0);
  if (file_symbol_ != 0 && batch.find(record.root, file_symbol_) == 0) {
    // Behind the last child: the frame is gone, and records without "@file" are rare.
    JsonFrame frame;
    frame.self = record.root;
    for (NodeIndex i = batch.nodes[record.root].child; i != 0; i = batch.nodes[i].next) frame.last = i;
    walker.add(frame, file_symbol_, NodeKind::text, file);
  }
  record.offset = line.offset;
  record.length = static_cast<std::uint32_t>(line.text.size());
  record.line = line.number;
  batch.records.push_back(record);
  batch.content.push_back(found.content);
}

}  // namespace

namespace {

// Of rows of a query, which all have the same columns: the first says which.
void RecordsReader::note_columns(std::string_view head, const std::vector<std::string>& expected) {
  const std::string_view text = head.substr(0, head.find('\n'));
  JsonIndex& index = thread_index();
  if (expected.empty() || text.empty() || !index.build(text)) return;
  RecordBatch batch;
  JsonWalker walker(names_, limits_, batch);
  walker.start(index);
  std::vector<std::string> columns;
  const bool read = walker.members(0, [&](JsonName name, std::string_view) {
    if (name.role != record_role || walker.peek() != '{') return walker.skip_value(1);
    return walker.members(1, [&](JsonName, std::string_view column) {
      columns.emplace_back(column);
      return walker.skip_value(2);
    });
  });
  if (!read) return;
  const auto in = [](const std::vector<std::string>& list, const std::string& name) { return std::ranges::find(list, name) != list.end(); };
  for (const auto& name : expected) {
    if (!name.starts_with('@') && !in(columns, name)) facts_.missing_columns.push_back(name);
  }
  for (const auto& name : columns) {
    if (!in(expected, name)) facts_.unknown_columns.push_back(name);
  }
}

}  // namespace

Match detect_records(std::span<const char> head) {
  std::string_view text(head.data(), head.size());
  if (text.starts_with(bom)) text.remove_prefix(bom.size());
  text.remove_prefix(static_cast<std::size_t>(skip_space(text.data(), text.data() + text.size()) - text.data()));
  const std::string_view line = text.substr(0, text.find('\n'));
  const bool ours = line.starts_with("{\"kind\":\"") && line.find(",\"offset\":") < 4096 && line.find(",\"record\":{") < 4096;
  return ours ? Match::yes : Match::no;
}

Result<std::unique_ptr<Reader>> open_records(const Source& source) {
  auto stream = source.input->open();
  if (!stream) return stream.error();
  const auto filled = (*stream)->fill(head_bytes);
  if (!filled) return filled.error();
  const auto view = (*stream)->view();
  if (view.size() >= 2 && (view[0] == '\0' || view[1] == '\0' || view[0] == '\xFF' || view[0] == '\xFE')) {
    return Error{Code::json_encoding_of_file, source.input->path(), {}, {}, {}};
  }
  const std::string head(view.data(), view.size());
  auto reader = std::make_unique<RecordsReader>(source, std::move(*stream));
  reader->note_columns(head, source.expected);
  return std::unique_ptr<Reader>(std::move(reader));
}

}  // namespace pyojun
