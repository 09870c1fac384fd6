#include "readers/xml_scan.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <emmintrin.h>

#include "base/text.hpp"

namespace pyojun {

namespace {

enum Class : std::uint8_t { name_start = 1, name_part = 2, space = 4 };

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> table{};
  for (unsigned c = 0; c < 256; ++c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
    if (letter) table[c] |= name_start | name_part;
    if ((c >= '0' && c <= '9') || c == '-' || c == '.') table[c] |= name_part;
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') table[c] |= space;
  }
  return table;
}
constexpr auto classes = make_classes();
bool is(char c, std::uint8_t what) { return (classes[static_cast<unsigned char>(c)] & what) != 0; }

constexpr std::string_view xml_uri = "http://www.w3.org/XML/1998/namespace";
constexpr std::string_view xmlns_uri = "http://www.w3.org/2000/xmlns/";
// Up to this many attributes are compared pairwise.
constexpr std::size_t few_attributes = 12;
// Declarations in force at one place; each prefixed name looks through them.
constexpr std::size_t most_bindings = 128;

XmlSpace space_of(std::string_view uri) {
  if (uri.empty()) return XmlSpace::none;
  if (uri == "urn:hl7-org:v3") return XmlSpace::v3;
  if (uri == "urn:hl7-org:sdtc") return XmlSpace::sdtc;
  if (uri == "http://www.w3.org/2001/XMLSchema-instance") return XmlSpace::xsi;
  if (uri == xml_uri) return XmlSpace::xml;
  return XmlSpace::other;
}

const char* skip_space(const char* at, const char* end) {
  while (at < end && is(*at, space)) ++at;
  return at;
}

std::string_view between(const char* first, const char* end) { return {first, static_cast<std::size_t>(end - first)}; }

bool is_character(std::uint32_t point) {  // XML 1.0, production 2
  return point == 9 || point == 10 || point == 13 || (point >= 0x20 && point <= 0xD7FF) || (point >= 0xE000 && point <= 0xFFFD) ||
         (point >= 0x10000 && point <= 0x10FFFF);
}

void append_point(std::string& out, std::uint32_t point) {
  const auto tail = [&](unsigned shift) { return static_cast<char>(0x80 | (point >> shift & 0x3F)); };
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += {static_cast<char>(0xC0 | point >> 6), tail(0)};
  } else if (point < 0x10000) {
    out += {static_cast<char>(0xE0 | point >> 12), tail(6), tail(0)};
  } else {
    out += {static_cast<char>(0xF0 | point >> 18), tail(12), tail(6), tail(0)};
  }
}

// What stands between '&' and ';', or 0x110000 when it means nothing.
std::uint32_t reference_point(std::string_view name) {
  if (name == "lt") return '<';
  if (name == "gt") return '>';
  if (name == "amp") return '&';
  if (name == "apos") return '\'';
  if (name == "quot") return '"';
  constexpr std::uint32_t nothing = 0x110000;
  if (name.size() < 2 || name[0] != '#') return nothing;
  const bool hex = name[1] == 'x';
  name.remove_prefix(hex ? 2 : 1);
  std::uint32_t point = 0;
  for (const char c : name) {
    const char low = ascii_lower(c);
    const bool digit = c >= '0' && c <= '9';
    if (!digit && !(hex && low >= 'a' && low <= 'f')) return nothing;
    point = point * (hex ? 16U : 10U) + static_cast<std::uint32_t>(digit ? c - '0' : low - 'a' + 10);
    if (point >= nothing) return nothing;
  }
  return name.empty() ? nothing : point;
}

unsigned mask_of(__m128i hits) { return static_cast<unsigned>(_mm_movemask_epi8(hits)); }
__m128i sixteen(const char* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); }

}  // namespace

XmlScanner::XmlScanner(std::string_view text, const XmlLimits& limits)
    : base_(text.data()), end_(text.data() + text.size()), at_(base_), token_(base_), limits_(limits) {
  if (!check_characters()) return;
  // The declaration: only at the very start. What it says of encodings was seen to before.
  if (text.starts_with("<?xml") && text.size() > 5 && is(text[5], space)) {
    const std::size_t close = text.find("?>");
    const std::string_view inside = text.substr(5, close == std::string_view::npos ? 0 : close - 5);
    const bool good = close != std::string_view::npos && inside.find('<') == std::string_view::npos &&
                      (inside.find("\"1.") != std::string_view::npos || inside.find("'1.") != std::string_view::npos);
    if (!good) {
      fail(close == std::string_view::npos ? Code::xml_incomplete : Code::xml_syntax, base_);
      return;
    }
    at_ = base_ + close + 2;
  }
}

