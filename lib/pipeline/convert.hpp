// The main job: files in, CDM out, books balanced. Threads, order and limits live here; everything else is in its own room.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "mapping/plan.hpp"
#include "pipeline/audit.hpp"
#include "pipeline/world.hpp"
#include "readers/reader.hpp"
#include "warehouse/warehouse.hpp"

namespace pyojun {

struct ConvertRequest {
  std::vector<std::string> inputs;
  std::string map, vocabulary;       // mapping name or path; snapshot folder
  std::string format;                // --from; empty: by dialect or content
  std::string kind;                  // record kind of files that fit no pattern of the mapping
  std::vector<std::string> targets;  // "csv:DIR", "duckdb:FILE", ...
  std::string warehouse;             // folder
  std::string report;                // folder for report.html and report.json; empty: none
  std::vector<std::string> code_lists;
  std::string source_name;  // cdm_source_name; empty: the mapping's title
  unsigned threads = 1;
  bool korean = false;           // which language the report opens in
  bool with_vocabulary = false;  // vocabulary tables in the published CDM
  Limits limits;
  PackRequest packs;  // criteria packs run before anything is published; none: no audit
};

struct FileOutcome {
  std::string path, format, encoding, kind;
  std::uint64_t records = 0, refused = 0;
  bool read = false;
  Code why = Code::format_unknown;  // when not read
  std::optional<Error> broken;      // the file could not be opened, or ended too early
  FileFacts facts;
  std::vector<Finding> findings;  // of all its batches, by code and subject
};

struct StageTime {
  std::string name;
  double wall = 0, cpu = 0;  // seconds
};

// What the summary says. Counts only.
struct ConvertOutcome {
  std::vector<Diagnostic> diagnostics;  // of the mapping
  std::vector<FileOutcome> files;
  std::vector<std::string> skipped;
  std::uint64_t bytes = 0, records = 0, refused = 0, unread = 0;
  std::uint64_t candidates = 0, mapped = 0, filtered = 0, duplicates = 0, quarantined = 0, rows = 0;
  std::vector<std::pair<std::string, std::uint64_t>> tables;
  std::vector<std::string> published;  // places, in the order asked for
  std::vector<StageTime> stages;
  AuditOutcome audit;  // when packs were asked for
  bool balanced = false;
  bool incomplete = false;  // a named source was unreadable or cut: exit code 3
};

// An Error means nothing was published; audit_gate_failed: the report, when asked for, was written and says why. Code::mapping_has_errors:
// see outcome.diagnostics.
Status convert(const ConvertRequest& request, const World& world, ConvertOutcome& outcome);

}  // namespace pyojun
