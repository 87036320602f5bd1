// Nodes that are taken away: who is told, what becomes of an attempt in each case, and what is recorded.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

constexpr int kUsr1 = 10;

Status Notice(Env& env, std::string node, Duration in) {
  return env.SetNode(sched::NodeAction::kNotice, std::move(node), Ops(), "", in);
}

// The newest AttemptEnded.
sched::AttemptEnded LastEnded(const Env& env) {
  for (auto it = env.journal().rbegin(); it != env.journal().rend(); ++it) {
    if (const auto* ended = std::get_if<sched::AttemptEnded>(&it->body)) return *ended;
  }
  return {};
}

// Two nodes; a job runs on the first since ten seconds.
class NoticeTest : public ::testing::Test {
 protected:
  JobId Run(const Job& job) {
    env_.AddNodes(2, Cpus(1));
    const JobId id = env_.Submit(job);
    env_.Cycle();
    EXPECT_THAT(env_.TakeLaunched(), ElementsAre(id));
    env_.Start(id);
    env_.Advance(10s);
    return id;
  }
  std::vector<std::uint64_t> LaunchedOn() {
    env_.Cycle();
    std::vector<std::uint64_t> nodes;
    for (const sched::LaunchTask& launch : env_.TakeLaunches()) nodes.push_back(launch.node.value());
    return nodes;
  }

  // What a job that saves, started now, is told.
  Duration MeanToldNext() {
    const JobId job = env_.Submit(Job().Saves());
    env_.Cycle();
    const auto launches = env_.TakeLaunches();
    EXPECT_THAT(launches, SizeIs(1));
    env_.Finish(job, Exit(0));
    return launches.empty() ? Duration(0) : launches.back().mean_interruption;
  }
  // Its first attempt's end, there.
  sched::TaskEnded EndOn(const std::string& node, JobId job, const End& end) {
    const FakeNode& on = env_.node(node);
    return {on.id, on.incarnation, {{job, 0}, 1}, end, {}};
  }

  Env env_;
};

TEST_F(NoticeTest, AProgramThatSavesGoesOnElsewhereAtTheFront) {
  const JobId a = Run(Job().Saves());
  ASSERT_TRUE(Notice(env_, "n1", 30s));
  const auto told = env_.TakeNotices();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].remaining, Duration(28s)) << "two seconds are kept for the report";
  env_.Advance(3s);
  env_.Finish(a, Exit(kSavedExitCode));
  EXPECT_EQ(env_.StateOf(a), JobState::kRunnable);
  EXPECT_TRUE(env_.TaskOf(a).front);
  const sched::AttemptEnded ended = LastEnded(env_);
  EXPECT_TRUE(ended.interruption);
  EXPECT_FALSE(ended.charged);
  EXPECT_EQ(ended.cost.saved_at - ended.cost.notice_at, Duration(3s));
  EXPECT_EQ(ended.cost.lost, Duration(0));
  EXPECT_THAT(LaunchedOn(), ElementsAre(2u));
  EXPECT_EQ(env_.TaskOf(a).attempt->number, 2u);
}

TEST_F(NoticeTest, WhoFellBackToAnOlderSaveLosesTheWorkSince) {
  const JobId a = Run(Job().Saves());
  ASSERT_TRUE(Notice(env_, "n1", 30s));
  env_.TakeNotices();
  env_.Advance(3s);
  env_.Finish(a, Exit(kSavedExitCode), "", {4, Duration(7s), Duration(7s)});
  EXPECT_EQ(env_.StateOf(a), JobState::kRunnable);
  const sched::AttemptEnded ended = LastEnded(env_);
  EXPECT_TRUE(ended.interruption);
  EXPECT_THAT(ended.why, HasSubstr("could not save"));
  EXPECT_EQ(ended.cost.generation, 4u);
  EXPECT_EQ(ended.cost.lost, Duration(7s));
  EXPECT_EQ(ended.cost.notice_at - ended.cost.saved_at, Duration(4s)) << "the save was before the notice";
}

TEST_F(NoticeTest, WhoNeverSavedAnythingLosesTheWholeAttempt) {
  const JobId a = Run(Job().Saves());
  ASSERT_TRUE(Notice(env_, "n1", 30s));
  env_.TakeNotices();
  env_.Finish(a, Exit(kSavedExitCode), "", {0, Duration(11s)});
  EXPECT_EQ(LastEnded(env_).cost.lost, Duration(10s));
  EXPECT_FALSE(LastEnded(env_).cost.saved_at.set());
}

