#include "readers/json_lines.hpp"

#include <algorithm>
#include <cstring>

namespace pyojun {

void take_chunk(ByteStream& stream, std::size_t size, JsonChunk&& plan, std::uint64_t sequence, Chunk& chunk) {
  auto kept = std::make_shared<JsonChunk>(std::move(plan));
  const auto view = stream.view().first(size);
  chunk = Chunk{};
  chunk.offset = stream.position();
  chunk.sequence = sequence;
  if (stream.mapped()) {
    chunk.bytes = view;
    kept->keep = stream.keep();
  } else {
    kept->bytes.assign(view.data(), view.size());
    chunk.bytes = {kept->bytes.data(), kept->bytes.size()};
  }
  chunk.keep = std::move(kept);
  stream.consume(size);
}

Result<bool> JsonLines::next(Chunk& chunk, std::size_t target) {
  JsonChunk plan;
  std::size_t want = std::max<std::size_t>(target, 1);
  for (std::size_t searched = 0;; want = stream_->view().size() * 2) {
    const auto filled = stream_->fill(want);
    if (!filled) return filled.error();
    const auto view = stream_->view();
    if (view.empty()) return false;
    const bool all = !*filled && view.size() <= want;
    const void* end = nullptr;
    if (!all && !inside_line_ && searched == 0) end = memrchr(view.data(), '\n', want);
    if (end == nullptr && (!all || inside_line_)) end = std::memchr(view.data() + searched, '\n', view.size() - searched);
    searched = view.size();
    const bool cut = end == nullptr && (inside_line_ || all || view.size() > limit_);
    if (end == nullptr && !cut) continue;
    plan.holds = inside_line_ ? JsonChunk::Holds::nothing : JsonChunk::Holds::lines;
    inside_line_ = cut && !all;
    const std::size_t size = cut ? view.size() : static_cast<std::size_t>(static_cast<const char*>(end) - view.data()) + 1;
    take_chunk(*stream_, size, std::move(plan), sequence_++, chunk);
    return true;
  }
}

}  // namespace pyojun
