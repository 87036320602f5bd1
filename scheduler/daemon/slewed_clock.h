// The core's clock: never goes back, never jumps, and follows the wall clock.
//
// It starts at the wall clock (or at the journal's last time, if that is later: a machine whose clock was set
// back) and runs with the steady clock. A difference to the wall clock is made up for by running a tenth
// faster or slower.
#pragma once

#include <mutex>
#include <string>

#include "common/time.h"

namespace bsub::daemon {

// The arithmetic, without a clock.
class Slew {
 public:
  Slew(TimePoint start, Duration steady) : now_(start), steady_(steady) {}
  // `wall` and `steady` are read together; `steady` never decreases.
  TimePoint At(TimePoint wall, Duration steady);

 private:
  TimePoint now_;
  Duration steady_;
};

TimePoint WallNow();
Duration SteadyNow();

class SlewedClock {
 public:
  explicit SlewedClock(TimePoint not_before);
  TimePoint Now();  // any thread
  // What the wall clock is ahead of it; negative: behind.
  Duration WallAhead() { return WallNow() - Now(); }

 private:
  std::mutex mutex_;
  Slew slew_;
};

// One line for people if the wall clock is far from the core's; empty: it is not.
std::string ExplainWallAhead(Duration ahead);

}  // namespace bsub::daemon
