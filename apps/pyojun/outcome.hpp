// What a run says at its end: to people, to programs, to a monitoring system and to a log.
#pragma once

#include <string>

#include "commands.hpp"
#include "pipeline/convert.hpp"

namespace pyojun::app {

// Runs the request and says what came of it; answers the exit code. The last line is the summary.
int run_and_tell(const ConvertRequest& request, Context& context, ConvertOutcome& outcome);

// Prometheus text: gauges without timestamps. `code` is the exit code, `seconds` how long the run took.
std::string metrics_text(const ConvertOutcome& outcome, int code, double seconds, std::int64_t ended);
// One JSON line of a log: counts and codes, no values of records.
std::string log_line(const ConvertOutcome& outcome, int code, double seconds, const std::string& started);

}  // namespace pyojun::app
