#include "scheduler/core/placement.h"

#include <gmock/gmock.h>

#include <random>

#include "tests/unit/scheduler/core/small_tree.h"

namespace bsub::sched {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::TreeOf;

// 2 zones of 2 racks of 4 nodes.
Topology Sixteen() {
  return TreeOf(3, std::vector<std::uint32_t>{0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0});
}

// One letter for each node: '.' idle, 'b' busy with room, 'x' none.
std::vector<NodeRoom> Rooms(std::string_view text) {
  std::vector<NodeRoom> rooms;
  for (const char c : text) {
    if (c != ' ') rooms.push_back(c == '.' ? NodeRoom::kIdle : c == 'b' ? NodeRoom::kBusy : NodeRoom::kNone);
  }
  return rooms;
}

PlacementRequest Ask(std::uint32_t nodes, PlacementPolicy policy,
                     PlacementMode mode = PlacementMode::kRequired) {
  PlacementRequest request;
  request.nodes = nodes;
  request.policy = policy;
  request.mode = mode;
  return request;
}

TEST(Placement, ClusterTakesOneRackAndLeavesTheIdleOneWhole) {
  const auto placed = Place(Sixteen(), Rooms("....  xb.. .... xx.."), Ask(2, PlacementPolicy::kCluster));
  ASSERT_TRUE(placed);
  EXPECT_THAT(placed->nodes, ElementsAre(14, 15));  // fits exactly
  EXPECT_TRUE(placed->policy_kept);
  EXPECT_EQ(placed->predicted.hop_sum, placed->best.hop_sum);
  EXPECT_EQ(placed->predicted.hops, 1u);
}

TEST(Placement, NodesInUseAreTakenBeforeIdleOnes) {
  EXPECT_THAT(Place(Sixteen(), Rooms("xxxx .b.b xxxx xxxx"), Ask(2, PlacementPolicy::kCluster))->nodes,
              ElementsAre(5, 7));
}

TEST(Placement, ClusterOverTwoRacksIsRecordedBesideTheBest) {
  const auto placed = Place(Sixteen(), Rooms("x.x. x..x xxxx xxxx"),
                            Ask(4, PlacementPolicy::kCluster, PlacementMode::kPreferred));
  ASSERT_TRUE(placed);
  EXPECT_FALSE(placed->policy_kept);
  EXPECT_THAT(placed->nodes, ElementsAre(1, 3, 5, 6));
  EXPECT_EQ(placed->predicted.leaf_switches, 2u);
  EXPECT_EQ(placed->predicted.latency_ns, 2000);
  EXPECT_EQ(placed->best.leaf_switches, 1u);
  EXPECT_EQ(placed->best.latency_ns, 1000);
}

TEST(Placement, RequiredClusterWaitsForTheLowestSwitch) {
  const auto rooms = Rooms("x.x. x..x xxxx xxxx");
  const auto placed = Place(Sixteen(), rooms, Ask(4, PlacementPolicy::kCluster));
  ASSERT_FALSE(placed);
  EXPECT_EQ(placed.error().reason, RefusalReason::kPolicy);
  EXPECT_EQ(placed.error().message,
            "placement cluster: no rack has 4 nodes with room now; the most that one has is 2");
  const PlacementAdvice advice = AdvisePlacement(Sixteen(), rooms, Ask(4, PlacementPolicy::kCluster));
  EXPECT_EQ(advice.nodes, 2u);
  EXPECT_THAT(advice.policies, ElementsAre(PlacementPolicy::kNone));
  EXPECT_EQ(advice.message,
            "2 nodes would fit now with placement cluster; all 4 would fit with placement none");
}

TEST(Placement, ClusterStaysWithItsGroup) {
  auto request = Ask(2, PlacementPolicy::kCluster);
  request.members = {{12, 0}};
  EXPECT_THAT(Place(Sixteen(), Rooms("..xx .... .... x..."), request)->nodes, ElementsAre(13, 14));
}

TEST(Placement, SpreadTakesARackForEach) {
  const auto placed = Place(Sixteen(), Rooms("...x .... .bxx ...."), Ask(2, PlacementPolicy::kSpread));
  ASSERT_TRUE(placed);
  EXPECT_THAT(placed->nodes, ElementsAre(9, 12));
  const auto refused = Place(Sixteen(), Rooms("................"), Ask(5, PlacementPolicy::kSpread));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, RefusalReason::kPolicyImpossible);
  EXPECT_THAT(refused.error().message, HasSubstr("even on an idle cluster 4 racks have room"));
}

