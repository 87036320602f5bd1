#include "cli/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace bsub::cli {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

v1::WaitReply Counts() {
  v1::WaitReply counts;
  counts.set_total(100);
  (*counts.mutable_counts())["SUCCEEDED"] = 45;
  (*counts.mutable_counts())["FAILED"] = 5;
  (*counts.mutable_counts())["RUNNING"] = 8;
  (*counts.mutable_counts())["STARTING"] = 2;
  return counts;
}

TEST(Progress, ShowsWhatIsOver) {
  const std::string line = ProgressLine(Counts(), seconds(64), 200);
  EXPECT_EQ(line, "[====================>                   ] 50/100 done, 5 failed, 10 running, 1m 04s");
}

TEST(Progress, FitsTheTerminal) {
  for (int columns = 1; columns < 120; ++columns) {
    EXPECT_LT(static_cast<int>(ProgressLine(Counts(), seconds(1), columns).size()), columns);
  }
}

TEST(Progress, AFullBarHasNoTip) {
  v1::WaitReply counts;
  counts.set_total(3);
  (*counts.mutable_counts())["SUCCEEDED"] = 3;
  EXPECT_THAT(ProgressLine(counts, seconds(1), 120), HasSubstr("====] 3/3 done, 0 running"));
}

TEST(Progress, DrawsNothingWithoutATerminal) {
  std::ostringstream out;
  ProgressBar bar(out, 0);
  bar.Show(Counts());
  bar.Finish(Counts());
  EXPECT_EQ(out.str(), "");
}

TEST(Progress, OverwritesItsLine) {
  std::ostringstream out;
  ProgressBar bar(out, 80);
  bar.Show(Counts());
  bar.Clear();
  EXPECT_EQ(out.str().front(), '\r');
  EXPECT_EQ(out.str().find('\n'), std::string::npos);
}

}  // namespace
}  // namespace bsub::cli
