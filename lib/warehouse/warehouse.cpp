// The warehouse of a run: rows are appended, settled, assembled and made durable.
#include "warehouse/warehouse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <future>

#include "warehouse/assemble.hpp"
#include "warehouse/books.hpp"
#include "warehouse/duck.hpp"
#include "warehouse/folder.hpp"
#include "warehouse/ledger.hpp"
#include "warehouse/part_source.hpp"
#include "warehouse/table_function.hpp"

namespace pyojun {

namespace {

constexpr std::uint64_t rows_worth_threads = 100'000;  // fewer are done sooner by one thread

std::vector<std::size_t> filter_counts(const WarehouseOptions& options) {
  std::vector<std::size_t> out(options.rules.size());
  for (std::size_t i = 0; i < out.size() && i < options.filters.size(); ++i) out[i] = options.filters[i].size();
  return out;
}

Error broken(std::string_view what) {
  Error error;
  error.code = Code::internal_error;
  error.subject = what;
  return error;
}

class RunWarehouse : public Warehouse {
 public:
  explicit RunWarehouse(const WarehouseOptions& options)
      : options_(options),
        schema_(*options.schema),
        indexes_(schema_),
        writer_(schema_, indexes_),
        overlay_(schema_),
        books_(filter_counts(options)) {}

  // A run that ends early takes its own leftovers along; only a killed one leaves them to the next open.
  ~RunWarehouse() override {
    if (!begun_ || finished_) return;
    ledger_.reset();
    duck_.reset();
    (void)prepare_folder(options_.folder);
  }
  RunWarehouse(const RunWarehouse&) = delete;
  RunWarehouse& operator=(const RunWarehouse&) = delete;

  Status open();
  Status begin(const RunIdentity& run) override;
  std::uint32_t add_file(const FileEntry& file) override;
  Status commit(std::uint32_t file, std::vector<RowChunk>& chunks, const std::vector<RuleTally>& tallies, const BatchFacts& facts,
                std::vector<QuarantineEntry>& rejects) override;
  void note_file(std::uint32_t file, const std::vector<QuarantineEntry>& entries) override;
  void add_codes(const std::vector<CodeTally>& codes) override;
  void add_profile(std::uint32_t file, const std::string& kind, const std::vector<std::pair<std::string, std::uint64_t>>& filled,
                   std::uint64_t seen) override;
  Status settle() override;
  const std::vector<Balance>& balances() const override { return books_.lines(); }
  const std::vector<FileEntry>& files() const override { return files_; }
  std::vector<std::pair<std::string, std::uint64_t>> table_rows() const override;
  bool balanced() const override { return settled_ && agrees_; }
  Result<std::unique_ptr<RowSource>> rows(TableId table) override;
  const Schema& schema() const override { return schema_; }
  Result<std::optional<Provenance>> provenance(TableId table, std::int32_t id) const override;
  const std::vector<std::string>& rules() const override { return options_.rules; }
  std::size_t swept() const override { return state_.swept; }
  Status finish() override;
  Duck& duck() override { return *duck_; }

 private:
  std::uint64_t run_number() const { return state_.run + 1; }
  std::string work(std::string_view what) const { return run_file(options_.folder, what, run_number()) + ".work"; }
  bool books_hold() const;
  Status share_out();
  Status write_ledger();
  Status make_durable();

