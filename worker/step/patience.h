// How long something is waited for, and what ends the wait at once.
#pragma once

#include <chrono>

namespace bsub::step {

struct Patience {
  std::chrono::steady_clock::time_point until;
  int stop = -1;  // a descriptor that can be read once the wait is for nothing; -1: there is none

  static Patience For(std::chrono::milliseconds time, int stop = -1);
  // No longer than this one, and no longer than `time` from now.
  Patience AtMost(std::chrono::milliseconds time) const;

  std::chrono::milliseconds left() const;  // rounded up; 0: it is over
  bool stopped() const;
};

// Until `fd` is ready for one of `events` of poll(2), or has failed. False: the patience is over.
bool WaitFor(int fd, short events, const Patience& patience);

}  // namespace bsub::step
