// The sections of report.html, one function each; they append to `out`.
#pragma once

#include <string>
#include <string_view>

#include "report/html_writer.hpp"
#include "report/report.hpp"

namespace pyojun {

// What every section begins and ends with. `title` and `about` are HTML; no `about`: none.
void open_section(std::string& out, std::string_view id, std::string_view title, std::string_view about = {});
void close_section(std::string& out);
// A name and a value in a <dl class="pair">; nothing when the value is empty.
void write_pair(std::string& out, Text name, std::string_view html);

// The first screen: are we ready, what blocks, what next; then the books in four figures.
void write_summary_section(std::string& out, const ReportData& report);
// One section a pack; nothing without packs.
void write_pack_sections(std::string& out, const ReportData& report);
std::string pack_anchor(const PackResult& pack);
std::string criterion_anchor(const PackResult& pack, const CriterionResult& one);
Text state_text(State state);
// Place in drawings and lists, 0 pass, 1 fail, 2 error, 3 not observable, 4 not applicable; the style has a colour for each.
std::size_t state_place(State state);

void write_books_section(std::string& out, const ReportData& report);
void write_assembly_section(std::string& out, const ReportData& report);
void write_tables_section(std::string& out, const ReportData& report);
void write_coverage_section(std::string& out, const ReportData& report);
void write_codes_section(std::string& out, const ReportData& report);
void write_quarantine_section(std::string& out, const ReportData& report);
void write_findings_section(std::string& out, const ReportData& report);
void write_fields_section(std::string& out, const ReportData& report);
void write_run_section(std::string& out, const ReportData& report);

}  // namespace pyojun
