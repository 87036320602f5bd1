// Runs a drawn day through the scheduler's core, until the last job is over.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "scheduler/core/topology.h"
#include "sim/day/day_workload.h"
#include "sim/replay/policies.h"

namespace bsub::sim {

struct DayResult {
  std::vector<std::int64_t> starts;  // seconds since midnight, by job
  std::int64_t last_end = 0;
  std::int64_t longest_queue = 0;  // jobs that waited at a time
  std::uint64_t cycles = 0;        // of the scheduler
};

// `progress` is told how many jobs have ended, now and then; it may be empty.
DayResult RunDay(const std::vector<DayJob>& jobs, std::shared_ptr<const sched::Topology> topology,
                 const ReplayPolicy& policy, const std::function<void(std::size_t)>& progress = {});

}  // namespace bsub::sim
