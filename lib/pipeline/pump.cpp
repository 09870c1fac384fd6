#include "pipeline/pump.hpp"

#include <thread>

namespace pyojun {

std::optional<Pump::Item> Pump::take() {
  const std::lock_guard lock(take_mutex_);
  while (file_ < files_) {
    {
      const std::lock_guard turn(turn_mutex_);
      if (failed_) return std::nullopt;
    }
    if (!reader_) {
      auto opened = open_(file_);
      if (!opened) {
        broken_(file_++, opened.error());
        continue;
      }
      if (!*opened) {
        ++file_;
        continue;
      }
      reader_ = std::move(*opened);
    }
    Item item;
    item.file = file_;
    auto more = reader_->next(item.chunk, chunk_bytes_);
    if (more && *more) {
      item.reader = reader_;
      item.ticket = next_ticket_++;
      return item;
    }
    if (!more) broken_(file_, more.error());
    reader_.reset();
    ++file_;
  }
  return std::nullopt;
}

void Pump::in_order(std::uint64_t ticket, std::function<Status()> work) {
  std::unique_lock lock(turn_mutex_);
  turn_.wait(lock, [&] { return failed_ || serving_ == ticket || waiting_.size() < most_waiting_; });
  if (failed_) return;
  if (serving_ != ticket) {
    waiting_.emplace(ticket, std::move(work));
    return;
  }
  for (;;) {  // only the thread whose turn it is gets here
    lock.unlock();
    Status done = work();
    lock.lock();
    if (!done && !failed_) {
      failed_ = true;
      error_ = std::move(done.error());
    }
    ++serving_;
    const auto next = waiting_.find(serving_);
    const bool more = !failed_ && next != waiting_.end();
    if (more) {
      work = std::move(next->second);
      waiting_.erase(next);
    }
    turn_.notify_all();
    if (!more) return;
  }
}

void Pump::fail(Error error) {
  const std::lock_guard lock(turn_mutex_);
  if (!failed_) {
    failed_ = true;
    error_ = std::move(error);
  }
  turn_.notify_all();
}

Status Pump::status() const {
  const std::lock_guard lock(turn_mutex_);
  return error_ ? Status(*error_) : Status();
}

void run_workers(unsigned threads, const std::function<void(unsigned)>& worker) {
  std::vector<std::thread> others;
  for (unsigned i = 1; i < threads; ++i) others.emplace_back(worker, i);
  worker(0);
  for (auto& thread : others) thread.join();
}

}  // namespace pyojun
