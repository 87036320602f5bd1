// why: each reason with its numbers, its evidence and a next step; and no false ones.
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

TEST(Explain, ADependencyShowsTheStateOfTheParent) {
  Env env;
  env.AddNodes(1, Cpus(1));
  env.Submit(Job());
  const JobId a = env.Submit(Job().After("done(1)"));
  env.Cycle();
  EXPECT_THAT(env.Why(a), ElementsAre(ReasonCode::kDependency));
  EXPECT_THAT(env.Explain(a), AllOf(HasSubstr("it waits for its dependency done(1)"),
                                    HasSubstr("done(1): job 1 is STARTING"), HasSubstr("bsub-lite why 1")));
}

TEST(Explain, OfSeveralConditionsOnlyTheOpenOnesAreEvidence) {
  Env env;
  env.AddNodes(1, Cpus(4));
  env.Submit(Job());
  env.Submit(Job().Array("1-4"));
  const JobId a = env.Submit(Job().After("done(1) && ended(2)"));
  env.Cycle();
  env.Finish("1", Exit(0));
  env.Finish("2[1]", Exit(2));
  const std::string text = env.Explain(a);
  EXPECT_THAT(text, HasSubstr("ended(2): array job 2: 1 of 4 children are over, 1 of them failed"));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("done(1):")));
  EXPECT_THAT(text, HasSubstr("bsub-lite why 2")) << "the one that is waited for";
}

TEST(Explain, ADependencyThatCanNeverBeMet) {
  Env env;
  env.AddNodes(1, Cpus(1));
  env.Submit(Job());
  const JobId a = env.Submit(Job().After("done(1)").KeepIfImpossible());
  env.Cycle();
  env.Finish("1", Exit(3));
  EXPECT_THAT(env.Why(a), ElementsAre(ReasonCode::kNeverDependency));
  EXPECT_THAT(env.Explain(a), AllOf(HasSubstr("job 1 exited with code 3"), HasSubstr("`bsub-lite requeue 1`"),
                                    HasSubstr("`bsub-lite cancel 2`")));
}

// The core's thread counts while all others wait.
TEST(Explain, WhatIsAheadIsCountedAsFarAsAnybodyCares) {
  Env env;
  env.SetChecks(false);
  env.AddNodes(1, Cpus(1));
  for (int i = 0; i < 1000; ++i) env.Submit(Job());
  EXPECT_THAT(env.Explain(env.Submit(Job())), HasSubstr("1000 jobs are served before it"));
  EXPECT_THAT(env.Explain(env.Submit(Job())), HasSubstr("more than 1000 jobs are served before it"));
  EXPECT_THAT(env.Explain("7"), HasSubstr("6 jobs are served before it"));
  EXPECT_THAT(env.Explain(env.Submit(Job().Priority(1))), HasSubstr("next in line"));
}

TEST(Explain, OfAnArrayTheFirstChildThatWaitsSpeaks) {
  Env env;
  env.AddNodes(1, Cpus(100));
  env.Submit(Job().Array("1-200"));
  env.Cycle();
  EXPECT_THAT(env.Explanation("1").task.ordinal, 100u);
}

TEST(Explain, TheBeginTimeAndHowLongUntil) {
  Env env;
  env.AddNodes(1, Cpus(1));
  const JobId a = env.Submit(Job().BeginAt(env.now() + 90min));
  EXPECT_THAT(env.Why(a), ElementsAre(ReasonCode::kBeginTime));
  EXPECT_THAT(env.Explain(a), HasSubstr("begin at 2026-01-01T01:30:00Z, in 1h 30m"));
}

TEST(Explain, Holds) {
  Env env;
  env.AddNodes(1, Cpus(1));
  const JobId a = env.Submit(Job().Held());
  env.Submit(Job().Array("1-3"));
  ASSERT_TRUE(env.Hold("2[2]"));
  EXPECT_THAT(env.Why(a), ElementsAre(ReasonCode::kHeld));
  EXPECT_THAT(env.Explain(a), AllOf(HasSubstr("1 is RUNNABLE, held"), HasSubstr("bsub-lite release 1")));
  EXPECT_THAT(env.Explain("2[2]"), AllOf(HasSubstr("this child is held"), HasSubstr("release '2[2]'")));
}

