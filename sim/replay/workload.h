// Jobs to be replayed: what a log says, by rules that leave nothing open.
//
//   processors   the requested ones; without them the allocated ones
//   estimate     the requested time; without it the run time
//   left out     submit < 0, run <= 0 (it never ran), processors <= 0 or more than the machine has
//   run time     at most the estimate: a job is killed at its limit
//
// Then sorted by submit time, equals in the order of the log, and shifted so that the first one is at 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/result.h"
#include "sim/replay/swf.h"

namespace bsub::sim {

inline constexpr std::int64_t kMostProcessors = 1'000'000;  // as many CPUs as the core lets a job ask for

// Times in whole seconds.
struct WorkloadJob {
  std::int64_t submit = 0;
  std::int64_t run = 0;
  std::int64_t estimate = 0;
  std::int64_t processors = 0;
  std::int64_t user = -1;
};

struct Workload {
  std::int64_t processors = 0;    // of the machine
  std::vector<WorkloadJob> jobs;  // job number n is at n - 1
  std::size_t left_out = 0;
};

// `processors` 0: those of the log's header. Fails if neither says how many, or nothing is left.
Result<Workload> Normalise(const SwfLog& log, std::int64_t processors = 0);

// The first so many of them.
Workload FirstJobs(Workload workload, std::size_t count);

}  // namespace bsub::sim
