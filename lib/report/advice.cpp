#include "report/advice.hpp"

#include <algorithm>

#include "conformance/evaluate.hpp"

namespace pyojun {

Tone tone(const PackResult& pack) {
  if (pack.capped) return Tone::bad;
  if (pack.undecided || !pack.score || pack.pack.bands.empty()) return Tone::none;
  if (pack.verdict == pack.pack.bands.front().verdict) return Tone::good;
  return pack.verdict == pack.pack.bands.back().verdict ? Tone::bad : Tone::middle;
}

std::optional<double> ready_from(const Pack& pack) {
  std::optional<double> from;
  for (const Band& band : pack.bands)
    if (band.verdict == pack.bands.front().verdict) from = band.from;
  return from;
}

std::vector<Gain> gains(const PackResult& pack) {
  std::vector<Gain> out;
  double weights = 0;
  for (const CriterionResult& one : pack.criteria) {
    const auto credit = part(one, pack.pack.scoring);
    if (credit) weights += one.criterion.weight;
    if (one.state == State::fail) out.push_back({&one, credit ? one.criterion.weight * (1.0 - *credit) : 0.0});
  }
  for (Gain& gain : out) gain.points = weights > 0 ? 100.0 * gain.points / weights : 0.0;
  std::stable_sort(out.begin(), out.end(), [](const Gain& a, const Gain& b) {
    if (a.result->criterion.critical != b.result->criterion.critical) return a.result->criterion.critical;
    return a.points > b.points;
  });
  return out;
}

std::vector<Step> steps(const std::vector<PackResult>& packs) {
  std::vector<Step> out;
  for (const PackResult& pack : packs) {
    for (const Gain& gain : gains(pack)) {
      if (!gain.result->suppressed.empty()) continue;
      const auto known = std::find_if(out.begin(), out.end(), [&](const Step& step) {
        return step.pack == &pack && step.first->criterion.check == gain.result->criterion.check;
      });
      if (known == out.end()) {
        out.push_back({&pack, gain.result, 1, gain.points});
      } else {
        ++known->criteria;
        known->points += gain.points;
      }
    }
  }
  std::stable_sort(out.begin(), out.end(), [](const Step& a, const Step& b) { return a.points > b.points; });
  return out;
}

std::vector<Undecided> undecided(const PackResult& pack) {
  std::vector<Undecided> out;
  for (const CriterionResult& one : pack.criteria) {
    if (one.state != State::error && one.state != State::not_observable) continue;
    const auto known = std::find_if(out.begin(), out.end(), [&](const Undecided& entry) {
      return entry.state == one.state && entry.reason == one.reason && entry.reason_ko == one.reason_ko;
    });
    if (known == out.end()) {
      out.push_back({&one, one.state, one.reason, one.reason_ko, 1});
    } else {
      ++known->criteria;
    }
  }
  std::stable_sort(out.begin(), out.end(), [](const Undecided& a, const Undecided& b) {
    if (a.state != b.state) return a.state == State::error;
    return a.criteria > b.criteria;
  });
  return out;
}

}  // namespace pyojun
