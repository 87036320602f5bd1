// Array jobs: children by index, concurrency, the parent's state and summary, and what stays of a child.
#include <gmock/gmock.h>

#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// "3 SUCCEEDED 1 RUNNING", most advanced last.
std::string Summary(const Env& env, JobId id) {
  const sched::StatusSummary counts = sched::Summarise(env.job(id));
  std::string text;
  for (int s = 0; s < kJobStateCount; ++s) {
    const std::uint32_t n = counts[static_cast<std::size_t>(s)];
    if (n == 0) continue;
    text += (text.empty() ? "" : ", ") + std::to_string(n) + " " +
            std::string(ToString(static_cast<JobState>(s)));
  }
  return text;
}

TEST(Array, ChildrenAreNamedByTheirIndex) {
  Env env;
  env.AddNodes(1, Cpus(8));
  const JobId a = env.Submit(Job().Name("a").Array("1-9:4,20"));
  env.Cycle();
  const auto launches = env.TakeLaunches();
  ASSERT_THAT(launches, SizeIs(4));
  EXPECT_EQ(launches[1].array_index, 5u);
  EXPECT_EQ(launches[1].array_size, 4u);
  EXPECT_EQ(launches[3].array_index, 20u);
  env.Finish(Child(a, 20), Exit(0));
  EXPECT_EQ(env.StateOf("1[20]"), JobState::kSucceeded);
  EXPECT_EQ(env.StateOf("1[5]"), JobState::kStarting);
}

TEST(Array, TheSummaryCountsChildrenAndTheParentIsPendingUntilAllAreOver) {
  Env env;
  env.AddNodes(1, Cpus(3));
  const JobId a = env.Submit(Job().Array("1-5"));
  EXPECT_EQ(Summary(env, a), "5 RUNNABLE");
  env.Cycle();
  env.TakeLaunches();
  env.Start("1[1]");
  env.Finish("1[2]", Exit(0));
  EXPECT_EQ(Summary(env, a), "2 RUNNABLE, 1 STARTING, 1 RUNNING, 1 SUCCEEDED");
  EXPECT_EQ(env.StateOf(a), JobState::kPending);
  env.Finish("1[1]", Exit(9));
  env.Finish("1[3]", Exit(0));
  env.RunAll();
  EXPECT_EQ(Summary(env, a), "4 SUCCEEDED, 1 FAILED");
  EXPECT_EQ(env.StateOf(a), JobState::kFailed) << "one failed child fails the parent";
}

TEST(Array, AWaitingArrayIsPendingChildByChild) {
  Env env;
  const JobId parent = env.Submit(Job());
  const JobId a = env.Submit(Job().Array("1-5").After("done(1)"));
  EXPECT_EQ(Summary(env, a), "5 PENDING");
  EXPECT_EQ(env.StateOf(parent), JobState::kRunnable);
}

TEST(Array, ConcurrencyBoundsHowManyRun) {
  Env env;
  env.AddNodes(1, Cpus(100));
  const JobId a = env.Submit(Job().Array("1-10%3"));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunchedTasks(), ElementsAre("1[1]", "1[2]", "1[3]"));
  env.Cycle();
  env.ExpectNothingElse();
  env.Finish("1[2]", Exit(1));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunchedTasks(), ElementsAre("1[4]"));
  env.Finish("1[1]", Exit(0));
  env.Finish("1[3]", Exit(0));
  env.Finish("1[4]", Exit(0));
  env.RunAll();
  EXPECT_EQ(Summary(env, a), "9 SUCCEEDED, 1 FAILED");
}

TEST(Array, ARetriedChildGoesBeforeTheOthers) {
  Env env;
  env.AddNodes(1, Cpus(1));
  env.Submit(Job().Array("1-3").Retry(2));
  env.Cycle();
  env.TakeLaunches();
  env.Finish("1[1]", Exit(1));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunchedTasks(), ElementsAre("1[1]"));
  env.Finish("1[1]", Exit(0));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunchedTasks(), ElementsAre("1[2]"));
}

TEST(Array, AChildIsARowOnlyWhileSomethingOfItsOwnExists) {
  Env env;
  env.AddNodes(1, Cpus(8));
  const JobId a = env.Submit(Job().Array("1-100").Retry(2));
  const auto rows = [&] { return env.job(a).array->rows.size(); };
  EXPECT_EQ(rows(), 0u);
  ASSERT_TRUE(env.Hold("1[50]"));
  EXPECT_EQ(rows(), 1u);
  ASSERT_TRUE(env.Release("1[50]"));
  EXPECT_EQ(rows(), 0u);
  env.Cycle();
  env.TakeLaunches();
  EXPECT_EQ(rows(), 8u);
  env.Finish("1[1]", Exit(0));
  EXPECT_EQ(rows(), 7u);
  env.Finish("1[2]", Exit(1));
  EXPECT_EQ(rows(), 7u) << "it waits for its second attempt, whose number must be known";
  ASSERT_TRUE(env.Cancel("1[2]"));
  EXPECT_EQ(rows(), 6u);
}

