// Conservative backfill: each job that waits is promised a start, and nobody who comes later puts it off.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scheduler/core/queue_policy.h"
#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using sched::Backfill;
using std::chrono::hours;
using std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Conservative : public ::testing::Test {
 protected:
  void Begin(int nodes, std::int64_t cpus) {
    env.AddNodes(nodes, Cpus(cpus));
    ASSERT_TRUE(env.SetQueue({.name = "default", .backfill = Backfill::kConservative}));
  }
  JobId Run(const Job& job) {
    const JobId id = env.Submit(job);
    env.Cycle();
    EXPECT_THAT(env.TakeLaunched(), ElementsAre(id));
    env.Start(id);
    return id;
  }
  std::vector<JobId> CycleAndTake() {
    env.Cycle();
    return env.TakeLaunched();
  }
  Env env;
};

TEST_F(Conservative, NobodyPutsOffTheSecondEither) {
  Begin(1, 10);
  Run(Job().Cpus(6).Walltime(hours(1)));
  env.Submit(Job().Cpus(10).Walltime(hours(1)));  // in one hour
  env.Submit(Job().Cpus(8).Walltime(hours(1)));   // in two
  env.Submit(Job().Cpus(4).Walltime(minutes(61)));
  const JobId in_time = env.Submit(Job().Cpus(4).Walltime(hours(1)));
  EXPECT_THAT(CycleAndTake(), ElementsAre(in_time));
}

TEST_F(Conservative, WhatEndsEarlyMovesAllForward) {
  Begin(1, 4);
  const JobId runs = Run(Job().Cpus(4).Walltime(hours(4)));
  const JobId wide = env.Submit(Job().Cpus(4).Walltime(hours(1)));
  const JobId narrow = env.Submit(Job().Cpus(2).Walltime(hours(1)));
  EXPECT_THAT(CycleAndTake(), IsEmpty());
  env.Advance(hours(1));
  env.Finish(runs, Exit(0));
  EXPECT_THAT(CycleAndTake(), ElementsAre(wide));
  env.Start(wide);
  env.Finish(wide, Exit(0));
  EXPECT_THAT(CycleAndTake(), ElementsAre(narrow));
}

TEST_F(Conservative, AsksToBeWokenWhenAPromisedStartHasCome) {
  Begin(1, 4);
  const JobId runs = Run(Job().Cpus(4).Walltime(hours(2)));
  const JobId first = env.Submit(Job().Cpus(3).Walltime(hours(2)));
  const JobId second = env.Submit(Job().Cpus(2).Walltime(hours(1)));
  EXPECT_THAT(CycleAndTake(), IsEmpty());
  EXPECT_EQ(env.wake_at(), env.now() + hours(2));
  env.Advance(hours(1));
  env.Finish(runs, Exit(0));
  EXPECT_THAT(CycleAndTake(), ElementsAre(first));
  env.Start(first);
  EXPECT_EQ(env.wake_at(), env.now() + hours(2)) << "the second";
  env.Finish(first, Exit(0));
  EXPECT_THAT(CycleAndTake(), ElementsAre(second));
}

TEST_F(Conservative, GangsArePromisedNodesThatServeOthersUntilThen) {
  Begin(3, 4);
  const JobId one = Run(Job().Cpus(4).Walltime(hours(1)));
  const JobId two = Run(Job().Cpus(4).Walltime(hours(2)));
  const JobId gang = env.Submit(Job().Nodes(3).Cpus(4).Walltime(hours(1)));
  const JobId in_time = env.Submit(Job().Cpus(4).Walltime(hours(2)));
  env.Submit(Job().Cpus(1).Walltime(hours(3)));
  EXPECT_THAT(CycleAndTake(), ElementsAre(in_time));
  env.Start(in_time);
  env.Advance(hours(1));
  env.Finish(one, Exit(0));
  env.Submit(Job().Cpus(4).Walltime(hours(2)));  // only the last hour of these is the gang's
  EXPECT_THAT(CycleAndTake(), IsEmpty());
  env.Advance(hours(1));
  env.Finish(two, Exit(0));
  env.Finish(in_time, Exit(0));
  EXPECT_THAT(CycleAndTake(), ElementsAre(gang, gang, gang)) << "a launch for each node";
}

