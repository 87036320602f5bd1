// Jobs on several nodes on a cluster whose tree is known: which nodes they get, how long they wait for them,
// and what is said about it.
#include <gmock/gmock.h>

#include "tests/support/racks.h"
#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using namespace std::chrono_literals;
using sched::ReasonCode;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

sched::Settings With(std::shared_ptr<const sched::Topology> topology) {
  sched::Settings settings = Env::DefaultSettings();
  settings.topology = std::move(topology);
  return settings;
}

// n1 and n2 on rack r1, n3 and n4 on r2, two CPUs each.
class GangPlacement : public ::testing::Test {
 protected:
  GangPlacement() : env(With(Racks({{"n1", "n2"}, {"n3", "n4"}}))) { env.AddNodes(4, Cpus(2)); }

  // Runs something on this node; the drained ones get nothing.
  JobId Fill(std::string_view node, Duration walltime = {}, std::int64_t cpus = 2) {
    for (const char* other : {"n1", "n2", "n3", "n4"}) {
      if (other == node) continue;
      EXPECT_TRUE(env.SetNode(sched::NodeAction::kDrain, other));
    }
    const JobId job = env.Submit(Job().Cpus(cpus).Walltime(walltime));
    env.Cycle();
    env.Start(job);
    for (const char* other : {"n1", "n2", "n3", "n4"})
      EXPECT_TRUE(env.SetNode(sched::NodeAction::kResume, other));
    static_cast<void>(env.TakeLaunches());
    return job;
  }
  std::vector<std::uint64_t> Launched() {
    std::vector<std::uint64_t> nodes;
    for (const sched::LaunchTask& launch : env.TakeLaunches()) nodes.push_back(launch.node.value());
    return nodes;
  }
  std::vector<std::uint64_t> Cycle() {
    env.Cycle();
    return Launched();
  }
  const sched::PlacementRecord& RecordOf(JobId job) { return *env.TaskOf(job).attempt->gang->placement; }

  Env env;
};

TEST_F(GangPlacement, ClusterTakesOneRack) {
  Fill("n1");
  env.Submit(Job().Nodes(2).Cpus(2).Placed("cluster"));
  EXPECT_THAT(Cycle(), ElementsAre(3, 4)) << "the fullest that fit would be n2 and n3";
}

TEST_F(GangPlacement, NoneLeavesIdleRacksWhole) {
  Fill("n4", {}, 1);
  env.Submit(Job().Nodes(2));
  EXPECT_THAT(Cycle(), ElementsAre(3, 4)) << "the fullest that fit would be n4 and n1";
}

TEST_F(GangPlacement, SpreadTakesARackEach) {
  const JobId job = env.Submit(Job().Nodes(2).Placed("spread"));
  EXPECT_THAT(Cycle(), ElementsAre(1, 3));
  EXPECT_EQ(RecordOf(job).got.racks, 2u);
}

TEST_F(GangPlacement, PartitionsShareNoRack) {
  const JobId job = env.Submit(Job().Nodes(4).Placed("partition=2"));
  EXPECT_THAT(Cycle(), ElementsAre(3, 4, 1, 2));
  EXPECT_THAT(RecordOf(job).partitions, ElementsAre(0, 0, 1, 1));
}

TEST_F(GangPlacement, WhatIsRequiredIsWaitedFor) {
  const JobId first = Fill("n1");
  Fill("n3");
  const JobId gang = env.Submit(Job().Nodes(2).Cpus(2).Placed("cluster"));
  EXPECT_THAT(Cycle(), IsEmpty());
  EXPECT_THAT(env.Why(gang), ElementsAre(ReasonCode::kPlacement));
  EXPECT_THAT(
      env.Explain(gang),
      AllOf(HasSubstr("it asks for 2 nodes with 2 CPUs; 2 have room, but placement cluster: no rack has 2 "
                      "nodes with room now; the most that one has is 1"),
            HasSubstr("2 nodes are kept free for it"),
            HasSubstr("; if it asked for less: 1 node would fit now with placement cluster; all 2 would fit "
                      "with placement spread; all 2 would fit with placement none")));
  EXPECT_EQ(env.scheduler().MakeShortReasons().Of(env.job(gang), std::nullopt),
            "waits for placement cluster");
  env.Advance(24h);
  EXPECT_THAT(Cycle(), IsEmpty());
  env.Finish(first, Exit(0));
  EXPECT_THAT(Cycle(), ElementsAre(1, 2));
}

