// When a daemon that ended is started again: at once, then after growing pauses, until it has run for a
// while.
#pragma once

#include <algorithm>

#include "common/time.h"

namespace bsub::cli {

struct BackoffSettings {
  Duration first = std::chrono::milliseconds(100);  // before the second restart in a row
  Duration last = std::chrono::seconds(5);
  Duration stable = std::chrono::seconds(10);  // a run this long makes the next restart immediate again
};

class Backoff {
 public:
  explicit Backoff(BackoffSettings settings = {}) : settings_(settings) {}

  // How long to wait before starting again a daemon that ran for `ran`.
  Duration AfterEnd(Duration ran) {
    if (ran >= settings_.stable) restarts_ = 0;
    Duration pause{};
    if (restarts_ > 0)
      pause = std::min<Duration>(settings_.first * (1 << std::min(restarts_ - 1, kMostDoublings)),
                                 settings_.last);
    ++restarts_;
    return pause;
  }
  int restarts() const { return restarts_; }  // in a row

 private:
  static constexpr int kMostDoublings = 20;

  BackoffSettings settings_;
  int restarts_ = 0;
};

}  // namespace bsub::cli
