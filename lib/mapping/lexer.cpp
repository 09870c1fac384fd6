// Text to tokens: characters, numbers, names, comments, and the line rule (one statement a line, with its continuations).
#include <algorithm>
#include <array>
#include <utility>

#include "mapping/token.hpp"

namespace pyojun::language {

namespace {

bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80; }
bool digit(char c) { return c >= '0' && c <= '9'; }

// Characters above ASCII that are punctuation or blanks in disguise: pasted from a word processor or typed with a full-width keyboard.
bool disguised(std::string_view rest) {
  constexpr std::array<std::string_view, 21> signs{"\u00A0", "\u3000", "\u2018", "\u2019", "\u201C", "\u201D", "\u2013",
                                                   "\u2014", "\uFF08", "\uFF09", "\uFF0C", "\uFF1D", "\uFF1F", "\uFF1A",
                                                   "\uFF02", "\u2260", "\u2264", "\u2265", "\u2192", "\uFEFF", "\u200B"};
  return std::any_of(signs.begin(), signs.end(), [&](std::string_view sign) { return rest.starts_with(sign); });
}

std::size_t sequence_length(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

class Lexer {
 public:
  Lexer(std::string_view text, std::uint16_t file, std::vector<Problem>& problems) : text_(text), file_(file), problems_(problems) {}

  std::vector<Token> run() {
    if (text_.starts_with("\xEF\xBB\xBF")) position_ = 3;
    while (skip_blanks()) one();
    return std::move(tokens_);
  }

 private:
  char peek(std::size_t ahead = 0) const { return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0'; }

  void advance(std::size_t bytes) {
    for (const std::size_t end = std::min(position_ + bytes, text_.size()); position_ < end; ++position_) {
      if ((static_cast<unsigned char>(text_[position_]) & 0xC0) != 0x80) ++column_;
    }
  }

  void new_line() {
    ++position_;
    ++line_;
    column_ = 1;
    first_ = true;
  }

  // False at the end of the text.
  bool skip_blanks() {
    joined_ = true;
    while (position_ < text_.size()) {
      const char c = text_[position_];
      if (c == '\n') {
        new_line();
      } else if (c == ' ' || c == '\t' || c == '\r') {
        advance(1);
      } else if (c == '#') {
        while (position_ < text_.size() && text_[position_] != '\n') advance(1);
      } else {
        return true;
      }
      joined_ = false;
    }
    return false;
  }

  ast::Place here(std::uint32_t length = 1) const { return {file_, line_, column_, length}; }

  void problem(Code code, const ast::Place& at, std::string subject = {}) { problems_.push_back({code, at, std::move(subject), {}}); }

  void push(TokenKind kind, std::string text, const ast::Place& start, std::size_t offset) {
    Token token{kind, std::move(text), start, offset, position_ - offset, first_, joined_ && !tokens_.empty()};
    token.at.length = std::max<std::uint32_t>(1, column_ - start.column);
    tokens_.push_back(std::move(token));
    first_ = false;
  }

  void one() {
    const char c = peek();
    if (c == '"') return quoted('"', TokenKind::text, Code::map_text_not_closed);
    if (c == '`') return quoted('`', TokenKind::quoted_name, Code::map_name_not_closed);
    if (digit(c) || (c == '-' && digit(peek(1)))) return number();
    if (disguised(text_.substr(position_))) return unknown(Code::map_character_disguised);
    if (letter(c) || (c == '@' && letter(peek(1)))) return name();
    symbol();
  }

  void unknown(Code code) {
    const std::size_t size = sequence_length(peek());
    const bool control = static_cast<unsigned char>(peek()) < 0x20;
    problem(code, here(), control ? std::string() : std::string(text_.substr(position_, size)));
    advance(size);
    joined_ = false;
  }

  void quoted(char mark, TokenKind kind, Code not_closed) {
    const std::size_t offset = position_;
    const ast::Place start = here();
    std::string value;
    advance(1);
    while (peek() != mark) {
      if (position_ >= text_.size() || peek() == '\n' || (peek() == '\r' && peek(1) == '\n')) {
        problem(not_closed, start);
        return push(kind, std::move(value), start, offset);
      }
      if (peek() == '\\') {
        escape(mark, value);
      } else {
        value += peek();
        advance(1);
      }
    }
    advance(1);
    if (kind == TokenKind::quoted_name && value.empty()) problem(Code::map_name_empty, start);
    push(kind, std::move(value), start, offset);
  }

  void escape(char mark, std::string& value) {
    const char c = peek(1);
    const char meant = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : (c == '\\' || c == mark) ? c : '\0';
    if (meant == '\0') {
      problem(Code::map_bad_escape, here(2));
      return advance(1);
    }
    value += meant;
    advance(2);
  }

  void number() {
    const std::size_t offset = position_;
    const ast::Place start = here();
    // Behind a dot or slash a number is a component of a path (PID-3.1.2), so it has no fraction of its own.
    const bool component = joined_ && !tokens_.empty() && (tokens_.back().is(".") || tokens_.back().is("/"));
    if (peek() == '-') advance(1);
    while (digit(peek())) advance(1);
    if (!component && peek() == '.' && digit(peek(1))) {
      advance(1);
      while (digit(peek())) advance(1);
    }
    if (letter(peek())) {
      while (letter(peek()) || digit(peek())) advance(1);
      problem(Code::map_number, here_from(start), std::string(text_.substr(offset, position_ - offset)));
    }
    push(TokenKind::number, std::string(text_.substr(offset, position_ - offset)), start, offset);
  }

  ast::Place here_from(ast::Place start) const {
    start.length = column_ - start.column;
    return start;
  }

  void name() {
    const std::size_t offset = position_;
    const ast::Place start = here();
    advance(sequence_length(peek()));
    while (true) {
      const char c = peek();
      const bool inner = (c == '-' && (letter(peek(1)) || digit(peek(1)))) || (c == ':' && letter(peek(1)));
      if (!letter(c) && !digit(c) && !inner) break;
      if (static_cast<unsigned char>(c) >= 0x80 && disguised(text_.substr(position_))) break;
      advance(sequence_length(c));
    }
    push(TokenKind::name, std::string(text_.substr(offset, position_ - offset)), start, offset);
  }

  void symbol() {
    constexpr std::array<std::string_view, 20> symbols{":=", "->", "!=", "<=", ">=", "//", "=", "<", ">", "?",
                                                       "&",  "(",  ")",  "[",  "]",  ",",  ".", "^", "/", "*"};
    const std::string_view rest = text_.substr(position_);
    const auto found = std::find_if(symbols.begin(), symbols.end(), [&](std::string_view s) { return rest.starts_with(s); });
    if (found == symbols.end()) return unknown(Code::map_character);
    const std::size_t offset = position_;
    const ast::Place start = here();
    advance(found->size());
    push(TokenKind::symbol, std::string(*found), start, offset);
  }

  std::string_view text_;
  std::uint16_t file_;
  std::vector<Problem>& problems_;
  std::vector<Token> tokens_;
  std::size_t position_ = 0;
  std::uint32_t line_ = 1, column_ = 1;
  bool first_ = true, joined_ = false;
};

// Does the line that starts at `i` begin a statement? Then an open bracket or a trailing comma before it is a mistake, and the damage
// stays within one statement.
bool begins_statement(const std::vector<Token>& tokens, std::size_t i) {
  constexpr std::array<std::string_view, 11> words{"mapping", "rule", "override", "include", "into",    "also",
                                                   "lookup",  "list", "define",   "dialect", "assemble"};
  if (!tokens[i].any_name()) return false;
  const auto ends = [&](std::size_t k) { return k >= tokens.size() || tokens[k].first; };
  if (std::find(words.begin(), words.end(), tokens[i].text) != words.end()) {
    return ends(i + 1) || tokens[i + 1].any_name() || tokens[i + 1].kind == TokenKind::text;
  }
  std::size_t k = i + 1;
  while (!ends(k) && tokens[k].is(",") && !ends(k + 1) && tokens[k + 1].any_name()) k += 2;
  return !ends(k) && tokens[k].is(":=");
}

bool one_of(const Token& token, std::initializer_list<std::string_view> symbols, std::initializer_list<std::string_view> words) {
  if (token.kind == TokenKind::symbol) return std::find(symbols.begin(), symbols.end(), token.text) != symbols.end();
  return token.kind == TokenKind::name && std::find(words.begin(), words.end(), token.text) != words.end();
}

// True while a statement consists of names and commas only: the left side of an assignment to several columns.
bool only_names(const std::vector<Token>& tokens, std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) {
    if ((i - begin) % 2 == 0 ? !tokens[i].any_name() : !tokens[i].is(",")) return false;
  }
  return true;
}

Token mark(TokenKind kind, const Token* before, std::uint16_t file) {
  Token token;
  token.kind = kind;
  token.at = before != nullptr ? before->at : ast::Place{file, 1, 1, 1};
  if (before != nullptr) token.at.column += before->at.length;
  token.at.length = 1;
  token.offset = before != nullptr ? before->offset + before->size : 0;
  return token;
}

std::vector<Token> split_statements(std::vector<Token> raw, std::uint16_t file) {
  std::vector<Token> out;
  std::size_t depth = 0, begin = 0;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i].first && i > 0) {
      const bool trailing = one_of(raw[i - 1], {",", "?", "&", "(", "[", ":=", "->", "=", "!=", "<", ">", "<=", ">="},
                                   {"and", "or", "not", "when", "in", "matches"});
      const bool leading = one_of(raw[i], {"?", "&", ")", "]"}, {"and", "or", "when"});
      const bool goes_on = depth > 0 || trailing || leading;
      if (!goes_on || (begins_statement(raw, i) && !(depth == 0 && only_names(raw, begin, i)))) {
        out.push_back(mark(TokenKind::end_of_statement, &raw[i - 1], file));
        depth = 0;
        begin = i;
      }
    }
    if (raw[i].is("(") || raw[i].is("[")) ++depth;
    if ((raw[i].is(")") || raw[i].is("]")) && depth > 0) --depth;
    out.push_back(raw[i]);
  }
  const Token* last = raw.empty() ? nullptr : &raw.back();
  out.push_back(mark(TokenKind::end_of_statement, last, file));
  out.push_back(mark(TokenKind::end_of_file, last, file));
  return out;
}

}  // namespace

std::vector<Token> lex(std::string_view text, std::uint16_t file, std::vector<Problem>& problems) {
  return split_statements(Lexer(text, file, problems).run(), file);
}

std::size_t invalid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    if (size == 0 || i + size > text.size()) return i;
    for (std::size_t k = 1; k < size; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return i;
    }
    const auto second = size > 1 ? static_cast<unsigned char>(text[i + 1]) : 0;
    const bool refused = (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) || (lead == 0xF0 && second < 0x90) ||
                         (lead == 0xF4 && second > 0x8F);  // overlong forms, surrogates, beyond U+10FFFF
    if (refused) return i;
    i += size;
  }
  return std::string_view::npos;
}

bool reserved(std::string_view word) {
  constexpr std::array<std::string_view, 12> words{"and",     "or",    "not",  "when", "in",    "matches",
                                                   "present", "empty", "each", "true", "false", "null"};
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool plain_name(std::string_view name) {
  std::vector<Problem> problems;
  const auto tokens = Lexer(name, 0, problems).run();
  return problems.empty() && tokens.size() == 1 && tokens[0].kind == TokenKind::name && tokens[0].size == name.size();
}

}  // namespace pyojun::language
