#include "job_run.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <ctime>
#include <fstream>
#include <iterator>

#include "base/files.hpp"
#include "outcome.hpp"

namespace pyojun::app {

namespace {

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

}  // namespace

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

int run_job(const Job& job, Context& context, ConvertOutcome& outcome) {
  const ConvertRequest& request = job.convert;
  if (Status status = request.dry_run ? Status() : check_places(job); !status) {
    context.console.error(status.error());
    return exit_for(status.error());
  }
  const auto begun = std::chrono::steady_clock::now();
  int code = run_and_tell(request, context, outcome);
  if (code != exit_done && context.world.stopped()) code = 128 + context.world.stop->load();  // as the process will end
  if (request.dry_run) return code;
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  Status written;
  // Whole or not at all: the collector never sees half a file.
  if (!job.metrics.empty())
    written = write_file(job.metrics, metrics_text(outcome, code, seconds, std::time(nullptr), last_success_in(job.metrics)));
  if (written && !job.log.empty()) written = append_line(job.log, log_line(outcome, code, seconds, context.world.started));
  if (!written) {
    context.console.error(written.error());
    if (code == exit_done) code = exit_io;
  }
  return code;
}

}  // namespace pyojun::app
