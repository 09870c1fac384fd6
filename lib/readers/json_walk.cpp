#include "readers/json_walk.hpp"

#include <charconv>

namespace pyojun {

namespace {

constexpr std::uint32_t deepest_known = 3;  // containers around a value that is looked up; deeper ones are small

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Four hex digits, or -1.
int hex4(std::string_view text, std::size_t from) {
  if (from + 4 > text.size()) return -1;
  int value = 0;
  for (std::size_t i = from; i < from + 4; ++i) {
    const int digit = hex_digit(text[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

void append_utf8(std::string& out, unsigned c) {
  const auto put = [&](unsigned byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6);
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3F));
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

char simple_escape(char c) {
  switch (c) {
    case '"':
      return '"';
    case '\\':
      return '\\';
    case '/':
      return '/';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return '\0';
  }
}

// Reads the escape at text[at] == '\\'. Returns its length and the character, or 0 when it is none; `lone`: half a surrogate pair.
std::size_t read_escape(std::string_view text, std::size_t at, unsigned& character, bool& lone) {
  lone = false;
  if (at + 1 >= text.size()) return 0;
  if (text[at + 1] != 'u') {
    const char c = simple_escape(text[at + 1]);
    character = static_cast<unsigned char>(c);
    return c == '\0' ? 0 : 2;
  }
  const int first = hex4(text, at + 2);
  if (first < 0) return 0;
  character = static_cast<unsigned>(first);
  if (first < 0xD800 || first > 0xDFFF) return 6;
  const bool pair = first < 0xDC00 && at + 7 < text.size() && text[at + 6] == '\\' && text[at + 7] == 'u';
  const int second = pair ? hex4(text, at + 8) : -1;
  if (second < 0xDC00 || second > 0xDFFF) {
    lone = true;
    return 0;
  }
  character = 0x10000U + ((static_cast<unsigned>(first) - 0xD800U) << 10) + (static_cast<unsigned>(second) - 0xDC00U);
  return 12;
}

}  // namespace

bool JsonWalker::escapes_ok(std::string_view text) {
  for (std::size_t i = text.find('\\'); i != std::string_view::npos; i = text.find('\\', i)) {
    unsigned character = 0;
    bool lone = false;
    const std::size_t length = read_escape(text, i, character, lone);
    if (length == 0) {
      return fail(lone ? Code::json_lone_surrogate : Code::json_syntax, static_cast<std::uint32_t>(text.data() + i - base_));
    }
    i += length;
  }
  return true;
}

// Only after escapes_ok().
std::string_view JsonWalker::decoded(std::string_view text) {
  std::string& out = batch_.store.emplace_back();
  out.reserve(text.size());
  std::size_t from = 0;
  for (std::size_t i = text.find('\\'); i != std::string_view::npos; i = text.find('\\', from)) {
    out.append(text, from, i - from);
    unsigned character = 0;
    bool lone = false;
    from = i + read_escape(text, i, character, lone);
    append_utf8(out, character);
  }
  out.append(text, from);
  return out;
}

bool JsonWalker::text(std::string_view& out) {
  if (peek() != '"') return false;
  const std::string_view raw = content();
  out = raw;
  if (has_escape(raw.data(), raw.data() + raw.size())) {
    if (!escapes_ok(raw)) return false;
    out = decoded(raw);
  }
  ++at_;
  return true;
}

bool JsonWalker::integer(std::uint64_t& out) {
  NodeKind kind{};
  std::string_view digits;
  if (!is_digit(peek()) || !atom(kind, digits)) return false;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return error == std::errc{} && end == digits.data() + digits.size();
}

bool JsonWalker::key(JsonName& name, std::string_view& text) {
  if (peek() != '"') return unexpected();
  text = content();
  if (has_escape(text.data(), text.data() + text.size())) {
    if (!escapes_ok(text)) return false;
    text = decoded(text);
    name = names_.find(text, text.size());
  } else {
    name = names_.find(text, static_cast<std::size_t>(base_ + length_ - text.data()));
  }
  ++at_;
  return true;
}

bool JsonWalker::number_ok(std::string_view text) {
  std::size_t i = text[0] == '-' ? 1 : 0;
  const auto digits = [&] {
    const std::size_t from = i;
    while (i < text.size() && is_digit(text[i])) ++i;
    return i > from;
  };
  const bool zero = i < text.size() && text[i] == '0';
  if (!digits() || (zero && i > (text[0] == '-' ? 2U : 1U))) return false;
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (!digits()) return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (!digits()) return false;
  }
  return i == text.size();
}

bool JsonWalker::atom(NodeKind& kind, std::string_view& text) {
  const char* first = at();
  const std::uint32_t next = tokens_[at_ + 1];
  const char* last = base_ + (next < stop_ ? next : stop_);
  while (last > first && (last[-1] == ' ' || last[-1] == '\n' || last[-1] == '\r' || last[-1] == '\t')) --last;
  text = {first, static_cast<std::size_t>(last - first)};
  const char c = peek();
  if (c == '-' || is_digit(c)) {
    kind = NodeKind::number;
    if (!number_ok(text)) return unexpected();
    if (text.size() > limits_.number_bytes) return fail(Code::json_number_too_long);
  } else if (text == "true" || text == "false") {
    kind = NodeKind::boolean;
  } else if (text == "null") {
    kind = NodeKind::null;
    text = {};
  } else {
    return unexpected();
  }
  ++at_;
  return true;
}

bool JsonWalker::skip_value(std::uint32_t depth) {
  NodeKind kind{};
  std::string_view text;
  const char c = peek();
  if (c == '{' || c == '[') return skipped_ != nullptr && depth == 1 ? skip_known(depth) : skip_container(depth);
  if (c != '"') return atom(kind, text);
  if (!string_ok()) return false;
  ++at_;
  return true;
}

bool JsonWalker::skip_known(std::uint32_t depth) {
  auto& memo = skipped_->memo();
  auto& where = memo.place(place(0));
  if (const auto* known = memo.find(where, depth, at(), readable()); known != nullptr) {
    at_ += known->tokens;
    return true;
  }
  const std::uint32_t from = at_;
  if (!skip_container(depth)) return false;
  if (const auto text = text_from(from); memo.worth(where, text, at_ - from)) skipped_->keep(where, depth, text, at_ - from);
  return true;
}

// Half of a record are members nobody reads, so this is a loop and not a recursion: `objects` has a bit for each container around,
// 1 for objects; containers beyond its width go to a call of their own.
bool JsonWalker::skip_container(std::uint32_t depth) {
  enum class Want : std::uint8_t { open, key, value, next };
  std::uint64_t objects = 0;
  std::uint32_t level = 0;
  NodeKind kind{};
  std::string_view text;
  for (Want want = Want::open;;) {
    const char c = peek();
    switch (want) {
      case Want::open: {
        if (depth + level >= limits_.depth) return fail(Code::json_too_deep);
        const bool object = c == '{';
        objects = objects << 1 | (object ? 1U : 0U);
        ++level;
        ++at_;
        want = peek() == (object ? '}' : ']') ? Want::next : object ? Want::key : Want::value;
        break;
      }
      case Want::key:
        if (c != '"') return unexpected();
        if (!string_ok()) return false;
        ++at_;
        if (peek() != ':') return unexpected();
        ++at_;
        want = Want::value;
        break;
      case Want::value:
        want = Want::next;
        if (c == '"') {
          if (!string_ok()) return false;
          ++at_;
        } else if ((c == '{' || c == '[') && level < 64) {
          want = Want::open;
        } else if (c == '{' || c == '[') {
          if (!skip_container(depth + level)) return false;
        } else if (!atom(kind, text)) {
          return false;
        }
        break;
      case Want::next: {
        const bool object = (objects & 1U) != 0;
        if (c == ',') {
          want = object ? Want::key : Want::value;
        } else if (c == (object ? '}' : ']')) {
          objects >>= 1;
          if (--level == 0) return ++at_, true;
        } else {
          return unexpected();
        }
        ++at_;
        break;
      }
    }
  }
}

bool JsonWalker::first_of_its_name(JsonFrame& frame, Symbol symbol) {
  const std::uint64_t bit = std::uint64_t{1} << (symbol & 63U);
  const bool maybe = (frame.seen & bit) != 0;
  frame.seen |= bit;
  // The name stands before the ':' token that was just consumed.
  return !maybe || batch_.find(frame.self, symbol) == 0 || fail(Code::json_duplicate_member, tokens_[at_ - 2]);
}

bool JsonWalker::take_own_text(const JsonFrame& frame) {
  std::string_view got;
  if (!text(got)) return false;
  batch_.nodes[frame.self].data = got.data();
  batch_.nodes[frame.self].length = static_cast<std::uint32_t>(got.size());
  return true;
}

bool JsonWalker::object(JsonFrame& frame, std::uint32_t depth) {
  return members(depth, [&](JsonName name, std::string_view text) {
    if (name.role == own_text_role_ && peek() == '"') return take_own_text(frame);
    if (name.symbol == 0 && names_.grows() && !text.empty()) {
      name = const_cast<JsonNames&>(names_).get(text, text.size());
      if (name.symbol == 0) return fail(Code::json_names_exhausted);
    }
    if (name.symbol == 0) return skip_value(depth + 1);
    return first_of_its_name(frame, name.symbol) && value(frame, name, depth + 1);
  });
}

bool JsonWalker::value(JsonFrame& frame, JsonName name, std::uint32_t depth) {
  switch (peek()) {
    case '"': {
      const char* from = at();
      std::string_view got;
      if (!text(got)) return false;
      if (got.size() > limits_.field_bytes) return fail(Code::field_too_large, static_cast<std::uint32_t>(from - base_));
      if (rewriter_ != nullptr && name.role == rewrite_role_) got = rewriter_->rewrite(got, batch_);
      add(frame, name.symbol, NodeKind::text, got);
      return true;
    }
    case '{':
    case '[':
      return known_ != nullptr && depth <= deepest_known ? container(frame, name, depth)
             : peek() == '{'                             ? object_member(frame, name, depth)
                                                         : array(frame, name, depth);
    default: {
      NodeKind kind{};
      std::string_view got;
      if (!atom(kind, got)) return false;
      add(frame, name.symbol, kind, got);
      return true;
    }
  }
}

bool JsonWalker::object_member(JsonFrame& frame, JsonName name, std::uint32_t depth) {
  JsonFrame inner;
  inner.self = add(frame, name.symbol, NodeKind::object, {});
  return object(inner, depth);
}

// As value(), for a container: its top nodes are made again, what is below them is shared with the one met before.
bool JsonWalker::container(JsonFrame& frame, JsonName name, std::uint32_t depth) {
  const std::uint32_t context = std::uint32_t{name.symbol} << 16 | std::uint32_t{name.role} << 8 | depth;
  auto& where = known_->place(place(128 + depth));
  if (const auto* known = known_->find(where, context, at(), readable()); known != nullptr) {
    for (NodeIndex i = known->what.first;; i = batch_.nodes[i].next) {
      const Node node = batch_.nodes[i];
      batch_.nodes[add(frame, name.symbol, node.kind, node.text())].child = node.child;
      if (i == known->what.last) break;
    }
    at_ += known->tokens;
    return true;
  }
  const std::uint32_t from = at_;
  const NodeIndex before = frame.last, first = static_cast<NodeIndex>(batch_.nodes.size());
  if (!(peek() == '{' ? object_member(frame, name, depth) : array(frame, name, depth))) return false;
  if (frame.last == before) return true;  // an empty array
  if (const auto text = text_from(from); JsonKnown::worth(where, text, at_ - from))
    known_->keep(where, context, text, at_ - from, {first, frame.last});
  return true;
}

bool JsonWalker::array(JsonFrame& frame, JsonName name, std::uint32_t depth) {
  if (depth >= limits_.depth) return fail(Code::json_too_deep);
  ++at_;
  if (peek() == ']') {
    ++at_;
    return true;
  }
  for (;;) {
    if (!value(frame, name, depth + 1)) return false;
    const char c = peek();
    if (c != ']' && c != ',') return unexpected();
    ++at_;
    if (c == ']') return true;
  }
}

}  // namespace pyojun
