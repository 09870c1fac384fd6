// From counts to states and scores. Integers in, so the order of addition cannot change anything; ratios appear only at the end.
#pragma once

#include <optional>
#include <vector>

#include "conformance/engine.hpp"
#include "conformance/result.hpp"
#include "conformance/scan.hpp"

namespace pyojun {

// What `applies` said about a criterion.
enum class Applies : std::uint8_t { yes, no, unknown };

// Fills in state and reason of every criterion by the pack's rules. `applies` and `measured` go with the criteria.
//
// plain: not observable, when the pack says so or a table or column is missing; not applicable, when its condition does not hold or the
// denominator is 0; error; then fail when the share of violations is above the threshold (any violation when there is none).
//
// dqd (DataQualityDashboard 2.8.4, R/evaluateThresholds.R and R/calculateNotApplicableStatus.R): a missing table or column is an SQL error
// for all but the existence checks; fail when violated > 0 (threshold none or 0) or percent > threshold; then NOT APPLICABLE by missing
// table, missing field, empty table, empty field, concept absent, with the exceptions named there. NOT APPLICABLE clears a failure.
void evaluate(PackResult& pack, const Catalog& catalog, const std::vector<Measured>& measured, const std::vector<Applies>& applies);

// A criterion's part (0 .. 1) in a score; nothing unless it is scored and was decided.
std::optional<double> part(const CriterionResult& result, Scoring scoring);

// Scores of categories and pack, band and verdict, DQD's figures. Suppressed failures still count.
void score(PackResult& pack);

}  // namespace pyojun
