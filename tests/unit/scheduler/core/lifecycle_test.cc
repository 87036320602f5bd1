// The life of a plain job: attempts, retries, interruptions, what is charged and what is not.
#include <gmock/gmock.h>

#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// Runs the job's next attempt and ends it.
void Attempt(Env& env, JobId job, const End& end) {
  env.Cycle();
  ASSERT_THAT(env.TakeLaunched(), ElementsAre(job));
  env.Finish(job, end);
}

TEST(Lifecycle, AnOutcomeThatIsUsedAgainHoldsOnlyWhatIsNew) {
  sched::Scheduler scheduler(Env::DefaultSettings());
  const TimePoint now(1'000'000);
  sched::Outcome outcome;
  scheduler.Handle({now, sched::Started{"00000000-0000-4000-8000-000000000001"}}, outcome);
  EXPECT_FALSE(outcome.entries.empty());
  const Job job;
  scheduler.Handle({now, sched::Submit{sched::ReplyTo(1), job.who(), job.spec()}}, outcome);
  EXPECT_EQ(outcome.entries.size(), 1U);
  EXPECT_EQ(outcome.messages.size(), 1U);
  EXPECT_TRUE(outcome.cycle_wanted);
  scheduler.Handle({now, sched::Tick{}}, outcome);
  EXPECT_TRUE(outcome.entries.empty());
  EXPECT_TRUE(outcome.messages.empty());
  EXPECT_FALSE(outcome.cycle_wanted);
}

TEST(Lifecycle, FromSubmitToSuccess) {
  Env env;
  env.AddNodes(1, Cpus(4));
  const JobId a = env.Submit(Job().Name("a").Cpus(2));
  EXPECT_EQ(env.StateOf(a), JobState::kRunnable);
  env.Cycle();
  const auto launches = env.TakeLaunches();
  ASSERT_THAT(launches, SizeIs(1));
  EXPECT_EQ(launches[0].job_name, "a");
  EXPECT_EQ(launches[0].allocated, (Resources{2000, 0, 0}));
  EXPECT_EQ(launches[0].restart_count, 0u);
  EXPECT_EQ(launches[0].incarnation, env.node("n1").incarnation);
  EXPECT_EQ(env.StateOf(a), JobState::kStarting);
  env.Start(a);
  EXPECT_EQ(env.StateOf(a), JobState::kRunning);
  env.Finish(a, Exit(0));
  EXPECT_EQ(env.StateOf(a), JobState::kSucceeded);
  EXPECT_TRUE(env.job(a).finished_at.set());
  EXPECT_EQ(env.scheduler().UsageOf(env.node("n1").id).tasks, 0u);
  env.ExpectNothingElse();
}

TEST(Lifecycle, AFailureIsFinalWithoutRetry) {
  Env env;
  env.AddNodes(1, Cpus(4));
  const JobId a = env.Submit(Job());
  Attempt(env, a, Exit(3));
  EXPECT_EQ(env.StateOf(a), JobState::kFailed);
  EXPECT_EQ(env.LastEnd(a), "exited with code 3");
  env.Cycle();
  env.ExpectNothingElse();
}

TEST(Lifecycle, RetryNMeansNAttemptsInAll) {
  Env env;
  env.AddNodes(1, Cpus(4));
  const JobId a = env.Submit(Job().Retry(3));
  for (std::uint32_t attempt = 1; attempt <= 3; ++attempt) {
    env.Cycle();
    const auto launches = env.TakeLaunches();
    ASSERT_THAT(launches, SizeIs(1)) << "attempt " << attempt;
    EXPECT_EQ(launches[0].attempt.number, attempt);
    EXPECT_EQ(launches[0].restart_count, attempt - 1);
    env.Finish(a, Signalled(9));
  }
  EXPECT_EQ(env.StateOf(a), JobState::kFailed);
  EXPECT_EQ(env.job(a).task.charged, 3u);
}

TEST(Lifecycle, TheFirstMatchingExitRuleDecides) {
  Env env;
  env.AddNodes(1, Cpus(4));
  const JobId a = env.Submit(Job().Retry(5).Rule("exit=7:retry").Rule("exit=*:exit"));
  Attempt(env, a, Exit(7));
  EXPECT_EQ(env.StateOf(a), JobState::kRunnable);
  Attempt(env, a, Exit(8));
  EXPECT_EQ(env.StateOf(a), JobState::kFailed);
}

TEST(Lifecycle, ALostNodeEndsTheAttemptNotTheJobAndIsNotCharged) {
  Env env;
  env.AddNodes(1, Cpus(4));
  const JobId a = env.Submit(Job().Retry(1));
  for (int i = 0; i < 5; ++i) {
    env.Cycle();
    ASSERT_THAT(env.TakeLaunched(), ElementsAre(a));
    env.Disconnect("n1");
    env.node("n1").Reboot();
    env.Disconnect("n1");
    env.Connect("n1");
    EXPECT_EQ(env.StateOf(a), JobState::kRunnable);
  }
  EXPECT_EQ(env.job(a).task.attempts, 5u);
  EXPECT_EQ(env.job(a).task.charged, 0u);
  EXPECT_EQ(env.job(a).task.interruptions, 5u);
  Attempt(env, a, Exit(0));
  EXPECT_EQ(env.StateOf(a), JobState::kSucceeded);
}

