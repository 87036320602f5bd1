// What time brings: begin times, and finished jobs that are forgotten.
#include <gmock/gmock.h>

#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Duration kRetention = 24h * 7;  // the default

TEST(Time, AJobWaitsForItsBeginTime) {
  Env env;
  env.AddNodes(1, Cpus(1));
  const JobId a = env.Submit(Job().BeginAt(env.now() + 1h));
  EXPECT_EQ(env.StateOf(a), JobState::kPending);
  EXPECT_EQ(env.wake_at(), env.now() + 1h);
  env.Cycle();
  env.ExpectNothingElse();
  env.Advance(1h - 1us);
  EXPECT_EQ(env.StateOf(a), JobState::kPending);
  env.Advance(1us);
  EXPECT_EQ(env.StateOf(a), JobState::kRunnable);
  EXPECT_TRUE(env.cycle_wanted());
}

TEST(Time, ABeginTimeInThePastIsNow) {
  Env env;
  const JobId a = env.Submit(Job().BeginAt(env.now()));
  EXPECT_EQ(env.StateOf(a), JobState::kRunnable);
}

TEST(Time, ABeginTimeThatPassedWhileTheSchedulerWasDownIsReachedAtOnce) {
  Env env;
  const JobId a = env.Submit(Job().Array("1-100").BeginAt(env.now() + 1h));
  env.RestartFromState();
  env.Advance(2h);
  EXPECT_EQ(env.StateOf(Child(a, 100)), JobState::kRunnable);
}

// The wall clock was set; the core's time goes on as before.
TEST(Time, BeginTimesFollowTheWallClock) {
  Env env;
  const JobId a = env.Submit(Job().BeginAt(env.now() + 1h));
  env.SetWallAhead(-2h);
  env.Advance(2h);
  EXPECT_EQ(env.StateOf(a), JobState::kPending);
  EXPECT_EQ(env.wake_at(), env.now() + 1h);
  const JobId b = env.Submit(Job().BeginAt(env.now() - 1h));  // to come, by the wall clock
  EXPECT_EQ(env.StateOf(b), JobState::kPending);
  env.RestartFromState();
  env.Restart();
  EXPECT_EQ(env.StateOf(b), JobState::kPending);
  env.SetWallAhead(0h);
  env.Tick();
  EXPECT_EQ(env.StateOf(a), JobState::kRunnable);
  EXPECT_EQ(env.StateOf(b), JobState::kRunnable);
}

TEST(Time, ACancelledJobNoLongerWaitsForItsBeginTime) {
  Env env;
  const JobId a = env.Submit(Job().BeginAt(env.now() + 1h));
  ASSERT_TRUE(env.Cancel(a));
  const std::size_t entries = env.journal().size();
  env.Advance(2h);
  EXPECT_EQ(env.journal().size(), entries) << env.JournalText(entries);
}

TEST(Time, FinishedJobsAreForgottenAfterTheRetention) {
  Env env;
  env.AddNodes(1, Cpus(1));
  const JobId a = env.Submit(Job().Token(1)), b = env.Submit(Job().Array("1-3"));
  env.RunAll();
  env.Advance(kRetention - 1s);
  EXPECT_TRUE(env.state().FindJob(a) && env.state().FindJob(b));
  env.Advance(2min);
  EXPECT_FALSE(env.state().FindJob(a) || env.state().FindJob(b));
  EXPECT_GT(env.Submit(Job().Token(1)), b) << "ids are never used again";
}

TEST(Time, NotWhileSomebodyWaitsForThem) {
  Env env;
  env.AddNodes(1, Cpus(1));
  const JobId parent = env.Submit(Job()), other = env.Submit(Job());
  const JobId waiter = env.Submit(Job().After("done(1) && done(2)").Held());
  const JobId by_child = env.Submit(Job().Array("1-2").Held());
  env.RunAll();
  env.Advance(kRetention + 24h);
  EXPECT_TRUE(env.state().FindJob(parent) && env.state().FindJob(other));
  EXPECT_EQ(env.StateOf(waiter), JobState::kRunnable);
  ASSERT_TRUE(env.Release(waiter));
  env.RunAll();
  env.Advance(kRetention + 24h);
  EXPECT_FALSE(env.state().FindJob(parent) || env.state().FindJob(waiter));
  EXPECT_TRUE(env.state().FindJob(by_child));
}

TEST(Time, WaitingForTheRetentionIsNoBusyLoop) {
  Env env;
  env.AddNodes(1, Cpus(1));
  env.Submit(Job());
  env.Submit(Job().After("done(1)").Held());
  env.RunAll();
  env.Advance(kRetention + 1h);  // Env::Advance fails when it is asked for a Tick without end
  EXPECT_GT(env.wake_at(), env.now());
}

