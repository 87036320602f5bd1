// Jobs on several nodes: they start whole or not at all, and are over when every part is known to be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using sched::NodeAction;
using sched::ReasonCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::uint64_t> NodesOf(const std::vector<sched::LaunchTask>& launches) {
  std::vector<std::uint64_t> nodes;
  for (const sched::LaunchTask& launch : launches) nodes.push_back(launch.node.value());
  return nodes;
}

std::vector<std::uint64_t> NodesOf(const std::vector<sched::StopTask>& stops) {
  std::vector<std::uint64_t> nodes;
  for (const sched::StopTask& stop : stops) nodes.push_back(stop.node.value());
  return nodes;
}

// Three nodes with a gang that runs on all of them.
class RunningGang : public ::testing::Test {
 protected:
  void Begin(Job job) {
    env.AddNodes(3, Cpus(2));
    id = env.Submit(job.Nodes(3));
    env.Cycle();
    launches = env.TakeLaunches();
    for (const char* node : {"n1", "n2", "n3"}) env.Start(id, node);
  }
  std::size_t TasksOn(std::string_view node) { return env.scheduler().AttemptsOn(env.node(node).id).size(); }

  Env env;
  JobId id;
  std::vector<sched::LaunchTask> launches;
};

TEST(Gang, StartsOnAllOfItsNodesOrOnNone) {
  Env env;
  env.AddNodes(2, Cpus(2));
  const JobId gang = env.Submit(Job().Nodes(3));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunches(), IsEmpty());
  EXPECT_THAT(env.Why(gang), ElementsAre(ReasonCode::kNeverFits));
  env.AddNodes(1, Cpus(2));
  env.Cycle();
  EXPECT_THAT(NodesOf(env.TakeLaunches()), ElementsAre(1, 2, 3));
  EXPECT_EQ(env.StateOf(gang), JobState::kStarting);
}

TEST(Gang, EachPartIsToldItsPlaceAndWhereTheOthersAre) {
  Env env;
  FakeNode reachable("n1", Cpus(2));
  reachable.description.address = "10.0.0.1";
  env.AddNode(std::move(reachable));
  env.AddNodes(1, Cpus(2));
  const PayloadHash other = PayloadHash{{1, 2, 3}};
  env.Submit(Job().Nodes(2).NodeCommand(1, 1, other));
  env.Cycle();
  const std::vector<sched::LaunchTask> launches = env.TakeLaunches();
  ASSERT_EQ(launches.size(), 2u);
  EXPECT_EQ(launches[0].part, 0u);
  EXPECT_EQ(launches[1].part, 1u);
  ASSERT_TRUE(launches[1].gang);
  ASSERT_EQ(launches[1].gang->nodes.size(), 2u);
  EXPECT_EQ(launches[1].gang->nodes[0].host, "10.0.0.1");
  EXPECT_EQ(launches[1].gang->nodes[1].name, "n2");
  EXPECT_EQ(launches[1].gang->nodes[1].host, "n2.example");
  EXPECT_NE(launches[0].command, other);
  EXPECT_EQ(launches[1].command, other);
}

TEST(Gang, AnOrdinaryJobIsToldOfNoGang) {
  Env env;
  env.AddNodes(1, Cpus(1));
  env.Submit(Job());
  env.Cycle();
  EXPECT_FALSE(env.TakeLaunches().at(0).gang);
}

TEST(Gang, RunsWhenAllOfItsPartsDo) {
  Env env;
  env.AddNodes(2, Cpus(1));
  const JobId gang = env.Submit(Job().Nodes(2));
  env.Cycle();
  env.Start(gang, "n2");
  EXPECT_EQ(env.StateOf(gang), JobState::kStarting);
  env.Start(gang, "n1");
  EXPECT_EQ(env.StateOf(gang), JobState::kRunning);
}

TEST_F(RunningGang, SucceedsWhenAllOfItsPartsHave) {
  Begin(Job());
  env.Finish(id, Exit(0), "n2");
  EXPECT_EQ(TasksOn("n2"), 0u) << "what is over gives its room back";
  env.Finish(id, Exit(0), "n1");
  EXPECT_EQ(env.StateOf(id), JobState::kRunning);
  env.Finish(id, Exit(0), "n3");
  EXPECT_EQ(env.StateOf(id), JobState::kSucceeded);
  EXPECT_THAT(env.TakeStops(), IsEmpty());
}

