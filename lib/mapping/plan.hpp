// A compiled mapping: rules bound to tables and columns, paths and functions resolved, immutable and shared by workers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/symbol.hpp"
#include "cdm/assemble_settings.hpp"
#include "cdm/rows.hpp"
#include "cdm/schema.hpp"
#include "readers/dialect.hpp"
#include "record/batch.hpp"
#include "vocabulary/vocabulary.hpp"

namespace pyojun {

// One finding of `pyojun check`, with the source line for the caret.
struct Diagnostic {
  Code code = Code::internal_error;
  std::string file;
  std::uint32_t line = 0, column = 0, length = 1;
  std::string subject;     // the name in question
  std::string suggestion;  // "did you mean": empty when there is none
  std::string source_line;
};

enum class Delivery : std::uint8_t { snapshot, delta, messages };

// What the outside may know about a rule.
struct RuleInfo {
  std::string name, title, file;
  std::uint32_t line = 0;
  std::string kind;                  // record kind it reads from
  std::vector<std::string> filters;  // text of each filter, in order: reasons in the balance
  std::vector<TableId> tables;       // tables it may write
  bool lookup = false;               // fills a lookup table in the first pass; writes no rows
};

class Plan {
 public:
  virtual ~Plan() = default;
  virtual const std::string& name() const = 0;
  virtual const std::string& title() const = 0;
  virtual Delivery delivery() const = 0;
  virtual const Dialect& dialect() const = 0;
  virtual const AssembleValues& assemble() const = 0;  // what the mapping says about set-wise rules; not the defaults
  virtual const std::string& hash() const = 0;         // sha256 hex over all files of the mapping; part of a run's identity
  virtual const std::vector<RuleInfo>& rules() const = 0;
  virtual const SymbolTable& symbols() const = 0;  // every name the rules read; frozen
  virtual const std::vector<std::string>& fields_of(
      std::string_view kind) const = 0;  // names read of a record kind (flat formats); "*" among them: all
                                         // columns count (`key *`), names nobody reads included
  // Fields that conditions of this kind's rules and lookups decide by (`where`, `delete when`). Of each inner list one is enough (`A ? B`).
  // Not among them: rules that write nothing, and `present X` of an `also`.
  virtual const std::vector<std::vector<std::string>>& deciding_fields(std::string_view kind) const = 0;
  virtual bool reads_kind(std::string_view kind) const = 0;
  virtual bool has_lookups() const = 0;
  // Do rules for records of one of `kinds` ask a lookup that reads records of one of `of`? No kind: any.
  virtual bool asks_lookup(const std::vector<std::string>& kinds, const std::vector<std::string>& of) const = 0;
};

struct CompileOptions {
  std::string path;                              // folder or .map file, or the name of a shipped mapping ("synthea/csv")
  const Schema* schema = nullptr;                // outlives the plan
  std::shared_ptr<const Vocabulary> vocabulary;  // may be null for `check`: then concepts are not verified
  std::vector<std::string> code_lists;           // extra source_to_concept_map or Usagi files
  std::string space;                             // name space of all keys: plans with different ones never speak of the same row
};
struct Compiled {
  std::shared_ptr<const Plan> plan;         // null when there is a fatal diagnostic
  std::shared_ptr<class PartHashes> parts;  // with a plan: which part of the mapping decides which rows
  std::vector<std::string> files;           // with a plan: every file on disk that was read for it, once
  std::vector<Diagnostic> diagnostics;      // in file and line order
};
Compiled compile(const CompileOptions& options);

// Rows, rejects and tallies of one batch. Reused: clear() keeps the memory.
struct MappedBatch {
  std::vector<RowChunk> chunks;
  std::vector<RuleTally> tallies;  // by rule number
  std::vector<Reject> rejects;     // offsets, lines and records are those of the batch's records
  std::vector<Finding> findings;   // of registration numbers
  std::vector<Reject> left_out;    // values, not candidates: their rows were written without them
  std::uint64_t unread = 0;        // records whose kind no rule reads
  std::vector<std::pair<Symbol, std::uint64_t>> unread_kinds;
  std::uint32_t candidates = 0;
  std::uint64_t cut_texts = 0;  // texts cut at their column's length (Code::text_cut)
  void clear();
};

// Runs a plan. One per worker; not thread-safe. Deterministic: the same batch gives the same rows whatever was mapped before.
class Mapper {
 public:
  virtual ~Mapper() = default;
  virtual void map(const RecordBatch& batch, MappedBatch& out) = 0;
  // Lookup pass: reads the records of lookup rules. Merged into the plan's tables by finish_lookups.
  virtual void gather(const RecordBatch& batch) = 0;
  // Source codes met so far, with counts; sorted by rule, vocabulary, code, domain. Adding tallies of all workers gives the run's.
  virtual std::vector<CodeTally> codes() const = 0;
};
std::unique_ptr<Mapper> make_mapper(std::shared_ptr<const Plan> plan, std::shared_ptr<const Vocabulary> vocabulary);
// Merges what mappers gathered, in the order given; afterwards all of them see the same lookup tables.
void finish_lookups(const std::vector<std::unique_ptr<Mapper>>& mappers);
// SHA-256 over the lookup tables that rules for records of these kinds ask (none: of any kind): equal digests, equal rows from equal
// records.
std::string lookup_digest(const Mapper& mapper, const std::vector<std::string>& kinds);

}  // namespace pyojun
