// How long news that hurry nobody wait for others, so that a busy cluster tells many at a time.
//
// What comes after a quiet time is taken at once. When much runs, waiting a little costs nobody anything:
// another task is under way on each of the other processors. So the wait is in proportion to what runs.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "common/time.h"

namespace bsub {

template <typename SteadyClock>
class PaceOf {
 public:
  using Clock = SteadyClock;
  using Moment = typename Clock::time_point;

  PaceOf() = default;  // nothing waits
  // `longest` with `full_at` running tasks and more; half of it with half as many.
  PaceOf(Duration longest, std::uint32_t full_at) : longest_(longest), full_at_(std::max(full_at, 1u)) {}

  // When what came at `now` is to be taken, if `running` tasks run.
  Moment Due(Moment now, std::size_t running) const {
    const auto part = static_cast<std::int64_t>(std::min<std::size_t>(running, full_at_));
    return std::max(now, last_ + longest_ * part / full_at_);
  }
  // The same for what nobody waits for.
  Moment DueAtLeisure(Moment now) const { return now + longest_; }
  // All that had come was taken.
  void Taken(Moment now) { last_ = now; }

 private:
  Duration longest_{};
  std::uint32_t full_at_ = 1;
  Moment last_{};
};

}  // namespace bsub
