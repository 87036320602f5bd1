// The scheduling cycle played forward until a task starts: what runs ends at its time limit, what waits
// starts in the order it is served, and nothing new comes.
#pragma once

#include <cstdint>
#include <optional>

#include "scheduler/core/settings.h"
#include "scheduler/core/store.h"

namespace bsub::sched {

struct RehearsalLimits {
  // What it may cost: so many tries to place a task. Jobs that are passed over and nodes that are looked at
  // count too, 64 of them as a try.
  std::uint32_t max_steps = 0;
  KeepLimits keep;  // as the cycle has them
};

struct Rehearsed {
  std::optional<TimePoint> start;  // none: it does not start in it
  bool out_of_steps = false;
  std::uint32_t endless = 0;  // tasks without a time limit that ran in it
};

// When `open` tasks of the target, which need not be among the jobs of the state, have started.
Rehearsed Rehearse(const Store& store, const Job& target, std::uint32_t open, TimePoint now,
                   const RehearsalLimits& limits);

}  // namespace bsub::sched
