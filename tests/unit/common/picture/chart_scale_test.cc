#include "common/picture/chart_scale.h"

#include <gmock/gmock.h>

namespace bsub::picture {
namespace {

std::vector<std::string> Labels(const std::vector<Mark>& marks) {
  std::vector<std::string> labels;
  for (const Mark& mark : marks) labels.push_back(mark.label);
  return labels;
}

using ::testing::ElementsAre;

TEST(ChartScale, IsLogarithmic) {
  const LogScale scale{.low = 1, .high = 100, .from = 0, .to = 200};
  EXPECT_DOUBLE_EQ(scale.At(1), 0);
  EXPECT_DOUBLE_EQ(scale.At(10), 100);
  EXPECT_DOUBLE_EQ(scale.At(100), 200);
}

TEST(ChartScale, MarksAreRoundNumbersWithinTheRange) {
  EXPECT_THAT(Labels(DecadeMarks(0.5, 12)), ElementsAre("0.5", "1", "2", "5", "10"));
  EXPECT_THAT(Labels(DecadeMarks(3, 20'000)), ElementsAre("10", "100", "1000", "10000"));
  EXPECT_THAT(Labels(ByteMarks(1, 4 << 20)), ElementsAre("1", "32", "1Ki", "32Ki", "1Mi"));
}

TEST(ChartScale, EvenMarksAreFewAndRound) {
  EXPECT_THAT(Labels(EvenMarks(0, 340, 8)), ElementsAre("0", "50", "100", "150", "200", "250", "300"));
  EXPECT_THAT(Labels(EvenMarks(0, 1, 5)), ElementsAre("0", "0.2", "0.4", "0.6", "0.8", "1"));
  EXPECT_THAT(Labels(EvenMarks(3, 9, 3)), ElementsAre("4", "6", "8"));
  EXPECT_DOUBLE_EQ((LinearScale{.low = 0, .high = 10, .from = 100, .to = 0}).At(2.5), 75);
}

TEST(ChartScale, NumbersHaveThreeDigits) {
  EXPECT_EQ(ShortNumber(0.125), "0.125");
  EXPECT_EQ(ShortNumber(14), "14");
  EXPECT_EQ(ShortNumber(1.25), "1.25");
  EXPECT_EQ(ShortNumber(1234.5), "1234");
  EXPECT_EQ(ShortNumber(100), "100");
  EXPECT_EQ(ShortNumber(1e-5), "1e-05");
}

TEST(ChartScale, RangesAreNeverEmpty) {
  EXPECT_LT(RangeOf({7}).low, RangeOf({7}).high);
  EXPECT_LT(RangeOf({}).low, RangeOf({}).high);
}

}  // namespace
}  // namespace bsub::picture
