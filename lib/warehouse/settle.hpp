// After the last batch: which rows count. Duplicates and deletes, orphans, final ids; every death is booked.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "warehouse/books.hpp"
#include "warehouse/segment_reader.hpp"
#include "warehouse/segment_writer.hpp"

namespace pyojun {

using EntrySink = std::function<Status(const QuarantineEntry&)>;

// What settle tells. Optional references without a living row can be as many as rows (a delivery without its table of providers), so they
// are told once, and their end when it comes; orphans are told every night.
struct Findings {
  EntrySink told, ended;
};

inline constexpr std::uint32_t no_origin = 0xFFFF'FFFF;

// The last run, and for each living chunk its number there (no_origin: it was not there).
struct LastRun {
  const Segment* segment = nullptr;  // null: this is the first
  std::span<const std::uint32_t> origins;
};

// A cell of a row that won takes the value of a cell of another row of its key. `source`: that row's column.
struct Completion {
  RowPlace to, from;
  TableId table = no_table;
  ColumnId column = no_column, source = no_column;
};
// The same by id, with the value as SQL reads it; nothing: null.
struct CompletedCell {
  TableId table = no_table;
  ColumnId column = no_column;
  std::int32_t id = 0;
  std::optional<std::string> value;
};
// Once ids are given. Cells that have the value already, and rows that died since, are left out; in order of rows.
std::vector<CompletedCell> completed_cells(const Schema& schema, const Segment& segment, std::vector<Completion> completions);

// Rules of the contest between rows of one key:
// 1. Lead rows first (see follows()): highest version wins (a row without version is below all), then the later in order of delivery. A
//    losing lead takes all rows of its candidate along and counts as duplicate. Rows told under a retired name lose against rows told
//    under the name that took its place, whatever their versions.
// 2. Then further rows (`also`): a living lead beats them; among themselves version and order decide. They die alone, unbooked.
// 3. A delete that wins leaves no row; it stays counted as mapped, for it did what its rule says.
// 4. A delete with a version takes along every row, not later than itself, that stands within what it deletes: they count as duplicates.
//    A row of the same key that is not older than the delete and is none itself takes the delete back: then it takes nothing along.
// 5. A row that lacks a required column which no row of its key says (`combine`) dies and is booked as quarantined.
// Orphans: a row whose required reference stands for no living row dies (a lead takes its candidate along and is booked as
// quarantined); optional references become null. Both are told to the sink in order of delivery.
// Rows of files that were retired tonight take part as `retired` entrants: they never win, but the row that takes their place in the same
// table takes their id too.
class Settle {
 public:
  // Owned arrays behind the segment's spans, and who was merged into whom.
  struct Merge {
    TableId table = no_table;
    std::int32_t from = 0, into = 0;  // ids
  };
  struct Arrays {
    std::vector<std::uint64_t> dead_ends, dead_words;
    std::vector<std::int32_t> listed;
    std::vector<GrowingArray<std::int32_t>> ids;
    std::vector<std::vector<RowRun>> order;
    std::vector<Merge> merges;
    std::vector<Completion> completions;
  };

  // `chunks` in order of delivery, those of retired files behind `living`; `arrays` holds the id memory of chunks of earlier runs.
  Settle(const Schema& schema, KeyIndexes& indexes, Segment& segment, std::vector<ChunkInfo>& chunks, std::size_t living, Arrays& arrays,
         Books& books, Findings findings, LastRun last, std::uint64_t most_entrants);
  // Afterwards the segment's directory, dead rows, ids and order are final; key indexes can no longer be searched.
  Status run();
  // Live lead rows and winning deletes against `mapped` of every line; rows of the tables against live rows of their chunks.
  bool counts_agree() const;

 private:
  struct Entrant {
    Hash128 key;
    RowVersion version;
    std::uint32_t chunk = 0, row = 0;
    bool lead = true, retired = false, deletes = false;
    bool former = false;  // told under a name that another took the place of
  };
  // What is told of a row that a contest decided.
  struct Remark {
    std::uint32_t chunk = 0, row = 0;
    Code code = Code::count;
    auto operator<=>(const Remark&) const = default;
  };
  // A delete of something other rows stand in, the rows of its candidate together.
  struct Withdrawal {
    Hash128 what;  // table and root slot
    RowVersion version;
    std::uint32_t chunk = 0, row = 0;
  };
  // A row that takes over an id that was given before.
  struct Heir {
    std::uint32_t chunk = 0, row = 0;
    std::int32_t id = 0;
  };
  enum class Fate : std::uint8_t { duplicate, orphan };

