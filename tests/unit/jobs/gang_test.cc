#include "jobs/gang.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bsub {
namespace {

using ::testing::HasSubstr;

std::string Parsed(std::string_view text) {
  const auto range = ParsePartRange(text);
  return range ? std::to_string(range->first) + ".." + std::to_string(range->last) : "refused";
}

TEST(PartRange, IsWrittenAsAwsWritesTargetNodes) {
  const std::string open = std::to_string(NodeRange::kOpen);
  EXPECT_EQ(Parsed("3"), "3..3");
  EXPECT_EQ(Parsed("0:3"), "0..3");
  EXPECT_EQ(Parsed(":3"), "0..3");
  EXPECT_EQ(Parsed("2:"), "2.." + open);
  EXPECT_EQ(Parsed(":"), "0.." + open);
  for (const char* bad : {"", "a", "3:2", "1:2:3", "-1", "1-2"}) EXPECT_EQ(Parsed(bad), "refused") << bad;
}

TEST(PartRange, IsShownAsItIsRead) {
  for (const char* text : {"3", "0:3", "2:"}) EXPECT_EQ(ToString(*ParsePartRange(text)), text);
}

TEST(NodeRanges, TheLastThatHoldsAPartCounts) {
  const PayloadHash common{{9}};
  const std::vector<NodeRange> ranges = {{0, NodeRange::kOpen, {{1}}}, {4, 5, {{2}}}};
  EXPECT_EQ(CommandOf(0, common, {}), common);
  EXPECT_EQ(CommandOf(0, common, ranges), ranges[0].command);
  EXPECT_EQ(CommandOf(5, common, ranges), ranges[1].command);
  EXPECT_EQ(CommandOf(6, common, ranges), ranges[0].command);
}

TEST(NodeRanges, MustBeOfNodesThatTheJobHas) {
  GangSpec gang;
  gang.nodes = 4;
  EXPECT_TRUE(Validate({{0, 3, {{1}}}}, gang));
  EXPECT_TRUE(Validate({{1, NodeRange::kOpen, {{1}}}}, gang));
  EXPECT_THAT(Validate({{2, 4, {{1}}}}, gang).error().message,
              HasSubstr("node range 2:4: the job has the nodes 0 to 3"));
  EXPECT_FALSE(Validate({{4, NodeRange::kOpen, {{1}}}}, gang));
  EXPECT_THAT(Validate({{0, 3, {}}}, gang).error().message, HasSubstr("has no command"));
  gang.launch = GangLaunch::kMainNode;
  EXPECT_THAT(Validate({{0, 3, {{1}}}}, gang).error().message, HasSubstr("on the main node only"));
}

TEST(GangSpec, IsShownInWords) {
  EXPECT_EQ(Describe(GangSpec{}), "");
  GangSpec gang;
  gang.nodes = 4;
  gang.ranks_per_node = 2;
  gang.threads_per_rank = 3;
  gang.exclusive = true;
  gang.end = GangEnd::kMain;
  EXPECT_EQ(Describe(gang),
            "4 nodes, 2 ranks on each, 3 threads in each rank, whole nodes, ends with its main node");
}

TEST(GangSpec, WordsAreReadBack) {
  for (const GangEnd end : {GangEnd::kAny, GangEnd::kMain}) EXPECT_EQ(*ParseGangEnd(ToString(end)), end);
  for (const GangLaunch how : {GangLaunch::kEveryNode, GangLaunch::kMainNode, GangLaunch::kRanks})
    EXPECT_EQ(*ParseGangLaunch(ToString(how)), how);
  EXPECT_FALSE(ParseGangEnd("both"));
  EXPECT_FALSE(ParseGangLaunch(""));
}

TEST(NodeCount, IsANumberOrARange) {
  EXPECT_EQ(ParseNodeCount("4")->least, 4u);
  EXPECT_EQ(ParseNodeCount("2:4")->least, 2u);
  EXPECT_EQ(ParseNodeCount("2:4")->most, 4u);
  for (const char* text : {"", "0", "4:2", "2:", ":4", "a", "2-4"})
    EXPECT_FALSE(ParseNodeCount(text)) << text;
  GangSpec gang;
  gang.nodes = 4;
  gang.min_nodes = 2;
  EXPECT_EQ(Describe(gang), "2 to 4 nodes");
  EXPECT_EQ(gang.least_nodes(), 2u);
  gang.min_nodes = 5;
  EXPECT_FALSE(Validate(gang, 100));
}

}  // namespace
}  // namespace bsub