TEST_F(NoticeTest, ANodeThatIsLikelyToGoGetsNothingNewAndItsProgramsSave) {
  const JobId a = Run(Job().Saves());
  const auto recommend = [&] {
    const sched::Node& node = env_.state().nodes.begin()->second;
    env_.Handle(sched::NodeNoticed{node.id, node.incarnation, {}, "rebalance", true});
  };
  recommend();
  const auto told = env_.TakeNotices();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_TRUE(told[0].only_save);
  EXPECT_FALSE(env_.TaskOf(a).attempt->notice);
  recommend();
  EXPECT_THAT(env_.TakeNotices(), IsEmpty()) << "it is known";
  env_.Finish(a, Exit(0));
  env_.Submit(Job().Cpus(1));
  EXPECT_THAT(LaunchedOn(), ElementsAre(2u));
  env_.Submit(Job().Cpus(1));
  EXPECT_THAT(LaunchedOn(), IsEmpty());
  ASSERT_TRUE(env_.SetNode(sched::NodeAction::kResume, "n1"));
  EXPECT_THAT(LaunchedOn(), ElementsAre(1u));
}

TEST_F(NoticeTest, TheNodeGetsNothingNewUntilItIsGivenBack) {
  const JobId a = Run(Job().Cpus(1));
  ASSERT_TRUE(Notice(env_, "n2", 60s));
  const JobId b = env_.Submit(Job().Cpus(1));
  EXPECT_THAT(LaunchedOn(), IsEmpty());
  EXPECT_THAT(env_.Explain(b), HasSubstr("n2: is taken away at"));
  ASSERT_TRUE(env_.SetNode(sched::NodeAction::kResume, "n2"));
  EXPECT_THAT(LaunchedOn(), ElementsAre(2u));
  EXPECT_THAT(env_.TakeNotices(), IsEmpty());
  env_.Finish(a, Exit(0));
}

TEST_F(NoticeTest, WhereTheNodeIsGivenBackNobodyIsStopped) {
  const JobId a = Run(Job());
  ASSERT_TRUE(Notice(env_, "n1", 60s));
  ASSERT_TRUE(env_.SetNode(sched::NodeAction::kResume, "n1"));
  env_.Advance(10min);
  EXPECT_THAT(env_.TakeStops(), IsEmpty());
  EXPECT_FALSE(env_.TaskOf(a).attempt->notice);
  env_.Finish(a, Exit(0));
  EXPECT_EQ(env_.StateOf(a), JobState::kSucceeded);
}

TEST_F(NoticeTest, AWithdrawalIsToldToWhomWasTold) {
  const JobId a = Run(Job().Saves());
  ASSERT_TRUE(Notice(env_, "n1", 60s));
  ASSERT_THAT(env_.TakeNotices(), SizeIs(1));
  ASSERT_TRUE(env_.SetNode(sched::NodeAction::kResume, "n1"));
  const auto told = env_.TakeNotices();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_TRUE(told[0].withdrawn);
  env_.Finish(a, Exit(kSavedExitCode));
  EXPECT_THAT(LastEnded(env_).why, HasSubstr("asks to be started again")) << "it had heard it already";
  EXPECT_FALSE(LastEnded(env_).charged);
}

TEST_F(NoticeTest, WhoIsBeingStoppedAlreadyIsStopped) {
  const JobId a = Run(Job().Saves());
  ASSERT_TRUE(Notice(env_, "n1", 30s));
  env_.TakeNotices();
  env_.Advance(28s);
  ASSERT_THAT(env_.TakeStops(), SizeIs(1));
  ASSERT_TRUE(env_.SetNode(sched::NodeAction::kResume, "n1"));
  EXPECT_THAT(env_.TakeNotices(), IsEmpty());
  env_.Finish(a, {EndKind::kSignalled, 9, "", ""});
  EXPECT_TRUE(LastEnded(env_).interruption);
}

