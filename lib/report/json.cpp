// report.json: members in a fixed order, one row of a list per line. Its form is schemas/report.schema.json.
#include <fmt/format.h>

#include "report/conformance.hpp"
#include "report/escape.hpp"
#include "report/json_writer.hpp"
#include "report/report.hpp"
#include "warehouse/ledger.hpp"

namespace pyojun {

namespace {

std::string counts(const std::array<std::uint64_t, grade_count>& values) {
  JsonRow row;
  for (std::size_t i = 0; i < grade_count; ++i) row.number(grade_name(static_cast<Grade>(i)), values[i]);
  return row.done();
}

std::string ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? "null" : fmt::format("{:.6f}", static_cast<double>(part) / static_cast<double>(whole));
}

std::string coverage_row(const ReportCoverage& coverage) {
  JsonRow row;
  row.text("domain", coverage.domain).raw("codes", counts(coverage.codes)).raw("rows", counts(coverage.rows));
  row.raw("mapped_codes_ratio", ratio(coverage.mapped_codes(), coverage.all_codes()));
  return row.raw("mapped_rows_ratio", ratio(coverage.mapped_rows(), coverage.all_rows())).done();
}

void write_run(JsonWriter& out, const ReportData& data) {
  out.open("run", '{');
  out.text("identity", data.run.identity);
  out.text("program_version", data.run.program_version);
  out.text("source_name", data.run.source_name);
  out.text("data_date", data.run.data_date);
  if (!data.run.started.empty()) out.text("started", data.run.started);
  out.text("mapping", data.run.mapping_name);
  out.text("mapping_hash", data.run.mapping_hash);
  out.text("vocabulary", data.run.vocabulary_release);
  out.text("vocabulary_hash", data.run.vocabulary_hash);
  out.close();
}

void write_summary(JsonWriter& out, const ReportData& data) {
  const ReportCoverage total = data.total_coverage();
  out.open("summary", '{');
  out.truth("balanced", data.balanced);
  out.number("files", data.files.size());
  out.number("records", data.records());
  out.number("records_refused", data.refused());
  out.number("quarantined", data.quarantined());
  out.number("rows", data.rows());
  out.raw("mapped_codes_ratio", ratio(total.mapped_codes(), total.all_codes()));
  out.raw("mapped_rows_ratio", ratio(total.mapped_rows(), total.all_rows()));
  out.close();
}

template <class List, class Make>
void write_list(JsonWriter& out, std::string_view name, const List& list, Make make) {
  out.open(name, '[');
  for (const auto& entry : list) out.raw({}, make(entry));
  out.close();
}

void write_books(JsonWriter& out, const ReportData& data) {
  write_list(out, "files", data.files, [](const ReportFile& file) {
    JsonRow row;
    row.text("name", file.name).text("format", file.format).text("encoding", file.encoding).text("kind", file.kind);
    return row.text("state", file.state).number("bytes", file.bytes).text("sha256", file.sha256).done();
  });
  write_list(out, "balance", data.balance, [](const ReportBalance& line) {
    JsonRow row;
    row.text("file", line.file)
        .text("rule", line.rule)
        .number("in", line.in)
        .number("mapped", line.mapped)
        .number("filtered", line.filtered);
    return row.number("duplicates", line.duplicates).number("quarantined", line.quarantined).number("unread", line.unread).done();
  });
  write_list(out, "filters", data.filters, [](const ReportFilter& filter) {
    return JsonRow().text("rule", filter.rule).text("reason", filter.reason).number("records", filter.records).done();
  });
  write_list(out, "tables", data.tables,
             [](const ReportTable& table) { return JsonRow().text("table", table.table).number("rows", table.rows).done(); });
}

void write_codes(JsonWriter& out, const ReportData& data) {
  write_list(out, "coverage", data.coverage, coverage_row);
  out.open("unmapped", '{');
  out.number("codes", data.unmapped_codes);
  out.number("rows", data.unmapped_rows);
  write_list(out, "top", data.unmapped, [](const ReportUnmapped& code) {
    JsonRow row;
    row.text("vocabulary", code.vocabulary).text("code", code.code).text("domain", code.domain).text("grade", grade_name(code.grade));
    return row.number("rows", code.rows).done();
  });
  out.close();
}

std::string_view severity_name(Severity severity) {
  constexpr std::array<std::string_view, 4> names{"note", "warning", "reject", "fatal"};
  return names[static_cast<std::size_t>(severity)];
}

std::string_view field_state(ReportField::State state) {
  constexpr std::array<std::string_view, 3> names{"unread", "missing", "empty"};
  return names[static_cast<std::size_t>(state)];
}

void write_quality(JsonWriter& out, const ReportData& data) {
  write_list(out, "quarantine", data.quarantine, [](const ReportQuarantine& entry) {
    const CodeInfo& message = info(entry.code);
    JsonRow row;
    row.text("code", message.id).text("severity", severity_name(message.severity)).text("file", entry.file).text("rule", entry.rule);
    return row.text("column", entry.column).number("records", entry.records).number("kept", entry.kept).text("says", message.says).done();
  });
  write_list(out, "findings", data.findings, [](const ReportFinding& finding) {
    const CodeInfo& message = info(finding.code);
    JsonRow row;
    row.text("code", message.id).text("severity", severity_name(message.severity)).text("subject", finding.subject);
    return row.number("count", finding.count).text("says", message.says).done();
  });
  write_list(out, "assembly", data.assembly, [](const ReportAssembly& line) {
    JsonRow row;
    row.text("step", line.step).text("rule", line.rule).text("table", line.table).number("changed", line.changed);
    return row.number("removed", line.removed).number("added", line.added).done();
  });
  write_list(out, "fields", data.fields, [](const ReportField& field) {
    JsonRow row;
    row.text("file", field.file).text("kind", field.kind).text("field", field.field).text("state", field_state(field.state));
    return row.number("seen", field.seen).number("filled", field.filled).done();
  });
  write_list(out, "packs", data.packs, [](const ReportPack& pack) {
    JsonRow row;
    row.text("id", pack.id)
        .text("title", pack.title)
        .text("edition", pack.edition)
        .text("verdict", pack.verdict)
        .text("verdict_ko", pack.verdict_ko);
    row.raw("score", shown_score(pack.score)).number("passed", pack.passed).number("failed", pack.failed);
    return row.number("not_applicable", pack.not_applicable).number("not_observable", pack.not_observable).done();
  });
}

}  // namespace

std::string to_json(const ReportData& data) {
  JsonWriter out;
  out.open({}, '{');
  out.number("format", 1);
  if (data.min_cell != 0) out.number("min_cell", data.min_cell);
  write_run(out, data);
  write_summary(out, data);
  write_books(out, data);
  write_codes(out, data);
  write_quality(out, data);
  if (data.audit) out.raw("conformance", conformance_json(*data.audit, 2));
  out.close();
  return out.take();
}

}  // namespace pyojun
