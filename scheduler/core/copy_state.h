// Copies of the durable state, or of parts of it, for whoever plays it forward without touching the original.
#pragma once

#include <cstddef>

#include "scheduler/core/state.h"

namespace bsub::sched {

// All but jobs and job definitions, which are what may be much.
State CopyCluster(const State& from);
// What is durable of a job; the settings are shared.
Job CopyJob(const Job& from);
// The same without those it waits for: its dependencies count as they stand now, and what they do not allow
// now never starts. Children that have nothing of their own cost a few bits for that; exit codes are left
// out.
Job CopyJobAsItStands(const Job& from);
// What such a copy costs in time and memory, in plain jobs.
std::size_t CostOfCopy(const Job& from);
State CopyState(const State& from);

}  // namespace bsub::sched