TEST_F(NoticeTest, HowOftenNodesAreTakenAwayIsMeasured) {
  env_.AddNodes(2, Cpus(1));
  EXPECT_EQ(MeanToldNext(), sched::Settings().mean_interruption);
  env_.Advance(1h);
  const Duration quiet = MeanToldNext();
  EXPECT_GT(quiet, 6h) << "two nodes stayed for an hour";
  ASSERT_TRUE(Notice(env_, "n2", 60s));
  ASSERT_TRUE(env_.SetNode(sched::NodeAction::kResume, "n2"));
  EXPECT_EQ(MeanToldNext(), quiet / 2);
  ASSERT_TRUE(env_.SetNode(sched::NodeAction::kDrain, "n2", Ops(), "", 60s));
  ASSERT_TRUE(env_.SetNode(sched::NodeAction::kResume, "n2"));
  EXPECT_EQ(MeanToldNext(), quiet / 2) << "a drain is no interruption";
}

TEST_F(NoticeTest, WhoDidNotSaveInTimeIsKilledAtTheEndAndLosesItsWork) {
  const JobId a = Run(Job().Saves());
  ASSERT_TRUE(Notice(env_, "n1", 30s));
  env_.TakeNotices();
  env_.Advance(27s);
  env_.ExpectNothingElse();
  env_.Advance(1s);
  const auto stops = env_.TakeStops();
  ASSERT_THAT(stops, SizeIs(1));
  EXPECT_EQ(stops[0].reason, sched::StopReason::kNotice);
  EXPECT_EQ(stops[0].grace, Duration(0)) << "it was told long ago";
  env_.Finish(a, {EndKind::kSignalled, 9, "", ""});
  const sched::AttemptEnded ended = LastEnded(env_);
  EXPECT_TRUE(ended.interruption);
  EXPECT_FALSE(ended.charged);
  EXPECT_EQ(ended.end.kind, EndKind::kNodeLost);
  EXPECT_EQ(ended.cost.lost, sched::kUnknownWork) << "it may have saved before";
  EXPECT_FALSE(ended.cost.saved_at.set());
  EXPECT_THAT(LaunchedOn(), ElementsAre(2u));
}

TEST_F(NoticeTest, WhoTakesNoPartRunsOnAndGetsTermAWhileBefore) {
  const JobId a = Run(Job().Grace(5s));
  ASSERT_TRUE(Notice(env_, "n1", 120s));
  EXPECT_THAT(env_.TakeNotices(), IsEmpty()) << "it would not understand";
  env_.Advance(112s);
  EXPECT_THAT(env_.TakeStops(), IsEmpty());
  env_.Advance(1s);
  const auto stops = env_.TakeStops();
  ASSERT_THAT(stops, SizeIs(1));
  EXPECT_EQ(stops[0].grace, Duration(5s));
  env_.Finish(a, {EndKind::kSignalled, 15, "", ""});
  EXPECT_EQ(env_.StateOf(a), JobState::kRunnable);
  EXPECT_EQ(env_.TaskOf(a).interruptions, 1u);
}

TEST_F(NoticeTest, WhoIsDoneInTimeIsDone) {
  const JobId a = Run(Job().Saves());
  ASSERT_TRUE(Notice(env_, "n1", 30s));
  env_.TakeNotices();
  env_.Finish(a, Exit(0));
  EXPECT_EQ(env_.StateOf(a), JobState::kSucceeded);
  env_.Advance(1min);
  env_.ExpectNothingElse();
}

TEST_F(NoticeTest, TheSignalThatNobodyCatchesIsNoFailureOfTheJob) {
  const JobId a = Run(Job().Saves());
  ASSERT_TRUE(Notice(env_, "n1", 30s));
  env_.TakeNotices();
  env_.Finish(a, {EndKind::kSignalled, kUsr1, "", ""});
  EXPECT_EQ(env_.StateOf(a), JobState::kRunnable);
  EXPECT_THAT(LastEnded(env_).why, HasSubstr("does not catch the signal"));
  EXPECT_EQ(LastEnded(env_).cost.lost, sched::kUnknownWork);
}

TEST_F(NoticeTest, TheGraceOfTheJobEndsItsTimeToSave) {
  const JobId a = Run(Job().Saves().SaveGrace(20s));
  ASSERT_TRUE(Notice(env_, "n1", 2min));
  ASSERT_THAT(env_.TakeNotices(), SizeIs(1));
  env_.Advance(19s);
  EXPECT_THAT(env_.TakeStops(), IsEmpty());
  env_.Advance(1s);
  EXPECT_THAT(env_.TakeStops(), SizeIs(1));
  env_.Finish(a, {EndKind::kSignalled, 9, "", ""});
}

