#include "conformance/evaluate.hpp"

#include <fmt/format.h>

#include <cmath>

namespace pyojun {

namespace {

constexpr double rounding = 1e-9;  // of sums of doubles, in percent

void set(CriterionResult& result, State state, std::string reason, std::string reason_ko) {
  result.state = state;
  result.reason = std::move(reason);
  result.reason_ko = std::move(reason_ko);
}

// Strictly above the threshold fails: exactly 5 % passes a threshold of 5. Compared as products, so no rounding decides.
bool above(const CriterionResult& result) {
  const double threshold = result.criterion.threshold.value_or(0);
  if (threshold <= 0) return result.violated > 0;
  return static_cast<double>(result.violated) * 100.0 > threshold * static_cast<double>(result.counted) && result.counted > 0;
}

// Where people find the SQL that was refused.
std::string place(const PackResult& pack, const Criterion& criterion) {
  return fmt::format("{}/criteria.csv:{}", pack.pack.id, criterion.line);
}

void refuse(CriterionResult& result, const PackResult& pack, std::string_view what, std::string_view what_ko, std::string_view error) {
  const std::string where = place(pack, result.criterion);
  set(result, State::error, fmt::format("{}: {}: {}", where, what, error), fmt::format("{}: {}: {}", where, what_ko, error));
}

std::string missing_name(const Measured& measured) {
  return measured.missing_column.empty() ? measured.missing_table : measured.missing_table + "." + measured.missing_column;
}

void take(CriterionResult& result, const Measured& measured) {
  result.measured = !measured.error && !measured.missing() && measured.closed.empty();
  result.violated = measured.violated;
  result.counted = measured.counted;
  result.codes_violated = measured.codes_violated;
  result.codes_counted = measured.codes_counted;
}

void absent(CriterionResult& result, const std::string& name) {
  set(result, State::not_observable, fmt::format("{} is missing", name), fmt::format("{} 이 없습니다", name));
}

void closed(CriterionResult& result, const std::string& name) {
  set(result, State::not_observable, fmt::format("no right to read {}", name), fmt::format("{} 을(를) 읽을 권한이 없습니다", name));
}

void plain(CriterionResult& result, const PackResult& pack, const Measured& measured, const Condition& condition) {
  if (!result.criterion.observable || result.criterion.kind == "stated") {
    const Criterion& criterion = result.criterion;
    if (!criterion.reason.empty()) return set(result, State::not_observable, criterion.reason, criterion.reason_ko);
    return set(result, State::not_observable, "data cannot show this; attach an attestation",
               "자료로 확인할 수 없으므로 확인서를 첨부하십시오");
  }
  if (condition.applies == Applies::no)
    return set(result, State::not_applicable, "its condition does not hold", "적용 조건에 해당하지 않습니다");
  const bool existence = result.criterion.kind == "table-exists" || result.criterion.kind == "field-exists";
  if (condition.applies == Applies::refused) return refuse(result, pack, "`applies` refused", "`applies` SQL 오류", condition.because);
  if (measured.missing() && !existence) return absent(result, missing_name(measured));
  if (!measured.closed.empty() && !existence) return closed(result, measured.closed);
  if (condition.applies == Applies::unknown)
    return set(result, State::not_observable, fmt::format("its condition cannot be decided without {}", condition.because),
               fmt::format("{} 없이는 적용 조건을 판단할 수 없습니다", condition.because));
  if (measured.error) return refuse(result, pack, "statement refused", "SQL 오류", measured.error_class);
  if (result.counted == 0 && result.criterion.kind == "source-fact")
    return set(result, State::not_observable, "the source does not record it, or the mapping does not count it",
               "원본에 없거나 매핑이 세지 않는 사실입니다");
  if (result.counted == 0) return set(result, State::not_applicable, "nothing to check", "검사할 대상이 없습니다");
  result.measured = true;
  set(result, above(result) ? State::fail : State::pass, {}, {});
}

// Names in DQD's reasons are upper case, as its tables write them.
std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - ('a' - 'A'));
  }
  return out;
}

// The rules of DQD's NOT APPLICABLE, and its order. Fields count as empty by what is in them, which is what its measureValueCompleteness
// looks at.
class DqdRules {
 public:
  DqdRules(const Catalog& catalog, PackResult& pack, const std::vector<Measured>& measured);
  void decide(CriterionResult& result, const PackResult& pack, const Measured& measured) const;

 private:
  bool not_applicable(CriterionResult& result, const Measured& measured) const;
  const Catalog& catalog_;
  std::map<std::string, bool, std::less<>> empty_fields_;  // "table.field"
};

DqdRules::DqdRules(const Catalog& catalog, PackResult& pack, const std::vector<Measured>& measured) : catalog_(catalog) {
  for (std::size_t i = 0; i < measured.size(); ++i) {
    const Criterion& criterion = pack.criteria[i].criterion;
    if (criterion.check != "measureValueCompleteness" || measured[i].missing() || measured[i].error) continue;
    empty_fields_[criterion.table + "." + criterion.field] = measured[i].counted == measured[i].violated;
  }
}

