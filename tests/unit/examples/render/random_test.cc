#include "examples/render/random.h"

#include <gtest/gtest.h>

namespace render {
namespace {

// The known answers published with the paper (Random123, kat_vectors).
TEST(Philox, GivesThePublishedAnswers) {
  EXPECT_EQ(Philox({0, 0, 0, 0}, {0, 0}), (Philox4{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  const std::uint32_t ones = 0xffffffff;
  EXPECT_EQ(Philox({ones, ones, ones, ones}, {ones, ones}),
            (Philox4{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Philox4{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(RandomStream, IsTheSameEachTimeAndAnotherForEachPlace) {
  RandomStream first(1, 2, 3, 4), again(1, 2, 3, 4), other(1, 2, 3, 5);
  int equal = 0;
  for (int i = 0; i < 100; ++i) {
    const double u = first.Next();
    EXPECT_EQ(u, again.Next());
    equal += u == other.Next();
    EXPECT_GE(u, 0.0);
    EXPECT_LT(u, 1.0);
  }
  EXPECT_EQ(equal, 0);
}

// The mean of n uniform numbers is within 5 standard errors of 1/2; so are neighbours' products of 1/4.
TEST(RandomStream, IsUniformAndUncorrelated) {
  constexpr int kNumbers = 100'000;
  RandomStream random(7, 0, 0, 0);
  double sum = 0, products = 0, before = random.Next();
  for (int i = 0; i < kNumbers; ++i) {
    const double u = random.Next();
    sum += u;
    products += u * before;
    before = u;
  }
  EXPECT_NEAR(sum / kNumbers, 0.5, 5 * 0.2887 / 316.0);
  EXPECT_NEAR(products / kNumbers, 0.25, 5 * 0.25 / 316.0);
}

}  // namespace
}  // namespace render
