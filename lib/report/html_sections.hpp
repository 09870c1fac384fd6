// The sections of report.html, one function each; they append to `out`.
#pragma once

#include <string>

#include "report/report.hpp"

namespace pyojun {

void write_summary_section(std::string& out, const ReportData& report);
void write_scores_section(std::string& out, const ReportData& report);  // nothing without packs
void write_books_section(std::string& out, const ReportData& report);
void write_tables_section(std::string& out, const ReportData& report);
void write_coverage_section(std::string& out, const ReportData& report);
void write_codes_section(std::string& out, const ReportData& report);
void write_quarantine_section(std::string& out, const ReportData& report);
void write_fields_section(std::string& out, const ReportData& report);
void write_run_section(std::string& out, const ReportData& report);

}  // namespace pyojun
