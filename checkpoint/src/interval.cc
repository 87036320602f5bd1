#include "checkpoint/src/interval.h"

#include <cmath>

namespace bsub::ckpt {

// In Daly's model a step of `t` of work and a save takes mean * (exp((t + cost) / mean) - 1) on average. Work
// per second is highest where exp((t + cost) / mean) * (1 - t / mean) = 1. The left side falls with t, from
// above 1 at 0 to 0 at `mean`.
double BestInterval(double cost, double mean_between) {
  constexpr int kHalvings = 60;  // a double tells fewer apart: it has 53 bits
  double low = 0;
  double high = 1;  // of t / mean
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (std::exp(middle + cost / mean_between) * (1 - middle) > 1 ? low : high) = middle;
  }
  return low * mean_between;
}

}  // namespace bsub::ckpt
