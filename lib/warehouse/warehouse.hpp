// The warehouse: one folder with rows-<run>.seg (mapped rows of the files a run took; later runs go on using them), and of the last run
// parts-<run>.dir (which rows count, and their ids), index-<run>.bin (keys) and warehouse-<run>.duckdb (everything set-wise). CURRENT names
// the run that counts and changes last, by rename.
//
// A run maps only what is new. What it publishes follows from the set of files that count, whichever night each of them came: mapped rows
// are kept by file, and settle looks at all of them in order of delivery.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/codes.hpp"
#include "base/result.hpp"
#include "cdm/assemble_settings.hpp"
#include "cdm/rows.hpp"
#include "cdm/schema.hpp"
#include "warehouse/row_source.hpp"

namespace pyojun {

// Identity of a run: never empty, the same inputs give the same hash whatever the clock says.
struct RunIdentity {
  std::string identity;  // sha256 over inputs, mapping, vocabulary, options, program version
  std::string mapping_name, mapping_hash, vocabulary_release, vocabulary_hash, program_version;
  std::string source_name;  // cdm_source_name
  std::string started;      // ISO 8601; from World, shown and stored in ledger.run, never in published data
  std::string data_date;    // YYYY-MM-DD: last event date rule or SOURCE_DATE_EPOCH; may be empty
};

// One delivered file (its content, not its name). Numbered for ever: a file that is mapped again is a new one.
struct FileEntry {
  std::string path, name, sha256, format, encoding, kind;
  std::uint64_t size = 0;
  std::string source;            // which source of the job delivered it; "" when there is only one
  std::string made_by;           // what else decides its rows: hash of mapping, vocabulary, options, program version
  std::string built_by;          // build of the program that mapped it; set by add_file
  std::uint32_t first_rule = 0;  // of its mapping, in Warehouse::rules()
  std::uint32_t rules = 0;       // how many rules its mapping has; 0: those of WarehouseOptions
  std::uint64_t run = 0;         // that took it; set by add_file
  std::uint64_t retired = 0;     // run since which its rows do not count any more, 0: they count
};

// A name under which a file was delivered. Several names may stand for one content, and a name for another content tomorrow.
struct FileName {
  std::string source, path, name;  // name: base name without compression suffix
  std::uint32_t file = 0;
  std::uint64_t seen = 0;      // last run that saw it
  std::uint64_t vanished = 0;  // run that did not find it any more, 0: it was there
  std::string stamp;           // size, times and inode when its content was hashed: equal stamps need no second look
};

// The rules of one mapping.
struct RuleSet {
  std::string source;
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> filters;  // texts by rule and filter number
};

// Where a published row came from.
struct Provenance {
  std::uint32_t file = 0;                          // number in files()
  std::uint64_t offset = 0, line = 0, record = 0;  // line and record count from 1; without places offset, length and line are 0
  std::uint32_t length = 0;
  std::int32_t rule = -1;  // number in Warehouse::rules()
};

// What the reader refused or counted in one batch, beside the rows.
struct BatchFacts {
  std::uint64_t seen = 0, refused = 0, unread = 0, lines = 0;
  std::uint64_t first_line = 0, first_record = 0;  // lines and records of the file before this batch
  std::span<const RecordPlace> places;             // by record number within the batch (RowChunk::records)
};

// One refused record or changed value with its place in the delivered file.
struct QuarantineEntry {
  std::uint32_t file = 0;  // number given by add_file
  Code code = Code::internal_error;
  std::uint64_t offset = 0, line = 0, record = 0;  // line and record count from 1
  std::uint32_t length = 0, at = 0;
  std::int32_t rule = -1;  // -1: the reader
  std::string column;      // "person.year_of_birth" or ""
  std::string path;        // "PID-7.1", "component[2].value", column name
  bool row_kept = false;   // true: the row went on with the value left out or changed
};

struct Balance {  // one line of the books; in == mapped + filtered + duplicates + quarantined
  std::uint32_t file = 0;
  std::int32_t rule = -1;  // -1: the reader's own line (records seen = read + refused)
  std::uint64_t in = 0, mapped = 0, duplicates = 0, quarantined = 0, unread = 0;
  std::vector<std::uint64_t> filtered;
};

// What assembly asks of the vocabulary. Both may be empty: then there are no drug eras.
struct VocabularyAccess {
  // (drug, ingredient) for those of the concepts that have ingredients, themselves included.
  std::function<Result<std::vector<std::pair<std::int32_t, std::int32_t>>>(std::span<const std::int32_t> drugs)> ingredients;
  // Path of a vocabulary table's Parquet file, written when it is not there yet; "" when the vocabulary lacks the table.
  std::function<Result<std::string>(const std::string& table)> table;
};

struct WarehouseOptions {
  std::string folder;  // created when absent
  const Schema* schema = nullptr;
  std::vector<std::string> rules;                 // of files that name no rules of their own
  std::vector<std::vector<std::string>> filters;  // texts by rule and filter number
  unsigned threads = 1;
  std::string vocabulary_sql;                 // folder of vocabulary parquet files; empty: no vocabulary tables
  std::uint64_t memory_bytes = 256ULL << 20;  // DuckDB's limit
  std::string built_by;                       // build of the program: what another build made is made anew
  AssembleValues assemble;                    // settings of set-wise rules the mapping gives
  VocabularyAccess vocabulary;
  std::string since;                      // start of the program for the lock's text; may be empty
  bool process_ends = false;              // the process does nothing more after finish()
  bool allow_network_folder = false;      // locks on network file systems are unreliable, so such folders are refused
  std::uint64_t contest_rows = 1U << 21;  // rows of equal keys looked at together, 40 bytes each; smaller only in tests
};

class Warehouse {
 public:
  // A finished warehouse for reading: rows(), duck(), provenance(), balances(), files(). Code::warehouse_empty when no run finished.
  static Result<std::unique_ptr<Warehouse>> open_existing(const std::string& folder, const Schema& schema);
  // Takes the lock; an interrupted run's leftovers are swept. Codes: lock held, newer format, not a warehouse.
  static Result<std::unique_ptr<Warehouse>> open(const WarehouseOptions& options);
  virtual ~Warehouse() = default;

