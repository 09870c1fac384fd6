#include "warehouse/carry.hpp"

#include <algorithm>
#include <span>

namespace pyojun {

namespace {

// Chunks of one file within a directory; they follow each other.
struct Range {
  std::uint32_t first = 0, count = 0;
};

std::vector<Range> by_file(std::span<const ChunkInfo> chunks) {
  std::vector<Range> out;
  for (std::uint32_t i = 0; i < chunks.size(); ++i) {
    if (out.size() <= chunks[i].file) out.resize(chunks[i].file + std::size_t{1});
    Range& range = out[chunks[i].file];
    if (range.count == 0) range.first = i;
    ++range.count;
  }
  return out;
}

std::uint32_t add_bitmap(Settle::Arrays& to, std::span<const std::uint64_t> words) {
  to.dead_words.insert(to.dead_words.end(), words.begin(), words.end());
  to.dead_ends.push_back(to.dead_words.size());
  return static_cast<std::uint32_t>(to.dead_ends.size());
}

// Ids of keys in the index are looked up again; all others are remembered here.
void remember_ids(const Segment& earlier, const ChunkInfo& from, ChunkInfo& to, Settle::Arrays& memory) {
  to.unnumbered = to.listed = 0;
  if (earlier.header(from).keys == KeyForm::slots) {
    to.ids = IdForm::none;
  } else if (from.ids == IdForm::counted && from.unnumbered != 0) {
    to.unnumbered = add_bitmap(memory, {earlier.words(from.unnumbered), (from.rows + 63U) / 64U});
  } else if (from.ids == IdForm::listed) {
    to.listed = static_cast<std::uint32_t>(memory.listed.size());
    const auto ids = earlier.listed_.subspan(from.listed, from.rows);
    memory.listed.insert(memory.listed.end(), ids.begin(), ids.end());
  }
}

class Combiner {
 public:
  Combiner(const Segment& earlier, Settle::Arrays& memory, Tonight& out) : earlier_(earlier), memory_(memory), out_(out) {}

  void add(std::span<const ChunkInfo> chunks, std::span<const BatchInfo> batches, const Range& range, bool carried) {
    std::uint32_t batch = ~0U, number = range.first;
    for (const ChunkInfo& from : chunks.subspan(range.first, range.count)) {
      out_.origins.push_back(carried ? number++ : no_origin);
      if (from.batch != batch) {
        batch = from.batch;
        out_.batches.push_back({batches[batch].header, static_cast<std::uint32_t>(out_.chunks.size()), 0});
      }
      ChunkInfo& to = out_.chunks.emplace_back(from);
      ++out_.batches.back().chunks;
      to.batch = static_cast<std::uint32_t>(out_.batches.size() - 1);
      to.live = to.rows;
      to.dead = 0;
      if (carried) remember_ids(earlier_, from, to, memory_);
    }
  }

  void add_retired(const Range& range) {
    for (const ChunkInfo& from : earlier_.chunks_.subspan(range.first, range.count)) {
      if (earlier_.header(from).keys != KeyForm::hashes) continue;
      ChunkInfo& to = out_.chunks.emplace_back(from);
      remember_ids(earlier_, from, to, memory_);
      to.live = 0;
      most_ = std::max(most_, from.rows);
    }
  }
  // One bitmap for all retired chunks, in which every row is dead.
  void bury() {
    if (out_.chunks.size() == out_.living) return;
    const std::vector<std::uint64_t> all((most_ + 63U) / 64U, ~std::uint64_t{0});
    const std::uint32_t number = add_bitmap(memory_, all);
    for (std::size_t i = out_.living; i < out_.chunks.size(); ++i) out_.chunks[i].dead = number;
  }

 private:
  const Segment& earlier_;
  Settle::Arrays& memory_;
  Tonight& out_;
  std::uint32_t most_ = 0;
};

}  // namespace

Tonight combine(const Segment& earlier, SegmentWriter& writer, const std::vector<std::uint32_t>& order, Settle::Arrays& memory) {
  Tonight out;
  Combiner combiner(earlier, memory, out);
  std::vector<Range> before = by_file(earlier.chunks_);
  const std::vector<Range> now = by_file(writer.chunks());
  for (const std::uint32_t file : order) {
    if (file < before.size() && before[file].count > 0) {
      combiner.add(earlier.chunks_, earlier.batches_, before[file], true);
      before[file].count = 0;
    } else if (file < now.size()) {
      combiner.add(writer.chunks(), writer.batches(), now[file], false);
    }
  }
  out.living = out.chunks.size();
  for (const Range& range : before) combiner.add_retired(range);
  combiner.bury();
  return out;
}

}  // namespace pyojun
