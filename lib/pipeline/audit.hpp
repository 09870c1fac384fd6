// The second job: score a CDM against packs, whoever made it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/files.hpp"
#include "conformance/audit.hpp"
#include "pipeline/world.hpp"

namespace pyojun {

// What `audit` and `convert --pack` have in common.
struct PackRequest {
  std::vector<std::string> packs;                               // names or folders
  std::vector<std::pair<std::string, std::string>> parameters;  // --set
  bool with_vocabulary = false;                                 // optional group "vocabulary"
  std::string thresholds, suppressions;                         // files; empty: none
  std::string baseline;                                         // "last", a number, results.csv or a folder; empty: none
  std::vector<std::string> gates;
  bool gate_new_failures = false;
  bool violations = false;
  std::uint64_t violation_limit = 10000;  // rows a criterion; 0: all
  std::uint64_t min_cell = 0;             // reports round counts up to multiples of it, see round_up(); not with `violations`; 0: exact
  std::string today;                      // YYYY-MM-DD; empty: the world's day
};

struct AuditJob {
  SourceOptions source;
  PackRequest packs;
  std::string out;      // folder for report.html and the files of write_audit_files(); empty: nothing is written
  bool korean = false;  // which language the report opens in
};

struct AuditOutcome {
  AuditResult result;
  std::vector<std::string> idle_suppressions;
  std::vector<std::string> passed_over;  // files of the source that are no CDM table
  std::int64_t stored = 0;               // number of the audit in the warehouse; 0: not stored
};

// Packs, thresholds and gates, checked before any data is read. `request.today` and `gates` are taken over.
Result<AuditRequest> prepare_audit(const PackRequest& request, const World& world);
// Baseline, checks, suppressions, gates, trend.
Status perform_audit(AuditSource& source, AuditRequest& prepared, const PackRequest& request, const Schema& schema, AuditOutcome& outcome);
// Adds conformance.json, results.csv, junit.xml, dqd.json for a DQD pack and, when asked for, violations.<pack>.<criterion>.csv to a
// folder; notes the names of the latter in the result.
Status write_audit_files(AtomicDirectory& folder, AuditSource& source, const PackRequest& request, AuditOutcome& outcome);

// The whole job. A gate that does not hold is no error: see outcome.result.gates_held().
Status run_audit(const AuditJob& job, const World& world, AuditOutcome& outcome);

}  // namespace pyojun
