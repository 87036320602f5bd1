#include "common/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace bsub {
namespace {

Result<int> Half(int n) {
  if (n % 2 != 0) return InvalidArgument(std::to_string(n) + " is odd");
  return n / 2;
}

Result<int> Quarter(int n) {
  BSUB_ASSIGN_OR_RETURN(const int half, Half(n));
  BSUB_ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

Status MustBeEven(int n) {
  BSUB_RETURN_IF_ERROR(Half(n));
  return OkStatus();
}

TEST(Result, HoldsAValueOrAnError) {
  EXPECT_EQ(Half(4).value(), 2);
  const Result<int> odd = Half(3);
  ASSERT_FALSE(odd.has_value());
  EXPECT_EQ(odd.error(), InvalidArgument("3 is odd"));
}

TEST(Result, MacrosPassTheFirstErrorOn) {
  EXPECT_EQ(Quarter(8).value(), 2);
  EXPECT_EQ(Quarter(6).error().message, "3 is odd");
  EXPECT_TRUE(MustBeEven(2).has_value());
  EXPECT_EQ(MustBeEven(5).error().message, "5 is odd");
}

TEST(Result, CarriesWhatCanOnlyBeMoved) {
  const auto make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(7); };
  const auto use = [&]() -> Result<int> {
    BSUB_ASSIGN_OR_RETURN(const std::unique_ptr<int> p, make());
    return *p;
  };
  EXPECT_EQ(use().value(), 7);
}

// The wire adapter casts: each number is gRPC's.
TEST(Code, HasGrpcNumbers) {
  EXPECT_EQ(static_cast<int>(Code::kCancelled), 1);
  EXPECT_EQ(static_cast<int>(Code::kInvalidArgument), 3);
  EXPECT_EQ(static_cast<int>(Code::kNotFound), 5);
  EXPECT_EQ(static_cast<int>(Code::kPermissionDenied), 7);
  EXPECT_EQ(static_cast<int>(Code::kUnavailable), 14);
  EXPECT_EQ(static_cast<int>(Code::kUnauthenticated), 16);
}

TEST(Code, EachHasWords) {
  for (int i = 1; i <= 16; ++i) {
    const std::string_view words = ToString(static_cast<Code>(i));
    EXPECT_FALSE(words.empty());
    EXPECT_EQ(words == "unknown", i == static_cast<int>(Code::kUnknown)) << i;
  }
}

}  // namespace
}  // namespace bsub
