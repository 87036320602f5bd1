// A job as a snapshot holds it, with all that can be derived from it alone: any thread may prepare it.
#pragma once

#include <cstdint>

#include "scheduler/core/state.h"

namespace bsub::sched {

struct SavedJob {
  // Counts an array's children and hashes the job.
  explicit SavedJob(Job saved);

  Job job;
  std::uint64_t terms;  // its part of the state's hash
};

}  // namespace bsub::sched