TEST(Explain, AClosedQueue) {
  Env env;
  env.AddNodes(1, Cpus(1));
  ASSERT_TRUE(env.SetQueue({.name = "night", .dispatches = false}));
  const JobId a = env.Submit(Job().Queue("night"));
  EXPECT_THAT(env.Why(a), ElementsAre(ReasonCode::kQueueInactive));
  EXPECT_THAT(env.Explain(a), AllOf(HasSubstr("queue night is closed"), HasSubstr("queues open night")));
}

TEST(Explain, QueueLimits) {
  Env env;
  env.AddNodes(1, Cpus(10));
  ASSERT_TRUE(env.SetQueue({.name = "q", .max_running = 3, .max_running_per_user = 2}));
  for (int i = 0; i < 3; ++i) env.Submit(Job().Queue("q"));
  env.Cycle();
  EXPECT_THAT(env.Why("3"), ElementsAre(ReasonCode::kUserLimit));
  EXPECT_THAT(env.Explain("3"),
              HasSubstr("queue q runs at most 2 tasks of user alice at a time, and 2 run now"));
  env.Submit(Job().Queue("q").By(Bob()));
  env.Cycle();
  const JobId late = env.Submit(Job().Queue("q").By(Bob()));
  EXPECT_THAT(env.Why(late), ElementsAre(ReasonCode::kQueueLimit));
  EXPECT_THAT(env.Explain(late), AllOf(HasSubstr("at most 3 tasks at a time, and 3 run now"),
                                       HasSubstr("`bsub-lite queues set q --max-running 6`")));
}

TEST(Explain, ArrayConcurrency) {
  Env env;
  env.AddNodes(1, Cpus(10));
  env.Submit(Job().Array("1-5%2"));
  env.Cycle();
  EXPECT_THAT(env.Why("1[3]"), ElementsAre(ReasonCode::kArrayConcurrency));
  EXPECT_THAT(env.Explain("1"),
              AllOf(HasSubstr("1 is PENDING, 3 children wait"), HasSubstr("%2"), HasSubstr("2 run now")));
}

TEST(Explain, NoNodesAtAll) {
  Env env;
  const JobId a = env.Submit(Job());
  EXPECT_THAT(env.Why(a), ElementsAre(ReasonCode::kNoNodes));
  EXPECT_THAT(env.Explain(a), HasSubstr("`bsub-lite up`"));
}

TEST(Explain, WhatCanNeverRunSaysSoEvenWhenSomethingElseBlocksToo) {
  Env env;
  env.AddNodes(2, Cpus(4, 8));
  const JobId a = env.Submit(Job().Cpus(16).Held());
  EXPECT_THAT(env.Why(a), ElementsAre(ReasonCode::kHeld, ReasonCode::kNeverFits));
  EXPECT_THAT(env.Explain(a),
              AllOf(HasSubstr("asks for 16 CPUs on one node, and none of 2 nodes has that much"),
                    HasSubstr("n1: too small, has 4 CPUs, 8.0 GiB"),
                    HasSubstr("`bsub-lite cancel 1` and submit it again with less")));
}

TEST(Explain, BusyNodesWithCountsAndEvidence) {
  Env env;
  env.AddNode(FakeNode("big", Cpus(8)));
  env.AddNode(FakeNode("small", Cpus(2)));
  env.AddNode(FakeNode("off", Cpus(8)));
  ASSERT_TRUE(env.SetNode(sched::NodeAction::kDrain, "off", Ops(), "new disk"));
  env.Submit(Job().Cpus(6));
  const JobId a = env.Submit(Job().Cpus(4));
  env.Cycle();
  EXPECT_THAT(env.Why(a), ElementsAre(ReasonCode::kResources));
  EXPECT_THAT(env.Explain(a), AllOf(HasSubstr("1 node would do but is busy, 1 too small, 1 unavailable"),
                                    HasSubstr("big: busy, 2 CPUs"), HasSubstr("1 task there"),
                                    HasSubstr("off: drained by ops: new disk")));
}