TEST(Time, HowOftenItIsLookedForJobsToForgetIsASetting) {
  sched::Settings settings = Env::DefaultSettings();
  settings.forget_interval = 10min;
  settings.early_forget_interval = 5min;
  settings.max_jobs = 4;
  settings.early_forgetting_percent = 50;
  settings.least_retention = 0s;
  Env env(settings);
  env.AddNodes(1, Cpus(1));
  env.Submit(Job());
  env.RunAll();
  env.Submit(Job().After("done(1)").Held());
  env.Advance(kRetention + 1h);
  EXPECT_GT(env.wake_at(), env.now() + 1min);
  env.Submit(Job().Held());  // now one more than the half is there
  env.Advance(1s);
  EXPECT_GT(env.wake_at(), env.now() + 10s);
  EXPECT_LE(env.wake_at(), env.now() + 5min);
}

// A busy cluster hears something all the time; that must not put the retention off for ever.
TEST(Time, OtherInputsDoNotPutTheRetentionOff) {
  Env env;
  env.AddNodes(1, Cpus(1));
  const JobId a = env.Submit(Job());
  env.RunAll();
  env.Advance(kRetention);
  for (int i = 0; i < 10; ++i) {
    env.Advance(30s);
    env.Cycle();
  }
  EXPECT_FALSE(env.state().FindJob(a));
}

TEST(Time, ForgettingIsBoundedPerTick) {
  sched::Settings settings = Env::DefaultSettings();
  settings.max_forgotten_per_tick = 2;
  Env env(settings);
  env.AddNodes(1, Cpus(1));
  for (int i = 0; i < 5; ++i) env.Submit(Job());
  env.RunAll();
  env.Advance(kRetention + 10s);
  EXPECT_EQ(env.state().jobs.size(), 0u) << "it goes on at once";
  std::vector<std::size_t> steps;
  for (const sched::JournalEntry& entry : env.journal()) {
    if (const auto* e = std::get_if<sched::JobsForgotten>(&entry.body)) steps.push_back(e->jobs.size());
  }
  EXPECT_THAT(steps, ElementsAre(2u, 2u, 1u));
}

TEST(Time, ManyChildrenCountAsSeveralJobs) {
  sched::Settings settings = Env::DefaultSettings();
  settings.max_forgotten_per_tick = 3;
  Env env(settings);
  env.SetChecks(false);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(env.Cancel(env.Submit(Job().Array("1-20000"))));
  env.Check("the cancels");
  env.Advance(kRetention + 10s);
  env.Check("all of them are forgotten");
  EXPECT_EQ(env.state().jobs.size(), 0u);
  int steps = 0;
  for (const sched::JournalEntry& entry : env.journal())
    steps += std::get_if<sched::JobsForgotten>(&entry.body) != nullptr;
  EXPECT_EQ(steps, 3);
}

// Else each step would begin with the same awaited ones and never come to the rest.
TEST(Time, WhatIsAwaitedDoesNotStopTheRestFromBeingForgotten) {
  sched::Settings settings = Env::DefaultSettings();
  settings.max_forgotten_per_tick = 2;
  Env env(settings);
  env.AddNodes(1, Cpus(9));
  for (int i = 0; i < 7; ++i) env.Submit(Job());
  env.Submit(Job().After("ended(1) && ended(2) && ended(3) && ended(4)").Held());
  env.RunAll();
  env.Advance(kRetention + 10s);
  EXPECT_EQ(env.state().jobs.size(), 5u);
  EXPECT_GT(env.wake_at(), env.now());
}

sched::Settings FewJobs(std::int64_t max_jobs) {
  sched::Settings settings = Env::DefaultSettings();
  settings.max_jobs = max_jobs;
  settings.least_retention = Duration(0);
  return settings;
}

// Whoever submitted it may still repeat that, or name it in a dependency.
TEST(Time, WhatHasJustEndedIsNotForgottenEarly) {
  sched::Settings settings = FewJobs(10);
  settings.least_retention = 15min;
  Env env(settings);
  env.AddNodes(1, Cpus(1));
  for (int i = 0; i < 10; ++i) env.Submit(Job());
  env.RunAll();
  env.Advance(14min);
  EXPECT_EQ(env.state().jobs.size(), 10u);
  EXPECT_THAT(Says(env.TrySubmit(Job()).has_value() ? OkStatus() : Status(env.TrySubmit(Job()).error())),
              HasSubstr("the limit is 10 (core.max_jobs)"));
  env.Advance(2min);
  EXPECT_EQ(env.state().jobs.size(), 9u);
  EXPECT_TRUE(env.TrySubmit(Job()));
}

