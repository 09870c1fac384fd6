#include "pack_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "conformance/render.hpp"
#include "report/conformance.hpp"

namespace pyojun::app {

namespace {

// Names come from packs and sources, so each line is made harmless by itself.
std::string printable_lines(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = text.find('\n');
    out += printable(text.substr(0, end)) + "\n";
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out;
}

std::string check_day(const std::string& text) { return is_day(text) ? std::string() : std::string("not a day like 2026-01-31"); }

constexpr std::size_t most_misfits = 20;

// What stands between the source and the criteria, before any score.
void tell_obstacles(const AuditResult& result, Console& console) {
  std::string closed;
  for (const auto& name : result.closed) closed += (closed.empty() ? "" : ", ") + name;
  if (!closed.empty()) console.note(console.render(Error{Code::audit_table_closed, {}, {}, closed, {}}));
  for (std::size_t i = 0; i < std::min(most_misfits, result.misfits.size()); ++i) {
    const Misfit& one = result.misfits[i];
    console.note(
        console.render(Finding{Code::audit_values_misfit, fmt::format("{}.{}, {}", one.table, one.column, one.expected), one.values}));
  }
  if (result.misfits.size() > most_misfits) {
    console.note(fmt::format(fmt::runtime(console.pick("and {} more columns, see the report", "그 밖에 {}개 열은 보고서를 보십시오")),
                             result.misfits.size() - most_misfits));
  }
}

}  // namespace

std::function<bool(Console&)> add_pack_options(Grammar grammar, PackRequest& request, bool required) {
  auto settings = std::make_shared<std::vector<std::string>>();
  const Argument pack =
      grammar.add("--pack", request.packs, "criteria packs: names (`pyojun list packs`) or folders, parted by commas").parted_by(',');
  if (required) pack.required();
  grammar.add(
      "--gate", request.gates,
      "PACK>=90, PACK/CATEGORY>=80, PACK:failed<=3, PACK:errors=0, PACK:new=0, PACK:unobserved=0; exit code 4 when one does not hold");
  grammar.flag("--gate-new-failures", request.gate_new_failures, "a failure the baseline does not have is a gate that does not hold");
  grammar.add("--baseline", request.baseline,
              "compare with: last or a number (audits stored in the warehouse), results.csv, or the folder of an earlier audit");
  grammar.add("--thresholds", request.thresholds, "CSV of thresholds: criterion,threshold, or a DataQualityDashboard threshold file");
  grammar.add("--suppress", request.suppressions, "CSV of known failures: criterion,reason,expires");
  grammar.add("--set", *settings, "NAME=VALUE: a parameter of a pack");
  grammar.add("--as-of", request.today, "YYYY-MM-DD: the day criteria call today").fits(check_day);
  grammar.flag("--violations", request.violations, "list the violating keys of failed criteria as CSV");
  grammar
      .add("--min-cell", request.min_cell, "reports round all counts up to multiples of this number, for readers outside the institution")
      .within(2, 1000000);
  grammar.add("--violation-limit", request.violation_limit, "rows a criterion; 0: all").shows_default();
  if (required) grammar.flag("--with-vocabulary", request.with_vocabulary, "check the vocabulary tables too");
  return [settings, &request](Console& console) {
    for (const auto& text : *settings) {
      const auto equal = text.find('=');
      if (equal == std::string::npos) {
        console.error(Error{Code::pack_parameter_wrong, {}, {}, text, {}});
        return false;
      }
      request.parameters.emplace_back(text.substr(0, equal), text.substr(equal + 1));
    }
    if (request.violations && request.min_cell != 0) {
      console.error(Error{Code::arguments_misfit, {}, {}, "--min-cell, --violations", {}});
      return false;
    }
    return true;
  };
}

void tell_audit(const AuditOutcome& outcome, Console& console) {
  tell_obstacles(outcome.result, console);
  if (console.json) {
    console.out(conformance_json(outcome.result) + "\n");
  } else if (!console.quiet) {
    console.out(printable_lines(audit_text(outcome.result, console.language == Tongue::ko ? Language::korean : Language::english)));
  }
  for (const auto& id : outcome.idle_suppressions) {
    console.note(fmt::format("{}: {}", printable(id),
                             console.pick("suppression expired or names nothing that ran", "예외가 만료되었거나 실행된 기준이 아님")));
  }
}

std::string audit_summary(const AuditOutcome& outcome, const Console& console) {
  Tally all;
  for (const auto& pack : outcome.result.packs) {
    for (std::size_t i = 0; i < state_count; ++i) all.states[i] += pack.tally.states[i];
  }
  std::size_t held = 0;
  for (const auto& gate : outcome.result.gates) held += gate.held ? 1U : 0U;
  std::string out =
      fmt::format(fmt::runtime(console.pick("{} criteria: {} pass, {} fail, {} not applicable, {} not observable, {} error",
                                            "기준 {}개: 통과 {}, 미통과 {}, 해당 없음 {}, 관찰 불가 {}, 오류 {}")),
                  grouped(all.all()), grouped(all.of(State::pass)), grouped(all.of(State::fail)), grouped(all.of(State::not_applicable)),
                  grouped(all.of(State::not_observable)), grouped(all.of(State::error)));
  if (!outcome.result.gates.empty()) {
    out += fmt::format(fmt::runtime(console.pick("; {} of {} gates held", "; 게이트 {}/{} 통과")), held, outcome.result.gates.size());
  }
  return out;
}

}  // namespace pyojun::app