// What runs could end without any of the gang's racks coming together again.
TEST_F(GangPlacement, WhyNamesTheDrainedNodesWithoutWhichNoRackIsEnough) {
  ASSERT_TRUE(env.SetNode(sched::NodeAction::kDrain, "n1"));
  ASSERT_TRUE(env.SetNode(sched::NodeAction::kDrain, "n3"));
  const JobId gang = env.Submit(Job().Nodes(2).Cpus(2).Placed("cluster"));
  EXPECT_THAT(Cycle(), IsEmpty());
  EXPECT_THAT(env.Why(gang), ElementsAre(ReasonCode::kNodesUnavailable));
  EXPECT_THAT(env.Explain(gang), AllOf(HasSubstr("placement cluster: no rack has 2 nodes with room now"),
                                       HasSubstr("2 nodes would do but cannot take work now"),
                                       HasSubstr("n3: drained by"), Not(HasSubstr("it starts when"))));
  EXPECT_THAT(env.Explain(gang), HasSubstr("`bsub-lite resume n1`; if it asked for less: "));
  EXPECT_EQ(env.scheduler().MakeShortReasons().Of(env.job(gang), std::nullopt),
            "placement cluster: too few of the nodes that could keep it take work");
  ASSERT_TRUE(env.SetNode(sched::NodeAction::kResume, "n1"));
  EXPECT_THAT(Cycle(), ElementsAre(1, 2)) << "as advised";
}

TEST_F(GangPlacement, WhyAlsoNamesThemWhileTheOtherNodesAreBusy) {
  Fill("n2");
  ASSERT_TRUE(env.SetNode(sched::NodeAction::kDrain, "n1"));
  env.Disconnect("n3");
  const JobId gang = env.Submit(Job().Nodes(2).Cpus(2).Placed("cluster"));
  EXPECT_THAT(Cycle(), IsEmpty());
  EXPECT_THAT(env.Why(gang), ElementsAre(ReasonCode::kNodesUnavailable));
  EXPECT_THAT(env.Explain(gang), HasSubstr("`bsub-lite resume n1`")) << "n3 is down, not drained";
}

TEST_F(GangPlacement, WhyAdvisesToResumeNoNodeThatIsDown) {
  env.Disconnect("n1");
  env.Disconnect("n3");
  const JobId gang = env.Submit(Job().Nodes(2).Cpus(2).Placed("cluster:preferred@5m"));
  EXPECT_THAT(Cycle(), IsEmpty());
  EXPECT_THAT(env.Explain(gang),
              AllOf(HasSubstr("; from 2026-01-01T00:05:00Z on it takes what there is"),
                    HasSubstr("`bsub-lite nodes`; it could be placed with n1"), Not(HasSubstr("resume"))));
}

// A node that nobody configured is near none.
TEST(UnknownNodes, AreNotTakenForOneRack) {
  Env env(With(Racks({{"n1", "n2"}, {"n3", "n4"}})));
  for (const char* name : {"x1", "x2", "n1", "n2"}) env.AddNode(FakeNode(name, Cpus(2)));
  ASSERT_TRUE(env.SetNode(sched::NodeAction::kDrain, "n1"));
  const JobId near = env.Submit(Job().Nodes(2).Cpus(2).Placed("cluster"));
  const JobId apart = env.Submit(Job().Nodes(3).Cpus(2).Placed("spread"));
  env.Cycle();
  EXPECT_THAT(env.Why(near), ElementsAre(ReasonCode::kNodesUnavailable));
  ASSERT_EQ(env.TakeLaunches().size(), 3u) << env.Explain(apart);
  EXPECT_EQ(env.TaskOf(apart).attempt->gang->placement->got.racks, 3u);
}

// With one look for places in each cycle the second gang is the next cycle's, which does not begin anew.
TEST(GangChoices, WhatOneCycleHasNotLookedAtTheNextDoes) {
  sched::Settings settings = With(Racks({{"n1", "n2"}, {"n3", "n4"}}));
  settings.max_gang_choices_per_cycle = 1;
  Env env(settings);
  env.AddNodes(4, Cpus(2));
  env.Submit(Job());
  env.Cycle();
  static_cast<void>(env.TakeLaunches());
  env.Submit(Job().Nodes(4).Cpus(2).Priority(5));
  const JobId second = env.Submit(Job().Nodes(2).Walltime(1s));
  env.Cycle();
  EXPECT_TRUE(env.TakeLaunches().empty());
  EXPECT_TRUE(env.cycle_wanted());
  env.Cycle();
  EXPECT_FALSE(env.cycle_wanted());
  EXPECT_EQ(env.TaskOf(second).state, JobState::kPending) << "all four nodes are kept free for the first";
}

