// What a run says at its end: to people, to programs, to a monitoring system and to a log.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "commands.hpp"
#include "pipeline/convert.hpp"

namespace pyojun::app {

// Runs the request and says what came of it; answers the exit code. The last line is the summary.
int run_and_tell(const ConvertRequest& request, Context& context, ConvertOutcome& outcome);

// Prometheus text: gauges without timestamps. `code` is the exit code, `seconds` how long the run took, `last_success` when an earlier run
// published (seconds since 1970, 0: never), which stays told while runs fail.
std::string metrics_text(const ConvertOutcome& outcome, int code, double seconds, std::int64_t ended, std::int64_t last_success);
// What metrics_text() wrote of it; 0 when it says nothing.
std::int64_t last_success_of(std::string_view metrics);
// One JSON line of a log: counts and codes, no values of records.
std::string log_line(const ConvertOutcome& outcome, int code, double seconds, const std::string& started);

}  // namespace pyojun::app
