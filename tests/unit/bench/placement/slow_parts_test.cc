// Who is named when messages take longer than promised.
#include "bench/placement/slow_parts.h"

#include <gmock/gmock.h>

#include <numeric>

#include "tests/unit/bench/placement/modelled.h"
#include "tests/unit/sim/fabric/two_racks.h"

namespace bsub::placement {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// One run on all nodes of two racks below one spine and one rack below another.
std::vector<SlowPart> Find(const testing::Worse& worse, const Slowness& slowness = {}) {
  const auto topology = testing::TwoRacksAndOne();
  PlacedRun run;
  run.nodes.resize(topology.node_count());
  std::iota(run.nodes.begin(), run.nodes.end(), 0U);
  run.measured = testing::AsPromised(topology, run.nodes, worse);
  return FindSlowParts(topology, {{.policy = "none", .runs = {run}}}, slowness);
}

bool InFirstRack(const std::string& node) { return node <= "n3"; }

TEST(SlowParts, NothingIsNamedWithinTheTolerance) {
  EXPECT_THAT(Find([](const auto&, const auto&, auto) { return 1.19; }), IsEmpty());
}

TEST(SlowParts, ANodeWhoseEveryPairIsSlow) {
  const auto parts = Find([](const auto& a, const auto& b, std::uint64_t bytes) {
    return bytes > 8 && (a == "n5" || b == "n5") ? 3.0 : 1.0;
  });
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_EQ(parts[0].kind, SlowPart::Kind::kNode);
  EXPECT_THAT(parts[0].names, ElementsAre("n5"));
  EXPECT_EQ(parts[0].bytes, testing::kLargeMessage);
  EXPECT_EQ(parts[0].pairs, 8u);
  EXPECT_DOUBLE_EQ(parts[0].times, 3);
  EXPECT_THAT(Describe(parts[0]), HasSubstr("node n5: messages of 4194304 bytes take 3 times"));
}

// Its port is slow, but not slower than what another zone is promised: those pairs do not speak for it.
TEST(SlowParts, ANodeThatIsFastEnoughForFarOnes) {
  const auto parts = Find([](const std::string& a, const std::string& b, std::uint64_t bytes) {
    const bool far = (a >= "n7") != (b >= "n7");
    return bytes > 8 && !far && (a == "n2" || b == "n2") ? 2.0 : 1.0;
  });
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_THAT(parts[0].names, ElementsAre("n2"));
  EXPECT_EQ(parts[0].pairs, 5u);
}

TEST(SlowParts, AnUplinkThatAllPairsAcrossPass) {
  const auto parts = Find([](const std::string& a, const std::string& b, std::uint64_t bytes) {
    return bytes == 8 && InFirstRack(a) != InFirstRack(b) ? 1.5 : 1.0;
  });
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_EQ(parts[0].kind, SlowPart::Kind::kUplink);
  EXPECT_THAT(parts[0].names, ElementsAre("s1-r1"));
  EXPECT_EQ(parts[0].slow_pairs, 18u);
  EXPECT_THAT(Describe(parts[0]), HasSubstr("uplink of s1-r1"));
}

TEST(SlowParts, ASinglePairAndANodeBesideEachOther) {
  const auto parts = Find([](const std::string& a, const std::string& b, std::uint64_t bytes) {
    if (bytes == 8) return 1.0;
    return a == "n1" || b == "n1" ? 2.0 : a == "n4" && b == "n6" ? 5.0 : 1.0;
  });
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_THAT(parts[0].names, ElementsAre("n1"));
  EXPECT_EQ(parts[1].kind, SlowPart::Kind::kPair);
  EXPECT_THAT(parts[1].names, ElementsAre("n4", "n6"));
  EXPECT_THAT(Describe(parts[1]), HasSubstr("n4 to n6"));
}

// Three of the five pairs of n1 that should be as fast.
TEST(SlowParts, HowManyPairsMustBeSlowForANodeToBeNamedIsAsked) {
  const auto worse = [](const std::string& a, const std::string& b, std::uint64_t bytes) {
    return bytes > 8 && a == "n1" && b <= "n4" ? 2.0 : 1.0;
  };
  EXPECT_EQ(Find(worse).size(), 3u) << "as pairs";
  const auto parts = Find(worse, {.slow_pairs = 0.6});
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_THAT(parts[0].names, ElementsAre("n1"));
  EXPECT_EQ(parts[0].slow_pairs, 3u);
  EXPECT_EQ(parts[0].pairs, 5u);
}

// On the first `nodes` of one rack, of which the first `slow` have ports with a third of their bandwidth.
std::vector<SlowPart> FindSlowPorts(std::uint32_t nodes, std::uint32_t slow) {
  std::vector<std::string> names;
  for (std::uint32_t i = 1; i <= nodes; ++i) names.push_back("n" + std::to_string(i));
  const auto topology = sched::Topology::Flat(names);
  PlacedRun run;
  run.nodes.resize(nodes);
  std::iota(run.nodes.begin(), run.nodes.end(), 0U);
  const auto is_slow = [slow](const std::string& node) { return std::stoul(node.substr(1)) <= slow; };
  run.measured =
      testing::AsPromised(topology, run.nodes, [&](const auto& a, const auto& b, std::uint64_t bytes) {
        return bytes > 8 && (is_slow(a) || is_slow(b)) ? 3.0 : 1.0;
      });
  return FindSlowParts(topology, {{.policy = "none", .runs = {run}}}, {});
}

// A pair of two slow nodes is explained by the first of them, and still speaks against the second.
TEST(SlowParts, SeveralSlowNodesAreAllNamed) {
  for (const auto& [nodes, slow] : {std::pair(4U, 2U), std::pair(8U, 3U)}) {
    const auto parts = FindSlowPorts(nodes, slow);
    ASSERT_EQ(parts.size(), slow);
    for (std::uint32_t i = 0; i < slow; ++i) {
      EXPECT_EQ(parts[i].kind, SlowPart::Kind::kNode);
      EXPECT_THAT(parts[i].names, ElementsAre("n" + std::to_string(i + 1)));
      EXPECT_EQ(parts[i].slow_pairs, nodes - 1) << "every one of its pairs";
      EXPECT_EQ(parts[i].pairs, nodes - 1);
    }
  }
}

}  // namespace
}  // namespace bsub::placement
