// Syntax tree to text in the language's own form, one canonical spelling for each tree.
#include <fmt/format.h>

#include <algorithm>

#include "mapping/parser.hpp"
#include "mapping/token.hpp"

namespace pyojun {

namespace {

using ast::Expr;
using ast::Kind;

std::string quoted(std::string_view text, char mark) {
  std::string out(1, mark);
  for (const char c : text) {
    const char letter = c == '\n' ? 'n' : c == '\t' ? 't' : c == '\r' ? 'r' : (c == '\\' || c == mark) ? c : '\0';
    if (letter != '\0') out += '\\';
    out += letter != '\0' ? letter : c;
  }
  return out + mark;
}

std::string text_form(std::string_view text) { return quoted(text, '"'); }
std::string name_form(std::string_view name) { return language::plain_name(name) ? std::string(name) : quoted(name, '`'); }
std::string field_form(std::string_view name) { return language::reserved(name) ? quoted(name, '`') : name_form(name); }

bool whole_number(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos; }

std::string print_path(const ast::Path& path, bool continued);

// Levels of the grammar, loosest first; an operand of a looser level goes into parentheses.
enum Level : int { fallback, when, disjunction, conjunction, negation, comparison, concatenation, primary };

Level level_of(const Expr& expr) {
  switch (expr.kind) {
    case Kind::fallback:
      return fallback;
    case Kind::when:
      return when;
    case Kind::logical_or:
      return disjunction;
    case Kind::logical_and:
      return conjunction;
    case Kind::logical_not:
      return negation;
    case Kind::compare:
    case Kind::in_values:
    case Kind::in_list:
    case Kind::matches:
    case Kind::present:
    case Kind::empty:
      return comparison;
    case Kind::concat:
      return concatenation;
    default:
      return primary;
  }
}

std::string operand(const Expr& expr, Level least) { return level_of(expr) < least ? fmt::format("({})", print(expr)) : print(expr); }

std::string joined(const std::vector<ast::ExprPtr>& args, std::size_t from, std::string_view between, Level least) {
  std::string out;
  for (std::size_t i = from; i < args.size(); ++i) {
    if (i > from) out += between;
    out += operand(*args[i], least);
  }
  return out;
}

std::string print_predicate(const ast::Step::Predicate& predicate) {
  if (!predicate.condition) return fmt::format("[{}]", predicate.index);
  const std::string inside = print(*predicate.condition);
  return inside == "x" ? "[.x]" : fmt::format("[{}]", inside);  // [x] alone is the choice of value[x]
}

// `continued`: the path goes on behind something (a call), so every step has its separator.
std::string print_path(const ast::Path& path, bool continued) {
  std::string out(path.up, '^');
  if (path.self) return out.empty() ? "." : out;
  bool first = !continued;
  for (const auto& step : path.steps) {
    const bool number = whole_number(step.name);
    out += step.descendant ? "//" : (!first || number) ? "." : "";
    out += number ? step.name : first && path.up == 0 && !step.descendant ? field_form(step.name) : name_form(step.name);
    if (step.choice) out += "[x]";
    for (const auto& predicate : step.predicates) out += print_predicate(predicate);
    first = false;
  }
  return out;
}

// Words and numbers as they are, anything else quoted.
std::string value_form(std::string_view value) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  const bool number = !value.empty() && value[0] >= '0' && value[0] <= '9';
  return std::all_of(value.begin(), value.end(), plain) && (!number || value.size() < 10) ? std::string(value) : text_form(value);
}

class Printer {
 public:
  std::string run(const ast::Mapping& m) {
    header(m);
    for (const auto& setting : m.assemble) line("assemble " + setting.name + " " + list_of(setting.values, value_form));
    dialect(m.dialect);
    for (const auto& list : m.lists) print_list(list);
    for (const auto& lookup : m.lookups) print_lookup(lookup);
    for (const auto& rule : m.rules) print_rule(rule);
    return std::move(out_);
  }

 private:
  void line(std::string_view text) {
    out_ += text;
    out_ += '\n';
  }

  std::string title_form(const std::string& title) const { return title.empty() ? std::string() : " " + text_form(title); }

  void header(const ast::Mapping& m) {
    if (!m.name.empty()) line("mapping " + m.name + title_form(m.title));
    if (!m.cdm.empty()) line("cdm " + m.cdm);
    if (m.delivery != ast::Delivery::snapshot) line(m.delivery == ast::Delivery::delta ? "source delta" : "source messages");
    if (m.timezone != "keep") line("timezone " + (m.timezone == "utc" ? m.timezone : text_form(m.timezone)));
  }

  std::string list_of(const std::vector<std::string>& items, std::string (*form)(std::string_view)) const {
    std::string out;
    for (const auto& item : items) out += (out.empty() ? "" : ", ") + form(item);
    return out;
  }

  void aliases(const std::vector<std::pair<std::string, std::string>>& pairs) {
    for (const auto& [delivered, used] : pairs) line("  alias " + text_form(delivered) + " -> " + name_form(used));
  }

  void dialect(const Dialect& d) {
    const Dialect usual;
    const std::string before = std::exchange(out_, {});
    if (!d.format.empty()) line("  format " + name_form(d.format));
    if (!d.encoding.empty()) line("  encoding " + name_form(d.encoding));
    if (!d.delimiter.empty()) line("  delimiter " + text_form(d.delimiter));
    if (d.quote != usual.quote) line("  quote " + (d.quote == "none" ? d.quote : text_form(d.quote)));
    if (!d.header) line("  header no");
    if (d.ragged != usual.ragged) line("  ragged " + d.ragged);
    if (d.bare_numbers != usual.bare_numbers) line("  registration dashed");
    if (!d.null_words.empty()) line("  null " + list_of(d.null_words, text_form));
    if (!d.date_forms.empty()) line("  date " + list_of(d.date_forms, text_form));
    aliases(d.aliases);
    for (const auto& file : d.files) {
      line("  file " + name_form(file.kind) + " " + list_of(file.globs, text_form));
      if (!file.format.empty()) line("  format " + name_form(file.format));
      if (!file.columns.empty()) line("  columns " + list_of(file.columns, name_form));
      if (!file.optional.empty()) line("  optional " + list_of(file.optional, name_form));
      if (!file.layout.empty()) line("  layout " + text_form(file.layout));
      aliases(file.aliases);
    }
    out_ = before + (out_.empty() ? "" : "dialect\n") + out_;
  }

