// How FileWriter works inside, for the directories that sync its files together (files.cpp). Others include base/files.hpp.
#pragma once

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

#include "base/early_writeback.hpp"
#include "base/files.hpp"
#include "base/sha256.hpp"

namespace pyojun {

inline Error write_failed(const std::string& path, int number) { return {Code::file_write_failed, path, {}, {}, std::strerror(number)}; }

// Owns a descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    reset(other.release());
    return *this;
  }
  ~Descriptor() { reset(-1); }
  int get() const { return number_; }
  int release() {
    const int number = number_;
    number_ = -1;
    return number;
  }
  void reset(int number) {
    if (number_ >= 0) ::close(number_);
    number_ = number;
  }

 private:
  int number_;
};

// Syncs and closes files while others are still being written, several at once: a sync is little work and much waiting. The descriptor
// that wrote a file is the one that is synced, so no write error is lost in between.
class BackgroundSyncs {
 public:
  BackgroundSyncs() = default;
  BackgroundSyncs(const BackgroundSyncs&) = delete;
  BackgroundSyncs& operator=(const BackgroundSyncs&) = delete;
  ~BackgroundSyncs() { (void)wait(); }

  void take(Descriptor file, const std::string& path) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({std::move(file), path});
    if (threads_.size() < most_threads && waiting_.size() > idle_) {
      try {
        threads_.emplace_back([this] { work(); });
      } catch (const std::system_error&) {
        // No thread to be had: wait() does what is left.
      }
    }
    changed_.notify_one();
  }

  // Until all that was taken is on the disk; what failed first, if anything.
  Status wait() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
      changed_.notify_all();
    }
    work();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
    ending_ = false;
    return broken_ ? Status(*broken_) : Status();
  }

 private:
  struct Job {
    Descriptor file;
    std::string path;
  };
  static constexpr std::size_t most_threads = 16;

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      ++idle_;
      changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
      --idle_;
      if (waiting_.empty()) return;
      Job job = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      const bool good = ::fsync(job.file.get()) == 0 && ::close(job.file.release()) == 0;
      const int number = errno;
      lock.lock();
      if (!good && !broken_) broken_ = write_failed(job.path, number);
    }
  }

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<Job> waiting_;
  std::size_t idle_ = 0;
  bool ending_ = false;
  std::optional<Error> broken_;
  std::vector<std::thread> threads_;  // of the caller's thread alone
};

struct FileWriter::State {
  std::string path, sha256;
  Descriptor file;
  std::string buffer;
  Sha256 hash;
  EarlyWriteback writeback;
  std::uint64_t bytes = 0;
  BackgroundSyncs* syncs = nullptr;  // of the directory the file is made in

  Status put(std::string_view text) {
    while (!text.empty()) {
      const ssize_t done = ::write(file.get(), text.data(), text.size());
      if (done < 0 && errno == EINTR) continue;
      if (done <= 0) return write_failed(path, done == 0 ? ENOSPC : errno);
      text.remove_prefix(static_cast<std::size_t>(done));
      writeback.appended(file.get(), static_cast<std::size_t>(done));
    }
    return {};
  }
};

}  // namespace pyojun
