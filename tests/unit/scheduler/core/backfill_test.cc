// What may start while jobs that are before it wait for room.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scheduler/core/queue_policy.h"
#include "scheduler/core/served_order.h"
#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using sched::Backfill;
using sched::QueueOrder;
using std::chrono::hours;
using std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// One node of ten CPUs; a job of six runs for an hour, and the first that waits asks for eight: it will start
// in an hour, and two CPUs are left beside it then.
class WithBackfill : public ::testing::Test {
 protected:
  void Begin(Backfill backfill, QueueOrder order = QueueOrder::kPriority) {
    env.AddNodes(1, Cpus(10));
    ASSERT_TRUE(env.SetQueue({.name = "default", .order = order, .backfill = backfill}));
    const JobId runs = env.Submit(Job().Cpus(6).Walltime(hours(1)));
    env.Cycle();
    env.Start(runs);
    first = env.Submit(Job().Cpus(8).Walltime(hours(1)));
    env.TakeLaunched();
  }
  std::vector<JobId> CycleAndTake() {
    env.Cycle();
    return env.TakeLaunched();
  }

  Env env;
  JobId first;
};

TEST_F(WithBackfill, EasyStartsWhatIsOverInTimeOrNeedsOnlyWhatIsLeft) {
  Begin(Backfill::kEasy);
  const JobId in_time = env.Submit(Job().Cpus(1).Walltime(hours(1)));
  env.Submit(Job().Cpus(3).Walltime(hours(2)));  // it would have to be off the node
  const JobId beside = env.Submit(Job().Cpus(1).Walltime(hours(2)));
  const JobId beside_too = env.Submit(Job().Cpus(1).Walltime(hours(3)));
  env.Submit(Job().Cpus(1).Walltime(hours(4)));  // nothing is left beside the first any more
  EXPECT_THAT(CycleAndTake(), ElementsAre(in_time, beside, beside_too));
  EXPECT_THAT(CycleAndTake(), IsEmpty());
}

TEST_F(WithBackfill, WhatHasNoTimeLimitStartsOnlyBesideTheFirst) {
  Begin(Backfill::kEasy);
  env.Submit(Job().Cpus(3));
  const JobId beside = env.Submit(Job().Cpus(2));
  EXPECT_THAT(CycleAndTake(), ElementsAre(beside));
}

TEST_F(WithBackfill, TheFirstStartsWhenItWasToStart) {
  Begin(Backfill::kEasy);
  const JobId in_time = env.Submit(Job().Cpus(4).Walltime(hours(1)));
  ASSERT_THAT(CycleAndTake(), ElementsAre(in_time));
  env.Start(in_time);
  for (int i = 0; i < 20; ++i) env.Submit(Job().Cpus(1).Walltime(minutes(30)));
  env.Finish(JobId(1), Exit(0));
  env.Advance(minutes(40));  // 30 minutes are more than what is left
  const std::vector<JobId> launched = CycleAndTake();
  EXPECT_THAT(launched, ElementsAre(JobId(4), JobId(5))) << "beside the first only";
  env.Finish(in_time, Exit(0));
  EXPECT_THAT(CycleAndTake(), ElementsAre(first));
}

TEST_F(WithBackfill, SpareStartsOnlyWhatTheFirstWillNotNeed) {
  Begin(Backfill::kSpare);
  env.Submit(Job().Cpus(1).Walltime(minutes(1)));
  EXPECT_THAT(CycleAndTake(), IsEmpty());
}

TEST_F(WithBackfill, NoneLetsNothingPass) {
  Begin(Backfill::kNone);
  env.AddNodes(1, Cpus(2));  // of no use to the first
  env.Submit(Job().Cpus(1).Walltime(minutes(1)));
  EXPECT_THAT(CycleAndTake(), IsEmpty());
  env.Finish(JobId(1), Exit(0));
  EXPECT_THAT(CycleAndTake(), ElementsAre(first, JobId(3)));
}

