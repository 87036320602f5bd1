// How often nodes of one kind are taken away, measured: node-time that was seen, and interruptions in it.
// Until there is much of it the setting counts, as one interruption in that much node-time (the mean of a
// Poisson process's posterior with a Gamma prior of shape 1).
//
// Scratch: a scheduler that starts begins anew with the setting.
#pragma once

#include <cstdint>

#include "common/time.h"

namespace bsub::sched {

class InterruptionRate {
 public:
  // Nodes that can be taken away are there from then on, or no more. `at` never goes back.
  void Joined(TimePoint at) {
    CountUntil(at);
    ++nodes_;
  }
  void Left(TimePoint at) {
    CountUntil(at);
    --nodes_;
  }
  // A notice, or a node that was lost without one. A drain is none.
  void Interrupted() { ++interruptions_; }

  // Expected time until one node is taken away.
  Duration Mean(TimePoint at, Duration prior) const {
    const Duration seen = seen_ + (at - since_) * nodes_;
    return (prior + seen) / (1 + interruptions_);
  }

 private:
  void CountUntil(TimePoint at) {
    seen_ += (at - since_) * nodes_;
    since_ = at;
  }

  TimePoint since_;
  Duration seen_{};  // of all nodes together
  std::int64_t nodes_ = 0;
  std::int64_t interruptions_ = 0;
};

}  // namespace bsub::sched