TEST_F(RunningGang, AnyPartThatFailsEndsAllAndIsNamed) {
  Begin(Job());
  env.Finish(id, Exit(3), "n2");
  EXPECT_THAT(NodesOf(env.TakeStops()), ElementsAre(1, 3));
  EXPECT_EQ(env.StateOf(id), JobState::kRunning) << "not over before all of it is";
  env.Finish(id, Signalled(15), "n1");
  env.Finish(id, Signalled(15), "n3");
  EXPECT_EQ(env.StateOf(id), JobState::kFailed);
  EXPECT_EQ(env.LastEnd(id), "exited with code 3: on node n2, index 1 of 3");
}

TEST_F(RunningGang, EndsWithItsMainNodeIfAskedTo) {
  Begin(Job().EndsWithMain());
  env.Finish(id, Exit(3), "n2");
  EXPECT_THAT(env.TakeStops(), IsEmpty()) << "another node's end changes nothing";
  env.Finish(id, Exit(0), "n1");
  EXPECT_THAT(NodesOf(env.TakeStops()), ElementsAre(3));
  env.Finish(id, Signalled(15), "n3");
  EXPECT_EQ(env.StateOf(id), JobState::kSucceeded);
}

TEST_F(RunningGang, ThatItsMainNodeStartedEndsWithThat) {
  Begin(Job().Launch(GangLaunch::kMainNode));
  env.Finish(id, Exit(0), "n1");
  EXPECT_THAT(NodesOf(env.TakeStops()), ElementsAre(2, 3));
  env.Finish(id, Signalled(15), "n2");
  env.Finish(id, Signalled(15), "n3");
  EXPECT_EQ(env.StateOf(id), JobState::kSucceeded);
}

TEST_F(RunningGang, WhatFailsForTheLossOfANodeIsNotTheJobsFailure) {
  Begin(Job().Launch(GangLaunch::kMainNode));
  env.Disconnect("n3");
  env.Finish(id, Exit(1), "n1");  // mpirun: a daemon is gone
  env.Finish(id, Signalled(15), "n2");
  EXPECT_EQ(env.StateOf(id), JobState::kRunning);
  env.node("n3").Reboot();
  env.Connect("n3");
  EXPECT_EQ(env.StateOf(id), JobState::kRunnable) << "it is tried again";
  EXPECT_THAT(env.LastEnd(id), HasSubstr("n3"));
}

// The one that is not over yet takes its time to save.
TEST_F(RunningGang, ALostNodeIsTheCauseAlsoIfAnotherPartEndsAfterIt) {
  Begin(Job());
  env.Disconnect("n2");
  env.Finish(id, Exit(1), "n1");
  env.node("n2").Reboot();
  env.Connect("n2");
  EXPECT_EQ(env.StateOf(id), JobState::kRunning);
  EXPECT_THAT(env.Explain(id), HasSubstr("its part on node n2"));
  env.Finish(id, Signalled(15), "n3");
  EXPECT_EQ(env.StateOf(id), JobState::kRunnable) << "it is tried again";
  EXPECT_EQ(env.TaskOf(id).charged, 0u);
  EXPECT_EQ(env.LastEnd(id), "its node was lost: on node n2, index 1 of 3: node n2 was rebooted");
}

TEST_F(RunningGang, TheFirstOfTwoLostNodesIsNamed) {
  Begin(Job());
  env.Finish(id, Exit(1), "n1");
  for (const char* node : {"n3", "n2"}) {
    env.Disconnect(node);
    env.node(node).Reboot();
    env.Connect(node);
  }
  EXPECT_EQ(env.StateOf(id), JobState::kRunnable);
  EXPECT_THAT(env.LastEnd(id), HasSubstr("node n3 was rebooted"));
}

