// Means with their confidence intervals.
#pragma once

#include <vector>

namespace bsub::placement {

struct Interval {
  double mean = 0;
  double half_width = 0;  // of the 95 % confidence interval of the mean; 0 for fewer than two samples
};

// By Student's t distribution. The samples are independent draws; at least one.
Interval MeanOf(const std::vector<double>& samples);

// At least one sample.
double Median(std::vector<double> samples);

}  // namespace bsub::placement
