// How many jobs are served before one that waits.
#pragma once

#include <cstdint>

#include "scheduler/core/store.h"

namespace bsub::sched {

// Of what is served before a job nobody needs to know more than this, and the core's thread is waiting.
struct Ahead {
  static constexpr std::int64_t kMostCounted = 1'000;
  static constexpr int kMostClasses = 10'000;
  std::int64_t jobs = 0;
  int classes = 0;  // looked at
  bool many() const { return jobs > kMostCounted; }
  bool tired() const { return classes > kMostClasses; }
  bool enough() const { return many() || tired(); }
};

// In its own queue and in those that are served before that.
Ahead CountAhead(const Store& store, const Job& job, TimePoint now);

}  // namespace bsub::sched
