// From counts to states and scores. Integers in, so the order of addition cannot change anything; ratios appear only at the end.
#pragma once

#include <optional>
#include <vector>

#include "conformance/engine.hpp"
#include "conformance/result.hpp"
#include "conformance/scan.hpp"

namespace pyojun {

// What `applies` said about a criterion. unknown: it speaks of a table or column the source does not have (or may not be read), named in
// `because`. refused: the engine does not take it, `because` is the class of the error.
enum class Applies : std::uint8_t { yes, no, unknown, refused };
struct Condition {
  Applies applies = Applies::yes;
  std::string because;
};

// Fills in state and reason of every criterion by the pack's rules. `conditions` and `measured` go with the criteria.
// The reason of an error names the pack's file and line: the pack is to be mended, not the data.
//
// plain: not observable, when the pack says so or a table or column is missing; not applicable, when its condition does not hold or the
// denominator is 0; error; then fail when the share of violations is above the threshold (any violation when there is none).
//
// dqd (DataQualityDashboard 2.8.4, R/evaluateThresholds.R and R/calculateNotApplicableStatus.R): a missing table or column is an SQL error
// for all but the existence checks; fail when violated > 0 (threshold none or 0) or percent > threshold; then NOT APPLICABLE by missing
// table, missing field, empty table, empty field, concept absent, with the exceptions named there. NOT APPLICABLE clears a failure.
void evaluate(PackResult& pack, const Catalog& catalog, const std::vector<Measured>& measured, const std::vector<Condition>& conditions);

// A criterion's part (0 .. 1) in a score; nothing unless it is scored and was decided.
std::optional<double> part(const CriterionResult& result, Scoring scoring);

// The numbers, made anew from states and counts: tallies, scores of categories and pack, what was decided, DQD's figures. Suppressed
// failures still count.
void score(PackResult& pack);

// What the numbers mean: capped, undecided, band and verdict. From exact numbers only, so never after counts were rounded.
void rate(PackResult& pack);

}  // namespace pyojun
