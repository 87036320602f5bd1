#include "kernels/host/outcome.h"

#include <gtest/gtest.h>

namespace bsub::kernels {
namespace {

TEST(Outcome, OfWhatAKernelReturns) {
  EXPECT_EQ(OutcomeOfReturn(0), Outcome::kSucceeded);
  EXPECT_EQ(static_cast<int>(OutcomeOfReturn(7)), 0x107);
  EXPECT_EQ(OutcomeOfReturn(-1), OutcomeOfReturn(255));
  EXPECT_EQ(OutcomeOfReturn(256), OutcomeOfReturn(255));
}

TEST(Outcome, FailedIsWhatHasEndedOtherwise) {
  EXPECT_FALSE(Failed(Outcome::kUnfinished));
  EXPECT_FALSE(Failed(Outcome::kSucceeded));
  EXPECT_TRUE(Failed(OutcomeOfReturn(1)));
  EXPECT_TRUE(Failed(OutcomeOfSignal(9)));
  EXPECT_TRUE(Failed(Outcome::kEndedProcess));
}

TEST(Outcome, InWords) {
  EXPECT_EQ(ToString(OutcomeOfReturn(3)), "exit code 3");
  EXPECT_EQ(ToString(OutcomeOfSignal(11)), "crashed with signal 11 (Segmentation fault)");
  EXPECT_EQ(ToString(Outcome::kKilledTwice), "its process was killed twice");
  EXPECT_EQ(ToString(static_cast<Outcome>(0x999)), "unknown outcome 2457");
}

}  // namespace
}  // namespace bsub::kernels
