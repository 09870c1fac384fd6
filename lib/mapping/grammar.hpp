// Statements and expressions of the mapping language: tokens to syntax tree, one file at a time. Grammar: docs/map-language.md.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mapping/ast.hpp"
#include "mapping/token.hpp"

namespace pyojun::language {

inline constexpr int max_depth = 200;             // of nested expressions
inline constexpr std::size_t max_problems = 200;  // reading stops there: the rest would be noise

// Walks the tokens; a function that meets a mistake notes one Problem and answers null, and the caller gives up its statement.
class ExpressionParser {
 public:
  ExpressionParser(std::vector<Token> tokens, std::vector<Problem>& problems) : problems_(problems), tokens_(std::move(tokens)) {}
  ast::ExprPtr expression();

 protected:
  const Token& peek(std::size_t ahead = 0) const;
  const Token& next();
  bool accept(std::string_view symbol);
  bool accept_word(std::string_view word);
  bool at_end() const { return peek().kind == TokenKind::end_of_statement || peek().kind == TokenKind::end_of_file; }
  // Always false, so that a failing rule can say `return fail(..)`.
  bool fail(Code code, const Token& token, std::string suggestion = {});
  void problem(Code code, const ast::Place& at, std::string subject, std::string suggestion = {});
  bool expressions(std::vector<ast::ExprPtr>& out);  // one or more, separated by commas
  ast::ExprPtr primary();

  std::vector<Problem>& problems_;

 private:
  ast::ExprPtr node(ast::Kind kind, const Token& at, std::string text = {}) const;
  ast::ExprPtr chain(ast::Kind kind, std::string_view symbol, ast::ExprPtr (ExpressionParser::*part)());
  ast::ExprPtr alternative();
  ast::ExprPtr disjunction();
  ast::ExprPtr conjunction();
  ast::ExprPtr negation();
  ast::ExprPtr comparison();
  ast::ExprPtr membership(ast::ExprPtr left);
  ast::ExprPtr concatenation();
  ast::ExprPtr literal(ast::Kind kind);
  ast::ExprPtr parenthesis();
  ast::ExprPtr call();
  ast::ExprPtr path_expression();
  bool call_arguments(ast::Expr& call);
  bool path_start(ast::Path& path);
  bool path_rest(ast::Path& path);
  bool step(ast::Path& path, bool descendant);
  bool predicate(ast::Step& step);
  void component(ast::Expr& expr) const;
  bool close(std::string_view symbol, const Token& open);

  std::vector<Token> tokens_;
  std::size_t position_ = 0;
  int depth_ = 0;
  bool in_predicate_ = false;
};

// What is known across the files of one mapping while they are read.
struct Progress {
  bool header = false, cdm = false, source = false, timezone = false;
  std::set<std::pair<std::uint16_t, std::string>> settings;  // dialect settings by file, to find doubled ones
};

class StatementParser : public ExpressionParser {
 public:
  using Include = std::function<void(const std::string& path, const ast::Place& at)>;
  StatementParser(std::vector<Token> tokens, ast::Mapping& mapping, Progress& progress, std::vector<Problem>& problems, Include include)
      : ExpressionParser(std::move(tokens), problems), mapping_(mapping), progress_(progress), include_(std::move(include)) {}
  void run(bool main_file);

 private:
  void statement();
  void end_statement();
  bool finish();  // nothing may follow
  bool any_of(std::initializer_list<std::string_view> words) const;
  bool assignment_ahead() const;
  bool name(std::string& out);
  bool name_or_text(std::string& out);
  bool text(std::string& out);
  bool texts(std::vector<std::string>& out);
  bool dotted_name(std::string& out);

  bool header_statement(bool& good);
  bool definition(bool& good);
  void unknown_statement(const Token& start);
  bool mapping_header();
  bool cdm();
  bool source();
  bool timezone();
  bool assemble();
  bool include();

  bool setting();
  bool setting_value(std::string_view word);
  bool choice(std::initializer_list<std::string_view> words, std::string& out);
  bool file_setting();
  bool columns_setting(std::vector<std::string> FileKind::*list);
  bool layout_setting();
  bool alias_setting();
  bool once(const Token& word, const std::string& what);

  bool list();
  bool pairs(ast::List& list);
  bool define();
  bool lookup();
  bool keep(ast::Lookup& lookup);

  void rule();
  void rule_lines(ast::Rule& rule);
  bool rule_line(ast::Rule& rule);
  bool from(ast::Rule& rule);
  bool each(ast::Rule& rule);
  bool filter(ast::Rule& rule);
  bool target(ast::Rule& rule, bool also);
  bool delete_when(ast::Rule& rule);
  bool emit_line(ast::Emit& emit, bool replace);
  bool combine(ast::Emit& emit, const Token& word);
  bool assign(ast::Emit& emit, bool replace);
  bool make_room(ast::Emit& emit, const ast::Assign& assign);

  void override_rule();
  ast::Rule& rule_to_change(ast::Rule& scratch);
  bool override_line(ast::Rule& rule, std::size_t& emit);
  bool without(ast::Rule& rule, ast::Emit& emit);
  bool without_rule();
  ast::Rule* find_rule(const Token& name);

  ast::Mapping& mapping_;
  Progress& progress_;
  Include include_;
  bool dialect_ = false;  // the statement before was `dialect` or a setting
  bool lost_ = false;     // behind a statement that was not understood
  int file_kind_ = -1;    // index of the `file` setting that `columns` and `alias` belong to
};

}  // namespace pyojun::language