TEST(Lifecycle, ARuleCanMakeAnInterruptionCount) {
  Env env;
  env.AddNodes(1, Cpus(4));
  const JobId a = env.Submit(Job().Retry(3).Rule("status=Host EC2*:exit"));
  env.Cycle();
  env.TakeLaunched();
  env.node("n1").Reboot();
  env.Disconnect("n1");
  env.Connect("n1");
  EXPECT_EQ(env.StateOf(a), JobState::kFailed);
  EXPECT_THAT(env.LastEnd(a), HasSubstr("n1 was rebooted"));
}

TEST(Lifecycle, InterruptionsHaveTheirOwnLimit) {
  Env env;
  env.AddNodes(1, Cpus(4));
  const JobId a = env.Submit(Job().MaxInterruptions(1));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(env.StateOf(a), JobState::kRunnable);
    env.Cycle();
    env.TakeLaunched();
    env.node("n1").Reboot();
    env.Disconnect("n1");
    env.Connect("n1");
  }
  EXPECT_EQ(env.StateOf(a), JobState::kFailed);
  EXPECT_THAT(env.JournalText(), HasSubstr("interrupted 2 times, at most 1"));
}

TEST(Lifecycle, WhatCouldNotStartIsCharged) {
  Env env;
  env.AddNodes(1, Cpus(4));
  const JobId a = env.Submit(Job());
  Attempt(env, a, {EndKind::kNeverStarted, 0, "", "no such file: /bin/tru"});
  EXPECT_EQ(env.StateOf(a), JobState::kFailed);
  EXPECT_EQ(env.LastEnd(a), "could not be started: no such file: /bin/tru");
}

TEST(Lifecycle, TimedOutIsNotRetried) {
  Env env;
  env.AddNodes(1, Cpus(4));
  const JobId a = env.Submit(Job().Retry(5));
  Attempt(env, a, {EndKind::kTimedOut, 0, "", ""});
  EXPECT_EQ(env.StateOf(a), JobState::kFailed);
}

TEST(Lifecycle, AttemptNumbersGoOnAfterARequeue) {
  Env env;
  env.AddNodes(1, Cpus(4));
  const JobId a = env.Submit(Job().Retry(2));
  Attempt(env, a, Exit(1));
  Attempt(env, a, Exit(1));
  EXPECT_EQ(env.StateOf(a), JobState::kFailed);
  ASSERT_TRUE(env.Requeue(a));
  EXPECT_EQ(env.StateOf(a), JobState::kRunnable);
  env.Cycle();
  const auto launches = env.TakeLaunches();
  ASSERT_THAT(launches, SizeIs(1));
  EXPECT_EQ(launches[0].attempt.number, 3u);
  env.Finish(a, Exit(1));
  EXPECT_EQ(env.StateOf(a), JobState::kRunnable) << "the requeue gave it its attempts back";
}

TEST(Lifecycle, ChildrenGetNewAttemptNumbersAfterARequeueToo) {
  Env env;
  env.AddNodes(1, Cpus(4));
  const JobId a = env.Submit(Job().Array("1-3").Retry(2));
  env.RunAll(Exit(1));
  ASSERT_EQ(env.StateOf(a), JobState::kFailed);
  ASSERT_TRUE(env.Requeue(Child(a, 2)));
  env.Cycle();
  const auto launches = env.TakeLaunches();
  ASSERT_THAT(launches, SizeIs(1));
  EXPECT_EQ(launches[0].attempt, (sched::AttemptRef{{a, 1}, 3}));
}

TEST(Lifecycle, AnEndWithoutAReportedStartStillCountsAsStarted) {
  Env env;
  env.AddNodes(1, Cpus(4));
  const JobId parent = env.Submit(Job()), waiter = env.Submit(Job().After("started(1)"));
  env.Cycle();
  ASSERT_THAT(env.TakeLaunched(), ElementsAre(parent));
  FakeNode& n1 = env.node("n1");
  env.Handle(sched::TaskEnded{n1.id, n1.incarnation, {{parent, 0}, 1}, Exit(0), {}});
  EXPECT_EQ(env.StateOf(parent), JobState::kSucceeded);
  EXPECT_EQ(env.StateOf(waiter), JobState::kRunnable) << env.Explain(waiter);
}

TEST(Lifecycle, ReportsOfAnOlderAttemptChangeNothing) {
  Env env;
  env.AddNodes(1, Cpus(4));
  const JobId a = env.Submit(Job().Retry(3));
  Attempt(env, a, Exit(1));
  env.Cycle();
  env.TakeLaunched();
  FakeNode& n1 = env.node("n1");
  const auto outcome = env.Handle(sched::TaskEnded{n1.id, n1.incarnation, {{a, 0}, 1}, Exit(0), {}});
  EXPECT_TRUE(outcome.entries.empty());
  EXPECT_THAT(outcome.messages, SizeIs(1)) << "acknowledged all the same, so that the spawner may forget it";
  EXPECT_EQ(env.StateOf(a), JobState::kStarting);
}

}  // namespace
}  // namespace bsub::testing