TEST(Explain, NodesThatCannotTakeWork) {
  Env env;
  env.AddNodes(2, Cpus(4));
  const JobId a = env.Submit(Job());
  ASSERT_TRUE(env.SetNode(sched::NodeAction::kDrain, "n1"));
  env.Disconnect("n2");
  EXPECT_THAT(env.Why(a), ElementsAre(ReasonCode::kNodesUnavailable));
  EXPECT_THAT(env.Explain(a),
              AllOf(HasSubstr("2 nodes would do but cannot take work now"), HasSubstr("n1: drained by ops"),
                    HasSubstr("n2: contact lost since"), HasSubstr("`bsub-lite resume n1`")));
  env.Restart();
  ASSERT_TRUE(env.SetNode(sched::NodeAction::kResume, "n1"));
  EXPECT_THAT(env.Explain(a), HasSubstr("n1: has not connected since the scheduler started"));
}

TEST(Explain, ThePlaceInTheLine) {
  Env env;
  env.AddNodes(1, Cpus(1));
  for (int i = 0; i < 3; ++i) env.Submit(Job());
  EXPECT_THAT(env.Explain("1"), HasSubstr("next in line"));
  EXPECT_THAT(env.Explain("3"), HasSubstr("2 jobs are served before it"));
  env.Cycle();
  EXPECT_THAT(env.Why("3"), ElementsAre(ReasonCode::kResources, ReasonCode::kPosition));
  EXPECT_THAT(env.Explain("3"), HasSubstr("1 job is served before it"));
}

TEST(Explain, WhatIsLiveOrOver) {
  Env env;
  env.AddNodes(1, Cpus(1));
  const JobId a = env.Submit(Job());
  env.Cycle();
  EXPECT_THAT(env.Why(a), ElementsAre(ReasonCode::kStarting));
  env.Start(a);
  env.Advance(90s);
  EXPECT_THAT(env.Why(a), ElementsAre(ReasonCode::kRunning));
  EXPECT_THAT(env.Explain(a), HasSubstr("it runs on node n1 for 1m 30s"));
  ASSERT_TRUE(env.Cancel(a));
  env.Advance(4s);
  EXPECT_THAT(env.Explain(a), HasSubstr("told to stop on node n1 4.0s ago by alice"));
  env.Disconnect("n1");
  EXPECT_THAT(env.Why(a), ElementsAre(ReasonCode::kContactLost));
  EXPECT_THAT(env.Explain(a), HasSubstr("declare-dead n1"));
  env.Connect("n1");
  env.Finish(a, Exit(1));
  EXPECT_THAT(env.Why(a), ElementsAre(ReasonCode::kOver));
  EXPECT_THAT(env.Explain(a), AllOf(HasSubstr("cancelled by alice"), HasSubstr("`bsub-lite requeue 1`")));
}

TEST(Explain, WhatToDoAboutAFailureDependsOnHowItCame) {
  Env env;
  env.AddNodes(1, Cpus(4));
  env.Submit(Job());
  env.Submit(Job().After("done(1)"));
  env.Submit(Job().Array("1-3"));
  env.Cycle();
  env.Finish("1", Exit(3));
  env.Finish("3[2]", Exit(4));
  EXPECT_THAT(env.Explain("1"), HasSubstr("`bsub-lite logs 1`"));
  EXPECT_THAT(env.Explain("2"),
              AllOf(HasSubstr("dependency can no longer be met"), HasSubstr("`bsub-lite why 1`")))
      << "it has no output";
  EXPECT_THAT(env.Explain("3[2]"), HasSubstr("`bsub-lite logs '3[2]'`")) << "the shell needs the quotes";
}

TEST(Explain, AfterARestartTheTimeWithoutContactIsNotMadeUp) {
  Env env;
  env.AddNodes(1, Cpus(1));
  env.Submit(Job());
  env.Cycle();
  env.Advance(1h);
  env.Restart();
  EXPECT_THAT(env.Explain("1"), HasSubstr("has not connected since the scheduler started"));
}