  WarehouseOptions options_;
  const Schema& schema_;
  FolderLock lock_;
  FolderState state_;
  RunIdentity identity_;
  KeyIndexes indexes_;
  SegmentWriter writer_;
  Segment segment_;  // outlives the database, whose functions read it
  Overlay overlay_;  // outlives the database too
  Settle::Arrays arrays_;
  Books books_;
  std::vector<FileEntry> files_;
  CodeBook codes_;
  std::vector<ProfileLine> profile_;
  std::unique_ptr<Duck> duck_;
  std::unique_ptr<Ledger> ledger_;
  std::vector<Derived> derived_;
  Status noted_;  // what went wrong in a call that cannot say so
  bool begun_ = false, settled_ = false, agrees_ = false, finished_ = false;
};

Status RunWarehouse::open() {
  if (Status status = make_folder(options_.folder, options_.allow_network_folder); !status) return status;
  if (Status status = lock_.take(options_.folder, options_.since); !status) return status;
  auto state = prepare_folder(options_.folder);
  if (!state) return state.error();
  state_ = *state;
  return {};
}

Status RunWarehouse::begin(const RunIdentity& run) {
  if (run.identity.empty()) return broken("run identity");
  identity_ = run;
  begun_ = true;
  if (state_.run != 0) {
    if (Status status = load_index(run_file(options_.folder, "index", state_.run), schema_, indexes_); !status) return status;
  }
  if (Status status = writer_.create(work("rows")); !status) return status;
  DuckOptions duck;
  duck.file = work("warehouse");
  duck.temp_folder = options_.folder + "/spill.work";
  duck.memory_bytes = options_.memory_bytes;
  duck.threads = 1;  // settle() asks for more when there is something to share out
  auto opened = Duck::open(duck);
  if (!opened) return opened.error();
  duck_ = std::move(*opened);
  ledger_ = std::make_unique<Ledger>(*duck_, static_cast<std::int64_t>(run_number()));
  return ledger_->create(state_.run == 0 ? std::string() : run_file(options_.folder, "warehouse", state_.run));
}

std::uint32_t RunWarehouse::add_file(const FileEntry& file) {
  files_.push_back(file);
  books_.add_file();
  return static_cast<std::uint32_t>(files_.size() - 1);
}

Status RunWarehouse::commit(std::uint32_t file, std::vector<RowChunk>& chunks, const std::vector<RuleTally>& tallies,
                            const BatchFacts& facts, std::vector<QuarantineEntry>& rejects) {
  if (file >= files_.size() || tallies.size() > books_.rules() || settled_) return broken("commit");
  if (Status status = writer_.begin_batch(file, facts.first_record + 1, facts.first_line + 1, facts.places); !status) return status;
  for (const RowChunk& chunk : chunks) {
    if (chunk.rule >= books_.rules()) return broken("rule number");
    if (Status status = writer_.add(chunk); !status) return status;
  }
  Balance& reader = books_.line(file, -1);
  reader.in += facts.seen;
  reader.mapped += facts.seen - facts.refused;
  reader.quarantined += facts.refused;
  reader.unread += facts.unread;
  for (std::size_t rule = 0; rule < tallies.size(); ++rule) {
    Balance& line = books_.line(file, static_cast<std::int32_t>(rule));
    const RuleTally& tally = tallies[rule];
    line.in += tally.in;
    line.mapped += tally.mapped;
    line.quarantined += tally.quarantined;
    if (line.filtered.size() < tally.filtered.size()) line.filtered.resize(tally.filtered.size());
    for (std::size_t i = 0; i < tally.filtered.size(); ++i) line.filtered[i] += tally.filtered[i];
  }
  for (const auto& entry : rejects) {
    if (Status status = ledger_->add_entry(entry, options_.rules); !status) return status;
  }
  return {};
}

void RunWarehouse::note_file(std::uint32_t file, const std::vector<QuarantineEntry>& entries) {
  for (QuarantineEntry entry : entries) {
    entry.file = file;
    if (Status status = ledger_->add_entry(entry, options_.rules); !status && noted_) noted_ = status;
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
  if (rows < rows_worth_threads || options_.threads < 2) return {};
  return duck_->exec(fmt::format("set threads to {}", options_.threads), "threads");
}

Status RunWarehouse::write_ledger() {
  if (Status status = duck_->exec("begin", "ledger"); !status) return status;  // settle() commits: one sync of the log for all of it
  if (Status status = ledger_->close_entries(); !status) return status;
  if (Status status = ledger_->add_run(identity_, options_); !status) return status;
  if (Status status = ledger_->add_files(files_); !status) return status;
  if (Status status = ledger_->add_profile(profile_); !status) return status;
  if (Status status = ledger_->add_codes(codes_, options_.rules); !status) return status;
  return ledger_->add_books(books_, options_);
}

Status RunWarehouse::settle() {
  if (!noted_) return noted_;
  if (settled_ || ledger_ == nullptr) return broken("settle");
  if (Status status = writer_.out().flush(); !status) return status;
  if (Status status = segment_.open(writer_.out().path()); !status) return status;
  segment_.batches_ = writer_.batches();
  Settle settle(
      schema_, indexes_, segment_, writer_.chunks(), books_,
      [this](const QuarantineEntry& entry) { return ledger_->add_entry(entry, options_.rules); }, options_.contest_rows);
  if (Status status = settle.run(); !status) return status;
  agrees_ = settle.counts_agree() && books_hold();
  arrays_ = settle.take_arrays();  // moving vectors keeps their memory, so the segment's spans stay good
  if (Status status = register_part_functions(*duck_, schema_, segment_, overlay_); !status) return status;
  if (Status status = share_out(); !status) return status;
  if (Status status = write_ledger(); !status) return status;
  if (Status status = make_views(*duck_, schema_, {}, options_.vocabulary_sql); !status) return status;
  AssembleRequest request;
  request.schema = &schema_;
  for (const auto& table : segment_.tables_) request.mapped.push_back(table.rows);
  request.settings = options_.assemble;
  request.vocabulary = options_.vocabulary;
  request.data_date = identity_.data_date;
  auto derived = assemble(*duck_, request, overlay_);
  if (!derived) return derived.error();
  derived_ = std::move(*derived);
  settled_ = true;
  if (Status status = ledger_->add_rows(table_rows()); !status) return status;
  return duck_->exec("commit", "ledger");
}

std::vector<std::pair<std::string, std::uint64_t>> RunWarehouse::table_rows() const {
  std::vector<std::pair<std::string, std::uint64_t>> out;
  for (TableId id = 0; id < schema_.tables().size(); ++id) {
    if (schema_.table(id).schema == "vocabulary") continue;
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

// Rows, index and database reach the disk side by side: each mostly waits for it.
Status RunWarehouse::make_durable() {
  if (Status status = write_footer(writer_.out(), segment_); !status) return status;
  auto rows = std::async(std::launch::async, [this] { return writer_.out().sync(); });
  auto index = std::async(std::launch::async, [this] { return save_index(work("index"), schema_, indexes_); });
  // Choosing a compression for each column costs more than it saves in a small ledger.
  std::uint64_t entries = 0;
  for (const Balance& line : books_.lines()) entries += line.quarantined;
  const bool small = entries < rows_worth_threads;
  Status done = duck_->exec(small ? "set force_compression to 'uncompressed'; checkpoint" : "checkpoint", "checkpoint");
  for (auto* other : {&rows, &index}) {
    if (Status status = other->get(); done && !status) done = std::move(status);
  }
  return done;
}

// Until CURRENT is renamed the earlier run counts; whatever a kill leaves behind is swept by the next open.
Status RunWarehouse::finish() {
  if (!settled_ || !agrees_ || finished_) return broken("finish");
  if (Status status = make_durable(); !status) return status;
  for (const std::string_view what : {"rows", "index", "warehouse"}) {
    if (Status status = rename_file(work(what), run_file(options_.folder, what, run_number())); !status) return status;
  }
  finished_ = true;
  return switch_current(options_.folder, run_number(), state_.run);
}

}  // namespace

Result<std::unique_ptr<Warehouse>> Warehouse::open(const WarehouseOptions& options) {
  auto out = std::make_unique<RunWarehouse>(options);
  if (Status status = out->open(); !status) return status.error();
  return std::unique_ptr<Warehouse>(std::move(out));
}

}  // namespace pyojun
