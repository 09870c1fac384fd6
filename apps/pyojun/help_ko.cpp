// --help in Korean: one row for every English text of the argument grammar. A docs test fails for a text that has no row.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>

#include "commands.hpp"
#include "usage.hpp"

namespace pyojun::app {

namespace {

struct Row {
  std::string_view en, ko;
};

constexpr std::array table{
    Row{"Pyojun turns vendor EMR exports into OMOP CDM 5.4 by declarative rules and keeps balanced books.",
        "Pyojun 은 EMR 업체가 내보낸 자료를 선언적 규칙으로 OMOP CDM 5.4 로 변환하고 장부를 맞춥니다."},
    Row{"Print this help message and exit", "이 도움말을 출력하고 끝냅니다"},
    Row{"Display program version information and exit", "프로그램 버전을 출력하고 끝냅니다"},
    Row{"en or ko; default: the locale's language", "en 또는 ko. 기본값: 로캘의 언어"},
    Row{"results and summary as JSON", "결과와 요약을 JSON 으로 출력합니다"},
    Row{"only errors and the summary", "오류와 요약만 출력합니다"},
    Row{"also times per stage and notes on every file", "단계별 시간과 파일별 설명도 출력합니다"},
    Row{"no progress bar, not even on a terminal", "터미널에서도 진행 막대를 표시하지 않습니다"},
    // convert, check, inspect
    Row{"files, folders, archives, globs or -", "파일, 폴더, 압축 파일, 와일드카드 또는 -"},
    Row{"mapping: folder, .map file, or the name of a shipped one (`pyojun list mappings`)",
        "매핑: 폴더, .map 파일 또는 내장 매핑의 이름 (`pyojun list mappings`)"},
    Row{"vocabulary snapshot made by `pyojun vocab build`", "`pyojun vocab build` 로 만든 용어 스냅숏"},
    Row{"KIND:PLACE, may be given several times (`pyojun list publishers`)",
        "종류:위치. 여러 번 지정할 수 있습니다 (`pyojun list publishers`)"},
    Row{"folder for parts, ledger and quarantine", "변환 결과, 장부, 격리 기록을 두는 폴더"},
    Row{"folder for report.html and report.json", "report.html 과 report.json 을 둘 폴더"},
    Row{"reader to use instead of detection", "자동 판별 대신 쓸 판독기"},
    Row{"record kind of files whose names the mapping does not know", "매핑이 이름을 모르는 파일의 레코드 종류"},
    Row{"further code lists (source_to_concept_map or Usagi files)", "추가 코드 목록 (source_to_concept_map 또는 Usagi 파일)"},
    Row{"cdm_source_name; default: the mapping's title", "cdm_source_name. 기본값: 매핑의 제목"},
    Row{"threads; never changes the result", "스레드 수. 결과는 바뀌지 않습니다"},
    Row{"files that an earlier run took and that are not among the inputs any more go on counting",
        "이전 실행에서 읽었고 지금은 입력에 없는 파일도 계속 포함합니다"},
    Row{"say what would be read, skipped and mapped again; change nothing",
        "무엇을 읽고 건너뛰고 다시 매핑할지 보여 주고 아무것도 바꾸지 않습니다"},
    Row{"job file (TOML): sources, vocabulary, warehouse, targets, budgets; see docs/operations.md",
        "작업 파일 (TOML): 소스, 용어, 저장소, 대상, 한도. docs/operations.md 참고"},
    Row{"check the job, its mappings and its targets; read no data", "작업 파일과 매핑, 대상을 검사합니다. 자료는 읽지 않습니다"},
    Row{"read every file again, also those whose size, times and inode are as they were",
        "크기, 시각, inode 가 그대로인 파일도 모두 다시 읽습니다"},
    Row{"after a mapping was corrected: map again what it touches, take nothing new, publish",
        "매핑을 고친 뒤: 영향을 받는 것만 다시 매핑하고 새 파일은 받지 않으며 게시합니다"},
    Row{"job file (see `pyojun run`)", "작업 파일 (`pyojun run` 참고)"},
    Row{"warehouse folder; default: that of the job", "저장소 폴더. 기본값: 작업 파일의 것"},
    Row{"warehouse folder; default: pyojun-warehouse", "저장소 폴더. 기본값: pyojun-warehouse"},
    Row{"also what is resolved or was replaced since", "해결되었거나 그 뒤 대체된 항목도 보여 줍니다"},
    Row{"publish the vocabulary tables too", "용어 표도 함께 게시합니다"},
    Row{"largest record in bytes", "레코드의 최대 크기 (바이트)"},
    Row{"folders, .map files or names of shipped mappings", "폴더, .map 파일 또는 내장 매핑의 이름"},
    Row{"snapshot folder: concepts and code lists are checked too", "스냅숏 폴더: 개념과 코드 목록도 검사합니다"},
    Row{"take the dialect (encoding, file kinds, aliases) from this mapping", "이 매핑의 dialect (인코딩, 파일 종류, 별칭) 를 씁니다"},
    Row{"print every record as one JSON line (contains the data itself, resident registration numbers masked)",
        "레코드마다 JSON 한 줄로 출력합니다 (자료 자체가 들어 있고 주민등록번호만 가림)"},
    Row{"write profile.csv (fields and counts, no values) into this folder", "이 폴더에 profile.csv (항목과 건수, 값은 없음) 를 씁니다"},
    // audit, convert --pack
    Row{"warehouse, DuckDB or SQLite file, folder of CDM CSV or Parquet files, postgresql:SERVICE or postgresql:FILE with a connection "
        "string",
        "저장소, DuckDB 또는 SQLite 파일, CDM CSV/Parquet 폴더, postgresql:서비스, 또는 접속 문자열이 든 postgresql:파일"},
    Row{"criteria packs: names (`pyojun list packs`) or folders, parted by commas",
        "기준 묶음: 이름(`pyojun list packs`) 또는 폴더, 쉼표로 구분"},
    Row{"PACK>=90, PACK/CATEGORY>=80, PACK:failed<=3, PACK:errors=0, PACK:new=0, PACK:unobserved=0; exit code 4 when one does not hold",
        "PACK>=90, PACK/분류>=80, PACK:failed<=3, PACK:errors=0, PACK:new=0, PACK:unobserved=0. 하나라도 충족하지 못하면 종료 코드 4"},
    Row{"a failure the baseline does not have is a gate that does not hold", "비교 기준에 없던 실패가 있으면 게이트를 통과하지 못합니다"},
    Row{"compare with: last or a number (audits stored in the warehouse), results.csv, or the folder of an earlier audit",
        "비교 기준: last 또는 저장소의 감사 번호, results.csv, 이전 감사의 폴더"},
    Row{"CSV of thresholds: criterion,threshold, or a DataQualityDashboard threshold file",
        "기준값 CSV: criterion,threshold 또는 DataQualityDashboard 기준값 파일"},
    Row{"CSV of known failures: criterion,reason,expires", "알려진 실패 CSV: criterion,reason,expires"},
    Row{"NAME=VALUE: a parameter of a pack", "이름=값: 기준 묶음의 매개변수"},
    Row{"YYYY-MM-DD: the day criteria call today", "YYYY-MM-DD: 기준이 오늘로 보는 날"},
    Row{"reports round all counts up to multiples of this number, for readers outside the institution",
        "기관 밖에서 읽을 보고서의 모든 건수를 이 수의 배수로 올립니다"},
    Row{"list the violating keys of failed criteria as CSV", "실패한 기준의 위반 키를 CSV 로 기록합니다"},
    Row{"rows a criterion; 0: all", "기준마다 최대 행 수. 0: 모두"},
    Row{"check the vocabulary tables too", "용어 표도 검사합니다"},
    Row{"vocabulary tables from another place: folder, DuckDB file or snapshot", "다른 곳의 용어 표: 폴더, DuckDB 파일 또는 스냅숏"},
    Row{"schema of a database; several: the first that has a table wins", "데이터베이스의 스키마. 여럿이면 표가 있는 첫 스키마를 씁니다"},
    Row{"folder for report.html, conformance.json, results.csv, junit.xml, dqd.json and violating keys",
        "report.html, conformance.json, results.csv, junit.xml, dqd.json, 위반 키를 둘 폴더"},
    // explain, quarantine, verify
    Row{"a mapping, or a CDM table followed by an id", "매핑, 또는 CDM 표와 그 뒤의 id"},
    Row{"primary key of the row", "행의 기본 키"},
    Row{"warehouse folder", "저장소 폴더"},
    Row{"one line an entry: code, number, file and line, byte, rule, reason", "한 건에 한 줄: 코드, 번호, 파일과 줄, 바이트, 규칙, 이유"},
    Row{"most entries to print", "출력할 최대 건수"},
    Row{"counts by code, file and rule", "코드, 파일, 규칙별 건수"},
    Row{"one entry in full", "한 건의 자세한 내용"},
    Row{"number from `quarantine list` with the same filters", "같은 조건의 `quarantine list` 에 나온 번호"},
    Row{"also the record itself, read again from its file; terminal only", "파일에서 다시 읽은 레코드도 보여 줍니다. 터미널에서만"},
    Row{"only this message id", "이 메시지 번호만"},
    Row{"only this file (base name)", "이 파일만 (폴더를 뺀 이름)"},
    Row{"only this rule", "이 규칙만"},
    Row{"published folder with a MANIFEST", "MANIFEST 가 있는 게시 폴더"},
    // vocab, list, help
    Row{"import an Athena download into a snapshot", "Athena 다운로드를 스냅숏으로 가져옵니다"},
    Row{"folder with CONCEPT.csv, CONCEPT_RELATIONSHIP.csv, ...", "CONCEPT.csv, CONCEPT_RELATIONSHIP.csv 등이 있는 폴더"},
    Row{"snapshot folder to make", "만들 스냅숏 폴더"},
    Row{"leave out what only SQL needs (ancestors, drug strength)", "SQL 에만 필요한 것을 뺍니다 (상위 개념, 약물 함량)"},
    Row{"threads", "스레드 수"},
    Row{"one code: its concept and standard targets", "코드 하나의 개념과 표준 대상 개념"},
    Row{"OMOP vocabulary id, URI, OID or other known name", "OMOP 용어 id, URI, OID 또는 알려진 다른 이름"},
    Row{"source code", "원본 코드"},
    Row{"concepts whose names contain these words", "이름에 이 단어가 들어 있는 개념"},
    Row{"words", "단어"},
    Row{"how many", "개수"},
    Row{"release, vocabularies, licences", "배포판, 용어, 사용 조건"},
    Row{"snapshot folder", "스냅숏 폴더"},
    Row{"formats, mappings, functions, tables, columns, publishers, messages or commands",
        "formats, mappings, functions, tables, columns, publishers, messages 또는 commands"},
    Row{"man or bash", "man 또는 bash"},
};

std::string_view korean_of(std::string_view english) {
  for (const Command& command : commands()) {
    if (command.about == english) return command.about_ko;
  }
  const auto* row = std::find_if(table.begin(), table.end(), [&](const Row& r) { return r.en == english; });
  return row == table.end() ? std::string_view{} : row->ko;
}

// Calls `text(english, replace)` for every description of the grammar.
template <class Text>
void each_text(CLI::App& app, const Text& text) {
  text(app.get_description(), [&](std::string_view ko) { app.description(std::string(ko)); });
  for (CLI::Option* option : app.get_options([](CLI::Option*) { return true; }))
    text(option->get_description(), [&](std::string_view ko) { option->description(std::string(ko)); });
  for (CLI::App* sub : app.get_subcommands([](CLI::App*) { return true; })) each_text(*sub, text);
}

void translate_headings(CLI::App& app) {
  for (const auto& [key, label] : {std::pair{"Usage", "사용법"}, std::pair{"OPTIONS", "옵션"}, std::pair{"SUBCOMMAND", "명령"},
                                   std::pair{"Positionals", "인수"}, std::pair{"REQUIRED", "필수"}})
    app.get_formatter()->label(key, label);
  for (CLI::Option* option : app.get_options([](CLI::Option*) { return true; })) option->group("옵션");
  for (CLI::App* sub : app.get_subcommands([](CLI::App*) { return true; })) {
    sub->group("명령");
    translate_headings(*sub);
  }
  std::string footer = app.get_footer();
  constexpr std::string_view example = "Example:";
  if (footer.starts_with(example)) app.footer("예:" + footer.substr(example.size()));
}

}  // namespace

void translate_help(CLI::App& cli) {
  translate_headings(cli);
  cli.footer(
      "종료 코드: 0 완료, 1 실패, 2 사용법 또는 매핑 오류, 3 완료했으나 불완전, 4 기준 미달, 10 저장소 상태, 11 잠김, 70 내부 오류, "
      "74 입출력, 128+N 시그널.\n예: pyojun convert export/ --map synthea/csv --vocab vocab.snapshot --to csv:cdm");
  each_text(cli, [](const std::string& english, const auto& replace) {
    if (const std::string_view ko = korean_of(english); !ko.empty()) replace(ko);
  });
}

}  // namespace pyojun::app
