// pyojun run: a job file, for nights.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <fstream>
#include <iterator>
#include <memory>
#include <thread>

#include "base/files.hpp"
#include "commands.hpp"
#include "outcome.hpp"
#include "pipeline/job.hpp"

namespace pyojun::app {

namespace {

struct Options {
  std::string job;
  bool check = false, dry_run = false, rehash = false;
};

std::int64_t last_success_in(const std::string& metrics) {
  std::ifstream file(metrics, std::ios::binary);
  return last_success_of(std::string(std::istreambuf_iterator<char>(file), {}));
}

Error cannot_write(const std::string& path) { return {Code::file_write_failed, path, {}, {}, {}}; }

// One write a line, so that lines of two programs do not mix.
Status append_line(const std::string& path, const std::string& line) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return cannot_write(path);
  const bool good = ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  ::close(file);
  return good ? Status() : Status(cannot_write(path));
}

// Where metrics and log go is asked before the night, not after it.
Status check_places(const Job& job) {
  if (!job.metrics.empty()) {
    if (auto place = AtomicFile::start(job.metrics); !place) return place.error();
  }
  if (job.log.empty()) return {};
  const int file = ::open(job.log.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file >= 0) return ::close(file), Status();
  if (errno != ENOENT) return cannot_write(job.log);
  const auto place = AtomicFile::start(job.log);
  return place ? Status() : Status(place.error());
}

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
  if (Status status = options.dry_run ? Status() : check_places(*job); !status) {
    context.console.error(status.error());
    return exit_for(status.error());
  }
  const auto begun = std::chrono::steady_clock::now();
  ConvertOutcome outcome;
  int code = run_and_tell(request, context, outcome);
  if (code != exit_done && context.world.stopped()) code = 128 + context.world.stop->load();  // as the process will end
  if (options.dry_run) return code;
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  Status written;
  // Whole or not at all: the collector never sees half a file.
  if (!job->metrics.empty())
    written = write_file(job->metrics, metrics_text(outcome, code, seconds, std::time(nullptr), last_success_in(job->metrics)));
  if (written && !job->log.empty()) written = append_line(job->log, log_line(outcome, code, seconds, context.world.started));
  if (!written) {
    context.console.error(written.error());
    if (code == exit_done) code = exit_io;
  }
  return code;
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
