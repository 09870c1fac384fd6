// Reports for people outside the institution: no count in them may tell of a small group.
#pragma once

#include <cstdint>

#include "report/report.hpp"

namespace pyojun {

// Rounds every count of records, rows and codes up to a multiple of `cell` (2 or more; 0 and 1 change nothing), so that neither a count
// nor the difference of two tells of 1 .. cell - 1 people; 0 stays 0. Sums of the books are made anew from the rounded lines, and codes
// on fewer rows than `cell` are no longer listed by name. Scores are made
// from the rounded counts (those of earlier audits lose their decimals); verdicts, states and counts of criteria, files and bytes stay.
void round_up(AuditResult& audit, std::uint64_t cell);
void round_up(ReportData& data, std::uint64_t cell);  // its `audit` too

}  // namespace pyojun
