// The audit as JSON: one criterion a line, members in a fixed order.
#include <fmt/format.h>

#include "report/conformance.hpp"
#include "report/json_writer.hpp"

namespace pyojun {

namespace {

std::string percent(const std::optional<double>& value) { return value ? shown_score(*value) : std::string("null"); }

template <class Number>
std::string whole(const std::optional<Number>& value) {
  return value ? fmt::format("{}", *value) : std::string("null");
}

std::string tally_row(const Tally& tally) {
  JsonRow row;
  for (std::size_t i = 0; i < state_count; ++i) row.number(state_name(static_cast<State>(i)), tally.states[i]);
  return row.done();
}

std::string arguments_row(const Arguments& args) {
  JsonRow row;
  for (const auto& [name, value] : args) row.text(name, value);
  const std::string out = row.done();
  return args.empty() ? "{}" : out;
}

std::string criterion_row(const CriterionResult& one) {
  const Criterion& criterion = one.criterion;
  JsonRow row;
  row.text("id", criterion.id).text("check", criterion.check).text("title", criterion.title).text("title_ko", criterion.title_ko);
  row.text("category", criterion.category).text("subcategory", criterion.subcategory).text("kind", criterion.kind);
  row.text("table", criterion.table).text("field", criterion.field).raw("args", arguments_row(criterion.args));
  row.text("state", state_name(one.state));
  row.raw("violated", one.measured ? fmt::format("{}", one.violated) : "null")
      .raw("counted", one.measured ? fmt::format("{}", one.counted) : "null");
  if (one.codes_counted) row.raw("codes_violated", whole(one.codes_violated)).raw("codes_counted", whole(one.codes_counted));
  row.raw("threshold", criterion.threshold ? fmt::format("{}", *criterion.threshold) : "null")
      .raw("weight", fmt::format("{}", criterion.weight));
  row.raw("scoring", criterion.scoring ? "true" : "false").raw("critical", criterion.critical ? "true" : "false");
  if (one.sql_error) row.raw("sql_error", "true");
  if (!one.reason.empty()) row.text("reason", one.reason).text("reason_ko", one.reason_ko);
  if (!criterion.basis.empty()) row.text("basis", criterion.basis).text("basis_ko", criterion.basis_ko);
  if (!criterion.remedy.empty()) row.text("remedy", criterion.remedy).text("remedy_ko", criterion.remedy_ko);
  if (!one.suppressed.empty()) row.text("suppressed", one.suppressed);
  if (!one.change.empty()) row.text("change", one.change);
  if (!one.violations_file.empty()) row.text("violations_file", one.violations_file).number("violations_listed", one.violations_listed);
  return row.text("query", one.query).done();
}

void write_dqd(JsonWriter& out, const DqdFigures& figures) {
  JsonRow row;
  row.number("total", figures.total).number("passed", figures.passed).number("failed", figures.failed);
  row.number("not_applicable", figures.not_applicable).number("error", figures.error);
  row.raw("overview_percent_passed", fmt::format("{:.2f}", figures.percent_passed));
  row.raw("viewer_percent_pass", fmt::format("{}", figures.viewer_percent))
      .raw("viewer_corrected_percent_pass", whole(figures.corrected_percent));
  out.raw("dqd", row.raw("plain_percent", percent(figures.plain_percent)).done());
}

void write_pack(JsonWriter& out, const PackResult& pack) {
  out.open({}, '{');
  out.text("id", pack.pack.id);
  out.text("title", pack.pack.title);
  out.text("title_ko", pack.pack.title_ko);
  out.text("edition", pack.pack.edition);
  out.text("authority", pack.pack.authority);
  out.text("basis", pack.pack.basis);
  out.text("basis_ko", pack.pack.basis_ko);
  out.text("settings", pack.pack.settings);
  out.raw("score", percent(pack.score));
  out.raw("decided", percent(pack.decided));
  out.text("band", pack.band);
  out.text("verdict", pack.verdict);
  out.text("verdict_ko", pack.verdict_ko);
  out.truth("capped", pack.capped);
  out.number("critical_not_observable", pack.critical_unseen);
  out.number("other_settings", pack.other_settings);
  out.raw("tally", tally_row(pack.tally));
  if (pack.dqd) write_dqd(out, *pack.dqd);
  out.raw("changes",
          JsonRow().number("new", pack.new_failures).number("resolved", pack.resolved).number("persisting", pack.persisting).done());
  out.open("categories", '[');
  for (const CategoryScore& category : pack.categories) {
    JsonRow row;
    row.text("id", category.category.id).text("title", category.category.title).text("title_ko", category.category.title_ko);
    out.raw({}, row.raw("score", percent(category.score)).raw("tally", tally_row(category.tally)).done());
  }
  out.close();
  out.open("criteria", '[');
  for (const CriterionResult& one : pack.criteria) out.raw({}, criterion_row(one));
  out.close();
  out.close();
}

void write_trend(JsonWriter& out, const AuditResult& result) {
  out.open("trend", '[');
  for (const TrendPoint& point : result.trend) {
    JsonRow row;
    row.raw("audit", fmt::format("{}", point.audit))
        .text("pack", point.pack)
        .text("edition", point.edition)
        .text("identity", point.identity)
        .text("as_of", point.today);
    out.raw({}, row.raw("score", percent(point.score)).number("passed", point.passed).number("failed", point.failed).done());
  }
  out.close();
}

}  // namespace

std::string conformance_json(const AuditResult& result, std::size_t indent) {
  JsonWriter out(indent);
  out.open({}, '{');
  out.raw("source", JsonRow()
                        .text("kind", result.source_kind)
                        .text("name", result.source_name)
                        .text("engine", result.engine)
                        .text("identity", result.identity)
                        .done());
  out.text("as_of", result.today);
  out.text("program_version", result.program_version);
  out.text("baseline", result.baseline);
  if (result.min_cell != 0) out.number("min_cell", result.min_cell);
  out.open("tables", '[');
  for (const auto& [table, rows] : result.tables) out.raw({}, JsonRow().text("table", table).number("rows", rows).done());
  out.close();
  out.open("misfits", '[');
  for (const Misfit& one : result.misfits)
    out.raw({}, JsonRow()
                    .text("table", one.table)
                    .text("column", one.column)
                    .text("expected", one.expected)
                    .text("delivered", one.delivered)
                    .number("values", one.values)
                    .done());
  out.close();
  out.open("closed", '[');
  for (const std::string& name : result.closed) out.raw({}, JsonRow().text("name", name).done());
  out.close();
  out.open("gates", '[');
  for (const GateResult& gate : result.gates) {
    out.raw({}, JsonRow().text("gate", gate.expression).raw("held", gate.held ? "true" : "false").text("found", gate.found).done());
  }
  out.close();
  write_trend(out, result);
  out.open("packs", '[');
  for (const PackResult& pack : result.packs) write_pack(out, pack);
  out.close();
  out.close();
  std::string text = out.take();
  text.pop_back();  // the line end belongs to whoever closes the document
  return text;
}

}  // namespace pyojun
