#include "pipeline/audit.hpp"

#include <algorithm>

#include "base/files.hpp"
#include "conformance/history.hpp"
#include "conformance/overrides.hpp"
#include "conformance/render.hpp"
#include "report/conformance.hpp"
#include "report/min_cell.hpp"
#include "report/report.hpp"
#include "warehouse/results.hpp"

namespace pyojun {

namespace {

// The day criteria call today: given, else of the data (SOURCE_DATE_EPOCH), else of the clock.
std::string day_of(const PackRequest& request, const World& world) {
  if (is_day(request.today)) return request.today;
  if (is_day(world.data_date)) return world.data_date;
  return world.started.substr(0, 10);
}

// Every name must be one that some pack of the run takes.
Status check_parameters(const PackRequest& request) {
  std::vector<std::string> known;
  for (const auto& pack : request.packs) {
    auto files = pack_files(pack);
    if (!files) return files.error();
    auto names = pack_parameters(pack, *files);
    if (!names) return names.error();
    for (auto& name : *names) known.push_back(std::move(name));
  }
  std::string list;
  for (const auto& name : known) list += (list.empty() ? "" : ", ") + name;
  for (const auto& [name, value] : request.parameters) {
    if (std::ranges::find(known, name) == known.end())
      return Error{Code::pack_parameter_wrong, {}, {}, name, list.empty() ? std::string("-") : list};
  }
  return {};
}

// Names in files are ids, but a pack may call its criteria what it likes.
std::string file_name(const std::string& pack, const std::string& id) {
  std::string out = "violations." + pack + "." + id;
  for (char& c : out) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    if (!plain) c = '_';
  }
  if (out.size() > 200) out.resize(200);
  return out + ".csv";
}

Status write_violations(AtomicDirectory& folder, AuditSource& source, const PackRequest& request, PackResult& pack) {
  for (CriterionResult& one : pack.criteria) {
    if (one.state != State::fail || one.keys_query.empty() || one.violated == 0) continue;
    const std::string name = file_name(pack.pack.id, one.criterion.id);
    auto file = folder.create(name);
    if (!file) return file.error();
    auto rows = list_violations(source, one, request.violation_limit, [&file](std::string_view text) { return file->write(text); });
    if (!rows) return rows.error();
    one.violations_file = name;
    one.violations_listed = *rows;
    if (Status status = folder.add(*file, static_cast<std::int64_t>(*rows)); !status) return status;
  }
  return {};
}

Status add_file(AtomicDirectory& folder, const std::string& name, std::string_view text) {
  auto file = folder.create(name);
  if (!file) return file.error();
  if (Status status = file->write(text); !status) return status;
  return folder.add(*file);
}

}  // namespace

Result<AuditRequest> prepare_audit(const PackRequest& request, const World& world) {
  AuditRequest out;
  if (Status status = check_parameters(request); !status) return status.error();
  out.today = day_of(request, world);
  out.program_version = world.program_version;
  PackOptions options;
  options.parameters = request.parameters;
  if (request.with_vocabulary) options.groups.emplace_back("vocabulary");
  for (const auto& name : request.packs) {
    auto pack = load_pack(name, options);
    if (!pack) return pack.error();
    // By what reports, gates and files call it.
    if (std::ranges::find(out.packs, pack->id, &Pack::id) != out.packs.end()) return Error{Code::pack_twice, {}, {}, pack->id, {}};
    out.packs.push_back(std::move(*pack));
  }
  if (!request.thresholds.empty()) {
    if (Status status = apply_thresholds(request.thresholds, out.packs); !status) return status.error();
  }
  out.gates = request.gates;
  out.gate_new_failures = request.gate_new_failures;
  for (const auto& gate : out.gates) {
    if (Status status = check_gate(gate, out.packs); !status) return status.error();
  }
  return out;
}

