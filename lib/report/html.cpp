// report.html: one file that needs no network, opens from a disk, and prints on A4.
#include <fmt/format.h>

#include "base/sha256.hpp"
#include "report/escape.hpp"
#include "report/html_assets.hpp"
#include "report/html_sections.hpp"
#include "report/html_writer.hpp"
#include "report/report.hpp"

namespace pyojun {

namespace {

// Nothing may be loaded, and only the style and script of this file run: their hashes are named.
std::string policy() {
  return fmt::format("default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
                     base64_of_hex(sha256_hex(html_style())), base64_of_hex(sha256_hex(html_script())));
}

Text title_of(const ReportData& report) { return report.conversion && !report.earlier ? Text::title : Text::audit_title; }

void write_head(std::string& out, const ReportData& report, Language first) {
  const Text title = title_of(report);
  out += fmt::format("<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n", first == Language::korean ? "ko" : "en");
  out += fmt::format("<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n", policy());
  out += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n";
  out += fmt::format("<title>{} · {}</title>\n", escape_html(report.run.source_name),
                     escape_html(first == Language::korean ? korean(title) : english(title)));
  out += fmt::format("<style>{}</style>\n</head>\n", html_style());
}

std::string fact(Text name, std::string_view value) {
  return value.empty() ? "" : fmt::format("<span>{} <b>{}</b></span> ", say(name), plain(value));
}

// The switch works without scripts: two radio buttons before everything they show or hide.
void write_header(std::string& out, const ReportData& report, Language first) {
  const auto checked = [&](Language language) { return language == first ? " checked" : ""; };
  out += fmt::format("<body>\n<input class=\"lang\" type=\"radio\" name=\"lang\" id=\"lang-en\" aria-label=\"English\"{}>\n",
                     checked(Language::english));
  out += fmt::format("<input class=\"lang\" type=\"radio\" name=\"lang\" id=\"lang-ko\" aria-label=\"한국어\"{}>\n",
                     checked(Language::korean));
  out += fmt::format("<header><div class=\"wrap\"><div><p class=\"brand\">Pyojun · {}</p>\n", say(title_of(report)));
  out += fmt::format("<h1>{}</h1></div>\n", report.run.source_name.empty() ? say(title_of(report)) : plain(report.run.source_name));
  out += fmt::format("<div class=\"switch\"><button type=\"button\" id=\"print\" hidden>{}</button>", say(Text::print_page));
  out += "<label for=\"lang-en\" lang=\"\">English</label><label for=\"lang-ko\" lang=\"\">한국어</label></div>\n";
  out += fmt::format("<p class=\"facts\">{}{}{}{}</p>", fact(Text::data_until, report.run.data_date),
                     report.audit ? fact(Text::as_of, report.audit->today) : "", fact(Text::made, report.run.started),
                     fact(Text::identity, report.run.identity.substr(0, 12)));
  if (report.min_cell != 0) out += fmt::format("\n<p class=\"facts\">{}</p>", say(Text::rounded, {with_commas(report.min_cell)}));
  out += "</div></header>\n";
}

void write_navigation(std::string& out, const ReportData& report) {
  struct Link {
    std::string_view id;
    Text text;
    bool audits;  // in the report of an audit too
  };
  constexpr Link links[] = {
      {"books", Text::books, false},       {"assembly", Text::assembly, false}, {"tables", Text::tables, true},
      {"coverage", Text::coverage, false}, {"codes", Text::codes, false},       {"quarantine", Text::quarantine, false},
      {"findings", Text::findings, false}, {"fields", Text::fields, false},     {"run", Text::run, true}};
  out += fmt::format("<nav aria-label=\"{} · {}\"><div class=\"wrap\">", english(Text::contents), korean(Text::contents));
  out += fmt::format("<a href=\"#summary\">{}</a>", say(report.audit ? Text::ready_heading : Text::summary));
  if (report.audit)
    for (const PackResult& pack : report.audit->packs) out += fmt::format("<a href=\"#{}\">{}</a>", pack_anchor(pack), plain(pack.pack.id));
  for (const Link& link : links)
    if (link.audits || (report.conversion && !(report.earlier && link.text == Text::findings)))
      out += fmt::format("<a href=\"#{}\">{}</a>", link.id, say(link.text));
  out += "</div></nav>\n";
}

}  // namespace

std::string to_html(const ReportData& report, Language first) {
  std::string out;
  write_head(out, report, first);
  write_header(out, report, first);
  write_navigation(out, report);
  out += "<main class=\"wrap\">\n";
  write_summary_section(out, report);
  write_pack_sections(out, report);
  if (report.conversion) {
    write_books_section(out, report);
    write_assembly_section(out, report);
  }
  write_tables_section(out, report);
  if (report.conversion) {
    write_coverage_section(out, report);
    write_codes_section(out, report);
    write_quarantine_section(out, report);
    if (!report.earlier) write_findings_section(out, report);
    write_fields_section(out, report);
  }
  write_run_section(out, report);
  out += fmt::format("</main>\n<footer><div class=\"wrap\">{}</div></footer>\n", say(Text::footer));
  out += fmt::format("<script>{}</script>\n</body>\n</html>\n", html_script());
  return out;
}

}  // namespace pyojun
