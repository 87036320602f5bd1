#include "examples/stencil/decomposition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace stencil {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

TEST(ProcessGrid, CutsSoThatFacesAreSmall) {
  EXPECT_THAT(ProcessGrid(1, {64, 64, 64}), Optional(Int3{1, 1, 1}));
  EXPECT_THAT(ProcessGrid(8, {64, 64, 64}), Optional(Int3{2, 2, 2}));
  EXPECT_THAT(ProcessGrid(2, {64, 64, 64}), Optional(Int3{2, 1, 1})) << "contiguous faces first";
  EXPECT_THAT(ProcessGrid(4, {8, 8, 800}), Optional(Int3{1, 1, 4})) << "across the long side";
}

TEST(ProcessGrid, NoRankStaysEmpty) {
  EXPECT_EQ(ProcessGrid(5, {1, 1, 4}), std::nullopt);
  EXPECT_EQ(ProcessGrid(7, {2, 2, 2}), std::nullopt) << "a prime larger than each side";
  EXPECT_THAT(ProcessGrid(8, {2, 2, 2}), Optional(Int3{2, 2, 2}));
  EXPECT_THAT(ProcessGrid(3, {3, 1, 1}), Optional(Int3{3, 1, 1}));
}

TEST(Blocks, HoldEachCellOnce) {
  const Int3 cells{5, 7, 9};
  for (const std::int64_t ranks : {1, 2, 3, 4, 6, 12, 30}) {
    const auto grid = ProcessGrid(ranks, cells);
    ASSERT_TRUE(grid) << ranks;
    std::set<Int3> seen;
    for (std::int64_t rank = 0; rank < ranks; ++rank) {
      const Block block = BlockOf(rank, *grid, cells);
      for (std::int64_t z = 0; z < block.extent[0]; ++z)
        for (std::int64_t y = 0; y < block.extent[1]; ++y)
          for (std::int64_t x = 0; x < block.extent[2]; ++x)
            EXPECT_TRUE(seen.insert({block.offset[0] + z, block.offset[1] + y, block.offset[2] + x}).second);
    }
    EXPECT_EQ(seen.size(), 5u * 7 * 9) << ranks;
  }
}

TEST(Neighbours, SeeEachOther) {
  const Int3 grid{2, 3, 4};
  for (std::int64_t rank = 0; rank < 24; ++rank) {
    for (int d = 0; d < 3; ++d) {
      const auto high = NeighbourOf(rank, grid, d, Side::kHigh);
      const auto at = CoordinatesOf(rank, grid)[static_cast<std::size_t>(d)];
      EXPECT_EQ(high.has_value(), at + 1 < grid[static_cast<std::size_t>(d)]);
      if (high) {
        EXPECT_THAT(NeighbourOf(*high, grid, d, Side::kLow), Optional(rank));
      }
    }
  }
  EXPECT_EQ(NeighbourOf(0, grid, 2, Side::kLow), std::nullopt);
  EXPECT_THAT(NeighbourOf(0, grid, 0, Side::kHigh), Optional(12));
}

// Inner cells and slabs hold each cell once, and no inner cell touches a neighbour's, whatever sides have
// one.
TEST(DivideForExchange, HoldsEachCellOnce) {
  for (const Int3& extent : {Int3{4, 5, 6}, Int3{1, 1, 1}, Int3{2, 1, 3}}) {
    for (unsigned sides = 0; sides < 64; ++sides) {
      std::array<std::array<bool, 2>, 3> has{};
      for (unsigned s = 0; s < 6; ++s) has[s / 2][s % 2] = (sides >> s & 1u) != 0;
      const Division division = DivideForExchange(extent, has);
      std::int64_t cells = division.inner.cells();
      for (const Box& slab : division.shell) cells += slab.cells();
      EXPECT_EQ(cells, extent[0] * extent[1] * extent[2]) << sides;
      if (division.inner.cells() == 0) continue;
      for (std::size_t d = 0; d < 3; ++d) {
        EXPECT_EQ(division.inner.low[d], has[d][0] ? 1 : 0);
        EXPECT_EQ(division.inner.high[d], extent[d] - (has[d][1] ? 1 : 0));
      }
    }
  }
}

TEST(DivideForExchange, OneSideGivesOneSlab) {
  const Division division = DivideForExchange({4, 4, 4}, {{{false, true}, {false, false}, {false, false}}});
  EXPECT_EQ(division.inner, (Box{{0, 0, 0}, {3, 4, 4}}));
  EXPECT_THAT(division.shell, ElementsAre(Box{{3, 0, 0}, {4, 4, 4}}));
}

}  // namespace
}  // namespace stencil
