// What stands between a pack's result and a better one: the arithmetic behind "what blocks" and "what next".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "conformance/result.hpp"

namespace pyojun {

enum class Tone : std::uint8_t { good, middle, bad, none };

// good: the verdict of the highest band; bad: that of the lowest, or a critical criterion failed; none: nothing could be decided.
Tone tone(const PackResult& pack);

// The lowest score whose band has the verdict of the highest band; nothing without bands.
std::optional<double> ready_from(const Pack& pack);

// A failed criterion and what the pack's score (0 .. 100) wins when nothing violates it any more; 0 for one that is not scored.
struct Gain {
  const CriterionResult* result = nullptr;
  double points = 0;
};

// All failed criteria: critical ones first, then most points first, then in the pack's order. Pointers into `pack`.
std::vector<Gain> gains(const PackResult& pack);

// Failures of one check: criteria that a pack makes of one row ("isForeignKey" of every field) are mended together.
struct Step {
  const PackResult* pack = nullptr;
  const CriterionResult* first = nullptr;  // the one that costs most
  std::uint64_t criteria = 0;
  double points = 0;  // of all of them
};

// What to do next, most points first, in the packs' order otherwise; suppressed failures are none. Pointers into `packs`.
std::vector<Step> steps(const std::vector<PackResult>& packs);

// Criteria that ended as error or not observable, by reason.
struct Undecided {
  const CriterionResult* first = nullptr;
  State state = State::error;
  std::string reason, reason_ko;  // empty: people must attest it
  std::uint64_t criteria = 0;
};

// Errors first, then most criteria first.
std::vector<Undecided> undecided(const PackResult& pack);

}  // namespace pyojun
