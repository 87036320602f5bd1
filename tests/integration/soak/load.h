// Submits units, paced or as fast as they end, and follows each to its end.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "tests/integration/soak/caller.h"
#include "tests/integration/soak/onlookers.h"
#include "tests/integration/soak/open_units.h"
#include "tests/integration/soak/watcher.h"

namespace bsub::soak {

class Load {
 public:
  explicit Load(const Options& options);
  // Until count or time is over and all has ended.
  void Run();

 private:
  void Send();
  bool WaitForTurn(std::uint64_t number);
  void Submit(Stub& stub, Unit unit);
  bool SubmitJob(Stub& stub, Unit& unit, std::size_t which);
  void Cancel(Stub& stub, const UnitJob& job);
  void WatchUntil(const std::function<bool()>& done);
  void Report();
  double seconds() const { return watch_.ms() / 1000; }
  std::int64_t issued() const;

  const Options& options_;
  OpenUnits units_;
  Watcher watcher_;
  Onlookers onlookers_;
  Latencies submits_;
  const Stopwatch watch_;
  double next_report_ = 0;
  const std::atomic<bool> never_{false};
  std::atomic<std::uint64_t> next_{0};
  std::atomic<std::int64_t> jobs_{0};
  std::atomic<std::int64_t> repeats_{0};
  std::atomic<int> sending_{0};
};

}  // namespace bsub::soak
