// Walks indexed JSON once: checks grammar, numbers, escapes and limits of everything, builds nodes only for members somebody reads.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "readers/json_index.hpp"
#include "readers/json_memo.hpp"
#include "readers/json_names.hpp"
#include "readers/reader.hpp"
#include "record/batch.hpp"

namespace pyojun {

// Changes the text of some members while nodes are built (FHIR references). The answer must live as long as the batch.
class JsonRewriter {
 public:
  virtual ~JsonRewriter() = default;
  virtual std::string_view rewrite(std::string_view text, RecordBatch& batch) const = 0;
};

// An object under construction.
struct JsonFrame {
  NodeIndex self = 0;
  NodeIndex last = 0;      // last child so far
  std::uint64_t seen = 0;  // one bit per (symbol modulo 64): most duplicates are ruled out without looking
};

class JsonWalker {
 public:
  JsonWalker(const JsonNames& names, const Limits& limits, RecordBatch& batch) : names_(names), limits_(limits), batch_(batch) {}

  // Members whose role is `role` get their text from `rewriter`. nullptr: nothing is rewritten.
  void rewrite(const JsonRewriter* rewriter, std::uint16_t role) {
    rewriter_ = rewriter;
    rewrite_role_ = role;
  }
  // A text member of this role is the own text of its object, not a child.
  void own_text(std::uint16_t role) { own_text_role_ = role; }
  // Containers met before are recognised. All values of `known` were read with the same names, limits, rewriter and batch; those of
  // `skipped` with the same limits. Either may be nullptr.
  void remember(JsonSkipped* skipped, JsonKnown* known) {
    skipped_ = skipped;
    known_ = known;
  }
  void start(const JsonIndex& index) {
    base_ = index.base();
    tokens_ = index.tokens();
    length_ = stop_ = index.length();
    at_ = 0;
    escape_ = nullptr;
  }
  // Tokens at or after byte `stop` count as the end of the text. Also used to go on after a failure: see seek().
  void bound(std::uint32_t stop) { stop_ = stop; }
  // Moves to the first token at or after byte `offset`; forwards only.
  void seek(std::uint32_t offset) {
    while (tokens_[at_] < offset) ++at_;
  }

  // Next token's first byte, or 0 at the end (and for a byte 0 in the text, which is no JSON: see at_end()).
  char peek() const {
    const std::uint32_t offset = tokens_[at_];
    return offset < stop_ ? base_[offset] : '\0';
  }
  bool at_end() const { return tokens_[at_] >= stop_; }
  std::uint32_t offset() const { return tokens_[at_]; }                   // of the next token
  std::uint32_t end_of_previous() const { return tokens_[at_ - 1] + 1; }  // when the last token was a bracket
  void advance() { ++at_; }
  const char* base() const { return base_; }

  // Calls member(JsonName, key) for every member of the object that starts at the next token; it must consume the value.
  template <class Member>
  bool members(std::uint32_t depth, Member&& member);
  // Checks the next value and leaves it out. `depth`: containers around it.
  bool skip_value(std::uint32_t depth);
  // Checks the next value and adds it to `frame` as `name`: one node, or one per element of an array (nested arrays are flattened).
  bool value(JsonFrame& frame, JsonName name, std::uint32_t depth);
  // The object at the next token, with all members somebody reads, into `frame`.
  bool object(JsonFrame& frame, std::uint32_t depth);
  // False and fails when the object already has a member `symbol`.
  bool first_of_its_name(JsonFrame& frame, Symbol symbol);
  // The next token's text, decoded, when it is a string; consumes it. False without failing when it is something else.
  bool text(std::string_view& out);
  // An unsigned integer up to 2^63; false without failing when it is something else.
  bool integer(std::uint64_t& out);

  NodeIndex add(JsonFrame& frame, Symbol name, NodeKind kind, std::string_view text) {
    const auto index = static_cast<NodeIndex>(batch_.nodes.size());
    batch_.nodes.push_back(Node{text.data(), static_cast<std::uint32_t>(text.size()), 0, 0, name, kind});
    if (frame.last != 0) {
      batch_.nodes[frame.last].next = index;
    } else {
      batch_.nodes[frame.self].child = index;
    }
    frame.last = index;
    return index;
  }