TEST(Placement, SpreadTakesAtMostSevenOfAZone) {
  std::vector<std::uint32_t> racks(8, 1);  // nine racks of one node below one zone
  const Topology t = TreeOf(2, racks);
  const std::vector<NodeRoom> idle(9, NodeRoom::kIdle);
  EXPECT_TRUE(Place(t, idle, Ask(7, PlacementPolicy::kSpread)));
  EXPECT_FALSE(Place(t, idle, Ask(8, PlacementPolicy::kSpread)));
  EXPECT_EQ(AdvisePlacement(t, idle, Ask(8, PlacementPolicy::kSpread)).nodes, 7u);
  auto more = Ask(5, PlacementPolicy::kSpread);
  more.members = {{0, 0}, {1, 0}, {2, 0}};
  EXPECT_FALSE(Place(t, idle, more));
  more.nodes = 4;
  EXPECT_THAT(Place(t, idle, more)->nodes, ElementsAre(3, 4, 5, 6));
}

TEST(Placement, PartitionsShareNoRack) {
  auto request = Ask(6, PlacementPolicy::kPartition);
  request.partitions = 2;
  const auto placed = Place(Sixteen(), Rooms("xxxx xxxx .... ..xx"), request);
  ASSERT_FALSE(placed);
  EXPECT_THAT(placed.error().message, HasSubstr("cannot be divided into 2 partitions of 6 nodes"));
  const auto fits = Place(Sixteen(), Rooms("..xx xxxx .... x..."), request);
  ASSERT_TRUE(fits);
  EXPECT_THAT(fits->nodes, ElementsAre(13, 14, 15, 8, 9, 10));
  EXPECT_THAT(fits->partitions, ElementsAre(0, 0, 0, 1, 1, 1));
}

TEST(Placement, PreferredPolicyGivesWay) {
  auto request = Ask(6, PlacementPolicy::kSpread, PlacementMode::kPreferred);
  const auto placed = Place(Sixteen(), Rooms("................"), request);
  ASSERT_TRUE(placed);
  EXPECT_FALSE(placed->policy_kept);
  request.mode = PlacementMode::kOff;
  EXPECT_TRUE(Place(Sixteen(), Rooms("................"), request)->policy_kept);
}

TEST(Placement, FeaturesAreRequired) {
  auto request = Ask(2, PlacementPolicy::kCluster);
  request.required = {"s4"};  // the second zone
  EXPECT_THAT(Place(Sixteen(), Rooms("................"), request)->nodes, ElementsAre(8, 9));
  request.required = {"!s4", "!s2"};  // nor the first rack
  EXPECT_THAT(Place(Sixteen(), Rooms("................"), request)->nodes, ElementsAre(4, 5));
  request.required = {"s4", "s5", "gpu"};
  const auto refused = Place(Sixteen(), Rooms("................"), request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, RefusalReason::kMoreThanSuitable);
  EXPECT_EQ(refused.error().missing_feature, "gpu");
  EXPECT_EQ(refused.error().message, "2 nodes asked for, 0 of 16 have the features; the rarest is 'gpu'");
}

