// Where a waiting class stands in its queue.
#pragma once

#include <array>
#include <compare>
#include <cstdint>

#include "common/time.h"
#include "scheduler/core/queue.h"
#include "scheduler/core/waiting.h"

namespace bsub::sched {

class Store;

// The less is served first.
struct ServedKey {
  bool in_time = true;                // false: it has waited too long (Queue::overdue_after)
  std::int64_t negated_priority = 0;  // 0 where the queue goes by something else first
  bool normal = true;                 // false: retried
  std::array<std::int64_t, 2> by_order{};
  JobId job;
  friend auto operator<=>(const ServedKey&, const ServedKey&) = default;
};

ServedKey ServedKeyOf(const Store& store, const Queue& queue, const Job& job, const WaitingMember& member,
                      TimePoint now);
bool IsOverdue(const Queue& queue, TimePoint since, TimePoint now);
// The member of a class that is served next: of those that are overdue the longest wait, else the first.
WaitingMember NextOf(const Queue& queue, const WaitingClass& waiting, TimePoint now);
// Of that one.
ServedKey ServedKeyOf(const Store& store, const Queue& queue, const WaitingClass& waiting, TimePoint now);

// 2^(-use / entitled): 1 of a share that has used nothing, 1/2 of one that has used what it is entitled to.
// Both are fractions of all that was used. As Slurm's classic fair share.
double FairShareFactor(double use, double entitled);

// A time limit as it is compared: none is the longest.
std::int64_t ComparedWalltime(Duration walltime);
// When a task that starts now is over at the latest; none is never.
TimePoint LatestEnd(TimePoint now, Duration walltime);

// Orders finite numbers as integers, exactly. Not a number: it must not happen.
std::int64_t OrderedBits(double value);

}  // namespace bsub::sched
