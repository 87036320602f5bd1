// Preemption between queues: who makes room for whom, how, and when nobody does.
#include <gmock/gmock.h>

#include <random>

#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Preemption : public ::testing::Test {
 protected:
  explicit Preemption(sched::Settings settings = Env::DefaultSettings()) : env(std::move(settings)) {}
  void Begin(int nodes, std::int64_t cpus, sched::Queue high = {}) {
    env.AddNodes(nodes, Cpus(cpus));
    ASSERT_TRUE(env.SetQueue({.name = "low"}));
    high.name = "high";
    high.priority = 10;
    high.preempts = {"low"};
    ASSERT_EQ(Says(env.SetQueue(high)), "ok");
  }
  // Attempts that were told to make room in this cycle, by their jobs.
  std::vector<JobId> Victims() {
    const std::size_t from = env.journal().size();
    env.Cycle();
    std::vector<JobId> victims;
    for (std::size_t i = from; i < env.journal().size(); ++i) {
      if (const auto* e = std::get_if<sched::AttemptNoticed>(&env.journal()[i].body))
        victims.push_back(e->attempt.task.job);
    }
    return victims;
  }
  JobId RunLow(Job job) {
    const JobId id = env.Submit(job.Queue("low"));
    env.Cycle();
    EXPECT_THAT(env.TakeLaunched(), ::testing::Contains(id));
    env.Start(id);
    return id;
  }
  Env env;
};

TEST_F(Preemption, QueuesMustExistAndBeOfLowerPriority) {
  Begin(1, 4);
  EXPECT_THAT(Says(env.SetQueue({.name = "q", .priority = 5, .preempts = {"nope"}})),
              HasSubstr("preempts 'nope'"));
  EXPECT_THAT(Says(env.SetQueue({.name = "q", .priority = 5, .preempts = {"low", "low"}})),
              HasSubstr("preempts 'low': is there twice; expected each queue once"));
  EXPECT_THAT(Says(env.SetQueue({.name = "q", .preempts = {"low"}})),
              HasSubstr("must be below that of queue q, 0"));
}

TEST_F(Preemption, ANodeThatIsGivenBackStillLosesItsVictim) {
  Begin(1, 4);
  const JobId victim = RunLow(Job().Cpus(4).Saves());
  env.Submit(Job().Queue("high").Cpus(2));
  EXPECT_THAT(Victims(), ElementsAre(victim));
  ASSERT_TRUE(env.SetNode(sched::NodeAction::kNotice, "n1", Ops(), "", 10min));
  ASSERT_TRUE(env.SetNode(sched::NodeAction::kResume, "n1"));
  EXPECT_TRUE(env.TaskOf(victim).attempt->notice);
}

TEST_F(Preemption, AVictimSavesGoesToTheFrontAndSaysForWhom) {
  Begin(1, 4);
  const JobId victim = RunLow(Job().Cpus(4).Saves());
  const JobId urgent = env.Submit(Job().Queue("high").Cpus(2));
  EXPECT_THAT(Victims(), ElementsAre(victim));
  EXPECT_THAT(env.TakeNotices(), SizeIs(1));
  EXPECT_THAT(env.Explain(victim),
              HasSubstr("it is preempted for job 2 and has until 2026-01-01T00:01:00Z to save"));
  EXPECT_THAT(env.Explain(urgent), HasSubstr("job 1 is preempted for it"));
  EXPECT_THAT(Victims(), IsEmpty()) << "once is enough";
  env.Finish(victim, Exit(85));
  EXPECT_THAT(env.JournalText(), HasSubstr("preempted for job 2: saved, not counted"));
  env.Submit(Job().Queue("low").Cpus(2));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(urgent)) << "the victim goes first in its queue";
  env.Finish(urgent, Exit(0));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(victim));
  EXPECT_EQ(env.TaskOf(victim).interruptions, 0u);
}

class PreemptionOnce : public Preemption {
 protected:
  PreemptionOnce() : Preemption(OneSearch()) {}
  static sched::Settings OneSearch() {
    sched::Settings settings = Env::DefaultSettings();
    settings.max_preemptions_per_cycle = 1;
    return settings;
  }
};

// Each cycle may look once: for those in front, whom nothing helps, not again and again.
TEST_F(PreemptionOnce, WhoCannotBeHelpedDoesNotKeepOthersFromIt) {
  Begin(1, 4);
  env.AddNodes(1, Cpus(2));
  env.Submit(Job().Queue("high").Cpus(4));
  env.Cycle();
  const JobId victim = RunLow(Job().Cpus(2).Saves());
  env.Submit(Job().Queue("high").Cpus(4));
  env.Submit(Job().Queue("high").Cpus(3));
  env.Submit(Job().Queue("high").Cpus(2));
  std::vector<JobId> victims;
  for (int i = 0; i < 3 && victims.empty(); ++i) {
    EXPECT_TRUE(i == 0 || env.cycle_wanted());
    victims = Victims();
  }
  EXPECT_THAT(victims, ElementsAre(victim));
}

