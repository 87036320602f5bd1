// when: the cluster played forward. The last test lets the cluster really go on and compares.
#include <gmock/gmock.h>

#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr std::uint32_t kSteps = 10'000;

sched::Forecast When(const Env& env, JobId id, std::optional<std::uint32_t> ordinal = std::nullopt,
                     std::uint32_t steps = kSteps) {
  return *env.scheduler().ForecastOf({id, ordinal}, env.now(), steps);
}

TEST(Forecast, WhatFitsStartsNow) {
  Env env;
  env.AddNodes(1, Cpus(2));
  const auto f = When(env, env.Submit(Job().Walltime(1h)));
  EXPECT_EQ(f.starts_at, env.now());
  EXPECT_EQ(f.ends_at, env.now() + 1h);
  EXPECT_THAT(f.text, HasSubstr("next scheduling cycle"));
}

TEST(Forecast, UntilTheNodesAreBackAfterARestartItSaysSo) {
  Env env;
  env.AddNodes(2, Cpus(2));
  const JobId runs = env.Submit(Job().Cpus(2));  // without a limit
  env.Cycle();
  env.Start(runs);
  const JobId wide = env.Submit(Job().Nodes(2).Cpus(1).Walltime(1h)), small = env.Submit(Job().Walltime(1h));
  EXPECT_THAT(When(env, wide).text, HasSubstr("it waits for tasks that have no time limit"));
  for (const bool from_state : {false, true}) {
    from_state ? env.RestartFromState() : env.Restart();
    for (const JobId id : {wide, small}) {
      const auto f = When(env, id);
      EXPECT_FALSE(f.starts_at.set());
      EXPECT_THAT(f.text, HasSubstr("that cannot be said yet: 2 nodes that would do are not connected"));
      EXPECT_THAT(f.next_step, HasSubstr("ask again in a moment"));
    }
    const auto trial = env.scheduler().TrySubmit(Alice(), Job().Walltime(1h).spec(), env.now(), kSteps);
    ASSERT_TRUE(trial);
    EXPECT_THAT(trial->forecast.text, HasSubstr("that cannot be said yet"));
    env.Connect("n1");
    EXPECT_THAT(When(env, wide).text, HasSubstr("1 node that would do is not connected"));
    env.Connect("n2");
    EXPECT_THAT(When(env, wide).text, HasSubstr("it waits for tasks that have no time limit"));
    EXPECT_EQ(When(env, small).starts_at, env.now());
  }
}

TEST(Forecast, TheTimeLimitsOfWhatRunsAndOfWhatIsServedBefore) {
  Env env;
  env.AddNodes(1, Cpus(2));
  const JobId running = env.Submit(Job().Cpus(2).Walltime(10min));
  env.Cycle();
  env.Start(running);
  const TimePoint began = env.now();
  env.Advance(4min);
  env.Submit(Job().Cpus(2).Walltime(20min));
  const JobId last = env.Submit(Job().Cpus(1).Walltime(5min));
  EXPECT_EQ(When(env, last).starts_at, began + 30min);
  EXPECT_EQ(When(env, last).ends_at, began + 35min);
  const JobId urgent = env.Submit(Job().Priority(5).Cpus(1).Walltime(5min));
  EXPECT_EQ(When(env, urgent).starts_at, began + 10min);
  EXPECT_EQ(When(env, running).ends_at, began + 10min);
}

TEST(Forecast, ChildrenOneAfterTheOther) {
  Env env;
  env.AddNodes(1, Cpus(8));
  const JobId array = env.Submit(Job().Array("1-6%2").Walltime(1min));
  EXPECT_EQ(When(env, array).starts_at, env.now());
  EXPECT_EQ(When(env, array, 1).starts_at, env.now());
  EXPECT_EQ(When(env, array, 5).starts_at, env.now() + 2min);
  env.Cycle();
  ASSERT_TRUE(env.Hold(array));
  for (int i = 1; i <= 2; ++i) env.Finish("1[" + std::to_string(i) + "]", Exit(0));
  EXPECT_EQ(When(env, array).id, "1[3]");
  ASSERT_TRUE(env.Cancel(array));
  EXPECT_EQ(When(env, array).id, "1");
  EXPECT_THAT(When(env, array).text, HasSubstr("all of its children are over"));
}

TEST(Forecast, QueueLimits) {
  Env env;
  env.AddNodes(1, Cpus(8));
  ASSERT_TRUE(env.SetQueue({.name = "q", .max_running = 1}));
  env.Submit(Job().Queue("q").Walltime(3min));
  EXPECT_EQ(When(env, env.Submit(Job().Queue("q").Walltime(3min))).starts_at, env.now() + 3min);
}

