#include "common/hash.h"

#include <gtest/gtest.h>

#include <array>

namespace bsub {
namespace {

// Journals and snapshots hold these values: they may never change.
TEST(Hash64, KeepsItsPublishedValues) {
  EXPECT_EQ(Hash64(""), 0x2d06800538d394c2ULL);
  EXPECT_NE(Hash64("a"), Hash64("b"));
  EXPECT_NE(Hash64("a", 1), Hash64("a", 2));
}

TEST(ToHex, WritesTwoLowerCaseDigitsPerByte) {
  const std::array<std::uint8_t, 4> bytes = {0x00, 0x0f, 0xa0, 0xff};
  EXPECT_EQ(ToHex(bytes), "000fa0ff");
  EXPECT_EQ(ToHex({}), "");
}

TEST(PayloadHash, AllZeroIsNoPayload) {
  PayloadHash hash;
  EXPECT_TRUE(hash.empty());
  hash.bytes[31] = 1;
  EXPECT_FALSE(hash.empty());
}

TEST(FieldHasher, TextsAreSeparatedByTheirLengths) {
  const auto joined = [](std::string_view a, std::string_view b) {
    return FieldHasher().Add(a).Add(b).Value();
  };
  EXPECT_NE(joined("ab", "c"), joined("a", "bc"));
  EXPECT_NE(joined("", "x"), joined("x", ""));
  EXPECT_EQ(joined("ab", "c"), joined("ab", "c"));
}

TEST(FieldHasher, ANumbersWidthDoesNotMatterButItsSignAndOrderDo) {
  EXPECT_EQ(FieldHasher().Add(std::uint8_t{5}).Value(), FieldHasher().Add(std::uint64_t{5}).Value());
  EXPECT_EQ(FieldHasher().Add(std::int32_t{-1}).Value(), FieldHasher().Add(std::int64_t{-1}).Value());
  EXPECT_NE(FieldHasher().Add(1).Add(2).Value(), FieldHasher().Add(2).Add(1).Value());
}

}  // namespace
}  // namespace bsub
