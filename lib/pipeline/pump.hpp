// Many files through many threads, with results let through in the order of files and chunks, whatever thread was faster.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "pipeline/world.hpp"
#include "readers/reader.hpp"

namespace pyojun {

class Pump {
 public:
  // Opens file number `file`; nullptr in the result skips it. Called under a lock, in order.
  using Open = std::function<Result<std::shared_ptr<Reader>>(std::size_t file)>;
  // A file could not be opened or ended early. Called under the same lock; the pump goes on with the next file.
  using Broken = std::function<void(std::size_t file, const Error& error)>;

  struct Item {
    std::size_t file = 0;
    std::shared_ptr<Reader> reader;
    Chunk chunk;
    std::uint64_t ticket = 0;
  };

  Pump(std::size_t files, std::size_t chunk_bytes, unsigned threads, Open open, Broken broken)
      : files_(files),
        chunk_bytes_(chunk_bytes),
        most_waiting_(2 * std::size_t{threads}),
        open_(std::move(open)),
        broken_(std::move(broken)) {}

  // Next chunk, or nothing when all files are done or the run has failed.
  std::optional<Item> take();
  // Runs `work` when every earlier ticket has been let through; a failing Status fails the run. Work whose turn has not come is left with
  // the pump, and the thread that lets the ticket before it through runs it: nobody waits for a slower thread until `most_waiting` pieces
  // do. `work` owns what it needs.
  void in_order(std::uint64_t ticket, std::function<Status()> work);
  void fail(Error error);
  Status status() const;

 private:
  const std::size_t files_;
  const std::size_t chunk_bytes_;
  const std::size_t most_waiting_;
  Open open_;
  Broken broken_;
  std::mutex take_mutex_;
  std::size_t file_ = 0;
  std::uint64_t next_ticket_ = 0;
  std::shared_ptr<Reader> reader_;
  mutable std::mutex turn_mutex_;
  std::condition_variable turn_;
  std::uint64_t serving_ = 0;
  std::map<std::uint64_t, std::function<Status()>> waiting_;  // by ticket, all behind the one being served
  bool failed_ = false;
  std::optional<Error> error_;
};

// Objects that are used again: the one given back last is taken first, while it is still in the cache.
template <class T>
class Pool {
 public:
  std::shared_ptr<T> take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return std::make_shared<T>();
    std::shared_ptr<T> out = std::move(free_.back());
    free_.pop_back();
    return out;
  }
  void give(std::shared_ptr<T> object) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(object));
  }

 private:
  std::mutex mutex_;
  std::vector<std::shared_ptr<T>> free_;
};

// Runs `worker(number)` on `threads` threads and waits for all; with one thread it runs on the caller's.
void run_workers(unsigned threads, const std::function<void(unsigned)>& worker);

}  // namespace pyojun