TEST(Placement, PreferencesGiveWayToALowerSwitch) {
  auto request = Ask(4, PlacementPolicy::kCluster, PlacementMode::kPreferred);
  request.preferred = {"s4", "s6"};
  auto placed = Place(Sixteen(), Rooms(".... .... .... ...."), request);
  EXPECT_THAT(placed->nodes, ElementsAre(12, 13, 14, 15));
  EXPECT_THAT(placed->preferences_kept, ElementsAre("s4", "s6"));
  placed = Place(Sixteen(), Rooms(".... .... ...x ..xx"), request);
  EXPECT_THAT(placed->nodes, ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(placed->preferences_kept, IsEmpty());
}

TEST(Placement, SaysWhatIsMissing) {
  const auto why = [](std::string_view rooms, PlacementRequest request) {
    return Place(Sixteen(), Rooms(rooms), request).error();
  };
  EXPECT_EQ(why("................", Ask(17, PlacementPolicy::kNone)).reason, RefusalReason::kMoreThanExist);
  EXPECT_EQ(why("................", Ask(17, PlacementPolicy::kNone)).message,
            "17 nodes asked for, the cluster has 16");
  const PlacementRefusal full = why("xxxxxxxxxxxxxx..", Ask(3, PlacementPolicy::kNone));
  EXPECT_EQ(full.reason, RefusalReason::kNoRoom);
  EXPECT_EQ(full.message, "3 nodes asked for, 2 of 16 suitable have room");
  EXPECT_EQ(why("................", Ask(0, PlacementPolicy::kNone)).reason, RefusalReason::kBadRequest);
  EXPECT_EQ(why("................", Ask(2, PlacementPolicy::kPartition)).reason, RefusalReason::kBadRequest);
  auto contradiction = Ask(1, PlacementPolicy::kNone);
  contradiction.required = {"efa", "!efa"};
  EXPECT_EQ(why("................", contradiction).message,
            "features 'efa' and '!efa' contradict each other");
}

// Above the limit whole switches are filled; the result is still below the lowest switch.
TEST(Placement, WithoutStepsToSearchItIsStillBelowTheLowestSwitch) {
  auto request = Ask(9, PlacementPolicy::kCluster);
  request.limits.hop_steps = 0;
  const auto placed = Place(Sixteen(), Rooms(".x.. .... .... .x.."), request);
  ASSERT_TRUE(placed);
  EXPECT_EQ(placed->nodes.size(), 9u);
  EXPECT_EQ(placed->predicted.height, 3u);
}

// What counting down from the most would find.
std::uint32_t MostByCounting(const Topology& tree, const std::vector<NodeRoom>& rooms,
                             PlacementRequest request, std::uint32_t most) {
  const std::uint32_t least = request.nodes;
  for (request.nodes = most; request.nodes > least; --request.nodes) {
    if (Place(tree, rooms, request)) return request.nodes;
  }
  return Place(tree, rooms, request) ? least : 0;
}

TEST(PlaceMost, FindsWhatCountingDownFinds) {
  const Topology tree = Sixteen();
  std::mt19937 random(7);
  for (int round = 0; round < 400; ++round) {
    std::vector<NodeRoom> rooms(16, NodeRoom::kIdle);
    for (NodeRoom& room : rooms) room = static_cast<NodeRoom>(random() % 4);
    for (const PlacementPolicy policy : {PlacementPolicy::kNone, PlacementPolicy::kCluster,
                                         PlacementPolicy::kSpread, PlacementPolicy::kPartition}) {
      PlacementRequest request = Ask(
          1 + random() % 6, policy, random() % 3 == 0 ? PlacementMode::kPreferred : PlacementMode::kRequired);
      request.partitions = 2;
      if (policy == PlacementPolicy::kCluster && random() % 2 == 0)
        request.members = {{static_cast<NodeIndex>(random() % 16), 0}};
      const std::uint32_t most = request.nodes + random() % 10;
      const PlacedMost found = PlaceMost(tree, rooms, request, most);
      EXPECT_EQ(found.placed ? found.placed->nodes.size() : 0, MostByCounting(tree, rooms, request, most))
          << "round " << round << ", " << ToString(policy) << ", " << request.nodes << " to " << most;
      EXPECT_EQ(CanPlace(tree, rooms, request), Place(tree, rooms, request).has_value());
    }
  }
}

// 250 racks of 40: of 10,000 nodes 250 can be spread. Ten thousand tries would stop the core for minutes.
TEST(PlaceMost, TakesFewTriesOnALargeTree) {
  std::vector<std::uint32_t> partings(9'999, 0);
  for (std::size_t i = 39; i < partings.size(); i += 40) partings[i] = 1;
  const Topology tree = TreeOf(2, partings);
  const std::vector<NodeRoom> rooms(10'000, NodeRoom::kIdle);
  PlacementRequest request = Ask(2, PlacementPolicy::kSpread);
  request.limits.spread_per_zone = 10'000;
  const PlacedMost spread = PlaceMost(tree, rooms, request, 10'000);
  ASSERT_TRUE(spread.placed);
  EXPECT_EQ(spread.placed->nodes.size(), 250u);
  EXPECT_LE(spread.tries, 16u);
  const PlacedMost cluster = PlaceMost(tree, rooms, Ask(2, PlacementPolicy::kCluster), 10'000);
  ASSERT_TRUE(cluster.placed);
  EXPECT_EQ(cluster.placed->nodes.size(), 10'000u);
  EXPECT_LE(cluster.tries, 3u);
}

}  // namespace
}  // namespace bsub::sched
