// What report.html says about each pack: figures, categories, trend, and every criterion with its evidence.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "report/advice.hpp"
#include "report/escape.hpp"
#include "report/html_charts.hpp"
#include "report/html_sections.hpp"
#include "report/html_writer.hpp"

namespace pyojun {

namespace {

using Align = HtmlTable::Align;

constexpr std::size_t most_reasons = 12;
constexpr std::size_t most_trend_rows = 12;
constexpr std::size_t filter_from = 60;  // criteria; above it the page opens with what is to be done

constexpr std::array<State, state_count> drawn{State::pass, State::fail, State::error, State::not_observable, State::not_applicable};

std::string tally_bar(const Tally& tally) {
  std::array<std::uint64_t, state_count> counts{};
  for (const State state : drawn) counts[state_place(state)] = tally.of(state);
  return stacked_bar(counts, "s");
}

std::string score_cell(const std::optional<double>& score) { return score ? shown_score(*score) : std::string("-"); }

void write_facts(std::string& out, const AuditResult& audit, const PackResult& pack) {
  out += "<dl class=\"pair\">\n";
  write_pair(out, Text::edition_name, say(pack.pack.edition, pack.pack.edition_ko));
  write_pair(out, Text::authority, pack.pack.authority.empty() ? "" : say(pack.pack.authority, pack.pack.authority_ko));
  write_pair(out, Text::basis, pack.pack.basis.empty() ? "" : say(pack.pack.basis, pack.pack.basis_ko));
  if (!pack.pack.settings.empty()) write_pair(out, Text::settings, plain(pack.pack.settings));
  write_pair(out, Text::decided_share, fmt::format("{} %", shown_score(pack.decided)));
  if (!audit.baseline.empty())
    write_pair(out, Text::baseline,
               say(Text::changes_since,
                   {plain(audit.baseline), with_commas(pack.new_failures), with_commas(pack.resolved), with_commas(pack.persisting)}));
  out += "</dl>\n";
}

void write_categories(std::string& out, const PackResult& pack, const std::string& id) {
  out += fmt::format("<h3>{}</h3>\n", say(Text::categories));
  HtmlTable table(out, id + "-categories", say(Text::categories), false);
  table.head(Text::category).plain_head(Text::share_of_states).head(Text::score, Align::right);
  for (const State state : drawn) table.head(state_text(state), Align::right);
  const auto cells = [&](const std::optional<double>& score, const Tally& tally) {
    table.cell_by(tally_bar(tally), 0, "draw").right(score_cell(score));
    for (const State state : drawn) table.number(tally.of(state));
  };
  for (const CategoryScore& category : pack.categories) {
    table.row();
    table.cell(say(category.category.title, category.category.title_ko));
    cells(category.score, category.tally);
  }
  table.foot();
  table.row();
  table.cell(say(Text::all));
  cells(pack.score, pack.tally);
  table.done();
}

void write_undecided(std::string& out, const PackResult& pack, const std::string& id) {
  const std::vector<Undecided> reasons = undecided(pack);
  if (reasons.empty()) return;
  out += fmt::format("<h3 id=\"{}-why\">{}</h3>\n", id, say(Text::not_decided));
  HtmlTable table(out, id + "-undecided", say(Text::not_decided), false);
  table.head(Text::reason).head(Text::state).head(Text::criteria_count, Align::right);
  for (std::size_t i = 0; i < std::min(reasons.size(), most_reasons); ++i) {
    const Undecided& one = reasons[i];
    table.row();
    table.cell(one.reason.empty() ? say(Text::next_attest_people) : say(one.reason, one.reason_ko));
    table.cell(say(state_text(one.state))).number(one.criteria);
  }
  table.done();
}

void write_dqd(std::string& out, const PackResult& pack, const std::string& id) {
  if (!pack.dqd) return;
  const DqdFigures& dqd = *pack.dqd;
  out += fmt::format("<h3>{}</h3>\n<p class=\"about\">{}</p>\n", say(Text::dqd_figures), say(Text::dqd_about));
  HtmlTable table(out, id + "-dqd", say(Text::dqd_figures), false);
  table.head(Text::figure).head(Text::meaning).head(Text::score, Align::right);
  const auto line = [&](std::string_view name, Text meaning, std::string_view value) {
    table.row();
    table.cell(plain_code(name)).cell(say(meaning)).right(value);
  };
  line("Overview.percentPassed", Text::dqd_overview, shown_score(dqd.percent_passed));
  line("viewer", Text::dqd_viewer, fmt::format("{}", dqd.viewer_percent));
  line("viewer corrected", Text::dqd_corrected, dqd.corrected_percent ? fmt::format("{}", *dqd.corrected_percent) : "-");
  line("plain", Text::dqd_plain, score_cell(dqd.plain_percent));
  table.done();
}

void write_trend_table(std::string& out, const std::vector<const TrendPoint*>& points, const AuditResult& audit, const PackResult& pack,
                       const std::string& id) {
  HtmlTable table(out, id + "-audits", say(Text::trend), false);
  table.head(Text::audit_number).head(Text::day).head(Text::edition_name).head(Text::score, Align::right);
  table.head(Text::passed, Align::right).head(Text::failed, Align::right);
  const std::size_t from = points.size() > most_trend_rows ? points.size() - most_trend_rows : 0;
  for (std::size_t i = from; i < points.size(); ++i) {
    const TrendPoint& point = *points[i];
    table.row();
    table.cell_by(fmt::format("{}", point.audit), point.audit).cell(plain(point.today));
    table.cell(point.edition == pack.pack.edition ? say(pack.pack.edition, pack.pack.edition_ko) : plain(point.edition));
    table.right(score_cell(point.score)).number(point.passed).number(point.failed);
  }
  table.foot();
  table.row();
  table.cell(say(Text::this_audit))
      .cell(plain(audit.today))
      .cell(say(pack.pack.edition, pack.pack.edition_ko))
      .right(score_cell(pack.score));
  table.number(pack.tally.of(State::pass)).number(pack.tally.of(State::fail));
  table.done();
}

void write_trend(std::string& out, const AuditResult& audit, const PackResult& pack, const std::string& id) {
  std::vector<const TrendPoint*> points;
  std::vector<TrendDot> dots;
  for (const TrendPoint& point : audit.trend) {
    if (point.pack != pack.pack.id) continue;
    points.push_back(&point);
    if (point.score) dots.push_back({point.today, *point.score});
  }
  if (points.empty() && pack.other_settings == 0) return;
  if (pack.score) dots.push_back({audit.today, *pack.score});
  out += fmt::format("<h3 id=\"{0}-trend\">{1}</h3>\n<p class=\"about\" id=\"{0}-trend-label\">{2}</p>\n", id, say(Text::trend),
                     say(Text::trend_about));
  if (pack.other_settings != 0)
    out += fmt::format("<p class=\"about\">{}</p>\n", say(Text::trend_others, {with_commas(pack.other_settings)}));
  if (points.empty()) return;
  out += trend_chart(dots, id + "-trend-label") + "\n";
  write_trend_table(out, points, audit, pack, id);
}

// Criteria by what they ask of the reader: failures by what they cost, then what was not decided, then the rest in the pack's order.
std::vector<Gain> in_reading_order(const PackResult& pack) {
  std::vector<Gain> out = gains(pack);
  for (const State state : {State::error, State::not_observable, State::pass, State::not_applicable})
    for (const CriterionResult& one : pack.criteria)
      if (one.state == state) out.push_back({&one, 0});
  return out;
}

std::string tag(Text text, std::string_view name = {}) { return fmt::format("<span class=\"tag {}\">{}</span>", name, say(text)); }

std::string tags(const CriterionResult& one) {
  std::string html;
  if (one.criterion.critical) html += tag(Text::critical, "hard");
  if (!one.criterion.scoring) html += tag(Text::informational);
  if (!one.suppressed.empty()) html += tag(Text::suppressed);
  if (one.change == "new") html += tag(Text::change_new, "hard");
  if (one.change == "resolved") html += tag(Text::change_resolved);
  if (one.change == "persisting") html += tag(Text::change_persisting);
  return html;
}

// What opens below a criterion's title.
std::string evidence(const CriterionResult& one) {
  std::string html;
  if (!one.criterion.basis.empty()) write_pair(html, Text::basis, say(one.criterion.basis, one.criterion.basis_ko));
  if (one.criterion.weight != 1) write_pair(html, Text::weight, fmt::format("{}", one.criterion.weight));
  if (one.criterion.kind == "source-fact") write_pair(html, Text::counted_what, say(Text::counted_at_source));
  if (!one.suppressed.empty()) write_pair(html, Text::suppressed, plain(one.suppressed));
  if (!one.violations_file.empty())
    write_pair(html, Text::keys,
               fmt::format("<a href=\"{}\">{}</a> {}", link_to_file(one.violations_file), plain(one.violations_file),
                           say(Text::keys_listed, {with_commas(one.violations_listed)})));
  if (!one.query.empty()) write_pair(html, Text::query, fmt::format("<pre>{}</pre>", escape_html(one.query)));
  return html;
}

std::string criterion_html(const CriterionResult& one) {
  std::string html = say(one.criterion.title, one.criterion.title_ko);
  html += fmt::format("<span class=\"sub\">{}</span>", plain_code(one.criterion.id));
  if (!one.reason.empty()) html += fmt::format("<span class=\"sub\">{}</span>", say(one.reason, one.reason_ko));
  if (one.state == State::fail && !one.criterion.remedy.empty())
    html += fmt::format("<span class=\"sub remedy\">{}</span>", say(one.criterion.remedy, one.criterion.remedy_ko));
  const std::string more = evidence(one);
  if (more.empty()) return "<div class=\"closed\">" + html + "</div>";
  return fmt::format("<details><summary>{}</summary><dl class=\"pair more\">{}</dl></details>", html, more);
}

void counts_cells(HtmlTable& table, const CriterionResult& one) {
  const bool decided = one.state == State::pass || one.state == State::fail;
  if (!decided || !one.measured) {
    for (int i = 0; i < 4; ++i) table.right("-");
    return;
  }
  std::string violated = with_commas(static_cast<std::uint64_t>(one.violated));
  if (one.codes_counted)
    violated += fmt::format("<span class=\"sub more\">{}</span>",
                            say(Text::codes_part, {with_commas(static_cast<std::uint64_t>(one.codes_violated.value_or(0))),
                                                   with_commas(static_cast<std::uint64_t>(*one.codes_counted))}));
  table.right(violated).number(static_cast<std::uint64_t>(one.counted));
  table.right(one.counted == 0 ? "-" : shown_share(one.violated, one.counted) + " %");
  table.right(fmt::format("{:g} %", one.criterion.threshold.value_or(0)));
}

void write_criterion(HtmlTable& table, const PackResult& pack, const Gain& gain, std::size_t category) {
  const CriterionResult& one = *gain.result;
  const std::size_t state = state_place(one.state);
  const std::string change = one.change.empty() ? "" : fmt::format(" data-d=\"{}\"", one.change);
  table.row(criterion_anchor(pack, one), fmt::format("data-s=\"s{}\" data-c=\"c{}\"{}", state, category, change));
  table.cell(criterion_html(one));
  constexpr std::array<int, state_count> order{3, 0, 1, 2, 4};  // what asks for something first
  table.cell_by(fmt::format("<span class=\"state d{}\">{}</span>{}", state, say(state_text(one.state)), tags(one)), order[state]);
  table.cell(say(pack.categories[category].category.title, pack.categories[category].category.title_ko));
  counts_cells(table, one);
  table.right(gain.points > 0 ? "+" + shown_score(std::max(gain.points, 0.01)) : std::string());
}

// A button that shows only rows whose attribute `by` has one of the values; it comes alive with the script.
std::string chip(std::string_view by, std::string_view values, std::string_view label, std::uint64_t count, std::string_view dot = {}) {
  return fmt::format(
      "<button type=\"button\" class=\"chip {}\" data-by=\"{}\" data-v=\"{}\" aria-pressed=\"false\">{} <b>{}</b></button>\n", dot, by,
      values, label, with_commas(count));
}

void write_tools(std::string& out, const AuditResult& audit, const PackResult& pack, const std::string& table) {
  const std::uint64_t to_do = pack.tally.of(State::fail) + pack.tally.of(State::error);
  const bool start = pack.criteria.size() >= filter_from && to_do != 0;
  out += fmt::format(
      "<div class=\"tools\" hidden{}>\n<label>{} <input type=\"search\" autocomplete=\"off\" spellcheck=\"false\" "
      "data-for=\"{}\"></label>\n",
      start ? " data-start=\"s1 s2\"" : "", say(Text::filter_rows), table);
  out += "<output aria-live=\"polite\"></output>\n<div class=\"chips\">\n";
  out += chip("s", "", say(Text::all), pack.criteria.size());
  if (to_do != pack.tally.of(State::fail)) out += chip("s", "s1 s2", say(Text::to_do), to_do);
  for (const State state : {State::fail, State::error, State::not_observable, State::pass, State::not_applicable})
    if (pack.tally.of(state) != 0) {
      const std::string name = std::to_string(state_place(state));
      out += chip("s", "s" + name, say(state_text(state)), pack.tally.of(state), "d" + name);
    }
  out += "</div>\n";
  if (pack.categories.size() > 1) {
    out += "<div class=\"chips\">\n" + chip("c", "", say(Text::category) + ": " + say(Text::all), pack.criteria.size());
    for (std::size_t i = 0; i < pack.categories.size(); ++i) {
      const CategoryTitle& title = pack.categories[i].category;
      out += chip("c", "c" + std::to_string(i), say(title.title, title.title_ko), pack.categories[i].tally.all());
    }
    out += "</div>\n";
  }
  if (!audit.baseline.empty()) {
    out += "<div class=\"chips\">\n" + chip("d", "", plain(audit.baseline) + ": " + say(Text::all), pack.criteria.size());
    out +=
        chip("d", "new", say(Text::change_new), pack.new_failures) + chip("d", "persisting", say(Text::change_persisting), pack.persisting);
    out += chip("d", "resolved", say(Text::change_resolved), pack.resolved) + "</div>\n";
  }
  out += "</div>\n";
}

void write_criteria(std::string& out, const AuditResult& audit, const PackResult& pack, const std::string& id) {
  const std::string name = id + "-criteria";
  out += fmt::format("<h3>{}</h3>\n<p class=\"about\">{}</p>\n", say(Text::criteria), say(Text::criteria_about));
  write_tools(out, audit, pack, name);
  HtmlTable table(out, name, say(Text::criteria) + " " + say(pack.pack.title, pack.pack.title_ko), false);
  table.head(Text::criterion).head(Text::state, Align::rank).head(Text::category).head(Text::violated, Align::right);
  table.head(Text::checked, Align::right)
      .head(Text::share, Align::right)
      .head(Text::allowed, Align::right)
      .head(Text::points, Align::right);
  std::map<std::string, std::size_t, std::less<>> categories;
  for (std::size_t i = 0; i < pack.categories.size(); ++i) categories.emplace(pack.categories[i].category.id, i);
  for (const Gain& gain : in_reading_order(pack)) write_criterion(table, pack, gain, categories.at(gain.result->criterion.category));
  table.done();
}

}  // namespace

std::string pack_anchor(const PackResult& pack) { return "pack-" + anchor(pack.pack.id); }

std::string criterion_anchor(const PackResult& pack, const CriterionResult& one) {
  return "c-" + anchor(pack.pack.id) + "-" + anchor(one.criterion.id);
}

Text state_text(State state) {
  constexpr std::array<Text, state_count> texts{Text::pass, Text::fail, Text::not_applicable, Text::not_observable, Text::error};
  return texts[static_cast<std::size_t>(state)];
}

std::size_t state_place(State state) {
  constexpr std::array<std::size_t, state_count> places{0, 1, 4, 3, 2};
  return places[static_cast<std::size_t>(state)];
}

void write_pack_sections(std::string& out, const ReportData& report) {
  if (!report.audit) return;
  for (const PackResult& pack : report.audit->packs) {
    const std::string id = pack_anchor(pack);
    open_section(out, id, say(pack.pack.title, pack.pack.title_ko),
                 say(Text::against, {say(pack.pack.edition, pack.pack.edition_ko), say(pack.pack.title, pack.pack.title_ko)}));
    write_facts(out, *report.audit, pack);
    write_categories(out, pack, id);
    write_undecided(out, pack, id);
    write_dqd(out, pack, id);
    write_trend(out, *report.audit, pack, id);
    write_criteria(out, *report.audit, pack, id);
    close_section(out);
  }
}

}  // namespace pyojun
