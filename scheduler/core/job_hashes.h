// The part of the state's hash that the jobs make. A job that changes is only noted: while it waits, starts
// and ends in quick succession it is hashed once, or, if it is forgotten before anybody asks, not at all.
//
// At most kMostStale jobs are behind at a time, so that whoever asks never waits long for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "scheduler/core/state.h"

namespace bsub::sched {

class JobHashes {
 public:
  static constexpr std::size_t kMostStale = 4096;  // a few milliseconds of hashing

  // The job is new, or has changed.
  void Note(const State& state, const Job& job);
  // It comes from a snapshot, with its part of the hash but what an array's children make.
  void Know(const Job& job, std::uint64_t hash);
  // Before it goes away.
  void Drop(const Job& job);

  // Of all jobs as they are now, without the children of arrays.
  std::uint64_t Sum(const State& state);

 private:
  void Hash(const Job& job);
  void HashOldest(const State& state);

  std::uint64_t sum_ = 0;
  std::deque<JobId> stale_;  // each once; some may be gone
};

}  // namespace bsub::sched
