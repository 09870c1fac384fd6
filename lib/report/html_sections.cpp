// What each section of report.html shows.
#include "report/html_sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/about_ko.hpp"
#include "report/escape.hpp"
#include "report/html_charts.hpp"
#include "report/html_writer.hpp"

namespace pyojun {

namespace {

using Align = HtmlTable::Align;

constexpr std::size_t most_balance_lines = 400;  // above it the HTML adds up the files; report.json has every line
constexpr std::size_t most_files = 500;

std::string rule_name(const std::string& rule) { return rule.empty() ? say(Text::reader) : plain(rule); }

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

std::string grade_key(std::size_t grade) { return colour_key("g" + std::to_string(grade)); }

void write_grades(std::string& out, const ReportData& report) {
  const ReportCoverage total = report.total_coverage();
  HtmlTable table(out, "grades", say(Text::grade), false);
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
  table.cell(stacked_bar(domain.rows, "g")).right(percent(domain.mapped_rows(), domain.all_rows())).number(domain.all_rows());
  table.cell(stacked_bar(domain.codes, "g")).right(percent(domain.mapped_codes(), domain.all_codes())).number(domain.all_codes());
}

constexpr std::array<Text, 4> severity_texts{Text::severity_note, Text::severity_warning, Text::severity_reject, Text::severity_fatal};

std::string with_hash(const std::string& name, const std::string& hash) {
  std::string html;
  if (!name.empty()) html = plain(name);
  if (!hash.empty()) html += "<span class=\"sub\">" + plain_code(hash) + "</span>";
  return html;
}

struct RuleName {
  std::string_view rule;
  Text name;
};
constexpr RuleName rule_names[] = {{"days_supply not plausible", Text::rule_days_supply},
                                   {"drug end assumed", Text::rule_drug_end_assumed},
                                   {"drug end from days_supply", Text::rule_drug_end_supply},
                                   {"drug end from quantity", Text::rule_drug_end_quantity},
                                   {"duplicate facts: by column", Text::rule_duplicates_column},
                                   {"records that complete each other", Text::rule_completed},
                                   {"identifiers merged into another", Text::rule_merged},
                                   {"duplicate facts", Text::rule_duplicates},
                                   {"duplicate facts: filled", Text::rule_duplicates_filled},
                                   {"emergency to inpatient", Text::rule_emergency},
                                   {"end before start", Text::rule_end_before},
                                   {"preceding visit", Text::rule_preceding},
                                   {"quantity not plausible", Text::rule_quantity},
                                   {"same-day outpatient visits", Text::rule_same_day},
                                   {"stitched inpatient stays", Text::rule_stitched},
                                   {"visit of an event: a new one", Text::rule_visit_new},
                                   {"events of moved accounts and visits", Text::rule_moved},
                                   {"visits of merged accounts", Text::rule_accounts},
                                   {"visit of an event: the enclosing one", Text::rule_visit_enclosing},
                                   {"rows added", Text::rule_added},
                                   {"rows told more than once", Text::rule_told_again}};

// Rules of the shipped assembly have names in both languages; any other shows its own.
std::string assembly_rule(const std::string& rule) {
  for (const RuleName& one : rule_names)
    if (one.rule == rule) return say(one.name);
  return plain(rule);
}

}  // namespace

void open_section(std::string& out, std::string_view id, std::string_view title, std::string_view about) {
  out += fmt::format("<section id=\"{0}\" aria-labelledby=\"{0}-title\"><h2 id=\"{0}-title\">{1}</h2>\n", id, title);
  if (!about.empty()) out += fmt::format("<p class=\"about\">{}</p>\n", about);
}

void close_section(std::string& out) { out += "</section>\n"; }

void write_pair(std::string& out, Text name, std::string_view html) {
  if (!html.empty()) out += fmt::format("<dt>{}</dt><dd>{}</dd>\n", say(name), html);
}

void write_books_section(std::string& out, const ReportData& report) {
  open_section(out, "books", say(Text::books), say(Text::books_about));
  HtmlTable table(out, "balance", say(Text::books), true);
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
    HtmlTable filters(out, "filters", say(Text::filters), false);
    filters.head(Text::rule).head(Text::reason).head(Text::records, Align::right);
    for (const ReportFilter& filter : report.filters) {
      filters.row();
      const std::string_view korean = about_korean("reasons", filter.reason);
      filters.cell(plain(filter.rule)).cell(korean.empty() ? plain(filter.reason) : say(filter.reason, korean)).number(filter.records);
    }
    filters.done();
  }
  close_section(out);
}

void write_assembly_section(std::string& out, const ReportData& report) {
  open_section(out, "assembly", say(Text::assembly), say(report.assembly.empty() ? Text::assembly_none : Text::assembly_about));
  if (report.assembly.empty()) return close_section(out);
  HtmlTable table(out, "assembled", say(Text::assembly), false);
  table.head(Text::rule)
      .head(Text::table)
      .head(Text::changed, Align::right)
      .head(Text::left_out, Align::right)
      .head(Text::added, Align::right);
  for (const ReportAssembly& line : report.assembly) {
    table.row();
    table.cell(assembly_rule(line.rule) + (line.step.empty() ? std::string() : "<span class=\"sub\">" + plain_code(line.step) + "</span>"));
    table.cell(plain_code(line.table)).number(line.changed).number(line.removed).number(line.added);
  }
  table.done();
  close_section(out);
}