// A busy day must not end in nobody being able to submit for a week.
TEST(Time, NearTheMostJobsTheOldestFinishedOnesAreForgottenEarly) {
  Env env(FewJobs(10));
  env.AddNodes(1, Cpus(1));
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(env.TrySubmit(Job())) << i;
    env.RunAll();
    env.Advance(1s);
  }
  EXPECT_EQ(env.state().jobs.size(), 9u) << "90 percent of them stay for their retention";
  EXPECT_FALSE(env.state().FindJob(JobId(21)));
  EXPECT_TRUE(env.state().FindJob(JobId(22))) << "the newest stay";
}

TEST(Time, WhatIsAwaitedIsNotForgottenEarlyAndThatIsNoBusyLoop) {
  Env env(FewJobs(10));
  env.AddNodes(1, Cpus(1));
  const JobId parent = env.Submit(Job()), other = env.Submit(Job());
  env.RunAll();
  const JobId waiter = env.Submit(Job().After("done(1)").Held());
  for (int i = 0; i < 7; ++i) env.Submit(Job().Held());
  env.Advance(1s);
  EXPECT_TRUE(env.state().FindJob(parent) && env.state().FindJob(waiter));
  EXPECT_FALSE(env.state().FindJob(other));
  env.Submit(Job().Held());
  env.Advance(1s);
  EXPECT_GT(env.wake_at(), env.now()) << "there is nothing more to forget";
  EXPECT_THAT(env.TrySubmit(Job()).error().message,
              HasSubstr("the cluster has 10 jobs, the limit is 10 (core.max_jobs)"));
}

TEST(Time, ForgettingEarlyIsBoundedPerTick) {
  sched::Settings settings = FewJobs(100);
  settings.max_forgotten_per_tick = 2;
  Env env(settings);
  env.AddNodes(1, Cpus(100));
  for (int i = 0; i < 90; ++i) env.Submit(Job());
  env.RunAll();
  const std::size_t entries = env.journal().size();
  for (int i = 0; i < 5; ++i) env.Submit(Job().Held());
  env.Advance(1s);
  EXPECT_EQ(env.state().jobs.size(), 90u);
  for (std::size_t i = entries; i < env.journal().size(); ++i) {
    if (const auto* e = std::get_if<sched::JobsForgotten>(&env.journal()[i].body)) {
      EXPECT_LE(e->jobs.size(), 2u);
    }
  }
}

// A waiter that may be requeued still needs to know how its parent ended.
TEST(Time, AParentIsKeptAsLongAsAFreshWaiter) {
  Env env;
  env.AddNodes(1, Cpus(1));
  const JobId parent = env.Submit(Job()), waiter = env.Submit(Job().After("done(1)").Held());
  env.RunAll();
  env.Advance(kRetention - 1h);
  ASSERT_TRUE(env.Release(waiter));
  env.RunAll(Exit(1));
  env.Advance(24h);
  ASSERT_TRUE(env.Requeue(waiter));
  EXPECT_EQ(env.StateOf(waiter), JobState::kRunnable) << env.Explain(waiter);
  EXPECT_TRUE(env.state().FindJob(parent));
}

// Somebody waits for the waiter, so it outlives its parent; without the parent nobody knows whether it may
// run.
TEST(Time, AJobWhoseParentIsForgottenIsNotRequeued) {
  Env env;
  env.AddNodes(1, Cpus(1));
  const JobId parent = env.Submit(Job()), waiter = env.Submit(Job().After("!ended(1)"));
  env.Submit(Job().After("ended(2)").Held());
  env.RunAll();
  env.Advance(kRetention + 1h);
  ASSERT_FALSE(env.state().FindJob(parent));
  ASSERT_TRUE(env.state().FindJob(waiter));
  const Status refused = env.Requeue(waiter);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("its dependency names job 1, which is no longer kept"));
  EXPECT_EQ(env.StateOf(waiter), JobState::kFailed);
}

TEST(Time, AForgottenParentIsNamedWhenSomebodyAsksForIt) {
  Env env;
  env.AddNodes(1, Cpus(1));
  env.Submit(Job());
  env.RunAll();
  env.Advance(kRetention + 1h);
  EXPECT_THAT(env.TrySubmit(Job().After("done(1)")).error().message, HasSubstr("finished long ago"));
}

}  // namespace
}  // namespace bsub::testing