  bool kill_one(std::uint32_t chunk, std::uint32_t row);
  void kill(std::uint32_t chunk, std::uint32_t row, Fate fate);
  void kill_candidate(const ChunkInfo& chunk, std::uint32_t candidate);

  void join_aliases();

  // contests.cpp
  void resolve_contests();
  void contest_entities(TableId table);
  void contest_events();
  bool contest_partition(const std::vector<std::uint32_t>& chunks, std::uint64_t keys, std::uint32_t part, std::uint32_t parts);
  void enter(std::uint32_t chunk, std::uint32_t row, const Hash128& key, bool former = false);
  bool same_record(const Entrant& one, const Entrant& other) const;
  bool follows(const Entrant& here, const Entrant& before) const;
  void remark(std::span<const Entrant> group, const Entrant& best);
  Status tell_remarks();
  void decide_leads();
  void decide_others();
  void apply_deletes();
  void complete(std::span<const Entrant> group, const Entrant& winner);  // complete.cpp
  Status refuse_incomplete();                                            // complete.cpp
  void bequeath(std::span<const Entrant> group, const Entrant& winner);

  // withdrawals.cpp
  bool same_values(const Entrant& one, const Entrant& other) const;
  bool other_person(const Entrant& one, const Entrant& other) const;
  std::span<const Slot> likeness(const Entrant& row) const;
  void tell_strangers(std::span<const Entrant> group);
  std::vector<Withdrawal> withdrawals() const;
  bool taken_back(const Withdrawal& item, const std::vector<Withdrawal>& standing) const;
  void withdraw();

  // orphans.cpp
  void mark_alive();
  bool complete(TableId table) const;
  bool stands(TableId table, Slot slot) const;
  static bool stands(const KeyIndex& index, Slot slot);
  Status resolve_orphans();
  Status orphans_of(std::uint32_t chunk);
  bool missed_before(std::uint32_t chunk, std::uint32_t row, TableId target, Slot slot) const;
  void doubt(TableId table);
  Status left_out_of(std::uint32_t chunk, const ColumnHeader& column);
  Status tell(const EntrySink& sink, std::uint32_t chunk, std::uint32_t row, ColumnId column, Code code);

  // ids.cpp
  void give_ids();
  void give_entity_ids(TableId table);
  void give_row_ids(TableId table, KeyForm form);
  void number_chunk(std::uint32_t chunk, KeyIndex& index, bool search);
  void list_chunk(std::uint32_t chunk, std::span<const Heir> heirs, KeyIndex& index, bool search);
  std::span<const Heir> heirs_of(std::uint32_t chunk) const;
  void remember_departed();
  void remember_mentioned(TableId table);
  void publish_ids(TableId table);
  void order_by_id(TableId table);

  const Schema& schema_;
  KeyIndexes& indexes_;
  Segment& segment_;
  std::vector<ChunkInfo>& chunks_;
  std::size_t living_;  // chunks from here on are of retired files
  Arrays& arrays_;
  Books& books_;
  Findings findings_;
  LastRun last_;
  std::uint64_t most_entrants_;  // rows that compete at once: more are worked through in partitions
  std::vector<Entrant> entrants_, others_;
  std::vector<Heir> heirs_;
  std::vector<Remark> remarks_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> effective_;  // chunk and row of deletes that won against a row
  std::vector<std::pair<std::uint32_t, std::uint32_t>> succeeded_;  // retired rows whose key lives on
  std::vector<std::uint64_t> deleted_;                              // winning deletes by book line
  std::vector<std::uint8_t> complete_;                              // by table: every mentioned key stands for a living row
  std::vector<std::uint8_t> complete_before_;                       // the same of the last run
  std::vector<std::vector<std::uint8_t>> doubted_;                  // by table and slot: does not stand, or did not in the last run
  bool keyed_row_died_ = false;
  TableId persons_ = schema_.find("person");
};

}  // namespace pyojun
