// The audit itself: packs over a source, compared with an earlier audit, judged by gates.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cdm/schema.hpp"
#include "conformance/pack.hpp"
#include "conformance/result.hpp"
#include "conformance/source.hpp"

namespace pyojun {

// One earlier result of a criterion, enough to say what is new.
struct EarlierState {
  std::string pack, criterion, state;
};

struct AuditRequest {
  std::vector<Pack> packs;
  std::string today;  // YYYY-MM-DD; what `today` means in criteria
  std::string program_version;
  std::vector<EarlierState> baseline;
  std::string baseline_name;  // "" : no baseline
  std::vector<std::string> gates;
  bool gate_new_failures = false;
};

// Errors: only those of a source that cannot answer at all. A criterion that cannot be computed is a state, not an error.
Result<AuditResult> audit(AuditSource& source, const AuditRequest& request, const Schema& schema);

// Vocabulary tables that no criterion of the packs speaks of: large files that need not be read.
std::set<std::string, std::less<>> unneeded_vocabulary(const std::vector<Pack>& packs, const Schema& schema);

// Fills in result.gates; after suppressions were applied.
void judge_gates(AuditResult& result, const AuditRequest& request);

// PACK[/CATEGORY][:METRIC] OP NUMBER. OP: >= > <= < =. METRIC: score (percent, the default), failed, errors, new, unobserved (critical
// criteria that data cannot show). Suppressed failures do not count as failed or new. A gate on a score that does not exist does not hold.
// Error: audit_gate_wrong, also for packs not in `packs`.
Status check_gate(const std::string& expression, const std::vector<Pack>& packs);

// Violating keys of a failed criterion as CSV lines with a header, piece by piece; at most `limit` rows, 0: all. Answers the rows listed.
Result<std::uint64_t> list_violations(AuditSource& source, const CriterionResult& result, std::uint64_t limit,
                                      const std::function<Status(std::string_view)>& write);

}  // namespace pyojun
