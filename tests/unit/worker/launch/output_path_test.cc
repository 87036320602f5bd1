#include "worker/launch/output_path.h"

#include <gtest/gtest.h>

namespace bsub::worker {
namespace {

TEST(OutputPath, FillsInFields) {
  const AttemptKey attempt{JobId(12), 4, 3};
  EXPECT_EQ(ExpandOutputPath("/o/%J.%I.%A.log", attempt, 17), "/o/12.17.3.log");
  EXPECT_EQ(ExpandOutputPath("%I", attempt, std::nullopt), "0") << "a plain job, as in LSF";
  EXPECT_EQ(ExpandOutputPath("100%%.%x.%", attempt, 1), "100%.%x.%");
  EXPECT_EQ(ExpandOutputPath("%%J", attempt, 1), "%J");
  EXPECT_EQ(ExpandOutputPath("", attempt, 1), "");
}

TEST(OutputPath, OfTheSpoolFollowsFromTheKeyAlone) {
  EXPECT_EQ(SpoolPath({JobId(12), 4, 3}, false), "output/12/4.3.out");
  EXPECT_EQ(SpoolPath({JobId(12), 4, 3}, true), "output/12/4.3.err");
}

}  // namespace
}  // namespace bsub::worker