Status perform_audit(AuditSource& source, AuditRequest& prepared, const PackRequest& request, const Schema& schema, AuditOutcome& outcome) {
  if (!request.baseline.empty()) {
    const bool stored = request.baseline == "last" || request.baseline.find_first_not_of("0123456789") == std::string::npos;
    auto states = stored ? stored_states(source.engine(), source.catalog(), request.baseline, prepared.packs)
                         : states_from_file(request.baseline, prepared.packs);
    if (!states) return states.error();
    prepared.baseline = std::move(*states);
    prepared.baseline_name = stored ? request.baseline : request.baseline.substr(request.baseline.find_last_of('/') + 1);
    if (prepared.baseline_name.empty()) prepared.baseline_name = "baseline";
  }
  auto result = audit(source, prepared, schema);
  if (!result) return result.error();
  outcome.result = std::move(*result);
  outcome.passed_over = source.notes;
  if (!request.suppressions.empty()) {
    auto idle = apply_suppressions(request.suppressions, prepared.today, outcome.result);
    if (!idle) return idle.error();
    outcome.idle_suppressions = std::move(*idle);
  }
  judge_gates(outcome.result, prepared);
  return read_trend(source.engine(), source.catalog(), outcome.result);
}

Status write_audit_files(AtomicDirectory& folder, AuditSource& source, const PackRequest& request, AuditOutcome& outcome) {
  AuditResult& result = outcome.result;
  if (request.violations) {
    for (PackResult& pack : result.packs) {
      if (Status status = write_violations(folder, source, request, pack); !status) return status;
    }
  }
  AuditResult shown = result;
  round_up(shown, request.min_cell);
  std::vector<std::pair<std::string, std::string>> parts{
      {"conformance.json", conformance_json(shown) + "\n"}, {"results.csv", results_csv(shown)}, {"junit.xml", junit_xml(shown)}};
  for (const PackResult& pack : shown.packs) {
    if (pack.dqd) parts.emplace_back("dqd.json", dqd_json(shown, pack));
  }
  for (const auto& [name, text] : parts) {
    if (Status status = add_file(folder, name, text); !status) return status;
  }
  return {};
}

namespace {

// Books, coverage and quarantine too when a conversion left them; what its readers merely noticed is not kept in a warehouse.
Result<ReportData> report_of(AuditSource& source, const AuditResult& result) {
  if (source.warehouse() == nullptr) return audit_report(result);
  auto data = collect(*source.warehouse());
  if (!data) return data.error();
  data->earlier = true;
  data->run.started.clear();  // same inputs, same report bytes
  add_audit(*data, result);
  return data;
}

Status write_audit(const AuditJob& job, AuditSource& source, AuditOutcome& outcome) {
  auto folder = AtomicDirectory::start(job.out);
  if (!folder) return folder.error();
  if (Status status = write_audit_files(*folder, source, job.packs, outcome); !status) return status;
  auto data = report_of(source, outcome.result);
  if (!data) return data.error();
  round_up(*data, job.packs.min_cell);
  const std::string page = to_html(*data, job.korean ? Language::korean : Language::english);
  if (Status status = add_file(*folder, "report.html", page); !status) return status;
  return folder->publish();
}

}  // namespace

Status run_audit(const AuditJob& job, const World& world, AuditOutcome& outcome) {
  auto prepared = prepare_audit(job.packs, world);
  if (!prepared) return prepared.error();
  auto schema = Schema::load();
  if (!schema) return schema.error();
  world.progress->stage("open", 0);
  std::string folder;
  {
    SourceOptions options = job.source;
    options.unneeded = unneeded_vocabulary(prepared->packs, *schema);
    auto source = open_source(options, *schema);
    if (!source) return source.error();
    world.progress->stage("check", 0);
    if (Status status = perform_audit(**source, *prepared, job.packs, *schema, outcome); !status) return status;
    if (!job.out.empty()) {
      if (Status status = write_audit(job, **source, outcome); !status) return status;
    }
    folder = (*source)->folder;
  }
  if (folder.empty()) return {};
  // The source was open for reading only; results are written once it is closed.
  auto store = open_results(folder, world.started);
  if (!store) return store.error();
  auto number = store_results(*(*store)->duck, outcome.result);
  if (!number) return number.error();
  outcome.stored = *number;
  return (*store)->duck->exec("checkpoint", "results");
}

}  // namespace pyojun
