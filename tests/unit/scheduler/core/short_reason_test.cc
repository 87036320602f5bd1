// The phrase that `jobs` shows for a job that waits: one for each thing that can keep it.
#include <gmock/gmock.h>

#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using namespace std::chrono_literals;

std::string Short(const Env& env, JobId id, std::optional<std::uint32_t> ordinal = std::nullopt) {
  return env.scheduler().MakeShortReasons().Of(env.state().jobs.at(id), ordinal);
}

TEST(ShortReason, EachKindInItsWords) {
  Env env;
  EXPECT_EQ(Short(env, env.Submit(Job())), "there are no nodes");
  env.AddNodes(1, Cpus(8));
  ASSERT_TRUE(env.SetQueue({.name = "night", .dispatches = false}));
  ASSERT_TRUE(env.SetQueue({.name = "one", .max_running_per_user = 1}));
  EXPECT_EQ(Short(env, env.Submit(Job().After("done(1)"))), "waits for done(1)");
  EXPECT_EQ(Short(env, env.Submit(Job().Held())), "held");
  EXPECT_EQ(Short(env, env.Submit(Job().BeginAt(env.now() + 90min))), "not before 2026-01-01T01:30:00Z");
  EXPECT_EQ(Short(env, env.Submit(Job().Queue("night"))), "queue night is closed");
  EXPECT_EQ(Short(env, env.Submit(Job().Cpus(64))), "can never run: no node has 64 CPUs");
  EXPECT_EQ(Short(env, env.Submit(Job().Cpus(64).After("done(1)"))), "can never run: no node has 64 CPUs");
  EXPECT_EQ(Short(env, env.Submit(Job().Cpus(2))), "waits for its turn");
  const JobId first = env.Submit(Job().Queue("one")), second = env.Submit(Job().Queue("one"));
  const JobId array = env.Submit(Job().Array("1-3%1"));
  env.Cycle();
  EXPECT_EQ(Short(env, first), "") << "it is being started";
  EXPECT_EQ(Short(env, second), "queue one runs at most 1 a user");
  EXPECT_EQ(Short(env, env.Submit(Job().Cpus(4))), "waits for 4 CPUs");
  ASSERT_TRUE(env.SetNode(sched::NodeAction::kDrain, "n1"));
  EXPECT_EQ(Short(env, env.Submit(Job().Cpus(4))), "no node that would do takes work");
  EXPECT_EQ(Short(env, array), "runs at most 1 at a time");
}

TEST(ShortReason, OfAnArrayAndOfItsChildren) {
  Env env;
  env.AddNodes(1, Cpus(4));
  const JobId parent = env.Submit(Job().Array("1-3%2"));
  const JobId child = env.Submit(Job().Array("1-3").After("done(1[*])"));
  EXPECT_EQ(Short(env, child), "waits for done(1[*])");
  env.Cycle();
  EXPECT_EQ(Short(env, parent), "runs at most 2 at a time");
  EXPECT_EQ(Short(env, parent, 0), "");
  EXPECT_EQ(Short(env, parent, 2), "runs at most 2 at a time");
  env.Finish("1[1]", Exit(0));
  EXPECT_EQ(Short(env, child), "waits for its turn");
  EXPECT_EQ(Short(env, child, 0), "waits for its turn");
  EXPECT_EQ(Short(env, child, 1), "waits for done(1[*])");
}

TEST(ShortReason, ADependencyThatCanNeverBeMetAndLongOnes) {
  Env env;
  env.AddNodes(1, Cpus(4));
  env.Submit(Job());
  const JobId kept = env.Submit(Job().After("done(1)").KeepIfImpossible());
  env.Submit(Job().Held());
  std::string many = "ended(3)";
  while (many.size() < 500) many += " || ended(3)";
  const JobId wordy = env.Submit(Job().After(many));
  env.Cycle();
  env.Finish("1", Exit(1));
  EXPECT_EQ(Short(env, kept), "can never meet done(1)");
  EXPECT_LT(Short(env, wordy).size(), 100U);
}

TEST(ShortReason, WhatIsUnusualAboutAnAttempt) {
  Env env;
  env.AddNodes(1, Cpus(4));
  const JobId a = env.Submit(Job());
  env.Cycle();
  env.Start(a);
  EXPECT_EQ(Short(env, a), "");
  ASSERT_TRUE(env.Cancel(a));
  EXPECT_EQ(Short(env, a), "told to stop by alice");
  env.Disconnect("n1");
  EXPECT_EQ(Short(env, a), "node n1 is out of contact");
}

}  // namespace
}  // namespace bsub::testing