TEST_F(WithBackfill, TheShortestIsTriedFirst) {
  Begin(Backfill::kShortest);
  env.Submit(Job().Cpus(3).Walltime(minutes(50)));
  const JobId shorter = env.Submit(Job().Cpus(2).Walltime(minutes(30)));
  const JobId shortest = env.Submit(Job().Cpus(2).Walltime(minutes(20)));
  EXPECT_THAT(CycleAndTake(), ElementsAre(shortest, shorter));
}

TEST_F(WithBackfill, AQueueThatComesToGoByTimeLimitsSortsWhatWaitsInIt) {
  Begin(Backfill::kSpare);
  env.Submit(Job().Cpus(2).Walltime(hours(9)));
  const JobId in_time = env.Submit(Job().Cpus(4).Walltime(minutes(9)));
  ASSERT_THAT(CycleAndTake(), IsEmpty());
  ASSERT_TRUE(env.SetQueue({.name = "default", .backfill = Backfill::kShortest}));
  EXPECT_THAT(CycleAndTake(), ElementsAre(in_time));
  ASSERT_TRUE(env.SetQueue({.name = "default"}));
  EXPECT_THAT(CycleAndTake(), IsEmpty());
}

// Three nodes of four CPUs. On two of them a job runs for one hour and for two; a gang wants three nodes
// whole.
class GangBackfill : public ::testing::Test {
 protected:
  GangBackfill() {
    env.AddNodes(3, Cpus(4));
    EXPECT_TRUE(env.SetQueue({.name = "default", .backfill = Backfill::kEasy}));
    for (int h = 1; h <= 2; ++h) {
      const JobId runs = env.Submit(Job().Cpus(4).Walltime(hours(h)));
      env.Cycle();
      env.Start(runs);
    }
    gang = env.Submit(Job().Nodes(3).Cpus(3).Walltime(hours(1)));
    env.TakeLaunched();
  }
  Env env;
  JobId gang;
};

TEST_F(GangBackfill, ItsNodesServeOthersUntilTheLastOfThemComesFree) {
  const JobId in_time = env.Submit(Job().Cpus(4).Walltime(hours(2)));
  env.Submit(Job().Cpus(2).Walltime(hours(3)));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(in_time));
}

TEST_F(GangBackfill, WhatItLeavesOfItsNodesIsForAnybody) {
  env.Submit(Job().Cpus(2).Walltime(hours(3)));
  const JobId beside = env.Submit(Job().Cpus(1).Walltime(hours(30)));
  env.Submit(Job().Cpus(1).Walltime(hours(30)));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(beside));
}

TEST_F(GangBackfill, WhySaysWithWhichTimeLimitItWouldStartNow) {
  const JobId too_long = env.Submit(Job().Cpus(4).Walltime(hours(5)));
  env.Cycle();
  ASSERT_THAT(env.TakeLaunched(), IsEmpty());
  const std::string text = env.Explain(too_long);
  EXPECT_THAT(text, HasSubstr("; if it asked for less: it would fit with -t 120m or less"));
  EXPECT_THAT(text, HasSubstr("n3: kept free for job " + std::to_string(gang.value()) +
                              ", which is expected to need it at 2026-01-01T02:00:00Z"));
  const JobId longer = env.Submit(Job().Cpus(4).Walltime(minutes(121)));
  const JobId as_advised = env.Submit(Job().Cpus(4).Walltime(minutes(120)));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(as_advised)) << env.Explain(longer);
}

TEST_F(GangBackfill, WhyAdvisesNoTimeLimitThatWouldNotDo) {
  const JobId two = env.Submit(Job().Nodes(2).Cpus(4).Walltime(hours(5)));
  env.Cycle();
  EXPECT_THAT(env.Explain(two), Not(HasSubstr("would fit with -t"))) << "two nodes are busy";
}

