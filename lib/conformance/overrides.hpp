// A site's own files beside the packs: thresholds and suppressions.
#pragma once

#include <string>
#include <vector>

#include "conformance/result.hpp"

namespace pyojun {

// Thresholds in one of two forms. Ours: columns `criterion` (id, or PACK/id) and `threshold` (percent, or `none`: none is tolerated).
// DataQualityDashboard's: the columns of its Table_Level, Field_Level or Concept_Level CSV; a check <name> whose column <name> says No is
// left out, a cell of <name>Threshold replaces the threshold. Blank cells change nothing. Errors: audit_thresholds_damaged with file and
// line.
Status apply_thresholds(const std::string& file, std::vector<Pack>& packs);

// CSV with columns criterion (id, or PACK/id), reason, expires (YYYY-MM-DD, last day it holds). A failure that is suppressed stays a
// failure in states and scores; it only opens no gate. Answers the criteria whose suppression has expired or names nothing that ran.
// Errors: audit_suppressions_damaged (no reason, no day, ...).
Result<std::vector<std::string>> apply_suppressions(const std::string& file, const std::string& today, AuditResult& result);

}  // namespace pyojun
