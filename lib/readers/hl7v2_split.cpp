// Cutting a stream of HL7 v2 messages: sequential, so it looks at nothing but line starts.
#include <algorithm>
#include <charconv>
#include <cstring>

#include <emmintrin.h>

#include "readers/hl7v2.hpp"

namespace pyojun {

namespace {

constexpr std::size_t window_step = std::size_t{256} << 10;
constexpr std::size_t look_ahead = 64;  // enough to tell a header line from its first bytes

constexpr bool is_break(char c) { return c >= '\n' && c <= '\r'; }
constexpr bool is_sign(char c) {
  return c > ' ' && c < 0x7F && !(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z');
}

// LF, VT, FF and CR among 64 bytes.
std::uint64_t find_breaks(const char* at, bool& high, bool& zero) {
  const __m128i three = _mm_set1_epi8(3), first = _mm_set1_epi8('\n');
  __m128i any = _mm_setzero_si128(), least = _mm_set1_epi8('\x7F');
  std::uint64_t breaks = 0;
  for (unsigned i = 0; i < 4; ++i) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + std::size_t{16} * i));
    const __m128i from_lf = _mm_sub_epi8(bytes, first);  // 0 to 3 for LF, VT, FF, CR
    const int found = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(from_lf, three), from_lf));
    breaks |= static_cast<std::uint64_t>(static_cast<unsigned>(found)) << (16 * i);
    any = _mm_or_si128(any, bytes);
    least = _mm_min_epu8(least, bytes);
  }
  high |= _mm_movemask_epi8(any) != 0;
  zero |= _mm_movemask_epi8(_mm_cmpeq_epi8(least, _mm_setzero_si128())) != 0;
  return breaks;
}

}  // namespace

Hl7Header hl7_header_at(const char*& at, const char* to) {
  const char* p = at;
  while (p != to && (*p == ' ' || *p == '\t' || *p == '\v' || *p == '\x1C')) ++p;
  if (to - p >= 3 && std::memcmp(p, "\xEF\xBB\xBF", 3) == 0) p += 3;
  while (p != to && *p == '\v') ++p;
  if (to - p < 3) return Hl7Header::none;
  const std::uint32_t code = segment_code(p);
  const bool ends = to - p == 3 || is_break(p[3]);
  const bool separated = !ends && is_sign(p[3]);
  const auto found = [&](Hl7Header header) {
    at = p;
    return header;
  };
  if (code == segment_code("MSH")) return separated ? found(Hl7Header::message) : Hl7Header::none;
  if (code == segment_code("FHS") || code == segment_code("BHS")) return separated ? found(Hl7Header::batch_start) : Hl7Header::none;
  if (code == segment_code("FTS") || code == segment_code("BTS")) return separated || ends ? found(Hl7Header::batch_end) : Hl7Header::none;
  return Hl7Header::none;
}

Hl7Extent hl7_extent(const char* from, const char* to) {
  Hl7Extent out;
  const char* own = from;  // the header the text begins with, if it does, is not the next one
  if (hl7_header_at(own, to) == Hl7Header::none) own = nullptr;
  bool cr_before = false;
  for (const char* block = from; block < to; block += 64) {
    const auto left = static_cast<std::size_t>(to - block);
    alignas(16) char rest[64];
    const char* source = block;
    if (left < 64) {
      std::memset(rest, 'x', sizeof rest);
      std::memcpy(rest, block, left);
      source = rest;
    }
    for (std::uint64_t breaks = find_breaks(source, out.high, out.zero); breaks != 0; breaks &= breaks - 1) {
      const auto place = static_cast<unsigned>(__builtin_ctzll(breaks));
      // A line ends with CR, or with an LF that no CR stands in front of.
      const bool after_cr = place == 0 ? cr_before : source[place - 1] == '\r';
      if (source[place] == '\r' || (source[place] == '\n' && !after_cr)) ++out.lines;
      const char* start = block + place + 1;
      if (start >= to || is_break(*start)) continue;
      const char first = *start;
      if (first != 'M' && first != 'B' && first != 'F' && first != ' ' && first != '\t' && first != '\x1C' && first != '\xEF') continue;
      const char* id = start;
      out.next = hl7_header_at(id, to);
      if (out.next != Hl7Header::none && id == own) out.next = Hl7Header::none;
      if (out.next == Hl7Header::none) continue;
      while (start - 1 > from && start[-1] == '\v') --start;  // the frame's first byte goes with its message
      out.end = start;
      return out;
    }
    cr_before = source[63] == '\r';
  }
  out.end = to;
  return out;
}

bool Hl7Splitter::have(std::size_t bytes) {
  if (stream_->view().size() >= bytes) return true;
  if (failed_) return false;
  auto more = stream_->fill(std::max(bytes, stream_->mapped() ? bytes : window_step));
  if (!more) failed_ = std::move(more.error());
  return stream_->view().size() >= bytes;
}

