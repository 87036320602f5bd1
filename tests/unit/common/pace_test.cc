#include "common/pace.h"

#include <gtest/gtest.h>

namespace bsub {
namespace {

using Pace = PaceOf<std::chrono::steady_clock>;
using std::chrono::milliseconds;

constexpr Pace::Clock::time_point At(int ms) { return Pace::Clock::time_point(milliseconds(1'000'000 + ms)); }

TEST(Pace, WhatComesAfterAQuietTimeIsTakenAtOnce) {
  Pace pace(milliseconds(4), 100);
  EXPECT_EQ(pace.Due(At(0), 100), At(0));
  pace.Taken(At(0));
  EXPECT_EQ(pace.Due(At(4), 100), At(4));
}

TEST(Pace, WhatFollowsWaitsInProportionToWhatRuns) {
  Pace pace(milliseconds(4), 100);
  pace.Taken(At(0));
  EXPECT_EQ(pace.Due(At(1), 0), At(1));
  EXPECT_EQ(pace.Due(At(1), 50), At(2));
  EXPECT_EQ(pace.Due(At(1), 100), At(4));
  EXPECT_EQ(pace.Due(At(1), 100'000), At(4));
}

TEST(Pace, WhatNobodyWaitsForWaitsForTheRest) {
  Pace pace(milliseconds(4), 100);
  EXPECT_EQ(pace.DueAtLeisure(At(7)), At(11));
}

TEST(Pace, WithoutALengthNothingWaits) {
  Pace pace;
  pace.Taken(At(0));
  EXPECT_EQ(pace.Due(At(0), 1000), At(0));
  EXPECT_EQ(pace.DueAtLeisure(At(0)), At(0));
}

}  // namespace
}  // namespace bsub