XmlScanner::Token XmlScanner::fail(Code code, const char* at) {
  code_ = code;
  fail_at_ = static_cast<std::size_t>(at - base_);
  failed_ = true;
  return Token::failed;
}

// Every byte once: line ends are counted, control characters and broken UTF-8 refused.
bool XmlScanner::check_characters() {
  const __m128i zero = _mm_setzero_si128(), low = _mm_set1_epi8(0x1F), tab = _mm_set1_epi8('\t');
  const __m128i lf = _mm_set1_epi8('\n'), cr = _mm_set1_epi8('\r'), one = _mm_set1_epi8(1);
  const char* at = base_;
  __m128i high = zero;
  while (end_ - at >= 16) {
    __m128i ends = zero;
    const auto blocks = std::min<std::ptrdiff_t>((end_ - at) / 16, 255);
    for (std::ptrdiff_t i = 0; i < blocks; ++i, at += 16) {
      const __m128i bytes = sixteen(at);
      high = _mm_or_si128(high, bytes);
      const __m128i is_lf = _mm_cmpeq_epi8(bytes, lf);
      ends = _mm_add_epi8(ends, _mm_and_si128(is_lf, one));
      const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, low), bytes);
      const __m128i allowed = _mm_or_si128(is_lf, _mm_or_si128(_mm_cmpeq_epi8(bytes, cr), _mm_cmpeq_epi8(bytes, tab)));
      if (const unsigned bad = mask_of(_mm_andnot_si128(allowed, control)); bad != 0) {
        fail(Code::xml_character, at + __builtin_ctz(bad));
        return false;
      }
    }
    const __m128i sums = _mm_sad_epu8(ends, zero);
    lines_ += static_cast<std::uint64_t>(_mm_cvtsi128_si64(sums)) + static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_srli_si128(sums, 8)));
  }
  bool wide = mask_of(high) != 0;
  for (; at < end_; ++at) {
    const auto byte = static_cast<unsigned char>(*at);
    if (byte == '\n') ++lines_;
    wide |= byte >= 0x80;
    if (byte < 0x20 && !is(*at, space)) {
      fail(Code::xml_character, at);
      return false;
    }
  }
  if (!wide) return true;
  const std::string_view text = between(base_, end_);
  if (const std::size_t bad = find_bad_utf8(text); bad != no_bad_byte) {
    fail(Code::bytes_undecodable, base_ + bad);
    return false;
  }
  for (const std::string_view outside : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"}) {
    if (const std::size_t bad = text.find(outside); bad != std::string_view::npos) {
      fail(Code::xml_character, base_ + bad);
      return false;
    }
  }
  return true;
}

XmlScanner::Token XmlScanner::next() {
  if (failed_) return Token::failed;
  if (empty_element_) {
    empty_element_ = false;
    close_bindings();
    open_.pop_back();
    return Token::end;
  }
  while (true) {
    token_ = at_;
    if (at_ == end_) {
      if (!had_root_ || !open_.empty()) return fail(Code::xml_incomplete, end_);
      return Token::finished;
    }
    const Token token = *at_ != '<' ? text_run() : end_ - at_ < 2 ? fail(Code::xml_incomplete, end_) : markup();
    if (token != Token::nothing) return token;
  }
}

XmlScanner::Token XmlScanner::markup() {
  switch (at_[1]) {
    case '/':
      return end_tag();
    case '!':
      if (between(at_, end_).starts_with("<![CDATA[")) return cdata();
      return comment() ? Token::nothing : Token::failed;
    case '?':
      return instruction() ? Token::nothing : Token::failed;
    default:
      return start_tag();
  }
}

// The next '<', '&', '\r' or ']', or the end.
const char* XmlScanner::find_text_end(const char* from) const {
  const __m128i lt = _mm_set1_epi8('<'), amp = _mm_set1_epi8('&'), cr = _mm_set1_epi8('\r'), bracket = _mm_set1_epi8(']');
  for (; end_ - from >= 16; from += 16) {
    const __m128i bytes = sixteen(from);
    const unsigned hits = mask_of(_mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, lt), _mm_cmpeq_epi8(bytes, amp)),
                                               _mm_or_si128(_mm_cmpeq_epi8(bytes, cr), _mm_cmpeq_epi8(bytes, bracket))));
    if (hits != 0) return from + __builtin_ctz(hits);
  }
  while (from != end_ && *from != '<' && *from != '&' && *from != '\r' && *from != ']') ++from;
  return from;
}

