#include "pipeline/convert.hpp"

#include <algorithm>
#include <filesystem>

#include "base/files.hpp"
#include "base/sha256.hpp"
#include "conformance/history.hpp"
#include "pipeline/fetch.hpp"
#include "pipeline/map_stage.hpp"
#include "pipeline/sources.hpp"
#include "pipeline/stages.hpp"
#include "publish/publisher.hpp"
#include "report/report.hpp"
#include "vocabulary/ingredients.hpp"

namespace pyojun {

namespace {

bool fatal(const std::vector<Diagnostic>& diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& d) { return info(d.code).severity >= Severity::reject; });
}

// Everything that decides the output: inputs by content, mapping, vocabulary, options, program version. Never the clock or a path.
std::string identity_of(const ConvertRequest& request, const Plan& plan, const Vocabulary& vocabulary, const Sources& sources,
                        const World& world) {
  std::string text = plan.hash() + '\n' + vocabulary.info().content_hash + '\n' + request.source_name + '\n' + world.program_version + '\n';
  text += std::to_string(request.limits.record_bytes) + '/' + std::to_string(request.limits.columns) + '/' +
          std::to_string(request.limits.depth) + '\n';
  for (const auto& file : sources.files) text += file.sha256 + ' ' + file.input->name() + '\n';
  return sha256_hex(text);
}

class Conversion {
 public:
  Conversion(const ConvertRequest& request, const World& world, ConvertOutcome& outcome)
      : request_(request), world_(world), outcome_(outcome), clock_(outcome.stages) {}

  Status run();

 private:
  Status prepare();
  Status fetch(SourceQuery& query) const;
  Status open_warehouse();
  VocabularyAccess vocabulary_access() const;
  Status settle();
  Status judge();
  Status publish();
  Status write_audit_outputs(AtomicDirectory& folder);
  Status write_report();
  void count();

  const ConvertRequest& request_;
  const World& world_;
  ConvertOutcome& outcome_;
  StageClock clock_;
  std::unique_ptr<Schema> schema_;
  std::shared_ptr<const Vocabulary> vocabulary_;
  std::shared_ptr<const Plan> plan_;
  std::vector<Target> targets_;
  Sources sources_;
  std::unique_ptr<Warehouse> warehouse_;
  std::string identity_;
  AuditRequest audit_;
};

// SQL sources among the inputs are replaced by files with the rows of their queries, beside the warehouse.
Status Conversion::fetch(SourceQuery& query) const {
  std::vector<std::string> sql, others;
  for (const auto& argument : query.arguments) (is_sql_source(argument) ? sql : others).push_back(argument);
  if (sql.empty()) return {};
  std::string folder = request_.warehouse;
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  auto files = fetch_sql_sources(sql, folder + ".fetched");
  if (!files) return files.error();
  query.records = *files;
  others.insert(others.end(), files->begin(), files->end());
  query.arguments = std::move(others);
  return {};
}

// Everything that can be wrong before data is read is found here: mapping, vocabulary, targets, inputs.
Status Conversion::prepare() {
  auto schema = Schema::load();
  if (!schema) return schema.error();
  schema_ = std::make_unique<Schema>(std::move(*schema));
  auto vocabulary = Vocabulary::open(request_.vocabulary);
  if (!vocabulary) return vocabulary.error();
  vocabulary_ = *vocabulary;
  if (request_.with_vocabulary) {  // before the warehouse makes its views on them
    if (Status status = export_sql_tables(*vocabulary_, request_.threads); !status) return status;
  }
  Compiled compiled = compile({request_.map, schema_.get(), vocabulary_, request_.code_lists});
  outcome_.diagnostics = std::move(compiled.diagnostics);
  plan_ = std::move(compiled.plan);
  if (!plan_ || fatal(outcome_.diagnostics)) return Error{Code::mapping_has_errors, {}, {}, request_.map, {}};
  for (const auto& text : request_.targets) {
    auto target = parse_target(text);
    if (!target) return target.error();
    if (Status status = target->publisher->check(target->place); !status) return status;
    targets_.push_back(std::move(*target));
  }
  if (!request_.packs.packs.empty()) {
    auto audit = prepare_audit(request_.packs, world_);
    if (!audit) return audit.error();
    audit_ = std::move(*audit);
  }
  SourceQuery query{request_.inputs, request_.format, request_.kind, {}};
  if (Status status = fetch(query); !status) return status;
  auto sources = find_sources(query, plan_->dialect());
  if (!sources) return sources.error();
  sources_ = std::move(*sources);
  outcome_.skipped = sources_.skipped;
  const bool any = std::any_of(sources_.files.begin(), sources_.files.end(), [](const SourceFile& file) { return file.format != nullptr; });
  if (!any) return Error{Code::no_input, {}, {}, {}, {}};
  return {};
}

