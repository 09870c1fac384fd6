// Sums over the report's data.
#include "report/report.hpp"

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
