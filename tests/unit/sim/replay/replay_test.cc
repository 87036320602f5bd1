// Schedules of small workloads, by hand and against plain loops.
#include "sim/replay/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/random.h"
#include "tests/unit/sim/replay/plain_backfill.h"

namespace bsub::sim {
namespace {

using ::testing::ElementsAre;

ReplayPolicy Policy(std::string_view name) { return FindReplayPolicy(name).value(); }

ReplayOptions Batch(std::string_view policy) { return {.policy = Policy(policy), .passes = Passes::kBatch}; }

// Ten processors. The second job waits for all of them; the third is short, the fourth long.
const Workload kFour{.processors = 10,
                     .jobs = {{.submit = 0, .run = 90, .estimate = 100, .processors = 6},
                              {.submit = 1, .run = 10, .estimate = 10, .processors = 10},
                              {.submit = 2, .run = 50, .estimate = 98, .processors = 4},
                              {.submit = 3, .run = 99, .estimate = 99, .processors = 4}}};

TEST(Replay, FirstComeFirstServedLetsNothingPass) {
  EXPECT_THAT(Replay(kFour, Batch("fcfs")), ElementsAre(0, 90, 100, 100));
}

TEST(Replay, EasyStartsWhatIsOverBeforeTheFirstOfTheQueueMayStart) {
  EXPECT_THAT(Replay(kFour, Batch("easy")), ElementsAre(0, 90, 2, 100));
}

TEST(Replay, PerfectKnowledgeFindsMoreRoomOrLess) {
  EXPECT_THAT(Replay(kFour, Batch("easy-perfect")), ElementsAre(0, 90, 2, 100));
}

// Uniform numbers of a small range: many events at one instant, many equal limits.
Workload RandomWorkload(std::uint64_t seed) {
  Random random(seed);
  Workload workload;
  workload.processors = 8;
  std::int64_t submit = 0;
  const auto jobs = random.Between(5, 60);
  for (int i = 0; i < static_cast<int>(jobs); ++i) {
    if (i > 0) submit += random.Between(0, 4);
    WorkloadJob job;
    job.submit = submit;
    job.run = random.Between(1, 12);
    job.estimate = random.Chance(400) ? job.run : job.run + random.Between(0, 12);
    job.processors = random.Between(1, 8);
    job.user = random.Between(1, 3);
    workload.jobs.push_back(job);
  }
  return workload;
}

class AgainstPlainLoops : public ::testing::TestWithParam<const char*> {};

TEST_P(AgainstPlainLoops, EveryStartIsTheSame) {
  for (const Passes passes : {Passes::kBatch, Passes::kEvent}) {
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
      const Workload workload = RandomWorkload(seed);
      const ReplayOptions options{.policy = Policy(GetParam()), .passes = passes};
      ASSERT_EQ(Replay(workload, options), bsub::testing::PlainReplay(workload, options))
          << "seed " << seed << (passes == Passes::kEvent ? ", a pass after every event" : "");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Policies, AgainstPlainLoops,
                         ::testing::Values("fcfs", "easy", "sjbf", "easy-perfect", "sjbf-perfect", "sjfeasy",
                                           "safeasy", "wfpeasy"),
                         [](const auto& named) {
                           std::string name = named.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST(Replay, APolicyIsFoundByItsNameOrTheNearestIsNamed) {
  EXPECT_THAT(FindReplayPolicy("eassy").error().message, ::testing::HasSubstr("did you mean 'easy'?"));
}

}  // namespace
}  // namespace bsub::sim
