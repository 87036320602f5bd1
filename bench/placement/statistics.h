// Means with their confidence intervals.
#pragma once

#include <vector>

namespace bsub::placement {

struct Interval {
  double mean = 0;
  double low = 0, high = 0;  // 95 % confidence; the mean itself for fewer than two samples
};

// The geometric mean: of times, rates and ratios alike, so that the ratio of two means is the mean of the
// ratios. The interval is Student's t of the logarithms. The samples are positive and independent; at least
// one.
Interval MeanOf(const std::vector<double>& samples);

// At least one sample.
double Median(std::vector<double> samples);

}  // namespace bsub::placement
