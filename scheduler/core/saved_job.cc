#include "scheduler/core/saved_job.h"

#include <utility>

#include "scheduler/core/state_hash.h"

namespace bsub::sched {

SavedJob::SavedJob(Job saved) : job(std::move(saved)), terms(HashOfSpec(job) + HashOfProgress(job)) {
  if (!job.array) return;
  ArrayState& a = *job.array;
  a.succeeded_count = a.succeeded.Count();
  a.failed_count = a.failed.Count();
  a.started_count = a.started.Count();
  for (const auto& [ordinal, row] : a.rows) {
    a.starting_count += row.state == JobState::kStarting;
    a.running_count += row.state == JobState::kRunning;
  }
  a.child_terms = HashOfChildren(job);
  terms += a.child_terms;
}

}  // namespace bsub::sched
