#include "cli/supervisor/cluster_change.h"

#include <gmock/gmock.h>

namespace bsub::cli {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kGiB = std::int64_t{1} << 30;
const Machine kMachine{.cpu_milli = 4000, .mem_bytes = 16 * kGiB};
const ClusterFile kTwoOfEight{
    .nodes = 2, .cpu_milli = 8000, .mem_bytes = 8 * kGiB, .config = "", .supervisor = {}, .named = {}};

UpRequest Ask(std::optional<std::uint32_t> nodes, std::optional<std::int64_t> cpu_milli = {}) {
  return {.nodes = nodes, .cpu_milli = cpu_milli, .mem_bytes = {}, .config = {}, .named = {}};
}

TEST(ClusterChange, AFirstClusterTakesTheMachine) {
  const auto change = PlanChange(std::nullopt, false, {}, kMachine);
  ASSERT_TRUE(change);
  EXPECT_TRUE(change->write);
  EXPECT_EQ(Describe(change->cluster), "1 node with 4 CPUs and 16.0 GiB");
}

TEST(ClusterChange, NodesShareTheMemory) {
  EXPECT_EQ(Describe(PlanChange(std::nullopt, false, Ask(2, 8000), kMachine)->cluster),
            "2 nodes with 8 CPUs and 8.0 GiB each");
}

TEST(ClusterChange, UpAgainChangesNothing) {
  for (const bool running : {false, true}) {
    for (const UpRequest& request : {UpRequest{}, Ask(2), Ask(2, 8000)}) {
      const auto change = PlanChange(kTwoOfEight, running, request, kMachine);
      ASSERT_TRUE(change);
      EXPECT_FALSE(change->write);
      EXPECT_EQ(change->cluster.nodes, 2u);
      EXPECT_EQ(change->cluster.mem_bytes, 8 * kGiB);
    }
  }
}

TEST(ClusterChange, OtherNumbersForARunningClusterAreRefused) {
  for (const UpRequest& request : {Ask(3), Ask(1), Ask({}, 4000)}) {
    const auto change = PlanChange(kTwoOfEight, true, request, kMachine);
    ASSERT_FALSE(change);
    EXPECT_EQ(change.error().code, Code::kInvalidArgument);
    EXPECT_THAT(change.error().message,
                HasSubstr("the cluster is up with 2 nodes with 8 CPUs and 8.0 GiB each, not "));
    EXPECT_THAT(change.error().message, HasSubstr("bsub-lite down"));
  }
  UpRequest other_config;
  other_config.config = "/x.yaml";
  EXPECT_THAT(PlanChange(kTwoOfEight, true, other_config, kMachine).error().message,
              HasSubstr("not this configuration"));
}

TEST(ClusterChange, AClusterThatIsDownMayGrow) {
  const auto change = PlanChange(kTwoOfEight, false, Ask(4), kMachine);
  ASSERT_TRUE(change);
  EXPECT_TRUE(change->write);
  EXPECT_EQ(
      change->remark,
      "The cluster had 2 nodes with 8 CPUs and 8.0 GiB each; it gets 4 nodes with 8 CPUs and 4.0 GiB each.");
}

TEST(ClusterChange, ButNotLoseNodes) {
  const auto change = PlanChange(kTwoOfEight, false, Ask(1), kMachine);
  ASSERT_FALSE(change);
  EXPECT_THAT(change.error().message, HasSubstr("can grow, but not shrink to 1"));
}

UpRequest AskFor(std::vector<std::string> names) {
  UpRequest request;
  request.config = "/c.yaml";
  for (std::string& name : names) request.named.push_back({std::move(name), 2000, kGiB, 0, false});
  return request;
}

TEST(ClusterChange, AConfigurationNamesTheNodes) {
  const auto change = PlanChange(std::nullopt, false, AskFor({"a", "b"}), kMachine);
  ASSERT_TRUE(change);
  EXPECT_THAT(change->cluster.NodeNames(), testing::ElementsAre("a", "b"));
  EXPECT_EQ(Describe(change->cluster), "2 nodes with 2 CPUs and 1.0 GiB each");
  for (const bool running : {false, true}) {  // as it is, with and without the file
    EXPECT_FALSE(PlanChange(change->cluster, running, AskFor({"a", "b"}), kMachine)->write);
    EXPECT_FALSE(PlanChange(change->cluster, running, {}, kMachine)->write);
  }
  auto other = AskFor({"a", "b", "c"});
  other.named[0].cpu_milli = 4000;
  const auto more = PlanChange(change->cluster, false, other, kMachine);
  ASSERT_TRUE(more);
  EXPECT_EQ(Describe(more->cluster), "3 nodes with 8 CPUs and 3.0 GiB in all");
  other.cpu_milli = 1000;
  EXPECT_EQ(Describe(PlanChange(change->cluster, false, other, kMachine)->cluster),
            "3 nodes with 1 CPU and 1.0 GiB each");
}

TEST(ClusterChange, NamedNodesStay) {
  const ClusterFile cluster = PlanChange(std::nullopt, false, AskFor({"a", "b"}), kMachine)->cluster;
  EXPECT_THAT(PlanChange(cluster, false, AskFor({"a", "c"}), kMachine).error().message,
              HasSubstr("the cluster has a node 'b'"));
  EXPECT_THAT(PlanChange(cluster, false, AskFor({"a"}), kMachine).error().message,
              HasSubstr("not shrink to 1"));
  EXPECT_THAT(PlanChange(cluster, false, Ask(3), kMachine).error().message,
              HasSubstr("are those of /c.yaml; name that file again"));
  EXPECT_THAT(PlanChange(kTwoOfEight, false, AskFor({"a", "b"}), kMachine).error().message,
              HasSubstr("the cluster has a node 'n1'"));
}

}  // namespace
}  // namespace bsub::cli
