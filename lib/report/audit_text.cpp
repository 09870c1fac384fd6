// The audit for terminals and for machines that read JUnit.
#include <fmt/format.h>

#include <algorithm>

#include "report/advice.hpp"
#include "report/conformance.hpp"
#include "report/escape.hpp"
#include "report/html_writer.hpp"

namespace pyojun {

namespace {

constexpr std::size_t most_reasons = 6;

std::string counts(const CriterionResult& one, bool korean = false) {
  if (!one.measured) return "-";
  std::string out = fmt::format("{}/{} ({} %)", one.violated, one.counted, shown_share(one.violated, one.counted));
  if (one.codes_counted) out += fmt::format(", {}/{} {}", one.codes_violated.value_or(0), *one.codes_counted, korean ? "코드" : "codes");
  return out;
}

// XML 1.0 has no U+FFFE and U+FFFF, not even escaped.
std::string escape_xml(std::string_view text) {
  std::string out = escape_html(text);
  for (const std::string_view gone : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"})
    for (std::size_t at = out.find(gone); at != std::string::npos; at = out.find(gone, at + 3)) out.replace(at, 3, "\xEF\xBF\xBD");
  return out;
}

std::string score_of(const std::optional<double>& score) { return score ? shown_score(*score) : std::string("-"); }

// Failures in the order of the report: critical ones first, then by points; then what was not decided, a line a reason.
void write_failures(std::string& out, const PackResult& pack, bool korean, std::size_t most) {
  const std::vector<Gain> all = gains(pack);
  for (std::size_t i = 0; i < std::min(most, all.size()); ++i) {
    const CriterionResult& one = *all[i].result;
    std::string mark = korean ? "미통과" : "fail";
    if (one.change == "new") mark += korean ? ", 신규" : ", new";
    if (one.criterion.critical) mark += korean ? ", 필수" : ", critical";
    if (!one.suppressed.empty()) mark += korean ? ", 예외" : ", suppressed";
    const std::string points = all[i].points > 0 ? fmt::format(", +{}", shown_score(std::max(all[i].points, 0.01))) : std::string();
    out += fmt::format("  {} [{}] {}: {}{}\n", one.criterion.id, mark, korean ? one.criterion.title_ko : one.criterion.title,
                       counts(one, korean), points);
  }
  if (all.size() > most) out += fmt::format(fmt::runtime(korean ? "  그 밖에 {}건\n" : "  and {} more\n"), all.size() - most);
  const std::vector<Undecided> reasons = undecided(pack);
  for (std::size_t i = 0; i < std::min(most_reasons, reasons.size()); ++i) {
    const Undecided& one = reasons[i];
    const char* const state = one.state == State::error ? (korean ? "오류" : "error") : (korean ? "관찰 불가" : "not observable");
    const std::string who =
        one.criteria == 1 ? fmt::format("{} [{}]", one.first->criterion.id, state) : fmt::format("{} {}", one.criteria, state);
    out += fmt::format("  {}: {}\n", who, korean ? one.reason_ko : one.reason);
  }
}

void write_dqd(std::string& out, const DqdFigures& dqd) {
  out += fmt::format("  Overview.percentPassed {:.2f}, viewer {}, viewer corrected {}, plain {}\n", dqd.percent_passed, dqd.viewer_percent,
                     dqd.corrected_percent ? fmt::format("{}", *dqd.corrected_percent) : "-", score_of(dqd.plain_percent));
}

}  // namespace

std::string audit_text(const AuditResult& result, Language language, std::size_t most_failures) {
  const bool korean = language == Language::korean;
  std::string out;
  for (const PackResult& pack : result.packs) {
    out += fmt::format("{} {} ({}): {}{}{} - {}\n", pack.pack.id, korean ? pack.pack.edition_ko : pack.pack.edition,
                       korean ? pack.pack.title_ko : pack.pack.title, score_of(pack.score), pack.band.empty() ? "" : " ", pack.band,
                       korean ? pack.verdict_ko : pack.verdict);
    const Tally& tally = pack.tally;
    out += fmt::format(fmt::runtime(korean ? "  통과 {}, 미통과 {}, 해당 없음 {}, 관찰 불가 {}, 오류 {}\n"
                                           : "  {} pass, {} fail, {} not applicable, {} not observable, {} error\n"),
                       tally.of(State::pass), tally.of(State::fail), tally.of(State::not_applicable), tally.of(State::not_observable),
                       tally.of(State::error));
    if (pack.critical_unseen != 0)
      out += fmt::format(fmt::runtime(korean ? "  필수 기준 {}건은 자료로 확인할 수 없습니다. 판정과 함께 확인서를 첨부하십시오\n"
                                             : "  {} critical criteria could not be observed: attest them beside this verdict\n"),
                         pack.critical_unseen);
    if (pack.other_settings != 0)
      out += fmt::format(fmt::runtime(korean ? "  설정이 다른 이전 감사 {}건은 추이에 넣지 않았습니다 (이번 설정: {})\n"
                                             : "  {} earlier audits with other settings are no part of the trend (now: {})\n"),
                         pack.other_settings, pack.pack.settings.empty() ? "-" : pack.pack.settings);
    if (!result.baseline.empty()) {
      out += fmt::format(
          fmt::runtime(korean ? "  비교 {}: 새로 미통과 {}, 해결 {}, 지속 {}\n" : "  against {}: {} new, {} resolved, {} persisting\n"),
          result.baseline, pack.new_failures, pack.resolved, pack.persisting);
    }
    for (const CategoryScore& category : pack.categories) {
      out += fmt::format("  {:<28} {:>7}  {}/{}\n", korean ? category.category.title_ko : category.category.title, score_of(category.score),
                         category.tally.of(State::pass), category.tally.of(State::pass) + category.tally.of(State::fail));
    }
    if (pack.dqd) write_dqd(out, *pack.dqd);
    write_failures(out, pack, korean, most_failures);
  }
  for (const GateResult& gate : result.gates) {
    const char* const word = gate.held ? (korean ? "통과" : "held") : (korean ? "미통과" : "not held");
    out += fmt::format("{} {}: {} ({})\n", korean ? "게이트" : "gate", gate.expression, word, gate.found);
  }
  return out;
}

std::string junit_xml(const AuditResult& result) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const PackResult& pack : result.packs) {
    const Tally& tally = pack.tally;
    std::uint64_t suppressed = 0;
    for (const auto& one : pack.criteria) suppressed += one.state == State::fail && !one.suppressed.empty() ? 1U : 0U;
    const std::uint64_t skipped = tally.of(State::not_applicable) + tally.of(State::not_observable) + suppressed;
    out += fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">\n", escape_xml(pack.pack.id),
                       tally.all(), tally.of(State::fail) - suppressed, tally.of(State::error), skipped);
    for (const CriterionResult& one : pack.criteria) {
      out += fmt::format("    <testcase classname=\"{}.{}\" name=\"{}\"", escape_xml(pack.pack.id), escape_xml(one.criterion.category),
                         escape_xml(one.criterion.id));
      if (one.state == State::pass) {
        out += "/>\n";
      } else if (one.state == State::fail && one.suppressed.empty()) {
        out += fmt::format("><failure message=\"{}: {}\"/></testcase>\n", escape_xml(one.criterion.title), counts(one));
      } else if (one.state == State::error) {
        out += fmt::format("><error message=\"{}\"/></testcase>\n", escape_xml(one.reason));
      } else {
        out += fmt::format("><skipped message=\"{}\"/></testcase>\n",
                           escape_xml(one.suppressed.empty() ? one.reason : "suppressed: " + one.suppressed));
      }
    }
    out += "  </testsuite>\n";
  }
  return out + "</testsuites>\n";
}

}  // namespace pyojun
