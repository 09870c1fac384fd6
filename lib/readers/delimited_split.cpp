// Cutting delimited text into chunks: sequential, so it looks at nothing but quotes and, once a chunk is full, the next line end.
#include <algorithm>
#include <cstring>

#include "readers/byte_scan.hpp"
#include "readers/delimited.hpp"

namespace pyojun {

namespace {

constexpr std::size_t window_step = std::size_t{256} << 10;
// A quote still open at the end of the file: up to here the last record was cut short; beyond it is a stray quote that must not swallow
// the records behind it.
constexpr std::size_t longest_cut = std::size_t{64} << 10;

}  // namespace

bool DelimitedSplitter::have(std::size_t bytes) {
  if (held() >= bytes) return true;
  if (failed_) return false;
  auto more = stream_->fill(std::max(bytes, stream_->mapped() ? bytes : window_step));
  if (!more) failed_ = std::move(more.error());
  return held() >= bytes;
}

std::size_t DelimitedSplitter::opening_quote(std::size_t from, std::size_t to) const {
  const char* const text = stream_->view().data();
  while (from < to) {
    const void* const found = std::memchr(text + from, quote_, to - from);
    if (found == nullptr) return to;
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - text);
    if (at == 0) return at;
    const char before = text[at - 1];
    if (before == delimiter_ || before == '\n' || before == '\r') return at;
    from = at + 1;
  }
  return to;
}

DelimitedSplitter::Open DelimitedSplitter::closing_quote(std::size_t opening) {
  const std::size_t last = opening + 1 + static_cast<std::size_t>(limits_.record_bytes);
  std::size_t from = opening + 1;
  while (true) {
    const std::size_t to = std::min(held(), last);
    const char* const text = stream_->view().data();
    const void* const found = from < to ? std::memchr(text + from, quote_, to - from) : nullptr;
    if (found == nullptr) {
      from = std::max(from, to);
      if (from >= last) return {};
      if (!have(std::min(last, from + std::max(from - opening, window_step))) && held() <= from) return {false, 0, true};
      continue;
    }
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - text);
    if (!have(at + 2) || stream_->view()[at + 1] != quote_) return {true, at + 1, false};
    from = at + 2;
  }
}

// Nothing when there is none before the end, or none within the limit of a record.
std::optional<std::size_t> DelimitedSplitter::line_end(std::size_t from) {
  const std::size_t start = from, last = start + static_cast<std::size_t>(limits_.record_bytes);
  while (true) {
    const auto view = stream_->view();
    const char* const to = view.data() + std::min(view.size(), last);
    const char* const at = from < view.size() ? find_line_end(view.data() + from, to) : to;
    if (at < to) return static_cast<std::size_t>(at - view.data());
    from = std::max(from, std::min(view.size(), last));
    if (from >= last) return std::nullopt;
    if (!have(std::min(last, from + std::max(from - start, window_step))) && held() <= from) return std::nullopt;
  }
}

// Lets go of what is at the front; answers its size as delivered.
std::uint64_t DelimitedSplitter::consume(std::size_t bytes) {
  const std::uint64_t delivered = utf16_ ? utf16_bytes({stream_->view().data(), bytes}) : bytes;
  stream_->consume(bytes);
  offset_ += delivered;
  return delivered;
}

void DelimitedSplitter::deliver(Chunk& chunk, std::size_t bytes) {
  const auto view = stream_->view().first(bytes);
  chunk.offset = offset_;
  chunk.keep = stream_->keep();
  if (stream_->mapped()) {
    chunk.bytes = view;
  } else {
    const auto copy = std::make_shared_for_overwrite<char[]>(std::max<std::size_t>(bytes, 1));
    std::copy(view.begin(), view.end(), copy.get());
    chunk.bytes = {copy.get(), bytes};
    chunk.keep = copy;
  }
  consume(bytes);
}

void DelimitedSplitter::cut_behind_line(Chunk& chunk, std::size_t line_end) {
  const bool pair = have(line_end + 2) && stream_->view()[line_end] == '\r' && stream_->view()[line_end + 1] == '\n';
  deliver(chunk, line_end + (pair ? 2 : 1));
}

// The chunk ends with the line in which the quote opens, so that the parser meets no closing quote and refuses just this record.
void DelimitedSplitter::cut_unclosed(Chunk& chunk, std::size_t opening, bool at_end) {
  const bool cut = at_end && held() - opening <= longest_cut;
  const auto end = cut ? std::nullopt : line_end(opening);
  if (end) {
    cut_behind_line(chunk, *end);
  } else if (at_end) {
    chunk.last_is_cut = true;
    deliver(chunk, held());
  } else {
    cut_oversize(chunk, opening);
  }
}

// No line end within the limit: the record is held up to the limit, the rest is let go together with its line end.
void DelimitedSplitter::cut_oversize(Chunk& chunk, std::size_t from) {
  const std::size_t limit = from + static_cast<std::size_t>(limits_.record_bytes);
  if (have(limit + 1) && (stream_->view()[limit] == '\n' || stream_->view()[limit] == '\r')) return cut_behind_line(chunk, limit);
  deliver(chunk, std::min(held(), limit));
  while (have(1)) {
    const auto view = stream_->view();
    const char* const at = find_line_end(view.data(), view.data() + view.size());
    const auto passed = static_cast<std::size_t>(at - view.data());
    const bool found = passed < view.size();
    chunk.skipped += consume(passed);
    if (!found) continue;
    const bool pair = have(2) && stream_->view()[0] == '\r' && stream_->view()[1] == '\n';
    consume(pair ? 2 : 1);
    return;
  }
}

Result<bool> DelimitedSplitter::next(Chunk& chunk, std::size_t target) {
  chunk = {};
  if (!have(1)) return failed_ ? Result<bool>(*failed_) : Result<bool>(false);
  chunk.sequence = sequence_++;
  const std::size_t goal = std::max<std::size_t>(target, 1);
  have(goal);
  for (std::size_t from = 0;;) {
    // Up to the goal only quotes matter; from there on the first line end outside quotes is the place to cut.
    std::optional<std::size_t> end;
    if (from >= goal) {
      end = line_end(from);
      if (!end && held() - from >= limits_.record_bytes) {
        cut_oversize(chunk, from);
        return true;
      }
    }
    const std::size_t to = from < goal ? std::min(goal, held()) : end.value_or(held());
    const std::size_t opening = quoting_ ? opening_quote(from, to) : to;
    if (opening < to) {
      const Open field = closing_quote(opening);
      if (!field.closed) {
        cut_unclosed(chunk, opening, field.at_end);
        break;
      }
      from = field.behind;
    } else if (end) {
      cut_behind_line(chunk, *end);
      break;
    } else if (from < goal && held() >= goal) {
      from = goal;
    } else {
      deliver(chunk, held());
      break;
    }
  }
  // What an error of the stream left unfinished must not pass for a whole record.
  if (failed_ && held() == 0) chunk.last_is_cut = true;
  return true;
}

}  // namespace pyojun