// The first place at or behind `from` where a message or batch begins; nothing when there is none before the end or within the limit.
std::optional<std::size_t> Hl7Splitter::boundary(std::size_t from) {
  const std::size_t last = from + static_cast<std::size_t>(limits_.record_bytes);
  std::size_t at = from == 0 ? 0 : from - 1;
  while (true) {
    const bool all = !have(std::min(last, at + window_step) + look_ahead);
    const auto view = stream_->view();
    const std::size_t to = std::min(view.size(), last + look_ahead);
    while (at < to) {
      const Hl7Extent found = hl7_extent(view.data() + at, view.data() + to);
      const auto end = static_cast<std::size_t>(found.end - view.data());
      if (found.next == Hl7Header::message || found.next == Hl7Header::batch_start) {
        if (end >= from) return end;
      }
      at = end;
    }
    if (all || at >= last) return std::nullopt;
    at = to - look_ahead;  // what was too short to be told may be a header
  }
}

void Hl7Splitter::deliver(Chunk& chunk, std::size_t bytes) {
  const auto view = stream_->view().first(bytes);
  chunk.offset = stream_->position();
  chunk.keep = stream_->keep();
  if (stream_->mapped()) {
    chunk.bytes = view;
  } else {
    const auto copy = std::make_shared_for_overwrite<char[]>(std::max<std::size_t>(bytes, 1));
    std::copy(view.begin(), view.end(), copy.get());
    chunk.bytes = {copy.get(), bytes};
    chunk.keep = copy;
  }
  stream_->consume(bytes);
}

// BTS-1 says how many messages its batch holds, FTS-1 how many batches the file (HL7 v2.8.2, 2.14.3 and 2.14.7).
void Hl7Splitter::trailer(std::string_view line, std::uint64_t came, Chunk& chunk) {
  if (line.size() < 5) return;
  const std::string_view rest = line.substr(4);
  const std::string_view text = trim(rest.substr(0, std::min(rest.find(line[3]), rest.find_first_of("\r\n"))));
  std::uint64_t said = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), said);
  if (text.empty() || bad != std::errc() || end != text.data() + text.size()) return;
  if (said != came) add_finding(chunk.findings, Code::hl7_batch_count, std::string(line.substr(0, 3)) + "-1", 1);
}

// Keeps account of messages and batches; at the end tells what was left open.
void Hl7Splitter::count(std::span<const char> bytes, bool last, Chunk& chunk) {
  const char* const to = bytes.data() + bytes.size();
  bool framed = false, closed = false;
  for (const char* at = bytes.data(); at < to;) {
    const Hl7Extent extent = hl7_extent(at, to);
    const char* id = at;
    const Hl7Header header = hl7_header_at(id, to);
    const std::string_view line(id, static_cast<std::size_t>(extent.end - id));
    if (header == Hl7Header::message) {
      ++messages_;
      ++in_batch_;
      framed = std::find(at, id, '\v') != id;
      closed = line.find('\x1C') != std::string_view::npos;
    } else if (header == Hl7Header::batch_start) {
      const bool file = *id == 'F';
      (file ? open_files_ : open_batches_) += 1;
      if (!file) ++batches_;
      in_batch_ = 0;
    } else if (header == Hl7Header::batch_end) {
      const bool file = *id == 'F';
      trailer(line, file ? batches_ : in_batch_, chunk);
      int& open = file ? open_files_ : open_batches_;
      if (--open < 0) {
        open = 0;
        add_finding(chunk.findings, Code::hl7_batch_open, std::string(line.substr(0, 3)), 1);
      }
      (file ? batches_ : in_batch_) = 0;
    }
    at = extent.end;
  }
  if (!last) return;
  if (open_files_ + open_batches_ > 0) add_finding(chunk.findings, Code::hl7_batch_open, open_batches_ > 0 ? "BHS" : "FHS", 1);
  std::string_view text(bytes.data(), bytes.size());
  while (!text.empty() && (text.back() == '\0' || text.back() == ' ' || text.back() == '\x1A')) text.remove_suffix(1);
  const bool terminated = !text.empty() && (is_break(text.back()) || text.back() == '\x1C');
  if (failed_ || (framed && !closed)) {
    chunk.last_is_cut = true;
  } else if (!terminated && messages_ > 1) {
    chunk.last_is_cut = true;  // all the others ended with a segment terminator
  } else if (!terminated && messages_ == 1) {
    add_finding(chunk.findings, Code::hl7_end_unmarked, {}, 1);
  }
}

// The message goes on beyond the limit: the rest is let go.
void Hl7Splitter::skip_rest(Chunk& chunk) {
  while (have(1)) {
    have(window_step);
    const auto next = boundary(0);
    const std::size_t to = next.value_or(stream_->view().size());
    const auto view = stream_->view();
    chunk.skipped += to;
    chunk.skipped_lines += hl7_extent(view.data(), view.data() + to).lines;
    stream_->consume(to);
    if (next) return;
  }
}

Result<bool> Hl7Splitter::next(Chunk& chunk, std::size_t target) {
  chunk = {};
  if (!have(1)) return failed_ ? Result<bool>(*failed_) : Result<bool>(false);
  chunk.sequence = sequence_++;
  const auto cut = boundary(std::max<std::size_t>(target, 1));
  const bool over = !cut && have(std::max<std::size_t>(target, 1) + static_cast<std::size_t>(limits_.record_bytes));
  deliver(chunk, cut.value_or(stream_->view().size()));
  if (over) skip_rest(chunk);
  count(chunk.bytes, !have(1), chunk);
  return true;
}

}  // namespace pyojun
