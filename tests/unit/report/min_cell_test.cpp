// Counts for readers outside the institution: nothing between 0 and the cell size, no difference smaller than it, verdicts untouched.
#include "report/min_cell.hpp"

#include <doctest/doctest.h>

#include "report/conformance.hpp"
#include "sample_audit.hpp"
#include "sample_report.hpp"

using namespace pyojun;

namespace {

void check_cell(std::uint64_t count) { CHECK(count % 11 == 0); }

}  // namespace

TEST_CASE("every count becomes a multiple of the cell, and the books still balance") {
  ReportData data = test::sample_report();
  data.unmapped.push_back({"LOCAL", "rare", "Condition", Grade::unknown, 3});
  const std::size_t listed = data.unmapped.size();
  round_up(data, 11);
  CHECK(data.min_cell == 11);
  for (const ReportBalance& line : data.balance) {
    CHECK(line.balanced());
    for (const std::uint64_t count : {line.in, line.mapped, line.filtered, line.duplicates, line.quarantined}) check_cell(count);
  }
  for (const ReportTable& table : data.tables) check_cell(table.rows);
  for (const ReportQuarantine& entry : data.quarantine) check_cell(entry.records);
  for (const ReportCoverage& domain : data.coverage)
    for (const std::uint64_t rows : domain.rows) check_cell(rows);
  CHECK(data.unmapped.size() < listed);
  for (const ReportUnmapped& code : data.unmapped) CHECK(code.code != "rare");
  CHECK(to_json(data).find("\"min_cell\": 11") != std::string::npos);
  CHECK(to_html(data).find("multiples of 11") != std::string::npos);
}

TEST_CASE("a cell of one changes nothing") {
  ReportData data = test::sample_report();
  const std::string before = to_json(data);
  round_up(data, 1);
  CHECK(to_json(data) == before);
}

TEST_CASE("states and verdicts of an audit stay those of the exact counts") {
  AuditResult audit = test::sample_audit({test::sample_care()});
  const AuditResult before = audit;
  round_up(audit, 11);
  REQUIRE(audit.packs.size() == before.packs.size());
  for (std::size_t p = 0; p < audit.packs.size(); ++p) {
    CHECK(audit.packs[p].verdict == before.packs[p].verdict);
    CHECK(audit.packs[p].band == before.packs[p].band);
    for (std::size_t i = 0; i < audit.packs[p].criteria.size(); ++i) {
      const CriterionResult& one = audit.packs[p].criteria[i];
      const CriterionResult& exact = before.packs[p].criteria[i];
      CHECK(one.state == exact.state);
      check_cell(static_cast<std::uint64_t>(one.violated));
      check_cell(static_cast<std::uint64_t>(one.counted));
      CHECK(one.violated >= exact.violated);
      CHECK(one.violated < exact.violated + 11);
    }
  }
  ReportData data = audit_report(before);
  round_up(data, 11);
  CHECK(data.packs[0].score == audit.packs[0].score.value_or(0));  // the summary does not keep the exact one
  CHECK(conformance_json(audit).find("\"min_cell\": 11") != std::string::npos);
}
