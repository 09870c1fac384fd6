// Rules and overrides.
#include <algorithm>
#include <array>

#include "mapping/diagnostic.hpp"
#include "mapping/grammar.hpp"
#include "mapping/parser.hpp"

namespace pyojun::language {

namespace {

constexpr std::array<std::string_view, 12> rule_words{"from", "each",    "where",  "into",    "also",   "delete",
                                                      "key",  "version", "within", "retires", "shared", "combine"};

bool emit_word(const Token& token) {
  constexpr std::array<std::string_view, 7> words{"key", "alias", "retires", "version", "within", "shared", "combine"};
  return std::ranges::any_of(words, [&](std::string_view word) { return token.word(word); });
}

bool starts_other(const Token& token, bool assignment) {
  constexpr std::array<std::string_view, 12> words{"mapping", "cdm",  "source", "timezone", "include", "dialect",
                                                   "list",    "rule", "lookup", "override", "without", "assemble"};
  return token.kind == TokenKind::name && !assignment && std::find(words.begin(), words.end(), token.text) != words.end();
}

}  // namespace

ast::Rule* StatementParser::find_rule(const Token& name) {
  for (auto& rule : mapping_.rules) {
    if (rule.name == name.text) return &rule;
  }
  return nullptr;
}

void StatementParser::rule() {
  next();
  ast::Rule made;
  const Token word = peek();
  made.at = word.at;
  if (name(made.name)) {
    if (peek().kind == TokenKind::text) made.title = next().text;
    finish();
  }
  end_statement();
  rule_lines(made);
  if (made.kind.empty()) problem(Code::map_rule_without_from, word.at, made.name);
  if (made.emits.empty()) {
    problem(Code::map_rule_without_into, word.at, made.name);
    made.emits.emplace_back();
  }
  if (find_rule(word) != nullptr) problem(Code::map_name_twice, word.at, made.name);
  mapping_.rules.push_back(std::move(made));
}

void StatementParser::rule_lines(ast::Rule& rule) {
  while (peek().kind != TokenKind::end_of_file && problems_.size() < max_problems && !starts_other(peek(), assignment_ahead())) {
    if (rule_line(rule)) finish();
    end_statement();
  }
}

bool StatementParser::rule_line(ast::Rule& rule) {
  const Token start = peek();
  if (!assignment_ahead()) {
    if (start.word("from")) return from(rule);
    if (start.word("each")) return each(rule);
    if (start.word("where")) return filter(rule);
    if (start.word("into")) return target(rule, false);
    if (start.word("also")) return target(rule, true);
    if (start.word("delete")) return delete_when(rule);
    if (!emit_word(start)) {
      if (start.any_name() && (peek(1).is("=") || peek(1).is("->"))) return fail(Code::map_expected_assign, peek(1));
      return fail(Code::map_statement_unknown, start, nearest(start.text, {rule_words.begin(), rule_words.end()}));
    }
  }
  if (rule.emits.empty()) return fail(Code::map_before_into, start);
  return emit_line(rule.emits.back(), false);
}

bool StatementParser::from(ast::Rule& rule) {
  const Token word = next();
  if (!rule.kind.empty()) return fail(Code::map_set_twice, word);
  rule.kind_at = peek().at;
  if (accept("*")) {
    rule.kind.assign(1, '*');
  } else if (!name(rule.kind)) {
    return false;
  }
  if (accept_word("where")) return (rule.from_where = expression()) != nullptr;
  return true;
}

bool StatementParser::each(ast::Rule& rule) {
  next();
  ast::Each made;
  made.at = peek().at;
  const Token start = peek();
  made.path = primary();
  if (!made.path) return false;
  if (made.path->kind != ast::Kind::path && made.path->kind != ast::Kind::node_path) return fail(Code::map_each_path, start);
  if (accept("?")) {
    if (!accept(".")) return fail(Code::map_each_self, peek());
    made.or_self = true;
  }
  if (accept_word("where") && !(made.where = expression())) return false;
  rule.each.push_back(std::move(made));
  return true;
}

bool StatementParser::filter(ast::Rule& rule) {
  const Token word = next();
  if (rule.emits.size() > 1) return fail(Code::map_filter_after_also, word);
  ast::Filter made;
  made.at = peek().at;
  made.condition = expression();
  if (!made.condition) return false;
  made.reason = peek().kind == TokenKind::text ? next().text : print(*made.condition);
  rule.filters.push_back(std::move(made));
  return true;
}

bool StatementParser::target(ast::Rule& rule, bool also) {
  const Token word = next();
  if (!also && !rule.emits.empty()) return fail(Code::map_into_twice, word);
  if (also && rule.emits.empty()) return fail(Code::map_before_into, word);
  ast::Emit made;
  made.at = peek().at;
  if (!name(made.table)) return false;
  if (made.table == "stem") {
    if (accept_word("default") && !name_or_text(made.default_domain)) return false;
    if (accept_word("only")) {
      do {
        if (!name_or_text(made.only.emplace_back())) return false;
      } while (accept(","));
    }
  }
  if (also && accept_word("where") && !(made.when = expression())) return false;
  rule.emits.push_back(std::move(made));
  return true;
}

bool StatementParser::delete_when(ast::Rule& rule) {
  const Token word = next();
  if (!accept_word("when")) return fail(Code::map_delete_when, peek());
  if (rule.delete_when) return fail(Code::map_set_twice, word);
  rule.delete_when = expression();
  if (!rule.delete_when) return false;
  rule.told_when.reset();
  if (!accept_word("told")) return true;
  if (!accept_word("when")) return fail(Code::map_delete_when, peek());
  rule.told_when = expression();
  return rule.told_when != nullptr;
}

// Lines of a target: key, alias or retires, version, within, shared, assignments. An override replaces, a rule says each thing once.
bool StatementParser::emit_line(ast::Emit& emit, bool replace) {
  if (assignment_ahead()) return assign(emit, replace);
  const Token word = next();
  if (word.text == "key") {
    if (!replace && (emit.key_all || !emit.key.empty())) return fail(Code::map_set_twice, word);
    emit.key.clear();
    emit.key_all = accept("*");
    return emit.key_all || expressions(emit.key);
  }
  if (word.text == "alias" || word.text == "retires") {
    if (!replace && !emit.alias.empty()) return fail(Code::map_set_twice, word);
    emit.alias.clear();
    emit.retires = word.text == "retires";
    return expressions(emit.alias);
  }
  if (word.text == "shared") {
    if (!replace && !emit.shared.empty()) return fail(Code::map_set_twice, word);
    return name(emit.shared);
  }
  if (word.text == "combine") return combine(emit, word);
  std::vector<ast::ExprPtr>& list = word.text == "version" ? emit.version : emit.within;
  if (!replace && !list.empty()) return fail(Code::map_set_twice, word);
  list.clear();
  return expressions(list);
}

// combine COLUMN, COLUMN ? COLUMN. A rule that is overridden keeps its groups; a further line adds one.
bool StatementParser::combine(ast::Emit& emit, const Token& word) {
  ast::Group made;
  made.at = word.at;
  do {
    const Token column = peek();
    std::string text;
    if (!name(text)) return false;
    made.names.emplace_back(std::move(text), column.at);
  } while (accept(","));
  if (accept("?")) {
    const Token column = peek();
    std::string text;
    if (!name(text)) return false;
    made.instead.emplace(std::move(text), column.at);
  }
  emit.combine.push_back(std::move(made));
  return true;
}

bool StatementParser::assign(ast::Emit& emit, bool replace) {
  ast::Assign made;
  made.at = peek().at;
  do {
    const Token& column = next();
    const auto same = [&](const auto& other) { return other.first == column.text; };
    if (std::any_of(made.names.begin(), made.names.end(), same)) return fail(Code::map_column_twice, column);
    made.names.emplace_back(column.text, column.at);
  } while (accept(","));
  next();  // :=
  made.value = expression();
  if (!made.value) return false;
  if (replace && !make_room(emit, made)) return false;
  emit.assigns.push_back(std::move(made));
  return true;
}

// Takes out the assignments an override replaces. Columns that are set together are replaced together.
bool StatementParser::make_room(ast::Emit& emit, const ast::Assign& assign) {
  const auto named = [](const ast::Assign& a, const std::string& name) {
    return std::any_of(a.names.begin(), a.names.end(), [&](const auto& other) { return other.first == name; });
  };
  for (const auto& [column, at] : assign.names) {
    for (const auto& old : emit.assigns) {
      if (!named(old, column)) continue;
      const auto covered = [&](const auto& other) { return named(assign, other.first); };
      if (!std::all_of(old.names.begin(), old.names.end(), covered)) return problem(Code::map_override_part, at, column), false;
    }
  }
  for (const auto& [column, at] : assign.names) {
    std::erase_if(emit.assigns, [&, &name = column](const ast::Assign& old) { return named(old, name); });
  }
  return true;
}

// The rule named by the next token, or `scratch` with a problem, so that the lines that follow are read all the same.
ast::Rule& StatementParser::rule_to_change(ast::Rule& scratch) {
  scratch.emits.emplace_back();
  const Token word = peek();
  std::string wanted;
  if (!name(wanted)) return scratch;
  ast::Rule* rule = find_rule(word);
  if (rule != nullptr) return *rule;
  std::vector<std::string_view> names;
  for (const auto& other : mapping_.rules) names.emplace_back(other.name);
  fail(Code::map_override_unknown, word, nearest(word.text, names));
  return scratch;
}

void StatementParser::override_rule() {
  next();
  ast::Rule scratch;
  ast::Rule* rule = &scratch;
  if (accept_word("rule")) {
    rule = &rule_to_change(scratch);
    if (peek().kind == TokenKind::text) rule->title = next().text;
    if (rule != &scratch) finish();
  } else {
    fail(Code::map_override_rule, peek());
    scratch.emits.emplace_back();
  }
  end_statement();
  std::size_t emit = 0;
  while (peek().kind != TokenKind::end_of_file && problems_.size() < max_problems) {
    const bool inner_without = peek().word("without") && !peek(1).word("rule");
    if (!inner_without && starts_other(peek(), assignment_ahead())) break;
    if (override_line(*rule, emit)) finish();
    end_statement();
  }
}

bool StatementParser::override_line(ast::Rule& rule, std::size_t& emit) {
  const Token start = peek();
  if (!assignment_ahead()) {
    if (start.word("where")) {
      std::vector<ast::Emit> aside;  // a filter may be added although the rule already has its `also` rows
      aside.swap(rule.emits);
      const bool good = filter(rule);
      aside.swap(rule.emits);
      return good;
    }
    if (start.word("without")) return without(rule, rule.emits[emit]);
    if (start.word("delete")) return rule.delete_when.reset(), delete_when(rule);
    if (start.word("also")) {
      if (!target(rule, true)) return false;
      emit = rule.emits.size() - 1;
      return true;
    }
    if (start.word("into")) {
      next();
      const Token table = peek();
      std::string wanted;
      if (!name(wanted)) return false;
      const auto found = std::find_if(rule.emits.begin(), rule.emits.end(), [&](const ast::Emit& e) { return e.table == wanted; });
      if (found == rule.emits.end()) return fail(Code::map_override_into, table);
      emit = static_cast<std::size_t>(found - rule.emits.begin());
      return true;
    }
    if (!emit_word(start)) return fail(Code::map_override_line, start);
  }
  return emit_line(rule.emits[emit], true);
}

bool StatementParser::without(ast::Rule& rule, ast::Emit& emit) {
  next();
  if (accept_word("where")) {
    rule.filters.clear();
    return true;
  }
  const Token word = peek();
  std::string column;
  if (!name(column)) return false;
  const auto names_it = [&](const ast::Assign& a) {
    return std::any_of(a.names.begin(), a.names.end(), [&](const auto& other) { return other.first == column; });
  };
  if (std::erase_if(emit.assigns, names_it) > 0) return true;
  std::vector<std::string_view> names;
  for (const auto& assign : emit.assigns) {
    for (const auto& other : assign.names) names.emplace_back(other.first);
  }
  return fail(Code::map_override_nothing, word, nearest(word.text, names));
}

bool StatementParser::without_rule() {
  next();
  if (!accept_word("rule")) return fail(Code::map_override_rule, peek());
  ast::Rule scratch;
  const ast::Rule* rule = &rule_to_change(scratch);
  if (rule == &scratch) return false;
  mapping_.rules.erase(mapping_.rules.begin() + (rule - mapping_.rules.data()));
  return true;
}

}  // namespace pyojun::language