// The main node's mpirun misses its daemon, and says so before that node's time to save is over.
TEST(Gang, WhatFailsForTheWallTimeOfAnotherPartIsNotHowItEnded) {
  const End timed_out{EndKind::kTimedOut, 143, "", ""};
  for (const bool last : {false, true}) {
    Env env;
    env.AddNodes(3, Cpus(1));
    const JobId gang = env.Submit(Job().Nodes(3).Launch(GangLaunch::kMainNode));
    env.Cycle();
    for (const char* node : {"n1", "n2", "n3"}) env.Start(gang, node);
    env.Finish(gang, {EndKind::kExited, 1, "", "the connection to node n2 was lost"}, "n1");
    if (last) env.Finish(gang, Signalled(15), "n3");
    env.Finish(gang, timed_out, "n2");
    if (!last) env.Finish(gang, Signalled(15), "n3");
    EXPECT_EQ(env.StateOf(gang), JobState::kFailed);
    EXPECT_THAT(env.LastEnd(gang), HasSubstr("on node n2, index 1 of 3"));
    EXPECT_THAT(env.LastEnd(gang), Not(HasSubstr("connection")));
  }
}

TEST_F(RunningGang, ThatItsWallTimeEndsIsNotToldAsTheFailureThatFollows) {
  Begin(Job());
  env.Finish(id, {EndKind::kTimedOut, 143, "", ""}, "n2");
  env.Finish(id, Exit(1), "n1");
  env.Finish(id, Signalled(15), "n3");
  EXPECT_THAT(env.LastEnd(id), HasSubstr("on node n2, index 1 of 3"));
}

// Its wall time came because it waited for that node.
TEST_F(RunningGang, ALostNodeIsAlsoTheCauseOfAWallTime) {
  Begin(Job());
  env.Disconnect("n3");
  env.Finish(id, {EndKind::kTimedOut, 143, "", ""}, "n1");
  env.node("n3").Reboot();
  env.Connect("n3");
  env.Finish(id, Signalled(15), "n2");
  EXPECT_EQ(env.StateOf(id), JobState::kRunnable);
  EXPECT_THAT(env.LastEnd(id), HasSubstr("n3"));
}

TEST_F(RunningGang, ThatSucceededIsNotUndoneByTheLossOfANode) {
  Begin(Job().Launch(GangLaunch::kMainNode));
  env.Disconnect("n3");
  env.Finish(id, Exit(0), "n1");
  env.Finish(id, Signalled(15), "n2");
  env.node("n3").Reboot();
  env.Connect("n3");
  EXPECT_EQ(env.StateOf(id), JobState::kSucceeded);
}

TEST_F(RunningGang, ACancelReachesEveryNode) {
  Begin(Job());
  EXPECT_EQ(Says(env.Cancel(id)), "ok");
  EXPECT_THAT(NodesOf(env.TakeStops()), ElementsAre(1, 2, 3));
  env.Finish(id, Signalled(15), "n1");
  env.Finish(id, Exit(0), "n2");
  EXPECT_EQ(env.StateOf(id), JobState::kRunning);
  env.Finish(id, Signalled(15), "n3");
  EXPECT_EQ(env.StateOf(id), JobState::kFailed);
  EXPECT_THAT(env.LastEnd(id), HasSubstr("cancelled by alice"));
}

TEST_F(RunningGang, ARequeueRunsItAgainOnAllNodes) {
  Begin(Job());
  EXPECT_EQ(Says(env.Requeue(id)), "ok");
  for (const char* node : {"n1", "n2", "n3"}) env.Finish(id, Signalled(15), node);
  EXPECT_EQ(env.StateOf(id), JobState::kRunnable);
  static_cast<void>(env.TakeStops());
  env.Cycle();
  EXPECT_EQ(env.TakeLaunches().size(), 3u);
}

TEST_F(RunningGang, ALostNodeInterruptsTheWhole) {
  Begin(Job());
  env.Disconnect("n3");
  env.node("n3").Reboot();
  env.Connect("n3");
  EXPECT_THAT(NodesOf(env.TakeStops()), ElementsAre(1, 2));
  env.Finish(id, Signalled(15), "n1");
  EXPECT_EQ(env.StateOf(id), JobState::kRunning);
  env.Finish(id, Signalled(15), "n2");
  EXPECT_EQ(env.StateOf(id), JobState::kRunnable) << "an interruption is not charged";
  EXPECT_EQ(env.TaskOf(id).charged, 0u);
  EXPECT_EQ(env.TaskOf(id).interruptions, 1u);
  EXPECT_EQ(env.LastEnd(id), "its node was lost: on node n3, index 2 of 3: node n3 was rebooted");
}

