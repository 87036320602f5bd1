// Waits for what another process does.
#pragma once

#include <poll.h>

#include <chrono>
#include <functional>

namespace bsub::spawner {

// False: it did not come true in a minute.
inline bool Eventually(const std::function<bool()>& condition) {
  constexpr int kPollMs = 1;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    poll(nullptr, 0, kPollMs);
  }
  return true;
}

}  // namespace bsub::spawner
