// Limits of a queue by CPUs, by user and by share: what they hold, what `why` says of it, and that the counts
// they go by are those of the jobs.
#include "scheduler/core/queue_limits.h"

#include <gmock/gmock.h>

#include <random>

#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using namespace std::chrono_literals;
using sched::ReasonCode;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(QueueLimits, CpusOfTheQueueAreThoseThatRun) {
  Env env;
  env.AddNodes(2, Cpus(8));
  ASSERT_TRUE(env.SetQueue({.name = "q", .max_cpus = 6}));
  const JobId wide = env.Submit(Job().Queue("q").Cpus(4)), held = env.Submit(Job().Queue("q").Cpus(3)),
              fits = env.Submit(Job().Queue("q").Cpus(2));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(wide, fits));
  EXPECT_THAT(env.Why(held), ElementsAre(ReasonCode::kQueueLimit));
  EXPECT_THAT(env.Explain(held), AllOf(HasSubstr("queue q runs at most 6 CPUs at a time, and 6 CPUs run now; "
                                                 "it asks for 3 CPUs"),
                                       HasSubstr("`bsub-lite queues set q --max-cpus 12`")));
  env.Finish(wide, Exit(0));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(held));
}

TEST(QueueLimits, CpusPerUserLetOthersPass) {
  Env env;
  env.AddNodes(1, Cpus(16));
  ASSERT_TRUE(env.SetQueue({.name = "q", .max_cpus_per_user = 4}));
  const JobId first = env.Submit(Job().Queue("q").Cpus(3)), second = env.Submit(Job().Queue("q").Cpus(2)),
              others = env.Submit(Job().Queue("q").Cpus(4).By(Bob()));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(first, others));
  EXPECT_THAT(env.Why(second), ElementsAre(ReasonCode::kUserLimit));
  EXPECT_THAT(env.Explain(second), HasSubstr("at most 4 CPUs of user alice at a time, and 3 CPUs run now"));
}

TEST(QueueLimits, OfASharesTasksCpusAndWaiting) {
  Env env;
  env.AddNodes(1, Cpus(16));
  ASSERT_TRUE(env.SetQueue({.name = "tasks", .max_running_per_share = 1, .max_waiting_per_share = 3}));
  ASSERT_TRUE(env.SetQueue({.name = "cpus", .max_cpus_per_share = 2}));
  env.Submit(Job().Queue("tasks").Share("gold").Array("1-3"));
  EXPECT_THAT(env.TrySubmit(Job().Queue("tasks").Share("gold")).error().message,
              HasSubstr("3 tasks wait in queue tasks for share gold"));
  env.Submit(Job().Queue("tasks"));  // of alice's own share
  const JobId gold = env.Submit(Job().Queue("cpus").Share("gold").Cpus(2)),
              more = env.Submit(Job().Queue("cpus").Share("gold").By(Bob()));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunchedTasks(), ::testing::UnorderedElementsAre("1[1]", "2", "3"));
  EXPECT_THAT(env.Why("1[2]"), ElementsAre(ReasonCode::kShareLimit));
  EXPECT_THAT(env.Explain("1[2]"), AllOf(HasSubstr("at most 1 task of share gold at a time, and 1 run now"),
                                         HasSubstr("--max-running-per-share 2")));
  EXPECT_THAT(env.Explain(more), HasSubstr("at most 2 CPUs of share gold at a time, and 2 CPUs run now"));
  EXPECT_EQ(env.scheduler().MakeShortReasons().Of(env.job(more), std::nullopt),
            "queue cpus runs at most 2 CPUs a share");
  env.Finish(gold, Exit(0));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(more));
}

TEST(QueueLimits, AJobLargerThanTheLimitHearsThatItCanNeverStart) {
  Env env;
  env.AddNodes(2, Cpus(8));
  ASSERT_TRUE(env.SetQueue({.name = "q", .max_cpus_per_user = 4}));
  const JobId gang = env.Submit(Job().Queue("q").Cpus(3).Nodes(2));
  env.Cycle();
  env.ExpectNothingElse();
  EXPECT_THAT(env.Explain(gang), AllOf(HasSubstr("it asks for 6 CPUs: it can never start there"),
                                       HasSubstr("--max-cpus-per-user 8")));
  ASSERT_TRUE(env.SetQueue({.name = "q", .max_cpus_per_user = 6}));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(gang, gang));
}

TEST(QueueLimits, HoldUnderEveryBackfill) {
  for (const sched::Backfill backfill :
       {sched::Backfill::kNone, sched::Backfill::kSpare, sched::Backfill::kEasy, sched::Backfill::kShortest,
        sched::Backfill::kConservative}) {
    Env env;
    env.AddNodes(1, Cpus(8));
    ASSERT_TRUE(env.SetQueue({.name = "q", .backfill = backfill, .max_cpus_per_share = 2}));
    for (int i = 0; i < 3; ++i) env.Submit(Job().Queue("q").Share("s").Cpus(1).Walltime(1h));
    const JobId other = env.Submit(Job().Queue("q").Share("t").Cpus(2).Walltime(2h));
    env.Cycle();
    EXPECT_THAT(env.TakeLaunched(), ElementsAre(JobId(1), JobId(2), other)) << sched::ToString(backfill);
  }
}

TEST(QueueLimits, AForecastKnowsThem) {
  Env env;
  env.AddNodes(1, Cpus(8));
  ASSERT_TRUE(env.SetQueue({.name = "q", .max_cpus_per_share = 2}));
  env.Submit(Job().Queue("q").Cpus(2).Walltime(3min));
  const JobId second = env.Submit(Job().Queue("q").Cpus(1).Walltime(3min));
  const auto forecast = env.scheduler().ForecastOf({second, std::nullopt}, env.now(), 1000);
  ASSERT_TRUE(forecast);
  EXPECT_EQ(forecast->starts_at, env.now() + 3min);
}

// Env recounts after every input what the limits go by: limits come and go, jobs end, move and are lost.
class QueueLimitsWalk : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(QueueLimitsWalk, CountsAreThoseOfTheJobs) {
  std::mt19937 random(GetParam());
  const auto pick = [&](std::uint32_t n) { return static_cast<std::int64_t>(random() % n); };
  Env env;
  env.AddNodes(2, Cpus(6));
  ASSERT_TRUE(env.SetQueue({.name = "other"}));
  for (int step = 0; step < 60; ++step) {
    if (pick(8) == 0) {
      ASSERT_TRUE(env.SetQueue({.name = "q", .max_cpus_per_share = pick(3) * 2}));
    }
    if (pick(20) == 0) env.RestartFromState(), env.Connect("n1"), env.Connect("n2");
    if (env.state().queues.count("q") == 0) continue;
    Job job = Job().Queue("q").Cpus(1 + pick(2)).Share(pick(2) ? "a" : "").By(pick(2) ? Bob() : Alice());
    if (pick(3) == 0) {
      job.Array("1-3");
    } else if (pick(3) == 0) {
      job.MaxInterruptions(0).Then("other");
    }
    env.Submit(job);
    env.Cycle();
    for (const sched::LaunchTask& launch : env.TakeLaunches()) {
      const sched::TaskRef& task = launch.attempt.task;
      const std::string& node = env.state().nodes.at(launch.node).description.name;
      if (pick(2) && env.node(node).tasks.count(launch.attempt) != 0)
        env.Finish(sched::DisplayId(env.job(task.job), task.ordinal), Exit(0));
    }
    if (pick(10) == 0) env.node("n1").Reboot(), env.Connect("n1");
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, QueueLimitsWalk, ::testing::Range(1u, 13u));

}  // namespace
}  // namespace bsub::testing
