#include "checkpoint/src/blocks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <random>

namespace bsub::ckpt {
namespace {

using ::testing::ElementsAre;

std::vector<std::uint64_t> RandomShape(std::mt19937& random) {
  std::vector<std::uint64_t> shape(1 + random() % 4);
  for (std::uint64_t& n : shape) n = 1 + random() % 9;
  return shape;
}

TEST(Blocks, AreWholeLinesOfTheSlowestDimensionThatFits) {
  // 100 planes of 10x10 doubles, 800 bytes each: 5 planes make 4000 bytes.
  const Blocks planes = CutIntoBlocks({100, 10, 10}, 8, 4096);
  EXPECT_EQ(planes, (Blocks{0, 5}));
  // A plane alone is too large: lines of it.
  EXPECT_EQ(CutIntoBlocks({4, 100, 100}, 8, 4096), (Blocks{1, 5}));
  EXPECT_EQ(CutIntoBlocks({7}, 4, 4096), (Blocks{0, 7}));
  EXPECT_EQ(CutIntoBlocks({3, 3}, 16, 8), (Blocks{1, 1})) << "never less than an element";
}

TEST(Blocks, AreNearlyEqual) {
  // 11 lines of which 10 would fit: 6 and 5, not 10 and 1.
  EXPECT_EQ(CutIntoBlocks({11, 1}, 8, 80), (Blocks{0, 6}));
}

TEST(Blocks, FollowEachOtherInMemoryAndCoverThePartOnce) {
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    const std::vector<std::uint64_t> shape = RandomShape(random);
    const Blocks cut = CutIntoBlocks(shape, 8, 8 * (1 + random() % 60));
    ASSERT_TRUE(BlocksFit(shape, cut));
    const BlockGrid grid(shape, cut);
    std::uint64_t next = 0;
    for (std::uint64_t i = 0; i < grid.size(); ++i) {
      EXPECT_EQ(grid.first_element(i), next);
      EXPECT_EQ(grid.box(i).elements(), grid.elements(i));
      EXPECT_LE(grid.elements(i), grid.full_elements());
      next += grid.elements(i);
    }
    EXPECT_EQ(next, (Box{shape, shape}.elements()));
  }
}

TEST(Blocks, ABoxHoldsTheElementsOfItsBlock) {
  std::mt19937 random(8);
  for (int round = 0; round < 200; ++round) {
    const std::vector<std::uint64_t> shape = RandomShape(random);
    const Box all{std::vector<std::uint64_t>(shape.size(), 0), shape};
    const BlockGrid grid(shape, CutIntoBlocks(shape, 8, 8 * (1 + random() % 40)));
    std::vector<std::uint64_t> numbers(all.elements());
    std::iota(numbers.begin(), numbers.end(), 0);
    for (std::uint64_t i = 0; i < grid.size(); ++i) {
      std::vector<std::uint64_t> block(grid.elements(i));
      CopyBox(grid.box(i), all, numbers.data(), grid.box(i), block.data(), sizeof(std::uint64_t));
      for (std::size_t j = 0; j < block.size(); ++j) ASSERT_EQ(block[j], grid.first_element(i) + j);
    }
  }
}

TEST(Blocks, CutsThatDoNotFitAreSeen) {
  EXPECT_FALSE(BlocksFit({4, 4}, {2, 1}));
  EXPECT_FALSE(BlocksFit({4, 4}, {-1, 1}));
  EXPECT_FALSE(BlocksFit({4, 4}, {0, 0}));
  EXPECT_FALSE(BlocksFit({4, 4}, {0, 5}));
}

TEST(Boxes, HaveACommonPart) {
  const Box common = Intersection({{0, 4}, {5, 5}}, {{3, 0}, {5, 6}});
  EXPECT_THAT(common.offset, ElementsAre(3, 4));
  EXPECT_THAT(common.count, ElementsAre(2, 2));
  EXPECT_EQ(Intersection({{0}, {3}}, {{3}, {3}}).elements(), 0u);
}

}  // namespace
}  // namespace bsub::ckpt
