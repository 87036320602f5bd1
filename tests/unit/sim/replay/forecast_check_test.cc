// Forecasts held against what came, on work of users who each have their way of asking for too much time.
#include "sim/replay/forecast_check.h"

#include <gtest/gtest.h>

#include "sim/random.h"
#include "sim/replay/core_machine.h"

namespace bsub::sim {
namespace {

// Some nine tenths of what the machine can do, unevenly over time.
Workload HabitsWorkload(std::uint64_t seed, int jobs) {
  Random random(seed);
  Workload workload;
  workload.processors = 64;
  std::int64_t submit = 0;
  for (int i = 0; i < jobs; ++i) {
    const std::int64_t user = random.Between(1, 8);
    WorkloadJob job;
    job.user = user;
    job.submit = submit += random.Chance(300) ? random.Between(0, 60) : random.Between(60, 1600);
    job.processors = std::int64_t{1} << random.Between(0, 5);
    job.estimate = std::int64_t{600} << random.Between(0, 5);
    // Of some users' jobs a third fail at once; the others take some part of their limit that is their
    // user's.
    const bool fails = user % 2 == 0 && random.Chance(330);
    job.run = fails ? random.Between(1, 30) : job.estimate * random.Between(user * 8, user * 12 + 4) / 100;
    job.run = std::max<std::int64_t>(job.run, 1);
    workload.jobs.push_back(job);
  }
  return workload;
}

class Calibration : public ::testing::TestWithParam<const char*> {};

TEST_P(Calibration, NineOfTenStartByTheP90AndHalfByTheP50) {
  const Workload workload = HabitsWorkload(7, 2'000);
  ForecastCheck check(4);
  ReplayOptions options{.policy = FindReplayPolicy(GetParam()).value()};
  options.waits = [&](const CoreMachine& machine, std::size_t job) { check.Ask(machine, job); };
  const Starts starts = Replay(workload, options);
  const ForecastCheck::Result result = check.Judge(workload, starts);
  ASSERT_GT(result.asked, 100u) << "few jobs have to wait";
  EXPECT_EQ(result.answered, result.asked);
  const double answered = static_cast<double>(result.answered);
  const double by_p90 = static_cast<double>(result.by_p90) / answered;
  const double by_p50 = static_cast<double>(result.by_p50) / answered;
  EXPECT_GE(by_p90, 0.85);
  EXPECT_LE(by_p90, 0.95);
  EXPECT_GE(by_p50, 0.40);
  EXPECT_LE(by_p50, 0.65);
}

INSTANTIATE_TEST_SUITE_P(Policies, Calibration, ::testing::Values("easy", "default"),
                         [](const auto& named) { return std::string(named.param); });

TEST(ForecastCheck, DoesNotChangeWhatItWatches) {
  const Workload workload = HabitsWorkload(3, 300);
  ReplayOptions options{.policy = FindReplayPolicy("default").value()};
  const Starts alone = Replay(workload, options);
  ForecastCheck check(1);
  options.waits = [&](const CoreMachine& machine, std::size_t job) { check.Ask(machine, job); };
  EXPECT_EQ(Replay(workload, options), alone);
}

}  // namespace
}  // namespace bsub::sim