XmlScanner::Token XmlScanner::text_run() {
  const char* first = at_;
  plain_ = true;
  const char* at = first;
  while ((at = find_text_end(at)) != end_ && *at != '<') {
    if (*at == ']') {
      if (between(at, end_).starts_with("]]>")) return fail(Code::xml_syntax, at);
      ++at;
      continue;
    }
    plain_ = false;
    const char* past = at + 1;
    if (*at == '&' && !reference_ok(at, end_, past)) return Token::failed;
    at = past;
  }
  at_ = at;
  text_piece_ = between(first, at);
  if (open_.empty()) {
    const char* solid = skip_space(first, at);
    if (solid != at) return fail(had_root_ ? Code::xml_two_roots : Code::xml_syntax, solid);
    return Token::nothing;
  }
  return Token::text;
}

bool XmlScanner::reference_ok(const char* at, const char* end, const char*& past) {
  // The longest that means something is &#x0010FFFF; leading zeros beyond that are not worth reading.
  constexpr std::ptrdiff_t longest = 16;
  const char* stop = at + 1;
  while (stop < end && stop - at < longest && (is(*stop, name_part) || *stop == '#' || *stop == ':')) ++stop;
  if (stop == end_) return fail(Code::xml_incomplete, end_), false;
  const std::string_view name = between(at + 1, stop);
  if (*stop != ';' || name.empty()) {
    const bool named = stop - at >= longest && is(name[0], name_start);
    return fail(named ? Code::xml_entity : Code::xml_syntax, at), false;
  }
  const std::uint32_t point = reference_point(name);
  if (point == 0x110000) return fail(name[0] == '#' ? Code::xml_character : Code::xml_entity, at), false;
  if (!is_character(point)) return fail(Code::xml_character, at), false;
  past = stop + 1;
  return true;
}

XmlScanner::Token XmlScanner::cdata() {
  if (open_.empty()) return fail(had_root_ ? Code::xml_two_roots : Code::xml_syntax, at_);
  const char* first = at_ + 9;
  const std::size_t close = between(first, end_).find("]]>");
  if (close == std::string_view::npos) return fail(Code::xml_incomplete, end_);
  text_piece_ = between(first, first + close);
  // Nothing in it is markup, so that decode() may not see it; '\r' stays as it is.
  plain_ = true;
  at_ = first + close + 3;
  return text_piece_.empty() ? Token::nothing : Token::text;
}

// At "<!": a comment, or what is refused.
bool XmlScanner::comment() {
  const std::string_view rest = between(at_, end_);
  if (!rest.starts_with("<!--")) {
    if (rest.starts_with("<!DOCTYPE") || rest.starts_with("<!doctype")) return fail(Code::xml_doctype, at_), false;
    const bool cut = std::string_view("<!--").starts_with(rest) || std::string_view("<!DOCTYPE").starts_with(rest) ||
                     std::string_view("<![CDATA[").starts_with(rest);
    return fail(cut ? Code::xml_incomplete : Code::xml_syntax, cut ? end_ : at_), false;
  }
  const std::size_t close = rest.find("--", 4);
  if (close == std::string_view::npos || close + 2 == rest.size()) return fail(Code::xml_incomplete, end_), false;
  if (rest[close + 2] != '>') return fail(Code::xml_syntax, at_ + close), false;
  at_ += close + 3;
  return true;
}

bool XmlScanner::instruction() {
  const std::string_view rest = between(at_, end_);
  std::size_t name_end = 2;
  while (name_end < rest.size() && (is(rest[name_end], name_part) || rest[name_end] == ':')) ++name_end;
  const std::string_view target = rest.substr(2, name_end - 2);
  if (name_end == rest.size()) return fail(Code::xml_incomplete, end_), false;
  // A second declaration means a second document.
  if (equal_folded(target, "xml")) return fail(had_root_ && open_.empty() ? Code::xml_two_roots : Code::xml_syntax, at_), false;
  if (target.empty() || !is(target[0], name_start) || (!is(rest[name_end], space) && rest[name_end] != '?')) {
    return fail(Code::xml_syntax, at_), false;
  }
  const std::size_t close = rest.find("?>", name_end);
  if (close == std::string_view::npos) return fail(Code::xml_incomplete, end_), false;
  at_ += close + 2;
  return true;
}

