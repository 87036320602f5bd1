// Jobs that choose their nodes: placement groups that several share, and features.
#include <gmock/gmock.h>

#include "tests/support/racks.h"
#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using sched::ReasonCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// n1 and n2 on rack r1, n3 and n4 on r2, two CPUs each; n3 and n4 have the feature "efa".
class NodeChoice : public ::testing::Test {
 protected:
  NodeChoice() : env(SettingsOf()) { env.AddNodes(4, Cpus(2)); }

  static sched::Settings SettingsOf() {
    sched::Settings settings = Env::DefaultSettings();
    settings.topology = Racks({{"n1", "n2"}, {"n3", "n4"}}, {"n3", "n4"});
    return settings;
  }

  // Starts it while the other nodes are drained.
  JobId RunOn(std::string_view node, const Job& job) {
    for (const char* name : {"n1", "n2", "n3", "n4"}) {
      if (name == node) continue;
      EXPECT_TRUE(env.SetNode(sched::NodeAction::kDrain, name));
    }
    const JobId id = env.Submit(job);
    env.Cycle();
    EXPECT_EQ(env.TakeLaunches().size(), 1u) << node;
    env.Start(id);
    for (const char* name : {"n1", "n2", "n3", "n4"})
      EXPECT_TRUE(env.SetNode(sched::NodeAction::kResume, name));
    return id;
  }
  std::vector<std::uint64_t> Cycle() {
    env.Cycle();
    std::vector<std::uint64_t> nodes;
    for (const sched::LaunchTask& launch : env.TakeLaunches()) nodes.push_back(launch.node.value());
    return nodes;
  }
  static Job Near() { return Job().Placed("cluster").Group("pg1"); }
  static Job Apart() { return Job().Placed("spread").Group("pg1"); }

  Env env;
};

TEST_F(NodeChoice, AJobOfAGroupIsPlacedNearThoseThatRun) {
  RunOn("n3", Near().Cpus(2));
  env.Submit(Near().Cpus(2));
  EXPECT_THAT(Cycle(), ElementsAre(4)) << "without the group it would be n1";
}

TEST_F(NodeChoice, SeveralNodesJoinTheRackOfTheirGroup) {
  RunOn("n3", Near());
  RunOn("n1", Job());
  RunOn("n2", Job());
  env.Submit(Near().Nodes(2));
  EXPECT_THAT(Cycle(), ElementsAre(3, 4)) << "without the group r1, on which something runs on both nodes";
}

TEST_F(NodeChoice, NearIsWaitedForWhileTheRackIsFull) {
  RunOn("n3", Near().Cpus(2));
  const JobId other = RunOn("n4", Job().Cpus(2));
  const JobId waits = env.Submit(Near().Cpus(2));
  EXPECT_THAT(Cycle(), IsEmpty());
  EXPECT_THAT(env.Why(waits), ElementsAre(ReasonCode::kPlacement));
  env.Finish(other, Exit(0));
  EXPECT_THAT(Cycle(), ElementsAre(4));
}

TEST_F(NodeChoice, ASpreadGroupHasARackForEachOfItsJobs) {
  const JobId first = RunOn("n1", Apart());
  const JobId second = env.Submit(Apart());
  EXPECT_THAT(Cycle(), ElementsAre(3)) << "n1 is the fullest node with room";
  const JobId third = env.Submit(Apart());
  EXPECT_THAT(Cycle(), IsEmpty());
  EXPECT_THAT(env.Why(third), ElementsAre(ReasonCode::kPlacement)) << "it can run when one of them has ended";
  EXPECT_THAT(env.Explain(third), Not(HasSubstr("idle cluster")));
  env.Finish(first, Exit(0));
  EXPECT_THAT(Cycle(), ElementsAre(1));
  env.Finish(second, Exit(0));
}

TEST_F(NodeChoice, AGroupIsItsOwners) {
  RunOn("n1", Apart());
  env.Submit(Apart().By(Bob()));
  EXPECT_THAT(Cycle(), ElementsAre(1)) << "alice's job of that name is nothing to bob";
}

TEST_F(NodeChoice, AGroupOutlivesTheScheduler) {
  RunOn("n1", Apart());
  for (const bool from_state : {false, true}) {
    from_state ? env.RestartFromState() : env.Restart();
    for (const char* node : {"n1", "n2", "n3", "n4"}) env.Connect(node);
    const JobId next = env.Submit(Apart());
    EXPECT_THAT(Cycle(), ElementsAre(3));
    env.Finish(next, Exit(0));
  }
}

