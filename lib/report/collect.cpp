// From the warehouse's tables to the report's data. Every query has an order, so the same tables give the same report.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "report/report.hpp"
#include "warehouse/duck.hpp"
#include "warehouse/ledger.hpp"

namespace pyojun {

namespace {

std::uint64_t count(const DuckRows& rows, std::size_t column, std::size_t row) {
  return static_cast<std::uint64_t>(rows.integer(column, row));
}
std::string text(const DuckRows& rows, std::size_t column, std::size_t row) {
  return rows.null(column, row) ? std::string() : std::string(rows.text(column, row));
}

Grade grade_from(std::string_view name) {
  for (std::size_t i = 0; i < grade_count; ++i)
    if (grade_name(static_cast<Grade>(i)) == name) return static_cast<Grade>(i);
  return Grade::unknown;
}

Code code_from(std::string_view id) {
  for (const CodeInfo& row : code_table())
    if (row.id == id) return row.code;
  return Code::internal_error;
}

// Rule -1 is the reader, whose name in the report is "".
constexpr std::string_view rule_column = "CASE WHEN rule < 0 THEN '' ELSE coalesce(rule_name, '') END";

Status collect_run(Duck& duck, ReportData& report, std::int64_t& run) {
  const auto sql =
      "SELECT run, identity, source_name, mapping, mapping_hash, vocabulary, vocabulary_hash, program, started, data_date "
      "FROM ledger.run ORDER BY run DESC LIMIT 1";
  return duck.each_row(sql, "ledger.run", [&](const DuckRows& rows, std::size_t row) {
    run = rows.integer(0, row);
    RunIdentity& id = report.run;
    std::string* const fields[] = {&id.identity,        &id.source_name,     &id.mapping_name, &id.mapping_hash, &id.vocabulary_release,
                                   &id.vocabulary_hash, &id.program_version, &id.started,      &id.data_date};
    for (std::size_t i = 0; i < std::size(fields); ++i) *fields[i] = text(rows, i + 1, row);
  });
}

Status collect_files(Duck& duck, ReportData& report, std::int64_t) {
  const auto sql = "SELECT name, format, encoding, kind, sha256, size FROM ledger.file WHERE retired IS NULL ORDER BY file";
  return duck.each_row(sql, "ledger.file", [&](const DuckRows& rows, std::size_t row) {
    ReportFile file;
    std::string* const fields[] = {&file.name, &file.format, &file.encoding, &file.kind, &file.sha256};
    for (std::size_t i = 0; i < std::size(fields); ++i) *fields[i] = text(rows, i, row);
    file.bytes = count(rows, 5, row);
    report.files.push_back(std::move(file));
  });
}

// A rule that read nothing of a file has no line; a file always has its reader's line.
Status collect_balance(Duck& duck, ReportData& report, std::int64_t run) {
  const auto sql = fmt::format(
      "SELECT coalesce(f.name, ''), {}, b.\"in\", b.mapped, b.filtered, b.duplicates, b.quarantined, b.unread "
      "FROM ledger.balance b LEFT JOIN ledger.file f ON f.file = b.file "
      "WHERE b.run = {} AND (b.rule < 0 OR b.\"in\" > 0 OR b.mapped + b.filtered + b.duplicates + b.quarantined > 0) ORDER BY b.file, "
      "b.rule",
      rule_column, run);
  return duck.each_row(sql, "ledger.balance", [&](const DuckRows& rows, std::size_t row) {
    ReportBalance line{text(rows, 0, row), text(rows, 1, row)};
    std::uint64_t* const fields[] = {&line.in, &line.mapped, &line.filtered, &line.duplicates, &line.quarantined, &line.unread};
    for (std::size_t i = 0; i < std::size(fields); ++i) *fields[i] = count(rows, i + 2, row);
    report.balance.push_back(std::move(line));
  });
}

Status collect_filters(Duck& duck, ReportData& report, std::int64_t run) {
  const auto sql = fmt::format(
      "SELECT coalesce((SELECT max(name) FROM ledger.rule r WHERE r.rule = f.rule), ''), f.reason, CAST(sum(f.rows) AS BIGINT) "
      "FROM ledger.filter f WHERE f.run = {} GROUP BY f.rule, f.filter, f.reason HAVING sum(f.rows) > 0 ORDER BY f.rule, f.filter, "
      "f.reason",
      run);
  return duck.each_row(sql, "ledger.filter", [&](const DuckRows& rows, std::size_t row) {
    report.filters.push_back({text(rows, 0, row), text(rows, 1, row), count(rows, 2, row)});
  });
}

Status collect_coverage(Duck& duck, ReportData& report) {
  const auto sql =
      "SELECT coalesce(domain, ''), grade, CAST(count(*) AS BIGINT), CAST(sum(n) AS BIGINT) FROM "
      "(SELECT domain, grade, vocabulary, code, sum(rows) AS n FROM profile.code GROUP BY ALL) GROUP BY 1, 2 ORDER BY 1, 2";
  return duck.each_row(sql, "profile.code", [&](const DuckRows& rows, std::size_t row) {
    const std::string domain = text(rows, 0, row);
    if (report.coverage.empty() || report.coverage.back().domain != domain) report.coverage.push_back({domain, {}, {}});
    const auto grade = static_cast<std::size_t>(grade_from(text(rows, 1, row)));
    report.coverage.back().codes[grade] += count(rows, 2, row);
    report.coverage.back().rows[grade] += count(rows, 3, row);
  });
}

Status collect_unmapped(Duck& duck, ReportData& report) {
  const std::string codes =
      "(SELECT vocabulary, code, domain, grade, CAST(sum(rows) AS BIGINT) AS n FROM profile.code "
      "WHERE grade IN ('no_target', 'unknown', 'no_system') GROUP BY ALL)";
  const auto total = "SELECT CAST(count(*) AS BIGINT), CAST(coalesce(sum(n), 0) AS BIGINT) FROM " + codes;
  auto status = duck.each_row(total, "profile.code", [&](const DuckRows& rows, std::size_t row) {
    report.unmapped_codes = count(rows, 0, row);
    report.unmapped_rows = count(rows, 1, row);
  });
  if (!status) return status;
  const auto top = fmt::format(
      "SELECT vocabulary, code, domain, grade, n FROM {} ORDER BY n DESC, vocabulary, code, domain, grade LIMIT {}", codes, unmapped_limit);
  return duck.each_row(top, "profile.code", [&](const DuckRows& rows, std::size_t row) {
    report.unmapped.push_back(
        {text(rows, 0, row), text(rows, 1, row), text(rows, 2, row), grade_from(text(rows, 3, row)), count(rows, 4, row)});
  });
}

Status collect_quarantine(Duck& duck, ReportData& report, std::int64_t) {
  const auto sql = fmt::format(
      "SELECT e.code, coalesce(f.name, ''), {}, coalesce(e.\"column\", ''), CAST(count(*) FILTER (NOT e.row_kept) AS BIGINT), "
      "CAST(count(*) FILTER (e.row_kept) AS BIGINT) FROM quarantine.entry e LEFT JOIN ledger.file f ON f.file = e.file "
      "WHERE e.closed IS NULL GROUP BY ALL ORDER BY 5 DESC, 6 DESC, 1, 2, 3, 4",
      rule_column);
  return duck.each_row(sql, "quarantine.entry", [&](const DuckRows& rows, std::size_t row) {
    report.quarantine.push_back({code_from(text(rows, 0, row)), text(rows, 1, row), text(rows, 2, row), text(rows, 3, row),
                                 count(rows, 4, row), count(rows, 5, row)});
  });
}

// Fields without a value, fields that no rule reads, and fields that were not delivered; the last two with the records of their file.
Status collect_fields(Duck& duck, ReportData& report, std::int64_t) {
  const auto sql =
      "SELECT coalesce(f.name, ''), p.kind, p.field, p.seen, p.filled FROM profile.field p "
      "LEFT JOIN ledger.file f ON f.file = p.file WHERE p.seen > 0 AND p.filled = 0 ORDER BY p.file, p.kind, p.field";
  Status status = duck.each_row(sql, "profile.field", [&](const DuckRows& rows, std::size_t row) {
    report.fields.push_back(
        {text(rows, 0, row), text(rows, 1, row), text(rows, 2, row), ReportField::State::empty, count(rows, 3, row), count(rows, 4, row)});
  });
  if (!status) return status;
  const auto columns =
      "SELECT coalesce(f.name, ''), f.kind, c.field, c.state, coalesce(b.\"in\", 0) FROM profile.\"column\" c "
      "LEFT JOIN ledger.file f ON f.file = c.file LEFT JOIN ledger.balance b ON b.file = c.file AND b.rule < 0 "
      "ORDER BY c.file, c.state DESC, c.rowid";
  return duck.each_row(columns, "profile.column", [&](const DuckRows& rows, std::size_t row) {
    const auto state = text(rows, 3, row) == "unread" ? ReportField::State::unread : ReportField::State::missing;
    report.fields.push_back({text(rows, 0, row), text(rows, 1, row), text(rows, 2, row), state, count(rows, 4, row), 0});
  });
}

Status collect_assembly(Duck& duck, ReportData& report, std::int64_t) {
  const auto there = duck.integer(
      "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'results' AND table_name = 'assembly'", "results.assembly");
  if (!there) return there.error();
  if (*there == 0) return {};
  const auto sql =
      "SELECT step, rule, \"table\", changed, removed, added FROM (SELECT 0 AS part, rowid AS place, step, rule, \"table\", changed, "
      "removed, "
      "added FROM results.assembly UNION ALL SELECT 1, row_number() OVER (ORDER BY \"table\"), '', 'identifiers merged into another', "
      "\"table\", 0, count(DISTINCT id), 0 FROM ledger.merge GROUP BY \"table\") ORDER BY part, place";
  return duck.each_row(sql, "results.assembly", [&](const DuckRows& rows, std::size_t row) {
    report.assembly.push_back(
        {text(rows, 0, row), text(rows, 1, row), text(rows, 2, row), count(rows, 3, row), count(rows, 4, row), count(rows, 5, row)});
  });
}

// What the readers noticed, in files of whichever night.
Status collect_findings(Duck& duck, ReportData& report, std::int64_t) {
  const auto there = duck.integer(
      "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'profile' AND table_name = 'finding'", "profile.finding");
  if (!there) return there.error();
  if (*there == 0) return {};
  const auto sql =
      "SELECT n.code, n.subject, CAST(sum(n.count) AS BIGINT) FROM profile.finding n JOIN ledger.file f ON f.file = n.file "
      "WHERE f.retired IS NULL GROUP BY ALL ORDER BY 1, 2";
  return duck.each_row(sql, "profile.finding", [&](const DuckRows& rows, std::size_t row) {
    add_finding(report, code_from(text(rows, 0, row)), text(rows, 1, row), count(rows, 2, row));
  });
}

}  // namespace

Result<ReportData> collect(Warehouse& warehouse) {
  ReportData report;
  Duck& duck = warehouse.duck();
  std::int64_t run = 0;
  if (auto status = collect_run(duck, report, run); !status) return status.error();
  const auto steps = {collect_files,  collect_balance,  collect_filters, collect_quarantine,
                      collect_fields, collect_findings, collect_assembly};
  for (const auto step : steps)
    if (auto status = step(duck, report, run); !status) return status.error();
  if (auto status = collect_coverage(duck, report); !status) return status.error();
  if (auto status = collect_unmapped(duck, report); !status) return status.error();
  for (const auto& [table, rows] : warehouse.table_rows()) report.tables.push_back({table, rows});
  const bool lines = std::all_of(report.balance.begin(), report.balance.end(), [](const ReportBalance& line) { return line.balanced(); });
  report.balanced = warehouse.balanced() && lines;
  return report;
}

}  // namespace pyojun
