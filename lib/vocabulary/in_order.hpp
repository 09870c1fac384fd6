// Work on numbered pieces in several threads, taken in their order, so that the result does not depend on the number of threads.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace pyojun::vocabulary {

// take(work(0)), take(work(1)), ... until take answers false. work runs in `threads` threads (1: in this one), at most a few pieces
// ahead of take, which always runs in the calling thread. Neither may throw.
template <class Work, class Take>
void in_order(std::size_t pieces, unsigned threads, Work work, Take take) {
  using Piece = decltype(work(std::size_t{}));
  if (threads <= 1 || pieces <= 1) {
    for (std::size_t i = 0; i < pieces; ++i) {
      if (!take(work(i))) return;
    }
    return;
  }
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::size_t, Piece> done;
  std::size_t next = 0, taken = 0;
  bool stop = false;
  const std::size_t ahead = 2 * std::size_t{threads};
  const auto run = [&] {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [&] { return stop || next >= pieces || next < taken + ahead; });
      if (stop || next >= pieces) return;
      const std::size_t mine = next++;
      lock.unlock();
      Piece piece = work(mine);
      lock.lock();
      done.emplace(mine, std::move(piece));
      changed.notify_all();
    }
  };
  std::vector<std::thread> workers;
  for (unsigned i = 0; i < threads; ++i) workers.emplace_back(run);
  for (std::size_t i = 0; i < pieces; ++i) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return done.contains(i); });
    Piece piece = std::move(done.extract(i).mapped());
    lock.unlock();
    const bool more = take(std::move(piece));
    lock.lock();
    taken = i + 1;
    stop = stop || !more;
    lock.unlock();
    changed.notify_all();
    if (!more) break;
  }
  for (auto& worker : workers) worker.join();
}

}  // namespace pyojun::vocabulary