TEST_F(NoticeTest, ADrainWithADeadlineIsANoticeToo) {
  const JobId a = Run(Job().Saves());
  ASSERT_TRUE(env_.SetNode(sched::NodeAction::kDrain, "n1", Ops(), "new disk", 120s));
  const auto told = env_.TakeNotices();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].kind, sched::NoticeKind::kDrain);
  env_.Finish(a, Exit(kSavedExitCode));
  EXPECT_THAT(LaunchedOn(), ElementsAre(2u));
  EXPECT_TRUE(env_.state().FindNode("n1")->drained);
}

TEST_F(NoticeTest, ASchedulerThatWasAwayTellsAgainAndEndsOnTime) {
  const JobId a = Run(Job().Saves());
  ASSERT_TRUE(Notice(env_, "n1", 60s));
  env_.TakeNotices();
  env_.Restart();
  env_.Advance(10s);
  env_.Connect("n1");
  const auto told = env_.TakeNotices();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].remaining, Duration(48s));
  env_.Advance(48s);
  EXPECT_THAT(env_.TakeStops(), SizeIs(1));
  env_.Finish(a, {EndKind::kSignalled, 9, "", ""});
}

TEST_F(NoticeTest, ANewLifeOfTheMachineHasNoNotice) {
  Run(Job().Saves());
  ASSERT_TRUE(Notice(env_, "n1", 60s));
  env_.TakeNotices();
  env_.Disconnect("n1");
  env_.node("n1").Reboot();
  env_.Connect("n1");
  EXPECT_FALSE(env_.state().FindNode("n1")->notice);
  EXPECT_TRUE(LastEnded(env_).interruption);
  EXPECT_EQ(LastEnded(env_).cost.lost, sched::kUnknownWork);
  EXPECT_TRUE(LastEnded(env_).cost.notice_at.set());
}

TEST_F(NoticeTest, ACancelDuringTheNoticeIsACancel) {
  const JobId a = Run(Job().Saves());
  ASSERT_TRUE(Notice(env_, "n1", 60s));
  env_.TakeNotices();
  ASSERT_TRUE(env_.Cancel(a));
  EXPECT_THAT(env_.TakeStops(), SizeIs(1));
  env_.Finish(a, Exit(kSavedExitCode));
  EXPECT_EQ(env_.StateOf(a), JobState::kFailed);
  env_.Advance(2min);
  env_.ExpectNothingElse();
}

TEST_F(NoticeTest, WithoutANoticeItIsStartedAgainButNotForEver) {
  const JobId a = Run(Job().Saves());
  env_.Finish(a, Exit(kSavedExitCode));  // it ran for ten seconds: that is progress
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(env_.StateOf(a), JobState::kRunnable) << i;
    env_.Cycle();
    ASSERT_THAT(env_.TakeLaunched(), ElementsAre(a));
    env_.Start(a);
    env_.Advance(1s);
    env_.Finish(a, Exit(kSavedExitCode));
  }
  EXPECT_EQ(env_.StateOf(a), JobState::kFailed);
  EXPECT_THAT(LastEnded(env_).why, HasSubstr("5 times in a row"));
}

TEST_F(NoticeTest, TheLimitOfInterruptionsHoldsForNoticesToo) {
  const JobId a = Run(Job().Saves().MaxInterruptions(0));
  ASSERT_TRUE(Notice(env_, "n1", 60s));
  env_.TakeNotices();
  env_.Finish(a, Exit(kSavedExitCode));
  EXPECT_EQ(env_.StateOf(a), JobState::kFailed);
  EXPECT_THAT(LastEnded(env_).why, HasSubstr("interrupted 1 times, at most 0"));
}

TEST_F(NoticeTest, AfterTooManyItGoesToTheQueueThatItNamed) {
  ASSERT_TRUE(env_.SetQueue({.name = "steady", .dispatches = false}));
  const JobId a = Run(Job().Saves().MaxInterruptions(0).Then("steady"));
  ASSERT_TRUE(Notice(env_, "n1", 60s));
  env_.TakeNotices();
  env_.Finish(a, Exit(kSavedExitCode));
  EXPECT_EQ(env_.StateOf(a), JobState::kRunnable);
  EXPECT_EQ(env_.job(a).spec.settings->queue, "steady");
  EXPECT_THAT(LaunchedOn(), IsEmpty()) << "that queue is closed";
  ASSERT_TRUE(env_.SetQueue({.name = "steady"}));
  EXPECT_THAT(LaunchedOn(), ElementsAre(2u));
  env_.RestartFromState();
  EXPECT_EQ(env_.job(a).spec.settings->max_interruptions, -1) << "the limit was of the other queue";
}

