// A job file (TOML): sources, vocabulary, warehouse, targets, budgets. docs/operations.md lists the keys.
#pragma once

#include <string>

#include "base/result.hpp"
#include "pipeline/convert.hpp"

namespace pyojun {

struct Job {
  ConvertRequest convert;
  std::string metrics;  // Prometheus text file; empty: none
  std::string log;      // JSON lines are appended here; empty: none
};

// Paths in the file are relative to its folder. Errors carry line and column: J001 to J005, F001. Nothing the job names is opened.
Result<Job> read_job(const std::string& path);

}  // namespace pyojun
