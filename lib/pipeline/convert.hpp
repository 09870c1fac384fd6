// The main job: files in, CDM out, books balanced. Threads, order and limits live here; everything else is in its own room.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "mapping/plan.hpp"
#include "pipeline/audit.hpp"
#include "pipeline/sources.hpp"
#include "pipeline/world.hpp"
#include "readers/reader.hpp"
#include "warehouse/warehouse.hpp"

namespace pyojun {

// One place that data come from, with the mapping that reads them.
struct SourceRequest {
  std::string name;  // unique within a job; "" of a plain convert
  std::vector<std::string> inputs;
  std::string map;     // mapping name or path
  std::string format;  // --from; empty: by dialect or content
  std::string kind;    // record kind of files that fit no pattern of the mapping
  std::vector<std::string> code_lists;
  std::string space;                // name space of keys: sources with the same one speak of the same persons
  bool keep_vanished = false;       // files that are not there any more go on counting
  bool snapshot = false;            // every file holds all of its kind: of the files of one kind the last one counts
  std::int64_t settle_seconds = 0;  // files younger than this are left for the next run
};

// How many refused candidates are too many: of one rule of one source, or (empty) of all of them together. Below zero: no limit.
struct Budget {
  std::string source, rule;
  double warn_percent = -1, fail_percent = -1;
  std::int64_t warn_count = -1, fail_count = -1;
};

struct ConvertRequest {
  std::vector<SourceRequest> sources;
  std::string vocabulary;            // snapshot folder
  std::vector<std::string> targets;  // "csv:DIR", "duckdb:FILE", ...
  std::string warehouse;             // folder
  std::string report;                // folder for report.html and report.json; empty: none
  std::string source_name;           // cdm_source_name; empty: the mapping's title
  std::vector<Budget> budgets;
  unsigned threads = 1;          // 0: the caller fills it in
  bool korean = false;           // which language the report opens in
  bool with_vocabulary = false;  // vocabulary tables in the published CDM
  bool dry_run = false;          // say what would be done; neither warehouse nor targets are touched
  bool redrive = false;          // only files the warehouse knows are taken again, where mapping or vocabulary changed; new ones wait
  bool check_only = false;       // ends when everything that can be wrong before data is read has been looked at
  bool rehash = true;            // read every file again; else those that look as they did when they were hashed are taken as unchanged
  Limits limits;
  PackRequest packs;  // criteria packs run before anything is published; none: no audit
};

// What was new among the delivered files.
struct NightOutcome {
  std::array<std::uint64_t, static_cast<std::size_t>(Fate::count)> fates{};
  std::uint64_t gone = 0;             // names that are not there any more and whose rows went with them
  std::uint64_t unreadable = 0;       // among the held: could not be read
  std::uint64_t moving = 0;           // among the held: changed while they were read
  std::uint64_t ahead = 0;            // among the held: their times lie in the future, so they would wait for ever
  std::uint64_t wanting = 0;          // among the held: a lookup table their rules ask was not read whole
  std::uint64_t outdated = 0;         // contents that are not there any more, and whose rows another mapping, vocabulary or program made
  std::vector<std::string> silent;    // sources that delivered nothing at all, though their rows were to go with their files: they stay
  std::vector<std::string> vanished;  // names that are not there any more since tonight and whose rows stay
};

struct BudgetFinding {
  std::string source, rule;
  std::uint64_t in = 0, quarantined = 0;
  bool fails = false;  // else a warning
};

struct FileOutcome {
  std::string path, format, encoding, kind;
  std::uint64_t records = 0, refused = 0;
  bool read = false;
  Fate fate = Fate::fresh;
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
  NightOutcome night;
  bool unchanged = false;  // nothing was new: the last run still stands, and was published again
  std::vector<BudgetFinding> budgets;
  std::uint64_t run = 0;
  std::string identity;
  std::vector<std::string> skipped;
  std::uint64_t bytes = 0, records = 0, refused = 0, unread = 0;
  std::uint64_t candidates = 0, mapped = 0, filtered = 0, duplicates = 0, quarantined = 0, rows = 0;
  std::vector<std::pair<std::string, std::uint64_t>> tables;
  std::vector<std::string> published;  // places, in the order asked for
  std::vector<StageTime> stages;
  AuditOutcome audit;  // when packs were asked for
  bool balanced = false;
  std::string error;        // id of the message that ended the run; empty: it went through
  bool incomplete = false;  // a named source was unreadable or cut: exit code 3
};

// An Error means that no target but outcome.published was touched; audit_gate_failed: the report, when asked for, was written and says why.
// Code::mapping_has_errors: see outcome.diagnostics.
Status convert(const ConvertRequest& request, const World& world, ConvertOutcome& outcome);

}  // namespace pyojun
