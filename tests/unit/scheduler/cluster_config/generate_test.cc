#include "scheduler/cluster_config/generate.h"

#include <gmock/gmock.h>

#include "scheduler/cluster_config/load.h"

namespace bsub::cluster_config {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

sched::Topology Made(std::string_view kind, const std::map<std::string, std::int64_t>& numbers) {
  const auto text = GenerateFile(kind, numbers);
  EXPECT_TRUE(text) << text.error().message;
  ParsedConfig parsed = ParseClusterConfig(*text);
  EXPECT_THAT(parsed.problems, IsEmpty()) << parsed.problems.front().text << "\n" << *text;
  return std::move(parsed.config.topology).value();
}

std::uint32_t Switches(const sched::Topology& t, std::uint32_t height) {
  const auto [begin, end] = t.SwitchesAt(height);
  return end - begin;
}

TEST(Generate, AFatTreeHasAQuarterOfItsPortsCubed) {
  const sched::Topology t = Made("fat-tree", {{"k", 8}});
  EXPECT_EQ(t.node_count(), 128u);
  EXPECT_EQ(Switches(t, 2), 8u);
  EXPECT_EQ(Switches(t, 1), 32u);
  EXPECT_EQ(t.at(t.node(0).rack).nodes(), 4u);
  EXPECT_EQ(Made("fat-tree", {{"k", 2}}).node_count(), 2u);
}

TEST(Generate, ADragonflySharesItsGlobalLinks) {
  const sched::Topology t = Made("dragonfly", {{"groups", 3}, {"routers", 2}, {"nodes", 4}});
  EXPECT_EQ(t.node_count(), 24u);
  EXPECT_EQ(Switches(t, 2), 3u);
  std::vector<sched::NodeIndex> all(24);
  for (sched::NodeIndex i = 0; i < 24; ++i) all[i] = i;
  EXPECT_LT(t.Predict(all).bandwidth, t.Predict(std::vector<sched::NodeIndex>{0, 1}).bandwidth);
}

TEST(Generate, EfaDoesNotLeaveItsZone) {
  const sched::Topology t = Made("efa-groups", {{"zones", 2}});
  EXPECT_EQ(t.node_count(), 32u);
  EXPECT_EQ(t.Predict(std::vector<sched::NodeIndex>{0, 15}).fabric, sched::Fabric::kEfa);
  EXPECT_EQ(t.Predict(std::vector<sched::NodeIndex>{0, 16}).fabric, sched::Fabric::kEthernet);
}

TEST(Generate, EveryKindWorksWithoutNumbersAlsoInAFile) {
  for (const GeneratorKind& kind : GeneratorKinds()) {
    const auto parsed =
        ParseClusterConfig("generate: {" + kind.name + ": {}}\ntypes: {x: {cpus: 1, memory: 1G}}\n");
    ASSERT_THAT(parsed.problems, IsEmpty()) << kind.name << parsed.problems.front().text;
    EXPECT_EQ(parsed.config.topology->node_count(), Made(kind.name, {}).node_count());
  }
}

TEST(Generate, SaysWhatIsWrong) {
  EXPECT_THAT(Generate("fat-tre", {}).error().message, HasSubstr("did you mean 'fat-tree'?"));
  EXPECT_THAT(Generate("torus", {}).error().message, HasSubstr("expected fat-tree, dragonfly or efa-groups"));
  EXPECT_EQ(Generate("fat-tree", {{"k", 7}}).error().message, "fat-tree: k is 7, expected an even number");
  EXPECT_EQ(Generate("fat-tree", {{"k", 66}}).error().message, "fat-tree: k is 66, expected 2 to 64");
  EXPECT_THAT(Generate("dragonfly", {{"group", 7}}).error().message, HasSubstr("did you mean 'groups'?"));
}

}  // namespace
}  // namespace bsub::cluster_config
