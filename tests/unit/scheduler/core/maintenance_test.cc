// Nodes that close for maintenance: nothing that could still run then is started on them, planning goes
// around it, and `why` and `when` name it.
#include <gmock/gmock.h>

#include <random>

#include "scheduler/core/calendar.h"
#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using namespace std::chrono_literals;
using sched::Calendar;
using sched::ReasonCode;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TimePoint AtMinute(int m) { return TimePoint(0) + m * 1min; }

TEST(Calendar, FindsWhatIsInTheWay) {
  Calendar calendar;
  const NodeId n(1);
  EXPECT_TRUE(calendar.IsOpen(n, AtMinute(0), TimePoint::Max(), ""));
  calendar.Add(n, {AtMinute(20), AtMinute(30), "late", false});
  calendar.Add(n, {AtMinute(10), AtMinute(15), "early", false});
  EXPECT_TRUE(calendar.IsOpen(n, AtMinute(0), AtMinute(10), "")) << "ends when it begins";
  EXPECT_FALSE(calendar.IsOpen(n, AtMinute(0), AtMinute(11), ""));
  EXPECT_TRUE(calendar.IsOpen(n, AtMinute(15), AtMinute(20), ""));
  EXPECT_EQ(calendar.InTheWay(n, AtMinute(15), TimePoint::Max(), "")->name, "late");
  EXPECT_EQ(calendar.EarliestOpen(n, AtMinute(0), 10min, ""), AtMinute(0));
  EXPECT_EQ(calendar.EarliestOpen(n, AtMinute(1), 10min, ""), AtMinute(30));
  EXPECT_EQ(calendar.EarliestOpen(n, AtMinute(1), 5min, ""), AtMinute(1));
  EXPECT_EQ(calendar.EarliestOpen(n, AtMinute(7), 5min, ""), AtMinute(15));
  EXPECT_EQ(calendar.EarliestOpen(n, AtMinute(7), Duration(0), ""), AtMinute(30)) << "no limit: for ever";
}

TEST(Calendar, AReservationIsOpenToItsOwnAlone) {
  Calendar calendar;
  const NodeId n(1);
  calendar.Add(n, {AtMinute(10), AtMinute(20), "r", true});
  calendar.Add(n, {AtMinute(15), AtMinute(16), "fix", false});
  EXPECT_TRUE(calendar.IsOpen(n, AtMinute(10), AtMinute(15), "r"));
  EXPECT_FALSE(calendar.IsOpen(n, AtMinute(9), AtMinute(15), "r")) << "not before it begins";
  EXPECT_FALSE(calendar.IsOpen(n, AtMinute(14), AtMinute(16), "r")) << "maintenance is for them too";
  EXPECT_FALSE(calendar.IsOpen(n, AtMinute(10), AtMinute(15), "s"));
  EXPECT_EQ(calendar.EarliestOpen(n, AtMinute(0), 4min, "r"), AtMinute(10));
  EXPECT_EQ(calendar.EarliestOpen(n, AtMinute(12), 4min, "r"), AtMinute(16));
  EXPECT_EQ(calendar.EarliestOpen(n, AtMinute(0), 6min, "r"), TimePoint::Max());
  EXPECT_EQ(calendar.EarliestOpen(NodeId(2), AtMinute(0), 1min, "r"), TimePoint::Max());
}

TEST(Calendar, ForgetsWhatIsOver) {
  Calendar calendar;
  calendar.Add(NodeId(1), {AtMinute(10), AtMinute(20), "a", false});
  EXPECT_FALSE(calendar.Advance(AtMinute(9)));
  EXPECT_EQ(calendar.NextChange(), AtMinute(10));
  EXPECT_TRUE(calendar.Advance(AtMinute(10)));
  EXPECT_EQ(calendar.NextChange(), AtMinute(20));
  EXPECT_TRUE(calendar.Advance(AtMinute(25)));
  EXPECT_TRUE(calendar.empty());
}