TEST_F(NodeChoice, OnlyNodesWithTheFeaturesServe) {
  env.Submit(Job().Features("efa"));
  EXPECT_THAT(Cycle(), ElementsAre(3));
  env.Submit(Job().Features("!efa").Nodes(2));
  EXPECT_THAT(Cycle(), ElementsAre(1, 2));
  env.Submit(Job().Features("r2,efa"));
  EXPECT_THAT(Cycle(), ElementsAre(3)) << "a rack is a feature of its nodes";
}

TEST_F(NodeChoice, MoreNodesThanHaveTheFeaturesAreSaidToBe) {
  const JobId gang = env.Submit(Job().Nodes(3).Features("efa"));
  const JobId single = env.Submit(Job().Features("efa,gpu"));
  EXPECT_THAT(Cycle(), IsEmpty());
  for (const JobId job : {gang, single}) EXPECT_THAT(env.Why(job), ElementsAre(ReasonCode::kNeverFits));
  EXPECT_THAT(env.Explain(gang),
              HasSubstr("3 nodes asked for, 2 of 4 have the features; the rarest is 'efa'"));
  EXPECT_THAT(env.Explain(single), HasSubstr("the rarest is 'gpu'"));
  EXPECT_EQ(env.scheduler().MakeShortReasons().Of(env.job(gang), std::nullopt),
            "can never run: 3 nodes asked for, 2 of 4 have the features; the rarest is 'efa'");
}

TEST_F(NodeChoice, NeverIsSaidEvenIfThePlacementIsOnlyPreferred) {
  const JobId gang = env.Submit(Job().Nodes(3).Placed("cluster:preferred").Features("efa"));
  EXPECT_THAT(env.Why(gang), ElementsAre(ReasonCode::kNeverFits));
}

TEST_F(NodeChoice, NodesWithTheFeaturesAreKeptForTheFirst) {
  const JobId n3 = RunOn("n3", Job().Cpus(2));
  RunOn("n4", Job().Cpus(2));
  const JobId first = env.Submit(Job().Cpus(2).Features("efa"));
  env.Submit(Job().Array("1-9").Cpus(2));
  EXPECT_THAT(Cycle(), ElementsAre(1, 2)) << "nothing is kept where it cannot run";
  env.Finish(n3, Exit(0));
  EXPECT_THAT(Cycle(), ElementsAre(3));
  EXPECT_EQ(env.StateOf(first), JobState::kStarting);
}

TEST_F(NodeChoice, PreferredFeaturesAreKeptIfTheyCostNothing) {
  env.Submit(Job().Cpus(2).PrefersFeatures("efa"));
  EXPECT_THAT(Cycle(), ElementsAre(3));
  env.Submit(Job().Nodes(2).Cpus(2).Placed("cluster").PrefersFeatures("efa"));
  EXPECT_THAT(Cycle(), ElementsAre(1, 2)) << "one rack counts more";
  env.Submit(Job().Cpus(2).PrefersFeatures("gpu"));
  EXPECT_THAT(Cycle(), ElementsAre(4)) << "no node has it";
}

TEST_F(NodeChoice, ContradictionsAreRefused) {
  const auto says = [this](const Job& job) {
    const auto refused = env.TrySubmit(job);
    return refused ? std::string("accepted") : refused.error().message;
  };
  EXPECT_EQ(says(Job().Features("efa,!efa")),
            "features 'efa' and '!efa' contradict each other; name one of them");
  EXPECT_EQ(says(Job().Features("efa").PrefersFeatures("!efa")),
            "features 'efa' and '!efa' contradict each other; name one of them");
  EXPECT_THAT(says(Job().Group("pg1")), HasSubstr("with placement none there is nothing to keep"));
  EXPECT_THAT(says(Near().Group("a,b")), HasSubstr("placement group 'a,b': expected"));
}

TEST_F(NodeChoice, PartsAreToldTheirPartitions) {
  env.Submit(Job().Nodes(4).Placed("partition=2"));
  env.Cycle();
  const auto launches = env.TakeLaunches();
  ASSERT_EQ(launches.size(), 4u);
  EXPECT_THAT(launches[3].gang->partitions, ElementsAre(0, 0, 1, 1));
  env.Submit(Job().Nodes(2).Placed("spread"));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunches().at(0).gang->partitions, IsEmpty());
}

}  // namespace
}  // namespace bsub::testing