TEST(CheckpointDirectory, MustOutliveANodeUnlessOneInsists) {
  sched::Settings settings = Env::DefaultSettings();
  settings.durable_paths = {"/fsx", "/home/"};
  Env env(settings);
  const auto answer = [&](const std::string& directory, bool anywhere) {
    const auto accepted = env.TrySubmit(Job().Saves().SavesTo(directory, anywhere));
    return accepted ? "ok" : accepted.error().message;
  };
  EXPECT_EQ(answer("/fsx", false), "ok");
  EXPECT_EQ(answer("/fsx/me", false), "ok");
  EXPECT_EQ(answer("/home/me", false), "ok");
  EXPECT_THAT(answer("/fsx2/me", false), HasSubstr("below /fsx, /home/"));
  EXPECT_EQ(answer("/fsx2/me", true), "ok");
}

TEST_F(NoticeTest, ItFailsIfThatQueueIsGone) {
  ASSERT_TRUE(env_.SetQueue({.name = "steady"}));
  const JobId a = Run(Job().Saves().MaxInterruptions(0).Then("steady"));
  ASSERT_TRUE(env_.DeleteQueue("steady"));
  ASSERT_TRUE(Notice(env_, "n1", 60s));
  env_.TakeNotices();
  env_.Finish(a, Exit(kSavedExitCode));
  EXPECT_EQ(env_.StateOf(a), JobState::kFailed);
}

TEST_F(NoticeTest, AnArrayHasOneQueue) {
  ASSERT_TRUE(env_.SetQueue({.name = "steady"}));
  const auto refused = env_.TrySubmit(Job().Saves().MaxInterruptions(1).Then("steady").Array("0-9"));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("must not move the others"));
}

TEST_F(NoticeTest, WhatWasSavedBeforeIsNotLost) {
  const JobId a = Run(Job().Saves());
  ASSERT_TRUE(Notice(env_, "n1", 30s));
  env_.TakeNotices();
  env_.Advance(28s);
  ASSERT_THAT(env_.TakeStops(), SizeIs(1));
  sched::TaskEnded ended = EndOn("n1", a, {EndKind::kSignalled, 9, "", ""});
  ended.saved = {7, 5s, 4s};
  env_.Handle(ended);
  EXPECT_EQ(LastEnded(env_).cost.generation, 7u);
  EXPECT_EQ(LastEnded(env_).cost.lost, Duration(5s));
  EXPECT_EQ(env_.now() - LastEnded(env_).cost.saved_at, Duration(4s));
}

TEST_F(NoticeTest, WhatWasLoadedAndNotSavedSinceHasATimeOfNoSave) {
  const JobId a = Run(Job().Saves());
  ASSERT_TRUE(Notice(env_, "n1", 30s));
  env_.TakeNotices();
  sched::TaskEnded ended = EndOn("n1", a, Exit(1));
  ended.saved = {7, 9s};
  env_.Handle(ended);
  EXPECT_EQ(LastEnded(env_).cost.generation, 7u);
  EXPECT_EQ(LastEnded(env_).cost.lost, Duration(9s));
  EXPECT_FALSE(LastEnded(env_).cost.saved_at.set());
}

TEST_F(NoticeTest, ASaveIsOfWhenItWasCommittedNotOfTheEnd) {
  const JobId a = Run(Job().Saves());
  ASSERT_TRUE(Notice(env_, "n1", 30s));
  env_.TakeNotices();
  env_.Advance(10s);
  sched::TaskEnded ended = EndOn("n1", a, Exit(kSavedExitCode));
  ended.saved = {7, 5s, 4s};
  env_.Handle(ended);
  EXPECT_EQ(LastEnded(env_).cost.lost, Duration(0)) << "nothing was done between its save and its end";
  EXPECT_EQ(env_.now() - LastEnded(env_).cost.saved_at, Duration(4s));
}

