// The warehouse of a run: rows are appended, settled, assembled and made durable.
#include "warehouse/warehouse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <future>

#include "warehouse/assemble.hpp"
#include "warehouse/assemble_script.hpp"
#include "warehouse/books.hpp"
#include "warehouse/carry.hpp"
#include "warehouse/duck.hpp"
#include "warehouse/folder.hpp"
#include "warehouse/ledger.hpp"
#include "warehouse/part_source.hpp"
#include "warehouse/rule_book.hpp"
#include "warehouse/table_function.hpp"
#include "warehouse/touched.hpp"

namespace pyojun {

namespace {

constexpr std::uint64_t rows_worth_threads = 100'000;  // fewer are done sooner by one thread
constexpr std::uint64_t rows_worth_plans = 2'000;      // fewer are done sooner than their plans are improved

Error broken(std::string_view what) {
  Error error;
  error.code = Code::internal_error;
  error.subject = what;
  return error;
}

class RunWarehouse : public Warehouse {
 public:
  explicit RunWarehouse(const WarehouseOptions& options)
      : options_(options), schema_(*options.schema), indexes_(schema_), writer_(schema_, indexes_), overlay_(schema_) {}

  // A run that ends early takes its own leftovers along; only a killed one leaves them to the next open.
  ~RunWarehouse() override {
    if (opening_.valid()) opening_.wait();
    if (finished_ && options_.process_ends && !shared_out_)
      duck_->leave_open();  // taking its catalog apart costs as much as a small map stage
    if (!begun_ || finished_) return;
    ledger_.reset();
    duck_.reset();
    (void)prepare_folder(options_.folder);
  }
  RunWarehouse(const RunWarehouse&) = delete;
  RunWarehouse& operator=(const RunWarehouse&) = delete;

  Status open();
  Status begin(const RunIdentity& run) override;
  Status ready() override;
  void identify(const RunIdentity& run) override { identity_ = run; }
  const std::vector<FileName>& names() const override { return names_; }
  void set_names(std::vector<FileName> names) override { names_ = std::move(names); }
  std::uint64_t run_number() const override { return state_.run + 1; }
  std::uint32_t add_rules(const RuleSet& rules) override { return rules_.add(rules); }
  void keep(std::uint32_t file) override { files_[file].retired = 0; }
  void drop(std::uint32_t file) override { files_[file].retired = run_number(); }
  void set_order(std::vector<std::uint32_t> files) override { order_ = std::move(files); }
  std::uint32_t add_file(const FileEntry& file) override;
  Status commit(std::uint32_t file, std::vector<RowChunk>& chunks, const std::vector<RuleTally>& tallies, const BatchFacts& facts,
                std::vector<QuarantineEntry>& rejects) override;
  void note_file(std::uint32_t file, const std::vector<QuarantineEntry>& entries) override;
  void add_codes(const std::vector<CodeTally>& codes) override;
  void add_profile(std::uint32_t file, const std::string& kind, const std::vector<std::pair<std::string, std::uint64_t>>& filled,
                   std::uint64_t seen) override;
  void set_encoding(std::uint32_t file, const std::string& encoding) override { files_[file].encoding = encoding; }
  void add_columns(std::uint32_t file, const std::vector<std::string>& unread, const std::vector<std::string>& missing) override {
    columns_.push_back({file, unread, missing});
  }
  void add_finding(std::uint32_t file, Code code, const std::string& subject, std::uint64_t count) override {
    noticed_.push_back({file, code, subject, count});
  }
  Status settle() override;
  const std::vector<Balance>& balances() const override { return books_.lines(); }
  const std::vector<FileEntry>& files() const override { return files_; }
  std::vector<std::pair<std::string, std::uint64_t>> table_rows() const override;
  bool balanced() const override { return settled_ && agrees_; }
  Result<std::unique_ptr<RowSource>> rows(TableId table) override;
  const Schema& schema() const override { return schema_; }
  Result<std::optional<Provenance>> provenance(TableId table, std::int32_t id) const override;
  const std::vector<std::string>& rules() const override { return rules_.names(); }
  std::size_t swept() const override { return state_.swept; }
  Status finish() override;
  Duck& duck() override { return *duck_; }