TEST_F(RunningGang, IsNotGivenAwayWhileANodeMayStillRunIt) {
  Begin(Job());
  env.Disconnect("n2");
  env.Finish(id, Exit(1), "n1");
  static_cast<void>(env.TakeStops());
  env.Finish(id, Signalled(15), "n3");
  EXPECT_EQ(env.StateOf(id), JobState::kRunning);
  EXPECT_THAT(env.Why(id), ElementsAre(ReasonCode::kContactLost));
  env.Advance(std::chrono::hours(1));
  EXPECT_EQ(env.StateOf(id), JobState::kRunning);
  env.Connect("n2");
  EXPECT_THAT(NodesOf(env.TakeStops()), ElementsAre(2)) << "told again when it is back";
  env.Finish(id, Signalled(15), "n2");
  EXPECT_EQ(env.StateOf(id), JobState::kFailed);
  EXPECT_EQ(env.LastEnd(id), "exited with code 1: on node n1, index 0 of 3");
}

TEST_F(RunningGang, ADeadNodeIsKnownToRunNothingOfIt) {
  Begin(Job());
  env.Disconnect("n2");
  EXPECT_EQ(Says(env.SetNode(NodeAction::kDeclareDead, "n2")), "ok");
  EXPECT_THAT(NodesOf(env.TakeStops()), ElementsAre(1, 3));
  EXPECT_EQ(Says(env.SetNode(NodeAction::kRemove, "n2")), "ok") << "while the rest of it still runs";
  env.Finish(id, Signalled(15), "n1");
  env.Finish(id, Signalled(15), "n3");
  EXPECT_EQ(env.StateOf(id), JobState::kRunnable);
}

TEST_F(RunningGang, ItsMainNodeMayGoBeforeTheRest) {
  Begin(Job());
  env.Disconnect("n1");
  EXPECT_EQ(Says(env.SetNode(NodeAction::kDeclareDead, "n1")), "ok");
  EXPECT_EQ(Says(env.SetNode(NodeAction::kRemove, "n1")), "ok");
  static_cast<void>(env.TakeStops());
  EXPECT_THAT(env.Explain(id), HasSubstr("it ends: its part on node #1"));
  env.Finish(id, Signalled(15), "n2");
  env.Finish(id, Signalled(15), "n3");
  EXPECT_EQ(env.StateOf(id), JobState::kRunnable);
}

TEST(Gang, ALaunchThatANodeRefusesForItselfEndsItUncharged) {
  Env env;
  env.AddNodes(3, Cpus(1));
  const JobId gang = env.Submit(Job().Nodes(2));
  env.Cycle();
  static_cast<void>(env.TakeLaunches());
  env.Start(gang, "n1");
  env.RefuseStart(gang, "n2", "its disk is full");
  EXPECT_THAT(NodesOf(env.TakeStops()), ElementsAre(1));
  env.Finish(gang, Signalled(15), "n1");
  EXPECT_EQ(env.TaskOf(gang).charged, 0u);
  EXPECT_EQ(env.StateOf(gang), JobState::kRunnable);
  env.Cycle();
  EXPECT_THAT(NodesOf(env.TakeLaunches()), ElementsAre(1, 3)) << "the node rests";
}

TEST(Gang, ALaunchThatCanNotBeCountsForAllRules) {
  Env env;
  env.AddNodes(2, Cpus(1));
  const JobId gang = env.Submit(Job().Nodes(2).EndsWithMain());
  env.Cycle();
  env.Start(gang, "n1");
  env.Finish(gang, {EndKind::kNeverStarted, 0, "", "no such program"}, "n2");
  EXPECT_EQ(env.TakeStops().size(), 1u);
  env.Finish(gang, Signalled(15), "n1");
  EXPECT_EQ(env.StateOf(gang), JobState::kFailed);
  EXPECT_EQ(env.LastEnd(gang), "could not be started: on node n2, index 1 of 2: no such program");
}