// Two racks: of four nodes that are to be spread two can be. The numbers that were tried are counted.
TEST(GangChoices, ANumberThatIsSearchedForTakesSeveral) {
  sched::Settings settings = With(Racks({{"n1", "n2"}, {"n3", "n4"}}));
  settings.max_gang_choices_per_cycle = 3;
  Env env(settings);
  env.AddNodes(4, Cpus(2));
  const JobId elastic = env.Submit(Job().Nodes(4).AtLeast(2).Cpus(2).Placed("spread").Priority(5));
  const JobId next = env.Submit(Job().Nodes(2).Cpus(2));
  env.Cycle();
  EXPECT_EQ(env.TakeLaunches().size(), 2u);
  EXPECT_EQ(env.TaskOf(elastic).attempt->gang->parts.size(), 2u);
  EXPECT_EQ(env.TaskOf(next).state, JobState::kPending);
  EXPECT_TRUE(env.cycle_wanted());
  env.Cycle();
  EXPECT_EQ(env.TakeLaunches().size(), 2u);
}

// With conservative backfill it is promised what it prefers in ten hours, and what there is in five minutes.
TEST_F(GangPlacement, WhoGivesUpAPreferenceIsPlannedForAnew) {
  ASSERT_TRUE(env.SetQueue({.name = "default", .backfill = sched::Backfill::kConservative}));
  std::vector<JobId> others;
  for (int i = 0; i < 4; ++i) others.push_back(env.Submit(Job().Cpus(2).Walltime(10h)));
  env.Cycle();
  for (const JobId other : others) env.Start(other);
  // A node in each rack.
  for (const JobId other : others) {
    const std::uint32_t node = env.TaskOf(other).attempt->node.value();
    if (node == 2 || node == 4) env.Finish(other, Exit(0));
  }
  env.TakeLaunches();
  const JobId gang = env.Submit(Job().Nodes(2).Cpus(2).Walltime(1h).Placed("cluster:preferred@5m"));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ::testing::IsEmpty());
  EXPECT_EQ(env.wake_at(), env.now() + 5min);
  env.Advance(5min);
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ::testing::Contains(gang));
}

// Once all three are free they would do too: it is to start soon rather than on many.
TEST(KeptNodes, OfAnElasticGangAreTheFewestThatItTakes) {
  Env env(With(Racks({{"n1", "n2"}, {"n3"}})));
  env.AddNodes(3, Cpus(3));  // nodes are kept only as long as there is a CPU to keep them from others
  for (int length = 1; length <= 3; ++length) {
    const JobId job = env.Submit(Job().Cpus(2).Walltime(length * 1h));
    env.Cycle();
    env.Start(job);
  }
  const JobId gang = env.Submit(Job().Nodes(3).AtLeast(2).Cpus(2).Placed("partition=2"));
  env.Cycle();
  EXPECT_THAT(env.Explain(gang), HasSubstr("; 2 nodes are kept free for it"));
}

TEST(GangChoices, WhatFoundNoPlaceIsLookedAtAgainWhenNothingIsKeptForOthersAnyMore) {
  Env env(With(Racks({{"n1", "n2"}, {"n3", "n4"}})));
  env.AddNodes(4, Cpus(2));
  env.Submit(Job());
  env.Cycle();
  static_cast<void>(env.TakeLaunches());
  const JobId wide = env.Submit(Job().Nodes(4).Cpus(2).Priority(5));
  env.Submit(Job().Nodes(2));
  env.Cycle();
  EXPECT_TRUE(env.TakeLaunches().empty());
  EXPECT_TRUE(env.Cancel(wide));
  while (env.cycle_wanted()) env.Cycle();
  EXPECT_EQ(env.TakeLaunches().size(), 2u);
}

