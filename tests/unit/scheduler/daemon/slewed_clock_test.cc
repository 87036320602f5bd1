#include "scheduler/daemon/slewed_clock.h"

#include <gtest/gtest.h>

namespace bsub::daemon {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

const TimePoint kStart(1'000'000'000'000'000);

TEST(Slew, FollowsAClockThatAgrees) {
  Slew slew(kStart, seconds(5));
  EXPECT_EQ(slew.At(kStart + seconds(3), seconds(8)), kStart + seconds(3));
}

TEST(Slew, RunsSlowlyWhileTheWallClockIsBehind) {
  Slew slew(kStart, seconds(0));
  const TimePoint wall = kStart - hours(1);
  EXPECT_EQ(slew.At(wall + seconds(10), seconds(10)), kStart + seconds(9));
  EXPECT_EQ(slew.At(wall + seconds(20), seconds(20)), kStart + seconds(18));
}

TEST(Slew, CatchesUpWithAClockThatWasSetForward) {
  Slew slew(kStart, seconds(0));
  EXPECT_EQ(slew.At(kStart + hours(1), seconds(10)), kStart + seconds(11));
  // A small difference is made up for at once, not overshot.
  EXPECT_EQ(slew.At(kStart + seconds(21), seconds(20)), kStart + seconds(21));
}

TEST(Slew, NeverGoesBack) {
  Slew slew(kStart, seconds(10));
  TimePoint last = kStart;
  for (int i = 0; i < 100; ++i) {
    const TimePoint now = slew.At(kStart - hours(i * 7 % 13), seconds(10 + i / 2));
    EXPECT_GE(now, last);
    last = now;
  }
}

TEST(SlewedClock, StartsNotBeforeTheJournalsLastTime) {
  const TimePoint future = WallNow() + hours(24);
  SlewedClock clock(future);
  EXPECT_GE(clock.Now(), future);
}

}  // namespace
}  // namespace bsub::daemon
