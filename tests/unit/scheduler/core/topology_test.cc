#include "scheduler/core/topology.h"

#include <gmock/gmock.h>

#include <numeric>

namespace bsub::sched {
namespace {

using ::testing::HasSubstr;

Level At(std::string name, std::int64_t latency_ns, std::int64_t bandwidth, std::int64_t uplink = 0) {
  return {std::move(name), {{Fabric::kEthernet, latency_ns, bandwidth}}, uplink};
}

// Two zones of two racks of two nodes; a and b are EFA in zone z1.
Topology TwoZones() {
  std::vector<Level> levels = {At("region", 400'000, 1'000),
                               At("zone", 20'000, 2'000),
                               At("rack", 10'000, 4'000, 3'000),
                               {"node", {{Fabric::kSharedMemory, 300, 9'000}}, 0}};
  levels[1].links.push_back({Fabric::kEfa, 12'000, 8'000});
  levels[2].links.push_back({Fabric::kEfa, 9'000, 8'000});
  auto builder = TopologyBuilder::Make("r", levels);
  InstanceType efa{.name = "hpc"}, plain{.name = "c5"};
  efa.fabrics = {Fabric::kEthernet, Fabric::kEfa};
  efa.features = {"avx512"};
  EXPECT_TRUE(builder->AddType(efa) && builder->AddType(plain));
  for (const char* zone : {"z1", "z2"}) {
    const auto z = builder->AddSwitch(TopologyBuilder::kTop, zone);
    for (const char* rack : {"a", "b"}) {
      const auto r = builder->AddSwitch(*z, std::string(zone) + rack);
      for (const char* node : {"1", "2"}) {
        const std::string name = std::string(zone) + rack + node;
        EXPECT_TRUE(
            builder->AddNode(*r, {.name = name,
                                  .type = zone == std::string("z1") ? 0U : 1U,
                                  .features = node == std::string("2") ? std::vector<std::string>{"ssd"}
                                                                       : std::vector<std::string>{}}));
      }
    }
  }
  return std::move(*builder).Build().value();
}

std::vector<NodeIndex> Named(const Topology& topology, const std::vector<std::string>& names) {
  std::vector<NodeIndex> nodes;
  for (const std::string& name : names) nodes.push_back(topology.FindNode(name).value());
  return nodes;
}

TEST(Topology, IsNumberedInTheOrderOfTheTree) {
  const Topology t = TwoZones();
  EXPECT_EQ(t.node_count(), 8u);
  EXPECT_EQ(t.switch_count(), 7u);
  EXPECT_EQ(t.node(0).name, "z1a1");
  EXPECT_EQ(t.node(7).name, "z2b2");
  EXPECT_EQ(t.PathOf(*t.FindSwitch("z2a")), "r/z2/z2a");
  EXPECT_EQ(t.SwitchesAt(1), std::make_pair(SwitchIndex{3}, SwitchIndex{7}));
  EXPECT_EQ(t.SwitchesAt(3), std::make_pair(SwitchIndex{0}, SwitchIndex{1}));
  const Topology::Switch& z2 = t.at(*t.FindSwitch("z2"));
  EXPECT_EQ(z2.first_node, 4u);
  EXPECT_EQ(z2.end_node, 8u);
  EXPECT_EQ(t.HeightOf("zone"), 2u);
  EXPECT_EQ(t.HeightOf("pod"), std::nullopt);
  EXPECT_EQ(t.FindNode("z3"), std::nullopt);
}

TEST(Topology, HopsAndCommonSwitches) {
  const Topology t = TwoZones();
  EXPECT_EQ(t.Hops(0, 0), 0u);
  EXPECT_EQ(t.Hops(0, 1), 1u);
  EXPECT_EQ(t.Hops(1, 2), 3u);
  EXPECT_EQ(t.Hops(3, 4), 5u);
  EXPECT_EQ(t.CommonSwitch(*t.FindSwitch("z1a"), *t.FindSwitch("z1")), *t.FindSwitch("z1"));
  EXPECT_EQ(t.CommonSwitch(*t.FindSwitch("z1a"), *t.FindSwitch("z2b")), 0u);
}

TEST(Topology, PredictsByTheFabricThatAllHave) {
  const Topology t = TwoZones();
  const Prediction efa = t.Predict(Named(t, {"z1a1", "z1b1"}));
  EXPECT_EQ(efa.fabric, Fabric::kEfa);
  EXPECT_EQ(efa.latency_ns, 12'000);
  EXPECT_EQ(efa.leaf_switches, 2u);
  EXPECT_EQ(efa.hops, 3u);
  const Prediction ethernet = t.Predict(Named(t, {"z2a1", "z2a2"}));
  EXPECT_EQ(ethernet.fabric, Fabric::kEthernet);
  EXPECT_EQ(ethernet.latency_ns, 10'000);
  EXPECT_EQ(ethernet.bandwidth, 4'000);
  const Prediction far = t.Predict(Named(t, {"z1a1", "z2a1"}));
  EXPECT_EQ(far.latency_ns, 400'000);
  EXPECT_EQ(far.bandwidth, 1'000);
  const Prediction one = t.Predict(Named(t, {"z1a1"}));
  EXPECT_EQ(one.fabric, Fabric::kSharedMemory);
  EXPECT_EQ(one.hops, 0u);
  EXPECT_EQ(one.hop_sum, 0u);
  EXPECT_EQ(t.LatencyNs(0, 0), 300);
}

TEST(Topology, AnUplinkIsSharedByThoseBelowIt) {
  const Topology t = TwoZones();
  EXPECT_EQ(t.Predict(Named(t, {"z1a1", "z1b1"})).bandwidth, 3'000);
  EXPECT_EQ(t.Predict(Named(t, {"z1a1", "z1a2", "z1b1"})).bandwidth, 3'000 / 2);
  EXPECT_EQ(t.Predict(Named(t, {"z1a1", "z1a2", "z1b1", "z1b2"})).bandwidth, 3'000 / 4) << "two by two pairs";
  EXPECT_EQ(t.Predict(Named(t, {"z1a1", "z1a2"})).bandwidth, 8'000);  // the uplink is not used
}

// Two racks of eight nodes: a port of 100 Gbit/s each, 400 Gbit/s from a rack upwards, as in
// cluster-configs/fat-tree.yaml.
TEST(Topology, WhileAllTalkToAllEachPairHasItsShareOfTheNarrowestLink) {
  constexpr std::int64_t kPort = 12'500'000'000;  // bytes per second
  auto builder = TopologyBuilder::Make("spine", {At("spine", 2'000, kPort),
                                                 At("rack", 1'000, kPort, 4 * kPort),
                                                 {"node", {{Fabric::kSharedMemory, 300, kPort}}, kPort}});
  ASSERT_TRUE(builder && builder->AddType({.name = "cpu"}));
  for (const std::string rack : {"a", "b"}) {
    const auto handle = builder->AddSwitch(TopologyBuilder::kTop, rack);
    for (int i = 0; i < 8; ++i)
      ASSERT_TRUE(builder->AddNode(*handle, {.name = rack + std::to_string(i), .type = 0, .features = {}}));
  }
  const Topology t = std::move(*builder).Build().value();
  std::vector<NodeIndex> nodes(16);
  std::iota(nodes.begin(), nodes.end(), 0U);
  EXPECT_EQ(t.Predict(nodes).bandwidth, 4 * kPort / 64) << "eight nodes send to eight";
  nodes.resize(8);
  EXPECT_EQ(t.Predict(nodes).bandwidth, kPort / 7) << "a port serves the seven others";
  EXPECT_EQ(t.Predict(std::vector<NodeIndex>{0, 8}).bandwidth, kPort);
}

TEST(Topology, HopSumIsThatOfAllPairs) {
  const Topology t = TwoZones();
  for (std::uint32_t set = 1; set < 256; ++set) {
    std::vector<NodeIndex> nodes;
    std::uint64_t sum = 0;
    for (NodeIndex i = 0; i < 8; ++i) {
      if ((set >> i & 1) == 0) continue;
      for (const NodeIndex other : nodes) sum += t.Hops(other, i);
      nodes.push_back(i);
    }
    EXPECT_EQ(t.Predict(nodes).hop_sum, sum) << set;
  }
}

TEST(Topology, FeaturesAreOwnOrOfTheTypeOrOfThePlace) {
  const Topology t = TwoZones();
  EXPECT_TRUE(t.HasFeature(0, "avx512"));
  EXPECT_TRUE(t.HasFeature(0, "hpc"));
  EXPECT_TRUE(t.HasFeature(0, "efa"));
  EXPECT_TRUE(t.HasFeature(0, "z1"));
  EXPECT_FALSE(t.HasFeature(0, "ssd"));
  EXPECT_FALSE(t.HasFeature(4, "z1a"));
  for (const char* feature : {"ssd", "efa", "z2b", "r", "nothing"}) {
    const std::vector<bool> with = t.WithFeature(feature);
    for (NodeIndex i = 0; i < 8; ++i) EXPECT_EQ(with[i], t.HasFeature(i, feature)) << feature << i;
  }
}

TEST(Topology, FlatIsOneRack) {
  const Topology t = Topology::Flat({"n1", "n2"});
  EXPECT_EQ(t.top_height(), 1u);
  EXPECT_EQ(t.Hops(0, 1), 1u);
  EXPECT_GT(t.Predict(std::vector<NodeIndex>{0, 1}).latency_ns, 0);
}

TEST(Topology, EachNodeThatNobodyConfiguredIsOnARackOfItsOwn) {
  const Topology t = TwoZones();
  const Topology more = t.WithOthers({"z1a1", "x2", "x1", "x2"});
  ASSERT_EQ(more.node_count(), 10u);
  for (NodeIndex i = 0; i < 8; ++i) {  // the others are where they were
    EXPECT_EQ(more.node(i).name, t.node(i).name);
    EXPECT_EQ(more.PathOf(more.node(i).rack), t.PathOf(t.node(i).rack));
    EXPECT_EQ(more.HasFeature(i, "ssd"), t.HasFeature(i, "ssd"));
  }
  EXPECT_EQ(more.node(8).name, "x1");
  EXPECT_EQ(more.Hops(8, 9), 5u) << "nothing is known of them, least of all that they are near each other";
  EXPECT_EQ(more.Hops(0, 8), 5u);
  EXPECT_EQ(more.PathOf(more.node(8).rack), "r/(elsewhere+) x1/(elsewhere) x1");
  EXPECT_TRUE(more.HasFeature(8, "unknown"));
  EXPECT_FALSE(more.HasFeature(8, "efa"));
  const Topology again = more.WithOthers({"x1", "y"});  // what is elsewhere already stays there too
  EXPECT_EQ(again.node_count(), 11u);
  EXPECT_EQ(again.PathOf(again.node(*again.FindNode("x1")).rack), more.PathOf(more.node(8).rack));
  EXPECT_EQ(again.Hops(*again.FindNode("x1"), *again.FindNode("y")), 5u);
  EXPECT_EQ(Topology::Flat({"a"}).WithOthers({"b"}).Hops(0, 1), 1u);
}

TEST(TopologyBuilder, SaysWhatIsWrongWithLevels) {
  const auto message = [](std::vector<Level> levels) {
    const auto builder = TopologyBuilder::Make("c", std::move(levels));
    return builder ? std::string("accepted") : builder.error().message;
  };
  const Level node = At("node", 5, 50);
  EXPECT_THAT(message({node}), HasSubstr("at least two"));
  EXPECT_THAT(message({At("node", 5, 50), node}), HasSubstr("'node' is given twice"));
  EXPECT_THAT(message({{"rack", {}, 0}, node}), HasSubstr("'rack' has no link"));
  EXPECT_THAT(message({At("rack", 0, 50), node}), HasSubstr("a latency of at least 1 ns"));
  EXPECT_THAT(message({At("rack", 5, 0), node}), HasSubstr("a bandwidth of at least 1"));
  EXPECT_THAT(message({At("rack", 4, 50), node}), HasSubstr("below the 5 ns of level 'node'"));
  EXPECT_THAT(message({At("rack", 5, 51), node}), HasSubstr("bandwidth is above that of level 'node'"));
  EXPECT_EQ(message({At("rack", 5, 50), node}), "accepted");
}

TEST(TopologyBuilder, SaysWhatIsWrongWithTheTree) {
  auto builder = TopologyBuilder::Make("c", {At("zone", 9, 9), At("rack", 5, 50), At("node", 5, 50)});
  ASSERT_TRUE(builder && builder->AddType({.name = "t"}));
  EXPECT_THAT(builder->AddType({.name = "t"}).error().message, HasSubstr("'t' is given twice"));
  const auto rack = builder->AddSwitch(TopologyBuilder::kTop, "r1");
  ASSERT_TRUE(rack);
  EXPECT_THAT(builder->AddSwitch(TopologyBuilder::kTop, "r1").error().message,
              HasSubstr("'r1' is given twice"));
  EXPECT_THAT(builder->AddSwitch(*rack, "x").error().message, HasSubstr("only nodes may be there"));
  const NodeSpec node{.name = "n", .type = 0, .features = {}};
  EXPECT_THAT(builder->AddNode(TopologyBuilder::kTop, node).error().message, HasSubstr("expected a rack"));
  auto empty = *builder;
  EXPECT_THAT(std::move(empty).Build().error().message, HasSubstr("has no nodes"));
  EXPECT_TRUE(builder->AddNode(*rack, node));
  EXPECT_THAT(builder->AddNode(*rack, node).error().message, HasSubstr("'n' is given twice"));
  ASSERT_TRUE(builder->AddSwitch(TopologyBuilder::kTop, "r2"));
  EXPECT_THAT(std::move(*builder).Build().error().message, HasSubstr("rack 'r2' has no nodes"));
}

}  // namespace
}  // namespace bsub::sched
