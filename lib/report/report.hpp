// What a run did, in numbers: the data behind report.json and report.html. Codes, counts, names and positions only, never a patient's
// value.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/codes.hpp"
#include "base/result.hpp"
#include "cdm/rows.hpp"
#include "conformance/result.hpp"
#include "warehouse/warehouse.hpp"

namespace pyojun {

inline constexpr std::size_t grade_count = static_cast<std::size_t>(Grade::count);

struct ReportFile {
  std::string name, format, encoding, kind, sha256, state;
  std::uint64_t bytes = 0;
};

// One line of the books; in == mapped + filtered + duplicates + quarantined.
struct ReportBalance {
  std::string file, rule;  // rule "": the reader
  std::uint64_t in = 0, mapped = 0, filtered = 0, duplicates = 0, quarantined = 0, unread = 0;
  bool balanced() const { return in == mapped + filtered + duplicates + quarantined; }
};

struct ReportFilter {
  std::string rule, reason;
  std::uint64_t records = 0;  // over all files
};

struct ReportTable {
  std::string table;
  std::uint64_t rows = 0;
};

// Codes and rows of one domain by grade; a code is one (code system, code).
struct ReportCoverage {
  std::string domain;
  std::array<std::uint64_t, grade_count> codes{}, rows{};
  std::uint64_t all_codes() const;
  std::uint64_t all_rows() const;
  std::uint64_t mapped_codes() const;  // grades that found a standard concept
  std::uint64_t mapped_rows() const;
};

struct ReportUnmapped {
  std::string vocabulary, code, domain;
  Grade grade = Grade::unknown;
  std::uint64_t rows = 0;
};

struct ReportQuarantine {
  Code code = Code::internal_error;
  std::string file, rule, column;  // rule "": the reader
  std::uint64_t records = 0;       // records left out
  std::uint64_t kept = 0;          // rows that went on with the value left out or changed
};

// A field of the delivered files. Only those worth a look are listed: unknown to the mapping, expected but missing, or empty throughout.
struct ReportField {
  enum class State : std::uint8_t { unread, missing, empty };
  std::string file, kind, field;
  State state = State::unread;
  std::uint64_t seen = 0, filled = 0;
};

// What the readers noticed without refusing anything, summed over files.
struct ReportFinding {
  Code code = Code::internal_error;
  std::string subject;  // a segment id, an element's name; may be empty
  std::uint64_t count = 0;
};

// What one rule over all rows together did to one table; in the order the rules ran.
struct ReportAssembly {
  std::string step, rule, table;
  std::uint64_t changed = 0, removed = 0, added = 0;  // rows
};

// One line a criteria pack, for summaries; everything else is in ReportData::audit. Empty when no packs were run.
struct ReportPack {
  std::string id, title, title_ko, edition, verdict, verdict_ko;
  double score = 0;  // 0 .. 100
  std::uint64_t passed = 0, failed = 0, not_applicable = 0, not_observable = 0;
};

struct ReportData {
  bool conversion = true;  // false: an audit of data that something else made; the members from `files` on are empty but `tables`
  bool earlier = false;    // an audit of a warehouse: the conversion was another job, whose readers' findings nobody kept
  RunIdentity run;         // run.started is shown only when it is not empty: leave it empty for equal bytes
  std::vector<ReportPack> packs;
  std::optional<AuditResult> audit;  // with `packs`; criteria, categories, gates, trend
  std::vector<ReportFile> files;
  bool balanced = false;
  std::vector<ReportBalance> balance;  // by file, then rule
  std::vector<ReportFilter> filters;
  std::vector<ReportTable> tables;       // OMOP order, empty tables too
  std::vector<ReportCoverage> coverage;  // by domain
  std::vector<ReportUnmapped> unmapped;  // most rows first, at most unmapped_limit
  std::uint64_t unmapped_codes = 0, unmapped_rows = 0;
  std::vector<ReportQuarantine> quarantine;  // most records first
  std::vector<ReportFinding> findings;       // by code, then subject
  std::vector<ReportAssembly> assembly;
  std::vector<ReportField> fields;
  std::uint64_t min_cell = 0;  // counts are rounded up to multiples of it (round_up()); 0: exact

  std::uint64_t records() const;  // the readers' lines
  std::uint64_t refused() const;  // by readers
  std::uint64_t rows() const;
  std::uint64_t quarantined() const;  // records, by readers and rules
  ReportCoverage total_coverage() const;
};

inline constexpr std::size_t unmapped_limit = 200;

// Reads the warehouse's tables of the latest run, after settle(). Codes: warehouse_engine.
Result<ReportData> collect(Warehouse& warehouse);

// Takes over an audit: `audit` and the lines of `packs`.
void add_audit(ReportData& data, const AuditResult& audit);

// Adds to the finding of the same code and subject; keeps them in order.
void add_finding(ReportData& data, Code code, std::string_view subject, std::uint64_t count);
// The report of an audit by itself, without a conversion's books.
ReportData audit_report(const AuditResult& audit);

// Both are functions of the data alone. JSON: schemas/report.schema.json; members are only ever added.
std::string to_json(const ReportData& data);
enum class Language : std::uint8_t { english, korean };
std::string to_html(const ReportData& data, Language first = Language::english);

}  // namespace pyojun