void write_tables_section(std::string& out, const ReportData& report) {
  open_section(out, "tables", say(Text::tables), say(report.conversion ? Text::tables_about : Text::tables_found_about));
  std::uint64_t most = 0;
  std::string empty;
  for (const ReportTable& entry : report.tables) {
    most = std::max(most, entry.rows);
    if (entry.rows == 0) empty += fmt::format("{}{}", empty.empty() ? "" : ", ", plain_code(entry.table));
  }
  HtmlTable table(out, "rows", say(Text::tables), false);
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
  open_section(out, "coverage", say(Text::coverage), say(Text::coverage_about));
  HtmlTable table(out, "domains", say(Text::coverage), false);
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
    open_section(out, "codes", say(Text::unmapped), say(Text::unmapped_none));
    return close_section(out);
  }
  open_section(out, "codes", say(Text::unmapped),
               say(Text::unmapped_about,
                   {with_commas(report.unmapped.size()), with_commas(report.unmapped_codes), with_commas(report.unmapped_rows)}));
  HtmlTable table(out, "unmapped", say(Text::unmapped), true);
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
  open_section(out, "quarantine", say(Text::quarantine), say(report.quarantine.empty() ? Text::quarantine_none : Text::quarantine_about));
  if (report.quarantine.empty()) return close_section(out);
  HtmlTable table(out, "reasons", say(Text::quarantine), true);
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

void write_findings_section(std::string& out, const ReportData& report) {
  open_section(out, "findings", say(Text::findings), say(report.findings.empty() ? Text::findings_none : Text::findings_about));
  if (report.findings.empty()) return close_section(out);
  HtmlTable table(out, "noticed", say(Text::findings), report.findings.size() > 20);
  table.head(Text::code).head(Text::reason).head(Text::severity).head(Text::subject).head(Text::times, Align::right);
  for (const ReportFinding& finding : report.findings) {
    const CodeInfo& message = info(finding.code);
    table.row();
    table.cell(plain_code(message.id))
        .cell(say(message.says, message.says_ko) + "<span class=\"sub\">" + say(message.remedy, message.remedy_ko) + "</span>");
    table.cell(say(severity_texts[static_cast<std::size_t>(message.severity)]));
    table.cell(finding.subject.empty() ? "" : plain_code(finding.subject)).number(finding.count);
  }
  table.done();
  close_section(out);
}

void write_fields_section(std::string& out, const ReportData& report) {
  open_section(out, "fields", say(Text::fields), say(report.fields.empty() ? Text::fields_none : Text::fields_about));
  if (report.fields.empty()) return close_section(out);
  constexpr std::array<Text, 3> states{Text::field_unread, Text::field_missing, Text::field_empty};
  HtmlTable table(out, "field-states", say(Text::fields), true);
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

namespace {

void write_files(std::string& out, const ReportData& report) {
  out += fmt::format("<h3>{}</h3>\n", say(Text::files));
  HtmlTable table(out, "inputs", say(Text::files), report.files.size() > 20);
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
}

void write_described(std::string& out, const AuditResult& audit) {
  if (audit.cdm_source.empty()) return;
  out += fmt::format("<h3>{}</h3>\n<dl class=\"pair\">\n", say(Text::described));
  for (const auto& [name, value] : audit.cdm_source)
    if (!value.empty()) out += fmt::format("<dt>{}</dt><dd>{}</dd>\n", plain_code(name), plain(value));
  out += "</dl>\n";
}

// What stands between the source and the criteria: values of another type, and what may not be read.
void write_obstacles(std::string& out, const AuditResult& audit) {
  if (!audit.closed.empty()) {
    out += fmt::format("<p class=\"about\">{}</p>\n<p>", say(Text::closed_about));
    for (const std::string& name : audit.closed) out += plain_code(name) + " ";
    out += "</p>\n";
  }
  if (audit.misfits.empty()) return;
  out += fmt::format("<h3>{}</h3>\n<p class=\"about\">{}</p>\n", say(Text::misfits), say(Text::misfits_about));
  HtmlTable table(out, "misfits", say(Text::misfits), false);
  table.head(Text::column).head(Text::expected_type).head(Text::delivered_type).head(Text::times, HtmlTable::Align::right);
  for (const Misfit& one : audit.misfits) {
    table.row();
    table.cell(plain_code(one.table + "." + one.column)).cell(plain_code(one.expected)).cell(plain_code(one.delivered)).number(one.values);
  }
  table.done();
}

}  // namespace

void write_run_section(std::string& out, const ReportData& report) {
  open_section(out, "run", say(Text::run), say(report.conversion ? Text::run_about : Text::audit_run_about));
  out += "<dl class=\"pair\">\n";
  write_pair(out, Text::identity, report.run.identity.empty() ? "" : plain_code(report.run.identity));
  write_pair(out, Text::program, plain("Pyojun " + report.run.program_version));
  write_pair(out, Text::mapping, with_hash(report.run.mapping_name, report.run.mapping_hash));
  write_pair(out, Text::vocabulary, with_hash(report.run.vocabulary_release, report.run.vocabulary_hash));
  if (report.audit) {
    write_pair(out, Text::as_of, plain(report.audit->today));
    write_pair(out, Text::source_kind, plain_code(report.audit->source_kind));
    write_pair(out, Text::engine, plain_code(report.audit->engine));
    write_pair(out, Text::baseline, report.audit->baseline.empty() ? "" : plain(report.audit->baseline));
  }
  out += "</dl>\n";
  if (report.conversion) write_files(out, report);
  if (report.audit) write_obstacles(out, *report.audit);
  if (report.audit) write_described(out, *report.audit);
  close_section(out);
}

}  // namespace pyojun
