// Wall and processor time per stage of a run, for benchmarks and the log; never part of published data.
#pragma once

#include <ctime>

#include <chrono>
#include <string>
#include <vector>

#include "pipeline/convert.hpp"

namespace pyojun {

// Steady and processor clocks only: no calendar time is read here.
class StageClock {
 public:
  explicit StageClock(std::vector<StageTime>& out) : out_(out) {}
  void begin(std::string name);
  void end();

 private:
  std::vector<StageTime>& out_;
  std::string name_;
  std::chrono::steady_clock::time_point wall_;
  std::clock_t cpu_ = 0;
};

}  // namespace pyojun
