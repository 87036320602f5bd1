// What a node is expected to have free, and when: as its tasks come to their ends, one after another.
#pragma once

#include "common/time.h"
#include "jobs/resources.h"
#include "scheduler/core/tasks_by_end.h"

namespace bsub::sched {

class NodeOutlook {
 public:
  // `free` at `now`, beside `tasks`, which stay where they are.
  NodeOutlook(const Resources& free, const TasksByEnd& tasks, TimePoint now, Duration shortest_guess)
      : tasks_(tasks), now_(now), shortest_guess_(shortest_guess), free_(free) {}

  // From when on the request has room. All tasks over: then, even if that should not do.
  TimePoint FitsAt(const Resources& request) const;
  // What is free at `t`, with what ends at `t` gone.
  Resources FreeAt(TimePoint t) const;

 private:
  // look(end, allocated) for one task after another in the order of their ends, until it returns false.
  template <typename Look>
  void Walk(Look look) const;

  const TasksByEnd& tasks_;
  const TimePoint now_;
  const Duration shortest_guess_;
  const Resources free_;
};

}  // namespace bsub::sched