  bool fail(Code code) { return fail(code, tokens_[at_]); }
  bool fail(Code code, std::uint32_t offset) {
    code_ = code;
    fail_at_ = offset < stop_ ? offset : stop_;
    return false;
  }
  Code code() const { return code_; }
  std::uint32_t fail_at() const { return fail_at_; }

 private:
  bool unexpected() { return fail(at_end() ? Code::json_incomplete : Code::json_syntax); }
  const char* at() const { return base_ + tokens_[at_]; }
  // Between the quotes of the string at the next token. Only white space stands between its end and the token after it.
  std::string_view content() const {
    const char* first = at() + 1;
    const char* last = base_ + tokens_[at_ + 1] - 1;
    while (*last != '"') --last;
    return {first, static_cast<std::size_t>(last - first)};
  }
  bool has_escape(const char* first, const char* last) {
    if (escape_ < first) {
      const auto* found = static_cast<const char*>(std::memchr(first, '\\', static_cast<std::size_t>(base_ + length_ - first)));
      escape_ = found != nullptr ? found : base_ + length_;
    }
    return escape_ < last;
  }
  bool string_ok() { return !has_escape(at(), base_ + tokens_[at_ + 1]) || escapes_ok(content()); }
  bool key(JsonName& name, std::string_view& text);
  bool array(JsonFrame& frame, JsonName name, std::uint32_t depth);
  bool object_member(JsonFrame& frame, JsonName name, std::uint32_t depth);
  bool container(JsonFrame& frame, JsonName name, std::uint32_t depth);
  bool skip_container(std::uint32_t depth);
  bool skip_known(std::uint32_t depth);
  // Of a container at the next token: the same for the same member of its like, other members mostly have others.
  std::uint32_t place(std::uint32_t salt) const {
    if (at_ < 2) return salt;
    const std::uint32_t colon = tokens_[at_ - 1], key = tokens_[at_ - 2];
    return (colon - key) * 31U + static_cast<unsigned char>(base_[key + 1]) * 7U + salt;
  }
  // From the token at place `from` of the index to the one just read.
  std::string_view text_from(std::uint32_t from) const { return {base_ + tokens_[from], tokens_[at_ - 1] + 1 - tokens_[from]}; }
  std::size_t readable() const { return stop_ - tokens_[at_]; }
  bool take_own_text(const JsonFrame& frame);
  bool atom(NodeKind& kind, std::string_view& text);
  bool number_ok(std::string_view text);
  bool escapes_ok(std::string_view text);
  std::string_view decoded(std::string_view text);

  const JsonNames& names_;
  const Limits& limits_;
  RecordBatch& batch_;
  const JsonRewriter* rewriter_ = nullptr;
  JsonSkipped* skipped_ = nullptr;
  JsonKnown* known_ = nullptr;
  std::uint16_t rewrite_role_ = 0;
  std::uint16_t own_text_role_ = 0xFFFF;
  const char* base_ = nullptr;
  const std::uint32_t* tokens_ = nullptr;
  std::uint32_t length_ = 0;
  std::uint32_t stop_ = 0;
  std::uint32_t at_ = 0;
  const char* escape_ = nullptr;  // first backslash at or after the place last asked about
  Code code_ = Code::json_syntax;
  std::uint32_t fail_at_ = 0;
};

template <class Member>
bool JsonWalker::members(std::uint32_t depth, Member&& member) {
  if (depth >= limits_.depth) return fail(Code::json_too_deep);
  ++at_;
  if (peek() == '}') {
    ++at_;
    return true;
  }
  for (;;) {
    JsonName name;
    std::string_view text;
    if (!key(name, text)) return false;
    if (peek() != ':') return unexpected();
    ++at_;
    if (!member(name, text)) return false;
    const char c = peek();
    if (c == '}') {
      ++at_;
      return true;
    }
    if (c != ',') return unexpected();
    ++at_;
  }
}

}  // namespace pyojun