TEST(Gang, AnEndWithoutAReportedStartProvesThatItRan) {
  Env env;
  env.AddNodes(2, Cpus(1));
  const JobId gang = env.Submit(Job().Nodes(2));
  env.Cycle();
  FakeNode& n2 = env.node("n2");
  const sched::AttemptRef attempt{{gang, 0}, 1};
  env.Start(gang, "n1");
  env.Handle(sched::TaskEnded{n2.id, n2.incarnation, attempt, Exit(0), {}});
  EXPECT_EQ(env.StateOf(gang), JobState::kRunning);
  env.Finish(gang, Exit(0), "n1");
  EXPECT_EQ(env.StateOf(gang), JobState::kSucceeded);
}

TEST(Gang, ARetryIsOfTheWhole) {
  Env env;
  env.AddNodes(2, Cpus(1));
  const JobId gang = env.Submit(Job().Nodes(2).Retry(2));
  for (const JobState after : {JobState::kRunnable, JobState::kFailed}) {
    env.Cycle();
    env.Start(gang, "n1");
    env.Finish(gang, Exit(1), "n2");
    env.Finish(gang, Signalled(15), "n1");
    EXPECT_EQ(env.StateOf(gang), after);
  }
  EXPECT_EQ(env.TaskOf(gang).charged, 2u);
}

TEST(Gang, UsageOfItsPartsIsPutTogether) {
  Env env;
  env.AddNodes(2, Cpus(1));
  const JobId gang = env.Submit(Job().Nodes(2));
  env.Cycle();
  const sched::AttemptRef attempt{{gang, 0}, 1};
  const auto end = [&](std::string_view name, const Usage& usage) {
    const FakeNode& node = env.node(name);
    env.Handle(sched::TaskEnded{node.id, node.incarnation, attempt, Exit(0), usage});
  };
  end("n1", {1, 2, 10, 100, 5, 6});
  end("n2", {10, 20, 7, 300, 50, 60});
  const auto& ended = std::get<sched::AttemptEnded>(env.journal().back().body);
  EXPECT_EQ(ended.usage, (Usage{11, 22, 10, 300, 55, 66}));
}

TEST(Gang, WholeNodesAreSharedWithNobody) {
  Env env;
  env.AddNodes(2, Cpus(4));
  const JobId small = env.Submit(Job());
  env.Cycle();
  env.Start(small);
  const JobId gang = env.Submit(Job().Nodes(2).Exclusive());
  env.Cycle();
  EXPECT_EQ(env.StateOf(gang), JobState::kRunnable) << "one of its nodes runs something";
  env.Finish(small, Exit(0));
  static_cast<void>(env.TakeLaunches());
  env.Cycle();
  const auto launches = env.TakeLaunches();
  ASSERT_EQ(launches.size(), 2u);
  EXPECT_EQ(launches[1].allocated, Cpus(4));
  env.Submit(Job());
  env.Cycle();
  EXPECT_THAT(env.TakeLaunches(), IsEmpty());
}

TEST(Gang, SmallTasksBehindItCannotKeepItFromItsNodes) {
  Env env;
  env.AddNodes(3, Cpus(2));
  std::vector<JobId> running;
  for (int i = 0; i < 3; ++i) running.push_back(env.Submit(Job().Cpus(2)));
  env.Cycle();
  for (const JobId job : running) env.Start(job);
  const JobId gang = env.Submit(Job().Nodes(3).Cpus(2));
  env.Submit(Job().Array("1-9"));
  env.Cycle();
  static_cast<void>(env.TakeLaunches());
  for (const JobId job : running) {
    env.Finish(job, Exit(0));
    env.Cycle();
  }
  const auto launches = env.TakeLaunches();
  ASSERT_EQ(launches.size(), 3u) << "the array behind it took nothing";
  EXPECT_EQ(launches[0].attempt.task.job, gang);
}

