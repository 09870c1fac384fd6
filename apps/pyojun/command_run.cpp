// pyojun run: a job file, for nights.
#include <algorithm>
#include <memory>
#include <thread>

#include "commands.hpp"
#include "job_run.hpp"

namespace pyojun::app {

namespace {

struct Options {
  std::string job;
  bool check = false, dry_run = false, rehash = false;
};

// Mappings and places of the job, without data: what `convert` would refuse before it reads.
int check_job(const Job& job, Context& context) {
  ConvertRequest request = job.convert;
  request.dry_run = true;
  request.check_only = true;
  ConvertOutcome outcome;
  Status status = convert(request, context.world, outcome);
  if (status) status = check_places(job);
  if (!status) {
    context.console.error(status.error());
    return exit_for(status.error());
  }
  context.console.say(context.console.pick("the job is in order", "작업 파일에 문제가 없습니다"));
  return exit_done;
}

int run(const Options& options, Context& context) {
  auto job = read_job(options.job);
  if (!job) {
    context.console.error(job.error());
    return exit_usage;
  }
  ConvertRequest& request = job->convert;
  if (request.threads == 0) request.threads = std::max(1U, std::thread::hardware_concurrency());
  request.korean = context.console.language == Tongue::ko;
  request.dry_run = options.dry_run;
  request.rehash = request.rehash || options.rehash;
  if (options.check) return check_job(*job, context);
  ConvertOutcome outcome;
  return run_job(*job, context, outcome);
}

}  // namespace

Action setup_run(Grammar grammar) {
  auto options = std::make_shared<Options>();
  grammar.add("JOB", options->job, "job file (TOML): sources, vocabulary, warehouse, targets, budgets; see docs/operations.md").required();
  grammar.flag("--check-config", options->check, "check the job, its mappings and its targets; read no data");
  grammar.flag("--dry-run", options->dry_run, "say what would be read, skipped and mapped again; change nothing");
  grammar.flag("--rehash", options->rehash, "read every file again, also those whose size, times and inode are as they were");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace pyojun::app
