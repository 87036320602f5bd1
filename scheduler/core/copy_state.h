// Copies of the durable state, or of parts of it, for whoever plays it forward without touching the original.
#pragma once

#include "scheduler/core/state.h"

namespace bsub::sched {

// All but jobs and job definitions, which are what may be much.
State CopyCluster(const State& from);
// What is durable of a job; the settings are shared.
Job CopyJob(const Job& from);
State CopyState(const State& from);

}  // namespace bsub::sched
