#include "scheduler/core/job_hashes.h"

#include "scheduler/core/state_hash.h"

namespace bsub::sched {

void JobHashes::Note(const State& state, const Job& job) {
  if (job.hash_is_stale) return;
  job.hash_is_stale = true;
  stale_.push_back(job.id);
  if (stale_.size() > kMostStale) HashOldest(state);
}

void JobHashes::Know(const Job& job, std::uint64_t hash) {
  job.hash = hash;
  job.hash_is_stale = false;
  sum_ += hash;
}

void JobHashes::Drop(const Job& job) { sum_ -= job.hash; }

std::uint64_t JobHashes::Sum(const State& state) {
  while (!stale_.empty()) HashOldest(state);
  return sum_;
}

void JobHashes::HashOldest(const State& state) {
  const Job* job = state.FindJob(stale_.front());
  stale_.pop_front();
  if (job) Hash(*job);
}

void JobHashes::Hash(const Job& job) {
  const std::uint64_t now = HashOfSpec(job) + HashOfProgress(job);
  sum_ += now - job.hash;
  job.hash = now;
  job.hash_is_stale = false;
}

}  // namespace bsub::sched
