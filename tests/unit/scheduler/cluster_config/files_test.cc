// Every file in cluster-configs/ is one that can be used, and says what its comments say.
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>

#include "scheduler/cluster_config/load.h"
#include "scheduler/cluster_config/print.h"

namespace bsub::cluster_config {
namespace {

using ::testing::HasSubstr;

std::string Folder() {
  const char* root = std::getenv("BSUB_SOURCE_DIR");
  return std::string(root != nullptr ? root : ".") + "/cluster-configs";
}

ClusterConfig Load(const std::string& name) {
  auto config = LoadClusterConfig(Folder() + "/" + name);
  EXPECT_TRUE(config) << config.error().message;
  return std::move(*config);
}

TEST(ClusterConfigFiles, EachCanBeUsed) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(Folder())) {
    const std::string name = entry.path().filename().string();
    const ClusterConfig config = Load(name);
    ASSERT_TRUE(config.topology) << name;
    EXPECT_EQ(config.name + ".yaml", name);
    names.push_back(name);
    EXPECT_FALSE(TreeText(config).empty());
    EXPECT_THAT(ToJson(config, TimePoint(1)), HasSubstr("\"levels\""));
  }
  EXPECT_THAT(names, ::testing::IsSupersetOf(
                         {"laptop.yaml", "fat-tree.yaml", "efa-cluster.yaml", "spot.yaml", "large.yaml"}));
}

TEST(ClusterConfigFiles, Laptop) {
  const ClusterConfig config = Load("laptop.yaml");
  EXPECT_EQ(config.topology->node_count(), 2u);
  EXPECT_EQ(config.topology->node(1).name, "n2");
  EXPECT_EQ(config.topology->Hops(0, 1), 1u);
}

TEST(ClusterConfigFiles, FatTree) {
  const ClusterConfig config = Load("fat-tree.yaml");
  const sched::Topology& t = *config.topology;
  EXPECT_EQ(t.node_count(), 64u);
  EXPECT_TRUE(config.has_settings);
  EXPECT_EQ(config.licences.at("matlab"), 10);
  EXPECT_EQ(t.PathOf(t.node(t.FindNode("n25").value()).rack), "fat-tree/spine2/rack4");
  EXPECT_EQ(t.PathOf(t.node(t.FindNode("g09").value()).rack), "fat-tree/spine2/gpurack2");
  EXPECT_TRUE(t.HasFeature(t.FindNode("g09").value(), "nvlink"));
  EXPECT_FALSE(t.HasFeature(t.FindNode("n25").value(), "nvlink"));
  ASSERT_EQ(config.maintenance.size(), 2u);
  EXPECT_EQ(config.maintenance[0].nodes.size(), 32u);
  EXPECT_EQ(config.maintenance[1].nodes.size(), 12u);
  const TimePoint december(1'796'083'200'000'000);  // 2026-12-01
  EXPECT_THAT(Summary(config, december),
              HasSubstr("maintenance firmware: 2026-12-06T05:00:00Z to 2026-12-06T09:00:00Z, 32 nodes"));
}

TEST(ClusterConfigFiles, EfaCluster) {
  const ClusterConfig config = Load("efa-cluster.yaml");
  const sched::Topology& t = *config.topology;
  EXPECT_EQ(t.node_count(), 16u);
  const auto predict = [&](const char* a, const char* b) {
    return t.Predict(std::vector<sched::NodeIndex>{t.FindNode(a).value(), t.FindNode(b).value()});
  };
  EXPECT_EQ(predict("a01", "a03").latency_ns, 14'000);
  EXPECT_EQ(predict("a01", "a12").latency_ns, 24'000);
  EXPECT_EQ(predict("a01", "b01").fabric, sched::Fabric::kEthernet);
}

TEST(ClusterConfigFiles, Spot) {
  const ClusterConfig config = Load("spot.yaml");
  const sched::Topology& t = *config.topology;
  EXPECT_EQ(t.node_count(), 50u);
  const auto& type = t.types()[t.node(t.FindNode("c5a-n05").value()).type];
  EXPECT_TRUE(type.interruptible);
  EXPECT_EQ(type.price_micros, 246'000);
  EXPECT_EQ(t.HeightOf("zone"), 2u);
}

TEST(ClusterConfigFiles, Large) {
  const ClusterConfig config = Load("large.yaml");
  EXPECT_EQ(config.topology->node_count(), 10'000u);
  EXPECT_EQ(config.topology->at(config.topology->node(9'999).rack).name, "rack250");
}

}  // namespace
}  // namespace bsub::cluster_config
