// One thread that calls functions at a later time, by the steady clock. What it calls must be short.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "common/time.h"

namespace bsub::rpc {

class Timers {
 public:
  using TimerId = std::uint64_t;

  Timers();
  // Calls nothing after it returned; what was still to come is dropped.
  ~Timers();
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  TimerId After(Duration delay, std::function<void()> call);
  // May lose the race against a call that is just being made.
  void Cancel(TimerId id);
  void Stop();

 private:
  using Clock = std::chrono::steady_clock;
  void Run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::pair<Clock::time_point, TimerId>, std::function<void()>> calls_;
  std::map<TimerId, Clock::time_point> due_;
  TimerId next_id_ = 1;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace bsub::rpc
