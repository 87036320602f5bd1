#include "bench/placement/statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "common/check.h"

namespace bsub::placement {
namespace {

// The 97.5 % quantile of Student's t distribution for 1, 2, … degrees of freedom.
constexpr std::array kStudent = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
                                 2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
                                 2.080,  2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042};

double StudentQuantile(std::size_t freedom) {
  constexpr double kNormal = 1.959964;
  if (freedom <= kStudent.size()) return kStudent[freedom - 1];
  // Two terms of its expansion around the normal distribution: exact to 0.001 from here on.
  const double cube = kNormal * kNormal * kNormal, n = static_cast<double>(freedom);
  return kNormal + (cube + kNormal) / (4 * n) +
         (5 * cube * kNormal * kNormal + 16 * cube + 3 * kNormal) / (96 * n * n);
}

}  // namespace

Interval MeanOf(const std::vector<double>& samples) {
  BSUB_CHECK(!samples.empty());
  const auto n = static_cast<double>(samples.size());
  double sum = 0;
  for (const double sample : samples) {
    BSUB_CHECK(sample > 0) << sample;
    sum += std::log(sample);
  }
  const double mean = sum / n;
  double half_width = 0;
  if (samples.size() > 1) {
    double squares = 0;
    for (const double sample : samples) squares += std::pow(std::log(sample) - mean, 2);
    half_width = StudentQuantile(samples.size() - 1) * std::sqrt(squares / (n - 1) / n);
  }
  return {.mean = std::exp(mean), .low = std::exp(mean - half_width), .high = std::exp(mean + half_width)};
}

double Median(std::vector<double> samples) {
  BSUB_CHECK(!samples.empty());
  std::ranges::sort(samples);
  const std::size_t middle = samples.size() / 2;
  return samples.size() % 2 == 1 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2;
}

}  // namespace bsub::placement
