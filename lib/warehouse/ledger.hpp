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

std::string_view grade_name(Grade grade);

class Ledger {
 public:
  Ledger(Duck& duck, std::int64_t run) : duck_(duck), run_(run) {}
  // Makes the tables; with the DuckDB file of an earlier run, its history (runs, files, books, quarantine) is taken over.
  Status create(const std::string& earlier);
  Status add_entry(const QuarantineEntry& entry, const std::vector<std::string>& rules);
  Status add_run(const RunIdentity& run, const WarehouseOptions& options);
  Status add_files(const std::vector<FileEntry>& files);
  Status add_books(const Books& books, const WarehouseOptions& options);
  Status add_rows(const std::vector<std::pair<std::string, std::uint64_t>>& rows);
  Status add_profile(const std::vector<ProfileLine>& lines);
  Status add_codes(const CodeBook& codes, const std::vector<std::string>& rules);
  Status close_entries() { return entries_.close(); }

 private:
  Status keep_results();
  Duck& duck_;
  std::int64_t run_;
  DuckAppender entries_;
};

// The last run's books, files and rule names, read back from a finished warehouse.
struct ReadLedger {
  std::int64_t run = 0;
  RunIdentity identity;
  std::vector<FileEntry> files;
  std::vector<Balance> balances;
  std::vector<std::string> rules;
  std::vector<std::pair<std::string, std::uint64_t>> rows;
};
Result<ReadLedger> read_ledger(Duck& duck);

}  // namespace pyojun