TEST(Forecast, SaysWhyThereIsNone) {
  Env env;
  env.AddNodes(1, Cpus(1));
  const JobId endless = env.Submit(Job());
  env.Cycle();
  env.Start(endless);
  EXPECT_THAT(When(env, endless).text, HasSubstr("no time limit"));
  const JobId waits = env.Submit(Job());
  EXPECT_FALSE(When(env, waits).starts_at.set());
  EXPECT_THAT(When(env, waits).text, HasSubstr("there is no time at the latest")) << "even odds there may be";
  EXPECT_THAT(When(env, waits).text, HasSubstr("have no time limit (-t), 1 in all"));
  EXPECT_THAT(When(env, waits, {}, 1).text, HasSubstr("too many jobs"));
  EXPECT_THAT(When(env, env.Submit(Job().Held())).text, HasSubstr("may not start yet"));
  EXPECT_THAT(When(env, env.Submit(Job().After("done(1)"))).next_step, HasSubstr("`bsub-lite why 4`"));
  EXPECT_EQ(When(env, env.Submit(Job().BeginAt(env.now() + 1h))).starts_at, env.now() + 1h);
  env.Finish(endless, Exit(0));
  EXPECT_THAT(When(env, endless).text, HasSubstr("over"));
  EXPECT_FALSE(env.scheduler().ForecastOf({JobId(99), {}}, env.now(), kSteps));
}

TEST(Forecast, NoStartOfAJobWhoseReservationIsGoneWhateverItsEarliestTime) {
  Env env;
  env.AddNodes(1, Cpus(1));
  ASSERT_TRUE(env.Reserve({{}, {}, "r", env.now() + 1h, 2h, 1, {}, {"alice"}}));
  const JobId job = env.Submit(Job().Reservation("r").Walltime(10min).BeginAt(env.now() + 90min));
  EXPECT_TRUE(When(env, job).starts_at.set());
  ASSERT_TRUE(env.DeleteReservation("r"));
  EXPECT_FALSE(When(env, job).starts_at.set());
  EXPECT_EQ(When(env, job).text, "it cannot start: its reservation r is over or was deleted");
}

// It is asked for on the core's thread, by any user.
TEST(Forecast, WhatIsPassedOverCountsAsWork) {
  Env env;
  env.AddNodes(1, Cpus(2));
  ASSERT_TRUE(env.SetQueue({.name = "q", .priority = 1, .max_running = 1}));
  env.SetChecks(false);
  for (int i = 0; i < 200; ++i) env.Submit(Job().Queue("q"));
  env.Cycle();  // the first runs without a limit, the others never may
  JobId last;
  for (int i = 0; i < 100; ++i) last = env.Submit(Job().Walltime(1h));
  EXPECT_THAT(When(env, last, {}, 1000).text, HasSubstr("too many jobs"));
  EXPECT_EQ(When(env, last, {}, 20'000).starts_at, env.now() + 99h);
}

TEST(Forecast, HoldsWhenTasksUseAllOfTheirTime) {
  Env env;
  env.AddNodes(2, Cpus(4));
  ASSERT_TRUE(env.SetQueue({.name = "q", .priority = 3, .max_running_per_user = 2}));
  std::vector<JobId> jobs;
  for (int i = 0; i < 24; ++i) {
    Job job = Job().Cpus(1 + i % 3).Walltime(1min * (1 + i % 5)).Priority(i % 2);
    if (i % 4 == 0) job.Queue("q");
    jobs.push_back(env.Submit(job));
  }
  std::map<JobId, TimePoint> expected, started, ends;
  for (const JobId id : jobs) expected[id] = When(env, id).starts_at;
  for (int minute = 0; started.size() < jobs.size() && minute < 100; ++minute) {
    for (auto it = ends.begin(); it != ends.end();) {
      if (it->second > env.now()) {
        ++it;
        continue;
      }
      env.Finish(it->first, Exit(0));
      it = ends.erase(it);
    }
    env.Cycle();
    for (const std::string& task : env.TakeLaunchedTasks()) {
      const JobId id(std::stoull(task));
      env.Start(id);
      started[id] = env.now();
      ends[id] = env.now() + env.state().jobs.at(id).spec.settings->walltime;
    }
    env.Advance(1min);
  }
  EXPECT_EQ(started, expected);
}

}  // namespace
}  // namespace bsub::testing