TEST(Gang, WhyCountsWhatIsMissingAndNamesWhatHoldsIt) {
  Env env;
  env.AddNodes(4, Cpus(2));
  const JobId first = env.Submit(Job().Cpus(2));
  env.Cycle();
  const JobId gang = env.Submit(Job().Nodes(4).Cpus(2));
  env.Cycle();
  EXPECT_THAT(env.Why(gang), ElementsAre(ReasonCode::kResources));
  const std::string text = env.Explain(gang);
  EXPECT_THAT(text, HasSubstr("it asks for 4 nodes with 2 CPUs; 1 is missing: 3 could take it now"));
  EXPECT_THAT(text, HasSubstr("1 task there, of job " + std::to_string(first.value())));
  EXPECT_THAT(text, HasSubstr("4 nodes are kept free for it"));
  EXPECT_THAT(text, HasSubstr("; if it asked for less: 3 nodes would fit now"));
}

TEST(Gang, AnArrayOfGangsRunsAsManyAsFit) {
  Env env;
  env.AddNodes(4, Cpus(1));
  const JobId array = env.Submit(Job().Nodes(2).Array("1-3"));
  env.Cycle();
  EXPECT_EQ(env.TakeLaunches().size(), 4u);
  EXPECT_EQ(env.StateOf(Child(array, 2)), JobState::kStarting);
  EXPECT_EQ(env.StateOf(Child(array, 3)), JobState::kRunnable);
  env.Finish(Child(array, 1), Exit(0), "n1");
  env.Finish(Child(array, 1), Exit(0), "n2");
  env.Cycle();
  EXPECT_EQ(env.StateOf(Child(array, 3)), JobState::kStarting);
}

TEST(Gang, TheChildrenOfAnArrayEndEachByThemselves) {
  Env env;
  env.AddNodes(4, Cpus(1));
  const JobId array = env.Submit(Job().Nodes(2).Array("1-2").Retry(2));
  env.Cycle();
  const auto launches = env.TakeLaunches();
  ASSERT_EQ(launches.size(), 4u);
  EXPECT_EQ(launches[3].array_index, 2u);
  EXPECT_EQ(launches[3].part, 1u);
  for (const char* node : {"n1", "n2"}) env.Start(Child(array, 1), node);
  for (const char* node : {"n3", "n4"}) env.Start(Child(array, 2), node);
  env.Finish(Child(array, 1), Exit(3), "n2");
  EXPECT_THAT(NodesOf(env.TakeStops()), ElementsAre(1)) << "the other child goes on";
  env.RestartFromState();
  for (const char* node : {"n1", "n2", "n3", "n4"}) env.Connect(node);
  static_cast<void>(env.TakeStops());
  env.Finish(Child(array, 1), Signalled(15), "n1");
  EXPECT_EQ(env.StateOf(Child(array, 1)), JobState::kRunnable) << "it is tried once more";
  env.Finish(Child(array, 2), Exit(0), "n3");
  env.Finish(Child(array, 2), Exit(0), "n4");
  EXPECT_EQ(env.StateOf(Child(array, 2)), JobState::kSucceeded);
  env.Cycle();
  env.Finish(Child(array, 1), Exit(4), "n1");
  env.Finish(Child(array, 1), Signalled(15), "n2");
  EXPECT_EQ(env.StateOf(Child(array, 1)), JobState::kFailed);
}

TEST(Gang, WhySaysUntilWhenItsNodesAreHeld) {
  Env env;
  env.AddNodes(2, Cpus(2));
  const JobId limited = env.Submit(Job().Cpus(2).Walltime(std::chrono::minutes(10)));
  const JobId endless = env.Submit(Job().Cpus(2));
  env.Cycle();
  env.Start(limited);
  env.Start(endless);
  const std::string text = env.Explain(env.Submit(Job().Nodes(2).Cpus(2)));
  EXPECT_THAT(text, HasSubstr("of job " + std::to_string(limited.value()) + ", until 2026-01-01T00:10:00Z"));
  EXPECT_THAT(text, HasSubstr("of job " + std::to_string(endless.value()) + ", without a time limit"));
}

TEST(Gang, WhySaysWhatWouldFitNowInstead) {
  Env env;
  env.AddNodes(3, Cpus(2));
  env.Submit(Job().Cpus(2));
  env.Submit(Job().Cpus(1));
  env.Cycle();
  EXPECT_THAT(env.Explain(env.Submit(Job().Nodes(3))), HasSubstr("2 nodes would fit now"));
  EXPECT_THAT(env.Explain(env.Submit(Job().Nodes(2).Exclusive())),
              HasSubstr("it would fit without --exclusive"));
}

