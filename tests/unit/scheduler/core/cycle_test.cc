// The scheduling cycle: who is next, on which node, and how much one cycle does.
#include <gmock/gmock.h>

#include <functional>
#include <map>

#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// The order in which everything starts on a cluster that runs one task at a time.
std::vector<std::string> Order(Env& env) {
  std::vector<std::string> order;
  while (true) {
    env.Cycle();
    const auto launched = env.TakeLaunchedTasks();
    if (launched.empty()) return order;
    EXPECT_THAT(launched, SizeIs(1));
    order.push_back(launched[0]);
    env.Finish(launched[0], Exit(0));
  }
}

TEST(Cycle, SubmissionOrderHoldsAcrossKindsOfRequest) {
  Env env;
  env.AddNodes(1, Cpus(4));
  env.Submit(Job().Cpus(4));
  env.Submit(Job().Cpus(3));
  env.Submit(Job().Cpus(4).By(Bob()));
  env.Submit(Job().Cpus(3).MemGiB(1));
  env.Submit(Job().Cpus(4));
  EXPECT_THAT(Order(env), ElementsAre("1", "2", "3", "4", "5"));
}

TEST(Cycle, PriorityGoesFirst) {
  Env env;
  env.AddNodes(1, Cpus(1));
  env.Submit(Job());
  env.Submit(Job().Priority(5));
  env.Submit(Job().Priority(-5));
  env.Submit(Job().Priority(5).By(Bob()));
  EXPECT_THAT(Order(env), ElementsAre("2", "4", "1", "3"));
}

TEST(Cycle, AChangedPriorityCounts) {
  Env env;
  env.AddNodes(1, Cpus(1));
  for (int i = 0; i < 3; ++i) env.Submit(Job());
  ASSERT_TRUE(env.SetPriority("3", 10));
  ASSERT_TRUE(env.SetPriority("1", -10));
  EXPECT_THAT(Order(env), ElementsAre("3", "2", "1"));
}

TEST(Cycle, ARetriedJobGoesBeforeItsEqualsNotBeforeHigherPriority) {
  Env env;
  env.AddNodes(1, Cpus(1));
  env.Submit(Job().Retry(2));
  env.Submit(Job());
  env.Cycle();
  env.TakeLaunches();
  env.Submit(Job().Priority(1));
  env.Finish("1", Exit(1));
  EXPECT_THAT(Order(env), ElementsAre("3", "1", "2"));
}

TEST(Cycle, AnArrayTakesItsTurnWhole) {
  Env env;
  env.AddNodes(1, Cpus(1));
  env.Submit(Job());
  env.Submit(Job().Array("1-2"));
  env.Submit(Job());
  EXPECT_THAT(Order(env), ElementsAre("1", "2[1]", "2[2]", "3"));
}

TEST(Cycle, TheFullestNodeThatFitsIsChosen) {
  Env env;
  env.AddNode(FakeNode("big", Cpus(16)));
  env.AddNode(FakeNode("small", Cpus(4)));
  env.Submit(Job().Cpus(3));
  env.Submit(Job().Cpus(2));
  env.Submit(Job().Cpus(1));
  env.Cycle();
  const auto launches = env.TakeLaunches();
  ASSERT_THAT(launches, SizeIs(3));
  const NodeId big = env.node("big").id, small = env.node("small").id;
  EXPECT_EQ(launches[0].node, small);
  EXPECT_EQ(launches[1].node, big) << "one CPU is left on the small one";
  EXPECT_EQ(launches[2].node, small);
}

TEST(Cycle, AmongEqualsTheSmallestId) {
  Env env;
  env.AddNodes(3, Cpus(2));
  env.Submit(Job());
  env.Cycle();
  EXPECT_EQ(env.TakeLaunches().at(0).node, env.node("n1").id);
}

TEST(Cycle, MemoryAndGpusAreCountedToo) {
  Env env;
  env.AddNode(FakeNode("n1", Cpus(16, /*mem_gib=*/8, /*gpus=*/2)));
  env.Submit(Job().MemGiB(6));
  env.Submit(Job().MemGiB(6));
  env.Submit(Job().Gpus(1));
  env.Submit(Job().Gpus(2));
  env.Submit(Job().Gpus(1));
  env.Cycle();
  const auto launches = env.TakeLaunches();
  ASSERT_THAT(launches, SizeIs(3));
  EXPECT_EQ(launches[0].attempt.task.job, JobId(1));
  EXPECT_EQ(launches[1].attempt.task.job, JobId(3));
  EXPECT_THAT(launches[1].gpu_indices, ElementsAre(0));
  EXPECT_EQ(launches[2].attempt.task.job, JobId(5));
  EXPECT_THAT(launches[2].gpu_indices, ElementsAre(1));
  env.Finish("3", Exit(0));
  env.Finish("5", Exit(0));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunches().at(0).gpu_indices, ElementsAre(0, 1));
}