  // Takes over ledger and keys of the last run. Its files are retired unless keep() names them.
  virtual Status begin(const RunIdentity& run) = 0;
  // A first run opens its database in the background; what went wrong with it is told here. To be asked before the first duck().
  virtual Status ready() { return {}; }
  // What the run is called after all; at the latest before settle().
  virtual void identify(const RunIdentity& run) = 0;
  // Names of the last run, in order of source and path; afterwards those that the next run will find.
  virtual const std::vector<FileName>& names() const = 0;
  virtual void set_names(std::vector<FileName> names) = 0;
  virtual std::uint64_t run_number() const = 0;
  // Number of the first rule of the set; the same set has the same numbers in every run.
  virtual std::uint32_t add_rules(const RuleSet& rules) = 0;
  virtual std::uint32_t add_file(const FileEntry& file) = 0;
  // A file of an earlier run goes on counting.
  virtual void keep(std::uint32_t file) = 0;
  // The rows of a file that was taken tonight do not count after all: it changed while it was read.
  virtual void drop(std::uint32_t file) = 0;
  // All files that count, in order of delivery. Without it: in order of their numbers.
  virtual void set_order(std::vector<std::uint32_t> files) = 0;
  // Called in the order of files and batches, by one thread at a time. Resolves keys, appends rows to the parts, adds to the books.
  virtual Status commit(std::uint32_t file, std::vector<RowChunk>& chunks, const std::vector<RuleTally>& tallies, const BatchFacts& facts,
                        std::vector<QuarantineEntry>& rejects) = 0;
  // Findings about a file outside any batch (cut archive, unreadable file).
  virtual void note_file(std::uint32_t file, const std::vector<QuarantineEntry>& entries) = 0;
  virtual void add_codes(const std::vector<CodeTally>& codes) = 0;  // rules by number in rules()
  // Field profile of one file: seen and filled per field name.
  virtual void add_profile(std::uint32_t file, const std::string& kind, const std::vector<std::pair<std::string, std::uint64_t>>& filled,
                           std::uint64_t seen) = 0;
  // The encoding a file of this run turned out to have, once its reader has seen it.
  virtual void set_encoding(std::uint32_t file, const std::string& encoding) = 0;
  // Columns of one file that no rule reads, and columns that rules read and the file has not.
  virtual void add_columns(std::uint32_t file, const std::vector<std::string>& unread, const std::vector<std::string>& missing) = 0;
  // What the reader noticed in one file beside refused records (a repair, a field it does not know), with how often.
  virtual void add_finding(std::uint32_t file, Code code, const std::string& subject, std::uint64_t count) = 0;

  // After the last batch: duplicates and superseded rows, orphans, final ids, then the assemble SQL. Checks the balance.
  virtual Status settle() = 0;
  virtual const std::vector<Balance>& balances() const = 0;
  virtual const std::vector<FileEntry>& files() const = 0;
  virtual std::vector<std::pair<std::string, std::uint64_t>> table_rows() const = 0;  // published rows per CDM table, OMOP order
  virtual bool balanced() const = 0;

  // Rows of one CDM table (mapped or derived), after settle(). Empty tables give a source with 0 blocks.
  virtual Result<std::unique_ptr<RowSource>> rows(TableId table) = 0;
  virtual const Schema& schema() const = 0;
  // Where the row of this primary key came from; nothing for derived rows, tables without a primary key and unknown ids.
  virtual Result<std::optional<Provenance>> provenance(TableId table, std::int32_t id) const = 0;
  virtual const std::vector<std::string>& rules() const = 0;  // names by number; "" where no rule has the number any more
  virtual std::size_t swept() const = 0;                      // files an interrupted run had left behind, removed by open()

  // Makes the run durable: parts, index, ledger, quarantine, profile in one step. Nothing is visible before.
  virtual Status finish() = 0;

  // A DuckDB connection that sees schema `cdm` (views over parts and derived tables), `ledger`, `quarantine`, `provenance`, `profile`.
  virtual class Duck& duck() = 0;
};

}  // namespace pyojun