// Reads prefix:local into name_; the whole as written is the answer, empty when there is no name.
std::string_view XmlScanner::qualified_name() {
  const char* first = at_;
  name_.prefix = {};
  const char* part = first;
  if (at_ == end_ || !is(*at_, name_start)) return {};
  while (at_ < end_ && is(*at_, name_part)) ++at_;
  if (at_ < end_ && *at_ == ':') {
    name_.prefix = between(first, at_);
    part = ++at_;
    if (at_ == end_ || !is(*at_, name_start)) return {};
    while (at_ < end_ && is(*at_, name_part)) ++at_;
  }
  name_.local = between(part, at_);
  return between(first, at_);
}

XmlScanner::Token XmlScanner::start_tag() {
  if (open_.empty() && had_root_) return fail(Code::xml_two_roots, at_);
  ++at_;
  const std::string_view whole = qualified_name();
  if (whole.empty()) return fail(at_ == end_ ? Code::xml_incomplete : Code::xml_syntax, at_);
  if (open_.size() >= limits_.depth) return fail(Code::xml_too_deep, token_);
  had_root_ = true;
  open_.push_back(whole);
  attributes_.clear();
  const XmlName element = name_;
  while (true) {
    const char* before = at_;
    at_ = skip_space(at_, end_);
    if (at_ == end_) return fail(Code::xml_incomplete, end_);
    if (*at_ == '>') {
      ++at_;
      break;
    }
    if (*at_ == '/') {
      if (end_ - at_ < 2) return fail(Code::xml_incomplete, end_);
      if (at_[1] != '>') return fail(Code::xml_syntax, at_);
      empty_element_ = true;
      at_ += 2;
      break;
    }
    if (at_ == before) return fail(Code::xml_syntax, at_);
    if (!attribute()) return Token::failed;
  }
  name_ = element;
  if (!resolve_element()) return Token::failed;
  for (XmlAttribute& each : attributes_) {
    if (!each.name.prefix.empty() && !resolve(each)) return Token::failed;
  }
  return unique() ? Token::start : Token::failed;
}

// The closing quote, or '<', '&', a tab or a line end before it; or the end.
const char* XmlScanner::find_value_end(const char* from, char quote) const {
  const __m128i q = _mm_set1_epi8(quote), lt = _mm_set1_epi8('<'), amp = _mm_set1_epi8('&'), low = _mm_set1_epi8(0x1F);
  for (; end_ - from >= 16; from += 16) {
    const __m128i bytes = sixteen(from);
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, low), bytes);
    const __m128i sign = _mm_or_si128(_mm_cmpeq_epi8(bytes, lt), _mm_cmpeq_epi8(bytes, amp));
    const unsigned hits = mask_of(_mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, q), control), sign));
    if (hits != 0) return from + __builtin_ctz(hits);
  }
  while (from != end_ && *from != quote && *from != '<' && *from != '&' && static_cast<unsigned char>(*from) > 0x1F) ++from;
  return from;
}

bool XmlScanner::attribute() {
  const char* first = at_;
  const std::string_view whole = qualified_name();
  if (whole.empty()) return fail(at_ == end_ ? Code::xml_incomplete : Code::xml_syntax, at_), false;
  XmlAttribute found;
  found.name = name_;
  found.name.space = XmlSpace::none;  // an attribute without a prefix is in no namespace
  at_ = skip_space(at_, end_);
  if (at_ == end_) return fail(Code::xml_incomplete, end_), false;
  if (*at_ != '=') return fail(Code::xml_syntax, at_), false;
  at_ = skip_space(at_ + 1, end_);
  if (at_ == end_) return fail(Code::xml_incomplete, end_), false;
  if (!value(found)) return false;
  if (whole == "xmlns") return bind({}, found, first);
  if (found.name.prefix == "xmlns") return bind(found.name.local, found, first);
  if (attributes_.size() >= limits_.attributes) return fail(Code::xml_too_many_attributes, token_), false;
  attributes_.push_back(found);
  return true;
}

bool XmlScanner::value(XmlAttribute& found) {
  const char quote = *at_;
  if (quote != '"' && quote != '\'') return fail(Code::xml_syntax, at_), false;
  const char* first = at_ + 1;
  const char* at = first;
  while ((at = find_value_end(at, quote)) != end_ && *at != quote) {
    if (*at == '<') return fail(Code::xml_syntax, at), false;
    found.plain = false;
    const char* past = at + 1;
    if (*at == '&' && !reference_ok(at, end_, past)) return false;
    at = past;
  }
  if (at == end_) return fail(Code::xml_incomplete, end_), false;
  found.raw = between(first, at);
  at_ = at + 1;
  return true;
}