// What it says is taken at its word.
TEST(Gang, WhatWhyAdvisesStarts) {
  Env env;
  env.AddNodes(3, Cpus(2));
  env.Submit(Job().Cpus(2));
  env.Submit(Job().Cpus(1));
  env.Cycle();
  static_cast<void>(env.TakeLaunches());
  const JobId three = env.Submit(Job().Nodes(3));
  ASSERT_THAT(env.Explain(three), HasSubstr("2 nodes would fit now"));
  EXPECT_TRUE(env.Cancel(three));
  const JobId exclusive = env.Submit(Job().Nodes(2).Exclusive());
  ASSERT_THAT(env.Explain(exclusive), HasSubstr("it would fit without --exclusive"));
  env.Cycle();
  EXPECT_TRUE(env.TakeLaunches().empty());
  EXPECT_TRUE(env.Cancel(exclusive));
  const JobId two = env.Submit(Job().Nodes(2));
  env.Cycle();
  EXPECT_EQ(env.StateOf(two), JobState::kStarting);
}

TEST(Gang, SurvivesARestartOfTheScheduler) {
  for (const bool from_state : {false, true}) {
    Env env;
    env.AddNodes(3, Cpus(1));
    const JobId gang = env.Submit(Job().Nodes(3));
    env.Cycle();
    for (const char* node : {"n1", "n2", "n3"}) env.Start(gang, node);
    env.Finish(gang, Exit(5), "n2");
    from_state ? env.RestartFromState() : env.Restart();
    static_cast<void>(env.TakeStops());
    for (const char* node : {"n1", "n2", "n3"}) env.Connect(node);
    EXPECT_THAT(NodesOf(env.TakeStops()), ElementsAre(1, 3)) << "it still ends";
    env.Finish(gang, Signalled(15), "n3");
    env.Finish(gang, Signalled(15), "n1");
    EXPECT_EQ(env.LastEnd(gang), "exited with code 5: on node n2, index 1 of 3");
  }
}

TEST(Gang, ARestartedSchedulerKnowsWhichPartWasTheCause) {
  for (const bool from_state : {false, true}) {
    Env env;
    env.AddNodes(3, Cpus(1));
    const JobId gang = env.Submit(Job().Nodes(3));
    env.Cycle();
    for (const char* node : {"n1", "n2", "n3"}) env.Start(gang, node);
    env.Disconnect("n2");
    env.Finish(gang, Exit(1), "n1");
    env.node("n2").Reboot();
    env.Connect("n2");
    from_state ? env.RestartFromState() : env.Restart();
    for (const char* node : {"n1", "n2", "n3"}) env.Connect(node);
    env.Finish(gang, Signalled(15), "n3");
    EXPECT_EQ(env.StateOf(gang), JobState::kRunnable);
    EXPECT_EQ(env.LastEnd(gang), "its node was lost: on node n2, index 1 of 3: node n2 was rebooted");
  }
}

TEST(Gang, AForecastKnowsThatItNeedsAllOfItsNodes) {
  Env env;
  env.AddNodes(2, Cpus(1));
  const JobId first = env.Submit(Job().Walltime(std::chrono::minutes(10)));
  env.Cycle();
  env.Start(first);
  const JobId gang = env.Submit(Job().Nodes(2).Walltime(std::chrono::minutes(5)));
  env.Cycle();
  const auto forecast = env.scheduler().ForecastOf({gang, std::nullopt}, env.now(), 1000);
  ASSERT_TRUE(forecast);
  EXPECT_EQ(forecast->starts_at, env.now() + std::chrono::minutes(10));
}

TEST(Gang, MoreNodesThanAreAllowedAreRefused) {
  sched::Settings settings = Env::DefaultSettings();
  settings.spec_limits.max_nodes = 8;
  Env env(settings);
  const auto refused = env.TrySubmit(Job().Nodes(9));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "nodes 9: must be from 1 to 8");
}

}  // namespace
}  // namespace bsub::testing
