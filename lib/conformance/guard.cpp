#include "conformance/guard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <vector>

#include "base/resources.hpp"
#include "base/text.hpp"
#include "conformance/render.hpp"

namespace pyojun {

namespace {

// What the engines share (docs/conformance/packs.md); the prelude's own come to it.
constexpr std::array functions{
    "abs",     "avg",     "cast",      "ceil",       "ceiling", "char_length", "coalesce",   "concat",  "count",      "dense_rank",
    "exp",     "extract", "floor",     "greatest",   "lag",     "lead",        "least",      "left",    "length",     "ln",
    "lower",   "ltrim",   "max",       "min",        "mod",     "nullif",      "position",   "power",   "rank",       "replace",
    "reverse", "right",   "round",     "row_number", "rtrim",   "sign",        "split_part", "sqrt",    "stddev_pop", "stddev_samp",
    "strpos",  "substr",  "substring", "sum",        "trim",    "try_cast",    "upper",      "var_pop", "var_samp"};

// Words of SQL and types that stand before a parenthesis without being called.
constexpr std::array before_parenthesis{
    "all",    "and",       "any",    "as",      "between", "bigint",  "by",   "case",    "char",      "decimal",   "distinct", "else",
    "except", "exists",    "filter", "from",    "group",   "having",  "in",   "integer", "intersect", "is",        "join",     "lateral",
    "like",   "limit",     "not",    "numeric", "offset",  "on",      "or",   "order",   "over",      "partition", "select",   "some",
    "then",   "timestamp", "union",  "using",   "values",  "varchar", "when", "where",   "with"};

// Words that change something, read files, or show what is no table of the CDM.
constexpr std::array forbidden{"alter",     "analyze",  "attach",   "call",    "checkpoint", "copy",    "create", "deallocate",
                               "delete",    "describe", "detach",   "do",      "drop",       "execute", "export", "grant",
                               "import",    "insert",   "install",  "into",    "listen",     "load",    "lock",   "merge",
                               "notify",    "pivot",    "pragma",   "prepare", "reset",      "revoke",  "set",    "show",
                               "summarize", "table",    "truncate", "unpivot", "update",     "vacuum"};

constexpr std::array schemas{"cdm", "ledger", "profile", "quarantine", "results"};
constexpr std::array catalogues{"duckdb_", "information_schema", "pg_", "pragma_", "sqlite_"};  // beginnings of names
constexpr std::array end_of_from{"except", "fetch",   "group",  "having", "intersect", "limit", "offset",
                                 "order",  "qualify", "select", "union",  "where",     "window"};

bool listed(std::span<const char* const> list, std::string_view word) { return std::ranges::find(list, word) != list.end(); }

// Names of the macros of schemas/conformance/prelude; the engines have the same ones.
bool of_prelude(std::string_view word) {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> out;
    const std::string_view text = resource("schemas/conformance/prelude/duckdb.sql").value_or("");
    constexpr std::string_view mark = " macro ";
    for (std::size_t at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + 1)) {
      const std::size_t begin = at + mark.size();
      out.push_back(text.substr(begin, text.find('(', begin) - begin));
    }
    return out;
  }();
  return std::ranges::find(names, word) != names.end();
}

bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool digit(char c) { return c >= '0' && c <= '9'; }

enum class TokenKind : std::uint8_t { word, name, text, number, sign };

struct Token {
  TokenKind kind = TokenKind::sign;
  std::string text;  // words in lower case; names without their quotes; "" for texts
  bool is(std::string_view sign) const { return kind == TokenKind::sign && text == sign; }
  bool word(std::string_view name) const { return kind == TokenKind::word && text == name; }
};

// Cuts the statement; `wrong` says what cannot be cut safely, because engines would not agree on it.
class Tokens {
 public:
  explicit Tokens(std::string_view sql) : sql_(sql) {
    while (wrong.empty() && at_ < sql_.size()) next();
  }
  std::vector<Token> list;
  std::string wrong;

 private:
  void next();
  void quoted(char quote);
  bool follows(std::string_view text) const { return sql_.substr(at_).starts_with(text); }
  std::string_view sql_;
  std::size_t at_ = 0;
};