// It is promised more nodes than it needs; later jobs that move forward must not move into them.
TEST_F(Conservative, AnElasticGangKeepsItsPromiseWhenOthersMoveForward) {
  Begin(4, 4);
  std::vector<JobId> running;
  for (int i = 0; i < 4; ++i) running.push_back(Run(Job().Cpus(3).Walltime(hours(2))));
  const JobId ends_early = Run(Job().Cpus(1).Walltime(hours(2)));
  const JobId gang = env.Submit(Job().Nodes(4).AtLeast(3).Cpus(4).Walltime(hours(1)));
  env.Submit(Job().Cpus(4).Walltime(hours(1)));
  env.Submit(Job().Cpus(4).Walltime(hours(1)));
  EXPECT_THAT(CycleAndTake(), IsEmpty());
  env.Advance(hours(1));
  env.Finish(ends_early, Exit(0));
  EXPECT_THAT(CycleAndTake(), IsEmpty());
  env.Advance(hours(1));
  for (const JobId job : running) env.Finish(job, Exit(0));
  EXPECT_THAT(CycleAndTake(), ElementsAre(gang, gang, gang, gang)) << "a launch for each node";
}

TEST_F(Conservative, ChildrenOfAnArrayStartAsFarAsThereIsRoom) {
  Begin(1, 4);
  env.Submit(Job().Array("1-6").Cpus(1).Walltime(hours(1)));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunchedTasks(), ElementsAre("1[1]", "1[2]", "1[3]", "1[4]"));
}

TEST_F(Conservative, QueuesThatComeLaterLeaveItsPromisesAlone) {
  Begin(1, 4);
  ASSERT_TRUE(env.SetQueue({.name = "low", .priority = -10, .backfill = Backfill::kEasy}));
  Run(Job().Cpus(3).Walltime(hours(1)));
  env.Submit(Job().Cpus(4).Walltime(hours(1)));
  env.Submit(Job().Queue("low").Cpus(1).Walltime(hours(2)));
  const JobId in_time = env.Submit(Job().Queue("low").Cpus(1).Walltime(minutes(60)));
  EXPECT_THAT(CycleAndTake(), ElementsAre(in_time));
}

TEST_F(Conservative, AlsoWhereAQueueBeforeItKeepsTheNode) {
  Begin(1, 4);
  ASSERT_TRUE(env.SetQueue({.name = "high", .priority = 10, .backfill = Backfill::kEasy}));
  ASSERT_TRUE(env.SetQueue({.name = "low", .priority = -10, .backfill = Backfill::kEasy}));
  Run(Job().Cpus(1).Walltime(minutes(100)));
  Run(Job().Cpus(2).Walltime(minutes(10)));
  env.Submit(Job().Queue("high").Cpus(4).Walltime(hours(1)));  // from 100 minutes on
  env.Submit(Job().Cpus(3).Walltime(minutes(40)));             // from 10 to 50 minutes
  env.Submit(Job().Queue("low").Cpus(1).Walltime(minutes(90)));
  const JobId quick = env.Submit(Job().Queue("low").Cpus(1).Walltime(minutes(10)));
  EXPECT_THAT(CycleAndTake(), ElementsAre(quick));
}

TEST_F(Conservative, AGangIsLookedForAgainWhenTheNextPromiseIsLater) {
  Begin(2, 4);
  ASSERT_TRUE(env.SetQueue({.name = "low", .priority = -10, .backfill = Backfill::kEasy}));
  for (const Duration limit : {Duration(hours(10)), Duration(hours(1))}) {
    const JobId runs = env.Submit(Job().Nodes(2).Cpus(1).Walltime(limit));
    env.Cycle();
    for (const char* node : {"n1", "n2"}) env.Start(runs, node);
  }
  const JobId soon = env.Submit(Job().Nodes(2).Cpus(3).Walltime(hours(1)));  // in one hour
  env.Submit(Job().Nodes(2).Cpus(4).Walltime(hours(1)));                     // in ten
  const JobId gang = env.Submit(Job().Queue("low").Nodes(2).Cpus(2).Walltime(hours(4)));
  env.TakeLaunched();
  EXPECT_THAT(CycleAndTake(), IsEmpty());
  ASSERT_TRUE(env.Cancel(soon));
  std::vector<JobId> launched = CycleAndTake();
  if (launched.empty() && env.cycle_wanted()) launched = CycleAndTake();
  EXPECT_THAT(launched, ElementsAre(gang, gang));
}

