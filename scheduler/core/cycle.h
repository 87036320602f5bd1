// What keeps a class of waiting tasks from starting, apart from capacity: shared by the cycle and by explain.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/core/queue_limits.h"
#include "scheduler/core/store.h"

namespace bsub::sched {

// Whether the job would take of what is reserved for shares that are not active (Store::ActiveShares).
bool LeavesTooLittle(const Store& store, const Queue& queue, const Job& job, TimePoint now);

// Whether the job is of an advance reservation that has not begun or is over.
bool AwaitsReservation(const Store& store, const JobSettings& settings, TimePoint now);

// Whether a class of `queue` is served after the one a node is kept for, and so must leave that node alone.
// False if nothing is kept any more: the holder has gone, or it fits somewhere now.
bool MustYield(const Store& store, const Queue& queue, const WaitingClass& waiting,
               const Reservation& reservation, TimePoint now);

// Queues in the order they are served: higher priority first, then by name.
std::vector<const Queue*> QueuesInOrder(const State& state);

}  // namespace bsub::sched
