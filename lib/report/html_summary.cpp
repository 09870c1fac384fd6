// The first screen of report.html: are we ready, what blocks, what next.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "report/advice.hpp"
#include "report/html_charts.hpp"
#include "report/html_sections.hpp"
#include "report/html_writer.hpp"

namespace pyojun {

namespace {

constexpr std::size_t most_blocking = 6;
constexpr std::size_t most_steps = 6;
constexpr std::size_t most_undecided = 2;  // reasons a pack

#define PYOJUN_ICON(path)                                                                                                      \
  "<svg class=\"icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"2.2\" " \
  "stroke-linecap=\"round\" "                                                                                                  \
  "stroke-linejoin=\"round\"><circle cx=\"12\" cy=\"12\" r=\"10\"/><path d=\"" path "\"/></svg>"
constexpr std::string_view tick = PYOJUN_ICON("M7.5 12.5l3 3 6-6.5");
constexpr std::string_view cross = PYOJUN_ICON("M8.5 8.5l7 7M15.5 8.5l-7 7");
constexpr std::string_view mark = PYOJUN_ICON("M12 7v6M12 16.6v.1");
constexpr std::string_view dash = PYOJUN_ICON("M8 12h8");
#undef PYOJUN_ICON

struct ToneLook {
  std::string_view name, icon;
};
constexpr std::array<ToneLook, 4> looks{{{"good", tick}, {"middle", mark}, {"bad", cross}, {"none", dash}}};

std::string link(std::string_view anchor, std::string_view html) { return fmt::format("<a href=\"#{}\">{}</a>", anchor, html); }

std::string title_of(const CriterionResult& one) { return say(one.criterion.title, one.criterion.title_ko); }

std::string violated_of(const CriterionResult& one) {
  return say(Text::violated_of,
             {with_commas(static_cast<std::uint64_t>(one.violated)), with_commas(static_cast<std::uint64_t>(one.counted))});
}

// "1,188 Pass · 11 Fail": states that occur, best first.
std::string state_counts(const Tally& tally) {
  std::string html;
  for (const State state : {State::pass, State::fail, State::error, State::not_observable, State::not_applicable}) {
    if (tally.of(state) == 0) continue;
    html += fmt::format("<span class=\"count\">{}<b>{}</b> {}</span> ", colour_key("s" + std::to_string(state_place(state))),
                        with_commas(tally.of(state)), say(state_text(state)));
  }
  return html;
}

void write_pack_card(std::string& out, const AuditResult& audit, const PackResult& pack) {
  const ToneLook& look = looks[static_cast<std::size_t>(tone(pack))];
  const std::string id = pack_anchor(pack), label = "score-" + id;
  out += fmt::format("<article class=\"pack {}\"><h3>{}</h3>\n", look.name, link(id, say(pack.pack.title, pack.pack.title_ko)));
  out +=
      fmt::format("<p class=\"against\">{}</p>\n", say(Text::against, {say(pack.pack.edition, pack.pack.edition_ko), plain(pack.pack.id)}));
  out += fmt::format("<div class=\"result\">{}", look.icon);
  if (pack.score) {
    const std::string score = shown_score(*pack.score);
    const auto point = score.find('.');
    out += fmt::format(
        "<p class=\"verdict\"><b>{}</b></p><p class=\"score\" id=\"{}\"><span class=\"big\">{}<small>{}</small></span> <b>{}</b></p>",
        say(pack.verdict, pack.verdict_ko), label, score.substr(0, point), score.substr(point), plain(pack.band));
  } else {
    out += fmt::format("<p class=\"verdict\"><b>{}</b></p>", say(Text::undecided));
  }
  out += fmt::format("</div>\n{}\n<p class=\"counts\">{}</p>\n", band_scale(pack, label), state_counts(pack.tally));
  if (!audit.baseline.empty())
    out +=
        fmt::format("<p class=\"counts\">{}</p>\n", say(Text::changes_since, {plain(audit.baseline), with_commas(pack.new_failures),
                                                                              with_commas(pack.resolved), with_commas(pack.persisting)}));
  if (pack.critical_unseen != 0)
    out += fmt::format("<p class=\"counts\">{}</p>\n", say(Text::critical_unseen, {with_commas(pack.critical_unseen)}));
  out += "</article>\n";
}

// A line of "what blocks" or "what next"; `value` stands at its end.
void item(std::string& out, std::string_view html, std::string_view value = {}, std::string_view more = {}) {
  out += fmt::format("<li><span>{}", html);
  if (!more.empty()) out += fmt::format("<span class=\"sub\">{}</span>", more);
  out += "</span>";
  if (!value.empty()) out += fmt::format("<b class=\"value\">{}</b>", value);
  out += "</li>\n";
}

std::string count_of(std::uint64_t number) { return "<span class=\"muted\">" + with_commas(number) + "</span>"; }

std::string of_pack(const AuditResult& audit, const PackResult& pack) {
  return audit.packs.size() > 1 ? plain_code(pack.pack.id) + " " : std::string();
}

void blocking_criteria(std::string& out, const AuditResult& audit, const PackResult& pack) {
  std::size_t shown = 0, all = 0;
  for (const Gain& gain : gains(pack)) {
    if (!gain.result->criterion.critical) continue;
    if (++all > most_blocking) continue;
    ++shown;
    const Criterion& criterion = gain.result->criterion;
    std::string more = of_pack(audit, pack) + violated_of(*gain.result);
    if (!criterion.remedy.empty()) more += " \u00b7 " + say(criterion.remedy, criterion.remedy_ko);
    item(out, link(criterion_anchor(pack, *gain.result), title_of(*gain.result)), say(Text::critical), more);
  }
  if (all > shown) item(out, link(pack_anchor(pack), say(Text::blocks_more)), with_commas(all - shown));
}

void blocking_score(std::string& out, const AuditResult& audit, const PackResult& pack) {
  const auto from = ready_from(pack.pack);
  if (!pack.score) return item(out, link(pack_anchor(pack), say(Text::blocks_no_score)), {}, of_pack(audit, pack));
  if (from && *pack.score < *from - 1e-9)
    item(out, link(pack_anchor(pack), say(Text::blocks_score, {shown_score(*pack.score), fmt::format("{}", *from)})), {},
         of_pack(audit, pack));
}

std::string blocking(const ReportData& report) {
  std::string out;
  if (report.conversion && !report.balanced) item(out, link("books", say(Text::unbalanced)), {}, say(Text::unbalanced_why));
  if (!report.audit) return out;
  for (const GateResult& gate : report.audit->gates)
    if (!gate.held) item(out, link("gates", say(Text::blocks_gate, {plain_code(gate.expression), plain(gate.found)})));
  for (const PackResult& pack : report.audit->packs) blocking_criteria(out, *report.audit, pack);
  for (const PackResult& pack : report.audit->packs) blocking_score(out, *report.audit, pack);
  return out;
}

void next_gains(std::string& out, const AuditResult& audit) {
  const std::vector<Step> all = steps(audit.packs);
  for (std::size_t i = 0; i < std::min(all.size(), most_steps); ++i) {
    const Step& step = all[i];
    const Criterion& criterion = step.first->criterion;
    std::string more = of_pack(audit, *step.pack) + violated_of(*step.first);
    if (step.criteria > 1) more += " \u00b7 " + say(Text::next_more, {with_commas(step.criteria - 1), plain_code(criterion.check)});
    if (!criterion.remedy.empty()) more += " \u00b7 " + say(criterion.remedy, criterion.remedy_ko);
    item(out, link(criterion_anchor(*step.pack, *step.first), title_of(*step.first)),
         step.points > 0 ? "+" + shown_score(std::max(step.points, 0.01)) : std::string(), more);
  }
}

void next_undecided(std::string& out, const AuditResult& audit) {
  for (const PackResult& pack : audit.packs) {
    std::size_t shown = 0;
    for (const Undecided& reason : undecided(pack)) {
      if (++shown > most_undecided) break;
      const std::string why = reason.reason.empty() ? say(Text::next_attest_people) : say(reason.reason, reason.reason_ko);
      const Text text = reason.state == State::error ? Text::next_errors : Text::next_attest;
      item(out, link(reason.criteria == 1 ? criterion_anchor(pack, *reason.first) : pack_anchor(pack) + "-why", say(text, {why})),
           count_of(reason.criteria), of_pack(audit, pack));
    }
  }
}

void next_conversion(std::string& out, const ReportData& report) {
  if (report.unmapped_rows != 0) item(out, link("codes", say(Text::next_codes)), count_of(report.unmapped_rows));
  if (report.quarantined() != 0) item(out, link("quarantine", say(Text::next_quarantine)), count_of(report.quarantined()));
  const auto fields = [&](ReportField::State state) {
    return static_cast<std::uint64_t>(
        std::count_if(report.fields.begin(), report.fields.end(), [&](const ReportField& field) { return field.state == state; }));
  };
  if (const auto missing = fields(ReportField::State::missing); missing != 0)
    item(out, link("fields", say(Text::next_missing)), count_of(missing));
  if (const auto unread = fields(ReportField::State::unread); unread != 0)
    item(out, link("fields", say(Text::next_fields)), count_of(unread));
}

std::string next_steps(const ReportData& report) {
  std::string out;
  if (report.audit) {
    next_gains(out, *report.audit);
    next_undecided(out, *report.audit);
  }
  if (report.conversion) next_conversion(out, report);
  return out;
}

void write_lists(std::string& out, const ReportData& report) {
  const std::string blocks = blocking(report), steps = next_steps(report);
  out += fmt::format("<div class=\"lists\">\n<div><h3>{}</h3>\n", say(Text::blocks));
  if (blocks.empty()) {
    out += fmt::format("<p class=\"none good\">{}<span>{}</span></p>\n", tick, say(report.audit ? Text::blocks_none : Text::balanced_why));
  } else {
    out += fmt::format("<ul class=\"todo blocks\">\n{}</ul>\n", blocks);
  }
  out += fmt::format("</div>\n<div><h3>{}</h3>\n", say(Text::next));
  if (report.audit && !steps.empty()) out += fmt::format("<p class=\"about\">{}</p>\n", say(Text::next_about));
  out += steps.empty() ? fmt::format("<p class=\"none\">{}</p>\n", say(Text::next_none))
                       : fmt::format("<ol class=\"todo\">\n{}</ol>\n", steps);
  out += "</div>\n</div>\n";
}

void card(std::string& out, Text name, std::string_view big, std::string_view small) {
  out += fmt::format("<div class=\"card\"><dt>{}</dt><dd class=\"big\">{}</dd><dd class=\"small\">{}</dd></div>\n", say(name), big, small);
}

// Reasons, whatever file and rule they came from.
std::size_t distinct_reasons(const ReportData& report) {
  std::set<Code> seen;
  for (const ReportQuarantine& entry : report.quarantine)
    if (entry.records != 0) seen.insert(entry.code);
  return seen.size();
}

void write_figures(std::string& out, const ReportData& report) {
  out += fmt::format("<div class=\"balance {}\" id=\"balanced\">{}<p><b>{}</b> {}</p></div>\n", report.balanced ? "good" : "bad",
                     report.balanced ? tick : cross, say(report.balanced ? Text::balanced : Text::unbalanced),
                     say(report.balanced ? Text::balanced_why : Text::unbalanced_why));
  const ReportCoverage total = report.total_coverage();
  const auto filled = std::count_if(report.tables.begin(), report.tables.end(), [](const ReportTable& table) { return table.rows != 0; });
  out += "<dl class=\"cards\">\n";
  card(out, Text::records_read, with_commas(report.records()), say(Text::in_files, {with_commas(report.files.size())}));
  card(out, Text::rows_written, with_commas(report.rows()), say(Text::in_tables, {with_commas(static_cast<std::uint64_t>(filled))}));
  card(out, Text::rows_covered, percent(total.mapped_rows(), total.all_rows()),
       say(Text::codes_covered, {percent(total.mapped_codes(), total.all_codes())}));
  card(out, Text::in_quarantine, with_commas(report.quarantined()), say(Text::reasons_count, {with_commas(distinct_reasons(report))}));
  out += "</dl>\n";
}

void write_gates(std::string& out, const AuditResult& audit) {
  if (audit.gates.empty()) return;
  out += fmt::format("<h3>{}</h3>\n", say(Text::gates));
  HtmlTable table(out, "gates", say(Text::gates), false);
  table.head(Text::gate).head(Text::found, HtmlTable::Align::right).head(Text::state);
  for (const GateResult& gate : audit.gates) {
    table.row();
    table.cell(plain_code(gate.expression)).right(plain(gate.found));
    table.cell(fmt::format("<b class=\"{}\">{}</b>", gate.held ? "good" : "bad", say(gate.held ? Text::gate_held : Text::gate_not_held)));
  }
  table.done();
}

}  // namespace

void write_summary_section(std::string& out, const ReportData& report) {
  open_section(out, "summary", say(report.audit ? Text::ready_heading : Text::summary),
               report.audit ? say(Text::readiness) : std::string());
  if (report.audit) {
    out += fmt::format("<div class=\"packs p{}\">\n", std::min<std::size_t>(report.audit->packs.size(), 3));
    for (const PackResult& pack : report.audit->packs) write_pack_card(out, *report.audit, pack);
    out += "</div>\n";
  } else if (report.conversion) {
    write_figures(out, report);
  }
  write_lists(out, report);
  if (report.audit) write_gates(out, *report.audit);
  if (report.audit && report.conversion) write_figures(out, report);
  close_section(out);
}

}  // namespace pyojun
