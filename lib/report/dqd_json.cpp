// results.json of DataQualityDashboard: what its static viewer loads.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "report/conformance.hpp"
#include "report/json_writer.hpp"

namespace pyojun {

namespace {

std::string one(std::string_view value) { return fmt::format("[{}]", value); }
std::string one_text(std::string_view value) { return one(json_string(value)); }

// At most four decimals, no trailing zeros: what jsonlite writes.
std::string decimals(double value) {
  std::string out = fmt::format("{:.4f}", value);
  while (out.ends_with('0')) out.pop_back();
  if (out.ends_with('.')) out.pop_back();
  return out;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - ('a' - 'A'));
  }
  return out;
}

std::string camel(std::string_view name) {
  std::string out;
  bool raise = false;
  for (const char c : name) {
    if (c == '_') {
      raise = true;
    } else {
      out += raise && c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
      raise = false;
    }
  }
  return out;
}

std::string label(const CriterionResult& result, std::string_view name) {
  const auto found = result.criterion.labels.find(name);
  return found == result.criterion.labels.end() ? std::string() : found->second;
}

// Lists of concepts as DataQualityDashboard's own threshold files write them; reEvaluateThresholds() compares the texts.
std::string listed(std::string_view concepts) {
  std::string out;
  for (const char c : concepts) out += c == ',' ? std::string(", ") : std::string(1, c);
  return out;
}

// The viewer shows a query in one unbroken block: clauses begin a line, texts in quotes stay whole.
std::string in_lines(std::string_view query) {
  constexpr std::string_view clauses[] = {"from ", "where ", "join ", "left join ", "group by ", "order by ", "union all ", "and "};
  std::string out;
  bool quoted = false;
  for (std::size_t i = 0; i < query.size(); ++i) {
    if (query[i] == '\'') quoted = !quoted;
    const auto begins = [&](std::string_view word) { return query.substr(i + 1).starts_with(word) && !out.ends_with(" left"); };
    const bool breaks = query[i] == ' ' && !quoted && std::any_of(std::begin(clauses), std::end(clauses), begins);
    out += breaks ? '\n' : query[i];
  }
  return out;
}

std::string check_row(const CriterionResult& result) {
  const Criterion& criterion = result.criterion;
  JsonRow row;
  if (result.measured) {
    const double share = result.counted == 0 ? 0.0 : static_cast<double>(result.violated) / static_cast<double>(result.counted);
    row.raw("numViolatedRows", fmt::format("{}", result.violated))
        .raw("pctViolatedRows", decimals(share))
        .raw("numDenominatorRows", fmt::format("{}", result.counted));
  }
  row.text("executionTime", "not recorded");  // checks share scans; without it the viewer shows "undefined"
  row.text("queryText", in_lines(result.query)).text("checkName", criterion.check).text("checkLevel", label(result, "level"));
  row.text("checkDescription", criterion.title).text("cdmTableName", upper(criterion.table));
  if (!criterion.field.empty()) row.text("cdmFieldName", upper(criterion.field));
  if (const std::string id = label(result, "concept"); !id.empty()) row.text("conceptId", listed(id));
  if (const std::string file = label(result, "sqlFile"); !file.empty()) row.text("sqlFile", file);
  row.text("category", criterion.category);
  if (!criterion.subcategory.empty()) row.text("subcategory", criterion.subcategory);
  row.text("context", label(result, "context"));
  if (result.sql_error) row.text("error", result.reason);
  row.text("checkId", criterion.id);
  row.raw("failed", result.state == State::fail ? "1" : "0").raw("passed", result.state == State::pass ? "1" : "0");
  row.raw("isError", result.sql_error ? "1" : "0").raw("notApplicable", result.state == State::not_applicable ? "1" : "0");
  // Left out where it does not hold, the viewer would show "undefined".
  row.text("notApplicableReason", result.state == State::not_applicable ? result.reason : "");
  if (criterion.threshold) row.raw("thresholdValue", decimals(*criterion.threshold));
  return row.done();
}

std::string metadata_row(const AuditResult& audit, const PackResult& pack) {
  JsonRow row;
  for (const auto& [name, value] : audit.cdm_source) {
    if (!value.empty()) row.text(camel(name), value);
  }
  return row.text("dqdVersion", pack.pack.edition).done();
}

void write_overview(JsonWriter& out, const PackResult& pack) {
  const DqdFigures figures = pack.dqd.value_or(DqdFigures());
  const auto number = [&out](std::string_view name, std::uint64_t value) { out.raw(name, fmt::format("[{}]", value)); };
  const double failed = figures.total == 0 ? 0.0 : 100.0 * static_cast<double>(figures.failed) / static_cast<double>(figures.total);
  out.open("Overview", '{');
  number("countTotal", figures.total);
  number("countPassed", figures.total - figures.failed);
  // As summarizeResults() counts: errors whether or not they are not applicable too.
  number("countErrorFailed", figures.error);
  number("countThresholdFailed", figures.failed);
  number("countOverallFailed", figures.failed);
  out.raw("percentPassed", one(decimals(figures.percent_passed)));
  out.raw("percentFailed", one(decimals(static_cast<double>(static_cast<std::int64_t>(failed * 100.0 + 0.5)) / 100.0)));
  for (const std::string_view what : {"Total", "Failed", "Passed"}) {
    for (const std::string_view category : {"Plausibility", "Conformance", "Completeness"}) {
      std::uint64_t count = 0;
      for (const auto& result : pack.criteria) {
        const bool counts = what == "Total" || (what == "Failed" ? result.state == State::fail : result.state == State::pass);
        count += counts && result.criterion.category == category ? 1U : 0U;
      }
      number(fmt::format("count{}{}", what, category), count);
    }
  }
  out.close();
}

}  // namespace

std::string dqd_json(const AuditResult& audit, const PackResult& pack) {
  JsonWriter out;
  out.open({}, '{');
  out.raw("startTimestamp", one_text(audit.today + " 00:00:00"));
  out.raw("endTimestamp", one_text(audit.today + " 00:00:00"));
  out.raw("executionTime", one_text("an unrecorded time"));
  out.raw("executionTimeSeconds", one("0"));
  out.open("CheckResults", '[');
  for (const auto& result : pack.criteria) out.raw({}, check_row(result));
  out.close();
  out.open("Metadata", '[');
  out.raw({}, metadata_row(audit, pack));
  out.close();
  write_overview(out, pack);
  out.close();
  return out.take();
}

}  // namespace pyojun