TEST_F(NoticeTest, WhatItSavedIsKnownThoughItsNodeIsKilled) {
  const JobId a = Run(Job().Saves());
  const FakeNode& n1 = env_.node("n1");
  env_.Advance(20s);
  const std::size_t before = env_.journal().size();
  env_.Handle(sched::TaskStarted{n1.id, n1.incarnation, {{a, 0}, 1}, 4242, {5, 3s, 1s}});
  EXPECT_EQ(env_.journal().size(), before) << "a save is no entry";
  EXPECT_EQ(env_.TaskOf(a).attempt->last_save.generation, 5u);
  env_.Advance(7s);
  env_.Disconnect("n1");
  env_.Advance(1min);
  ASSERT_TRUE(env_.SetNode(sched::NodeAction::kDeclareDead, "n1"));
  const sched::AttemptEnded ended = LastEnded(env_);
  EXPECT_EQ(ended.cost.generation, 5u);
  EXPECT_EQ(ended.cost.lost, Duration(10s)) << "from when the save began until the node was heard of last";
  EXPECT_EQ(env_.now() - ended.cost.saved_at, Duration(1min + 8s));
}

TEST_F(NoticeTest, WhoMayHaveSavedUnheardLosesNobodyKnowsWhat) {
  Run(Job().Saves());
  env_.Disconnect("n1");
  ASSERT_TRUE(env_.SetNode(sched::NodeAction::kDeclareDead, "n1"));
  EXPECT_EQ(LastEnded(env_).cost.lost, sched::kUnknownWork);
  EXPECT_EQ(LastEnded(env_).cost.generation, 0u);
}

TEST_F(NoticeTest, AProgramThatTakesNoPartLosesAllItDid) {
  const JobId a = Run(Job());
  env_.Advance(7s);
  env_.Disconnect("n1");
  env_.Advance(1min);
  ASSERT_TRUE(env_.SetNode(sched::NodeAction::kDeclareDead, "n1"));
  const sched::AttemptEnded ended = LastEnded(env_);
  EXPECT_EQ(ended.cost.lost, Duration(17s)) << "until its node was heard of last";
  EXPECT_EQ(env_.StateOf(a), JobState::kRunnable);
}

TEST_F(NoticeTest, AnEarlierEndReplacesALaterOne) {
  const JobId a = Run(Job().Saves());
  ASSERT_TRUE(Notice(env_, "n1", 10min));
  ASSERT_TRUE(Notice(env_, "n1", 20s));
  EXPECT_THAT(env_.TakeNotices(), SizeIs(2));
  ASSERT_TRUE(Notice(env_, "n1", 10min)) << "the node's own end is what was said last";
  EXPECT_THAT(env_.TakeNotices(), IsEmpty()) << "but what it was told stays true for the program";
  env_.Advance(18s);
  EXPECT_THAT(env_.TakeStops(), SizeIs(1));
  env_.Finish(a, {EndKind::kSignalled, 9, "", ""});
}

TEST_F(NoticeTest, AnImpossibleTimeIsRefused) {
  Run(Job().Cpus(1));
  EXPECT_THAT(Says(Notice(env_, "n1", -1s)), HasSubstr("expected a time from now on"));
  EXPECT_THAT(Says(env_.SetNode(sched::NodeAction::kNotice, "n1")), HasSubstr("expected a time from now on"));
  EXPECT_THAT(Says(env_.SetNode(sched::NodeAction::kNotice, "n1", Alice(), "", 10s)), HasSubstr("alice"));
}

TEST(NoticeToGangs, AllPartsAreToldOfOneNodesEndAndNoneIsStoppedByAnothersSave) {
  Env env;
  env.AddNodes(4, Cpus(1));
  const JobId a = env.Submit(Job().Nodes(2).Saves());
  env.Cycle();
  ASSERT_THAT(env.TakeLaunches(), SizeIs(2));
  env.Start(a, "n1");
  env.Start(a, "n2");
  ASSERT_TRUE(Notice(env, "n2", 60s));
  EXPECT_THAT(env.TakeNotices(), SizeIs(2));
  env.Finish(a, Exit(kSavedExitCode), "n2");
  EXPECT_THAT(env.TakeStops(), IsEmpty()) << "the other one may be saving";
  env.Finish(a, Exit(kSavedExitCode), "n1");
  EXPECT_EQ(env.StateOf(a), JobState::kRunnable);
  EXPECT_EQ(LastEnded(env).cost.lost, Duration(0));
  env.Cycle();
  std::vector<std::uint64_t> nodes;
  for (const sched::LaunchTask& launch : env.TakeLaunches()) nodes.push_back(launch.node.value());
  EXPECT_THAT(nodes, ::testing::Not(::testing::Contains(2u)));
  EXPECT_THAT(nodes, SizeIs(2));
}

