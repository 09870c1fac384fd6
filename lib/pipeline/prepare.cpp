#include "pipeline/prepare.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "base/files.hpp"
#include "pipeline/fetch.hpp"
#include "pipeline/night.hpp"

namespace pyojun {

namespace {

bool fatal(const std::vector<Diagnostic>& diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& d) { return info(d.code).severity >= Severity::reject; });
}

class Preparation {
 public:
  Preparation(const ConvertRequest& request, const World& world, ConvertOutcome& outcome, Prepared& out)
      : request_(request), world_(world), outcome_(outcome), out_(out) {}
  Status run();

 private:
  Status add(const SourceRequest& request);
  Status fetch(const SourceRequest& request, const Plan& plan, SourceQuery& query) const;
  Status check_budget_rules() const;
  Status gather_settings();

  const ConvertRequest& request_;
  const World& world_;
  ConvertOutcome& outcome_;
  Prepared& out_;
};

// SQL sources among the inputs are replaced by files with the rows of their queries, beside the warehouse.
Status Preparation::fetch(const SourceRequest& request, const Plan& plan, SourceQuery& query) const {
  std::vector<std::string> sql, others;
  for (const auto& argument : query.arguments) (is_sql_source(argument) ? sql : others).push_back(argument);
  if (sql.empty()) return {};
  query.arguments = std::move(others);
  if (request_.check_only) return check_sql_sources(sql);
  std::string folder = request_.warehouse;
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  folder += ".fetched";
  if (!request.name.empty()) folder += "." + request.name;
  auto files = fetch_sql_sources(sql, folder, {&plan.dialect(), &plan.symbols()});
  if (!files) return files.error();
  query.records = *files;
  query.arguments.insert(query.arguments.end(), files->begin(), files->end());
  return {};
}

Status Preparation::add(const SourceRequest& request) {
  Compiled compiled = compile({request.map, out_.schema.get(), out_.vocabulary, request.code_lists, request.space});
  const bool bad = !compiled.plan || fatal(compiled.diagnostics);
  std::move(compiled.diagnostics.begin(), compiled.diagnostics.end(), std::back_inserter(outcome_.diagnostics));
  if (bad) return Error{Code::mapping_has_errors, {}, {}, request.map, {}};
  OpenSource source{&request, compiled.plan, {}, compiled.parts, {}};
  for (const std::string& file : compiled.files) {
    if (!at_rest(file, world_.now)) source.restless.emplace_back(file, stamp_of(file));
  }
  SourceQuery query{request.inputs, request.format, request.kind, {}};
  if (Status status = fetch(request, *compiled.plan, query); !status) return status;
  auto sources = find_sources(query, compiled.plan->dialect());
  if (!sources) return sources.error();
  for (SourceFile& file : sources->files) file.fetched = std::ranges::find(query.records, file.input->path()) != query.records.end();
  for (const SourceFile& file : sources->files) {
    if (request.snapshot && file.format != nullptr && file.kind.empty())
      return Error{Code::job_snapshot_kinds, file.path, {}, request.name, {}};
  }
  outcome_.skipped.insert(outcome_.skipped.end(), sources->skipped.begin(), sources->skipped.end());
  source.sources = std::move(*sources);
  out_.sources.push_back(std::move(source));
  return {};
}

// A budget of a rule that is not there would never be exceeded.
Status Preparation::check_budget_rules() const {
  for (const Budget& budget : request_.budgets) {
    const bool known = budget.rule.empty() || std::ranges::any_of(out_.sources, [&](const OpenSource& source) {
                         return (budget.source.empty() || source.request->name == budget.source) &&
                                std::ranges::any_of(source.plan->rules(), [&](const auto& rule) { return rule.name == budget.rule; });
                       });
    if (!known) return Error{Code::job_rule_unknown, {}, {}, budget.rule, {}};
  }
  return {};
}

// Assembly works over the rows of all sources, so its settings are those of all their mappings.
Status Preparation::gather_settings() {
  for (const auto& source : out_.sources) {
    for (const auto& setting : source.plan->assemble()) {
      const auto there = std::ranges::find(out_.settings, setting.first, &AssembleValues::value_type::first);
      if (there == out_.settings.end()) {
        out_.settings.push_back(setting);
      } else if (there->second != setting.second) {
        return Error{Code::job_settings_differ, source.request->map, {}, setting.first, {}};
      }
    }
  }
  return {};
}

Status Preparation::run() {
  auto schema = Schema::load();
  if (!schema) return schema.error();
  out_.schema = std::make_unique<Schema>(std::move(*schema));
  auto vocabulary = Vocabulary::open(request_.vocabulary);
  if (!vocabulary) return vocabulary.error();
  out_.vocabulary = *vocabulary;
  if (request_.with_vocabulary && !request_.dry_run) {  // before the warehouse makes its views on them
    if (Status status = export_sql_tables(*out_.vocabulary, request_.threads); !status) return status;
  }
  for (const auto& one : request_.sources) {
    if (Status status = add(one); !status) return status;
  }
  if (Status status = check_budget_rules(); !status) return status;
  for (const auto& text : request_.targets) {
    auto target = parse_target(text);
    if (!target) return target.error();
    if (Status status = target->publisher->check(target->place); !status) return status;
    out_.targets.push_back(std::move(*target));
  }
  if (!request_.report.empty()) {
    if (const auto folder = AtomicDirectory::start(request_.report); !folder) return folder.error();  // gone again
  }
  if (!request_.packs.packs.empty()) {
    auto audit = prepare_audit(request_.packs, world_);
    if (!audit) return audit.error();
    out_.audit = std::move(*audit);
  }
  return gather_settings();
}

}  // namespace

Result<Prepared> prepare(const ConvertRequest& request, const World& world, ConvertOutcome& outcome) {
  Prepared out;
  if (Status status = Preparation(request, world, outcome, out).run(); !status) return status.error();
  return out;
}

// A mapping or a code list that was still being written when it was read may have been half there. One that lay at rest then may be
// written anew while the run works: what was read of it is whole.
Status check_mappings(const Prepared& prepared) {
  for (const OpenSource& source : prepared.sources) {
    if (source.restless.empty()) continue;
    const SourceRequest& from = *source.request;
    const Error moving{Code::mapping_being_written, {}, {}, from.map, {}};
    if (!std::ranges::all_of(source.restless, [](const auto& file) { return stamp_of(file.first) == file.second; })) return moving;
    const Compiled now = compile({from.map, prepared.schema.get(), prepared.vocabulary, from.code_lists, from.space});
    if (!now.plan || now.plan->hash() != source.plan->hash()) return moving;
  }
  return {};
}

// A folder without a run is made when it is needed.
Status check_warehouse(const ConvertRequest& request, const Schema& schema) {
  std::error_code unknown;
  if (!std::filesystem::exists(request.warehouse, unknown)) return {};
  const auto warehouse = Warehouse::open_existing(request.warehouse, schema);
  if (warehouse || warehouse.error().code == Code::warehouse_empty) return {};
  return warehouse.error();
}

}  // namespace pyojun
