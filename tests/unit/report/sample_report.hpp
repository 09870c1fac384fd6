// A report with a bit of everything, hostile names included, for the unit tests and for tests/browser.
#pragma once

#include <string>
#include <vector>

#include "report/report.hpp"

namespace pyojun::test {

inline const std::vector<std::string>& hostile_names() {
  static const std::vector<std::string> names{
      "<script>document.title='broken'</script>",
      "\"><img src=x onerror=document.title='broken'>",
      "' onmouseover='document.title=1",
      "</td></table><h1>big</h1>",
      "&lt;not twice&gt; &amp;",
      "javascript:document.title='broken'",
      "{{7*7}} ${7*7} {} %s",
      "\xE2\x80\xAEright to left",
      "bad \xFF\xC3 utf-8",
      std::string("nul \0 and bell \a", 16),
      "line\nbreak\ttab",
      "\xE2\x80\xA8line separator",
      "환자 \xF0\x9F\x98\x80 <b>",
      "]]></style></script>",
  };
  return names;
}

inline ReportData sample_report(bool hostile = false) {
  ReportData report;
  report.run.identity = "5f1c0d7c0a7e6f6f2f0c1d6f8a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d";
  report.run.mapping_name = "synthea-csv";
  report.run.mapping_hash = "9a0364b9e99bb480dd25e1f0284c8555ad0a6e8d9c3f2b1a4c5d6e7f80919293";
  report.run.vocabulary_release = "v5.0 27-FEB-25";
  report.run.vocabulary_hash = "0364b9e99bb480dd25e1f0284c8555ad0a6e8d9c3f2b1a4c5d6e7f8091929394";
  report.run.program_version = "0.1.0";
  report.run.source_name = "Hanmaeum General Hospital";
  report.run.data_date = "2025-03-31";
  report.balanced = true;
  report.files = {{"patients.csv", "csv", "utf-8", "patients", std::string(64, 'a'), "new", 5'812'004},
                  {"conditions.csv", "csv", "cp949", "conditions", std::string(64, 'b'), "new", 81'204'113},
                  {"observations.csv", "csv", "utf-8", "observations", std::string(64, 'c'), "new", 1'120'533'870}};
  report.balance = {{"patients.csv", "", 20'004, 20'001, 0, 0, 3, 0},
                    {"patients.csv", "person", 20'001, 19'998, 0, 1, 2, 0},
                    {"patients.csv", "death", 20'001, 1'204, 18'797, 0, 0, 0},
                    {"conditions.csv", "", 182'611, 182'611, 0, 0, 0, 0},
                    {"conditions.csv", "diagnosis", 182'611, 181'900, 640, 71, 0, 0},
                    {"observations.csv", "", 9'204'113, 9'204'101, 0, 0, 12, 0},
                    {"observations.csv", "laboratory", 9'204'101, 8'900'000, 303'000, 0, 1'101, 0}};
  report.filters = {{"death", "deathdate is not empty", 18'797},
                    {"diagnosis", "status is not entered-in-error", 640},
                    {"laboratory", "category is laboratory", 303'000}};
  report.tables = {{"person", 19'998},
                   {"observation_period", 19'990},
                   {"visit_occurrence", 412'077},
                   {"condition_occurrence", 181'900},
                   {"drug_exposure", 0},
                   {"procedure_occurrence", 0},
                   {"measurement", 8'100'400},
                   {"observation", 799'600},
                   {"death", 1'204},
                   {"note", 0}};
  report.coverage = {{"Condition", {412, 20, 8, 0, 0, 3, 11, 0}, {170'100, 8'000, 2'500, 0, 0, 300, 1'000, 0}},
                     {"Drug", {120, 0, 40, 0, 0, 2, 60, 12}, {40'000, 0, 9'000, 0, 0, 100, 8'000, 600}},
                     {"Measurement", {201, 0, 0, 0, 0, 0, 90, 0}, {8'090'000, 0, 0, 0, 0, 0, 10'400, 0}},
                     {"Observation", {30, 0, 0, 0, 0, 44, 25, 2}, {500'000, 0, 0, 0, 0, 200'000, 99'000, 600}}};
  report.unmapped = {{"LOINC", "86923-0", "Observation", Grade::no_target, 120'411},
                     {"KCD7", "U07.1", "Condition", Grade::unknown, 911},
                     {"EDI", "D2280", "Measurement", Grade::unknown, 800},
                     {"local-lab", "GLU-POCT", "Measurement", Grade::no_system, 611},
                     {"RxNorm", "310798", "Drug", Grade::unknown, 102},
                     {"SNOMED", "160903007", "Observation", Grade::no_target, 10}};
  report.unmapped_codes = 249, report.unmapped_rows = 320'000;
  report.quarantine = {{Code::archive_damaged, "observations.csv", "laboratory", "measurement.measurement_date", 1'101, 0},
                       {Code::format_unknown, "patients.csv", "", "", 3, 0},
                       {Code::archive_damaged, "patients.csv", "person", "person.birth_datetime", 2, 14}};
  report.fields = {{"patients.csv", "patients", "SSN", ReportField::State::unread, 20'001, 20'001},
                   {"patients.csv", "patients", "RACE_DETAIL", ReportField::State::missing, 20'001, 0},
                   {"observations.csv", "observations", "ENCOUNTER", ReportField::State::empty, 9'204'101, 0}};
  report.findings = {{Code::hl7_message_type, "ADT^A99", 12}, {Code::hl7_segment_unread, "ZPD", 4'120}};
  report.assembly = {{"10-end_before_start-repair", "end before start", "visit_occurrence", 12, 0, 0},
                     {"60-eras", "rows added", "condition_era", 0, 0, 1'204},
                     {"70-own", "a rule of the site", "note", 1, 2, 3}};
  if (!hostile) return report;
  for (const std::string& name : hostile_names()) {
    report.files.push_back({name, name, name, name, name, name, 1});
    report.balance.push_back({name, name, 3, 1, 1, 1, 0, 0});
    report.filters.push_back({name, name, 1});
    report.coverage.push_back({name, {1, 0, 0, 0, 0, 0}, {1, 0, 0, 0, 0, 0}});
    report.unmapped.push_back({name, name, name, Grade::unknown, 1});
    report.quarantine.push_back({Code::archive_damaged, name, name, name, 1, 0});
    report.fields.push_back({name, name, name, ReportField::State::unread, 1, 1});
    report.findings.push_back({Code::hl7_segment_unread, name, 1});
    report.assembly.push_back({name, name, name, 1, 1, 1});
  }
  const std::string& first = hostile_names().front();
  report.run.source_name = report.run.mapping_name = report.run.vocabulary_release = report.run.data_date = first;
  return report;
}

}  // namespace pyojun::test
