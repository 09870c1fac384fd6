// Audits with a bit of everything: every state, critical and suppressed criteria, a baseline, a trend, gates; and a large one.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "conformance/evaluate.hpp"
#include "report/report.hpp"

namespace pyojun::test {

struct SampleCriterion {
  std::string id, title, title_ko, category;
  State state = State::pass;
  std::int64_t violated = 0, counted = 0;
  double weight = 1;
};

inline CriterionResult sample_result(const SampleCriterion& sample) {
  CriterionResult one;
  one.criterion.id = one.criterion.check = sample.id;
  one.criterion.title = sample.title;
  one.criterion.title_ko = sample.title_ko;
  one.criterion.category = sample.category;
  one.criterion.weight = sample.weight;
  one.state = sample.state;
  one.violated = sample.violated;
  one.counted = sample.counted;
  one.measured = sample.state == State::pass || sample.state == State::fail;
  one.query = "select count(*) filter (where x is null), count(*) from " + sample.id;
  if (sample.state == State::error) one.reason = "statement refused: Catalog Error", one.reason_ko = "SQL 오류: Catalog Error";
  if (sample.state == State::not_applicable) one.reason = "the table is empty", one.reason_ko = "표가 비어 있습니다";
  return one;
}

inline Pack sample_pack(const std::string& id, const std::string& title, const std::string& title_ko) {
  Pack pack;
  pack.id = id;
  pack.title = title;
  pack.title_ko = title_ko;
  pack.edition = pack.edition_ko = "2025-01";
  pack.authority = "KHIS";
  pack.basis = "criteria of our own, read off the public texts";
  pack.basis_ko = "공개된 문서를 바탕으로 만든 자체 기준";
  pack.bands = {{95, "A+", "ready", "준비됨"},
                {90, "A-", "ready", "준비됨"},
                {85, "B+", "ready with gaps", "일부 보완 필요"},
                {80, "B-", "ready with gaps", "일부 보완 필요"},
                {70, "C", "not ready", "준비되지 않음"},
                {0, "D", "not ready", "준비되지 않음"}};
  pack.capped = "not ready: a critical criterion fails";
  pack.capped_ko = "준비되지 않음: 필수 기준 미충족";
  pack.categories = {
      {"functions", "Record content", "기록 내용"}, {"exchange", "Interoperability", "상호운용성"}, {"security", "Security", "보안"}};
  return pack;
}

inline PackResult sample_care() {
  PackResult out;
  out.pack = sample_pack("emr-sample", "EMR readiness of a sample hospital", "예시 병원의 EMR 준비도");
  for (const SampleCriterion& one : std::vector<SampleCriterion>{
           {"KF-01", "Patients without id, sex or birth date", "식별자, 성별, 생일이 없는 환자", "functions", State::pass, 2, 19'998, 2},
           {"KF-05", "Diagnoses without a valid code for their date", "그 날짜에 유효한 코드가 없는 진단", "functions", State::fail, 21'960,
            181'900, 3},
           {"KF-06", "Drug orders without dose, frequency or days", "용량, 횟수, 일수가 없는 처방", "functions", State::fail, 8'100, 49'000,
            2},
           {"KF-08", "Results without value, unit or time", "값, 단위, 시각이 없는 검사 결과", "functions", State::pass, 120'000, 8'100'400,
            2},
           {"KF-14", "Notifiable diseases without a report date", "신고일이 없는 법정감염병", "functions", State::not_applicable, 0, 0,
            0.5},
           {"KI-05", "Laboratory codes without a standard concept", "표준 개념이 없는 검사 코드", "exchange", State::fail, 10'400,
            8'100'400, 2},
           {"KI-06", "Quantities whose unit is not valid", "단위가 올바르지 않은 수치", "exchange", State::error, 0, 0, 1},
           {"KI-08", "Required elements that are empty", "비어 있는 필수 항목", "exchange", State::pass, 0, 412'077, 3},
           {"KS-01", "Direct identifiers in the output", "출력에 남은 직접 식별자", "security", State::pass, 0, 9'515'099, 3},
           {"KS-10", "Backup, clocks, access control", "백업, 시각 동기화, 접근 통제", "security", State::not_observable, 0, 0, 1}})
    out.criteria.push_back(sample_result(one));
  out.criteria[1].criterion.critical = true;
  out.criteria[1].criterion.remedy = "Add the missing codes to the diagnosis code list";
  out.criteria[1].criterion.remedy_ko = "진단 코드 목록에 빠진 코드를 추가하십시오";
  out.criteria[1].criterion.basis = "F046";
  out.criteria[1].criterion.threshold = 5;
  out.criteria[1].violations_file = "violations.emr-sample.KF-05.csv";
  out.criteria[1].violations_listed = 10'000;
  out.criteria[2].suppressed = "known until the new order form";
  out.criteria[2].change = "persisting";
  out.criteria[1].change = "new";
  out.criteria[7].change = "resolved";
  out.criteria[5].codes_violated = 90;
  out.criteria[5].codes_counted = 291;
  out.criteria[3].criterion.threshold = 2.5;
  out.new_failures = out.resolved = out.persisting = 1;
  score(out);
  rate(out);
  return out;
}

// As many criteria as DataQualityDashboard has checks.
inline PackResult sample_large(std::size_t criteria = 2374) {
  PackResult out;
  out.pack = sample_pack("large", "A pack with thousands of checks", "검사가 수천 개인 기준");
  out.pack.scoring = Scoring::count;
  constexpr State states[] = {State::pass, State::not_applicable, State::pass, State::not_applicable};
  for (std::size_t i = 0; i < criteria; ++i) {
    const State state = i % 200 == 7 ? State::fail : i % 300 == 11 ? State::error : states[i % 4];
    const std::string id = "field_isrequired_table_" + std::to_string(i);
    out.criteria.push_back(sample_result({id, "Rows without column " + std::to_string(i), "열 " + std::to_string(i) + " 이 빈 행",
                                          i % 3 == 0 ? "functions" : "exchange", state, static_cast<std::int64_t>(i), 10'000}));
  }
  score(out);
  rate(out);
  return out;
}

inline AuditResult sample_audit(std::vector<PackResult> packs) {
  AuditResult out;
  out.source_kind = "warehouse";
  out.source_name = "Hanmaeum General Hospital";
  out.engine = "duckdb";
  out.identity = "5f1c0d7c0a7e6f6f2f0c1d6f8a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d";
  out.today = "2026-11-26";
  out.program_version = "0.1.0";
  out.tables = {{"person", 19'998}, {"visit_occurrence", 412'077}, {"note", 0}};
  out.cdm_source = {{"cdm_source_name", "Hanmaeum"}, {"cdm_version", "v5.4.0"}};
  out.packs = std::move(packs);
  out.baseline = "last";
  out.gates = {{"emr-sample>=90", false, "88.10"}, {"emr-sample:errors<=1", true, "1"}};
  for (std::int64_t i = 1; i <= 5; ++i)
    out.trend.push_back({i, "emr-sample", "2025-01", out.identity, "2026-0" + std::to_string(i) + "-15",
                         70.0 + 3.5 * static_cast<double>(i) - (i == 4 ? 6 : 0), 5, 3});
  return out;
}

}  // namespace pyojun::test
