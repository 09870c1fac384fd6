// Static checks of assigned values: does what an expression gives fit the column it is written to.
#include <algorithm>
#include <charconv>
#include <limits>

#include "mapping/checker.hpp"
#include "mapping/diagnostic.hpp"

namespace pyojun::language {

using ast::Expr;
using ast::Kind;

namespace {

std::optional<double> number_of(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

bool Checker::is_concept(const Column& column) const {
  return column.references != no_table && schema_.table(column.references).name == "concept";
}

// What an expression gives, in the words of Function::result; empty when it cannot be said.
std::string_view Checker::result_of(const Expr& expr) const {
  switch (expr.kind) {
    case Kind::path:
    case Kind::node_path:
    case Kind::concat:
      return "text";
    case Kind::call: {
      if (!expr.member.empty()) return "text";  // lookups keep text
      if ((expr.text == "optional" || expr.text == "assumed") && !expr.args.empty()) return result_of(*expr.args[0]);
      if (const Function* function = find_function(expr.text)) return function->result;
      if (const ast::Define* define = find_define(expr.text)) return result_of(*define->value);
      return schema_.find(expr.text) != no_table ? "reference" : std::string_view();
    }
    case Kind::logical_or:
    case Kind::logical_and:
    case Kind::logical_not:
    case Kind::compare:
    case Kind::in_values:
    case Kind::in_list:
    case Kind::matches:
    case Kind::present:
    case Kind::empty:
      return "condition";
    default:
      return {};
  }
}

void Checker::fits(const Expr& expr, const Column& column, bool first_of_several, bool reads_text) {
  if (expr.kind == Kind::fallback) {
    for (const auto& part : expr.args) fits(*part, column, first_of_several, reads_text);
    return;
  }
  const bool optional = expr.kind == Kind::call && (expr.text == "optional" || expr.text == "assumed") && !expr.args.empty();
  if (expr.kind == Kind::when || optional) return fits(*expr.args[0], column, first_of_several, reads_text);
  if (reads_text && (expr.kind == Kind::text || result_of(expr) == "text")) return;
  if (expr.kind == Kind::text || expr.kind == Kind::number || expr.kind == Kind::boolean) return literal_fits(expr, column);
  const std::string_view result = result_of(expr);
  const bool date = column.type == ColumnType::date || column.type == ColumnType::datetime;
  const auto any_of = [&](std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), result) != words.end();
  };
  if (date && any_of({"text", "number", "integer", "concept", "code", "condition", "reference"})) {
    return add(Code::map_value_no_date, expr.at, column.name);
  }
  if (!date && column.type != ColumnType::text && any_of({"time", "condition"})) return add(Code::map_value_misfit, expr.at, column.name);
  if (column.type == ColumnType::integer && column.references != no_table && !is_concept(column) && result == "text") {
    return add(Code::map_reference_expected, expr.at, column.name, schema_.table(column.references).name + "(..)");
  }
  if (is_concept(column) && result == "text") return add(Code::map_concept_expected, expr.at, column.name);
  if (result == "range" && !first_of_several) return add(Code::map_value_misfit, expr.at, column.name);
  if (expr.kind != Kind::call || !is_concept(column)) return;
  if (expr.text == "list" && !expr.args.empty()) listed_concepts(expr, column);
  if (expr.text == "concept" && expr.args.size() == 2 && expr.args[1]->kind == Kind::text && !column.domain.empty() &&
      expr.args[1]->text != column.domain) {
    add(Code::map_concept_domain, expr.args[1]->at, expr.args[1]->text, column.domain);
  }
}

void Checker::literal_fits(const Expr& expr, const Column& column) {
  const std::optional<double> number = expr.kind == Kind::boolean ? std::nullopt : number_of(expr.text);
  switch (column.type) {
    case ColumnType::text:
      if (column.max_length > 0 && characters(expr.text) > column.max_length) add(Code::map_text_too_long, expr.at, column.name);
      return;
    case ColumnType::date:
    case ColumnType::datetime:
      return add(Code::map_value_no_date, expr.at, column.name);
    case ColumnType::number:
      if (!number) add(Code::map_value_misfit, expr.at, column.name);
      return;
    case ColumnType::integer:
      break;
  }
  const double limit = std::numeric_limits<std::int32_t>::max();
  if (!number || *number > limit || *number < -limit || *number != static_cast<double>(static_cast<std::int64_t>(*number))) {
    return add(Code::map_value_misfit, expr.at, column.name);
  }
  if (is_concept(column)) concept_fits(static_cast<std::int64_t>(*number), expr.at, column, expr.text);
}

void Checker::concept_fits(std::int64_t id, const ast::Place& at, const Column& column, std::string_view subject) {
  if (vocabulary_ == nullptr || id == 0) return;
  const std::string name(subject);
  const auto found =
      id > 0 && id <= std::numeric_limits<std::int32_t>::max() ? vocabulary_->concept_of(static_cast<std::int32_t>(id)) : std::nullopt;
  if (!found) return add(Code::map_concept_unknown, at, name);
  if (found->invalid_reason != 0) return add(Code::map_concept_invalid, at, name);
  if (column.name.ends_with("_source_concept_id")) return;  // any concept may be a source concept
  if (found->standard != 'S') return add(Code::map_concept_not_standard, at, name);
  if (!column.domain.empty() && found->domain != column.domain) add(Code::map_concept_domain, at, name);
}

void Checker::listed_concepts(const Expr& call, const Column& column) {
  const std::string_view name = call.args[0]->kind == Kind::text ? std::string_view(call.args[0]->text) : plain_step(*call.args[0]);
  const ast::List* list = find_list(name);
  if (list == nullptr) return;
  for (const auto& [text, id] : list->pairs) concept_fits(id, list->at, column, std::to_string(id));
}

}  // namespace pyojun::language
