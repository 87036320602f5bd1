#include "bench/placement/statistics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace bsub::placement {
namespace {

TEST(Statistics, TheMeanIsGeometricAndTheIntervalStudents) {
  EXPECT_DOUBLE_EQ(MeanOf({4}).mean, 4);
  EXPECT_DOUBLE_EQ(MeanOf({4}).low, 4);
  EXPECT_DOUBLE_EQ(MeanOf({5, 5, 5}).high, 5);
  // The logarithms are 1, 2, 3: deviation 1, two degrees of freedom, 4.303 / sqrt(3).
  const Interval three = MeanOf({std::exp(1), std::exp(2), std::exp(3)});
  EXPECT_DOUBLE_EQ(three.mean, std::exp(2));
  EXPECT_NEAR(std::log(three.high), 2 + 2.4843, 1e-3);
  EXPECT_NEAR(std::log(three.low), 2 - 2.4843, 1e-3);
}

// Logarithms 0 and 1 in turn: the deviation is that of half and half, so the width shows the quantile.
TEST(Statistics, QuantilesOfManySamples) {
  const auto quantile = [](int samples) {
    std::vector<double> values;
    for (int i = 0; i < samples; ++i) values.push_back(i % 2 == 0 ? 1 : std::exp(1));
    const double deviation = std::sqrt(samples / 4.0 / (samples - 1));
    const Interval interval = MeanOf(values);
    return std::log(interval.high / interval.mean) / deviation * std::sqrt(samples);
  };
  EXPECT_NEAR(quantile(10), 2.262, 1e-3);
  EXPECT_NEAR(quantile(30), 2.045, 1e-3);
  EXPECT_NEAR(quantile(42), 2.0195, 1e-3);
  EXPECT_NEAR(quantile(1000), 1.962, 1e-3);
}

TEST(Statistics, Median) {
  EXPECT_DOUBLE_EQ(Median({3, 1, 2}), 2);
  EXPECT_DOUBLE_EQ(Median({4, 1, 2, 3}), 2.5);
}

}  // namespace
}  // namespace bsub::placement
