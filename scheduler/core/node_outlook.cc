#include "scheduler/core/node_outlook.h"

#include <algorithm>

namespace bsub::sched {

TimePoint ExpectedEnd(const LiveTask& task, TimePoint now, Duration shortest_guess) {
  if (task.ends.set()) return std::max(now, task.ends);
  return now + std::max(now - task.began, shortest_guess);
}

NodeOutlook::NodeOutlook(const Resources& free, const std::vector<LiveTask>& tasks, TimePoint now,
                         Duration shortest_guess)
    : now_(now), free_(free) {
  ends_.reserve(tasks.size());
  for (const LiveTask& task : tasks)
    ends_.emplace_back(ExpectedEnd(task, now, shortest_guess), task.allocated);
  std::stable_sort(ends_.begin(), ends_.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
}

TimePoint NodeOutlook::FitsAt(const Resources& request) const {
  Resources free = free_;
  TimePoint fits = now_;
  for (const auto& [end, allocated] : ends_) {
    if (request.Fits(free)) break;
    free += allocated;
    fits = end;
  }
  return fits;
}

Resources NodeOutlook::FreeAt(TimePoint t) const {
  Resources free = free_;
  for (const auto& [end, allocated] : ends_) {
    if (end > t) break;
    free += allocated;
  }
  return free;
}

}  // namespace bsub::sched