TEST(Calendar, WhatIsTakenBackLeavesNoTrace) {
  Calendar calendar;
  const NodeId n(1), m(2);
  calendar.Add(n, {AtMinute(10), AtMinute(20), "fix", false});
  Calendar before = calendar;
  for (const NodeId node : {n, m}) calendar.Add(node, {AtMinute(10), AtMinute(15), "r", true});
  EXPECT_EQ(calendar.changes().size(), 3u);
  calendar.Remove(n, "r");
  EXPECT_FALSE(calendar.Reserves(n, "r"));
  EXPECT_TRUE(calendar.Reserves(m, "r"));
  calendar.Remove(m);
  EXPECT_EQ(calendar, before);
  calendar.Remove(n);
  EXPECT_EQ(calendar, Calendar());
}

void CloseNodes(Env& env, std::vector<std::string> nodes, Duration from, Duration to) {
  env.Handle(sched::MaintenanceSet{{{"weekly", env.now() + from, env.now() + to, std::move(nodes)}}});
}

TEST(Maintenance, WhatWouldReachIntoItWaitsAndSaysSo) {
  Env env;
  env.AddNodes(1, Cpus(4));
  CloseNodes(env, {"n1"}, 2h, 5h);
  const JobId fits = env.Submit(Job().Walltime(2h)), late = env.Submit(Job().Walltime(3h)),
              endless = env.Submit(Job());
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(fits));
  EXPECT_THAT(env.Why(late), ElementsAre(ReasonCode::kMaintenance));
  EXPECT_THAT(env.Explain(late),
              AllOf(HasSubstr("maintenance weekly from 2026-01-01T02:00:00Z to 2026-01-01T05:00:00Z"),
                    HasSubstr("with its time limit of 3h"), HasSubstr("node n1")));
  EXPECT_THAT(env.Explain(endless), HasSubstr("the job has no time limit (-t)"));
  EXPECT_THAT(env.scheduler().MakeShortReasons().Of(env.job(late), std::nullopt),
              HasSubstr("maintenance weekly"));
  const auto when = env.scheduler().ForecastOf({late, std::nullopt}, env.now(), 1000);
  EXPECT_EQ(when->starts_at, env.now() + 5h);
  EXPECT_THAT(when->text, HasSubstr("maintenance weekly"));
  env.Finish(fits, Exit(0));
  env.Advance(2h);
  const JobId during = env.Submit(Job().Walltime(1min));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), IsEmpty());
  EXPECT_THAT(env.Explain(during), HasSubstr("it has begun"));
  env.Advance(3h);
  EXPECT_TRUE(env.cycle_wanted()) << "its end is reason enough to look again";
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(late, endless, during));
}

// The checks behind each input compare the calendar with one that is made from scratch.
TEST(Maintenance, CoversNodesThatComeLaterAndForgetsThoseThatGo) {
  Env env;
  CloseNodes(env, {"n3", "n1", "n2"}, 2h, 5h);
  env.AddNodes(4, Cpus(4));
  std::vector<JobId> late;
  for (int i = 0; i < 2; ++i) late.push_back(env.Submit(Job().Cpus(4).Walltime(3h)));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(late[0]));
  EXPECT_EQ(env.state().nodes.at(env.TaskOf(late[0]).attempt->node).description.name, "n4");
  ASSERT_TRUE(env.Reserve({{}, {}, "r", env.now() + 1h, 1h, 0, {"n1", "n2"}, {"alice"}}));
  EXPECT_EQ(env.wake_at(), env.now() + 1h);
  ASSERT_TRUE(env.DeleteReservation("r"));
  EXPECT_EQ(env.wake_at(), env.now() + 2h) << "nothing of it is left";
  env.Disconnect("n1");
  ASSERT_TRUE(env.SetNode(sched::NodeAction::kRemove, "n1"));
  env.Connect("n1");
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), IsEmpty()) << "the new one of that name is closed as well";
}

TEST(Maintenance, OtherNodesServeMeanwhile) {
  Env env;
  env.AddNodes(2, Cpus(4));
  CloseNodes(env, {"n1"}, 1h, 2h);
  const JobId gang = env.Submit(Job().Nodes(2).Walltime(2h)), one = env.Submit(Job().Walltime(2h));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(one));
  EXPECT_EQ(env.state().nodes.at(env.TaskOf(one).attempt->node).description.name, "n2");
  EXPECT_EQ(env.scheduler().ForecastOf({gang, std::nullopt}, env.now(), 1000)->starts_at, env.now() + 2h);
}