// A declaration holds for the element it stands in, wherever it stands there.
bool XmlScanner::bind(std::string_view prefix, const XmlAttribute& found, const char* at) {
  Binding made{prefix, found.raw, space_of(found.raw), static_cast<std::uint32_t>(open_.size())};
  for (auto each = bindings_.rbegin(); each != bindings_.rend() && each->depth == made.depth; ++each) {
    if (each->prefix == prefix) return fail(Code::xml_attribute_twice, at), false;
  }
  if (bindings_.size() >= most_bindings) return fail(Code::xml_too_many_attributes, token_), false;
  const bool reserved = prefix == "xmlns" || found.raw == xmlns_uri || (prefix == "xml") != (found.raw == xml_uri);
  if (reserved || (!prefix.empty() && found.raw.empty())) return fail(Code::xml_syntax, at), false;
  bindings_.push_back(made);
  if (prefix.empty()) default_space_ = made.space;
  return true;
}

const XmlScanner::Binding* XmlScanner::binding(std::string_view prefix) const {
  for (auto each = bindings_.rbegin(); each != bindings_.rend(); ++each) {
    if (each->prefix == prefix) return &*each;
  }
  return nullptr;
}

bool XmlScanner::resolve_element() {
  name_.space = default_space_;
  if (name_.prefix.empty()) return true;
  const Binding* found = binding(name_.prefix);
  if (found == nullptr) return fail(Code::xml_prefix_unbound, name_.prefix.data()), false;
  name_.space = found->space;
  return true;
}

bool XmlScanner::resolve(XmlAttribute& each) {
  if (each.name.prefix == "xml") {
    each.name.space = XmlSpace::xml;
    each.uri = xml_uri;
    return true;
  }
  const Binding* found = binding(each.name.prefix);
  if (found == nullptr) return fail(Code::xml_prefix_unbound, each.name.prefix.data()), false;
  each.name.space = found->space;
  each.uri = found->uri;
  return true;
}

bool XmlScanner::unique() {
  const auto twice = [&](const XmlAttribute& a, const XmlAttribute& b) {
    if (a.name.local != b.name.local || a.uri != b.uri) return false;
    fail(Code::xml_attribute_twice, std::max(a.name.local.data(), b.name.local.data()));
    return true;
  };
  const std::size_t count = attributes_.size();
  if (count <= few_attributes) {
    for (std::size_t i = 1; i < count; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (twice(attributes_[i], attributes_[j])) return false;
      }
    }
    return true;
  }
  sorted_.clear();
  for (const XmlAttribute& each : attributes_) sorted_.push_back(&each);
  std::sort(sorted_.begin(), sorted_.end(), [](const XmlAttribute* a, const XmlAttribute* b) {
    return a->name.local != b->name.local ? a->name.local < b->name.local : a->uri < b->uri;
  });
  for (std::size_t i = 1; i < count; ++i) {
    if (twice(*sorted_[i], *sorted_[i - 1])) return false;
  }
  return true;
}

XmlScanner::Token XmlScanner::end_tag() {
  const std::string_view rest = between(at_ + 2, end_);
  if (open_.empty()) return fail(had_root_ ? Code::xml_two_roots : Code::xml_syntax, at_);
  const std::string_view name = open_.back();
  if (!rest.starts_with(name)) {
    return name.starts_with(rest) ? fail(Code::xml_incomplete, end_) : fail(Code::xml_tag_mismatch, at_);
  }
  const char* at = rest.data() + name.size();
  if (at < end_ && (is(*at, name_part) || *at == ':')) return fail(Code::xml_tag_mismatch, at_);
  at = skip_space(at, end_);
  if (at == end_) return fail(Code::xml_incomplete, end_);
  if (*at != '>') return fail(Code::xml_syntax, at);
  at_ = at + 1;
  close_bindings();
  open_.pop_back();
  return Token::end;
}

void XmlScanner::close_bindings() {
  if (bindings_.empty() || bindings_.back().depth != open_.size()) return;
  while (!bindings_.empty() && bindings_.back().depth == open_.size()) bindings_.pop_back();
  const Binding* found = binding({});
  default_space_ = found == nullptr ? XmlSpace::none : found->space;
}

void XmlScanner::decode(std::string_view raw, bool attribute, std::string& out) {
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const char c = raw[i];
    if (c == '&') {
      const std::size_t stop = raw.find(';', i);
      append_point(out, reference_point(raw.substr(i + 1, stop - i - 1)));
      i = stop;
    } else if (c == '\r') {
      if (i + 1 < raw.size() && raw[i + 1] == '\n') ++i;
      out += attribute ? ' ' : '\n';
    } else {
      out += attribute && (c == '\n' || c == '\t') ? ' ' : c;
    }
  }
}

}  // namespace pyojun
