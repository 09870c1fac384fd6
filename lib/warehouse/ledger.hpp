// What a run leaves behind beside rows: runs, files, books, quarantine, profile, as tables of the warehouse's DuckDB file.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "base/result.hpp"
#include "warehouse/books.hpp"
#include "warehouse/duck.hpp"
#include "warehouse/warehouse.hpp"

namespace pyojun {

// Source codes of all workers, added up. Order is rule, vocabulary, code, domain, grade.
using CodeBook = std::map<std::tuple<std::uint16_t, std::string, std::string, std::string, Grade>, CodeTally>;

struct ProfileLine {
  std::uint32_t file = 0;
  std::string kind;
  std::vector<std::pair<std::string, std::uint64_t>> filled;
  std::uint64_t seen = 0;
};

struct ColumnLine {
  std::uint32_t file = 0;
  std::vector<std::string> unread, missing;
};

struct NoticedLine {
  std::uint32_t file = 0;
  Code code = Code::internal_error;
  std::string subject;
  std::uint64_t count = 0;
};

std::string_view grade_name(Grade grade);

// What the mapping stage counted for a line of the books, before settle moves rows to duplicates and orphans.
struct CountedLine {
  std::uint64_t mapped = 0, quarantined = 0;
};

// What a run takes over from the last one.
struct History {
  std::vector<FileEntry> files;  // by number
  std::vector<FileName> names;
  std::vector<RuleSet> rule_sets;
  std::vector<std::uint32_t> first_rules;               // of each set
  std::map<std::uint32_t, std::vector<Balance>> lines;  // of files that count: as the mapping stage counted them
};

class Ledger {
 public:
  Ledger(Duck& duck, std::int64_t run) : duck_(duck), run_(run) {}
  // Makes the tables. A first run's transaction stays open: there is nothing yet that anybody could read, and every commit waits for the
  // disk.
  Status create();
  // The database is a copy of an earlier run's: its history goes on, what the run derived gets other names until assembly has used it.
  // False, and nothing is changed, when it is of another layout.
  Result<bool> go_on();
  // Makes the tables and takes the history over from the DuckDB file of an earlier run, whatever its layout.
  Status take_over(const std::string& earlier);
  // Before all that one commit brings to the disk together; the caller commits.
  Status begin() { return first_ ? Status() : duck_.exec("begin", "ledger"); }
  Result<History> history();
  // Findings of the mapping stage, of files taken tonight.
  Status add_entry(const QuarantineEntry& entry, const std::vector<std::string>& rules);
  // Findings of settle, which looks at all files every night: what was told before stays the entry it is.
  Status tell(const QuarantineEntry& entry, const std::vector<std::string>& rules);
  // A reference_left_out that does not hold any more.
  Status end(const QuarantineEntry& entry, const std::vector<std::string>& rules);
  Status add_run(const RunIdentity& run);
  Status add_rules(const std::vector<RuleSet>& sets, const std::vector<std::uint32_t>& first_rules);
  // `files` by number; those of the run are new, those retired by the run are closed.
  Status add_files(const std::vector<FileEntry>& files);
  Status set_names(const std::vector<FileName>& names);
  // `counted` belongs to the lines of `books`, one by one.
  Status add_books(const Books& books, const std::vector<CountedLine>& counted, const std::vector<std::string>& rules,
                   const std::vector<std::vector<std::string>>& filters);
  Status add_rows(const std::vector<std::pair<std::string, std::uint64_t>>& rows);
  Status add_profile(const std::vector<ProfileLine>& lines);
  Status add_columns(const std::vector<ColumnLine>& lines);
  Status add_noticed(const std::vector<NoticedLine>& lines);
  Status add_codes(const CodeBook& codes, const std::vector<std::string>& rules);
  // table, id that is gone, id that stands for it
  Status add_merges(const std::vector<std::tuple<std::string, std::int32_t, std::int32_t>>& merges);
  // Before anything is asked of quarantine.entry or told.
  Status close_entries();
  // After add_files, and after assembly has put its findings into the table `told` beside those of settle. What was told before stays the
  // entry it is; entries of retired files, findings of settle or with a message of `retold` that were not told again, and ended ones are
  // closed.
  Status close_findings(const std::vector<FileEntry>& files, const std::vector<std::string>& retold);

 private:
  Status keep_results();
  Status open_appenders();
  Result<std::string> keep_derived();
  Status append(DuckAppender& to, const QuarantineEntry& entry, const std::vector<std::string>& rules);
  Duck& duck_;
  std::int64_t run_;
  bool first_ = true;  // no earlier run: nothing to compare findings with
  DuckAppender entries_, told_, ended_;
};

// The last run's books, files and rule names, read back from a finished warehouse.
struct ReadLedger {
  std::int64_t run = 0;
  RunIdentity identity;
  std::vector<FileEntry> files;
  std::vector<FileName> names;
  std::vector<Balance> balances;
  std::vector<std::string> rules;
  std::vector<std::pair<std::string, std::uint64_t>> rows;
};
Result<ReadLedger> read_ledger(Duck& duck);

}  // namespace pyojun
