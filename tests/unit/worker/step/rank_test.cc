#include "worker/step/rank.h"

#include <gtest/gtest.h>

namespace bsub::step {
namespace {

TEST(RankPath, HoldsTheRankTheNodeAndTheJob) {
  const RankNames names{"3", "n2", "12"};
  EXPECT_EQ(ExpandRankPath("out.%j.%r.%n", names), "out.12.3.n2");
  EXPECT_EQ(ExpandRankPath("100%%.%r", names), "100%.3");
  EXPECT_EQ(ExpandRankPath("%x.%r%", names), "%x.3%") << "what is unknown stays";
  EXPECT_EQ(ExpandRankPath("", names), "");
}

}  // namespace
}  // namespace bsub::step