TEST_F(Preemption, WhoDoesNotSaveIsStoppedWhenItsTimeIsOver) {
  Begin(1, 4);
  const JobId victim = RunLow(Job().Cpus(4).MaxInterruptions(0));
  const JobId urgent = env.Submit(Job().Queue("high").Cpus(4));
  EXPECT_THAT(Victims(), ElementsAre(victim));
  env.Advance(1min);
  EXPECT_THAT(env.TakeStops(), SizeIs(1));
  env.Finish(victim, Signalled(15));
  EXPECT_EQ(env.StateOf(victim), JobState::kRunnable) << "no limit of interruptions counts it";
  EXPECT_THAT(env.JournalText(), HasSubstr("preempted for job 2"));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(urgent));
}

TEST_F(Preemption, TheLeastWorkIsLostThenTheLowestPriority) {
  Begin(1, 6);
  const JobId old = RunLow(Job().Cpus(2).Priority(1));
  env.Advance(1h);
  const JobId prior = RunLow(Job().Cpus(2).Priority(5)), plain = RunLow(Job().Cpus(2));
  env.Advance(1min);
  env.Submit(Job().Queue("high").Cpus(2));
  EXPECT_THAT(Victims(), ElementsAre(plain)) << "as much as the other that came with it, and lower";
  env.Submit(Job().Queue("high").Cpus(2));
  EXPECT_THAT(Victims(), ElementsAre(prior));
  env.Submit(Job().Queue("high").Cpus(2));
  EXPECT_THAT(Victims(), ElementsAre(old));
}

TEST_F(Preemption, WhoSavesLosesNothing) {
  Begin(1, 4);
  const JobId saves = RunLow(Job().Cpus(2).Saves());
  env.Advance(10h);
  RunLow(Job().Cpus(2));
  env.Advance(1min);
  env.Submit(Job().Queue("high").Cpus(2));
  EXPECT_THAT(Victims(), ElementsAre(saves));
}

TEST_F(Preemption, OfThoseThatSaveWhoeverCommittedLast) {
  Begin(1, 4);
  RunLow(Job().Cpus(2).Saves());
  const JobId second = RunLow(Job().Cpus(2).Saves());
  env.Advance(1h);
  env.Handle(
      sched::TaskStarted{NodeId(1), env.node("n1").incarnation, {{second, 0}, 1}, 4242, {3, 10s, 10s}});
  env.Submit(Job().Queue("high").Cpus(2));
  EXPECT_THAT(Victims(), ElementsAre(second));
}

TEST_F(Preemption, NobodyIfItWouldNotLetTheJobStart) {
  Begin(1, 4);
  ASSERT_TRUE(env.SetQueue({.name = "other"}));
  env.Submit(Job().Queue("other").Cpus(2));
  RunLow(Job().Cpus(2));
  env.Submit(Job().Queue("high").Cpus(3));
  EXPECT_THAT(Victims(), IsEmpty()) << "two CPUs are of a queue that nobody preempts";
  ASSERT_TRUE(env.SetQueue({.name = "high", .priority = 10, .max_running = 1, .preempts = {"low"}}));
  env.Submit(Job().Queue("high").Cpus(1).Priority(1));
  env.Submit(Job().Queue("low").Cpus(1));
  EXPECT_THAT(Victims(), SizeIs(1)) << "room for one";
}

TEST_F(Preemption, NoMoreThanNeededAndNotTheSameRoomTwice) {
  Begin(2, 4);
  for (int i = 0; i < 8; ++i) RunLow(Job());
  env.Submit(Job().Queue("high").Cpus(3));
  env.Submit(Job().Queue("high").Cpus(3));
  const std::vector<JobId> victims = Victims();
  EXPECT_THAT(victims, SizeIs(6));
  std::map<NodeId, int> on;
  for (const JobId id : victims) ++on[env.TaskOf(id).attempt->node];
  EXPECT_EQ(on[NodeId(1)], 3);
  EXPECT_EQ(on[NodeId(2)], 3);
  EXPECT_THAT(Victims(), IsEmpty());
}

