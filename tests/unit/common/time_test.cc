#include "common/time.h"

#include <gtest/gtest.h>

namespace bsub {
namespace {

using namespace std::chrono_literals;

TEST(FormatUtc, IsRfc3339WithAFractionOnlyWhereThereIsOne) {
  EXPECT_EQ(FormatUtc(TimePoint(1'000'000)), "1970-01-01T00:00:01Z");
  EXPECT_EQ(FormatUtc(TimePoint(1'795'227'480'123'456)), "2026-11-21T02:18:00.123456Z");
  EXPECT_EQ(FormatUtc(TimePoint(1'709'164'800'000'050)), "2024-02-29T00:00:00.000050Z");
}

TEST(FormatUtc, AnUnsetPointIsEmpty) {
  EXPECT_FALSE(TimePoint().set());
  EXPECT_EQ(FormatUtc(TimePoint()), "");
}

TEST(FormatDuration, UsesTheUnitThatReadsBest) {
  EXPECT_EQ(FormatDuration(120ms), "120ms");
  EXPECT_EQ(FormatDuration(4500ms), "4.5s");
  EXPECT_EQ(FormatDuration(2min + 3s), "2m 03s");
  EXPECT_EQ(FormatDuration(1h + 2min + 3s), "1h 02m 03s");
  EXPECT_EQ(FormatDuration(51h), "2d 03h");
  EXPECT_EQ(FormatDuration(-4500ms), "-4.5s");
}

TEST(TimePoint, AddsAndSubtractsDurations) {
  const TimePoint t(5'000'000);
  EXPECT_EQ((t + 2s).micros(), 7'000'000);
  EXPECT_EQ((t - 2s).micros(), 3'000'000);
  EXPECT_EQ((t + 2s) - t, Duration(2s));
  EXPECT_LT(t, TimePoint::Max());
}

}  // namespace
}  // namespace bsub
