// What is known of saves, and stays known: to another scheduler, to the next attempt.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

Status TakeAway(Env& env, std::string node) {
  return env.SetNode(sched::NodeAction::kNotice, std::move(node), Ops(), "", 60s);
}

sched::AttemptEnded NewestEnd(const Env& env) {
  sched::AttemptEnded newest;
  for (const sched::JournalEntry& entry : env.journal()) {
    if (const auto* ended = std::get_if<sched::AttemptEnded>(&entry.body)) newest = *ended;
  }
  return newest;
}

TEST(KnownSaves, APartThatIsStillSavingIsNotStoppedWhenItsNodeIsHeardOfAgain) {
  for (const bool restarts : {false, true}) {
    Env env;
    env.AddNodes(4, Cpus(1));
    const JobId a = env.Submit(Job().Nodes(2).Saves());
    env.Cycle();
    env.TakeLaunched();
    env.Start(a, "n1");
    env.Start(a, "n2");
    ASSERT_TRUE(TakeAway(env, "n2"));
    env.TakeNotices();
    env.Finish(a, Exit(kSavedExitCode), "n2");
    if (restarts) {
      env.Restart();
    } else {
      env.Disconnect("n1");
    }
    env.Connect("n1");
    EXPECT_THAT(env.TakeStops(), IsEmpty()) << restarts;
    EXPECT_THAT(env.TakeNotices(), SizeIs(1)) << restarts;
    env.Finish(a, Exit(kSavedExitCode), "n1");
    EXPECT_EQ(env.StateOf(a), JobState::kRunnable);
  }
}

// No node says it again.
class MainPartTold : public ::testing::TestWithParam<std::tuple<bool, bool>> {};

TEST_P(MainPartTold, IsKnownToTheSchedulerThatHearsOfTheOtherPartsEnd) {
  const auto [from_state, saved] = GetParam();
  Env env;
  env.AddNodes(4, Cpus(1));
  const JobId a = env.Submit(Job().Nodes(2).Saves());
  env.Cycle();
  env.TakeLaunched();
  env.Start(a, "n1");
  env.Start(a, "n2");
  env.Advance(10s);
  ASSERT_TRUE(TakeAway(env, "n1"));
  env.Advance(5s);
  env.Finish(a, Exit(kSavedExitCode), "n1", {7, saved ? Duration(2s) : Duration(8s), 1s, !saved});
  if (from_state) {
    env.RestartFromState();
  } else {
    env.Restart();
  }
  env.Connect("n1");
  env.Connect("n2");
  env.Finish(a, Exit(kSavedExitCode), "n2");
  const sched::AttemptEnded ended = NewestEnd(env);
  EXPECT_EQ(ended.cost.generation, 7u);
  EXPECT_EQ(ended.cost.lost, saved ? Duration(0) : Duration(8s));
  EXPECT_THAT(ended.why, HasSubstr(saved ? "saved for the interruption" : "could not save"));
}

INSTANTIATE_TEST_SUITE_P(KnownSaves, MainPartTold, ::testing::Combine(::testing::Bool(), ::testing::Bool()));

class SavedGeneration : public ::testing::Test {
 protected:
  JobId Run(const Job& job) {
    env_.AddNodes(2, Cpus(1));
    const JobId id = env_.Submit(job);
    env_.Cycle();
    env_.TakeLaunches();
    env_.Start(id);
    env_.Advance(10s);
    return id;
  }
  // What the next attempt's node is told.
  std::uint64_t ToldNext() {
    env_.Cycle();
    const auto launches = env_.TakeLaunches();
    EXPECT_THAT(launches, SizeIs(1));
    return launches.empty() ? 0 : launches.back().saved_generation;
  }

  Env env_;
};

TEST_F(SavedGeneration, IsToldToTheNextAttemptsNodeAlsoAfterARestart) {
  const JobId a = Run(Job().Saves());
  ASSERT_TRUE(TakeAway(env_, "n1"));
  env_.Finish(a, Exit(kSavedExitCode), "", {7, 1s, 1s});
  env_.RestartFromState();
  env_.Connect("n2");
  EXPECT_EQ(ToldNext(), 7u);
}

TEST_F(SavedGeneration, OfACrashedAttemptIsToldUntilAPersonRequeuesTheFailedJob) {
  const JobId a = Run(Job().Saves().Retry(3));
  env_.Finish(a, Exit(1), "", {7, 1s, 1s});
  EXPECT_EQ(ToldNext(), 7u);
  env_.Finish(a, {EndKind::kNeverStarted, 0, "", "no such directory"});
  EXPECT_EQ(ToldNext(), 7u) << "who never started has told nothing else";
  env_.Finish(a, Exit(1));
  ASSERT_TRUE(env_.Requeue(a));
  EXPECT_EQ(ToldNext(), 0u);
}

}  // namespace
}  // namespace bsub::testing
