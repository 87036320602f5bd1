// What is known of saves, and stays known: to another scheduler, to the next attempt.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using ::testing::HasSubstr;
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

}  // namespace
}  // namespace bsub::testing
