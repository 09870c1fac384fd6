// Blocks are formatted by whoever is free and written in their order by whoever brings the next one.
#include "publish/csv_tables.hpp"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "publish/csv_format.hpp"

namespace pyojun {

namespace {

class CsvTablesWriter {
 public:
  CsvTablesWriter(AtomicDirectory& folder, const std::vector<CsvJob>& jobs, const CsvMemory& memory, unsigned threads)
      : folder_(folder), jobs_(jobs), memory_(memory), outputs_(jobs.size()), threads_(threads == 0 ? 1 : threads) {
    for (unsigned i = 0; i < 2 * threads_ + 2; ++i) free_.push_back(std::make_unique<ByteBuffer>());
  }

  Result<CsvTables> run() {
    for (std::size_t job = 0; job < jobs_.size(); ++job)
      for (std::size_t block = 0; block < jobs_[job].source->blocks(); ++block) tasks_.push_back({job, block});
    interleave();
    std::vector<std::thread> workers;
    for (unsigned i = 1; i < threads_; ++i) workers.emplace_back([this] { work(); });
    work();
    for (std::thread& worker : workers) worker.join();
    for (std::size_t job = 0; !broken_ && job < jobs_.size(); ++job)
      if (auto status = list(job); !status) broken_ = std::move(status.error());
    if (broken_) return *broken_;
    CsvTables results;
    for (Output& output : outputs_) {
      if (!output.blocks.empty()) results.blocks[output.result.table] = std::move(output.blocks);
      results.tables.push_back(std::move(output.result));
    }
    return results;
  }

 private:
  struct Task {
    std::size_t job = 0, block = 0;
  };
  struct Pending {
    std::unique_ptr<ByteBuffer> text;
    std::uint64_t rows = 0;
    Hash128 mark, sum;                       // sum of the text; neither when the block has no mark
    std::optional<CsvMemory::Piece> before;  // instead of the text
  };
  struct Output {
    std::optional<FileWriter> file;  // made with the first block
    PublishedTable result;
    std::vector<CsvBlock> blocks;
    bool as_before = true;                   // up to now the file is the one that was published before
    std::map<std::size_t, Pending> pending;  // formatted, waiting for their turn
    std::size_t next = 0;                    // block to be written next
    bool busy = false;                       // a thread is writing
  };

  // One thread at a time hashes and writes a table, so all tables go forward side by side, each in proportion to its blocks: threads
  // seldom have to do with the same one.
  void interleave() {
    const auto share = [this](const Task& task) {
      return static_cast<double>(2 * task.block + 1) / static_cast<double>(jobs_[task.job].source->blocks());
    };
    std::ranges::stable_sort(tasks_, [&](const Task& a, const Task& b) { return share(a) < share(b); });
  }

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
      const CsvJob& job = jobs_[task.job];
      done.mark = job.source->mark(task.block);
      done.before = memory_.find(job.table->name, done.mark);
      if (done.before) {
        done.rows = done.before->block->rows;
        if (auto status = deliver(task, std::move(done)); !status) return fail(std::move(status.error()));
        continue;
      }
      if (auto status = jobs_[task.job].source->read(task.block, {}, block); !status) return fail(std::move(status.error()));
      done.text->clear();
      formatter.format(block, *done.text);
      done.rows = block.rows;
      done.sum = done.mark ? hash128(done.text->view()) : Hash128{};
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
    auto file = folder_.create(jobs_[job].table->name + ".csv");
    if (!file) return file.error();
    outputs_[job].file.emplace(std::move(*file));
    return outputs_[job].file->write(csv_header(*jobs_[job].table));
  }

  Status write(std::size_t job, const Pending& piece) {
    Output& output = outputs_[job];
    if (!output.file)
      if (auto status = open(job); !status) return status;
    output.result.rows += piece.rows;
    const std::uint64_t at = output.file->bytes();
    if (auto status = piece.before ? take_up(job, piece) : output.file->write(piece.text->view()); !status) return status;
    output.as_before = output.as_before && piece.before && piece.before->block->at == at;
    if (piece.mark) {
      const Hash128 sum = piece.before ? piece.before->block->sum : piece.sum;
      output.blocks.push_back({piece.mark, at, output.file->bytes() - at, piece.rows, sum, output.file->hash_state()});
    }
    return output.next + 1 == jobs_[job].source->blocks() ? output.file->close() : Status();
  }

  Status take_up(std::size_t job, const Pending& piece) {
    Output& output = outputs_[job];
    const CsvBlock& block = *piece.before->block;
    const bool same = output.as_before && block.at == output.file->bytes();
    return output.file->copy(memory_.file(jobs_[job].table->name), block.at, piece.before->bytes, same ? block.state : std::string());
  }

  // After all threads: tables without a block get their header here.
  Status list(std::size_t job) {
    Output& output = outputs_[job];
    if (!output.file)
      if (auto status = open(job); !status) return status;
    const Table& table = *jobs_[job].table;
    if (output.result.rows != jobs_[job].source->rows()) return Error{Code::publish_rows_differ, output.file->path(), {}, table.name, {}};
    if (auto status = folder_.add(*output.file, static_cast<std::int64_t>(output.result.rows)); !status) return status;
    output.result.table = table.name;
    output.result.file = table.name + ".csv";
    output.result.bytes = output.file->bytes();
    output.result.sha256 = output.file->sha256();
    return {};
  }

  AtomicDirectory& folder_;
  const std::vector<CsvJob>& jobs_;
  const CsvMemory& memory_;
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

Result<CsvTables> write_csv_tables(AtomicDirectory& folder, const std::vector<CsvJob>& jobs, const CsvMemory& memory, unsigned threads) {
  return CsvTablesWriter(folder, jobs, memory, threads).run();
}

}  // namespace pyojun
