// The simulators' random numbers are part of what a seed means: they must never change.
#include "sim/random.h"

#include <gtest/gtest.h>

namespace bsub::sim {
namespace {

TEST(Random, ASeedMeansTheSameForEver) {
  Random random(1);
  EXPECT_EQ(random.Next(), 0xb3f2af6d0fc710c5u);
  EXPECT_EQ(random.Next(), 0x853b559647364ceau);
  EXPECT_NE(Random(2).Next(), 0xb3f2af6d0fc710c5u);
}

TEST(Random, SpreadStaysBetweenItsEnds) {
  Random random(7);
  Duration smallest = Duration::max(), largest{};
  for (int i = 0; i < 2000; ++i) {
    const Duration d = random.Spread(Duration(100), Duration(1'000'000));
    ASSERT_GE(d, Duration(100));
    ASSERT_LE(d, Duration(1'000'000));
    smallest = std::min(smallest, d), largest = std::max(largest, d);
  }
  EXPECT_LT(smallest, Duration(200)) << "small ones are as likely as large ones";
  EXPECT_GT(largest, Duration(500'000));
}

TEST(Random, ChanceIsInThousandths) {
  Random random(3);
  int hits = 0;
  for (int i = 0; i < 10'000; ++i) hits += random.Chance(250);
  EXPECT_NEAR(hits, 2500, 250);
  EXPECT_FALSE(random.Chance(0));
  EXPECT_TRUE(random.Chance(1000));
}

}  // namespace
}  // namespace bsub::sim
