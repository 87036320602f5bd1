#include "worker/step/patience.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

namespace bsub::step {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

Patience Patience::For(milliseconds time, int stop) { return {steady_clock::now() + time, stop}; }

Patience Patience::AtMost(milliseconds time) const {
  return {std::min(until, steady_clock::now() + time), stop};
}

milliseconds Patience::left() const {
  return std::max(std::chrono::ceil<milliseconds>(until - steady_clock::now()), milliseconds(0));
}

bool Patience::stopped() const {
  pollfd polled{stop, POLLIN, 0};
  return poll(&polled, 1, 0) > 0;
}

int Rounds::Wait(Clock::time_point now) const {
  return static_cast<int>(std::max(std::chrono::ceil<milliseconds>(next_ - now), milliseconds(0)).count());
}

bool Rounds::IsDue(Clock::time_point now) {
  if (now < next_) return false;
  next_ = now + every_;
  return true;
}

bool WaitFor(int fd, short events, const Patience& patience) {
  for (;;) {
    std::array<pollfd, 2> polled = {{{fd, events, 0}, {patience.stop, POLLIN, 0}}};
    const auto left = std::min<milliseconds::rep>(patience.left().count(), std::numeric_limits<int>::max());
    const int ready = poll(polled.data(), polled.size(), static_cast<int>(left));
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0 || polled[1].revents != 0) return false;
    if (polled[0].revents != 0) return true;
    if (patience.left() == milliseconds(0)) return false;
  }
}

}  // namespace bsub::step
