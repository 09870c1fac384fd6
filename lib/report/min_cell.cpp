#include "report/min_cell.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <string>

#include "conformance/evaluate.hpp"

namespace pyojun {

namespace {

std::uint64_t up(std::uint64_t count, std::uint64_t cell) { return (count + cell - 1) / cell * cell; }

std::int64_t up(std::int64_t count, std::uint64_t cell) {
  return count <= 0 ? count : static_cast<std::int64_t>(up(static_cast<std::uint64_t>(count), cell));
}

void raise(std::initializer_list<std::uint64_t*> counts, std::uint64_t cell) {
  for (std::uint64_t* const count : counts) *count = up(*count, cell);
}

void round_line(ReportBalance& line, std::uint64_t cell) {
  const bool balanced = line.balanced();
  raise({&line.in, &line.mapped, &line.filtered, &line.duplicates, &line.quarantined, &line.unread}, cell);
  if (balanced) line.in = line.mapped + line.filtered + line.duplicates + line.quarantined;
}

void round_codes(ReportData& data, std::uint64_t cell) {
  for (ReportCoverage& domain : data.coverage) {
    for (std::uint64_t& count : domain.codes) count = up(count, cell);
    for (std::uint64_t& count : domain.rows) count = up(count, cell);
  }
  std::erase_if(data.unmapped, [cell](const ReportUnmapped& code) { return code.rows < cell; });
  for (ReportUnmapped& code : data.unmapped) code.rows = up(code.rows, cell);
  raise({&data.unmapped_codes, &data.unmapped_rows}, cell);
}

}  // namespace

void round_up(AuditResult& audit, std::uint64_t cell) {
  if (cell < 2) return;
  audit.min_cell = cell;
  for (auto& [table, rows] : audit.tables) rows = up(rows, cell);
  for (PackResult& pack : audit.packs) {
    for (CriterionResult& one : pack.criteria) {
      one.violated = up(one.violated, cell);
      one.counted = up(one.counted, cell);
      if (one.codes_violated) *one.codes_violated = up(*one.codes_violated, cell);
      if (one.codes_counted) *one.codes_counted = up(*one.codes_counted, cell);
    }
    score(pack);  // with decimals it tells of the counts below it; the verdict (rate()) stays that of the exact ones
  }
  for (Misfit& one : audit.misfits) one.values = up(one.values, cell);
  for (GateResult& gate : audit.gates) {
    if (gate.found.find('.') != std::string::npos) gate.found = "-";
  }
  for (TrendPoint& point : audit.trend) {
    if (point.score) point.score = std::floor(*point.score);
  }
}

void round_up(ReportData& data, std::uint64_t cell) {
  if (cell < 2) return;
  data.min_cell = cell;
  for (ReportBalance& line : data.balance) round_line(line, cell);
  for (ReportFilter& filter : data.filters) filter.records = up(filter.records, cell);
  for (ReportTable& table : data.tables) table.rows = up(table.rows, cell);
  round_codes(data, cell);
  for (ReportQuarantine& entry : data.quarantine) raise({&entry.records, &entry.kept}, cell);
  for (ReportFinding& finding : data.findings) finding.count = up(finding.count, cell);
  for (ReportAssembly& line : data.assembly) raise({&line.changed, &line.removed, &line.added}, cell);
  for (ReportField& field : data.fields) raise({&field.seen, &field.filled}, cell);
  if (!data.audit) return;
  round_up(*data.audit, cell);
  for (std::size_t i = 0; i < data.packs.size() && i < data.audit->packs.size(); ++i)
    data.packs[i].score = data.audit->packs[i].score.value_or(0);
}

}  // namespace pyojun
