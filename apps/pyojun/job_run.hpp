// A job from its places to its metrics: what `run` and `quarantine redrive` have in common.
#pragma once

#include "commands.hpp"
#include "pipeline/job.hpp"

namespace pyojun::app {

// Can metrics and log be written? Asked before the night, not after it.
Status check_places(const Job& job);
// Runs the job, tells what became of it, replaces the metrics file and appends to the log, also when the run failed; a dry run writes
// neither. Answers the exit code.
int run_job(const Job& job, Context& context, ConvertOutcome& outcome);

}  // namespace pyojun::app
