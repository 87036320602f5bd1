// Which jobs wait for which: found again from the jobs' expressions, never saved.
#pragma once

#include <cstdint>
#include <map>
#include <set>

#include "common/ids.h"
#include "scheduler/core/state.h"

namespace bsub::sched {

class DependencyIndex {
 public:
  // Of one target.
  struct Waiters {
    std::set<JobId> whole;       // look at the job as a whole
    std::set<JobId> index_wise;  // child i looks at child i
    // Look at the child of this index. Not by ordinal: a waiter must be found here when its target is gone.
    std::map<std::uint32_t, std::set<JobId>> child;
    bool empty() const { return whole.empty() && index_wise.empty() && child.empty(); }
  };

  void Add(const State& state, const Job& waiter);
  void Remove(const State& state, const Job& waiter);
  const Waiters* Of(JobId target) const;

 private:
  std::map<JobId, Waiters> targets_;
};

bool IsSequential(const Job& job);

}  // namespace bsub::sched