VocabularyAccess Conversion::vocabulary_access() const {
  VocabularyAccess out;
  out.ingredients = [this](std::span<const std::int32_t> drugs) { return ingredients_of(*vocabulary_, drugs); };
  out.table = [this](const std::string& table) -> Result<std::string> {
    const std::string_view one = table;
    if (Status status = export_sql_tables(*vocabulary_, request_.threads, {&one, 1}); !status) return status.error();
    const std::string file = vocabulary_->sql_folder() + "/" + table + ".parquet";
    std::error_code ignored;
    return std::filesystem::exists(file, ignored) ? file : std::string();
  };
  return out;
}

Status Conversion::open_warehouse() {
  WarehouseOptions options;
  options.folder = request_.warehouse;
  options.schema = schema_.get();
  options.threads = request_.threads;
  options.vocabulary_sql = vocabulary_->sql_folder();
  options.assemble = plan_->assemble();
  options.vocabulary = vocabulary_access();
  for (const auto& rule : plan_->rules()) {
    options.rules.push_back(rule.name);
    options.filters.push_back(rule.filters);
  }
  auto warehouse = Warehouse::open(options);
  if (!warehouse) return warehouse.error();
  warehouse_ = std::move(*warehouse);
  RunIdentity run;
  run.identity = identity_;
  run.mapping_name = plan_->name();
  run.mapping_hash = plan_->hash();
  run.vocabulary_release = vocabulary_->info().release;
  run.vocabulary_hash = vocabulary_->info().content_hash;
  run.program_version = world_.program_version;
  run.source_name = request_.source_name.empty() ? plan_->title() : request_.source_name;
  run.started = world_.started;
  run.data_date = world_.data_date;
  return warehouse_->begin(run);
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
}

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
  auto source = warehouse_source(**connection, request_.warehouse, identity_);
  if (!source) return source.error();
  if (Status status = perform_audit(**source, audit_, request_.packs, *schema_, outcome_.audit); !status) return status;
  auto number = store_results(warehouse_->duck(), outcome_.audit.result);
  if (!number) return number.error();
  outcome_.audit.stored = *number;
  return {};
}

Status Conversion::publish() {
  for (const Target& target : targets_) {
    clock_.begin("publish " + std::string(target.publisher->name));
    world_.progress->stage("publish", 0);
    PublishRequest publish;
    publish.warehouse = warehouse_.get();
    publish.place = target.place;
    publish.threads = request_.threads;
    publish.with_vocabulary = request_.with_vocabulary;
    publish.vocabulary_sql = vocabulary_->sql_folder();
    publish.identity = identity_;
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
  for (const auto& file : outcome_.files) {
    const std::string name = file.path.substr(file.path.rfind('/') + 1);
    for (const auto& field : file.facts.unknown_columns)
      data->fields.push_back({name, file.kind, field, ReportField::State::unread, file.records, 0});
    for (const auto& field : file.facts.missing_columns)
      data->fields.push_back({name, file.kind, field, ReportField::State::missing, file.records, 0});
  }
  for (const auto& file : outcome_.files)
    for (const Finding& finding : file.findings) add_finding(*data, finding.code, finding.subject, finding.count);
  data->run.started.clear();  // same inputs, same report bytes
  auto folder = AtomicDirectory::start(request_.report);
  if (!folder) return folder.error();
  if (!request_.packs.packs.empty()) {
    if (Status status = write_audit_outputs(*folder); !status) return status;
    add_audit(*data, outcome_.audit.result);
  }
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
  if (Status status = prepare(); !status) return status;
  clock_.begin("hash");
  if (Status status = hash_files(sources_, request_.threads, world_); !status) return status;
  identity_ = identity_of(request_, *plan_, *vocabulary_, sources_, world_);
  clock_.begin("open");
  if (Status status = open_warehouse(); !status) return status;
  clock_.begin("map");
  if (Status status = run_map_stage({request_, world_, plan_, vocabulary_, sources_, warehouse_.get()}, outcome_); !status) return status;
  clock_.begin("settle");
  world_.progress->stage("settle", 0);
  if (Status status = settle(); !status) return status;
  if (Status status = judge(); !status) return status;
  if (!outcome_.audit.result.gates_held()) {
    if (Status status = write_report(); !status) return status;
    return Error{Code::audit_gate_failed, {}, {}, {}, {}};
  }
  if (Status status = publish(); !status) return status;
  if (Status status = write_report(); !status) return status;
  clock_.begin("finish");
  Status status = warehouse_->finish();
  clock_.end();
  return status;
}

}  // namespace

Status convert(const ConvertRequest& request, const World& world, ConvertOutcome& outcome) {
  return Conversion(request, world, outcome).run();
}

}  // namespace pyojun
