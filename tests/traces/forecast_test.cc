// How often jobs of real logs start by the P90 that `when` gives when they are submitted and have to wait.
#include <gtest/gtest.h>

#include <iostream>

#include "sim/replay/core_machine.h"
#include "sim/replay/forecast_check.h"
#include "tests/traces/trace_files.h"

namespace bsub::testing {
namespace {

struct CalibratedLog {
  const char* trace;
  std::int64_t processors;
  std::size_t first;  // so many jobs
  std::size_t every;  // asks for each so many-th that waits
  const char* policy;
};

class RealCalibration : public ::testing::TestWithParam<CalibratedLog> {};

TEST_P(RealCalibration, StartsBeforeTheP90) {
  const auto folder = TracesFolder();
  if (!folder) GTEST_SKIP() << kNoTraces;
  const CalibratedLog& log = GetParam();
  const KnownSchedule known{
      .trace = log.trace, .policy = "easy", .passes = "batch", .processors = log.processors, .metrics = {}};
  const sim::Workload workload = sim::FirstJobs(ReadTrace(*folder, known), log.first);
  sim::ForecastCheck check(log.every);
  sim::ReplayOptions options{.policy = sim::FindReplayPolicy(log.policy).value()};
  options.waits = [&](const sim::CoreMachine& machine, std::size_t job) { check.Ask(machine, job); };
  const auto result = check.Judge(workload, sim::Replay(workload, options));
  const double by_p90 = static_cast<double>(result.by_p90) / static_cast<double>(result.answered);
  std::cout << log.trace << " " << log.policy << ": " << result.answered << " of " << result.asked
            << " answered, by the P50 "
            << 100.0 * static_cast<double>(result.by_p50) / static_cast<double>(result.answered)
            << " %, by the P90 " << 100 * by_p90 << " %\n";
  EXPECT_GT(result.asked, 80u);
  EXPECT_GE(result.answered * 100, result.asked * 95);
  EXPECT_GE(by_p90, 0.85);
  EXPECT_LE(by_p90, 0.95);
}

INSTANTIATE_TEST_SUITE_P(Logs, RealCalibration,
                         ::testing::Values(CalibratedLog{"kth-sp2", 100, 28'481, 60, "easy"},
                                           CalibratedLog{"kth-sp2", 100, 28'481, 60, "default"},
                                           CalibratedLog{"sdsc-blue", 1152, 20'000, 80, "easy"},
                                           CalibratedLog{"sdsc-blue", 1152, 20'000, 60, "default"}));

}  // namespace
}  // namespace bsub::testing
