// Preemption between queues: a job that fits nowhere may have what runs of the queues that its own preempts
// (Queue::preempts) end early. The victims are told as if their node was drained: they save, or are stopped
// when their time is over, and go back to the front of their queue.
//
// Victims are those that lose least work: nothing is lost of those that save when they are told (of these,
// whoever has least work that is in no commit goes first), all since its start of others. Then those of the
// lowest priority, then the youngest. Nobody is preempted unless all that is missing comes free by it; what
// is leaving already counts as free.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "scheduler/core/reservations.h"
#include "scheduler/core/state.h"

namespace bsub::sched {

class Turn;

// What one scheduling cycle may still do, and what of the nodes it has in mind for whom.
struct PreemptionBudget {
  std::uint32_t victims = 0;
  std::uint32_t searches = 0;
  std::map<NodeId, Resources> claimed;
  bool found_futile = false;  // some search: the next cycle need not repeat it, and comes to others
};

// Work since the last commit that is known of, else since the start: in milliseconds of a CPU.
std::int64_t UnsavedWork(const Attempt& attempt, TimePoint now);

// Makes room for one task of a job that fits nowhere now, if its queue may. False: it cannot.
bool MakeRoom(Turn& turn, const Queue& queue, const Reservations& kept, const Job& job,
              const NodesRequest& request);

// The same for as many tasks of a class that fits nowhere as may start at once.
void MakeRoomForClass(Turn& turn, const Queue& queue, const Reservations& kept, const WaitingClass& waiting,
                      const NodesRequest& request);

// The attempts that are ended early for a job.
std::vector<AttemptRef> PreemptedFor(const Store& store, JobId job);

}  // namespace bsub::sched
