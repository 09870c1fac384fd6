// An audit's outputs: JSON, the form OHDSI's viewer opens, JUnit, and a text for the terminal. Functions of the result alone.
#pragma once

#include <string>

#include "conformance/result.hpp"
#include "report/report.hpp"

namespace pyojun {

// One JSON object; its form is $defs/conformance of schemas/report.schema.json. `indent`: blanks before each line but the first.
std::string conformance_json(const AuditResult& result, std::size_t indent = 0);
// results.json of DataQualityDashboard 2.8.4 for a pack with its evaluation: every scalar in an array of one, at most four decimals, keys
// without a value left out. No clock: both timestamps are the audit's day.
std::string dqd_json(const AuditResult& audit, const PackResult& pack);
// One test suite a pack, one test case a criterion; suppressed failures are skipped ones.
std::string junit_xml(const AuditResult& result);
// What the terminal shows: per pack score and verdict, per category a line, then failures (at most `most_failures`).
std::string audit_text(const AuditResult& result, Language language, std::size_t most_failures = 20);

}  // namespace pyojun
