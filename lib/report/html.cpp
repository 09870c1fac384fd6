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
                     base64_of_hex(sha256_hex(html_style)), base64_of_hex(sha256_hex(html_script)));
}

void write_head(std::string& out, const ReportData& report, Language first) {
  out += fmt::format("<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n", first == Language::korean ? "ko" : "en");
  out += fmt::format("<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n", policy());
  out += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n";
  out += fmt::format("<title>{} · {}</title>\n", escape_html(report.run.source_name),
                     escape_html(first == Language::korean ? korean(Text::title) : english(Text::title)));
  out += fmt::format("<style>{}</style>\n</head>\n", html_style);
}

std::string fact(Text name, std::string_view value) {
  return value.empty() ? "" : fmt::format("{} <b>{}</b> &ensp; ", say(name), plain(value));
}

// The switch works without scripts: two radio buttons before everything they show or hide.
void write_header(std::string& out, const ReportData& report, Language first) {
  const auto checked = [&](Language language) { return language == first ? " checked" : ""; };
  out += fmt::format("<body>\n<input class=\"lang\" type=\"radio\" name=\"lang\" id=\"lang-en\" aria-label=\"English\"{}>\n",
                     checked(Language::english));
  out += fmt::format("<input class=\"lang\" type=\"radio\" name=\"lang\" id=\"lang-ko\" aria-label=\"한국어\"{}>\n",
                     checked(Language::korean));
  out += "<header><div class=\"wrap\"><div><div class=\"brand\">Pyojun</div>\n";
  out += fmt::format("<h1>{}</h1></div>\n", say(Text::title));
  out += "<div class=\"switch\"><label for=\"lang-en\" lang=\"\">English</label><label for=\"lang-ko\" lang=\"\">한국어</label></div>\n";
  out += fmt::format("<p class=\"facts\">{}{}{}</p></div></header>\n", fact(Text::source, report.run.source_name),
                     fact(Text::data_until, report.run.data_date), fact(Text::made, report.run.started));
}

void write_navigation(std::string& out, const ReportData& report) {
  struct Link {
    std::string_view id;
    Text text;
  };
  constexpr Link links[] = {{"summary", Text::summary},       {"scores", Text::scores},     {"books", Text::books},
                            {"tables", Text::tables},         {"coverage", Text::coverage}, {"codes", Text::codes},
                            {"quarantine", Text::quarantine}, {"fields", Text::fields},     {"run", Text::run}};
  out += fmt::format("<nav aria-label=\"{} · {}\"><div class=\"wrap\">", english(Text::contents), korean(Text::contents));
  for (const Link& link : links)
    if (link.text != Text::scores || !report.packs.empty()) out += fmt::format("<a href=\"#{}\">{}</a>", link.id, say(link.text));
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
  write_scores_section(out, report);
  write_books_section(out, report);
  write_tables_section(out, report);
  write_coverage_section(out, report);
  write_codes_section(out, report);
  write_quarantine_section(out, report);
  write_fields_section(out, report);
  write_run_section(out, report);
  out += fmt::format("</main>\n<footer><div class=\"wrap\">{}</div></footer>\n", say(Text::footer));
  out += fmt::format("<script>{}</script>\n</body>\n</html>\n", html_script);
  return out;
}

}  // namespace pyojun
