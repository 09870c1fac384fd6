// A chunk of pages to a flat batch: a row is a record, its texts trimmed and decoded, its numbers written out.
#include <algorithm>

#include "readers/sas7bdat.hpp"

namespace pyojun {

namespace {

constexpr std::size_t store_block = std::size_t{32} << 10;

// Texts are filled up with blanks; programs other than SAS use NUL.
std::string_view without_fill(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.remove_suffix(1);
  return text;
}

class ChunkParser {
 public:
  ChunkParser(const SasLayout& layout, const Chunk& chunk, RecordBatch& batch) : layout_(layout), chunk_(chunk), batch_(batch) {
    if (layout.packing != SasPacking::none) unpacked_.resize(layout.row_bytes);
  }
  void run();

 private:
  void page(std::string_view page, std::size_t at);
  void row(std::string_view row, std::size_t at, std::size_t length);
  bool text(const SasColumn& column, std::size_t index, std::string_view bytes, std::size_t at, std::size_t length);
  std::string_view keep(std::string_view text);
  void put(Symbol name, std::string_view text, NodeKind kind = NodeKind::text);
  void refuse(Code code, std::size_t at, std::size_t length, std::size_t defect, Symbol field = 0, std::string_view name = {});

  const SasLayout& layout_;
  const Chunk& chunk_;
  RecordBatch& batch_;
  std::string unpacked_, scratch_;
  std::vector<SasRow> rows_;
  std::vector<std::size_t> seen_columns_;  // filled ones of the row
};

std::string_view ChunkParser::keep(std::string_view text) {
  if (batch_.store.empty() || batch_.store.back().capacity() - batch_.store.back().size() < text.size()) {
    batch_.store.emplace_back().reserve(std::max(store_block, text.size()));
  }
  std::string& block = batch_.store.back();
  const std::size_t from = block.size();
  block.append(text);
  return std::string_view(block).substr(from);
}

void ChunkParser::refuse(Code code, std::size_t at, std::size_t length, std::size_t defect, Symbol field, std::string_view name) {
  Reject reject;
  reject.code = code;
  reject.offset = chunk_.offset + at;
  reject.length = static_cast<std::uint32_t>(std::min<std::size_t>(length, UINT32_MAX));
  reject.line = static_cast<std::uint32_t>(batch_.lines);
  reject.record = static_cast<std::uint32_t>(batch_.seen++);
  reject.at = static_cast<std::uint32_t>(defect);
  reject.field = field;
  reject.path = std::string(name);
  batch_.rejects.push_back(std::move(reject));
  ++batch_.lines;
}

void ChunkParser::put(Symbol name, std::string_view text, NodeKind kind) {
  const auto next = static_cast<NodeIndex>(batch_.nodes.size() + 1);
  batch_.nodes.push_back(Node{text.data(), static_cast<std::uint32_t>(text.size()), next, 0, name, kind});
}

// False: its bytes do not fit the encoding, and the row has been refused.
bool ChunkParser::text(const SasColumn& column, std::size_t index, std::string_view bytes, std::size_t at, std::size_t length) {
  std::string_view text = without_fill(bytes);
  if (!is_ascii(text)) {
    scratch_.clear();
    std::size_t bad = no_bad_byte;
    if (layout_.charset) {
      bad = layout_.charset->append_utf8(scratch_, text);
      if (bad != no_bad_byte) bad = std::min(bad, text.size());
    } else if (!append_utf8(scratch_, text, layout_.encoding)) {
      bad = layout_.encoding == Encoding::cp949 ? find_bad_cp949(text) : find_bad_utf8(text);
    }
    if (bad != no_bad_byte) {
      // A column that ends inside a character was too narrow for its text: the last one to three bytes are a beginning.
      const bool cut = text.size() == bytes.size() && text.size() - bad <= (layout_.encoding == Encoding::utf8 ? 3U : 1U) &&
                       static_cast<unsigned char>(text[bad]) > 0x80 && static_cast<unsigned char>(text[bad]) != 0xFF && !layout_.charset;
      // Behind packing there is no byte of the file to point at.
      const std::size_t defect = length == layout_.row_bytes ? column.offset + bad : 0;
      refuse(cut ? Code::fixed_character_cut : Code::bytes_undecodable, at, length, defect, column.symbol, column.name);
      return false;
    }
    text = keep(scratch_);
  } else if (bytes.data() >= unpacked_.data() && bytes.data() < unpacked_.data() + unpacked_.size()) {
    text = keep(text);
  }
  const auto& nulls = layout_.null_words;
  const bool null = !nulls.empty() && std::find(nulls.begin(), nulls.end(), text) != nulls.end();
  if (!text.empty() && !null) seen_columns_.push_back(index);
  if (column.symbol != 0) put(column.symbol, null ? std::string_view() : text, null ? NodeKind::null : NodeKind::text);
  return true;
}

void ChunkParser::row(std::string_view row, std::size_t at, std::size_t length) {
  const auto root = static_cast<NodeIndex>(batch_.nodes.size());
  batch_.nodes.push_back(Node{nullptr, 0, 0, layout_.kept.empty() ? 0 : root + 1, 0, NodeKind::object});
  seen_columns_.clear();
  for (std::size_t i = 0; i < layout_.columns.size(); ++i) {
    const SasColumn& column = layout_.columns[i];
    const std::string_view bytes = row.substr(column.offset, column.width);
    if (column.value == SasValue::text) {
      if (text(column, i, bytes, at, length)) continue;
      batch_.nodes.resize(root);
      return;
    }
    scratch_.clear();
    sas_append_number(scratch_, bytes, layout_.shape.big_endian, column.value);
    if (!scratch_.empty()) seen_columns_.push_back(i);
    if (column.symbol != 0) put(column.symbol, keep(scratch_));
  }
  if (layout_.file_symbol != 0) put(layout_.file_symbol, layout_.file_name);
  batch_.nodes.back().next = 0;
  for (const std::size_t i : seen_columns_) ++batch_.filled[i];
  Record record;
  record.root = root;
  record.kind = layout_.kind;
  record.offset = chunk_.offset + at;
  record.length = static_cast<std::uint32_t>(length);
  record.line = static_cast<std::uint32_t>(batch_.lines++);
  batch_.records.push_back(record);
  ++batch_.seen;
}

void ChunkParser::page(std::string_view page, std::size_t at) {
  std::uint64_t deleted = 0;
  const bool whole = sas_rows(layout_, page, rows_, deleted);
  for (const SasRow& found : rows_) {
    const std::string_view bytes = page.substr(found.offset, found.bytes);
    if (!found.packed) {
      row(bytes, at + found.offset, found.bytes);
    } else if (sas_unpack(layout_.packing, bytes, unpacked_)) {
      row(unpacked_, at + found.offset, found.bytes);
    } else {
      refuse(Code::sas_row_damaged, at + found.offset, found.bytes, 0);
    }
  }
  if (deleted != 0) add_finding(batch_.findings, Code::sas_rows_deleted, {}, deleted);
  if (!whole) refuse(Code::sas_page_damaged, at, page.size(), 0);
}

void ChunkParser::run() {
  batch_.columns = layout_.kept;
  batch_.filled.assign(layout_.columns.size(), 0);
  const std::string_view bytes(chunk_.bytes.data(), chunk_.bytes.size());
  const std::size_t size = layout_.shape.page;
  for (std::size_t at = 0; at < bytes.size(); at += size) {
    if (bytes.size() - at < size) {
      refuse(Code::record_cut, at, bytes.size() - at, bytes.size() - at);
    } else {
      page(bytes.substr(at, size), at);
    }
  }
  if (bytes.empty() && chunk_.last_is_cut) refuse(Code::sas_rows_missing, 0, 0, 0);
}

}  // namespace

void parse_sas(const SasLayout& layout, const Chunk& chunk, RecordBatch& batch) {
  batch.clear();
  batch.keep = chunk.keep;
  batch.shape = layout.content_shape;
  ChunkParser(layout, chunk, batch).run();
}

}  // namespace pyojun
