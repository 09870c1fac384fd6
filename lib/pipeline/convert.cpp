#include "pipeline/convert.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "base/files.hpp"
#include "base/sha256.hpp"
#include "conformance/history.hpp"
#include "pipeline/map_stage.hpp"
#include "pipeline/night.hpp"
#include "pipeline/prepare.hpp"
#include "pipeline/sources.hpp"
#include "pipeline/stages.hpp"
#include "report/min_cell.hpp"
#include "report/report.hpp"
#include "vocabulary/ingredients.hpp"
#include "warehouse/duck.hpp"

namespace pyojun {

namespace {

class Conversion {
 public:
  Conversion(const ConvertRequest& request, const World& world, ConvertOutcome& outcome)
      : request_(request), world_(world), outcome_(outcome), clock_(outcome.stages) {}

  Status run();

 private:
  VocabularyAccess vocabulary_access() const;
  Status open_warehouse();
  Status hash();
  Status check_readable() const;
  Status check_space() const;
  Status map();
  Status stand_by_last_run();
  Status settle();
  Status judge();
  Status publish();
  Status write_audit_outputs(AtomicDirectory& folder);
  Status write_report();
  std::string made_by(const OpenSource& source, const std::vector<std::string>& kinds, const std::string& lookups) const;
  Result<bool> called_as_before();
  RunIdentity called(const std::string& identity) const;
  void count();
  void check_budgets();
  bool over_budget() const;

