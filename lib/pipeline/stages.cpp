#include "pipeline/stages.hpp"

namespace pyojun {

void StageClock::begin(std::string name) {
  if (!name_.empty()) end();
  name_ = std::move(name);
  wall_ = std::chrono::steady_clock::now();
  cpu_ = std::clock();
}

void StageClock::end() {
  if (name_.empty()) return;
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - wall_;
  out_.push_back({name_, wall.count(), static_cast<double>(std::clock() - cpu_) / CLOCKS_PER_SEC});
  name_.clear();
}

}  // namespace pyojun