TEST_F(GangBackfill, ItStartsThoughSmallJobsComeAllTheTime) {
  std::vector<JobId> launched;
  for (int i = 0; i < 12 * 3; ++i) {
    env.Submit(Job().Cpus(4).Walltime(minutes(15)));
    env.Cycle();
    for (const JobId id : env.TakeLaunched()) {
      launched.push_back(id);
      if (id != gang) env.Start(id);
    }
    env.Advance(minutes(5));
    const std::vector<JobId> running = std::exchange(launched, {});
    for (const JobId id : running) {
      if (id == gang) return;
      launched.push_back(id);
    }
    // Each runs as long as it may.
    for (auto it = launched.begin(); it != launched.end();) {
      const sched::Task& task = env.TaskOf(*it);
      const bool over = task.attempt && env.now() - task.attempt->started_at >= minutes(15);
      if (over) env.Finish(*it, Exit(0));
      it = over ? launched.erase(it) : std::next(it);
    }
    for (std::uint64_t h = 1; h <= 2; ++h) {
      if (i == static_cast<int>(h) * 12 - 1) env.Finish(JobId(h), Exit(0));
    }
  }
  ADD_FAILURE() << "the gang did not start: " << env.Explain(gang);
}

std::vector<JobId> OrderOf(QueueOrder order) {
  Env env;
  env.AddNodes(1, Cpus(8));
  EXPECT_TRUE(env.SetQueue({.name = "default", .order = order, .backfill = Backfill::kNone}));
  env.Submit(Job().Cpus(4).Walltime(hours(4)));
  env.Advance(hours(2));
  env.Submit(Job().Cpus(2).Walltime(hours(2)));
  env.Advance(minutes(1));
  env.Submit(Job().Cpus(1).Walltime(hours(3)));
  env.Submit(Job().Cpus(1).Walltime(hours(2)));
  env.Submit(Job().Cpus(1));
  env.Cycle();
  return env.TakeLaunched();
}

TEST(QueueOrders, ServeBySubmissionLengthAreaOrAgeingPriority) {
  const auto ids = [](std::initializer_list<std::uint64_t> numbers) {
    std::vector<JobId> list;
    for (const std::uint64_t n : numbers) list.emplace_back(n);
    return list;
  };
  EXPECT_EQ(OrderOf(QueueOrder::kPriority), ids({1, 2, 3, 4}));  // the fifth no longer fits
  EXPECT_EQ(OrderOf(QueueOrder::kShortest), ids({4, 2, 3, 1}));
  EXPECT_EQ(OrderOf(QueueOrder::kSmallest), ids({4, 3, 2, 1}));
  EXPECT_EQ(OrderOf(QueueOrder::kWfp3), ids({1, 2, 3, 4}));
  EXPECT_EQ(OrderOf(QueueOrder::kBalanced), ids({2, 4, 3, 1}));
}

TEST(QueueOrders, NumbersKeepTheirOrderAsBits) {
  const std::vector<double> ascending = {-1e300, -2.0, -1.0, -1e-300, 0.0, 1e-300, 1.0, 2.0, 1e300};
  for (std::size_t i = 1; i < ascending.size(); ++i)
    EXPECT_LT(sched::OrderedBits(ascending[i - 1]), sched::OrderedBits(ascending[i])) << ascending[i];
  EXPECT_EQ(sched::OrderedBits(-0.0), sched::OrderedBits(0.0));
}

TEST(QueueOrders, AreReadByTheirNames) {
  EXPECT_EQ(*sched::ParseQueueOrder("wfp3"), QueueOrder::kWfp3);
  EXPECT_EQ(*sched::ParseBackfill("easy-shortest"), Backfill::kShortest);
  EXPECT_EQ(sched::ParseBackfill("eassy").error().message,
            "backfill 'eassy': expected one of spare, none, easy, easy-shortest, conservative; did you mean "
            "'easy'?");
}

}  // namespace
}  // namespace bsub::testing
