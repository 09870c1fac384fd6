// Set-wise work over the settled rows: SQL files of schemas/<cdm>/assemble, run in order of their names, and the cdm views.
// A file begins with lines `-- WORD: ..`:
//   table: NAME      fills derived.NAME, when the mapping gave the table no rows (or, with `mode: replace`, instead of its rows)
//   adds: NAME       inserts further rows into derived.NAME, with ids above those of the mapped rows
//   when: SETTING = A|B, SETTING > N    runs when one of the conditions holds for the mapping's `assemble` settings
//   if: QUERY        and when this number is not 0
//   lookup: ingredient                  needs assemble.ingredient(drug_concept_id, ingredient_concept_id) for the drugs of this run
//   needs: TABLE     a vocabulary table
//   by: person       with `table`: what it makes of a person follows from the rows of that person (cdm.*, event_span) and from last_event.
//                    A later run runs it for the persons that look different and keeps the other rows
//   also: QUERY      and for these: last_event_before and derived.NAME_before are those of the run before
//   message: CODE    rows it leaves out without another in their place go to quarantine under this message
// What it does to mapped rows it writes to assemble.change(rule, tab, id, col, value) and assemble.removal(rule, tab, id, kept_id).
// Added rows keep their ids from run to run: those given before are in assemble.made(tab, owner, day, id), new ones count from
// assemble.next_id(tab, id), and the file brings both up to date.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "cdm/assemble_settings.hpp"
#include "warehouse/duck.hpp"
#include "warehouse/overlay.hpp"
#include "warehouse/row_source.hpp"
#include "warehouse/settle.hpp"
#include "warehouse/table_function.hpp"
#include "warehouse/warehouse.hpp"

namespace pyojun {

// A table with rows of its own; `added`: they stand behind the mapped rows, otherwise in their place.
struct Derived {
  TableId table = no_table;
  std::uint64_t rows = 0;
  bool added = false;
};

struct AssembleRequest {
  const Schema* schema = nullptr;
  std::vector<std::uint64_t> mapped;   // rows by TableId
  std::vector<std::int32_t> next_ids;  // by TableId: the first id that no row ever had
  AssembleValues settings;             // what the mapping said; the rest has its default
  VocabularyAccess vocabulary;
  bool first_run = true;                 // nothing is kept from a run before
  std::vector<CompletedCell> completed;  // of rows that others of their key complete: the first changes
  std::string data_date;                 // of the run; stands for data_pull when that is not set
  // What else decides what is derived: program and vocabulary.
  std::string made_by;
  // Persons whose mapped rows look different from the last run, whose tables Ledger::go_on() kept; nothing: all have to be derived anew.
  std::optional<std::vector<std::int32_t>> touched;
  // Adds the persons of a mapped row, of this run and of the last.
  std::function<void(TableId table, std::int32_t id, std::vector<std::int32_t>& persons)> persons_of;
  PersonFilter* filter = nullptr;  // of part_spans; never null
};

// Views cdm.<table> over the parts, derived.<table> for those in `derived`, Parquet files (or nothing) for vocabulary tables.
Status make_views(Duck& duck, const Schema& schema, const std::vector<Derived>& derived, const std::string& vocabulary_folder);
// Runs the files; answers what was derived, in OMOP order. ledger.run holds the identity of the run. results.assembly counts, by rule and
// table, rows changed, left out and added. Error internal_error when these counts and the tables disagree.
Result<std::vector<Derived>> assemble(Duck& duck, const AssembleRequest& request, Overlay& overlay);
// What an earlier assemble() left in a finished warehouse; rows are counted.
Result<std::vector<Derived>> read_assembled(Duck& duck, const Schema& schema, Overlay& overlay);
// Rows of a table as published: the mapped ones through the overlay, behind or instead of them the derived ones. Reads derived rows through
// connections of its own. The overlay outlives the result.
std::unique_ptr<RowSource> assembled_source(const Duck& duck, const Schema& schema, const Overlay& overlay,
                                            const std::vector<Derived>& derived, std::unique_ptr<RowSource> mapped);

}  // namespace pyojun
