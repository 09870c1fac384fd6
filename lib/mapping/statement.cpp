// Statements outside rules: header, include, dialect, lists and lookups, and the order in which they come.
#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "mapping/diagnostic.hpp"
#include "mapping/fixed_layout.hpp"
#include "mapping/grammar.hpp"
#include "mapping/parser.hpp"

namespace pyojun::language {

namespace {

constexpr std::array<std::string_view, 13> settings{"format", "encoding", "delimiter", "quote",  "header",       "ragged",  "null",
                                                    "date",   "file",     "columns",   "layout", "registration", "optional"};
constexpr std::array<std::string_view, 13> statements{"mapping", "cdm",  "source", "timezone", "include", "dialect", "list",
                                                      "define",  "rule", "lookup", "override", "without", "assemble"};

bool contains(std::span<const std::string_view> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool valid_offset(std::string_view text) {
  const auto two = [&](std::size_t at) { return (text[at] - '0') * 10 + text[at + 1] - '0'; };
  const auto shaped = [&] {
    for (const std::size_t i : {1U, 2U, 4U, 5U}) {
      if (text[i] < '0' || text[i] > '9') return false;
    }
    return true;
  };
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':' || !shaped()) return false;
  return two(1) * 60 + two(4) <= 14 * 60 && two(4) < 60;
}

}  // namespace

bool StatementParser::any_of(std::initializer_list<std::string_view> words) const {
  return peek().kind == TokenKind::name && std::find(words.begin(), words.end(), peek().text) != words.end();
}

// True when the statement is `name := ..` or `name, name := ..`, whatever word the name is.
bool StatementParser::assignment_ahead() const {
  std::size_t i = 0;
  while (peek(i).any_name() && peek(i + 1).is(",")) i += 2;
  return peek(i).any_name() && peek(i + 1).is(":=");
}

bool StatementParser::finish() {
  if (at_end()) return true;
  return fail(Code::map_expected_end, peek());
}

// Skips what is left of a statement, so that the next one is read from its beginning.
void StatementParser::end_statement() {
  while (!at_end()) next();
  if (peek().kind == TokenKind::end_of_statement) next();
}

bool StatementParser::name(std::string& out) {
  if (!peek().any_name()) return fail(Code::map_expected_name, peek());
  out = next().text;
  return true;
}

bool StatementParser::name_or_text(std::string& out) {
  if (!peek().any_name() && peek().kind != TokenKind::text) return fail(Code::map_expected_name, peek());
  out = next().text;
  return true;
}

bool StatementParser::text(std::string& out) {
  if (peek().kind != TokenKind::text) return fail(Code::map_expected_text, peek());
  out = next().text;
  return true;
}

bool StatementParser::texts(std::vector<std::string>& out) {
  do {
    if (!text(out.emplace_back())) return false;
  } while (accept(","));
  return true;
}

// synthea/csv, omop-5.4: several tokens without blanks between them.
bool StatementParser::dotted_name(std::string& out) {
  if (!peek().any_name()) return fail(Code::map_expected_name, peek());
  out = next().text;
  while (!at_end() && peek().joined && peek().kind != TokenKind::text) out += next().text;
  return true;
}

void StatementParser::run(bool main_file) {
  if (main_file && !peek().word("mapping")) problem(Code::map_header_missing, peek().at, {});
  while (peek().kind != TokenKind::end_of_file && problems_.size() < max_problems) statement();
  if (problems_.size() >= max_problems) problem(Code::map_too_many_problems, peek().at, {});
}

void StatementParser::statement() {
  if (at_end()) return end_statement();
  const Token start = peek();
  const bool was_dialect = std::exchange(dialect_, false);
  if (start.word("rule") || start.word("override")) {
    lost_ = false;
    return start.text == "rule" ? rule() : override_rule();
  }
  bool good = false;
  if (header_statement(good)) {
    dialect_ = was_dialect;
    lost_ = false;
  } else if (was_dialect && start.kind == TokenKind::name && (contains(settings, start.text) || start.text == "alias")) {
    dialect_ = true;
    good = setting();
  } else if (definition(good)) {
    lost_ = false;
  } else {
    dialect_ = was_dialect;
    unknown_statement(start);
  }
  if (good) finish();
  end_statement();
}

// True when the statement is one of these; `good` says whether it was read.
bool StatementParser::header_statement(bool& good) {
  const Token& start = peek();
  if (start.word("mapping")) return good = mapping_header(), true;
  if (start.word("cdm")) return good = cdm(), true;
  if (start.word("source")) return good = source(), true;
  if (start.word("timezone")) return good = timezone(), true;
  if (start.word("assemble")) return good = assemble(), true;
  if (start.word("include")) return good = include(), true;
  return false;
}

bool StatementParser::definition(bool& good) {
  const Token& start = peek();
  if (start.word("list")) return good = list(), true;
  if (start.word("define")) return good = define(), true;
  if (start.word("lookup")) return good = lookup(), true;
  if (start.word("without")) return good = without_rule(), true;
  if (!start.word("dialect")) return false;
  next();
  file_kind_ = -1;
  return good = dialect_ = true;
}

// Lines behind a beginning that was not understood belong to it; one message is enough for them.
void StatementParser::unknown_statement(const Token& start) {
  if (lost_) return;
  std::vector<std::string_view> words(statements.begin(), statements.end());
  if (dialect_) words.insert(words.end(), settings.begin(), settings.end());
  const bool outside = contains(settings, start.text) || assignment_ahead();
  fail(outside ? Code::map_statement_misplaced : Code::map_statement_unknown, start, nearest(start.text, words));
  lost_ = !dialect_;
}

// The including file speaks first: an included header fills in only what it left unsaid.
bool StatementParser::mapping_header() {
  const Token word = next();
  std::string name, title;
  if (!dotted_name(name)) return false;
  if (peek().kind == TokenKind::text) title = next().text;
  if (progress_.header && !once(word, "mapping")) return false;
  if (!progress_.header) {
    mapping_.name = std::move(name);
    mapping_.title = std::move(title);
  }
  progress_.header = true;
  return true;
}

bool StatementParser::cdm() {
  const Token word = next();
  std::string name;
  if (!dotted_name(name) || !once(word, "cdm")) return false;
  if (!std::exchange(progress_.cdm, true)) mapping_.cdm = std::move(name);
  return true;
}

bool StatementParser::source() {
  const Token word = next();
  std::string how;
  if (!choice({"snapshot", "delta", "messages"}, how) || !once(word, "source")) return false;
  if (!std::exchange(progress_.source, true)) {
    mapping_.delivery = how == "snapshot" ? ast::Delivery::snapshot : how == "delta" ? ast::Delivery::delta : ast::Delivery::messages;
  }
  return true;
}

bool StatementParser::timezone() {
  const Token word = next();
  std::string zone;
  if (peek().kind == TokenKind::text) {
    if (!valid_offset(peek().text)) return fail(Code::map_timezone, peek());
    zone = next().text;
  } else if (!choice({"keep", "utc"}, zone)) {
    return false;
  }
  if (!once(word, "timezone")) return false;
  if (!std::exchange(progress_.timezone, true)) mapping_.timezone = mapping_.dialect.timezone = std::move(zone);
  return true;
}

// Names and values are checked with the schema (check.cpp). An outer file has the smaller number and is heard before what it includes.
bool StatementParser::assemble() {
  next();
  ast::Assemble setting;
  const Token word = peek();
  setting.at = word.at;
  if (!name(setting.name)) return false;
  setting.value_at = peek().at;
  do {
    const Token& value = peek();
    if (!value.any_name() && value.kind != TokenKind::text && value.kind != TokenKind::number) return fail(Code::map_setting_value, value);
    setting.values.push_back(next().text);
  } while (accept(","));
  if (!once(word, "assemble " + setting.name)) return false;
  auto& settings = mapping_.assemble;
  const auto before = std::find_if(settings.begin(), settings.end(), [&](const auto& s) { return s.name == setting.name; });
  if (before == settings.end()) {
    settings.push_back(std::move(setting));
  } else if (setting.at.file < before->at.file) {
    *before = std::move(setting);
  }
  return true;
}

bool StatementParser::include() {
  const ast::Place at = peek(1).at;
  next();
  std::string path;
  if (!text(path)) return false;
  if (!finish()) return false;
  include_(path, at);
  return true;
}

// A setting may be given once in a file; the file that is read later wins over the one before.
bool StatementParser::once(const Token& word, const std::string& what) {
  if (progress_.settings.emplace(word.at.file, what).second) return true;
  return fail(Code::map_set_twice, word);
}

bool StatementParser::choice(std::initializer_list<std::string_view> words, std::string& out) {
  if (any_of(words)) {
    out = next().text;
    return true;
  }
  return fail(Code::map_setting_value, peek(), nearest(peek().text, {words.begin(), words.end()}));
}

bool StatementParser::setting() {
  const Token word = peek();
  if (word.text == "file") return file_setting();
  if (word.text == "columns") return columns_setting(&FileKind::columns);
  if (word.text == "optional") return columns_setting(&FileKind::optional);
  if (word.text == "layout") return layout_setting();
  if (word.text == "alias") return alias_setting();
  next();
  if (word.text == "format" && file_kind_ >= 0) {
    FileKind& file = mapping_.dialect.files[static_cast<std::size_t>(file_kind_)];
    return name(file.format) && once(word, "format " + file.kind);
  }
  return setting_value(word.text) && once(word, "dialect " + word.text);
}

bool StatementParser::setting_value(std::string_view word) {
  Dialect& dialect = mapping_.dialect;
  if (word == "format") return name(dialect.format);
  if (word == "encoding") return name_or_text(dialect.encoding);
  if (word == "delimiter" || word == "quote") {
    std::string& value = word == "delimiter" ? dialect.delimiter : dialect.quote;
    if (word == "quote" && accept_word("none")) return value = "none", true;
    const Token& token = peek();
    if (token.kind == TokenKind::text && token.text.size() != 1) return fail(Code::map_setting_value, token);
    return text(value);
  }
  std::string chosen;
  if (word == "header") {
    if (!choice({"yes", "no"}, chosen)) return false;
    dialect.header = chosen == "yes";
    return true;
  }
  if (word == "ragged") return choice({"refuse", "pad"}, dialect.ragged);
  if (word == "registration") {
    if (!choice({"any", "dashed"}, chosen)) return false;
    dialect.bare_numbers = chosen == "any" ? BareNumbers::guarded : BareNumbers::allowed;
    return true;
  }
  auto& values = word == "null" ? dialect.null_words : dialect.date_forms;
  values.clear();
  return texts(values);
}

bool StatementParser::file_setting() {
  const Token word = next();
  FileKind made;
  const Token kind = peek();
  if (!name(made.kind) || !texts(made.globs)) return false;
  if (!once(kind, "file " + made.kind)) return false;
  auto& files = mapping_.dialect.files;
  auto place = std::find_if(files.begin(), files.end(), [&](const FileKind& f) { return f.kind == made.kind; });
  if (place == files.end()) {
    files.push_back(std::move(made));
    place = files.end() - 1;
  } else {
    *place = std::move(made);
  }
  file_kind_ = static_cast<int>(place - files.begin());
  return true;
}

bool StatementParser::columns_setting(std::vector<std::string> FileKind::*list) {
  const Token word = next();
  if (file_kind_ < 0) return fail(Code::map_columns_without_file, word);
  FileKind& file = mapping_.dialect.files[static_cast<std::size_t>(file_kind_)];
  if (!once(word, word.text + " " + file.kind)) return false;
  auto& names = file.*list;
  do {
    const Token column = peek();
    if (!name(names.emplace_back())) return false;
    if (std::count(names.begin(), names.end(), column.text) > 1) return fail(Code::map_set_twice, column);
  } while (accept(","));
  return true;
}

// Read at once, so that the record kinds are known to every rule below.
bool StatementParser::layout_setting() {
  const Token word = next();
  if (file_kind_ < 0) return fail(Code::layout_without_file, word);
  FileKind& file = mapping_.dialect.files[static_cast<std::size_t>(file_kind_)];
  const Token path = peek();
  if (!once(word, "layout " + file.kind) || !text(file.layout)) return false;
  const auto csv = read_beside(mapping_, word.at.file, file.layout);
  if (!csv) {
    problem(Code::layout_not_readable, path.at, file.layout);
    return true;
  }
  mapping::LayoutReading layout = mapping::read_fixed_layout(*csv);
  if (layout.wrong_line != 0) problem(Code::layout_line_wrong, path.at, file.layout + ":" + std::to_string(layout.wrong_line));
  file.records = std::move(layout.records);
  mapping_.layouts.push_back(*csv);
  mapping_.layout_files.push_back(path_beside(mapping_, word.at.file, file.layout));
  return true;
}

bool StatementParser::alias_setting() {
  next();
  auto& dialect = mapping_.dialect;
  auto& aliases = file_kind_ < 0 ? dialect.aliases : dialect.files[static_cast<std::size_t>(file_kind_)].aliases;
  std::string delivered, used;
  const Token as_delivered = peek();
  if (!text(delivered)) return false;
  if (!accept("->")) return fail(Code::map_expected_arrow, peek());
  if (!name(used)) return false;
  const auto same = [&](const auto& pair) { return pair.first == delivered; };
  if (std::find_if(aliases.begin(), aliases.end(), same) != aliases.end()) return fail(Code::map_set_twice, as_delivered);
  aliases.emplace_back(std::move(delivered), std::move(used));
  return true;
}

bool StatementParser::list() {
  next();
  ast::List list;
  const Token word = peek();
  list.at = word.at;
  if (!name(list.name)) return false;
  if (peek().kind == TokenKind::text && !peek(1).is("->")) {
    list.file = next().text;
  } else if (!pairs(list)) {
    return false;
  }
  auto& lists = mapping_.lists;
  const auto before = std::find_if(lists.begin(), lists.end(), [&](const ast::List& l) { return l.name == list.name; });
  if (before == lists.end()) {
    lists.push_back(std::move(list));
  } else if (before->at.file == list.at.file) {
    return fail(Code::map_name_twice, word);
  } else {
    *before = std::move(list);  // a site's own list takes the place of an included one
  }
  return true;
}

// "text" -> number, one or several on a line, on the same line as the name or below it.
bool StatementParser::pairs(ast::List& list) {
  std::set<std::string> seen;
  while (true) {
    if (at_end() && peek().kind == TokenKind::end_of_statement && peek(1).kind == TokenKind::text && peek(2).is("->")) next();
    if (peek().kind != TokenKind::text) break;
    const Token key = peek();
    std::string value;
    std::int64_t id = 0;
    if (!text(value)) return false;
    if (!accept("->")) return fail(Code::map_expected_arrow, peek());
    const std::string& digits = peek().text;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
    if (peek().kind != TokenKind::number || error != std::errc{} || end != digits.data() + digits.size()) {
      return fail(Code::map_expected_concept, peek());
    }
    next();
    if (!seen.insert(value).second) return fail(Code::map_set_twice, key);
    list.pairs.emplace_back(std::move(value), id);
    accept(",");
  }
  return !list.pairs.empty() || fail(Code::map_expected_text, peek());
}

// define NAME := expression. As with lists, a site's own takes the place of an included one.
bool StatementParser::define() {
  next();
  ast::Define made;
  const Token word = peek();
  made.at = word.at;
  if (!name(made.name)) return false;
  if (!accept(":=")) return fail(Code::map_expected_assign, peek());
  if (!(made.value = expression())) return false;
  auto& defines = mapping_.defines;
  const auto before = std::find_if(defines.begin(), defines.end(), [&](const ast::Define& d) { return d.name == made.name; });
  if (before == defines.end()) {
    defines.push_back(std::move(made));
  } else if (before->at.file == made.at.file) {
    return fail(Code::map_name_twice, word);
  } else {
    *before = std::move(made);
  }
  return true;
}

// The parts may stand on lines of their own: lookup NAME / from KIND where .. / key .. / keep name := expr, ..
bool StatementParser::lookup() {
  next();
  ast::Lookup lookup;
  const Token word = peek();
  lookup.at = word.at;
  if (!name(lookup.name)) return false;
  const auto next_line = [&](std::string_view part) {
    if (peek().kind == TokenKind::end_of_statement && peek(1).word(part)) next();
    return accept_word(part);
  };
  if (!next_line("from")) return fail(Code::map_lookup_incomplete, word);
  if (!name(lookup.kind)) return false;
  if (next_line("where") && !(lookup.where = expression())) return false;
  if (!next_line("key")) return fail(Code::map_lookup_incomplete, word);
  if (!expressions(lookup.key)) return false;
  if (!next_line("keep")) return fail(Code::map_lookup_incomplete, word);
  if (!keep(lookup)) return false;
  const auto same = [&](const ast::Lookup& other) { return other.name == lookup.name; };
  if (std::any_of(mapping_.lookups.begin(), mapping_.lookups.end(), same)) return fail(Code::map_name_twice, word);
  mapping_.lookups.push_back(std::move(lookup));
  return true;
}

bool StatementParser::keep(ast::Lookup& lookup) {
  bool more = true;
  while (more) {
    const Token column = peek();
    std::string kept;
    if (!name(kept)) return false;
    if (!accept(":=")) return fail(Code::map_expected_assign, peek());
    auto value = expression();
    if (!value) return false;
    const auto same = [&](const auto& pair) { return pair.first == kept; };
    if (std::any_of(lookup.keep.begin(), lookup.keep.end(), same)) return fail(Code::map_set_twice, column);
    lookup.keep.emplace_back(std::move(kept), std::move(value));
    more = accept(",");
    if (peek().kind != TokenKind::end_of_statement) continue;
    if (peek(1).word("keep") && peek(2).any_name()) {
      next(), next();
      more = true;
    } else if (peek(1).any_name() && peek(2).is(":=")) {
      next();
      more = true;
    }
  }
  return true;
}

}  // namespace pyojun::language