TEST(Array, RequeuedChildrenThatNeverRanAreBitsAgain) {
  Env env;
  const JobId a = env.Submit(Job().Array("1-1000"));
  ASSERT_TRUE(env.Cancel(a));
  EXPECT_EQ(env.StateOf(a), JobState::kFailed);
  ASSERT_TRUE(env.Requeue(a));
  EXPECT_EQ(Summary(env, a), "1000 RUNNABLE");
  EXPECT_THAT(env.job(a).array->rows, IsEmpty());
}

TEST(Array, RequeuedChildrenThatRanAreBitsToo) {
  Env env;
  env.AddNodes(1, Cpus(4));
  const JobId a = env.Submit(Job().Array("1-100").Retry(2));
  env.Cycle();
  env.TakeLaunches();
  env.Finish("1[1]", Exit(1));
  env.Cycle();
  env.TakeLaunches();
  for (const char* child : {"1[1]", "1[2]", "1[3]", "1[4]"}) ASSERT_TRUE(env.Cancel(child));
  ASSERT_TRUE(env.Cancel(a));
  for (const char* child : {"1[1]", "1[2]", "1[3]", "1[4]"}) env.Finish(child, Signalled(15));
  ASSERT_EQ(env.StateOf(a), JobState::kFailed);
  ASSERT_TRUE(env.Requeue(a));
  EXPECT_THAT(env.job(a).array->rows, IsEmpty());
  env.RestartFromState();
  env.Connect("n1");
  ASSERT_TRUE(env.Hold("1[7]"));
  ASSERT_TRUE(env.Release("1[7]"));
  EXPECT_THAT(env.job(a).array->rows, IsEmpty());
  env.TakeStops();
  env.Cycle();
  for (const sched::LaunchTask& launch : env.TakeLaunches()) {
    EXPECT_EQ(launch.attempt.number, 3u) << "no number that any child may have had";
  }
}

TEST(Array, RequeueOfAWholeArrayTakesWhatFailed) {
  Env env;
  env.AddNodes(1, Cpus(4));
  const JobId a = env.Submit(Job().Array("1-4"));
  env.Cycle();
  env.TakeLaunches();
  for (const char* child : {"1[1]", "1[3]", "1[4]"}) env.Finish(child, Exit(0));
  env.Finish("1[2]", Exit(7));
  EXPECT_EQ(env.StateOf(a), JobState::kFailed);
  ASSERT_TRUE(env.Requeue(a));
  EXPECT_EQ(Summary(env, a), "1 RUNNABLE, 3 SUCCEEDED");
  EXPECT_EQ(env.StateOf(a), JobState::kPending);
  EXPECT_FALSE(env.job(a).finished_at.set());
  env.RunAll();
  EXPECT_EQ(env.StateOf(a), JobState::kSucceeded);
  EXPECT_THAT(Says(env.Requeue(a)), ::testing::HasSubstr("no failed child"));
  ASSERT_TRUE(env.Requeue("1[3]")) << "a child named by itself runs again in any case";
  EXPECT_EQ(Summary(env, a), "1 RUNNABLE, 3 SUCCEEDED");
}

TEST(Array, HoldingAChildSkipsItAndHoldingTheArrayStopsAll) {
  Env env;
  env.AddNodes(1, Cpus(1));
  const JobId a = env.Submit(Job().Array("1-3"));
  ASSERT_TRUE(env.Hold("1[1]"));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunchedTasks(), ElementsAre("1[2]"));
  ASSERT_TRUE(env.Hold(a));
  env.Finish("1[2]", Exit(0));
  env.Cycle();
  env.ExpectNothingElse();
  EXPECT_THAT(Says(env.Release("1[3]")), ::testing::HasSubstr("the whole job is"));
  ASSERT_TRUE(env.Release(a));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunchedTasks(), ElementsAre("1[3]"));
  env.Finish("1[3]", Exit(0));
  ASSERT_TRUE(env.Release("1[1]"));
  env.RunAll();
  EXPECT_EQ(env.StateOf(a), JobState::kSucceeded);
}

TEST(Array, CancellingSomeChildrenLeavesTheOthers) {
  Env env;
  env.AddNodes(1, Cpus(2));
  const JobId a = env.Submit(Job().Array("1-4"));
  env.Cycle();
  env.TakeLaunches();
  ASSERT_TRUE(env.Cancel("1[1]"));
  ASSERT_TRUE(env.Cancel("1[4]"));
  EXPECT_THAT(env.TakeStops(), SizeIs(1));
  EXPECT_EQ(env.StateOf("1[1]"), JobState::kStarting) << "until its attempt is known to be over";
  EXPECT_EQ(env.StateOf("1[4]"), JobState::kFailed);
  env.Finish("1[1]", Signalled(15));
  env.Finish("1[2]", Exit(0));
  env.RunAll();
  EXPECT_EQ(Summary(env, a), "2 SUCCEEDED, 2 FAILED");
}

TEST(Array, OneChildIsAnArrayToo) {
  Env env;
  env.AddNodes(1, Cpus(1));
  const JobId a = env.Submit(Job().Array("7"));
  env.RunAll();
  EXPECT_EQ(env.StateOf("1[7]"), JobState::kSucceeded);
  EXPECT_EQ(env.StateOf(a), JobState::kSucceeded);
}

}  // namespace
}  // namespace bsub::testing
