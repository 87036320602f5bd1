// How good forecasts are: during a replay `when` is asked for jobs that have to wait, and its answers are
// held against when they started.
#pragma once

#include <cstddef>
#include <vector>

#include "sim/replay/replay.h"

namespace bsub::sim {

class ForecastCheck {
 public:
  // Asks for every n-th job that waits.
  explicit ForecastCheck(std::size_t every) : every_(every) {}

  // For ReplayOptions::waits.
  void Ask(const CoreMachine& machine, std::size_t job);

  struct Result {
    std::size_t asked = 0;
    std::size_t answered = 0;  // by P50 and P90
    std::size_t by_p50 = 0;    // of these, that started by then
    std::size_t by_p90 = 0;
    // (P90 - submit) / wait over these: how much the promise asks people to wait beyond what they do. Median.
    double p90_to_wait = 0;
  };
  Result Judge(const Workload& workload, const Starts& starts) const;

 private:
  struct Answer {
    std::size_t job = 0;
    std::int64_t p50 = 0, p90 = 0;  // seconds of the workload's time
  };
  const std::size_t every_;
  std::size_t waited_ = 0;
  std::size_t asked_ = 0;
  std::vector<Answer> answers_;
};

}  // namespace bsub::sim
