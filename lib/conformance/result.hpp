// What an audit found: plain data for reports, tables and gates. Counts, names and SQL texts only.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/engine.hpp"
#include "conformance/pack.hpp"

namespace pyojun {

enum class State : std::uint8_t {
  pass,
  fail,
  not_applicable,  // its condition does not hold, or there is nothing to check
  not_observable,  // the data cannot show it: a table or column is missing, or people must attest it
  error,           // the engine refused the statement
  count
};
inline constexpr std::size_t state_count = static_cast<std::size_t>(State::count);
std::string_view state_name(State state);  // pass, fail, not_applicable, not_observable, error

struct CriterionResult {
  Criterion criterion;
  State state = State::not_observable;
  std::int64_t violated = 0, counted = 0;                     // numerator and denominator
  std::optional<std::int64_t> codes_violated, codes_counted;  // over distinct source codes, mapping criteria only
  bool measured = false;                                      // violated and counted come from the data
  bool sql_error = false;                                     // DQD counts this beside the state
  std::string reason, reason_ko;                              // why not applicable, not observable or an error
  std::string query, keys_query;
  std::string violations_file;  // name in the output folder; "" when none was written
  std::uint64_t violations_listed = 0;
  std::string suppressed;  // reason of a suppression that holds; a suppressed failure fails no gate
  std::string change;      // against the baseline: "new", "resolved", "persisting" or ""
  // 0..1: what passed of what was checked. Meaningful for pass and fail.
  double share() const {
    return counted <= 0 ? 1.0 : std::max(0.0, 1.0 - static_cast<double>(violated) / static_cast<double>(counted));  // joins may multiply
  }
};

struct Tally {
  std::array<std::uint64_t, state_count> states{};
  std::uint64_t of(State state) const { return states[static_cast<std::size_t>(state)]; }
  std::uint64_t all() const;
};

struct CategoryScore {
  CategoryTitle category;
  Tally tally;
  std::optional<double> score;  // percent; nothing when no scoring criterion could be decided
};

// DataQualityDashboard's published figures; see conformance.md section 3 of the specification and docs/conformance/omop-dqd.md.
struct DqdFigures {
  std::uint64_t total = 0, failed = 0, passed = 0, not_applicable = 0, error = 0;  // as DQD flags them: a check may be error and NA
  double percent_passed = 0;                                                       // (a) Overview.percentPassed
  std::int64_t viewer_percent = 0;                                                 // (b) viewer table
  std::optional<std::int64_t> corrected_percent;                                   // (c) viewer, "corrected"
  std::optional<double> plain_percent;                                             // passed / (passed + failed)
};

struct PackResult {
  Pack pack;  // criteria moved into `criteria` below
  std::vector<CriterionResult> criteria;
  std::vector<CategoryScore> categories;  // in order of first appearance
  Tally tally;
  std::optional<double> score;  // percent, over scoring criteria that passed or failed
  std::string band, verdict, verdict_ko;
  bool capped = false;  // a critical criterion failed
  // Percent of the weight of scoring criteria that passed or failed; the others found nothing to check, could not be observed or ended in
  // an error. Those whose condition does not hold are no part of it.
  double decided = 100;
  bool undecided = false;  // too little of it, or a critical criterion ended in an error: no band, no verdict, no gate on the score holds
  std::uint64_t critical_unseen = 0;  // critical criteria that data cannot show: they cap nothing, but are to be attested
  std::optional<DqdFigures> dqd;
  std::uint64_t new_failures = 0, resolved = 0, persisting = 0;  // against the baseline
  std::uint64_t other_settings = 0;                              // stored audits of the pack left out of the trend: other Pack::settings
};

struct GateResult {
  std::string expression;  // as given
  bool held = false;
  std::string found;  // "87.5", "3 new failures", "no score"
};

struct TrendPoint {
  std::int64_t audit = 0;                      // number of the audit in the warehouse
  std::string pack, edition, identity, today;  // today: YYYY-MM-DD
  std::optional<double> score;
  std::uint64_t passed = 0, failed = 0;
};

struct AuditResult {
  std::string source_kind, source_name;                  // "warehouse", "duckdb" ...; the last part of the place, never a connection string
  std::string engine, identity, today, program_version;  // identity: of the run in a warehouse, else ""
  std::vector<std::pair<std::string, std::uint64_t>> tables;    // rows per CDM table found
  std::vector<std::pair<std::string, std::string>> cdm_source;  // first row, column by column; empty when there is none
  std::vector<PackResult> packs;
  std::vector<GateResult> gates;
  std::string baseline;
  std::uint64_t min_cell = 0;  // counts are rounded up to multiples of it; 0: exact
  std::vector<Misfit> misfits;
  std::vector<std::string> closed;  // tables and columns of the source the database role may not read
  std::vector<TrendPoint> trend;
  bool gates_held() const;
};

// How numbers are shown, everywhere: two decimals that never look better than what was found. Scores (percent) are cut, so 94.996 is
// 94.99 and fails a gate of 95; shares of violations (percent of `counted`) are rounded up. shown_share: "0.01", without the sign.
std::string shown_score(double score);
std::string shown_share(std::int64_t violated, std::int64_t counted);

}  // namespace pyojun
