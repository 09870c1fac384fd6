// pyojun audit: score a CDM against packs.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <thread>

#include "commands.hpp"
#include "pack_options.hpp"
#include "pipeline/audit.hpp"
#include "report/conformance.hpp"

namespace pyojun::app {

namespace {

int run(const AuditJob& job, Context& context) {
  Console& console = context.console;
  AuditOutcome outcome;
  const Status status = run_audit(job, context.world, outcome);
  context.world.progress->stage("", 0);
  if (!status) {
    console.error(status.error());
    return exit_for(status.error());
  }
  for (const auto& name : outcome.passed_over) {
    if (console.verbose) console.note(fmt::format("{}: {}", printable(name), console.pick("no table of the CDM", "CDM 표가 아님")));
  }
  tell_audit(outcome, console);
  if (!job.out.empty()) console.note(fmt::format("{} {}", console.pick("written", "기록"), printable(job.out)));
  if (outcome.stored > 0) console.note(fmt::format("{} {}", console.pick("stored as audit", "저장된 감사 번호"), outcome.stored));
  console.say(audit_summary(outcome, console));
  return outcome.result.gates_held() ? exit_done : exit_gate;
}

}  // namespace

Action setup_audit(Grammar grammar) {
  auto job = std::make_shared<AuditJob>();
  job->source.threads = std::max(1U, std::thread::hardware_concurrency());
  grammar
      .add("SOURCE", job->source.place,
           "warehouse, DuckDB or SQLite file, folder of CDM CSV or Parquet files, postgresql:SERVICE or postgresql:FILE with a "
           "connection string")
      .required();
  auto finish = add_pack_options(grammar, job->packs, true);
  grammar.add("--vocabulary", job->source.vocabulary, "vocabulary tables from another place: folder, DuckDB file or snapshot");
  grammar.add("--schema", job->source.schemas, "schema of a database; several: the first that has a table wins").parted_by(',');
  grammar.add("--out", job->out, "folder for report.html, conformance.json, results.csv, junit.xml, dqd.json and violating keys");
  grammar.add("-j,--jobs", job->source.threads, "threads; never changes the result").within(1, 256);
  return [job, finish](Context& context) {
    if (!finish(context.console)) return static_cast<int>(exit_usage);
    job->korean = context.console.language == Tongue::ko;
    const auto pages = ::sysconf(_SC_PHYS_PAGES), size = ::sysconf(_SC_PAGE_SIZE);
    if (pages > 0 && size > 0) job->source.memory_bytes = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(size) / 2;
    std::error_code failed;
    const auto temp = std::filesystem::temp_directory_path(failed);
    if (!failed) job->source.temp_folder = (temp / fmt::format("pyojun-audit-{}", ::getpid())).string();
    return run(*job, context);
  };
}

}  // namespace pyojun::app
