// Where a waiting class stands in its queue.
#pragma once

#include <array>
#include <compare>
#include <cstdint>

#include "common/time.h"
#include "scheduler/core/queue_policy.h"
#include "scheduler/core/waiting.h"

namespace bsub::sched {

// The less is served first.
struct ServedKey {
  std::int64_t negated_priority = 0;
  bool normal = true;  // false: retried
  std::array<std::int64_t, 2> by_order{};
  JobId job;
  friend auto operator<=>(const ServedKey&, const ServedKey&) = default;
};

ServedKey ServedKeyOf(const Job& job, const WaitingMember& member, QueueOrder order, TimePoint now);
// Of the first member of a class.
ServedKey ServedKeyOf(const State& state, QueueOrder order, const WaitingClass& waiting, TimePoint now);

// A time limit as it is compared: none is the longest.
std::int64_t ComparedWalltime(Duration walltime);
// When a task that starts now is over at the latest; none is never.
TimePoint LatestEnd(TimePoint now, Duration walltime);

// Orders finite numbers as integers, exactly. Not a number: it must not happen.
std::int64_t OrderedBits(double value);

}  // namespace bsub::sched
