// What is free of a node over time, against plain arrays.
#include "scheduler/core/timeline.h"

#include <gtest/gtest.h>

#include <random>

namespace bsub::sched {
namespace {

constexpr TimePoint At(std::int64_t t) { return TimePoint(t); }
constexpr Resources Cpu(std::int64_t n) { return {n, 0, 0}; }

TEST(Timeline, FindsTheFirstGapThatIsLongEnough) {
  Timeline timeline(At(100), Cpu(4));
  timeline.Take(At(100), At(110), Cpu(4));
  timeline.Take(At(115), At(120), Cpu(2));
  EXPECT_EQ(timeline.EarliestFit(Cpu(4), Duration(5), At(100)), At(110));
  EXPECT_EQ(timeline.EarliestFit(Cpu(4), Duration(6), At(100)), At(120));
  EXPECT_EQ(timeline.EarliestFit(Cpu(2), Duration(100), At(100)), At(110));
  EXPECT_EQ(timeline.EarliestFit(Cpu(2), Duration(1), At(112)), At(112));
  EXPECT_EQ(timeline.EarliestFit(Cpu(5), Duration(1), At(100)), TimePoint::Max());
}

TEST(Timeline, WithoutALengthItMustFitForEver) {
  Timeline timeline(At(1), Cpu(4));
  timeline.Take(At(50), At(60), Cpu(1));
  EXPECT_EQ(timeline.EarliestFit(Cpu(4), Duration(0), At(1)), At(60));
  timeline.Take(At(70), TimePoint::Max(), Cpu(1));
  EXPECT_EQ(timeline.EarliestFit(Cpu(4), Duration(0), At(1)), TimePoint::Max());
  EXPECT_EQ(timeline.LeastFrom(At(60)), Cpu(3));
}

TEST(Timeline, GiveTakesATakeBack) {
  Timeline timeline(At(1), Cpu(4));
  timeline.Take(At(5), At(9), Cpu(3));
  timeline.Give(At(5), At(9), Cpu(3));
  EXPECT_EQ(timeline.EarliestFit(Cpu(4), Duration(0), At(1)), At(1));
  EXPECT_TRUE(timeline.Fits(Cpu(4), At(1), At(100)));
}

TEST(Timeline, AgreesWithAnArrayOfMoments) {
  std::mt19937 random(7);  // NOLINT: the same numbers each time
  const auto below = [&random](std::int64_t n) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint32_t>(n));
  };
  for (int round = 0; round < 200; ++round) {
    constexpr std::int64_t kEnd = 40;
    Timeline timeline(At(1), Cpu(6));
    std::vector<std::int64_t> free(kEnd, 6);
    for (int i = 0; i < 6; ++i) {
      const std::int64_t from = 1 + below(20), to = from + 1 + below(15), n = 1 + below(3);
      timeline.Take(At(from), At(to), Cpu(n));
      for (std::int64_t t = from; t < to; ++t) free[static_cast<std::size_t>(t)] -= n;
    }
    for (int i = 0; i < 6; ++i) {
      const std::int64_t n = 1 + below(6), length = 1 + below(5), from = 1 + below(10);
      std::int64_t expected = from;
      for (std::int64_t t = from; t < kEnd && t < expected + length; ++t) {
        if (free[static_cast<std::size_t>(t)] < n) expected = t + 1;
      }
      EXPECT_EQ(timeline.EarliestFit(Cpu(n), Duration(length), At(from)), At(expected)) << "round " << round;
    }
  }
}

}  // namespace
}  // namespace bsub::sched