// Beside what the first keeps there is room, but the second has promised all of the node.
TEST_F(Preemption, NobodyForWhomAPromiseOfAnotherQueueIsInTheWay) {
  env.AddNodes(1, Cpus(6));
  ASSERT_TRUE(env.SetQueue({.name = "spare"}));
  ASSERT_TRUE(env.SetQueue({.name = "first", .priority = 30, .backfill = sched::Backfill::kEasy}));
  ASSERT_TRUE(env.SetQueue({.name = "second", .priority = 20, .backfill = sched::Backfill::kConservative}));
  ASSERT_TRUE(env.SetQueue({.name = "third", .priority = 10, .preempts = {"spare"}}));
  const JobId runs = env.Submit(Job().Queue("first").Cpus(1).Walltime(100min));
  const JobId spare = env.Submit(Job().Queue("spare").Cpus(4).Walltime(100min));
  env.Cycle();
  for (const JobId id : {runs, spare}) env.Start(id);
  env.Submit(Job().Queue("first").Cpus(2).Walltime(1h));
  const JobId promised = env.Submit(Job().Queue("second").Cpus(4).Walltime(1h));
  env.Submit(Job().Queue("third").Cpus(2).Walltime(5h));
  EXPECT_THAT(Victims(), IsEmpty());
  ASSERT_TRUE(env.Cancel(promised));
  std::vector<JobId> victims = Victims();
  if (victims.empty() && env.cycle_wanted()) victims = Victims();
  EXPECT_THAT(victims, ElementsAre(spare));
}

TEST_F(Preemption, AGangIsOneVictimAndCanBeGivenRoom) {
  Begin(2, 4);
  const JobId gang = RunLow(Job().Cpus(3).Nodes(2));
  env.Start(gang, "n2");
  const JobId wide = env.Submit(Job().Queue("high").Cpus(4).Nodes(2));
  EXPECT_THAT(Victims(), ElementsAre(gang));
  env.Advance(1min);
  for (const char* node : {"n1", "n2"}) env.Finish(gang, Signalled(15), node);
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(wide, wide));
}

TEST_F(Preemption, UnderEveryBackfill) {
  for (const sched::Backfill backfill :
       {sched::Backfill::kNone, sched::Backfill::kSpare, sched::Backfill::kEasy, sched::Backfill::kShortest,
        sched::Backfill::kConservative}) {
    Env other;
    other.AddNodes(1, Cpus(4));
    ASSERT_TRUE(other.SetQueue({.name = "low", .backfill = backfill}));
    ASSERT_TRUE(other.SetQueue({.name = "high", .priority = 1, .backfill = backfill, .preempts = {"low"}}));
    const JobId low = other.Submit(Job().Queue("low").Cpus(4).Walltime(10h).Saves());
    other.Cycle();
    other.Start(low);
    const JobId urgent = other.Submit(Job().Queue("high").Cpus(4).Walltime(1h));
    other.Cycle();
    ASSERT_THAT(other.TakeNotices(), SizeIs(1)) << sched::ToString(backfill);
    other.Finish(low, Exit(85));
    other.TakeLaunched();
    other.Cycle();
    EXPECT_THAT(other.TakeLaunched(), ElementsAre(urgent)) << sched::ToString(backfill);
  }
}

TEST(PreemptionBound, ACyclePreemptsNoMoreThanItMay) {
  sched::Settings settings = Env::DefaultSettings();
  settings.max_preemptions_per_cycle = 3;
  Env env(settings);
  env.AddNodes(1, Cpus(8));
  ASSERT_TRUE(env.SetQueue({.name = "low"}));
  ASSERT_TRUE(env.SetQueue({.name = "high", .priority = 1, .preempts = {"low"}}));
  for (int i = 0; i < 8; ++i) env.Submit(Job().Queue("low").Saves());
  env.Cycle();
  const JobId wide = env.Submit(Job().Queue("high").Cpus(4));
  env.Cycle();
  EXPECT_THAT(env.TakeNotices(), IsEmpty()) << "three would not do";
  ASSERT_TRUE(env.Cancel(wide));
  env.Submit(Job().Queue("high").Cpus(2));
  env.Submit(Job().Queue("high").Cpus(2).By(Bob()));
  env.Cycle();
  EXPECT_THAT(env.TakeNotices(), SizeIs(2)) << "room for one of them";
}

TEST(PreemptionRestart, WhatWasToldGoesOn) {
  Env env;
  env.AddNodes(1, Cpus(4));
  ASSERT_TRUE(env.SetQueue({.name = "low"}));
  ASSERT_TRUE(env.SetQueue({.name = "high", .priority = 1, .preempts = {"low"}}));
  const JobId low = env.Submit(Job().Queue("low").Cpus(4));
  env.Cycle();
  env.Start(low);
  env.Submit(Job().Queue("high").Cpus(4));
  env.Cycle();
  for (const bool from_state : {true, false}) {
    if (from_state) {
      env.RestartFromState();
    } else {
      env.Restart();
    }
    env.Connect("n1");
    EXPECT_THAT(env.Explain(low), HasSubstr("preempted for job 2"));
  }
  env.Advance(1min);
  EXPECT_THAT(env.TakeStops(), SizeIs(1));
}

}  // namespace
}  // namespace bsub::testing
