// Expressions and paths: recursive descent, one function for each level of the grammar, nesting bounded by max_depth.
#include <algorithm>
#include <charconv>

#include "mapping/grammar.hpp"

namespace pyojun::language {

using ast::Expr;
using ast::ExprPtr;
using ast::Kind;

const Token& ExpressionParser::peek(std::size_t ahead) const { return tokens_[std::min(position_ + ahead, tokens_.size() - 1)]; }

const Token& ExpressionParser::next() {
  const Token& token = peek();
  if (position_ + 1 < tokens_.size()) ++position_;
  return token;
}

bool ExpressionParser::accept(std::string_view symbol) {
  const bool found = peek().is(symbol);
  if (found) next();
  return found;
}

bool ExpressionParser::accept_word(std::string_view word) {
  const bool found = peek().word(word);
  if (found) next();
  return found;
}

void ExpressionParser::problem(Code code, const ast::Place& at, std::string subject, std::string suggestion) {
  problems_.push_back({code, at, std::move(subject), std::move(suggestion)});
}

bool ExpressionParser::fail(Code code, const Token& token, std::string suggestion) {
  problem(code, token.at, token.kind == TokenKind::text ? std::string() : token.text, std::move(suggestion));
  return false;
}

ExprPtr ExpressionParser::node(Kind kind, const Token& at, std::string text) const {
  auto expr = std::make_unique<Expr>();
  expr->kind = kind;
  expr->text = std::move(text);
  expr->at = at.at;
  return expr;
}

bool ExpressionParser::close(std::string_view symbol, const Token& open) {
  if (accept(symbol)) return true;
  if (at_end()) return fail(Code::map_bracket_open, open);
  return fail(Code::map_expected_close, peek());
}

bool ExpressionParser::expressions(std::vector<ExprPtr>& out) {
  do {
    auto expr = expression();
    if (!expr) return false;
    out.push_back(std::move(expr));
  } while (accept(","));
  return true;
}

// Parts joined by a symbol or word; a single part stands for itself.
ExprPtr ExpressionParser::chain(Kind kind, std::string_view symbol, ExprPtr (ExpressionParser::*part)()) {
  const Token start = peek();
  auto first = (this->*part)();
  if (!first || !(peek().is(symbol) || peek().word(symbol))) return first;
  auto all = node(kind, start);
  all->args.push_back(std::move(first));
  while (accept(symbol) || accept_word(symbol)) {
    auto more = (this->*part)();
    if (!more) return nullptr;
    all->args.push_back(std::move(more));
  }
  return all;
}

ExprPtr ExpressionParser::expression() {
  if (++depth_ > max_depth) {
    fail(Code::map_too_deep, peek());
    --depth_;
    return nullptr;
  }
  auto expr = chain(Kind::fallback, "?", &ExpressionParser::alternative);
  --depth_;
  return expr;
}

ExprPtr ExpressionParser::alternative() {
  const Token start = peek();
  auto value = disjunction();
  if (!value || !accept_word("when")) return value;
  auto both = node(Kind::when, start);
  both->args.push_back(std::move(value));
  auto condition = disjunction();
  if (!condition) return nullptr;
  both->args.push_back(std::move(condition));
  return both;
}

ExprPtr ExpressionParser::disjunction() { return chain(Kind::logical_or, "or", &ExpressionParser::conjunction); }
ExprPtr ExpressionParser::conjunction() { return chain(Kind::logical_and, "and", &ExpressionParser::negation); }
ExprPtr ExpressionParser::concatenation() { return chain(Kind::concat, "&", &ExpressionParser::primary); }

ExprPtr ExpressionParser::negation() {
  if (!peek().word("not")) return comparison();
  const Token start = next();
  if (++depth_ > max_depth) {
    fail(Code::map_too_deep, start);
    --depth_;
    return nullptr;
  }
  auto inner = negation();
  --depth_;
  if (!inner) return nullptr;
  auto all = node(Kind::logical_not, start);
  all->args.push_back(std::move(inner));
  return all;
}

// Inside [..] a whole number before a comparison is a component: PID-3[5 = "MR"] looks at component 5.
void ExpressionParser::component(Expr& expr) const {
  if (!in_predicate_ || expr.kind != Kind::number || expr.text.find_first_not_of("0123456789") != std::string::npos) return;
  expr.kind = Kind::path;
  ast::Step step;
  step.name = std::exchange(expr.text, {});
  step.at = expr.at;
  expr.path.steps.push_back(std::move(step));
}

ExprPtr ExpressionParser::comparison() {
  const Token start = peek();
  if (start.word("present") || start.word("empty")) {
    next();
    auto inner = concatenation();
    if (!inner) return nullptr;
    component(*inner);
    auto all = node(start.text == "present" ? Kind::present : Kind::empty, start);
    all->args.push_back(std::move(inner));
    return all;
  }
  auto left = concatenation();
  if (!left) return nullptr;
  if (peek().word("in") || peek().word("matches")) return membership(std::move(left));
  for (const std::string_view sign : {"=", "!=", "<=", ">=", "<", ">"}) {
    if (!peek().is(sign)) continue;
    component(*left);
    auto all = node(Kind::compare, next(), std::string(sign));
    auto right = concatenation();
    if (!right) return nullptr;
    all->args.push_back(std::move(left));
    all->args.push_back(std::move(right));
    return all;
  }
  return left;
}

ExprPtr ExpressionParser::membership(ExprPtr left) {
  component(*left);
  const Token& word = next();
  auto all = node(Kind::in_values, word);
  all->args.push_back(std::move(left));
  const Token open = peek();
  if (word.text == "matches") {
    if (open.kind != TokenKind::text) return fail(Code::map_expected_pattern, open), nullptr;
    all->kind = Kind::matches;
    all->at = open.at;
    all->text = next().text;
  } else if (accept("(")) {
    if (!expressions(all->args) || !close(")", open)) return nullptr;
  } else if (open.any_name()) {
    all->kind = Kind::in_list;
    all->at = open.at;
    all->text = next().text;
  } else {
    return fail(Code::map_expected_values, open), nullptr;
  }
  return all;
}

ExprPtr ExpressionParser::literal(Kind kind) {
  const Token& token = next();
  return node(kind, token, token.text);
}

ExprPtr ExpressionParser::parenthesis() {
  const Token open = next();
  auto inner = expression();
  if (!inner || !close(")", open)) return nullptr;
  return inner;
}

ExprPtr ExpressionParser::primary() {
  const Token& token = peek();
  if (token.kind == TokenKind::text) return literal(Kind::text);
  if (token.kind == TokenKind::number) return literal(Kind::number);
  if (token.is("(")) return parenthesis();
  if (token.word("true") || token.word("false")) return literal(Kind::boolean);
  if (token.word("null")) {
    auto null = literal(Kind::null);
    null->text.clear();
    return null;
  }
  if (token.word("each")) {
    const Token start = next();
    if (++depth_ > max_depth) return --depth_, fail(Code::map_too_deep, start), nullptr;
    auto inner = primary();
    --depth_;
    if (!inner) return nullptr;
    auto all = node(Kind::each, start);
    all->args.push_back(std::move(inner));
    return all;
  }
  if (token.kind == TokenKind::name && reserved(token.text)) return fail(Code::map_reserved_word, token), nullptr;
  if (token.kind == TokenKind::name && peek(1).is("(")) return call();
  if (token.any_name() || token.is(".") || token.is("^") || token.is("//")) return path_expression();
  return fail(Code::map_expected_expression, token), nullptr;
}

bool ExpressionParser::call_arguments(Expr& call) {
  const Token open = next();
  const bool outer = std::exchange(in_predicate_, false);  // inside a call a number is a number again
  const bool good = peek().is(")") || expressions(call.args);
  in_predicate_ = outer;
  return good && close(")", open);
}

ExprPtr ExpressionParser::call() {
  const Token start = next();
  auto all = node(Kind::call, start, start.text);
  if (!call_arguments(*all)) return nullptr;
  const bool goes_on = (peek().is(".") || peek().is("/") || peek().is("//")) && peek().joined;
  if (!goes_on) return all;
  auto outer = node(Kind::node_path, start);
  if (!path_rest(outer->path)) return nullptr;
  const auto& steps = outer->path.steps;
  // `resolve` gives a node, so that a path may go on behind it; behind any other name comes a lookup's column.
  if (start.text != "resolve" && steps.size() == 1 && !steps[0].choice && !steps[0].descendant && steps[0].predicates.empty()) {
    all->member = steps[0].name;
    return all;
  }
  outer->args.push_back(std::move(all));
  return outer;
}

ExprPtr ExpressionParser::path_expression() {
  const Token start = peek();
  auto all = node(Kind::path, start);
  if (!path_start(all->path)) return nullptr;
  if (!all->path.steps.empty() && !path_rest(all->path)) return nullptr;
  const std::size_t end = tokens_[position_ - 1].offset + tokens_[position_ - 1].size;
  // Length in characters; a path over several lines is marked by its first token.
  if (tokens_[position_ - 1].at.line == start.at.line && end > start.offset) {
    all->at.length = tokens_[position_ - 1].at.column + tokens_[position_ - 1].at.length - start.at.column;
  }
  return all;
}

// The ^ and the first step, if there is one.
bool ExpressionParser::path_start(ast::Path& path) {
  while (peek().is("^") && (path.up == 0 || peek().joined)) {
    next();
    ++path.up;
  }
  if (peek().is("//") && (path.up == 0 || peek().joined)) {
    next();
    return step(path, true);
  }
  bool dot = false;
  if (peek().is(".") && (path.up == 0 || peek().joined)) {
    next();
    dot = true;
  }
  const bool named = peek().any_name() || (dot && peek().kind == TokenKind::number);
  if (named && ((path.up == 0 && !dot) || peek().joined)) return step(path, false);
  path.self = true;
  return true;
}

bool ExpressionParser::path_rest(ast::Path& path) {
  while ((peek().is(".") || peek().is("/") || peek().is("//")) && peek().joined) {
    const bool descendant = next().text == "//";
    if (!step(path, descendant)) return false;
  }
  return true;
}

bool ExpressionParser::step(ast::Path& path, bool descendant) {
  const Token& token = peek();
  const bool number = token.kind == TokenKind::number && token.text.find_first_not_of("0123456789") == std::string::npos;
  if (!token.any_name() && !number) return fail(Code::map_expected_step, token);
  ast::Step step;
  step.name = token.text;
  step.descendant = descendant;
  step.at = token.at;
  next();
  while (peek().is("[") && peek().joined) {
    if (!predicate(step)) return false;
  }
  path.steps.push_back(std::move(step));
  return true;
}

bool ExpressionParser::predicate(ast::Step& step) {
  const Token open = next();
  if (peek().word("x") && peek(1).is("]") && step.predicates.empty() && !step.choice) {
    next();
    step.choice = true;
    return close("]", open);
  }
  const Token inside = peek();
  const bool outer = std::exchange(in_predicate_, true);
  auto condition = expression();
  in_predicate_ = outer;
  if (!condition || !close("]", open)) return false;
  ast::Step::Predicate made;
  if (condition->kind == Kind::number) {
    const std::string& text = condition->text;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), made.index);
    if (error != std::errc{} || end != text.data() + text.size() || made.index < 0) return fail(Code::map_index, inside);
  } else {
    made.condition = std::move(condition);
  }
  step.predicates.push_back(std::move(made));
  return true;
}

}  // namespace pyojun::language
