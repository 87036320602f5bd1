#include "worker/step/patience.h"

#include <gtest/gtest.h>

namespace bsub::step {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr Rounds::Clock::time_point kBegin{};

TEST(Rounds, ALoopLooksAlsoIfItIsAlwaysWokenBefore) {
  Rounds rounds(milliseconds(10'000), kBegin);
  int looks = 0;
  for (milliseconds woken(300); woken <= milliseconds(60'000); woken += milliseconds(300))
    looks += rounds.IsDue(kBegin + woken) ? 1 : 0;
  EXPECT_EQ(looks, 5) << "every 10.2 s";
}

TEST(Rounds, TheWaitIsForTheNextLook) {
  Rounds rounds(milliseconds(10'000), kBegin);
  EXPECT_EQ(rounds.Wait(kBegin), 10'000);
  EXPECT_EQ(rounds.Wait(kBegin + milliseconds(9'000)), 1'000);
  EXPECT_EQ(rounds.Wait(kBegin + microseconds(9'999'999)), 1) << "not in a loop until then";
  EXPECT_FALSE(rounds.IsDue(kBegin + microseconds(9'999'999)));
  EXPECT_EQ(rounds.Wait(kBegin + milliseconds(12'000)), 0);
  EXPECT_TRUE(rounds.IsDue(kBegin + milliseconds(12'000)));
  EXPECT_FALSE(rounds.IsDue(kBegin + milliseconds(12'000)));
  EXPECT_EQ(rounds.Wait(kBegin + milliseconds(12'000)), 10'000);
}

}  // namespace
}  // namespace bsub::step
