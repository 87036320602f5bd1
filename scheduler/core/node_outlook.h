// What a node is expected to have free, and when: as its tasks come to their ends, one after another.
#pragma once

#include <utility>
#include <vector>

#include "common/time.h"
#include "jobs/resources.h"

namespace bsub::sched {

// A task on a node.
struct LiveTask {
  TimePoint began;
  TimePoint ends;  // at the latest; unset: it has no time limit
  Resources allocated;
};

// When it is expected to end: at its limit, or now if that has passed. One without a limit is expected to run
// for as long again as it has, and for `shortest_guess` at least.
TimePoint ExpectedEnd(const LiveTask& task, TimePoint now, Duration shortest_guess);

class NodeOutlook {
 public:
  // `free` at `now`, beside `tasks`.
  NodeOutlook(const Resources& free, const std::vector<LiveTask>& tasks, TimePoint now,
              Duration shortest_guess);

  // From when on the request has room. All tasks over: then, even if that should not do.
  TimePoint FitsAt(const Resources& request) const;
  // What is free at `t`, with what ends at `t` gone.
  Resources FreeAt(TimePoint t) const;

 private:
  TimePoint now_;
  Resources free_;
  std::vector<std::pair<TimePoint, Resources>> ends_;  // ascending
};

}  // namespace bsub::sched