TEST(Cycle, GpusInUseStayCountedOverARestart) {
  Env env;
  env.AddNode(FakeNode("n1", Cpus(16, 8, 2)));
  env.Submit(Job().Gpus(1));
  env.Cycle();
  env.TakeLaunches();
  env.RestartFromState();
  env.Connect("n1");
  env.Submit(Job().Gpus(1));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunches().at(0).gpu_indices, ElementsAre(1));
}

TEST(Cycle, TheBudgetBoundsOneCycleAndItAsksForAnother) {
  Env env;
  env.AddNodes(1, Cpus(100));
  env.Submit(Job().Array("1-10"));
  env.Cycle(4);
  EXPECT_THAT(env.TakeLaunches(), SizeIs(4));
  EXPECT_TRUE(env.cycle_wanted());
  env.Cycle(7);
  EXPECT_THAT(env.TakeLaunches(), SizeIs(6));
  EXPECT_FALSE(env.cycle_wanted());
}

// Without a node that is kept free for it, each CPU that comes free would go to the next small one.
TEST(KeptNode, AWideJobStartsUnderAStreamOfSmallOnes) {
  Env env;
  env.AddNodes(2, Cpus(4));
  std::vector<std::string> running;
  const auto step = [&] {
    env.Submit(Job());
    env.Cycle();
    for (const std::string& task : env.TakeLaunchedTasks()) running.push_back(task);
  };
  for (int i = 0; i < 8; ++i) step();
  const JobId wide = env.Submit(Job().Cpus(4));
  int ends = 0;
  while (env.StateOf(wide) == JobState::kRunnable && ends < 20) {
    env.Advance(std::chrono::seconds(10));
    env.Finish(running.front(), Exit(0));
    running.erase(running.begin());
    ++ends;
    step();
  }
  EXPECT_LE(ends, 8) << "each node runs four; at the latest when all that ran before it have ended";
  EXPECT_EQ(env.StateOf(wide), JobState::kStarting);
}

TEST(KeptNode, OnlyOneAndOnlyFromThoseServedLater) {
  Env env;
  env.AddNodes(2, Cpus(4));
  env.Submit(Job().Cpus(3));
  env.Submit(Job().Cpus(2));
  env.Cycle();
  env.TakeLaunches();  // one CPU is free on n1 and two on n2
  const JobId wide = env.Submit(Job().Cpus(4));
  const JobId later = env.Submit(Job());
  const JobId last = env.Submit(Job());
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(later)) << "on n1; n2 is closer to what the wide one needs";
  EXPECT_THAT(env.Explain(wide), HasSubstr("node n2 is kept free for it"));
  EXPECT_THAT(env.Explain(last),
              HasSubstr("node n2 would do but is kept free for job 3, which is before it"));
  EXPECT_THAT(env.Explain(last), HasSubstr("`bsub-lite when 3`"));
  const JobId before = env.Submit(Job().Priority(1));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(before)) << "what is before it may still take the room";
  env.Finish("2", Exit(0));
  env.Cycle();
  env.ExpectNothingElse();
  env.Finish(before, Exit(0));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(wide));
}

TEST(KeptNode, LowerQueuesLeaveItAloneToo) {
  Env env;
  ASSERT_TRUE(env.SetQueue({.name = "high", .priority = 9}));
  env.AddNodes(1, Cpus(4));
  env.Submit(Job());
  env.Cycle();
  env.TakeLaunches();
  const JobId wide = env.Submit(Job().Cpus(4).Queue("high"));
  env.Submit(Job());
  env.Cycle();
  env.ExpectNothingElse();
  ASSERT_TRUE(env.Hold(wide));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(JobId(3))) << "nothing is kept for one that may not start";
}

TEST(KeptNode, WhatItDoesNotNeedIsForOthers) {
  Env env;
  env.AddNode(FakeNode("n1", Cpus(8, /*mem_gib=*/8, /*gpus=*/1)));
  env.Submit(Job().Gpus(1));
  env.Cycle();
  env.TakeLaunches();
  env.Submit(Job().Cpus(2).Gpus(1).MemGiB(1));
  const JobId plain = env.Submit(Job().Cpus(5));
  const JobId more = env.Submit(Job());
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(plain)) << "two of the seven CPUs are kept";
  EXPECT_EQ(env.StateOf(more), JobState::kRunnable);
}

// A service that never ends must not make its node the one that is waited for.
TEST(KeptNode, TheOneWhoseTasksEndSoonest) {
  Env env;
  env.AddNodes(2, Cpus(4));
  env.Submit(Job());  // on n1
  env.Cycle();
  env.Start("1");
  env.Advance(std::chrono::hours(10));
  env.Submit(Job().Cpus(4).Walltime(std::chrono::minutes(5)));
  env.Cycle();
  env.TakeLaunches();
  const JobId wide = env.Submit(Job().Cpus(4));
  const JobId small = env.Submit(Job());
  env.Cycle();
  EXPECT_THAT(env.Explain(wide), HasSubstr("node n2 is kept free for it"));
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(small)) << "n1 has room, and is not the one that is kept";
}

