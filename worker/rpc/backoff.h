// How long to wait before trying again: doubling, with jitter so that a thousand agents do not come back as
// one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

#include "common/time.h"

namespace bsub::worker {

class Backoff {
 public:
  Backoff(Duration first, Duration longest, std::uint64_t seed)
      : first_(first), longest_(longest), next_(first), random_(seed) {}

  // Between half and all of the present step, which then doubles up to the longest.
  Duration Next() {
    const std::int64_t step = next_.count();
    next_ = std::min(longest_, next_ * 2);
    return Duration(step / 2 +
                    static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(step - step / 2 + 1)));
  }
  void Reset() { next_ = first_; }

 private:
  Duration first_;
  Duration longest_;
  Duration next_;
  std::mt19937_64 random_;
};

}  // namespace bsub::worker