TEST_F(Conservative, ARestartOrALostNodeMakesNewPromises) {
  Begin(2, 4);
  Run(Job().Cpus(4).Walltime(hours(1)));
  Run(Job().Cpus(4).Walltime(hours(2)));
  const JobId waits = env.Submit(Job().Cpus(4).Walltime(hours(1)));
  EXPECT_THAT(CycleAndTake(), IsEmpty());
  EXPECT_EQ(env.wake_at(), env.now() + hours(1));
  env.Restart();
  env.Connect("n2");
  EXPECT_THAT(CycleAndTake(), IsEmpty());
  env.Finish(JobId(2), Exit(0));
  EXPECT_THAT(CycleAndTake(), ElementsAre(waits));
}

TEST_F(Conservative, APromiseOutlivesItsNodesLostContact) {
  Begin(2, 4);
  const JobId ends = Run(Job().Cpus(4).Walltime(hours(1)));
  Run(Job().Cpus(4).Walltime(hours(2)));
  const TimePoint began = env.now();
  const JobId waits = env.Submit(Job().Cpus(4).Walltime(hours(3)));
  EXPECT_THAT(CycleAndTake(), IsEmpty());
  env.Advance(hours(1) - std::chrono::seconds(10));
  env.Disconnect("n1");
  env.Submit(Job().Cpus(4).Walltime(hours(3)));
  EXPECT_THAT(CycleAndTake(), IsEmpty());
  EXPECT_EQ(env.scheduler().ReservedStart(waits), began + hours(1)) << "not at the end of the lease";
  env.Advance(std::chrono::seconds(10));
  EXPECT_THAT(CycleAndTake(), IsEmpty()) << "the node is not there";
  env.Finish(ends, Exit(0));
  env.Connect("n1");
  EXPECT_THAT(CycleAndTake(), ElementsAre(waits));
}

TEST_F(Conservative, APromiseThatIsGivenUpMovesThoseBehindItForward) {
  Begin(1, 4);
  Run(Job().Cpus(2).Walltime(hours(10)));
  const JobId wide = env.Submit(Job().Cpus(4).Walltime(hours(10)));    // in ten hours
  const JobId narrow = env.Submit(Job().Cpus(2).Walltime(hours(20)));  // behind it
  EXPECT_THAT(CycleAndTake(), IsEmpty());
  ASSERT_TRUE(env.Cancel(wide));
  EXPECT_THAT(CycleAndTake(), ElementsAre(narrow));
}

TEST_F(Conservative, PromisesEndWithThePolicy) {
  Begin(1, 4);
  Run(Job().Cpus(4).Walltime(hours(1)));
  env.Submit(Job().Cpus(1).Walltime(hours(1)));
  const JobId second = env.Submit(Job().Cpus(2).Walltime(hours(1)));
  EXPECT_THAT(CycleAndTake(), IsEmpty());
  EXPECT_TRUE(env.scheduler().ReservedStart(second));
  ASSERT_TRUE(env.SetQueue({.name = "default", .backfill = Backfill::kEasy}));
  EXPECT_FALSE(env.scheduler().ReservedStart(second));
}

TEST_F(Conservative, WhatALimitStopsKeepsNothingFromOthers) {
  env.AddNodes(1, Cpus(4));
  ASSERT_TRUE(
      env.SetQueue({.name = "default", .max_running_per_user = 1, .backfill = Backfill::kConservative}));
  const JobId first = env.Submit(Job().Cpus(1).Walltime(hours(10)));
  for (int i = 0; i < 3; ++i) env.Submit(Job().Cpus(1).Walltime(hours(10)));
  const JobId other = env.Submit(Job().By(Bob()).Cpus(1).Walltime(hours(1)));
  EXPECT_THAT(CycleAndTake(), ElementsAre(first));
  EXPECT_THAT(CycleAndTake(), ElementsAre(other));
}

TEST_F(Conservative, OnlySoManyArePlannedFor) {
  sched::Settings settings = Env::DefaultSettings();
  settings.max_planned_jobs = 1;
  Env small(settings);
  small.AddNodes(1, Cpus(4));
  ASSERT_TRUE(small.SetQueue({.name = "default", .backfill = Backfill::kConservative}));
  const JobId runs = small.Submit(Job().Cpus(3).Walltime(hours(1)));
  small.Cycle();
  small.Start(runs);
  small.Submit(Job().Cpus(4).Walltime(hours(1)));
  small.Submit(Job().Cpus(1).Walltime(minutes(1)));
  small.TakeLaunched();
  small.Cycle();
  EXPECT_THAT(small.TakeLaunched(), IsEmpty());
}

}  // namespace
}  // namespace bsub::testing
