// When each job of a queue with conservative backfill is to start, and where. Scratch: it is never journaled,
// a restart forgets it, and the next cycle makes another.
#pragma once

#include <cstdint>
#include <vector>

#include "common/ids.h"
#include "common/time.h"

namespace bsub::sched {

struct PlannedJob {
  JobId job;
  TimePoint start;
  std::vector<NodeId> nodes;  // the main one first
};

struct QueuePlan {
  std::vector<PlannedJob> jobs;  // ascending by id
  // What had come free of the nodes until it was made (NodeCapacity::grown).
  std::uint64_t grown = 0;

  const PlannedJob* Find(JobId job) const;
};

}  // namespace bsub::sched
