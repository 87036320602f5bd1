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

// When to look for what nothing tells of, in a loop that waits for other things: also while they come often.
class Rounds {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Rounds(std::chrono::milliseconds every, Clock::time_point now = Clock::now())
      : every_(every), next_(now + every) {}

  // Until the next look, for poll(2); 0: it is due.
  int Wait(Clock::time_point now = Clock::now()) const;
  // Whether to look now; the next look is as long after this one.
  bool IsDue(Clock::time_point now = Clock::now());

 private:
  std::chrono::milliseconds every_;
  Clock::time_point next_;
};

// Until `fd` is ready for one of `events` of poll(2), or has failed. False: the patience is over.
bool WaitFor(int fd, short events, const Patience& patience);

}  // namespace bsub::step
