// Words of the mapping language. The lexer also decides where statements end, so the parser never looks at line breaks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mapping/ast.hpp"
#include "mapping/plan.hpp"

namespace pyojun::language {

enum class TokenKind : std::uint8_t { name, quoted_name, text, number, symbol, end_of_statement, end_of_file };

struct Token {
  TokenKind kind = TokenKind::end_of_file;
  std::string text;  // names without backquotes, texts unescaped, the others as written
  ast::Place at;
  std::size_t offset = 0, size = 0;  // bytes in the file
  bool first = false;                // first on its line
  bool joined = false;               // no blank before it
  bool is(std::string_view symbol) const { return kind == TokenKind::symbol && text == symbol; }
  bool word(std::string_view name) const { return kind == TokenKind::name && text == name; }
  bool any_name() const { return kind == TokenKind::name || kind == TokenKind::quoted_name; }
};

// A problem met while reading text: file number and place; the loader turns it into a Diagnostic.
struct Problem {
  Code code = Code::internal_error;
  ast::Place at;
  std::string subject, suggestion;
};

// Tokens of one file with end_of_statement tokens in place, closed by end_of_file. Text must be UTF-8 (check first).
std::vector<Token> lex(std::string_view text, std::uint16_t file, std::vector<Problem>& problems);

// Byte offset of the first byte that is no valid UTF-8, or npos.
std::size_t invalid_utf8(std::string_view text);

// Words that mean something inside expressions; a field of that name is written in backquotes.
bool reserved(std::string_view word);
// True when the name can be written without backquotes.
bool plain_name(std::string_view name);

}  // namespace pyojun::language