bool DqdRules::not_applicable(CriterionResult& result, const Measured& measured) const {
  const Criterion& criterion = result.criterion;
  const std::string table = upper(criterion.table), field = upper(criterion.field);
  const auto because = [&](std::string reason, std::string reason_ko) {
    set(result, State::not_applicable, std::move(reason), std::move(reason_ko));
    return true;
  };
  const auto found = catalog_.find(criterion.table);
  if (criterion.check == "cdmTable") return false;
  if (found == catalog_.end()) return because(fmt::format("Table {} does not exist.", table), fmt::format("표 {} 이 없습니다.", table));
  if (criterion.check == "cdmField" || criterion.check == "measurePersonCompleteness" ||
      criterion.check == "measureObservationPeriodOverlap") {
    if (criterion.check == "measureObservationPeriodOverlap" && found->second.rows == 0) {
      return because(fmt::format("Table {} is empty.", table), fmt::format("표 {} 이 비어 있습니다.", table));
    }
    return false;
  }
  if (criterion.check == "measureConditionEraCompleteness") {
    const auto conditions = catalog_.find("condition_occurrence");
    if (conditions != catalog_.end() && conditions->second.rows > 0) return false;
    return because("Table CONDITION_OCCURRENCE is empty.", "표 CONDITION_OCCURRENCE 가 비어 있습니다.");
  }
  if (found->second.find(criterion.field) == nullptr) {
    return because(fmt::format("Field {}.{} does not exist.", table, field), fmt::format("열 {}.{} 이 없습니다.", table, field));
  }
  if (found->second.rows == 0) return because(fmt::format("Table {} is empty.", table), fmt::format("표 {} 이 비어 있습니다.", table));
  const auto empty = empty_fields_.find(criterion.table + "." + criterion.field);
  if (empty != empty_fields_.end() && empty->second && criterion.check != "measureValueCompleteness") {
    return because(fmt::format("Field {}.{} is not populated.", table, field), fmt::format("열 {}.{} 에 값이 없습니다.", table, field));
  }
  const auto concept_id = criterion.args.find("concept");
  const auto level = criterion.labels.find("level");
  if (level != criterion.labels.end() && level->second == "CONCEPT" && result.counted == 0 && !measured.error &&
      concept_id != criterion.args.end()) {
    return because(fmt::format("{}={} is missing from the {} table.", field, concept_id->second, table),
                   fmt::format("{}={} 이 표 {} 에 없습니다.", field, concept_id->second, table));
  }
  return false;
}

void DqdRules::decide(CriterionResult& result, const PackResult& pack, const Measured& measured) const {
  const bool existence = result.criterion.check == "cdmTable" || result.criterion.check == "cdmField";
  result.sql_error = measured.error || ((measured.missing() || !measured.closed.empty()) && !existence);
  result.measured = !result.sql_error;
  if (not_applicable(result, measured)) return;
  if (result.sql_error) {
    const std::string missing = missing_name(measured);
    if (measured.missing())
      return set(result, State::error, fmt::format("statement refused: {} is missing", missing),
                 fmt::format("SQL 오류: {} 이 없음", missing));
    if (!measured.closed.empty())
      return set(result, State::error, fmt::format("statement refused: no right to read {}", measured.closed),
                 fmt::format("SQL 오류: {} 읽기 권한 없음", measured.closed));
    return refuse(result, pack, "statement refused", "SQL 오류", measured.error_class);
  }
  set(result, above(result) ? State::fail : State::pass, {}, {});
}

struct Mean {
  double sum = 0, weight = 0;
  void add(double value, double with) {
    sum += value * with;
    weight += with;
  }
  std::optional<double> percent() const { return weight > 0 ? std::optional<double>(100.0 * sum / weight) : std::nullopt; }
};

std::int64_t rounded(double value) { return static_cast<std::int64_t>(value + 0.5); }

DqdFigures dqd_figures(const PackResult& pack) {
  DqdFigures out;
  out.total = pack.criteria.size();
  for (const CriterionResult& result : pack.criteria) {
    out.failed += result.state == State::fail ? 1 : 0;
    out.passed += result.state == State::pass ? 1 : 0;
    out.not_applicable += result.state == State::not_applicable ? 1 : 0;
    out.error += result.sql_error ? 1 : 0;
  }
  const auto total = static_cast<double>(out.total);
  if (out.total > 0) {
    out.percent_passed = static_cast<double>(rounded((total - static_cast<double>(out.failed)) / total * 10000.0)) / 100.0;
    out.viewer_percent = rounded(static_cast<double>(out.passed + out.not_applicable) / total * 100.0);
  }
  const auto corrected = static_cast<std::int64_t>(out.total) - static_cast<std::int64_t>(out.error + out.not_applicable);
  if (corrected > 0) out.corrected_percent = rounded(static_cast<double>(out.passed) / static_cast<double>(corrected) * 100.0);
  if (out.passed + out.failed > 0)
    out.plain_percent = 100.0 * static_cast<double>(out.passed) / static_cast<double>(out.passed + out.failed);
  return out;
}

}  // namespace