 private:
  std::string work(std::string_view what) const { return run_file(options_.folder, what, run_number()) + ".work"; }
  bool books_hold() const;
  Status take_over();
  Status open_database();
  Status prepare_database();
  Status arrange();
  Status open_books();
  Status share_out();
  Status reserve_made_ids();
  void leave_unneeded_parts();
  Status write_ledger();
  Status make_durable();

  WarehouseOptions options_;
  const Schema& schema_;
  FolderLock lock_;
  FolderState state_;
  RunIdentity identity_;
  KeyIndexes indexes_;
  SegmentWriter writer_;
  Segment earlier_;  // directory of the last run
  Segment segment_;  // outlives the database, whose functions read it
  Overlay overlay_;  // outlives the database too
  PersonFilter filter_;
  Settle::Arrays arrays_;
  Tonight tonight_;
  std::vector<SegmentPart> parts_;  // in use after this run
  RuleBook rules_;
  std::uint32_t default_rule_ = 0;
  std::map<std::uint32_t, std::vector<Balance>> counted_;  // by file, as the mapping stage counted
  Books books_;
  std::vector<CountedLine> counts_;  // of the lines of books_, before settle
  std::vector<FileEntry> files_;     // by number
  std::vector<FileName> names_;
  std::vector<std::uint32_t> order_;
  CodeBook codes_;
  std::vector<ProfileLine> profile_;
  std::vector<ColumnLine> columns_;
  std::vector<NoticedLine> noticed_;
  std::unique_ptr<Duck> duck_;
  std::unique_ptr<Ledger> ledger_;
  std::vector<Derived> derived_;
  Status noted_;  // what went wrong in a call that cannot say so
  bool begun_ = false, shared_out_ = false, settled_ = false, agrees_ = false, finished_ = false;
  std::future<Status> opening_;  // works on the members above
  Status opened_;
};

Status RunWarehouse::open() {
  if (Status status = make_folder(options_.folder, options_.allow_network_folder); !status) return status;
  if (Status status = lock_.take(options_.folder, options_.since); !status) return status;
  auto state = prepare_folder(options_.folder);
  if (!state) return state.error();
  state_ = *state;
  return {};
}

// Files of the last run that count are retired until somebody keeps them.
Status RunWarehouse::take_over() {
  // Beside the engine, which is still opening.
  if (Status status = load_index(run_file(options_.folder, "index", state_.run), schema_, indexes_); !status) return status;
  if (Status status = earlier_.load_directory(options_.folder, state_.run, schema_.tables().size()); !status) return status;
  if (Status status = ready(); !status) return status;
  auto history = ledger_->history();
  if (!history) return history.error();
  files_ = std::move(history->files);
  names_ = std::move(history->names);
  counted_ = std::move(history->lines);
  rules_ = RuleBook(std::move(history->rule_sets), std::move(history->first_rules));
  for (auto& file : files_) file.retired = file.retired == 0 ? run_number() : file.retired;
  return {};
}

// The last run's database goes on in a copy, so that a night costs what changes in it.
Status RunWarehouse::open_database() {
  DuckOptions options;
  options.file = work("warehouse");
  options.temp_folder = options_.folder + "/spill.work";
  options.memory_bytes = options_.memory_bytes;
  options.threads = 1;  // settle() asks for more when there is something to share out
  const auto start = [&]() -> Status {
    auto opened = Duck::open(options);
    if (!opened) return opened.error();
    duck_ = std::move(*opened);
    ledger_ = std::make_unique<Ledger>(*duck_, static_cast<std::int64_t>(run_number()));
    return {};
  };
  const std::string earlier = run_file(options_.folder, "warehouse", state_.run);
  if (state_.run != 0) {
    if (Status status = copy_file(earlier, options.file); !status) return status;
  }
  if (Status status = start(); !status) return status;
  if (state_.run == 0) return ledger_->create();
  auto goes_on = ledger_->go_on();
  if (!goes_on) return goes_on.error();
  if (*goes_on) return {};
  ledger_.reset();
  duck_.reset();
  if (Status status = remove_file(options.file); !status) return status;
  if (Status status = start(); !status) return status;
  return ledger_->take_over(earlier);
}

// Views need no rows yet: in a first run they are made while files are being mapped.
Status RunWarehouse::prepare_database() {
  if (Status status = open_database(); !status) return status;
  if (Status status = register_part_functions(*duck_, schema_, segment_, overlay_, filter_); !status) return status;
  return make_views(*duck_, schema_, {}, options_.vocabulary_sql);
}

Status RunWarehouse::ready() {
  if (opening_.valid()) opened_ = opening_.get();
  return opened_;
}

Status RunWarehouse::begin(const RunIdentity& run) {
  if (run.identity.empty()) return broken("run identity");
  identity_ = run;
  begun_ = true;
  segment_.tables_.resize(schema_.tables().size());  // no rows until settle(), but views may be made
  segment_.group_by_table(schema_.tables().size());
  opening_ = std::async(std::launch::async, [this] { return prepare_database(); });
  if (state_.run != 0) {  // a first run has nothing to take over and goes on while the engine opens
    if (Status status = take_over(); !status) return status;
  }
  if (!options_.rules.empty()) default_rule_ = rules_.add({"", options_.rules, options_.filters});
  std::uint64_t base = 0;
  for (const SegmentPart& part : earlier_.parts_) base = std::max(base, part.base + part.bytes);
  base = (base + segment_base_step - 1) / segment_base_step * segment_base_step;
  parts_.assign(earlier_.parts_.begin(), earlier_.parts_.end());
  parts_.push_back({run_number(), base, 0});
  return writer_.create(work("rows"), base);
}

std::uint32_t RunWarehouse::add_file(const FileEntry& file) {
  const auto number = static_cast<std::uint32_t>(files_.size());
  FileEntry& entry = files_.emplace_back(file);
  entry.run = run_number();
  entry.built_by = options_.built_by;
  entry.retired = 0;
  if (entry.rules == 0) {
    entry.first_rule = default_rule_;
    entry.rules = static_cast<std::uint32_t>(options_.rules.size());
  }
  auto& lines = counted_[number];
  lines.resize(entry.rules + std::size_t{1});
  return number;
}

Status RunWarehouse::commit(std::uint32_t file, std::vector<RowChunk>& chunks, const std::vector<RuleTally>& tallies,
                            const BatchFacts& facts, std::vector<QuarantineEntry>& rejects) {
  if (file >= files_.size() || files_[file].run != run_number() || settled_) return broken("commit");
  const FileEntry& of = files_[file];
  if (tallies.size() > of.rules) return broken("commit");
  if (Status status = writer_.begin_batch(file, of.first_rule, facts.first_record + 1, facts.first_line + 1, facts.places); !status) {
    return status;
  }
  for (const RowChunk& chunk : chunks) {
    if (chunk.rule >= of.rules) return broken("rule number");
    if (Status status = writer_.add(chunk); !status) return status;
  }
  std::vector<Balance>& lines = counted_[file];
  Balance& reader = lines[0];
  reader.in += facts.seen;
  reader.mapped += facts.seen - facts.refused;
  reader.quarantined += facts.refused;
  reader.unread += facts.unread;
  for (std::size_t rule = 0; rule < tallies.size(); ++rule) {
    Balance& line = lines[rule + 1];
    const RuleTally& tally = tallies[rule];
    line.in += tally.in;
    line.mapped += tally.mapped;
    line.quarantined += tally.quarantined;
    if (line.filtered.size() < tally.filtered.size()) line.filtered.resize(tally.filtered.size());
    for (std::size_t i = 0; i < tally.filtered.size(); ++i) line.filtered[i] += tally.filtered[i];
  }
  if (!rejects.empty()) {
    if (Status status = ready(); !status) return status;
  }
  for (QuarantineEntry entry : rejects) {
    if (entry.rule >= 0) entry.rule += static_cast<std::int32_t>(of.first_rule);
    if (Status status = ledger_->add_entry(entry, rules_.names()); !status) return status;
  }
  return {};
}

void RunWarehouse::note_file(std::uint32_t file, const std::vector<QuarantineEntry>& entries) {
  if (Status status = ready(); !status) {
    noted_ = std::move(status);
    return;
  }
  for (QuarantineEntry entry : entries) {
    entry.file = file;
    if (entry.rule >= 0) entry.rule += static_cast<std::int32_t>(files_[file].first_rule);
    if (Status status = ledger_->add_entry(entry, rules_.names()); !status && noted_) noted_ = status;
  }
}

void RunWarehouse::add_codes(const std::vector<CodeTally>& codes) {
  for (const auto& code : codes) {
    const auto [at, fresh] = codes_.try_emplace({code.rule, code.vocabulary, code.code, code.domain, code.grade}, code);
    if (!fresh) at->second.rows += code.rows;
  }
}

void RunWarehouse::add_profile(std::uint32_t file, const std::string& kind,
                               const std::vector<std::pair<std::string, std::uint64_t>>& filled, std::uint64_t seen) {
  profile_.push_back({file, kind, filled, seen});
}

bool RunWarehouse::books_hold() const { return std::all_of(books_.lines().begin(), books_.lines().end(), pyojun::balanced); }

// While another thread works at a statement, the engine's own looks all the time whether it is done: for a few rows that is most of the
// cost.
Status RunWarehouse::share_out() {
  std::uint64_t rows = 0;
  for (const auto& table : segment_.tables_) rows += table.rows;
  if (rows < rows_worth_plans) return duck_->exec("pragma disable_optimizer", "plans");
  if (rows < rows_worth_threads || options_.threads < 2) return {};
  shared_out_ = true;
  return duck_->exec(fmt::format("set threads to {}", options_.threads), "threads");
}

Status RunWarehouse::write_ledger() {
  if (Status status = ledger_->add_run(identity_); !status) return status;
  if (Status status = ledger_->add_files(files_); !status) return status;
  if (Status status = ledger_->set_names(names_); !status) return status;
  if (Status status = ledger_->add_profile(profile_); !status) return status;
  if (Status status = ledger_->add_columns(columns_); !status) return status;
  if (Status status = ledger_->add_noticed(noticed_); !status) return status;
  if (Status status = ledger_->add_codes(codes_, rules_.names()); !status) return status;
  std::vector<std::tuple<std::string, std::int32_t, std::int32_t>> merges;
  for (const auto& merge : arrays_.merges) merges.emplace_back(schema_.table(merge.table).name, merge.from, merge.into);
  if (Status status = ledger_->add_merges(merges); !status) return status;
  if (Status status = ledger_->add_rules(rules_.sets(), rules_.first_rules()); !status) return status;
  return ledger_->add_books(books_, counts_, rules_.names(), rules_.filters());
}

// Lines of all files that count, as the mapping stage counted them; settle moves rows to duplicates and orphans.
Status RunWarehouse::open_books() {
  for (std::uint32_t file = 0; file < files_.size(); ++file) {
    const FileEntry& entry = files_[file];
    if (entry.retired != 0) continue;
    books_.add_file(file, entry.first_rule, rules_.filter_counts(entry.first_rule, entry.rules));
    const std::vector<Balance>& lines = counted_[file];
    if (lines.size() != entry.rules + std::size_t{1}) return broken("books");
    for (std::size_t i = 0; i < lines.size(); ++i) {
      Balance& line = books_.line(file, i == 0 ? -1 : static_cast<std::int32_t>(entry.first_rule + i - 1));
      line.in = lines[i].in;
      line.mapped = lines[i].mapped;
      line.quarantined = lines[i].quarantined;
      line.unread = lines[i].unread;
      for (std::size_t k = 0; k < lines[i].filtered.size() && k < line.filtered.size(); ++k) line.filtered[k] = lines[i].filtered[k];
    }
  }
  for (const auto& line : books_.lines()) counts_.push_back({line.mapped, line.quarantined});
  std::vector<bool> used(rules_.sets().size());
  for (const auto& entry : files_) {
    if (entry.retired == 0) rules_.mark(entry.first_rule, used);
  }
  rules_.forget_unused(used);
  return {};
}

// Puts the chunks of all files that count in order of delivery.
Status RunWarehouse::arrange() {
  if (Status status = writer_.out().flush(); !status) return status;
  parts_.back().bytes = writer_.out().position() - parts_.back().base;
  if (Status status = segment_.open(options_.folder, parts_, work("rows")); !status) return status;
  segment_.parts_ = parts_;
  if (order_.empty()) {
    for (std::uint32_t file = 0; file < files_.size(); ++file) {
      if (files_[file].retired == 0) order_.push_back(file);
    }
  }
  std::erase_if(order_, [this](std::uint32_t file) { return files_[file].retired != 0; });
  tonight_ = combine(earlier_, writer_, order_, arrays_);
  segment_.batches_ = tonight_.batches;
  return {};
}

Status RunWarehouse::settle() {
  if (!noted_) return noted_;
  if (Status status = ready(); !status) return status;
  if (settled_ || ledger_ == nullptr) return broken("settle");
  if (Status status = open_books(); !status) return status;
  if (Status status = arrange(); !status) return status;
  Settle settle(schema_, indexes_, segment_, tonight_.chunks, tonight_.living, arrays_, books_,
                {[this](const QuarantineEntry& entry) { return ledger_->tell(entry, rules_.names()); },
                 [this](const QuarantineEntry& entry) { return ledger_->end(entry, rules_.names()); }},
                {state_.run == 0 ? nullptr : &earlier_, tonight_.origins}, options_.contest_rows);
  if (Status status = settle.run(); !status) return status;
  agrees_ = settle.counts_agree() && books_hold();
  if (Status status = share_out(); !status) return status;
  if (Status status = ledger_->begin(); !status) return status;
  if (Status status = ledger_->close_entries(); !status) return status;
  if (Status status = write_ledger(); !status) return status;
  AssembleRequest request;
  request.schema = &schema_;
  request.first_run = state_.run == 0;
  for (TableId table = 0; table < segment_.tables_.size(); ++table) {
    const KeyIndex* const index = indexes_.find(table);
    request.mapped.push_back(segment_.tables_[table].rows);
    request.next_ids.push_back(index == nullptr ? 1 : index->next_id);
  }
  request.settings = options_.assemble;
  request.completed = completed_cells(schema_, segment_, std::move(arrays_.completions));
  request.vocabulary = options_.vocabulary;
  request.data_date = identity_.data_date;
  request.made_by = identity_.program_version + ' ' + options_.built_by + ' ' + identity_.vocabulary_hash;
  request.filter = &filter_;
  if (state_.run != 0) request.touched = touched_persons(schema_, earlier_, segment_, tonight_.origins);
  request.persons_of = [this](TableId table, std::int32_t id, std::vector<std::int32_t>& persons) {
    for (const Segment* const one : {&earlier_, &segment_}) persons.push_back(person_of_row(schema_, *one, table, id));
  };
  auto derived = assemble(*duck_, request, overlay_);
  if (!derived) return derived.error();
  derived_ = std::move(*derived);
  if (Status status = reserve_made_ids(); !status) return status;
  std::vector<std::string> messages;
  for (const auto& script : assemble_scripts()) {
    if (!script.message.empty()) messages.push_back(script.message);
  }
  if (Status status = ledger_->close_findings(files_, messages); !status) return status;
  settled_ = true;
  if (Status status = ledger_->add_rows(table_rows()); !status) return status;
  return duck_->exec("commit", "ledger");
}

// No mapped row of a later run gets an id that assembly gave.
Status RunWarehouse::reserve_made_ids() {
  const auto take = [this](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      std::int32_t& next = indexes_.of(schema_.find(rows.text(0, i))).next_id;
      next = std::max(next, static_cast<std::int32_t>(rows.integer(1, i)));
    }
    return true;
  };
  return duck_->query("select tab, id from assemble.next_id where id > 1 order by tab", take, "ids");
}

std::vector<std::pair<std::string, std::uint64_t>> RunWarehouse::table_rows() const {
  std::vector<std::pair<std::string, std::uint64_t>> out;
  for (TableId id = 0; id < schema_.tables().size(); ++id) {
    if (schema_.table(id).schema == "vocabulary" || schema_.table(id).schema == "filing") continue;
    std::uint64_t rows = id < segment_.tables_.size() ? segment_.tables_[id].rows - overlay_.removed(id) : 0;
    for (const auto& derived : derived_) {
      if (derived.table == id) rows = derived.added ? rows + derived.rows : derived.rows;
    }
    out.emplace_back(schema_.table(id).name, rows);
  }
  return out;
}

Result<std::unique_ptr<RowSource>> RunWarehouse::rows(TableId table) {
  if (!settled_ || table >= schema_.tables().size()) return broken("rows");
  return assembled_source(*duck_, schema_, overlay_, derived_, std::make_unique<PartSource>(schema_, segment_, table));
}

Result<std::optional<Provenance>> RunWarehouse::provenance(TableId table, std::int32_t id) const {
  if (!settled_ || table >= schema_.tables().size()) return broken("provenance");
  return segment_.provenance(schema_, table, id);
}

// Segments none of whose rows count any more are not part of this run.
void RunWarehouse::leave_unneeded_parts() {
  std::vector<std::uint64_t> needed;  // bases
  for (std::size_t i = 0; i < tonight_.living; ++i) {
    const auto after = std::upper_bound(parts_.begin(), parts_.end(), tonight_.chunks[i].header,
                                        [](std::uint64_t at, const SegmentPart& part) { return at < part.base; });
    if (needed.empty() || needed.back() != (after - 1)->base) needed.push_back((after - 1)->base);
  }
  std::erase_if(parts_, [&](const SegmentPart& part) { return std::find(needed.begin(), needed.end(), part.base) == needed.end(); });
  segment_.parts_ = parts_;
}

// Rows, directory, index and database reach the disk side by side: each mostly waits for it.
Status RunWarehouse::make_durable() {
  auto rows = std::async(std::launch::async, [this] { return writer_.out().sync(); });
  auto parts = std::async(std::launch::async, [this] { return save_directory(work("parts"), segment_, tonight_.living, parts_); });
  auto index = std::async(std::launch::async, [this] { return save_index(work("index"), schema_, indexes_); });
  // Choosing a compression for each column costs more than it saves in a small ledger.
  std::uint64_t entries = 0;
  for (const Balance& line : books_.lines()) entries += line.quarantined;
  const bool small = entries < rows_worth_threads;
  Status done = duck_->exec(small ? "set force_compression to 'uncompressed'; checkpoint" : "checkpoint", "checkpoint");
  for (auto* other : {&rows, &parts, &index}) {
    if (Status status = other->get(); done && !status) done = std::move(status);
  }
  return done;
}

// Until CURRENT is renamed the earlier run counts; whatever a kill leaves behind is swept by the next open.
Status RunWarehouse::finish() {
  if (!settled_ || !agrees_ || finished_) return broken("finish");
  leave_unneeded_parts();
  if (Status status = make_durable(); !status) return status;
  for (const std::string_view what : {"rows", "parts", "index", "warehouse"}) {
    if (Status status = rename_file(work(what), run_file(options_.folder, what, run_number())); !status) return status;
  }
  finished_ = true;
  return switch_current(options_.folder, run_number());
}

}  // namespace

Result<std::unique_ptr<Warehouse>> Warehouse::open(const WarehouseOptions& options) {
  auto out = std::make_unique<RunWarehouse>(options);
  if (Status status = out->open(); !status) return status.error();
  return std::unique_ptr<Warehouse>(std::move(out));
}

}  // namespace pyojun
