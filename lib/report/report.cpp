// Sums over the report's data.
#include "report/report.hpp"

#include <algorithm>
#include <tuple>

namespace pyojun {

namespace {

std::uint64_t sum(const std::array<std::uint64_t, grade_count>& counts, std::size_t grades) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < grades; ++i) total += counts[i];
  return total;
}

constexpr std::size_t mapped_grades = static_cast<std::size_t>(Grade::no_target);  // grades before it found a standard concept

}  // namespace

std::uint64_t ReportCoverage::all_codes() const { return sum(codes, grade_count); }
std::uint64_t ReportCoverage::all_rows() const { return sum(rows, grade_count); }
std::uint64_t ReportCoverage::mapped_codes() const { return sum(codes, mapped_grades); }
std::uint64_t ReportCoverage::mapped_rows() const { return sum(rows, mapped_grades); }

std::uint64_t ReportData::records() const {
  std::uint64_t total = 0;
  for (const ReportBalance& line : balance)
    if (line.rule.empty()) total += line.in;
  return total;
}

std::uint64_t ReportData::refused() const {
  std::uint64_t total = 0;
  for (const ReportBalance& line : balance)
    if (line.rule.empty()) total += line.quarantined;
  return total;
}

std::uint64_t ReportData::rows() const {
  std::uint64_t total = 0;
  for (const ReportTable& table : tables) total += table.rows;
  return total;
}

std::uint64_t ReportData::quarantined() const {
  std::uint64_t total = 0;
  for (const ReportBalance& line : balance) total += line.quarantined;
  return total;
}

void add_audit(ReportData& data, const AuditResult& audit) {
  for (const PackResult& pack : audit.packs) {
    ReportPack line{pack.pack.id, pack.pack.title, pack.pack.title_ko, pack.pack.edition, pack.verdict, pack.verdict_ko};
    line.score = pack.score.value_or(0);
    line.passed = pack.tally.of(State::pass);
    line.failed = pack.tally.of(State::fail);
    line.not_applicable = pack.tally.of(State::not_applicable);
    line.not_observable = pack.tally.of(State::not_observable);
    data.packs.push_back(std::move(line));
  }
  data.audit = audit;
}

void add_finding(ReportData& data, Code code, std::string_view subject, std::uint64_t count) {
  const auto before = [](const ReportFinding& a, const ReportFinding& b) {
    return std::tie(a.code, a.subject) < std::tie(b.code, b.subject);
  };
  const ReportFinding one{code, std::string(subject), count};
  const auto at = std::lower_bound(data.findings.begin(), data.findings.end(), one, before);
  if (at != data.findings.end() && at->code == code && at->subject == subject) {
    at->count += count;
  } else {
    data.findings.insert(at, one);
  }
}

ReportData audit_report(const AuditResult& audit) {
  ReportData data;
  data.conversion = false;
  data.run.identity = audit.identity;
  data.run.program_version = audit.program_version;
  data.run.source_name = audit.source_name;
  for (const auto& [table, rows] : audit.tables) data.tables.push_back({table, rows});
  add_audit(data, audit);
  return data;
}

ReportCoverage ReportData::total_coverage() const {
  ReportCoverage total;
  for (const ReportCoverage& domain : coverage)
    for (std::size_t grade = 0; grade < grade_count; ++grade) {
      total.codes[grade] += domain.codes[grade];
      total.rows[grade] += domain.rows[grade];
    }
  return total;
}

}  // namespace pyojun
