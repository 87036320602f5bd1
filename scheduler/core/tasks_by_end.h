// The tasks of a node in the order in which they come to their ends. Kept, not made anew, since whoever looks
// when a node will have room wants the first few, in each scheduling cycle.
#pragma once

#include <algorithm>
#include <vector>

#include "common/time.h"
#include "jobs/resources.h"

namespace bsub::sched {

// A task on a node.
struct LiveTask {
  TimePoint began;
  TimePoint ends;  // at the latest; unset: it has no time limit
  Resources allocated;
  friend bool operator==(const LiveTask&, const LiveTask&) = default;
};

// When it is expected to end: at its limit, or now if that has passed. One without a limit is expected to run
// for as long again as it has, and for `shortest_guess` at least.
inline TimePoint ExpectedEnd(const LiveTask& task, TimePoint now, Duration shortest_guess) {
  if (task.ends.set()) return std::max(now, task.ends);
  return now + std::max(now - task.began, shortest_guess);
}

class TasksByEnd {
 public:
  void Add(const LiveTask& task);
  // An equal one must be there.
  void Remove(const LiveTask& task);

  // Ascending by `ends`.
  const std::vector<LiveTask>& limited() const { return limited_; }
  // Without a time limit: ascending by when they are expected to end, which is descending by `began`.
  const std::vector<LiveTask>& endless() const { return endless_; }

 private:
  std::vector<LiveTask> limited_, endless_;
};

}  // namespace bsub::sched