  void print_list(const ast::List& list) {
    line("list " + name_form(list.name) + (list.file.empty() ? std::string() : " " + text_form(list.file)));
    for (const auto& [text, id] : list.pairs) line(fmt::format("  {} -> {}", text_form(text), id));
  }

  void print_lookup(const ast::Lookup& lookup) {
    line("lookup " + name_form(lookup.name));
    line("  from " + name_form(lookup.kind) + condition(lookup.where));
    line("  key " + joined(lookup.key, 0, ", ", fallback));
    for (const auto& [column, value] : lookup.keep) line("  keep " + name_form(column) + " := " + print(*value));
  }

  std::string condition(const ast::ExprPtr& where) const { return where ? " where " + print(*where) : std::string(); }

  void print_rule(const ast::Rule& rule) {
    line("rule " + name_form(rule.name) + title_form(rule.title));
    if (!rule.kind.empty()) line("  from " + (rule.kind == "*" ? rule.kind : name_form(rule.kind)) + condition(rule.from_where));
    for (const auto& each : rule.each) line("  each " + print(*each.path) + (each.or_self ? " ? ." : "") + condition(each.where));
    for (const auto& filter : rule.filters) {
      const std::string shown = print(*filter.condition);
      line("  where " + shown + (filter.reason == shown ? std::string() : " " + text_form(filter.reason)));
    }
    for (std::size_t i = 0; i < rule.emits.size(); ++i) print_emit(rule.emits[i], i == 0);
    if (rule.delete_when)
      line("  delete when " + print(*rule.delete_when) + (rule.told_when ? " told when " + print(*rule.told_when) : ""));
  }

  void print_emit(const ast::Emit& emit, bool main) {
    std::string target = (main ? "  into " : "  also ") + name_form(emit.table);
    if (!emit.default_domain.empty()) target += " default " + name_form(emit.default_domain);
    if (!emit.only.empty()) target += " only " + list_of(emit.only, name_form);
    line(target + condition(emit.when));
    if (emit.key_all) line("  key *");
    if (!emit.key.empty()) line("  key " + joined(emit.key, 0, ", ", fallback));
    if (!emit.alias.empty()) line((emit.retires ? "  retires " : "  alias ") + joined(emit.alias, 0, ", ", fallback));
    if (!emit.version.empty()) line("  version " + joined(emit.version, 0, ", ", fallback));
    if (!emit.within.empty()) line("  within " + joined(emit.within, 0, ", ", fallback));
    if (!emit.shared.empty()) line("  shared " + name_form(emit.shared));
    for (const auto& group : emit.combine) {
      std::string names;
      for (const auto& [name, at] : group.names) names += (names.empty() ? "" : ", ") + name_form(name);
      line("  combine " + names + (group.instead ? " ? " + name_form(group.instead->first) : std::string()));
    }
    for (const auto& assign : emit.assigns) {
      std::string names;
      for (const auto& [name, at] : assign.names) names += (names.empty() ? "" : ", ") + name_form(name);
      line("  " + names + " := " + print(*assign.value));
    }
  }

  std::string out_;
};

}  // namespace

std::string print(const Expr& expr) {
  const auto arg = [&](std::size_t i, Level least) { return operand(*expr.args[i], least); };
  switch (expr.kind) {
    case Kind::text:
      return text_form(expr.text);
    case Kind::number:
    case Kind::boolean:
      return expr.text;
    case Kind::null:
      return "null";
    case Kind::path:
      return print_path(expr.path, false);
    case Kind::call: {
      const std::string out = fmt::format("{}({})", expr.text, joined(expr.args, 0, ", ", fallback));
      return expr.member.empty() ? out : out + "." + name_form(expr.member);
    }
    case Kind::node_path:
      return print(*expr.args[0]) + print_path(expr.path, true);
    case Kind::each:
      return "each " + arg(0, primary);
    case Kind::fallback:
      return joined(expr.args, 0, " ? ", when);
    case Kind::when:
      return arg(0, disjunction) + " when " + arg(1, disjunction);
    case Kind::logical_or:
      return joined(expr.args, 0, " or ", conjunction);
    case Kind::logical_and:
      return joined(expr.args, 0, " and ", negation);
    case Kind::logical_not:
      return "not " + arg(0, negation);
    case Kind::compare:
      return arg(0, concatenation) + " " + expr.text + " " + arg(1, concatenation);
    case Kind::in_values:
      return arg(0, concatenation) + " in (" + joined(expr.args, 1, ", ", fallback) + ")";
    case Kind::in_list:
      return arg(0, concatenation) + " in " + name_form(expr.text);
    case Kind::matches:
      return arg(0, concatenation) + " matches " + text_form(expr.text);
    case Kind::present:
      return "present " + arg(0, concatenation);
    case Kind::empty:
      return "empty " + arg(0, concatenation);
    case Kind::concat:
      return joined(expr.args, 0, " & ", primary);
  }
  return {};
}

std::string print(const ast::Mapping& mapping) { return Printer().run(mapping); }

}  // namespace pyojun
