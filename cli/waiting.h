// Waits until jobs are over, for `wait` and `submit --wait`. A scheduler that restarts in between is waited
// for.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "cli/client.h"
#include "cli/context.h"
#include "cli/interrupts.h"

namespace bsub::cli {

struct WaitPlan {
  std::vector<std::string> targets;                  // "12", "12[17]"
  std::optional<std::chrono::milliseconds> timeout;  // of the whole wait
  bool progress = false;                             // draw a bar on standard error
  bool quiet = false;                                // do not say how they ended
  bool json = false;                                 // say it on standard output as one WaitReply
  const Interrupts* interrupts = nullptr;            // end the wait with kExitInterrupted; the jobs go on
};

// The exit code of an error: never 1, which is what a job that failed gives.
int FailWait(Context& context, const Error& error);

// The exit code: of one job its own (128 + n for a signal, 125 for neither), of several or of an array 0 or
// 1; 124 on time-out, 130 on an interrupt, 2 for an unknown job, 3 if the scheduler cannot answer.
int WaitForJobs(Context& context, Client& client, const WaitPlan& plan);

}  // namespace bsub::cli