  const ConvertRequest& request_;
  const World& world_;
  ConvertOutcome& outcome_;
  StageClock clock_;
  Prepared ready_;
  std::unique_ptr<AtomicDirectory> trial_;  // the warehouse of a dry run where there is none yet; it goes with the run
  std::unique_ptr<Warehouse> warehouse_;
  std::unique_ptr<Night> night_;
};

VocabularyAccess Conversion::vocabulary_access() const {
  VocabularyAccess out;
  out.ingredients = [this](std::span<const std::int32_t> drugs) { return ingredients_of(*ready_.vocabulary, drugs); };
  out.table = [this](const std::string& table) -> Result<std::string> {
    const std::string_view one = table;
    if (Status status = export_sql_tables(*ready_.vocabulary, request_.threads, {&one, 1}); !status) return status.error();
    const std::string file = absolute_path(ready_.vocabulary->sql_folder() + "/" + table + ".parquet");
    std::error_code ignored;
    return std::filesystem::exists(file, ignored) ? file : std::string();
  };
  return out;
}

RunIdentity Conversion::called(const std::string& identity) const {
  const Plan& plan = *ready_.sources.front().plan;
  RunIdentity run;
  run.identity = identity;
  run.mapping_name = plan.name();
  run.mapping_hash = plan.hash();
  run.vocabulary_release = ready_.vocabulary->info().release;
  run.vocabulary_hash = ready_.vocabulary->info().content_hash;
  run.program_version = world_.program_version;
  run.source_name = request_.source_name.empty() ? plan.title() : request_.source_name;
  run.started = world_.started;
  run.data_date = world_.data_date;
  if (ready_.sources.size() == 1) return run;
  std::string hashes;
  for (std::size_t i = 1; i < ready_.sources.size(); ++i) run.mapping_name += " " + ready_.sources[i].plan->name();
  for (const auto& source : ready_.sources) hashes += source.plan->hash();
  run.mapping_hash = sha256_hex(hashes);
  return run;
}

Status Conversion::open_warehouse() {
  WarehouseOptions options;
  options.folder = request_.warehouse;
  if (std::error_code unknown; request_.dry_run && !std::filesystem::exists(request_.warehouse, unknown)) {
    auto trial = AtomicDirectory::start(request_.warehouse);
    if (!trial) return trial.error();
    trial_ = std::make_unique<AtomicDirectory>(std::move(*trial));
    options.folder = trial_->path();
  }
  options.schema = ready_.schema.get();
  options.threads = request_.threads;
  options.vocabulary_sql = absolute_path(ready_.vocabulary->sql_folder());
  options.assemble = ready_.settings;
  options.vocabulary = vocabulary_access();
  options.built_by = world_.program_build;
  options.since = world_.started;
  options.process_ends = world_.ends_after;
  auto warehouse = Warehouse::open(options);
  if (!warehouse) return warehouse.error();
  warehouse_ = std::move(*warehouse);
  if (Status status = warehouse_->begin(called("not known yet")); !status) return status;
  night_ = std::make_unique<Night>(*warehouse_, world_, request_.redrive);
  for (auto& source : ready_.sources) night_->look(*source.request, source.sources, !request_.rehash);
  const auto readable = [](const SourceFile& file) { return file.format != nullptr; };
  const bool any =
      std::ranges::any_of(ready_.sources, [&](const OpenSource& source) { return std::ranges::any_of(source.sources.files, readable); });
  if (!any && warehouse_->names().empty()) return Error{Code::no_input, {}, {}, {}, {}};
  return {};
}

Status Conversion::hash() {
  for (auto& source : ready_.sources) {
    if (Status status = hash_files(source.sources, request_.threads, world_); !status) return status;
  }
  return request_.dry_run ? Status() : check_space();
}

// A night that would surely end with a full disk ends before it has read anything. Mapped rows take a twentieth (documents) to a half (CSV)
// of their input; asked for is less than any of them.
Status Conversion::check_space() const {
  constexpr std::uint64_t least_share = 50;
  std::set<std::string_view> known;
  for (const FileEntry& file : warehouse_->files()) known.insert(file.sha256);
  std::uint64_t fresh = 0;
  for (const auto& source : ready_.sources) {
    for (const SourceFile& file : source.sources.files) {
      if (file.format != nullptr && !known.contains(file.sha256)) fresh += file.input->size();
    }
  }
  const auto free = free_space(request_.warehouse);
  if (!free || *free >= fresh / least_share) return {};
  return Error{Code::disk_space_short, request_.warehouse, {}, {}, fmt::format("{} of {} bytes", *free, fresh / least_share)};
}

// Everything that decides the rows of a file beside its content. Never the clock or a path.
std::string Conversion::made_by(const OpenSource& source, const std::vector<std::string>& kinds, const std::string& lookups) const {
  const Limits& limits = request_.limits;
  return sha256_hex(source.parts->of(kinds) + '\n' + ready_.vocabulary->info().content_hash + '\n' + world_.program_version + '\n' +
                    source.request->space + '\n' + lookups + '\n' + std::to_string(limits.record_bytes) + '/' +
                    std::to_string(limits.columns) + '/' + std::to_string(limits.depth));
}

// Mapping, vocabulary and names are published too: when they changed, the last run does not stand.
Result<bool> Conversion::called_as_before() {
  const RunIdentity now = called(outcome_.identity);
  std::vector<std::string> before;
  const auto take = [&before](const DuckRows& rows) {
    for (std::size_t i = 0; rows.rows() > 0 && i < rows.columns(); ++i) before.emplace_back(rows.text(i, 0));
    return false;
  };
  Status status = warehouse_->duck().query(
      "select source_name, mapping, mapping_hash, vocabulary, vocabulary_hash, program, data_date from ledger.run order by run desc limit "
      "1",
      take, "last run");
  if (!status) return status.error();
  return before == std::vector<std::string>{now.source_name,     now.mapping_name,    now.mapping_hash, now.vocabulary_release,
                                            now.vocabulary_hash, now.program_version, now.data_date};
}

Status Conversion::map() {
  for (auto& source : ready_.sources) {
    RuleSet rules{source.request->name, {}, {}};
    for (const auto& rule : source.plan->rules()) {
      rules.names.push_back(rule.name);
      rules.filters.push_back(rule.filters);
    }
    MapStage stage{request_, *source.request, world_, source.plan, ready_.vocabulary, source.sources, warehouse_.get()};
    stage.first_rule = warehouse_->add_rules(rules);
    stage.dry_run = request_.dry_run;
    stage.decide = [&](const MapStage::LookupDigest& lookups) {
      for (SourceFile& file : source.sources.files) file.made_by = made_by(source, file.kinds, lookups(file.kinds));
      const auto made_now = [&](const FileEntry& entry) {
        const auto kinds = record_kinds(find_format(entry.format), entry.name, entry.kind, source.plan->dialect());
        return made_by(source, kinds, lookups(kinds));
      };
      night_->decide(*source.request, *source.plan, source.sources, made_now, outcome_.night);
    };
    night_->find_replaced(*source.request, source.sources);
    if (Status status = run_map_stage(stage, outcome_); !status) return status;
    night_->check_unchanged(*source.plan, source.sources, outcome_.night);
    night_->take_names(*source.request, source.sources, outcome_.night);
  }
  outcome_.incomplete = outcome_.incomplete || outcome_.night.unreadable > 0 || outcome_.night.moving > 0 || outcome_.night.ahead > 0 ||
                        outcome_.night.wanting > 0 || !outcome_.night.silent.empty();
  outcome_.run = warehouse_->run_number();
  outcome_.identity = sha256_hex(night_->close() + request_.source_name + '\n' + world_.program_version + '\n');
  warehouse_->identify(called(outcome_.identity));
  return check_readable();
}

// A file could not be read, and without it nothing counts, neither of tonight nor of earlier: no empty tables in the place of what was
// published.
Status Conversion::check_readable() const {
  if (request_.dry_run || !warehouse_->names().empty()) return {};
  for (const auto& source : ready_.sources) {
    for (const SourceFile& file : source.sources.files) {
      if (file.unhashed) return *file.unhashed;
    }
  }
  return {};
}

// Nothing is new: what the last run made is published again.
Status Conversion::stand_by_last_run() {
  outcome_.unchanged = true;
  night_.reset();
  warehouse_.reset();
  auto last = Warehouse::open_existing(request_.warehouse, *ready_.schema);
  if (!last) return last.error();
  warehouse_ = std::move(*last);
  outcome_.run = warehouse_->run_number();
  count();
  return {};
}

void Conversion::count() {
  for (const Balance& line : warehouse_->balances()) {
    if (line.rule < 0) continue;
    outcome_.candidates += line.in;
    outcome_.mapped += line.mapped;
    outcome_.duplicates += line.duplicates;
    outcome_.quarantined += line.quarantined;
    for (const auto filtered : line.filtered) outcome_.filtered += filtered;
  }
  outcome_.tables = warehouse_->table_rows();
  for (const auto& [table, rows] : outcome_.tables) outcome_.rows += rows;
  outcome_.balanced = warehouse_->balanced();
  check_budgets();
}

void Conversion::check_budgets() {
  for (const Budget& budget : request_.budgets) {
    BudgetFinding found{budget.source, budget.rule};
    for (const Balance& line : warehouse_->balances()) {
      const bool mine = budget.source.empty() || warehouse_->files()[line.file].source == budget.source;
      const bool named = line.rule >= 0 && (budget.rule.empty() || warehouse_->rules()[static_cast<std::size_t>(line.rule)] == budget.rule);
      const bool reader = line.rule < 0 && budget.rule.empty();  // records that could not be read count among all
      if (!mine || (!named && !reader)) continue;
      found.in += reader ? line.quarantined : line.in;
      found.quarantined += line.quarantined;
    }
    const double percent = found.in == 0 ? 0 : 100.0 * static_cast<double>(found.quarantined) / static_cast<double>(found.in);
    const auto over = [&](double most_percent, std::int64_t most) {
      return (most_percent >= 0 && percent > most_percent) || (most >= 0 && found.quarantined > static_cast<std::uint64_t>(most));
    };
    found.fails = over(budget.fail_percent, budget.fail_count);
    if (found.fails || over(budget.warn_percent, budget.warn_count)) outcome_.budgets.push_back(found);
  }
  outcome_.incomplete = outcome_.incomplete || !outcome_.budgets.empty();
}

bool Conversion::over_budget() const { return std::ranges::any_of(outcome_.budgets, &BudgetFinding::fails); }

Status Conversion::settle() {
  if (Status status = warehouse_->settle(); !status) return status;
  count();
  if (!outcome_.balanced) return Error{Code::books_not_balanced, {}, {}, {}, {}};
  if (world_.stopped()) return Error{Code::interrupted, {}, {}, {}, {}};
  return {};
}

// The packs see what will be published, with the books, the profile and the quarantine beside it. A connection of its own keeps the
// search path and the macros of the prelude away from the publishers.
Status Conversion::judge() {
  if (request_.packs.packs.empty()) return {};
  clock_.begin("check");
  world_.progress->stage("check", 0);
  auto connection = warehouse_->duck().connect();
  if (!connection) return connection.error();
  auto source = warehouse_source(**connection, request_.warehouse, outcome_.identity);
  if (!source) return source.error();
  if (Status status = perform_audit(**source, ready_.audit, request_.packs, *ready_.schema, outcome_.audit); !status) return status;
  if (!outcome_.audit.result.gates_held()) return {};  // no baseline for a later audit: what it judged is not published
  auto number = store_results(warehouse_->duck(), outcome_.audit.result);
  if (!number) return number.error();
  outcome_.audit.stored = *number;
  return {};
}

Status Conversion::publish() {
  for (const Target& target : ready_.targets) {
    clock_.begin("publish " + std::string(target.publisher->name));
    world_.progress->stage("publish", 0);
    PublishRequest publish;
    publish.warehouse = warehouse_.get();
    publish.place = target.place;
    publish.threads = request_.threads;
    publish.with_vocabulary = request_.with_vocabulary;
    publish.vocabulary_sql = ready_.vocabulary->sql_folder();
    publish.identity = outcome_.identity;
    publish.program = world_.program_version + ' ' + world_.program_build;
    publish.remember = !outcome_.unchanged;
    auto published = target.publisher->publish(publish);
    if (!published) return published.error();
    outcome_.published.push_back(std::string(target.publisher->name) + ":" + target.place);
    if (world_.stopped()) return Error{Code::interrupted, {}, {}, {}, {}};
  }
  return {};
}

Status Conversion::write_audit_outputs(AtomicDirectory& folder) {
  auto connection = warehouse_->duck().connect();
  if (!connection) return connection.error();
  auto source = warehouse_source(**connection, request_.warehouse, outcome_.audit.result.identity);
  if (!source) return source.error();
  return write_audit_files(folder, **source, request_.packs, outcome_.audit);
}

Status Conversion::write_report() {
  if (request_.report.empty()) return {};
  clock_.begin("report");
  auto data = collect(*warehouse_);
  if (!data) return data.error();
  data->run.started.clear();  // same inputs, same report bytes
  auto folder = AtomicDirectory::start(request_.report);
  if (!folder) return folder.error();
  if (!request_.packs.packs.empty()) {
    if (Status status = write_audit_outputs(*folder); !status) return status;
    add_audit(*data, outcome_.audit.result);
  }
  round_up(*data, request_.packs.min_cell);
  const std::pair<const char*, std::string> parts[] = {
      {"report.json", to_json(*data)}, {"report.html", to_html(*data, request_.korean ? Language::korean : Language::english)}};
  for (const auto& [file_name, text] : parts) {
    auto file = folder->create(file_name);
    if (!file) return file.error();
    if (Status status = file->write(text); !status) return status;
    if (Status status = folder->add(*file); !status) return status;
  }
  return folder->publish();
}

Status Conversion::run() {
  clock_.begin("prepare");
  auto ready = prepare(request_, world_, outcome_);
  if (!ready) return ready.error();
  ready_ = std::move(*ready);
  if (request_.check_only) return check_warehouse(request_, *ready_.schema);
  clock_.begin("open");
  if (Status status = open_warehouse(); !status) return status;
  clock_.begin("hash");
  if (Status status = hash(); !status) return status;
  if (Status status = check_mappings(ready_); !status) return status;
  clock_.begin("map");
  if (Status status = map(); !status) return status;
  if (Status status = check_mappings(ready_); !status) return status;
  if (request_.dry_run) return {};
  clock_.begin("settle");
  world_.progress->stage("settle", 0);
  if (Status status = warehouse_->ready(); !status) return status;
  auto before = called_as_before();
  if (!before) return before.error();
  // Packs write their results into the warehouse, so they need a run of their own.
  const bool again = night_->anything_new() || !*before || !request_.packs.packs.empty();
  Status settled = again ? settle() : stand_by_last_run();
  if (!settled) return settled;
  if (Status status = judge(); !status) return status;
  // Above a budget, or when a gate does not hold, nothing is published, but the warehouse keeps the work: it can be looked at, and the next
  // run goes on with it.
  const bool gates_held = outcome_.audit.result.gates_held();
  if (gates_held && !over_budget()) {
    if (Status status = publish(); !status) return status;
  }
  if (Status status = write_report(); !status) return status;
  clock_.begin("finish");
  Status status = outcome_.unchanged ? Status() : warehouse_->finish();
  clock_.end();
  if (status && !gates_held) return Error{Code::audit_gate_failed, {}, {}, {}, {}};
  if (status && over_budget()) return Error{Code::budget_exceeded, {}, {}, {}, {}};
  return status;
}

}  // namespace

Status convert(const ConvertRequest& request, const World& world, ConvertOutcome& outcome) {
  return Conversion(request, world, outcome).run();
}

}  // namespace pyojun
