#include "scheduler/core/explain_calendar.h"

#include "scheduler/core/served_order.h"

namespace bsub::sched {

const Closure* WhatCloses(const Store& store, const NodesRequest& request, Duration walltime, TimePoint now) {
  const Calendar& calendar = store.calendar();
  if (calendar.empty()) return nullptr;
  const TimePoint ends = LatestEnd(now, walltime);
  const Closure* first = nullptr;
  std::size_t open = 0, closed = 0;
  for (const auto& [node, use] : store.capacity().nodes()) {
    if (!use.usable || !store.capacity().FitsNow(request, use)) continue;
    const Closure* closure = calendar.InTheWay(node, now, ends, request.reservation);
    ++(closure ? closed : open);
    if (closure && (!first || closure->to < first->to)) first = closure;
  }
  return open < request.nodes && open + closed >= request.nodes ? first : nullptr;
}

}  // namespace bsub::sched
