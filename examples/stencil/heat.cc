#include "examples/stencil/heat.h"

#include <tbb/blocked_range.h>
#include <tbb/blocked_range2d.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_reduce.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numbers>
#include <vector>

namespace stencil {
namespace {

struct Mode {
  double amplitude;
  Int3 waves;  // half waves along z, y, x
};

// The second one has no symmetry, so that a rank or an axis taken for another one shows.
constexpr std::array<Mode, 2> kModes = {Mode{1.0, {1, 1, 1}}, Mode{0.5, {1, 2, 3}}};

// Rows of one task: enough numbers to be worth a task, few enough that a task's three planes stay in a core's
// L2 cache.
constexpr std::int64_t kRowsOfATask = 16;

// sin(k * pi * i / (n + 1)) for the cells i = 1..n along one dimension: the discrete eigenvector.
std::vector<double> Wave(std::int64_t waves, std::int64_t cells) {
  std::vector<double> wave(static_cast<std::size_t>(cells));
  for (std::int64_t i = 0; i < cells; ++i)
    wave[static_cast<std::size_t>(i)] = std::sin(static_cast<double>(waves) * std::numbers::pi *
                                                 static_cast<double>(i + 1) / static_cast<double>(cells + 1));
  return wave;
}

// What one step multiplies a mode by: 1 - 4 r sum_d sin^2(k_d pi h / 2).
double Damping(const Mode& mode, const Int3& cells) {
  double sum = 0;
  for (std::size_t d = 0; d < 3; ++d) {
    const double s = std::sin(static_cast<double>(mode.waves[d]) * std::numbers::pi /
                              (2.0 * static_cast<double>(cells[d] + 1)));
    sum += s * s;
  }
  return 1.0 - 4.0 * kDiffusion * sum;
}

// The exact solution of a whole grid, its waves along each dimension computed once.
class Solution {
 public:
  Solution(const Int3& cells, std::int64_t steps) {
    for (std::size_t m = 0; m < kModes.size(); ++m) {
      scale_[m] = kModes[m].amplitude * std::pow(Damping(kModes[m], cells), static_cast<double>(steps));
      for (std::size_t d = 0; d < 3; ++d) waves_[m][d] = Wave(kModes[m].waves[d], cells[d]);
    }
  }

  double At(std::int64_t z, std::int64_t y, std::int64_t x) const {
    double sum = 0;
    for (std::size_t m = 0; m < kModes.size(); ++m)
      sum += scale_[m] * Of(m, 0, z) * Of(m, 1, y) * Of(m, 2, x);
    return sum;
  }

 private:
  double Of(std::size_t mode, std::size_t dimension, std::int64_t cell) const {
    return waves_[mode][dimension][static_cast<std::size_t>(cell)];
  }

  std::array<double, kModes.size()> scale_{};
  std::array<std::array<std::vector<double>, 3>, kModes.size()> waves_;
};

// The finalizer of SplitMix64 (G. Steele, D. Lea, C. Flood, OOPSLA 2014): each bit of the input moves each of
// the output.
std::uint64_t Mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

std::uint64_t HashOfCell(std::uint64_t place, double value) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return Mix(Mix(place + 0x9e3779b97f4a7c15u) ^ bits);
}

}  // namespace

void Advance(const Field& now, const Box& box, Field& next) {
  if (box.cells() == 0) return;
  const std::ptrdiff_t row = now.row(), plane = now.plane();
  const std::int64_t length = box.high[2] - box.low[2];
  const tbb::blocked_range2d<std::int64_t> rows(box.low[0], box.high[0], 1, box.low[1], box.high[1],
                                                kRowsOfATask);
  tbb::parallel_for(rows, [&](const auto& range) {
    for (std::int64_t z = range.rows().begin(); z < range.rows().end(); ++z) {
      for (std::int64_t y = range.cols().begin(); y < range.cols().end(); ++y) {
        const double* u = now.At(z, y, box.low[2]);
        double* out = next.At(z, y, box.low[2]);
        for (std::int64_t x = 0; x < length; ++x, ++u) {
          const double around = ((u[-1] + u[1]) + (u[-row] + u[row])) + (u[-plane] + u[plane]);
          out[x] = u[0] + kDiffusion * (around - 6.0 * u[0]);
        }
      }
    }
  });
}

double ExactValue(const Int3& cells, std::int64_t steps, std::int64_t z, std::int64_t y, std::int64_t x) {
  return Solution(cells, steps).At(z, y, x);
}

void SetInitialState(const Int3& cells, const Block& block, Field& field) {
  const Solution solution(cells, 0);
  tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, block.extent[0]), [&](const auto& range) {
    for (std::int64_t z = range.begin(); z < range.end(); ++z) {
      for (std::int64_t y = 0; y < block.extent[1]; ++y) {
        for (std::int64_t x = 0; x < block.extent[2]; ++x)
          *field.At(z, y, x) = solution.At(block.offset[0] + z, block.offset[1] + y, block.offset[2] + x);
      }
    }
  });
}

Measure MeasureBlock(const Int3& cells, const Block& block, const Field& field, std::int64_t steps) {
  const Solution solution(cells, steps);
  const auto measure_planes = [&](const auto& range, Measure sum) {
    for (std::int64_t z = range.begin(); z < range.end(); ++z) {
      for (std::int64_t y = 0; y < block.extent[1]; ++y) {
        for (std::int64_t x = 0; x < block.extent[2]; ++x) {
          const Int3 at{block.offset[0] + z, block.offset[1] + y, block.offset[2] + x};
          const double value = *field.At(z, y, x);
          sum.fingerprint +=
              HashOfCell(static_cast<std::uint64_t>((at[0] * cells[1] + at[1]) * cells[2] + at[2]), value);
          sum.largest_error = std::max(sum.largest_error, std::abs(value - solution.At(at[0], at[1], at[2])));
          sum.heat += value;
        }
      }
    }
    return sum;
  };
  return tbb::parallel_reduce(tbb::blocked_range<std::int64_t>(0, block.extent[0]), Measure{}, measure_planes,
                              [](Measure a, const Measure& b) {
                                a.fingerprint += b.fingerprint;
                                a.largest_error = std::max(a.largest_error, b.largest_error);
                                a.heat += b.heat;
                                return a;
                              });
}

}  // namespace stencil