sched::Settings SettingsWith(const std::function<void(sched::Settings&)>& change) {
  sched::Settings settings = Env::DefaultSettings();
  change(settings);
  return settings;
}

TEST(KeptNode, OnlySoManyNodesHaveTheirTasksLookedAt) {
  Env env(SettingsWith([](sched::Settings& s) { s.keep.candidates = 1; }));
  env.AddNodes(2, Cpus(4));
  env.Submit(Job());  // on n1
  env.Cycle();
  env.Start("1");
  env.Advance(std::chrono::hours(10));
  env.Submit(Job().Cpus(4).Walltime(std::chrono::minutes(5)));
  env.Cycle();
  const JobId wide = env.Submit(Job().Cpus(4));
  env.Cycle();
  EXPECT_THAT(env.Explain(wide), HasSubstr("node n1 is kept free for it")) << "n2 has less room";
}

TEST(KeptNode, ATaskThatHasJustBegunIsExpectedToTakeSoLongAtLeast) {
  for (const auto& [guess, node] :
       std::map<Duration, std::string>{{std::chrono::minutes(1), "n1"}, {std::chrono::minutes(10), "n2"}}) {
    Env env(SettingsWith([guess = guess](sched::Settings& s) { s.keep.shortest_guess = guess; }));
    env.AddNodes(2, Cpus(4));
    env.Submit(Job());  // on n1
    env.Cycle();
    env.Submit(Job().Cpus(4).Walltime(std::chrono::minutes(5)));
    env.Cycle();
    const JobId wide = env.Submit(Job().Cpus(4));
    env.Cycle();
    EXPECT_THAT(env.Explain(wide), HasSubstr("node " + node + " is kept free for it"));
  }
}

TEST(KeptNode, OnlySoManyRequestsAreTried) {
  for (const auto& [tries, started] : std::map<std::uint32_t, std::size_t>{{1, 1}, {2, 0}}) {
    Env env(SettingsWith([tries = tries](sched::Settings& s) { s.max_kept_node_tries = tries; }));
    env.AddNodes(1, Cpus(4));
    env.Submit(Job());
    env.Cycle();
    env.TakeLaunches();
    env.Submit(Job().Cpus(64).Priority(5));
    env.Submit(Job().Cpus(4).Priority(4));
    env.Submit(Job());
    env.Cycle();
    EXPECT_EQ(env.TakeLaunched().size(), started) << tries;
  }
}

TEST(KeptNode, NoneForWhatCanNeverRun) {
  Env env;
  env.AddNodes(1, Cpus(4));
  env.Submit(Job());
  env.Cycle();
  env.TakeLaunches();
  env.Submit(Job().Cpus(64).Priority(5));
  const JobId small = env.Submit(Job());
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(small));
}

TEST(KeptNode, ADrainedNodeIsKeptForNobody) {
  Env env;
  env.AddNodes(2, Cpus(4));
  for (int i = 0; i < 2; ++i) env.Submit(Job().Cpus(3));
  env.Cycle();
  env.TakeLaunches();
  const JobId wide = env.Submit(Job().Cpus(4));
  env.Cycle();
  EXPECT_THAT(env.Explain(wide), HasSubstr("node n1 is kept free for it"));
  ASSERT_TRUE(env.SetNode(sched::NodeAction::kDrain, "n1"));
  env.Cycle();
  EXPECT_THAT(env.Explain(wide), HasSubstr("node n2 is kept free for it"));
}

TEST(KeptNode, ItCanBeSwitchedOff) {
  sched::Settings settings = Env::DefaultSettings();
  settings.kept_nodes_per_queue = 0;
  Env env(settings);
  env.AddNodes(1, Cpus(4));
  env.Submit(Job().Cpus(3));
  const JobId big = env.Submit(Job().Cpus(4));
  const JobId small = env.Submit(Job());
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(JobId(1), small));
  EXPECT_EQ(env.StateOf(big), JobState::kRunnable);
}

TEST(Cycle, WhatFreesCapacityOrAddsWorkAsksForACycle) {
  Env env;
  env.Cycle();
  EXPECT_FALSE(env.cycle_wanted());
  env.AddNodes(1, Cpus(1));
  EXPECT_TRUE(env.cycle_wanted());
  env.Cycle();
  env.Submit(Job().Retry(2));
  EXPECT_TRUE(env.cycle_wanted());
  env.Cycle();
  env.Start("1");
  EXPECT_FALSE(env.cycle_wanted());
  env.Finish("1", Exit(1));
  EXPECT_TRUE(env.cycle_wanted());
}

}  // namespace
}  // namespace bsub::testing