TEST(Maintenance, ANodeIsKeptForWhenItOpensAndUsedUntilThen) {
  for (const sched::Backfill backfill : {sched::Backfill::kSpare, sched::Backfill::kEasy,
                                         sched::Backfill::kShortest, sched::Backfill::kConservative}) {
    Env env;
    env.AddNodes(1, Cpus(4));
    ASSERT_TRUE(env.SetQueue({.name = "q", .backfill = backfill}));
    CloseNodes(env, {"n1"}, 2h, 3h);
    env.Submit(Job().Queue("q").Cpus(4).Walltime(4h));
    const JobId quick = env.Submit(Job().Queue("q").Cpus(4).Walltime(1h));
    env.Cycle();
    EXPECT_THAT(env.TakeLaunched(), ElementsAre(quick)) << sched::ToString(backfill);
    env.Finish(quick, Exit(0));
    env.Advance(3h);
    env.Cycle();
    EXPECT_THAT(env.TakeLaunched(), ElementsAre(JobId(1))) << sched::ToString(backfill);
  }
}

TEST(Maintenance, ANodeThatComesLaterIsClosedToo) {
  Env env;
  CloseNodes(env, {"n1"}, 1h, 2h);
  env.AddNodes(1, Cpus(4));
  const JobId job = env.Submit(Job().Walltime(90min));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), IsEmpty());
  env.Handle(sched::MaintenanceSet{});
  EXPECT_TRUE(env.cycle_wanted());
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(job)) << "the window was taken back";
}

// Under random work nothing is on a closed node, whatever the queue's backfill.
class MaintenanceWalk : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(MaintenanceWalk, NothingRunsOnAClosedNode) {
  std::mt19937 random(GetParam());
  const auto pick = [&](std::uint32_t n) { return static_cast<int>(random() % n); };
  Env env;
  env.AddNodes(3, Cpus(4));
  const auto backfill = static_cast<sched::Backfill>(GetParam() % 5);
  ASSERT_TRUE(env.SetQueue({.name = "q", .backfill = backfill}));
  std::vector<sched::NodesClosed> windows;
  for (int i = 0; i < 6; ++i) {
    const TimePoint from = env.now() + pick(300) * 1min;
    windows.push_back(
        {"w" + std::to_string(i), from, from + (10 + pick(40)) * 1min, {"n" + std::to_string(1 + pick(3))}});
  }
  env.Handle(sched::MaintenanceSet{windows});
  std::map<std::string, TimePoint> ends;
  for (int step = 0; step < 80; ++step) {
    for (int i = pick(3); i > 0; --i) {
      Job job = Job().Queue("q").Cpus(1 + pick(4)).Walltime((1 + pick(60)) * 1min);
      if (pick(4) == 0) job.Nodes(2);
      env.Submit(job);
    }
    env.Cycle();
    for (const sched::LaunchTask& launch : env.TakeLaunches()) {
      const TimePoint end = env.now() + launch.settings->walltime;
      const std::string node = env.state().nodes.at(launch.node).description.name;
      for (const sched::NodesClosed& window : windows) {
        const bool overlaps = window.nodes.front() == node && window.from < end && env.now() < window.to;
        EXPECT_FALSE(overlaps) << sched::ToString(backfill) << ": job " << launch.attempt.task.job.value()
                               << " on " << node << " reaches into " << window.name;
      }
      ends[std::to_string(launch.attempt.task.job.value())] = end;
    }
    env.Advance(5min);
    for (auto it = ends.begin(); it != ends.end();) {
      if (it->second > env.now() && pick(5) != 0) {
        ++it;
        continue;
      }
      for (const NodeId node : {NodeId(1), NodeId(2), NodeId(3)}) {
        const sched::Attempt* attempt = env.TaskOf(it->first).attempt.get();
        if (attempt && sched::PartOn(*attempt, node) != nullptr)
          env.Finish(it->first, Exit(0), env.state().nodes.at(node).description.name);
        else if (attempt && !attempt->gang && attempt->node == node)
          env.Finish(it->first, Exit(0));
      }
      it = ends.erase(it);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, MaintenanceWalk, ::testing::Range(0u, 20u));

}  // namespace
}  // namespace bsub::testing
