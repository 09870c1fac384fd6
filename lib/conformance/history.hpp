// Results in a warehouse: schema `results`, kept from run to run. Audits count from 1 in the order they were made.
#pragma once

#include <string>
#include <vector>

#include "conformance/audit.hpp"
#include "warehouse/duck.hpp"

namespace pyojun {

// Appends an audit in one transaction; answers its number.
Result<std::int64_t> store_results(Duck& duck, const AuditResult& result);
// Scores over all stored audits of the result's packs with the same settings, oldest first, into result.trend; the others are only counted.
Status read_trend(SqlEngine& engine, const Catalog& catalog, AuditResult& result);
// States of audit `which`: a number, or "last", which is for each pack its last audit with the same settings. Errors:
// audit_baseline_missing (none of the packs was audited then), audit_baseline_other (only with other settings).
Result<std::vector<EarlierState>> stored_states(SqlEngine& engine, const Catalog& catalog, const std::string& which,
                                                const std::vector<Pack>& packs);

// results.csv: one line a criterion, in the order of the packs; also what --baseline reads.
std::string results_csv(const AuditResult& result);
// `place`: a results.csv or the folder with one. Errors: audit_baseline_missing, audit_baseline_other.
Result<std::vector<EarlierState>> states_from_file(const std::string& place, const std::vector<Pack>& packs);

}  // namespace pyojun
