// From a chunk of delimited text to a flat batch, record by record.
#include <algorithm>

#include "readers/delimited_chunk.hpp"

namespace pyojun {

std::uint64_t DelimitedChunk::delivered(const char* to) {
  if (!layout_.utf16) return chunk_.offset + static_cast<std::uint64_t>(to - begin_);
  offset_ += utf16_bytes({counted_, static_cast<std::size_t>(to - counted_)});
  counted_ = to;
  return offset_;
}

std::uint32_t DelimitedChunk::delivered_length(const char* from, const char* to) const {
  const auto bytes = static_cast<std::size_t>(to - from);
  return static_cast<std::uint32_t>(layout_.utf16 ? utf16_bytes({from, bytes}) : bytes);
}

// Keeps the first defect of the record.
void DelimitedChunk::refuse(Code code, const char* at, bool in_column) {
  if (refused_) return;
  refused_ = true;
  reject_ = {};
  reject_.code = code;
  reject_.at = delivered_length(start_, at);
  if (in_column && column_ < layout_.columns.size()) {
    reject_.field = layout_.columns[column_].symbol;
    reject_.path = layout_.columns[column_].name;
  }
}

void DelimitedChunk::pad() {
  for (++column_; column_ < layout_.columns.size(); ++column_)
    put(layout_.columns[column_].slot, layout_.columns[column_].symbol, stop_, 0);
}

void DelimitedChunk::close_root() {
  const auto kept = static_cast<std::uint32_t>(layout_.kept.size());
  Node& root = nodes_[base_];
  root = {};
  root.kind = NodeKind::object;
  root.child = kept == 0 ? 0 : base_ + 1;
  if (layout_.file_symbol != 0) put(kept, layout_.file_symbol, layout_.file_name.data(), layout_.file_name.size());
  nodes_[base_ + kept].next = 0;
}

// Refused records do not count as filled: their fields are gone through once more, backwards so to speak.
void DelimitedChunk::take_back_filled() {
  const char* const stop = stop_;
  const bool line_ended = line_ended_;
  const std::uint32_t inner_lines = inner_lines_;
  structurals_ = Structurals(start_, end_, layout_.delimiter);
  if (const char* const quote = quote_in(start_, stop_); quote != stop_) quote_ = quote;  // else what comes next still does
  pos_ = start_;
  column_ = 0;
  step_ = ~std::uint64_t{0};
  fields();
  step_ = 1;
  stop_ = stop;
  line_ended_ = line_ended;
  inner_lines_ = inner_lines;
}

void DelimitedChunk::record() {
  start_ = pos_;
  column_ = 0;
  refused_ = false;
  inner_lines_ = 0;
  // The highest slot of a column nobody reads is kept + 1: room for it behind the record.
  const std::size_t needed = base_ + layout_.kept.size() + 2;
  if (needed > pool_.size()) {
    pool_.resize(std::max(needed, pool_.size() * 2));
    nodes_ = pool_.data();
  }
  fields();
  finish_record();
}

// An open quote at the end of a chunk takes the line end into the record; the record's own line end does not belong to it.
void DelimitedChunk::finish_record() {
  if (!line_ended_ && refused_ && stop_ == end_ && stop_ != start_ && !chunk_.last_is_cut && chunk_.skipped == 0) {
    if (stop_[-1] == '\n') --stop_;
    if (stop_ != start_ && stop_[-1] == '\r') --stop_;
    if (stop_ != end_ && inner_lines_ != 0) --inner_lines_;
    line_ended_ = stop_ != end_;
  }
  const bool touches_end = !line_ended_;
  const bool cut = touches_end && chunk_.last_is_cut;
  if (cut) refuse(Code::record_cut, stop_, false);
  if (!refused_ && column_ + 1 < layout_.columns.size() && !layout_.pad) {
    refuse(touches_end ? Code::record_cut : Code::too_few_fields, stop_, false);
  }
  const auto held = static_cast<std::uint64_t>(stop_ - start_);
  const std::uint64_t rest = touches_end ? chunk_.skipped : 0;
  if (rest != 0 || held > layout_.limits.record_bytes) {
    refused_ = false;
    refuse(Code::record_too_large, start_, false);
  }
  const std::uint64_t offset = delivered(start_);
  if (refused_) {
    reject_.offset = offset;
    reject_.length = static_cast<std::uint32_t>(std::min<std::uint64_t>(delivered_length(start_, stop_) + rest, 0xFFFF'FFFF));
    reject_.line = lines_;
    reject_.record = static_cast<std::uint32_t>(batch_.seen);
    batch_.rejects.push_back(std::move(reject_));
    take_back_filled();
  } else {
    if (column_ + 1 < layout_.columns.size()) pad();
    close_root();
    batch_.records.push_back({base_, layout_.kind, offset, delivered_length(start_, stop_), lines_});
    if (layout_.utf16) batch_.content.emplace_back(start_, static_cast<std::size_t>(stop_ - start_));
    base_ += static_cast<NodeIndex>(layout_.kept.size()) + 1;
  }
  ++batch_.seen;
  lines_ += inner_lines_;
  pos_ = stop_;
  if (line_ended_) {
    skip_line_end();
  } else if (chunk_.skipped != 0) {
    ++lines_;
  }
}

// Steps over one LF, CR or CR LF; false when there is none.
inline bool DelimitedChunk::skip_line_end() {
  if (pos_ == end_ || (*pos_ != '\n' && *pos_ != '\r')) return false;
  pos_ += pos_[0] == '\r' && end_ - pos_ > 1 && pos_[1] == '\n' ? 2 : 1;
  structurals_.seek(pos_);
  ++lines_;
  return true;
}

void DelimitedChunk::skip_header() {
  const char* const behind = begin_ + std::min(layout_.header_bytes, chunk_.bytes.size());
  lines_ = count_line_ends(begin_, behind);
  pos_ = behind;
  structurals_.seek(pos_);
}

void DelimitedChunk::run() {
  // The nodes of the batch's last use are kept as they are: every field of those in use is written anew.
  pool_ = std::move(batch_.nodes);
  batch_.clear();
  pool_.resize(std::max<std::size_t>(pool_.size(), 1));
  pool_[0] = {};
  nodes_ = pool_.data();
  batch_.keep = chunk_.keep;
  batch_.columns = layout_.kept;
  batch_.filled.assign(layout_.columns.size(), 0);
  if (chunk_.sequence == 0) skip_header();
  while (pos_ != end_) {
    if (skip_line_end()) {
      ++batch_.blank;
    } else {
      record();
    }
  }
  batch_.lines = lines_;
  pool_.resize(base_);
  batch_.nodes = std::move(pool_);
}

void parse_delimited(const DelimitedLayout& layout, const Chunk& chunk, RecordBatch& batch) {
  DelimitedChunk(layout, chunk, batch).run();
  batch.shape = layout.shape;
}

}  // namespace pyojun
