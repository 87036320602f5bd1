#include "checkpoint/src/pace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "checkpoint/src/interval.h"

namespace bsub::ckpt {
namespace {

// Useful work per second of a program that saves every `interval` seconds of work, interrupted at these
// moments of its running time. After an interruption it restarts at once from the last complete save.
double Efficiency(double interval, double cost, const std::vector<double>& gaps) {
  double useful = 0;
  double total = 0;
  for (const double gap : gaps) {
    useful += std::floor(gap / (interval + cost)) * interval;
    total += gap;
  }
  return useful / total;
}

std::vector<double> Gaps(double mean_between, unsigned seed) {
  std::mt19937_64 random(seed);
  std::exponential_distribution<double> next(1 / mean_between);
  std::vector<double> gaps(20'000);
  for (double& gap : gaps) gap = next(random);
  return gaps;
}

// The best interval that brute force finds, in steps of 2 %.
double BestEfficiency(double cost, const std::vector<double>& gaps) {
  double best = 0;
  for (double interval = cost / 20; interval < 100 * cost + 10'000; interval *= 1.02) {
    best = std::max(best, Efficiency(interval, cost, gaps));
  }
  return best;
}

TEST(Interval, IsWithinTwoPercentOfTheBestThatBruteForceFinds) {
  for (const double mean_between : {60.0, 3600.0, 86'400.0}) {
    const std::vector<double> gaps = Gaps(mean_between, 11);
    for (const double share : {0.0001, 0.001, 0.01, 0.05, 0.1, 0.3, 0.8}) {
      const double cost = share * mean_between;
      const double ours = Efficiency(BestInterval(cost, mean_between), cost, gaps);
      const double best = BestEfficiency(cost, gaps);
      EXPECT_GE(ours, 0.98 * best) << "cost " << cost << " s, interruptions every " << mean_between << " s";
    }
  }
}

TEST(Interval, GrowsWithCostAndWithTheTimeBetweenInterruptions) {
  EXPECT_LT(BestInterval(1, 3600), BestInterval(4, 3600));
  EXPECT_LT(BestInterval(1, 3600), BestInterval(1, 14'400));
  EXPECT_NEAR(BestInterval(1, 3600), std::sqrt(2 * 3600), 3) << "Young's first order";
}

TEST(Pace, FollowsWhatWasMeasured) {
  Pace pace({0, 3600}, 1'000'000'000, 0);
  EXPECT_NEAR(pace.interval(), BestInterval(1, 3600), 1e-9) << "an estimate before the first save";
  pace.SaveEnded(4, 4, 100);
  EXPECT_NEAR(pace.interval(), BestInterval(4, 3600), 1e-9);
  EXPECT_FALSE(pace.IntervalPassed(100 + pace.interval() - 1));
  EXPECT_TRUE(pace.IntervalPassed(100 + pace.interval()));
}

TEST(Pace, TheIntervalIsOfWhatASaveCostsOnAverage) {
  Pace pace({0, 3600}, 1, 0);
  pace.SaveEnded(5, 5, 1);
  for (int i = 0; i < 8; ++i) pace.SaveEnded(0.5, 0.5, 2 + i, true);
  EXPECT_NEAR(pace.interval(), BestInterval(1, 3600), 1e-9) << "a full save and eight that cost a tenth";
  for (int i = 0; i < 9; ++i) pace.SaveEnded(2, 2, 10 + i);
  EXPECT_NEAR(pace.interval(), BestInterval(2, 3600), 1e-9) << "what was long ago does not count";
}

TEST(Pace, TheNodeKnowsHowOftenItIsInterrupted) {
  Pace pace({0, 3600}, 1'000'000'000, 0);
  control::PageState page;
  page.mean_interruption_ms = 60'000;
  pace.See(page, 0);
  EXPECT_NEAR(pace.interval(), BestInterval(1, 60), 1e-9);
  page.interval_ms = 30'000;
  pace.See(page, 0);
  EXPECT_EQ(pace.interval(), 30) << "the job has asked for it";
  Pace own({12, 0}, 1, 0);
  own.See(page, 0);
  EXPECT_EQ(own.interval(), 12) << "the program itself comes first";
}

TEST(Pace, EachRequestIsServedOnce) {
  Pace pace({}, 1, 0);
  control::PageState page;
  page.save_requests = 5;
  pace.See(page, 0);
  EXPECT_FALSE(pace.SaveRequested()) << "asked before this program began";
  page.save_requests = 6;
  pace.See(page, 1);
  EXPECT_TRUE(pace.SaveRequested());
  pace.SaveBegan();
  EXPECT_FALSE(pace.SaveRequested());
}

TEST(Pace, KnowsWhetherThereIsTimeForASave) {
  Pace pace({}, 1, 0);
  control::PageState page;
  EXPECT_LT(pace.Remaining(0), 0);
  EXPECT_TRUE(pace.EnoughTime(0));
  page.stop_requests = 1;
  page.deadline_ns = 10'000'000'000;
  pace.See(page, 0);
  EXPECT_TRUE(pace.EnoughTime(9'999'999'999)) << "nothing was measured yet: try";
  pace.SaveEnded(1, 4, 1);
  EXPECT_TRUE(pace.EnoughTime(5'000'000'000));
  EXPECT_FALSE(pace.EnoughTime(7'000'000'000));
  EXPECT_EQ(pace.Remaining(20'000'000'000), 0);
  pace.SaveEnded(1, 1, 2, true);
  EXPECT_TRUE(pace.EnoughTime(7'000'000'000)) << "only what has changed";
  EXPECT_FALSE(pace.EnoughTime(7'000'000'000, true)) << "but the next one will hold everything";
  pace.SaveEnded(1, 4, 3);
  EXPECT_TRUE(pace.EnoughTime(7'000'000'000)) << "the next is differential again";
  EXPECT_FALSE(pace.EnoughTime(7'000'000'000, true));
  pace.SaveEnded(1, 2, 4);
  EXPECT_TRUE(pace.EnoughTime(7'000'000'000, true)) << "one slow save is past";
}

}  // namespace
}  // namespace bsub::ckpt