void Tokens::quoted(char quote) {
  std::string text;
  // E'\'' and U&"..." end elsewhere than they seem to.
  if (at_ > 0 && (letter(sql_[at_ - 1]) || digit(sql_[at_ - 1]) || sql_[at_ - 1] == '&')) {
    wrong = "a quote behind a letter";
    return;
  }
  for (++at_; at_ < sql_.size(); ++at_) {
    if (sql_[at_] == quote && at_ + 1 < sql_.size() && sql_[at_ + 1] == quote) {
      text += sql_[at_++];
    } else if (sql_[at_] == quote) {
      break;
    } else {
      text += sql_[at_];
    }
  }
  if (at_ == sql_.size()) {
    wrong = "an open quote";
    return;
  }
  ++at_;
  if (quote == '\'') {
    list.push_back({TokenKind::text, {}});
    return;
  }
  // "rows.csv" would be a file.
  const bool plain = std::ranges::all_of(text, [](char c) { return letter(c) || digit(c) || c == ' '; });
  if (!plain) wrong = "a quoted name with other characters than letters, digits, _ and blanks";
  list.push_back({TokenKind::name, ascii_lower(text)});
}

void Tokens::next() {
  const char c = sql_[at_];
  if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
    ++at_;
  } else if (c == '\'' || c == '"') {
    quoted(c);
  } else if (letter(c) || digit(c)) {
    const std::size_t begin = at_;
    while (at_ < sql_.size() && (letter(sql_[at_]) || digit(sql_[at_]))) ++at_;
    list.push_back({letter(c) ? TokenKind::word : TokenKind::number, ascii_lower(std::string(sql_.substr(begin, at_ - begin)))});
  } else if (follows("--") || follows("/*")) {
    wrong = "a comment";
  } else if (follows("::")) {
    list.push_back({TokenKind::sign, "::"});
    at_ += 2;
  } else if (c == ';') {
    wrong = "a second statement";
  } else if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7E || c == '$' || c == ':' || c == '\\' ||
             c == '`') {
    wrong = "a character that no name, number or operator has";
  } else {
    list.push_back({TokenKind::sign, std::string(1, c)});
    ++at_;
  }
}

class Guard {
 public:
  explicit Guard(const std::vector<Token>& tokens) : tokens_(tokens) { levels_.emplace_back(); }
  std::string look();

 private:
  struct Level {
    bool call = false;     // opened by a function's name: `from` in it is a part of extract() or trim()
    bool selects = false;  // a SELECT was seen
    bool in_from = false, table_next = false;
  };
  const Token* before(std::size_t at, std::size_t back = 1) const { return at >= back ? &tokens_[at - back] : nullptr; }
  const Token* behind(std::size_t at, std::size_t on = 1) const { return at + on < tokens_.size() ? &tokens_[at + on] : nullptr; }
  std::string look_at(std::size_t at);
  std::string open(std::size_t at);
  std::string word(std::size_t at);
  std::string relation(std::size_t& at);

  const std::vector<Token>& tokens_;
  std::vector<Level> levels_;
};

std::string Guard::open(std::size_t at) {
  const Token* const name = before(at);
  Level level;
  if (name != nullptr && name->kind == TokenKind::name) return "the function " + name->text;
  if (name != nullptr && name->kind == TokenKind::word && !listed(before_parenthesis, name->text)) {
    // `) v(n)`: columns of a derived table; `with v(n) as`: of a named one.
    const Token* const earlier = before(at, 2);
    const bool alias = earlier != nullptr && (earlier->is(")") || earlier->word("as") || earlier->word("with"));
    if (!alias && !listed(functions, name->text) && !of_prelude(name->text)) return "the function " + name->text;
    level.call = !alias;
  }
  levels_.push_back(level);
  return {};
}

std::string Guard::word(std::size_t at) {
  const Token& token = tokens_[at];
  Level& level = levels_.back();
  const Token* const last = before(at);
  const bool member = last != nullptr && last->is(".");  // a column may be called anything
  if (member) return {};
  if (listed(forbidden, token.text)) return "the word " + token.text;
  if (token.text == "desc" && (last == nullptr || last->is("("))) return "the word desc";
  if (listed(end_of_from, token.text)) level.in_from = false;
  if (token.text == "select") level.selects = true;
  const Token* const earlier = before(at, 2);
  const bool distinct_from =
      last != nullptr && last->word("distinct") && earlier != nullptr && (earlier->word("is") || earlier->word("not"));
  const bool clause = token.text == "from" && !distinct_from && (!level.call || level.selects);
  if (clause || token.text == "join") level.in_from = level.table_next = true;
  return {};
}

