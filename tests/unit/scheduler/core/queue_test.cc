// Queues: who may change them, priority, limits, and closed ones.
#include <gmock/gmock.h>

#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Queue, AdministratorsMakeThem) {
  Env env;
  EXPECT_THAT(Says(env.SetQueue({.name = "q"}, Alice())), HasSubstr("alice may not change queue q"));
  EXPECT_THAT(Says(env.SetQueue({.name = "a b"})), HasSubstr("queue name 'a b'"));
  EXPECT_THAT(Says(env.SetQueue({.name = "q", .max_running = -1})), HasSubstr("max_running -1"));
  EXPECT_EQ(Says(env.SetQueue({.name = "q"})), "ok");
}

TEST(Queue, ANewOneMustBeNewIfAsked) {
  Env env;
  const auto outcome =
      env.Handle(sched::SetQueue{sched::ReplyTo(5), Ops(), {.name = "default"}, /*must_be_new=*/true, false});
  EXPECT_THAT(outcome.entries, IsEmpty());
  EXPECT_EQ(std::get<sched::Reply>(outcome.messages.at(0)).body.error().code, Code::kAlreadyExists);
}

TEST(Queue, OnlyAnEmptyOneThatIsNotTheDefaultCanGo) {
  Env env;
  ASSERT_TRUE(env.SetQueue({.name = "q"}));
  const JobId a = env.Submit(Job().Queue("q"));
  EXPECT_THAT(Says(env.DeleteQueue("default")), HasSubstr("is the default queue"));
  EXPECT_THAT(Says(env.DeleteQueue("q")), HasSubstr("still has 1 waiting and 0 running"));
  ASSERT_TRUE(env.Cancel(a));
  EXPECT_EQ(Says(env.DeleteQueue("q")), "ok");
  EXPECT_THAT(Says(env.DeleteQueue("q")), HasSubstr("No such queue"));
}

TEST(Queue, TheDefaultCanBeAnother) {
  Env env;
  env.Handle(sched::SetQueue{{}, Ops(), {.name = "q"}, false, /*make_default=*/true});
  EXPECT_EQ(env.TrySubmit(Job())->queue, "q");
}

TEST(Queue, HigherPriorityIsServedFirst) {
  Env env;
  env.AddNodes(1, Cpus(1));
  ASSERT_TRUE(env.SetQueue({.name = "low", .priority = -1}));
  ASSERT_TRUE(env.SetQueue({.name = "high", .priority = 10}));
  const JobId low = env.Submit(Job().Queue("low")), normal = env.Submit(Job()),
              high = env.Submit(Job().Queue("high"));
  for (const JobId next : {high, normal, low}) {
    env.Cycle();
    ASSERT_THAT(env.TakeLaunched(), ElementsAre(next));
    env.Finish(next, Exit(0));
  }
}

TEST(Queue, ALowerOneFillsWhatAHigherCannotUse) {
  Env env;
  env.AddNodes(1, Cpus(4));
  ASSERT_TRUE(env.SetQueue({.name = "high", .priority = 10}));
  env.Submit(Job().Queue("high").Cpus(8));
  const JobId small = env.Submit(Job());
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(small));
}

TEST(Queue, AClosedOneStartsNothingButAccepts) {
  Env env;
  env.AddNodes(1, Cpus(4));
  ASSERT_TRUE(env.SetQueue({.name = "q", .dispatches = false}));
  const JobId a = env.Submit(Job().Queue("q"));
  env.Cycle();
  env.ExpectNothingElse();
  ASSERT_TRUE(env.SetQueue({.name = "q"}));
  EXPECT_TRUE(env.cycle_wanted());
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(a));
}

TEST(Queue, TheRunningLimitCountsChildrenToo) {
  Env env;
  env.AddNodes(1, Cpus(100));
  ASSERT_TRUE(env.SetQueue({.name = "q", .max_running = 3}));
  env.Submit(Job().Queue("q").Array("1-10"));
  env.Submit(Job().Queue("q").Cpus(2));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), SizeIs(3));
  env.Finish("1[1]", Exit(0));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunchedTasks(), ElementsAre("1[4]"));
}

TEST(Queue, ThePerUserLimitLetsOthersPass) {
  Env env;
  env.AddNodes(1, Cpus(100));
  ASSERT_TRUE(env.SetQueue({.name = "q", .max_running_per_user = 2}));
  for (int i = 0; i < 4; ++i) env.Submit(Job().Queue("q"));
  env.Submit(Job().Queue("q").By(Bob()));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(JobId(1), JobId(2), JobId(5)));
  EXPECT_THAT(env.Why("3"), ElementsAre(sched::ReasonCode::kUserLimit));
}

TEST(Queue, LimitsHoldOverARestart) {
  Env env;
  env.AddNodes(1, Cpus(100));
  ASSERT_TRUE(env.SetQueue({.name = "q", .max_running = 1}));
  env.Submit(Job().Queue("q"));
  env.Submit(Job().Queue("q"));
  env.Cycle();
  env.TakeLaunches();
  env.RestartFromState();
  env.Connect("n1");
  env.Cycle();
  env.ExpectNothingElse();
}

}  // namespace
}  // namespace bsub::testing
