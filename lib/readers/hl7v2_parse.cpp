// Lines, segments and messages of one chunk.
#include <algorithm>
#include <cstring>

#include "readers/hl7v2_parser.hpp"

namespace pyojun {

namespace {

constexpr bool is_break(char c) { return c >= '\n' && c <= '\r'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_upper_or_digit(char c) { return is_upper(c) || (c >= '0' && c <= '9'); }
// Bytes that may stand around messages without being part of one: MLLP framing, padding, end-of-file signs.
constexpr bool is_padding(char c) { return is_break(c) || c == '\x1C' || c == '\0' || c == '\x1A'; }

const char* skip_breaks(const char* at, const char* to) {
  while (at != to && is_padding(*at)) ++at;
  return at;
}

bool is_comment(const char* at, const char* to) { return to - at >= 2 && at[0] == '/' && at[1] == '/'; }

}  // namespace

void Hl7Parser::refuse(Code code, const char* from, const char* to, const char* at) {
  Reject reject;
  reject.code = code;
  reject.offset = offset_ + static_cast<std::uint64_t>(from - begin_);
  reject.length = static_cast<std::uint32_t>(to - from);
  reject.at = at == nullptr ? 0 : static_cast<std::uint32_t>(at - from);
  reject.line = line_;
  reject.record = static_cast<std::uint32_t>(batch_.seen);
  batch_.rejects.push_back(std::move(reject));
  ++batch_.seen;
}

// Segments no message owns: the first MSH is missing, or a trailer stands in the middle of a message.
void Hl7Parser::orphans(const char* from, const char* to) {
  while (to != from && (is_padding(to[-1]) || to[-1] == ' ')) --to;
  const char* first = from;
  while (first != to) {
    first = std::find_if_not(first, to, [](char c) { return is_padding(c) || c == ' ' || c == '\t'; });
    if (to - first >= 3 && std::memcmp(first, "\xEF\xBB\xBF", 3) == 0) {
      first += 3;
      continue;
    }
    if (!is_comment(first, to)) break;
    ++comments_;
    first = find_line_end(first, to);
  }
  if (first == to) return;
  const std::uint32_t before = line_;
  line_ += count_line_ends(from, first);
  refuse(Code::hl7_no_header, first, to, first);
  line_ = before;
}

void Hl7Parser::extent(const char* at, const Hl7Extent& extent, const Chunk& chunk) {
  const char* id = at;
  const Hl7Header header = hl7_header_at(id, extent.end);
  if (header == Hl7Header::message) {
    message(id, extent.end, extent, chunk);
  } else if (header == Hl7Header::none) {
    orphans(at, extent.end);
  } else {
    orphans(find_line_end(id, extent.end), extent.end);
  }
}

// The text of the numbered field of a line, as it stands; MSH-1 is number 1.
std::string_view Hl7Parser::raw_field(std::string_view line, std::uint32_t number) const {
  std::size_t at = static_cast<std::size_t>(signs_.rest - line.data());
  for (std::uint32_t i = 2; i < number; ++i) {
    if (at >= line.size()) return {};
    at = std::min(line.find(signs_.field, at + 1), line.size());
  }
  if (at >= line.size()) return {};
  const std::string_view rest = line.substr(at + 1);
  return rest.substr(0, rest.find(signs_.field));
}

// "ORU_R01" from MSH-9; "message" when it is not of that shape, so that no value becomes a name.
Symbol Hl7Parser::kind_of(std::string_view line) {
  const std::string_view type = raw_field(line, 8);
  if (!types_.empty() && type == last_type_ && signs_.component == last_component_) {
    ++types_[last_place_].second;
    return last_kind_;
  }
  const auto code = [](std::string_view text) {
    return text.size() == 3 && is_upper(text[0]) && std::ranges::all_of(text, is_upper_or_digit);
  };
  std::string name = "message";
  const std::size_t split = signs_.component == 0 ? std::string_view::npos : type.find(signs_.component);
  const std::string_view first = type.substr(0, split);
  if (code(first)) {
    name = first;
    std::string_view second = split == std::string_view::npos ? std::string_view() : type.substr(split + 1);
    second = second.substr(0, second.find(signs_.component));
    if (code(second)) name.append("_").append(second);
  }
  last_place_ = static_cast<std::size_t>(std::ranges::find(types_, name, &std::pair<std::string, std::uint64_t>::first) - types_.begin());
  if (last_place_ == types_.size()) types_.emplace_back(name, 0);
  ++types_[last_place_].second;
  specimen_first_ = name.starts_with("OUL");
  last_type_ = type;
  last_component_ = signs_.component;
  return last_kind_ = names_.kind(name);
}

// Text in UTF-8: the message as it stands, or a decoded copy. False: refused.
bool Hl7Parser::decode(std::string_view raw, bool high, Text& out) {
  out = {raw.data(), raw.data() + raw.size()};
  const std::string_view line = raw.substr(0, static_cast<std::size_t>(find_line_end(out.begin, out.end) - out.begin));
  const std::string_view names = raw_field(line, 17);
  encoding_ = hl7_encoding(names, signs_.repetition);
  const bool shifts = hl7_shifts(raw, encoding_);
  if (!high && !shifts) return true;
  if (encoding_.charset == Hl7Charset::unknown) return fail(Code::hl7_character_set_unknown, names.data()), false;
  if (shifts && encoding_.charset == Hl7Charset::undeclared) ++guessed_;
  if (high && !shifts) {
    bool done = false;
    if (!settle_set(raw, done)) return false;
    if (done) return true;
  }
  std::string& made = batch_.store.emplace_back();
  Hl7Shifts shift(encoding_);
  const bool good = shifts ? shift.append(made, raw, false) && shift.flush(made) : hl7_append_utf8(made, raw, encoding_);
  if (!good) return fail(Code::bytes_undecodable, raw.data() + ascii_prefix(raw)), false;
  out = {made.data(), made.data() + made.size()};
  return true;
}

// Which set bytes above 0x7F are in; `done`: it is UTF-8, there is nothing to decode. False: refused.
bool Hl7Parser::settle_set(std::string_view raw, bool& done) {
  const bool declared = encoding_.charset == Hl7Charset::cp949 || encoding_.charset == Hl7Charset::named;
  if (declared) return true;
  const std::size_t bad = find_bad_utf8(raw);
  const bool said = encoding_.charset == Hl7Charset::utf8;
  if (!said) ++guessed_;
  done = bad == no_bad_byte;
  if (done) return encoding_ = {Hl7Charset::utf8, nullptr}, true;
  if (said || setup_.undeclared.charset == Hl7Charset::undeclared) return fail(Code::bytes_undecodable, raw.data() + bad), false;
  encoding_ = setup_.undeclared;
  return true;
}

// As hl7_delimiters(): messages of one sender declare the same, so that looking once is enough. Not for short or damaged MSH-2, where what
// stands behind matters.
std::optional<Hl7Delimiters> Hl7Parser::delimiters(const char* from, const char* to) {
  if (!declared_.empty() && std::string_view(from, static_cast<std::size_t>(to - from)).starts_with(declared_)) {
    Hl7Delimiters signs = as_declared_;
    signs.rest = from + declared_.size() - 1;
    return signs;
  }
  const auto signs = hl7_delimiters(from, to);
  declared_.clear();
  if (signs) as_declared_ = *signs;
  if (signs && !signs->repaired && signs->rest != to && signs->rest - from > 4) declared_.assign(from, signs->rest + 1);
  return signs;
}

void Hl7Parser::message(const char* id, const char* to, const Hl7Extent& extent, const Chunk& chunk) {
  const char* const chunk_end = begin_ + chunk.bytes.size();
  const bool last = extent.end == chunk_end || std::all_of(extent.end, chunk_end, is_padding);
  while (to != id && (is_padding(to[-1]))) --to;
  if (chunk.skipped != 0 && extent.end == chunk_end) {
    refuse(Code::record_too_large, id, to, id);
    batch_.rejects.back().length += static_cast<std::uint32_t>(chunk.skipped);
    return;
  }
  const auto size = static_cast<std::size_t>(to - id);
  if (size > setup_.limits.record_bytes) return refuse(Code::record_too_large, id, to, id);
  if (last && chunk.last_is_cut) return refuse(Code::record_cut, id, to, to);
  if (extent.zero) {
    if (const void* zero = std::memchr(id, 0, size); zero != nullptr) {
      return refuse(Code::hl7_control_byte, id, to, static_cast<const char*>(zero));
    }
  }
  const auto signs = delimiters(id + 3, find_line_end(id, to));
  if (!signs) return refuse(Code::hl7_delimiters, id, to, id + 3);
  learn(*signs);  // MSH-18 is read with them
  const std::size_t nodes = made_;
  const std::uint64_t guessed = guessed_, escapes = unknown_escapes_;
  failed_ = false;
  Text text{};
  // Bytes beyond ASCII around the message are none of its own: what they are depends on where a chunk ends.
  if (decode({id, size}, extent.high && !is_ascii({id, size}), text)) {
    // Signs outside ASCII may be more of them once they are decoded.
    const auto decoded = text.begin == id ? signs : hl7_delimiters(text.begin + 3, find_line_end(text.begin, text.end));
    if (decoded) {
      learn(*decoded);
      segments(text);
    } else {
      fail(Code::hl7_delimiters, id + 3);
    }
  }
  if (!failed_) {
    repaired_ += signs_.repaired ? 1 : 0;
    batch_.records.push_back(
        {root_.node, kind_, offset_ + static_cast<std::uint64_t>(id - begin_), static_cast<std::uint32_t>(size), line_});
    ++batch_.seen;
    return;
  }
  made_ = nodes;
  guessed_ = guessed;
  unknown_escapes_ = escapes;
  const bool inside = fail_at_ >= id && fail_at_ <= to;
  refuse(code_, id, to, inside ? fail_at_ : id);
}

// Does a line here begin a segment of this message?
bool Hl7Parser::begins_segment(const char* at, const char* to) const {
  if (to - at < 3 || !is_upper(at[0]) || !is_upper_or_digit(at[1]) || !is_upper_or_digit(at[2])) return false;
  if (to - at == 3 || is_break(at[3])) return known_segment(segment_code(at));
  return at[3] == signs_.field;
}

// Is this line end the end of the segment? Then the start of the next one (or `to`); else the line goes on as text behind it.
const char* Hl7Parser::segment_end(const char* line_end, const char* to, bool& ended) {
  const char* next = skip_breaks(line_end, to);
  std::uint64_t comments = 0;
  while (is_comment(next, to)) {
    ++comments;
    next = skip_breaks(find_line_end(next, to), to);
  }
  ended = next == to || begins_segment(next, to);
  if (ended) {
    comments_ += comments;
    return next;
  }
  ++continuations_;
  return skip_breaks(line_end, to);
}

// The end of a segment nobody reads on.
const char* Hl7Parser::skip_segment(const char* from, const char* to, const char*& next) {
  while (true) {
    marks_.seek(from);
    const char* const end = marks_.next_line_end();
    bool ended = true;
    next = end == to ? to : segment_end(end, to, ended);
    if (ended) return end;
    from = next;
  }
}

// MSH-1 and MSH-2 are the signs themselves, never split.
const char* Hl7Parser::header_fields(const Hl7Segment& known, Group& host, const char* from, const char* to) {
  std::size_t place = 0;
  for (std::uint32_t number = 1; number < 3; ++number) {
    const auto wanted = names_.next_field(known, number, place);
    if (wanted.number != number) continue;
    const char *const begin = number == 1 ? from - 1 : from, *const end = number == 1 ? from : signs_.rest;
    if (begin != end) append(host, piece(wanted.name, begin, end));
  }
  return signs_.rest == to || is_break(*signs_.rest) ? signs_.rest : signs_.rest + 1;
}

// Does the segment end at `at`, where a line does or the text? If not, what follows is read on as part of it.
bool Hl7Parser::ends(const char* at, const char* to, const char*& next) {
  bool ended = true;
  next = at == to ? to : segment_end(at, to, ended);
  if (!ended) marks_.seek(next);
  return ended;
}

// From behind the separator that follows the id; `next`: where the next segment begins.
void Hl7Parser::fields(const Hl7Segment& known, Group& host, const char* from, const char* to, const char*& next) {
  std::uint32_t number = 1;  // of the field that starts at `begin`
  if (known.code == segment_code("MSH")) {
    from = header_fields(known, host, from, to);
    number = 3;
  }
  marks_.seek(from);
  const char* begin = from;
  std::size_t place = 0;
  for (std::uint32_t least = number; !failed_;) {
    const auto wanted = names_.next_field(known, least, place);
    if (wanted.number == 0) {
      skip_segment(begin, to, next);
      return;
    }
    for (std::uint32_t between = wanted.number - number; between != 0;) {
      const char* const at = marks_.pass(between);
      if (between != 0 && ends(at, to, next)) return;
      begin = at + 1;
    }
    least = wanted.number + 1;
    if (wanted.number == 3) result_from_ = begin - 1;
    if (begin != to && *begin == signs_.field) {  // empty; its separator is passed with those of the fields behind
      if (wanted.number == 4) result_to_ = begin;
      number = wanted.number;
      continue;
    }
    number = least;
    marks_.forget();
    const char* end = marks_.next(true);
    bool ended = false;
    while (!ended && (end == to || *end != signs_.field)) {
      ended = ends(end, to, next);
      if (!ended) end = marks_.next(true);
    }
    const char* const stop = end;
    if (ended) {
      while (end != begin && is_padding(end[-1])) --end;
    }
    if (wanted.name != 0 && end != begin) field(host, wanted.name, begin, end, marks_.signs());
    if (ended) return;
    if (wanted.number == 4) result_to_ = stop;
    begin = stop + 1;
  }
}

void Hl7Parser::count_unread(std::uint32_t code) {
  for (auto& [known, count] : unread_) {
    if (known != code) continue;
    ++count;
    return;
  }
  unread_.emplace_back(code, 1);
}

// One segment from its id on; answers where the next one begins.
const char* Hl7Parser::segment(const char* id, const char* to) {
  if (++segments_ > setup_.message.segments) {
    fail(Code::hl7_too_many_segments, id);
    return to;
  }
  const char* next = to;
  const std::uint32_t code = segment_code(id);
  const Hl7Segment* const known = names_.segment(code);
  if (known == nullptr) {
    count_unread(code);
    note_host_ = &none_;
    none_ = {};
    skip_segment(id, to, next);
    return next;
  }
  if (!known->read && known->place != SegmentPlace::header) count_unread(code);
  result_from_ = result_to_ = nullptr;
  Group& host = place(*known);
  const NodeIndex before = host.last;
  if (!known->read || host.node == 0 || to - id < 4 || is_break(id[3])) {
    skip_segment(id, to, next);
  } else {
    fields(*known, host, id + 4, to, next);
    if (known->place == SegmentPlace::result) count_again(host, id, next);
  }
  if (flats_ != nullptr) {
    const NodeIndex first = host.last == before ? 0 : before == 0 ? batch_.nodes[host.node].child : batch_.nodes[before].next;
    flats_->push_back({code, first, host.last});
  }
  return next;
}

void Hl7Parser::segments(Text whole) {
  const auto root = make(0, NodeKind::object);
  root_ = {root, 0};
  patient_ = order_ = item_ = insurance_ = none_ = {};
  patient_flats_.clear();
  order_flats_.clear();
  note_host_ = &root_;
  had_results_ = false;
  segments_ = 0;
  const std::string_view line(whole.begin, static_cast<std::size_t>(find_line_end(whole.begin, whole.end) - whole.begin));
  kind_ = kind_of(line);
  const auto extra = [&](Symbol name, std::string_view value) {
    if (name == 0) return;
    append(root_, piece(name, value.data(), value.data() + value.size()));
  };
  extra(names_.id, raw_field(line, 9));
  extra(names_.file, setup_.file_name);
  marks_.start(whole.begin, whole.end, signs_);
  for (const char* at = whole.begin; at != whole.end && !failed_;) at = segment(at, whole.end);
}

void Hl7Parser::run(const Chunk& chunk) {
  begin_ = chunk.bytes.data();
  offset_ = chunk.offset;
  batch_.findings = chunk.findings;
  made_ = batch_.nodes.size();
  const char* const to = begin_ + chunk.bytes.size();
  for (const char* at = begin_; at < to;) {
    const Hl7Extent found = hl7_extent(at, to);
    extent(at, found, chunk);
    line_ += found.lines;
    at = found.end;
  }
  batch_.nodes.resize(made_);
  batch_.lines = line_ + chunk.skipped_lines;
  const auto finding = [this](Code code, std::uint64_t count) { add_finding(batch_.findings, code, {}, count); };
  finding(Code::hl7_escape_unknown, unknown_escapes_);
  finding(Code::hl7_comment, comments_);
  finding(Code::hl7_continuation, continuations_);
  finding(Code::hl7_character_set_guessed, guessed_);
  finding(Code::hl7_delimiters_repaired, repaired_);
  for (const auto& [type, count] : types_) add_finding(batch_.findings, Code::hl7_message_type, type, count);
  for (const auto& [code, count] : unread_) {
    const char id[3] = {static_cast<char>(code >> 16), static_cast<char>(code >> 8), static_cast<char>(code)};
    add_finding(batch_.findings, Code::hl7_segment_unread, {id, 3}, count);
  }
}

void parse_hl7v2(const Hl7Setup& setup, const Chunk& chunk, RecordBatch& batch) {
  batch.clear();
  batch.keep = chunk.keep;
  Hl7Parser(setup, batch).run(chunk);
}

}  // namespace pyojun
