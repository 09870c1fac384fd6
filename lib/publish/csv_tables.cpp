// Blocks are formatted by whoever is free and written in their order by whoever brings the next one.
#include "publish/csv_tables.hpp"

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "publish/csv_format.hpp"
#include "publish/hashed_file.hpp"

namespace pyojun {

namespace {

class CsvTablesWriter {
 public:
  CsvTablesWriter(const std::vector<CsvJob>& jobs, unsigned threads)
      : jobs_(jobs), outputs_(jobs.size()), threads_(threads == 0 ? 1 : threads) {
    for (unsigned i = 0; i < 2 * threads_ + 2; ++i) free_.push_back(std::make_unique<ByteBuffer>());
  }

  Result<std::vector<PublishedTable>> run() {
    for (std::size_t job = 0; job < jobs_.size(); ++job)
      for (std::size_t block = 0; block < jobs_[job].source->blocks(); ++block) tasks_.push_back({job, block});
    std::vector<std::thread> workers;
    for (unsigned i = 1; i < threads_; ++i) workers.emplace_back([this] { work(); });
    work();
    for (std::thread& worker : workers) worker.join();
    for (std::size_t job = 0; !broken_ && job < jobs_.size(); ++job) close(job);
    if (broken_) return *broken_;
    std::vector<PublishedTable> results;
    for (Output& output : outputs_) results.push_back(std::move(output.result));
    return results;
  }

 private:
  struct Task {
    std::size_t job = 0, block = 0;
  };
  struct Pending {
    std::unique_ptr<ByteBuffer> text;
    std::uint32_t rows = 0;
  };
  struct Output {
    std::optional<HashedFile> file;  // open from its first block to its last
    PublishedTable result;
    std::map<std::size_t, Pending> pending;  // formatted, waiting for their turn
    std::size_t next = 0;                    // block to be written next
    bool busy = false;                       // a thread is writing
  };

  void fail(Error error) {
    const std::lock_guard lock(mutex_);
    if (!broken_) broken_ = std::move(error);
    changed_.notify_all();
  }

  // A buffer is taken before the task, and tasks are taken in order: the oldest unwritten block always has one.
  bool take(Task& task, std::unique_ptr<ByteBuffer>& buffer) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return broken_ || next_task_ == tasks_.size() || !free_.empty(); });
    if (broken_ || next_task_ == tasks_.size()) return false;
    buffer = std::move(free_.back());
    free_.pop_back();
    task = tasks_[next_task_++];
    return true;
  }

  void work() {
    CsvFormatter formatter;
    RowBlock block;
    Task task;
    Pending done;
    while (take(task, done.text)) {
      if (auto status = jobs_[task.job].source->read(task.block, {}, block); !status) return fail(std::move(status.error()));
      done.text->clear();
      formatter.format(block, *done.text);
      done.rows = block.rows;
      if (auto status = deliver(task, std::move(done)); !status) return fail(std::move(status.error()));
    }
  }

  // Writes what is next in this table, as long as there is something; if another thread is at it, that one will.
  Status deliver(const Task& task, Pending done) {
    std::unique_lock lock(mutex_);
    Output& output = outputs_[task.job];
    output.pending.emplace(task.block, std::move(done));
    if (output.busy) return {};
    output.busy = true;
    while (!broken_ && !output.pending.empty() && output.pending.begin()->first == output.next) {
      Pending now = std::move(output.pending.begin()->second);
      output.pending.erase(output.pending.begin());
      lock.unlock();
      auto status = write(task.job, now);
      lock.lock();
      if (!status) return status;
      free_.push_back(std::move(now.text));
      ++output.next;
      changed_.notify_one();
    }
    output.busy = false;
    return {};
  }

  Status open(std::size_t job) {
    auto file = HashedFile::create(jobs_[job].path);
    if (!file) return file.error();
    outputs_[job].file.emplace(std::move(*file));
    return outputs_[job].file->write(csv_header(*jobs_[job].table));
  }

  Status write(std::size_t job, const Pending& piece) {
    Output& output = outputs_[job];
    if (!output.file)
      if (auto status = open(job); !status) return status;
    output.result.rows += piece.rows;
    if (auto status = output.file->write(piece.text->view()); !status) return status;
    if (output.next + 1 != jobs_[job].source->blocks()) return {};
    return finish(job);
  }

  Status finish(std::size_t job) {
    Output& output = outputs_[job];
    auto hash = output.file->close();
    if (!hash) return hash.error();
    output.result.sha256 = std::move(*hash);
    output.result.bytes = output.file->bytes();
    output.file.reset();
    if (output.result.rows == jobs_[job].source->rows()) return {};
    return Error{Code::publish_rows_differ, jobs_[job].path, {}, jobs_[job].table->name, {}};
  }

  // Tables without a block get their header here.
  void close(std::size_t job) {
    if (jobs_[job].source->blocks() != 0) return;
    auto status = open(job);
    if (status) status = finish(job);
    if (!status) broken_ = std::move(status.error());
  }

  const std::vector<CsvJob>& jobs_;
  std::vector<Output> outputs_;
  unsigned threads_;
  std::vector<Task> tasks_;
  std::mutex mutex_;  // guards what follows, and of each Output: pending, next, busy
  std::condition_variable changed_;
  std::size_t next_task_ = 0;
  std::vector<std::unique_ptr<ByteBuffer>> free_;
  std::optional<Error> broken_;
};

}  // namespace

Result<std::vector<PublishedTable>> write_csv_tables(const std::vector<CsvJob>& jobs, unsigned threads) {
  return CsvTablesWriter(jobs, threads).run();
}

}  // namespace pyojun
