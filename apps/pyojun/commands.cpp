#include "commands.hpp"

#include <fmt/format.h>

#include <array>

namespace pyojun::app {

namespace {

constexpr std::array table{
    Command{"convert", "turn exports into an OMOP CDM", "내보낸 자료를 OMOP CDM 으로 변환합니다",
            "pyojun convert export/ --map synthea/csv --vocab vocab.snapshot --to csv:cdm --report report", setup_convert},
    Command{"run", "run a job file: what is new tonight, into the same warehouse and targets",
            "작업 파일을 실행합니다. 새로운 것만 읽어 같은 저장소와 대상에 반영합니다", "pyojun run nightly.toml", setup_run},
    Command{"audit", "score a CDM against criteria packs", "CDM 을 기준 묶음으로 평가합니다",
            "pyojun audit cdm/ --pack omop-dqd --gate 'omop-dqd>=95' --out audit", setup_audit},
    Command{"check", "check mappings without data", "자료 없이 매핑을 검사합니다", "pyojun check mappings/myhospital", setup_check},
    Command{"inspect", "say what a file is: format, encoding, record kinds, fields", "파일의 형식, 인코딩, 레코드 종류, 항목을 보여 줍니다",
            "pyojun inspect export/patients.csv", setup_inspect},
    Command{"vocab", "build and query vocabulary snapshots", "용어 스냅숏을 만들고 조회합니다",
            "pyojun vocab build athena/ --out vocab.snapshot", setup_vocab},
    Command{"quarantine", "list what was refused and why", "거부된 레코드와 그 이유를 보여 줍니다",
            "pyojun quarantine list --warehouse warehouse", setup_quarantine},
    Command{"explain", "trace a CDM row to its source bytes, or print a mapping as a book",
            "CDM 행의 출처를 추적하거나 매핑을 책으로 출력합니다", "pyojun explain condition_occurrence 42 --warehouse warehouse",
            setup_explain},
    Command{"verify", "check a published folder against its manifest", "게시된 폴더를 목록과 대조합니다", "pyojun verify cdm",
            setup_verify},
    Command{"list", "list formats, mappings, functions, tables, publishers, packs, checks, messages, commands",
            "형식, 매핑, 함수, 표, 출력, 기준 묶음, 검사 종류, 메시지, 명령을 나열합니다", "pyojun list functions", setup_list},
    Command{"help", "print the man page or shell completion", "설명서나 셸 자동 완성을 출력합니다", "pyojun help man", setup_help},
};

// The classes by which DuckDB and SQLite say that a disk is full or failed.
bool disk_failed(std::string_view detail) {
  return detail == "input or output" || detail == "SQLite database or disk is full" || detail == "SQLite disk I/O error";
}

}  // namespace

std::span<const Command> commands() { return table; }

int exit_for(const Error& error) {
  const std::string_view id = info(error.code).id;
  switch (error.code) {
    case Code::books_not_balanced:
    case Code::internal_error:
      return exit_internal;
    case Code::file_write_failed:
    case Code::disk_space_short:
    case Code::target_not_writable:
      return exit_io;
    case Code::publish_database_failed:
    case Code::warehouse_engine:
      return disk_failed(error.detail) ? exit_io : exit_failed;
    case Code::warehouse_locked:
      return exit_locked;
    case Code::budget_exceeded:
      return exit_gate;
    case Code::warehouse_newer:
    case Code::warehouse_older:
    case Code::warehouse_not_one:
    case Code::warehouse_empty:
      return exit_state;
    case Code::publisher_unknown:
    case Code::publish_place_missing:
    case Code::publish_schema_name:
      return exit_usage;
    case Code::audit_gate_failed:
      return exit_gate;
    case Code::interrupted:
    case Code::mapping_being_written:
      return exit_failed;
    default:
      break;
  }
  // A001 to A030 and A038 to A044 are found before data is read.
  const bool asked_wrong = id.starts_with("A") && (id <= "A030" || (id >= "A038" && id <= "A044"));
  if (id.starts_with("U") || id.starts_with("M") || id.starts_with("J") || asked_wrong) return exit_usage;
  return exit_failed;
}

}  // namespace pyojun::app