TEST(Explain, EveryReasonAtOnce) {
  Env env;
  env.AddNodes(1, Cpus(1));
  ASSERT_TRUE(env.SetQueue({.name = "q", .dispatches = false}));
  env.Submit(Job());
  const JobId a = env.Submit(Job().Queue("q").After("done(1)").BeginAt(env.now() + 1h).Held().Cpus(2));
  EXPECT_THAT(env.Why(a), ElementsAre(ReasonCode::kDependency, ReasonCode::kBeginTime, ReasonCode::kHeld,
                                      ReasonCode::kQueueInactive, ReasonCode::kNeverFits));
}

TEST(Explain, WhatDoesNotExist) {
  Env env;
  env.Submit(Job().Array("1-3"));
  EXPECT_THAT(env.scheduler().Explain({JobId(9), {}}, env.now()).error().message, HasSubstr("no such job"));
  EXPECT_THAT(env.scheduler().Explain({JobId(1), 3}, env.now()).error().message, HasSubstr("no such child"));
}

// --- no false reasons

// The waiting tasks, and whether each has a reason that forbids its start; `next` are those that must start.
struct Forecast {
  std::set<std::string> blocked, next;
};

Forecast Predict(const Env& env) {
  Forecast forecast;
  for (const auto& [id, job] : env.state().jobs) {
    for (std::uint32_t i = 0; i < job.size(); ++i) {
      if (!IsWaiting(sched::StateOf(job, i))) continue;
      const sched::Explanation e =
          *env.scheduler().Explain({id, job.array ? std::optional(i) : std::nullopt}, env.now());
      EXPECT_FALSE(e.reasons.empty()) << e.id;
      for (const sched::Reason& reason : e.reasons) {
        EXPECT_FALSE(reason.text.empty());
        if (reason.code != ReasonCode::kPosition) forecast.blocked.insert(e.id);
        if (reason.text.find("next in line") != std::string::npos) forecast.next.insert(e.id);
      }
    }
  }
  return forecast;
}

class ExplainAtRandom : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(ExplainAtRandom, WhatStartsHadNoReasonNotTo) {
  std::mt19937 random(GetParam());
  const auto pick = [&](std::uint32_t n) { return static_cast<std::int64_t>(random() % n); };
  Env env;
  ASSERT_TRUE(env.SetQueue({.name = "q", .priority = 3, .max_running = 4, .max_running_per_user = 3}));
  env.AddNodes(2, Cpus(4));
  env.AddNodes(1, Cpus(2));
  std::vector<std::string> running;
  for (int step = 0; step < 40; ++step) {
    Job job = Job().Cpus(1 + pick(5)).Priority(static_cast<std::int32_t>(pick(2)));
    if (pick(2)) job.Queue("q");
    if (pick(2)) job.By(Bob());
    if (pick(4) == 0) job.Held();
    if (pick(3) == 0) job.Array("1-4%2");
    const auto jobs = env.state().jobs.size();
    if (jobs > 0 && pick(3) == 0)
      job.After("ended(" + std::to_string(1 + pick(static_cast<std::uint32_t>(jobs))) + ")");
    env.Submit(job);
    if (!running.empty() && pick(2)) {
      const auto victim = running.begin() + pick(static_cast<std::uint32_t>(running.size()));
      env.Finish(*victim, Exit(static_cast<std::int32_t>(pick(2))));
      running.erase(victim);
    }
    const Forecast forecast = Predict(env);
    env.Cycle();
    const std::vector<std::string> launched = env.TakeLaunchedTasks();
    const std::set<std::string> started(launched.begin(), launched.end());
    for (const std::string& task : started) {
      EXPECT_EQ(forecast.blocked.count(task), 0u) << task << " started although something forbade it";
    }
    for (const std::string& task : forecast.next) {
      // Of an array the first open child is next; its brothers share the place.
      const std::string job_id = task.substr(0, task.find('['));
      const bool someone = std::any_of(started.begin(), started.end(), [&](const std::string& s) {
        return s.substr(0, s.find('[')) == job_id;
      });
      EXPECT_TRUE(someone) << task << " was next in line and did not start";
    }
    running.insert(running.end(), launched.begin(), launched.end());
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ExplainAtRandom, ::testing::Range(1u, 16u));

}  // namespace
}  // namespace bsub::testing
