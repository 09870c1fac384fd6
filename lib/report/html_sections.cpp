// What each section of report.html shows.
#include "report/html_sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "report/escape.hpp"
#include "report/html_writer.hpp"

namespace pyojun {

namespace {

using Align = HtmlTable::Align;

constexpr std::size_t most_balance_lines = 400;  // above it the HTML adds up the files; report.json has every line
constexpr std::size_t most_files = 500;

void open_section(std::string& out, std::string_view id, Text title, std::string_view about = {}) {
  out += fmt::format("<section id=\"{}\"><h2>{}</h2>\n", id, say(title));
  if (!about.empty()) out += fmt::format("<p class=\"about\">{}</p>\n", about);
}

void close_section(std::string& out) { out += "</section>\n"; }

std::string rule_name(const std::string& rule) { return rule.empty() ? say(Text::reader) : plain(rule); }

std::string simple_bar(std::uint64_t part, std::uint64_t whole) {
  const double width = whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  return fmt::format(
      "<svg class=\"bar\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"fill\" width=\"{:.2f}\" "
      "height=\"10\"/></svg>",
      width);
}

// One segment per grade, best first.
std::string grade_bar(const std::array<std::uint64_t, grade_count>& counts, std::uint64_t whole) {
  std::string svg =
      "<svg class=\"bar\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"back\" width=\"100\" "
      "height=\"10\"/>";
  double at = 0;
  for (std::size_t grade = 0; grade < grade_count && whole != 0; ++grade) {
    const double width = 100.0 * static_cast<double>(counts[grade]) / static_cast<double>(whole);
    if (counts[grade] != 0) svg += fmt::format("<rect class=\"g{}\" x=\"{:.2f}\" width=\"{:.2f}\" height=\"10\"/>", grade, at, width);
    at += width;
  }
  return svg + "</svg>";
}

void card(std::string& out, Text name, std::string_view big, std::string_view small) {
  out += fmt::format("<div class=\"card\"><dt>{}</dt><dd class=\"big\">{}</dd><dd class=\"small\">{}</dd></div>\n", say(name), big, small);
}

// Reasons, whatever file and rule they came from.
std::size_t distinct_reasons(const ReportData& report) {
  std::map<Code, bool> seen;
  for (const ReportQuarantine& entry : report.quarantine)
    if (entry.records != 0) seen[entry.code] = true;
  return seen.size();
}

std::vector<ReportBalance> balance_lines(const ReportData& report) {
  if (report.balance.size() <= most_balance_lines) return report.balance;
  std::map<std::string, ReportBalance> sums;  // by rule, the reader ("") first
  for (const ReportBalance& line : report.balance) {
    ReportBalance& sum = sums[line.rule];
    sum.file = "*";
    sum.rule = line.rule;
    sum.in += line.in, sum.mapped += line.mapped, sum.filtered += line.filtered;
    sum.duplicates += line.duplicates, sum.quarantined += line.quarantined, sum.unread += line.unread;
  }
  std::vector<ReportBalance> lines;
  for (auto& [rule, sum] : sums) lines.push_back(std::move(sum));
  return lines;
}

void balance_cells(HtmlTable& table, const ReportBalance& line) {
  table.number(line.in).number(line.mapped).number(line.filtered).number(line.duplicates).number(line.quarantined);
  table.cell(line.balanced() ? fmt::format("<span class=\"good\">{}</span>", say(Text::yes))
                             : fmt::format("<b class=\"bad\">{}</b>", say(Text::no)));
}

ReportBalance balance_sum(const ReportData& report, bool readers) {
  ReportBalance sum;
  for (const ReportBalance& line : report.balance) {
    if (line.rule.empty() != readers) continue;
    sum.in += line.in, sum.mapped += line.mapped, sum.filtered += line.filtered;
    sum.duplicates += line.duplicates, sum.quarantined += line.quarantined;
  }
  return sum;
}

struct GradeText {
  Text name, about;
};
constexpr std::array<GradeText, grade_count> grade_texts{{{Text::grade_exact, Text::grade_exact_about},
                                                          {Text::grade_normalised, Text::grade_normalised_about},
                                                          {Text::grade_list, Text::grade_list_about},
                                                          {Text::grade_edition, Text::grade_edition_about},
                                                          {Text::grade_truncated, Text::grade_truncated_about},
                                                          {Text::grade_no_target, Text::grade_no_target_about},
                                                          {Text::grade_unknown, Text::grade_unknown_about},
                                                          {Text::grade_no_system, Text::grade_no_system_about}}};

std::string grade_key(std::size_t grade) {
  return fmt::format(
      "<svg class=\"key\" viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"g{}\" width=\"10\" height=\"10\" rx=\"2\"/></svg>",
      grade);
}

void write_grades(std::string& out, const ReportData& report) {
  const ReportCoverage total = report.total_coverage();
  HtmlTable table(out, "grades", false);
  table.plain_head(Text::grade).plain_head(Text::rows, Align::right).plain_head(Text::share, Align::right);
  table.plain_head(Text::codes, Align::right).plain_head(Text::share, Align::right);
  for (std::size_t grade = 0; grade < grade_count; ++grade) {
    table.row();
    table.cell(grade_key(grade) + say(grade_texts[grade].name) + "<span class=\"sub\">" + say(grade_texts[grade].about) + "</span>");
    table.number(total.rows[grade]).right(percent(total.rows[grade], total.all_rows()));
    table.number(total.codes[grade]).right(percent(total.codes[grade], total.all_codes()));
  }
  table.done();
}

void coverage_cells(HtmlTable& table, const ReportCoverage& domain) {
  table.cell(grade_bar(domain.rows, domain.all_rows())).right(percent(domain.mapped_rows(), domain.all_rows())).number(domain.all_rows());
  table.cell(grade_bar(domain.codes, domain.all_codes()))
      .right(percent(domain.mapped_codes(), domain.all_codes()))
      .number(domain.all_codes());
}

constexpr std::array<Text, 4> severity_texts{Text::severity_note, Text::severity_warning, Text::severity_reject, Text::severity_fatal};

void pair(std::string& out, Text name, std::string_view html) {
  if (!html.empty()) out += fmt::format("<dt>{}</dt><dd>{}</dd>\n", say(name), html);
}

std::string with_hash(const std::string& name, const std::string& hash) {
  std::string html;
  if (!name.empty()) html = plain(name);
  if (!hash.empty()) html += "<span class=\"sub\">" + plain_code(hash) + "</span>";
  return html;
}

}  // namespace

void write_summary_section(std::string& out, const ReportData& report) {
  open_section(out, "summary", Text::summary);
  constexpr std::string_view tick =
      "<svg viewBox=\"0 0 24 24\" aria-hidden=\"true\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"2.2\" stroke-linecap=\"round\" "
      "stroke-linejoin=\"round\">"
      "<circle cx=\"12\" cy=\"12\" r=\"10\"/><path d=\"M7.5 12.5l3 3 6-6.5\"/></svg>";
  constexpr std::string_view cross =
      "<svg viewBox=\"0 0 24 24\" aria-hidden=\"true\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"2.2\" stroke-linecap=\"round\">"
      "<circle cx=\"12\" cy=\"12\" r=\"10\"/><path d=\"M8.5 8.5l7 7M15.5 8.5l-7 7\"/></svg>";
  out += fmt::format("<div class=\"verdict{}\" id=\"balanced\">{}<div><b>{}</b><p>{}</p></div></div>\n", report.balanced ? "" : " bad",
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
  close_section(out);
}

void write_scores_section(std::string& out, const ReportData& report) {
  if (report.packs.empty()) return;
  open_section(out, "scores", Text::scores, say(Text::readiness));
  HtmlTable table(out, "packs", false);
  table.head(Text::programme)
      .head(Text::verdict)
      .head(Text::score, Align::right)
      .head(Text::passed, Align::right)
      .head(Text::failed, Align::right);
  table.head(Text::not_applicable, Align::right).head(Text::not_observable, Align::right);
  for (const ReportPack& pack : report.packs) {
    table.row("pack-" + pack.id);
    table.cell(say(pack.title, pack.title_ko) + "<span class=\"sub\">" + plain(pack.edition) + "</span>").cell(plain(pack.verdict));
    table.right(fmt::format("{:.1f}", pack.score))
        .number(pack.passed)
        .number(pack.failed)
        .number(pack.not_applicable)
        .number(pack.not_observable);
  }
  table.done();
  close_section(out);
}

void write_books_section(std::string& out, const ReportData& report) {
  open_section(out, "books", Text::books, say(Text::books_about));
  HtmlTable table(out, "balance", true);
  table.head(Text::file)
      .head(Text::rule)
      .head(Text::records_in, Align::right)
      .head(Text::mapped, Align::right)
      .head(Text::filtered, Align::right);
  table.head(Text::duplicates, Align::right).head(Text::quarantined, Align::right).head(Text::check);
  for (const ReportBalance& line : balance_lines(report)) {
    table.row();
    table.cell(plain(line.file)).cell(rule_name(line.rule));
    balance_cells(table, line);
  }
  table.foot();
  for (const bool readers : {true, false}) {
    table.row();
    table.cell(say(readers ? Text::total_readers : Text::total_rules)).cell("");
    balance_cells(table, balance_sum(report, readers));
  }
  table.done();
  if (!report.filters.empty()) {
    out += fmt::format("<h3>{}</h3>\n<p class=\"about\">{}</p>\n", say(Text::filters), say(Text::filters_about));
    HtmlTable filters(out, "filters", false);
    filters.head(Text::rule).head(Text::reason).head(Text::records, Align::right);
    for (const ReportFilter& filter : report.filters) {
      filters.row();
      filters.cell(plain(filter.rule)).cell(plain(filter.reason)).number(filter.records);
    }
    filters.done();
  }
  close_section(out);
}

void write_tables_section(std::string& out, const ReportData& report) {
  open_section(out, "tables", Text::tables, say(Text::tables_about));
  std::uint64_t most = 0;
  std::string empty;
  for (const ReportTable& entry : report.tables) {
    most = std::max(most, entry.rows);
    if (entry.rows == 0) empty += fmt::format("{}{}", empty.empty() ? "" : ", ", plain_code(entry.table));
  }
  HtmlTable table(out, "rows", false);
  table.head(Text::table).plain_head(Text::relative_size).head(Text::rows, Align::right);
  for (const ReportTable& entry : report.tables) {
    if (entry.rows == 0) continue;
    table.row("table-" + entry.table);
    table.cell(plain_code(entry.table)).cell(simple_bar(entry.rows, most)).number(entry.rows);
  }
  table.done();
  if (!empty.empty()) out += fmt::format("<p class=\"about\">{}: {}</p>\n", say(Text::tables_empty), empty);
  close_section(out);
}

void write_coverage_section(std::string& out, const ReportData& report) {
  open_section(out, "coverage", Text::coverage, say(Text::coverage_about));
  HtmlTable table(out, "domains", false);
  table.head(Text::domain).plain_head(Text::by_rows).head(Text::mapped_share, Align::right).head(Text::rows, Align::right);
  table.plain_head(Text::by_codes).head(Text::mapped_share, Align::right).head(Text::codes, Align::right);
  for (const ReportCoverage& domain : report.coverage) {
    table.row();
    table.cell(domain.domain.empty() ? say(Text::no_domain) : plain(domain.domain));
    coverage_cells(table, domain);
  }
  if (report.coverage.size() > 1) {
    table.foot();
    table.row();
    table.cell(say(Text::all_domains));
    coverage_cells(table, report.total_coverage());
  }
  table.done();
  write_grades(out, report);
  close_section(out);
}

void write_codes_section(std::string& out, const ReportData& report) {
  if (report.unmapped.empty()) {
    open_section(out, "codes", Text::unmapped, say(Text::unmapped_none));
    return close_section(out);
  }
  open_section(out, "codes", Text::unmapped,
               say(Text::unmapped_about,
                   {with_commas(report.unmapped.size()), with_commas(report.unmapped_codes), with_commas(report.unmapped_rows)}));
  HtmlTable table(out, "unmapped", true);
  table.head(Text::code_system).head(Text::code).head(Text::domain).head(Text::grade).head(Text::rows, Align::right);
  for (const ReportUnmapped& code : report.unmapped) {
    const auto grade = static_cast<std::size_t>(code.grade);
    table.row();
    table.cell(plain(code.vocabulary))
        .cell(plain_code(code.code))
        .cell(plain(code.domain))
        .cell(grade_key(grade) + say(grade_texts[grade].name))
        .number(code.rows);
  }
  table.done();
  close_section(out);
}

void write_quarantine_section(std::string& out, const ReportData& report) {
  open_section(out, "quarantine", Text::quarantine, say(report.quarantine.empty() ? Text::quarantine_none : Text::quarantine_about));
  if (report.quarantine.empty()) return close_section(out);
  HtmlTable table(out, "reasons", true);
  table.head(Text::code).head(Text::reason).head(Text::severity).head(Text::rule).head(Text::column).head(Text::file);
  table.head(Text::records, Align::right).head(Text::kept, Align::right);
  std::map<Code, bool> linked;  // the first line of a reason is the target of its link
  for (const ReportQuarantine& entry : report.quarantine) {
    const CodeInfo& message = info(entry.code);
    table.row(linked.emplace(entry.code, true).second ? "reason-" + std::string(message.id) : std::string());
    table.cell(plain_code(message.id))
        .cell(say(message.says, message.says_ko) + "<span class=\"sub\">" + say(message.remedy, message.remedy_ko) + "</span>");
    table.cell(say(severity_texts[static_cast<std::size_t>(message.severity)])).cell(rule_name(entry.rule));
    table.cell(entry.column.empty() ? "" : plain_code(entry.column)).cell(plain(entry.file)).number(entry.records).number(entry.kept);
  }
  table.done();
  close_section(out);
}

void write_fields_section(std::string& out, const ReportData& report) {
  open_section(out, "fields", Text::fields, say(report.fields.empty() ? Text::fields_none : Text::fields_about));
  if (report.fields.empty()) return close_section(out);
  constexpr std::array<Text, 3> states{Text::field_unread, Text::field_missing, Text::field_empty};
  HtmlTable table(out, "field-states", true);
  table.head(Text::file)
      .head(Text::kind)
      .head(Text::field)
      .head(Text::state)
      .head(Text::records, Align::right)
      .head(Text::filled, Align::right);
  for (const ReportField& field : report.fields) {
    table.row();
    table.cell(plain(field.file))
        .cell(plain(field.kind))
        .cell(plain_code(field.field))
        .cell(say(states[static_cast<std::size_t>(field.state)]));
    table.number(field.seen).number(field.filled);
  }
  table.done();
  close_section(out);
}

void write_run_section(std::string& out, const ReportData& report) {
  open_section(out, "run", Text::run, say(Text::run_about));
  out += "<dl class=\"pair\">\n";
  pair(out, Text::identity, report.run.identity.empty() ? "" : plain_code(report.run.identity));
  pair(out, Text::program, plain("Pyojun " + report.run.program_version));
  pair(out, Text::mapping, with_hash(report.run.mapping_name, report.run.mapping_hash));
  pair(out, Text::vocabulary, with_hash(report.run.vocabulary_release, report.run.vocabulary_hash));
  out += fmt::format("</dl>\n<h3>{}</h3>\n", say(Text::files));
  HtmlTable table(out, "inputs", report.files.size() > 20);
  table.head(Text::file).head(Text::format).head(Text::encoding).head(Text::kind).head(Text::bytes, Align::right).plain_head(Text::sha256);
  for (std::size_t i = 0; i < std::min(report.files.size(), most_files); ++i) {
    const ReportFile& file = report.files[i];
    table.row();
    table.cell(plain(file.name))
        .cell(plain(file.format))
        .cell(plain(file.encoding))
        .cell(plain(file.kind))
        .number(file.bytes)
        .long_cell(plain_code(file.sha256));
  }
  table.done();
  if (report.files.size() > most_files)
    out += fmt::format("<p class=\"about\">{}</p>\n", say(Text::files_more, {with_commas(report.files.size() - most_files)}));
  close_section(out);
}

}  // namespace pyojun