TEST_F(GangPlacement, WhatIsPreferredIsWaitedForSoLong) {
  Fill("n1");
  Fill("n3");
  const JobId gang = env.Submit(Job().Nodes(2).Cpus(2).Placed("cluster:preferred@5m"));
  EXPECT_THAT(Cycle(), IsEmpty());
  EXPECT_EQ(env.wake_at(), env.now() + 5min);
  EXPECT_THAT(env.Explain(gang), HasSubstr("; from 2026-01-01T00:05:00Z on it takes what there is"));
  const auto forecast = env.scheduler().ForecastOf({gang, std::nullopt}, env.now(), 1000);
  ASSERT_TRUE(forecast);
  EXPECT_EQ(forecast->starts_at, env.now() + 5min);
  EXPECT_THAT(forecast->text, HasSubstr("when it no longer waits for the placement that it prefers"));
  env.Advance(5min - 1s);
  EXPECT_THAT(Cycle(), IsEmpty());
  EXPECT_FALSE(env.cycle_wanted());
  env.Advance(1s);
  EXPECT_TRUE(env.cycle_wanted());
  EXPECT_THAT(Cycle(), ElementsAre(2, 4));
  EXPECT_FALSE(RecordOf(gang).kept);
  EXPECT_THAT(
      env.Explain(gang),
      HasSubstr("placement cluster, which could not be kept: below spine cluster, on 2 racks, 3 hops, 20us, "
                "4Gbit/s a pair; at best it would be 1 hop, 5us, 10Gbit/s a pair"));
  EXPECT_EQ(env.wake_at(), TimePoint::Max());
}

TEST_F(GangPlacement, WhatNoIdleClusterCanKeepIsToldSoWhileItIsWaitedFor) {
  const JobId gang = env.Submit(Job().Nodes(3).Cpus(2).Placed("spread:preferred@5m"));
  EXPECT_THAT(Cycle(), IsEmpty());
  EXPECT_THAT(env.Explain(gang),
              AllOf(HasSubstr("even on an idle cluster 2 racks have room; from 2026-01-01T00:05:00Z on"),
                    HasSubstr("in vain unless nodes are added"), Not(HasSubstr("has ended"))));
}

TEST_F(GangPlacement, WhatIsPreferredWithoutAWaitTakesWhatThereIs) {
  Fill("n1");
  Fill("n3");
  env.Submit(Job().Nodes(2).Cpus(2).Placed("cluster:preferred"));
  EXPECT_THAT(Cycle(), ElementsAre(2, 4));
}

TEST_F(GangPlacement, APreferenceThatCanBeKeptIsNotWaitedFor) {
  const JobId gang = env.Submit(Job().Nodes(2).Placed("spread:preferred@1h"));
  EXPECT_THAT(Cycle(), ElementsAre(1, 3));
  EXPECT_TRUE(RecordOf(gang).kept);
}

TEST_F(GangPlacement, TheWaitBeginsAgainWhenItIsSentBack) {
  const JobId gang = env.Submit(Job().Nodes(2).Cpus(2).Placed("cluster:preferred@5m"));
  env.Cycle();
  env.Start(gang, "n1");
  env.Start(gang, "n2");
  env.Advance(1h);
  EXPECT_EQ(Says(env.Requeue(gang)), "ok");
  env.Finish(gang, Signalled(15), "n1");
  env.Finish(gang, Signalled(15), "n2");
  static_cast<void>(env.TakeLaunches());
  EXPECT_TRUE(env.SetNode(sched::NodeAction::kDrain, "n1"));
  EXPECT_TRUE(env.SetNode(sched::NodeAction::kDrain, "n4"));
  EXPECT_THAT(Cycle(), IsEmpty());
  env.Advance(5min);
  EXPECT_THAT(Cycle(), ElementsAre(2, 3));
}

TEST_F(GangPlacement, WhatCannotBeOnAnyDayIsSaidSo) {
  const JobId gang = env.Submit(Job().Nodes(3).Placed("spread"));
  EXPECT_THAT(Cycle(), IsEmpty());
  EXPECT_THAT(env.Why(gang), ElementsAre(ReasonCode::kNeverFits));
  EXPECT_THAT(env.Explain(gang), HasSubstr("it can never run here: it asks for 3 nodes with 1 CPU; placement "
                                           "spread: 3 nodes need as many racks"));
  EXPECT_EQ(env.scheduler().MakeShortReasons().Of(env.job(gang), std::nullopt),
            "can never run: no placement spread on these nodes");
  const JobId preferred = env.Submit(Job().Nodes(3).Placed("spread:preferred@1m"));
  EXPECT_THAT(env.Why(preferred), ElementsAre(ReasonCode::kPlacement));
}

