// The core reproduces published schedules of real logs, start for start.
#include <gtest/gtest.h>

#include "sim/replay/metrics.h"
#include "sim/replay/read_log.h"
#include "tests/traces/trace_files.h"

namespace bsub::testing {
namespace {

sim::ReplayOptions OptionsFor(const KnownSchedule& schedule) {
  return {.policy = sim::FindReplayPolicy(schedule.policy).value(),
          .passes = schedule.passes == "event" ? sim::Passes::kEvent : sim::Passes::kBatch,
          .progress = {}};
}

// To the digits that metrics.csv has.
void ExpectMetrics(const std::map<std::string, double>& known, const sim::Metrics& m) {
  const std::map<std::string, double> ours = {
      {"avg_wait", m.average_wait},
      {"max_wait", static_cast<double>(m.longest_wait)},
      {"median_wait", static_cast<double>(m.median_wait)},
      {"p95_wait", static_cast<double>(m.p95_wait)},
      {"avg_bsld", m.average_bounded_slowdown},
      {"max_bsld", m.largest_bounded_slowdown},
      {"avg_flow", m.average_flow},
      {"max_flow", static_cast<double>(m.longest_flow)},
      {"makespan", static_cast<double>(m.makespan)},
      {"util", m.utilisation},
      {"started_at_submit", static_cast<double>(m.started_at_submit)}};
  for (const auto& [name, value] : ours) EXPECT_NEAR(value, known.at(name), 1e-6) << name;
}

class KnownScheduleTest : public ::testing::TestWithParam<KnownSchedule> {};

TEST_P(KnownScheduleTest, EveryStartIsTheSame) {
  const KnownSchedule& schedule = GetParam();
  if (!sim::FindReplayPolicy(schedule.policy)) GTEST_SKIP() << schedule.policy << " is not there yet";
  const std::string folder = TracesFolder().value();
  const sim::Workload workload = ReadTrace(folder, schedule);
  const sim::Starts starts = sim::Replay(workload, OptionsFor(schedule));
  ExpectMetrics(schedule.metrics, sim::Measure(workload, starts));
  const std::optional<sim::Starts> known = KnownStarts(folder, schedule);
  if (!known) return;
  ASSERT_EQ(starts.size(), known->size());
  std::size_t different = 0;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    if (starts[i] == (*known)[i] || ++different > 3) continue;
    ADD_FAILURE() << "job " << i + 1 << " starts at " << starts[i] << ", not at " << (*known)[i];
  }
  EXPECT_EQ(different, 0u);
}

std::vector<KnownSchedule> AllSchedules() {
  const auto folder = TracesFolder();
  return folder ? KnownSchedules(*folder) : std::vector<KnownSchedule>();
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(KnownScheduleTest);
INSTANTIATE_TEST_SUITE_P(Traces, KnownScheduleTest, ::testing::ValuesIn(AllSchedules()),
                         [](const auto& named) {
                           std::string name = named.param.Name();
                           for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
                           return name;
                         });

TEST(Traces, AreThere) {
  const auto folder = TracesFolder();
  if (!folder) GTEST_SKIP() << kNoTraces;
  EXPECT_GE(AllSchedules().size(), 30u);
}

// The rules by which logs are read turn the archive's file into the one that schedules were computed for.
TEST(Traces, TheRawLogOfKthGivesTheSameJobs) {
  const auto folder = TracesFolder();
  if (!folder) GTEST_SKIP() << kNoTraces;
  const auto read = [&](const std::string& name) {
    return sim::Normalise(sim::ParseSwf(sim::ReadLog(*folder + "/" + name).value())).value();
  };
  const sim::Workload raw = read("KTH-SP2-1996-2.raw.swf.gz"), normalised = read("kth-sp2.swf.gz");
  ASSERT_EQ(raw.jobs.size(), normalised.jobs.size());
  for (std::size_t i = 0; i < raw.jobs.size(); ++i) {
    const sim::WorkloadJob &a = raw.jobs[i], &b = normalised.jobs[i];
    ASSERT_EQ(std::tie(a.submit, a.run, a.estimate, a.processors, a.user),
              std::tie(b.submit, b.run, b.estimate, b.processors, b.user))
        << "job " << i + 1;
  }
}

}  // namespace
}  // namespace bsub::testing
