#include "bench/placement/netbench_lines.h"

#include <gmock/gmock.h>

namespace bsub::placement {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kAbout =
    "{\"test\":\"about\",\"ranks\":2,\"nodes\":[\"a01\",\"a02\"],\"mpi\":\"SMPI\"}\n";

std::string PairLine(int repetition, double seconds) {
  return "{\"test\":\"pair\",\"repetition\":" + std::to_string(repetition) +
         ",\"ranks\":[0,1],\"bytes\":8,\"seconds\":" + std::to_string(seconds) + "}\n";
}

TEST(NetbenchLines, AreReadAndRepetitionsBecomeTheirMedian) {
  const auto read = ReadNetbench("a remark of mpirun\n" + std::string(kAbout) + PairLine(0, 3) +
                                 PairLine(1, 1) + PairLine(2, 2));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_THAT(read->nodes, ElementsAre("a01", "a02"));
  EXPECT_EQ(read->mpi, "SMPI");
  const auto pairs = PairTimes(*read);
  ASSERT_EQ(pairs.size(), 1u);
  EXPECT_EQ(pairs[0].second, 1u);
  EXPECT_DOUBLE_EQ(pairs[0].seconds, 2);
  EXPECT_DOUBLE_EQ(MedianSeconds(*read, "pair", 8), 2);
  EXPECT_DOUBLE_EQ(MedianSeconds(*read, "pair", 16), 0);
  EXPECT_THAT(SizesOf(*read, "pair"), ElementsAre(8));
}

std::string PingPongLine(int repetition, const std::string& ranks) {
  return "{\"test\":\"pingpong\",\"repetition\":" + std::to_string(repetition) + ",\"ranks\":[" + ranks +
         "],\"bytes\":1,\"seconds\":1}\n";
}

TEST(NetbenchLines, ThePingPongIsOfOnePair) {
  const std::string about(kAbout);
  const auto read = ReadNetbench(about + PingPongLine(0, "1,0") + PingPongLine(1, "1,0"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(NodesOfPingPong(*read).first, "a02");
  EXPECT_EQ(NodesOfPingPong(*read).second, "a01");
  EXPECT_EQ(NodesOfPingPong(*ReadNetbench(about + PairLine(0, 1))).first, "");
  const auto mixed = ReadNetbench(about + PingPongLine(0, "1,0") + PingPongLine(1, "0,1"));
  ASSERT_FALSE(mixed);
  EXPECT_THAT(mixed.error().message, HasSubstr("more than one pair"));
}

TEST(NetbenchLines, WhatIsIncompleteIsRefused) {
  const auto error = [](const std::string& text) {
    const auto read = ReadNetbench(text);
    return read ? "was read" : read.error().message;
  };
  EXPECT_THAT(error(""), HasSubstr("measured nothing"));
  EXPECT_THAT(error(std::string(kAbout)), HasSubstr("measured nothing"));
  EXPECT_THAT(error(std::string(kAbout) + "{\"test\":\"pair\",\"repet"), HasSubstr("cannot be read"));
  EXPECT_THAT(error(std::string(kAbout) + PairLine(0, 0)), HasSubstr("no time"));
  EXPECT_THAT(error(std::string(kAbout) +
                    "{\"test\":\"pair\",\"repetition\":0,\"ranks\":[0,2],\"bytes\":8,\"seconds\":1}"),
              HasSubstr("rank 2 of 2"));
}

}  // namespace
}  // namespace bsub::placement
