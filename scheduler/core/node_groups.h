// The nodes as a waiting task finds them: which have room now, and what is in the way on each of the others.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "scheduler/core/calendar.h"
#include "scheduler/core/explain.h"
#include "scheduler/core/store.h"

namespace bsub::sched {

struct NodeGroups {
  std::size_t fit_now = 0, fit_later = 0, too_small = 0, unavailable = 0, kept = 0, closes = 0;
  Closure closure;                       // of those that would have room now, the one that ends first
  std::string closing_node;              // and where
  std::vector<NodeCandidate> with_room;  // those that fit now
  std::string drained;                   // one that would do
  std::string kept_node;                 // one that would do but for a job that is before this one
  JobId kept_for;
  KeptResources kept_before;  // for all jobs that are before this one
  std::size_t able() const { return fit_now + fit_later + unavailable + kept + closes; }  // some day
};

// Of a task of `job` that asks for `request`. A line for each node is added to the reason's evidence.
NodeGroups GroupNodes(const Store& store, const Job& job, const NodesRequest& request, TimePoint now,
                      Reason& reason);

// The job for which a node is kept.
JobId WhomFor(const Reservation& reservation, const WaitingClass& holder);

}  // namespace bsub::sched