std::string_view state_name(State state) {
  constexpr std::array<std::string_view, state_count> names{"pass", "fail", "not_applicable", "not_observable", "error"};
  return names[static_cast<std::size_t>(state)];
}

std::uint64_t Tally::all() const {
  std::uint64_t total = 0;
  for (const auto count : states) total += count;
  return total;
}

bool AuditResult::gates_held() const {
  for (const GateResult& gate : gates) {
    if (!gate.held) return false;
  }
  return true;
}

std::string shown_score(double score) { return fmt::format("{:.2f}", std::floor((score + rounding) * 100.0) / 100.0); }

std::string shown_share(std::int64_t violated, std::int64_t counted) {
  if (counted <= 0 || violated <= 0) return "0.00";
  return fmt::format("{:.2f}", std::ceil(10000.0 * static_cast<double>(violated) / static_cast<double>(counted) - 1e-9) / 100.0);
}

void evaluate(PackResult& pack, const Catalog& catalog, const std::vector<Measured>& measured, const std::vector<Condition>& conditions) {
  for (std::size_t i = 0; i < pack.criteria.size(); ++i) take(pack.criteria[i], measured[i]);
  if (pack.pack.evaluation == Evaluation::plain) {
    for (std::size_t i = 0; i < pack.criteria.size(); ++i) plain(pack.criteria[i], pack, measured[i], conditions[i]);
    return;
  }
  const DqdRules rules(catalog, pack, measured);
  for (std::size_t i = 0; i < pack.criteria.size(); ++i) rules.decide(pack.criteria[i], pack, measured[i]);
}

std::optional<double> part(const CriterionResult& result, Scoring scoring) {
  if (!result.criterion.scoring || (result.state != State::pass && result.state != State::fail)) return std::nullopt;
  if (scoring == Scoring::count) return result.state == State::pass ? 1.0 : 0.0;
  return result.share();
}

namespace {

// What DataQualityDashboard leaves out by its rules of NOT APPLICABLE is no lack of evidence: such a pack answers for its errors alone.
void weigh_evidence(PackResult& pack) {
  double decided = 0, rest = 0;
  for (const CriterionResult& result : pack.criteria) {
    if (!result.criterion.scoring) continue;
    const bool known = result.state == State::pass || result.state == State::fail;
    const bool idle = result.state == State::not_applicable && (!result.measured || pack.pack.evaluation == Evaluation::dqd);
    (known ? decided : rest) += idle ? 0.0 : result.criterion.weight;
  }
  pack.decided = decided + rest > 0 ? 100.0 * decided / (decided + rest) : 100.0;
}

}  // namespace

void score(PackResult& pack) {
  std::vector<Mean> means;
  Mean total;
  pack.categories.clear();
  pack.tally = {};
  pack.critical_unseen = 0;
  for (const CriterionResult& result : pack.criteria) {
    std::size_t at = 0;
    while (at < pack.categories.size() && pack.categories[at].category.id != result.criterion.category) ++at;
    if (at == pack.categories.size()) {
      CategoryTitle title{result.criterion.category, result.criterion.category, result.criterion.category};
      for (const auto& named : pack.pack.categories) {
        if (named.id == title.id) title = named;
      }
      pack.categories.push_back({std::move(title), {}, {}});
      means.emplace_back();
    }
    ++pack.categories[at].tally.states[static_cast<std::size_t>(result.state)];
    ++pack.tally.states[static_cast<std::size_t>(result.state)];
    if (const auto value = part(result, pack.pack.scoring)) {
      means[at].add(*value, result.criterion.weight);
      total.add(*value, result.criterion.weight);
    }
    pack.critical_unseen += result.criterion.critical && result.state == State::not_observable ? 1U : 0U;
  }
  for (std::size_t i = 0; i < means.size(); ++i) pack.categories[i].score = means[i].percent();
  pack.score = total.percent();
  weigh_evidence(pack);
  if (pack.pack.evaluation == Evaluation::dqd) pack.dqd = dqd_figures(pack);
}

void rate(PackResult& pack) {
  const auto critical = [&pack](State state) {
    return std::ranges::any_of(pack.criteria, [state](const CriterionResult& one) { return one.criterion.critical && one.state == state; });
  };
  pack.capped = critical(State::fail);
  pack.undecided = !pack.pack.undecided.empty() && (critical(State::error) || pack.decided < pack.pack.least_decided - rounding);
  for (const Band& band : pack.pack.bands) {
    if (!pack.score || *pack.score < band.from - rounding || !pack.band.empty()) continue;
    pack.band = band.band;
    pack.verdict = band.verdict;
    pack.verdict_ko = band.verdict_ko;
  }
  if (pack.undecided && !pack.capped) {
    pack.band.clear();
    pack.verdict = pack.pack.undecided;
    pack.verdict_ko = pack.pack.undecided_ko;
  }
  if (pack.capped) {
    pack.verdict = pack.pack.capped;
    pack.verdict_ko = pack.pack.capped_ko;
  }
}

}  // namespace pyojun
