// What the library may not find out by itself: clock, host, progress display and the wish to stop. apps/ fills it in.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace pyojun {

// Shows how far a long piece of work is. Called from several threads; implementations decide how often to draw.
class Progress {
 public:
  virtual ~Progress() = default;
  virtual void stage(std::string_view name, std::uint64_t total_bytes) = 0;  // total 0: unknown
  virtual void advance(std::uint64_t bytes) = 0;
};

struct World {
  std::string started;  // ISO 8601, local time with offset; goes to the ledger and to nothing that is published
  std::string host;
  std::string program_version;
  std::string program_build;     // which build of that version, "" when that cannot be told; never in anything that is published
  std::int64_t now = 0;          // seconds since 1970 when the run began; 0: not told, then no file is too young and no stamp trusted
  std::string data_date;         // YYYY-MM-DD from SOURCE_DATE_EPOCH, else empty
  bool ends_after = false;       // the process ends with the run
  Progress* progress = nullptr;  // never null when a command runs
  const std::atomic<int>* stop = nullptr;  // signal number that asks the run to stop, 0: go on
  bool stopped() const { return stop != nullptr && stop->load(std::memory_order_relaxed) != 0; }
};

}  // namespace pyojun