// It was not told to stop by the other's save, and was still saving.
TEST(NoticeToGangs, ASaveIsNotUndoneByTheWallTimeOfAnotherPart) {
  Env env;
  env.AddNodes(4, Cpus(1));
  const JobId a = env.Submit(Job().Nodes(2).Saves());
  env.Cycle();
  env.Start(a, "n1");
  env.Start(a, "n2");
  ASSERT_TRUE(Notice(env, "n2", 60s));
  env.Finish(a, Exit(kSavedExitCode), "n2");
  env.Finish(a, {EndKind::kTimedOut, 143, "", ""}, "n1");
  EXPECT_EQ(env.StateOf(a), JobState::kRunnable);
  EXPECT_EQ(env.TaskOf(a).charged, 0u);
}

TEST(NoticeToGangs, ANodeThatStaysLeavesTheNoticeOfAnother) {
  Env env;
  env.AddNodes(4, Cpus(1));
  const JobId a = env.Submit(Job().Nodes(2).Saves());
  env.Cycle();
  env.TakeLaunched();
  env.Start(a, "n1");
  env.Start(a, "n2");
  ASSERT_TRUE(Notice(env, "n2", 60s));
  ASSERT_TRUE(Notice(env, "n1", 10min));
  env.TakeNotices();
  ASSERT_TRUE(env.SetNode(sched::NodeAction::kResume, "n2"));
  EXPECT_THAT(env.TakeNotices(), SizeIs(2));
  const sched::Attempt& attempt = *env.TaskOf(a).attempt;
  ASSERT_TRUE(attempt.notice);
  EXPECT_EQ(attempt.notice->node, NodeId(1));
  env.Advance(5min);
  EXPECT_THAT(env.TakeStops(), IsEmpty());
  ASSERT_TRUE(env.SetNode(sched::NodeAction::kResume, "n1"));
  EXPECT_FALSE(attempt.notice);
  env.Advance(10min);
  EXPECT_THAT(env.TakeStops(), IsEmpty());
  EXPECT_EQ(env.StateOf(a), JobState::kRunning);
}

TEST(NoticeToGangs, WhatItsMainPartSavedIsRecordedThoughAnotherEndsLast) {
  Env env;
  env.AddNodes(4, Cpus(1));
  const JobId a = env.Submit(Job().Nodes(2).Saves());
  env.Cycle();
  env.TakeLaunched();
  env.Start(a, "n1");
  env.Start(a, "n2");
  env.Advance(10s);
  ASSERT_TRUE(Notice(env, "n1", 60s));
  env.TakeNotices();
  env.Finish(a, Exit(kSavedExitCode), "n1", {7, Duration(4s)});
  env.Finish(a, Exit(kSavedExitCode), "n2");
  const sched::AttemptEnded ended = LastEnded(env);
  EXPECT_EQ(ended.cost.generation, 7u);
  EXPECT_EQ(ended.cost.lost, Duration(4s));
}

TEST(NoticeToGangs, OneWithARangeOfNodesGoesOnOnWhatIsThere) {
  Env env;
  env.AddNodes(4, Cpus(1));
  const JobId a = env.Submit(Job().Nodes(4).AtLeast(2).Saves());
  env.Cycle();
  ASSERT_THAT(env.TakeLaunches(), SizeIs(4)) << "as many as there are";
  for (const char* node : {"n1", "n2", "n3", "n4"}) env.Start(a, node);
  ASSERT_TRUE(Notice(env, "n2", 60s));
  env.TakeNotices();
  for (const char* node : {"n1", "n2", "n3", "n4"}) env.Finish(a, Exit(kSavedExitCode), node);
  env.Cycle();
  EXPECT_THAT(env.TakeLaunches(), SizeIs(3));
  for (const char* node : {"n1", "n3", "n4"}) env.Start(a, node);
  for (const char* node : {"n3", "n4"}) ASSERT_TRUE(Notice(env, node, 60s));
  env.TakeNotices();
  for (const char* node : {"n1", "n3", "n4"}) env.Finish(a, Exit(kSavedExitCode), node);
  env.Cycle();
  EXPECT_THAT(env.TakeLaunches(), IsEmpty()) << "one node is too few";
  EXPECT_EQ(env.StateOf(a), JobState::kRunnable);
}

}  // namespace
}  // namespace bsub::testing