TEST_F(GangPlacement, TheRackThatComesFreeFirstIsKept) {
  const JobId n1 = Fill("n1", 10min);
  Fill("n2", 3h);
  const JobId n3 = Fill("n3", 20min);
  const JobId n4 = Fill("n4", 30min);
  env.Submit(Job().Nodes(2).Cpus(2).Placed("cluster"));
  env.Submit(Job().Array("1-9").Cpus(2));
  EXPECT_THAT(Cycle(), IsEmpty());
  env.Finish(n1, Exit(0));
  EXPECT_THAT(Cycle(), ElementsAre(1)) << "not of the rack that is kept: a small one may have it";
  env.Finish(n3, Exit(0));
  EXPECT_THAT(Cycle(), IsEmpty());
  env.Finish(n4, Exit(0));
  EXPECT_THAT(Cycle(), ElementsAre(3, 4));
}

TEST_F(GangPlacement, TheRecordOutlivesTheScheduler) {
  const JobId gang = env.Submit(Job().Nodes(2).Placed("cluster"));
  env.Cycle();
  const sched::PlacementRecord before = RecordOf(gang);
  EXPECT_EQ(before.path, "cluster/r1");
  EXPECT_EQ(before.level, "rack");
  EXPECT_EQ(before.got, (sched::Reach{1, 1, 5'000, 1'250'000'000}));
  EXPECT_EQ(before.got, before.best);
  env.Restart();
  EXPECT_EQ(RecordOf(gang), before);
  env.RestartFromState();
  EXPECT_EQ(RecordOf(gang), before);
  EXPECT_EQ(env.scheduler().state_hash(), env.scheduler().RecomputeStateHash());
}

TEST_F(GangPlacement, ANodeThatTheConfigurationLacksIsElsewhere) {
  env.AddNodes(1, Cpus(2));  // n5
  const JobId five = env.Submit(Job().Nodes(5).Placed("cluster"));
  EXPECT_THAT(Cycle(), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(RecordOf(five).got.racks, 3u);
}

TEST(GangPlacementSettings, NodesThatHaveNotRegisteredAreNotWaitedFor) {
  Env env(With(Racks({{"n1", "n2", "n3", "n4"}, {"n5", "n6", "n7"}})));
  env.AddNode(FakeNode("n1", Cpus(1)));
  env.AddNode(FakeNode("n5", Cpus(1)));
  env.AddNode(FakeNode("n6", Cpus(1)));
  env.Submit(Job().Nodes(3).Placed("cluster"));
  env.Cycle();
  EXPECT_EQ(env.TakeLaunches().size(), 3u) << "no rack has three of those that are there";
}

TEST(GangPlacementSettings, SpreadKeepsToTheLimitOfAZone) {
  sched::Settings settings = With(Racks({{"n1"}, {"n2"}, {"n3"}}));
  settings.placement.spread_per_zone = 2;
  Env env(settings);
  env.AddNodes(3, Cpus(1));
  const JobId gang = env.Submit(Job().Nodes(3).Placed("spread"));
  EXPECT_THAT(env.Why(gang), ElementsAre(ReasonCode::kNeverFits));
  EXPECT_THAT(env.Explain(gang), HasSubstr("at most 2 in a zone"));
}

TEST(GangPlacementSettings, WithoutAConfigurationAllAreOnOneRack) {
  Env env;
  env.AddNodes(2, Cpus(2));
  const JobId spread = env.Submit(Job().Nodes(2).Placed("spread"));
  const JobId near = env.Submit(Job().Nodes(2).Placed("cluster"));
  env.Cycle();
  EXPECT_EQ(env.StateOf(near), JobState::kStarting);
  EXPECT_EQ(env.TaskOf(near).attempt->gang->placement, nullptr) << "nothing is known of it";
  EXPECT_THAT(env.Explain(spread),
              HasSubstr("a cluster configuration (`bsub-lite up --config`) says where they are"));
  EXPECT_THAT(env.Explain(near), Not(HasSubstr("placement")));
}

TEST(GangPlacementSettings, MorePartitionsThanNodesAreRefused) {
  Env env;
  const auto refused = env.TrySubmit(Job().Nodes(2).Placed("partition=3"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "placement partition 3: must be from 1 to 2");
}

}  // namespace
}  // namespace bsub::testing
