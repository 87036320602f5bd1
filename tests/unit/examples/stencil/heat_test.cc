#include "examples/stencil/heat.h"

#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <vector>

namespace stencil {
namespace {

// Copies what an exchange would bring: the low faces of `from` become the high ghosts of `to` along z.
void CopyPlane(const Field& from, std::int64_t z_from, Field& to, std::int64_t z_to) {
  for (std::int64_t y = 0; y < from.extent()[1]; ++y)
    for (std::int64_t x = 0; x < from.extent()[2]; ++x) *to.At(z_to, y, x) = *from.At(z_from, y, x);
}

Field Solved(const Int3& cells, std::int64_t steps) {
  Field now(cells), next(cells);
  SetInitialState(cells, {{0, 0, 0}, cells}, now);
  for (std::int64_t i = 0; i < steps; ++i) {
    Advance(now, {{0, 0, 0}, cells}, next);
    std::swap(now, next);
  }
  return now;
}

TEST(Heat, FollowsTheExactSolution) {
  const Int3 cells{12, 17, 20};
  const Measure measure = MeasureBlock(cells, {{0, 0, 0}, cells}, Solved(cells, 40), 40);
  EXPECT_LT(measure.largest_error, 1e-13);
  EXPECT_GT(measure.heat, 1.0);
  // The measure can tell: one step too few is no longer exact.
  EXPECT_GT(MeasureBlock(cells, {{0, 0, 0}, cells}, Solved(cells, 39), 40).largest_error, 1e-3);
}

// For one cell alone, only the first mode of the three is left: 6 faces at 0, so u' = u (1 - 6 r).
TEST(Heat, OneCellCoolsByItsSixFaces) {
  const Int3 cells{1, 1, 1};
  const double before = *Solved(cells, 0).At(0, 0, 0);
  EXPECT_DOUBLE_EQ(*Solved(cells, 1).At(0, 0, 0), before * (1 - 6 * kDiffusion));
}

TEST(Heat, TheBitsDoNotDependOnTheBlocks) {
  const Int3 cells{9, 6, 7};
  const Field whole = Solved(cells, 5);
  const Block below{{0, 0, 0}, {4, 6, 7}}, above{{4, 0, 0}, {5, 6, 7}};
  Field low(below.extent), low_next(below.extent), high(above.extent), high_next(above.extent);
  SetInitialState(cells, below, low);
  SetInitialState(cells, above, high);
  for (int i = 0; i < 5; ++i) {
    CopyPlane(high, 0, low, 4);
    CopyPlane(low, 3, high, -1);
    Advance(low, {{0, 0, 0}, below.extent}, low_next);
    Advance(high, {{0, 0, 0}, above.extent}, high_next);
    std::swap(low, low_next);
    std::swap(high, high_next);
  }
  EXPECT_EQ(*low.At(2, 3, 4), *whole.At(2, 3, 4));
  EXPECT_EQ(*high.At(2, 3, 4), *whole.At(6, 3, 4));
  EXPECT_EQ(MeasureBlock(cells, below, low, 5).fingerprint + MeasureBlock(cells, above, high, 5).fingerprint,
            MeasureBlock(cells, {{0, 0, 0}, cells}, whole, 5).fingerprint);
}

TEST(Heat, TheBitsDoNotDependOnTheThreads) {
  const Int3 cells{20, 20, 20};
  const std::uint64_t many = MeasureBlock(cells, {{0, 0, 0}, cells}, Solved(cells, 10), 10).fingerprint;
  const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
  EXPECT_EQ(MeasureBlock(cells, {{0, 0, 0}, cells}, Solved(cells, 10), 10).fingerprint, many);
}

TEST(Fingerprint, SeesOneBitAndTheOrderOfCells) {
  const Int3 cells{3, 3, 3};
  const Block block{{0, 0, 0}, cells};
  Field field = Solved(cells, 1);
  const std::uint64_t before = MeasureBlock(cells, block, field, 1).fingerprint;
  double& value = *field.At(1, 1, 1);
  const double kept = value;
  value = std::nextafter(value, 2.0);
  EXPECT_NE(MeasureBlock(cells, block, field, 1).fingerprint, before);
  value = kept;
  std::swap(*field.At(0, 1, 2), *field.At(2, 1, 2));
  std::swap(*field.At(0, 0, 0), *field.At(0, 0, 2));
  EXPECT_NE(MeasureBlock(cells, block, field, 1).fingerprint, before);
}

TEST(Field, CellsGoOutAndBackWithoutGhosts) {
  Field field({2, 3, 4});
  std::vector<double> cells(24);
  for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = static_cast<double>(i) + 0.5;
  field.CopyFrom(cells.data());
  EXPECT_EQ(*field.At(1, 2, 3), 23.5);
  EXPECT_EQ(*field.At(-1, 2, 3), 0.0) << "ghosts stay";
  EXPECT_EQ(*field.At(1, 2, 4), 0.0);
  std::vector<double> again(24);
  field.CopyTo(again.data());
  EXPECT_EQ(again, cells);
}

}  // namespace
}  // namespace stencil