// What stands where a table is named; `at` goes on to its last token.
std::string Guard::relation(std::size_t& at) {
  const Token& token = tokens_[at];
  levels_.back().table_next = false;
  if (token.kind == TokenKind::text) return "a file as a table";
  if (token.kind != TokenKind::word && token.kind != TokenKind::name)
    return token.is("[") ? std::string("a file as a table") : std::string();
  const Token* const dot = behind(at);
  if (dot != nullptr && dot->is(".")) {
    if (!listed(schemas, token.text)) return "the schema " + token.text;
    const Token* const deeper = behind(at, 3);
    if (deeper != nullptr && deeper->is(".")) return "a table of another database";
    at += 2;
    return {};
  }
  if (std::ranges::any_of(catalogues, [&](std::string_view begin) { return token.text.starts_with(begin); }))
    return "the table " + token.text;
  return {};
}

std::string Guard::look_at(std::size_t at) {
  const Token& token = tokens_[at];
  if (token.is("(")) {
    levels_.back().table_next = false;
    return open(at);
  }
  if (token.is(")")) {
    if (levels_.size() == 1) return "a parenthesis that was not opened";
    levels_.pop_back();
  }
  if (token.is(",") && levels_.back().in_from) levels_.back().table_next = true;
  return token.kind == TokenKind::word ? word(at) : std::string();
}

std::string Guard::look() {
  for (std::size_t at = 0; at < tokens_.size(); ++at) {
    const bool table = levels_.back().table_next && !tokens_[at].is("(") && !tokens_[at].word("lateral");
    std::string wrong = table ? relation(at) : look_at(at);
    // A name in the place of a table may be called like a function: from lower('x').
    if (wrong.empty() && table && behind(at) != nullptr && behind(at)->is("(") && tokens_[at].kind == TokenKind::word)
      wrong = "the function " + tokens_[at].text;
    if (wrong.empty() && table && tokens_[at].kind == TokenKind::word && listed(forbidden, tokens_[at].text))
      wrong = "the word " + tokens_[at].text;
    if (!wrong.empty()) return wrong;
  }
  return levels_.size() == 1 ? std::string() : std::string("a parenthesis that is not closed");
}

std::string refused(std::string_view sql, bool statement) {
  const Tokens tokens(sql);
  if (!tokens.wrong.empty()) return tokens.wrong;
  if (statement && (tokens.list.empty() || !(tokens.list[0].word("select") || tokens.list[0].word("with") || tokens.list[0].is("("))))
    return "a statement that is no SELECT";
  return Guard(tokens.list).look();
}

// Existence is decided by the catalogue: table and field are texts in the statement shown.
std::string refused_check(const Criterion& criterion, const CheckSql& check) {
  if (std::string wrong = criterion.applies.empty() ? "" : refused_expression(criterion.applies); !wrong.empty()) return wrong;
  if (check.shape == Shape::stated || check.shape == Shape::table || check.shape == Shape::field) return {};
  for (const std::string* const part :
       {&check.violated, &check.counted, &check.group1, &check.group2, &check.grouped_violated, &check.grouped_counted, &check.codes}) {
    if (check.shape == Shape::query || part->empty()) continue;
    if (std::string wrong = refused_expression(*part); !wrong.empty()) return wrong;
  }
  for (const std::string* const statement : {&check.query, &check.keys_query}) {
    if (statement->empty() && statement == &check.keys_query) continue;
    if (std::string wrong = refused_statement(*statement); !wrong.empty()) return wrong;
  }
  return {};
}

}  // namespace

std::string refused_statement(std::string_view sql) { return refused(sql, true); }
std::string refused_expression(std::string_view sql) { return refused(sql, false); }

Status check_statements(const Pack& pack, const std::string& name) {
  // Without a source: what its catalogue adds are its own column names.
  const Catalog nothing;
  const RenderContext context{&nothing, nullptr, "2000-01-01"};
  for (const Criterion& criterion : pack.criteria) {
    if (const std::string wrong = refused_check(criterion, render(criterion, context)); !wrong.empty()) {
      return Error{Code::pack_sql_refused, name + "/criteria.csv", Position{criterion.line, 0, 0}, criterion.id, wrong};
    }
  }
  return {};
}

}  // namespace pyojun
