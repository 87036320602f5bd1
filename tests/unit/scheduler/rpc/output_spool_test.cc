#include "scheduler/rpc/output_spool.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace bsub::rpc {
namespace {

class OutputSpoolTest : public ::testing::Test {
 protected:
  OutputSpoolTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "bsub-spool-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
  }
  ~OutputSpoolTest() override { std::filesystem::remove_all(directory_); }

  std::string directory_;
  const sched::AttemptRef attempt_{{JobId(3), 5}, 2};
};

TEST_F(OutputSpoolTest, KeepsTheEnd) {
  OutputSpool spool(directory_, 4);
  ASSERT_TRUE(spool.Keep(attempt_, false, 10, "abcdef\n"));
  const auto kept = spool.Read(attempt_, false);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->data, "def\n");
  EXPECT_EQ(kept->offset, 13);
  ASSERT_TRUE(spool.Keep(attempt_, false, 17, "\n12"));
  EXPECT_EQ(spool.Read(attempt_, false)->data, "\n12");
  EXPECT_FALSE(spool.Read(attempt_, true));
}

// What the process before had no time to remove; what is of jobs to come, or is not ours, stays.
TEST_F(OutputSpoolTest, AStartForgetsWhatTheCoreDoesNotKnow) {
  OutputSpool spool(directory_, 100);
  const auto attempt = [](std::uint64_t job) { return sched::AttemptRef{{JobId(job), 0}, 1}; };
  for (const std::uint64_t job : {1, 2, 3, 9}) ASSERT_TRUE(spool.Keep(attempt(job), false, 0, "text"));
  std::filesystem::create_directories(directory_ + "/2x");
  spool.ForgetOthers({JobId(2)}, JobId(9));
  EXPECT_FALSE(spool.Read(attempt(1), false));
  EXPECT_TRUE(spool.Read(attempt(2), false));
  EXPECT_FALSE(spool.Read(attempt(3), false));
  EXPECT_TRUE(spool.Read(attempt(9), false));
  EXPECT_TRUE(std::filesystem::exists(directory_ + "/2x"));
  OutputSpool(directory_ + "/not-there", 100).ForgetOthers({}, JobId(9));
}

TEST_F(OutputSpoolTest, ForgetsAJobAsAWhole) {
  OutputSpool spool(directory_, 100);
  ASSERT_TRUE(spool.Keep(attempt_, true, 0, "x"));
  spool.Forget(JobId(3));
  EXPECT_FALSE(spool.Read(attempt_, true));
}

TEST(TailOf, LinesAndBytes) {
  EXPECT_EQ(TailOf("a\nb\nc\n", 0, 0), "a\nb\nc\n");
  EXPECT_EQ(TailOf("a\nb\nc\n", 0, 1), "c\n");
  EXPECT_EQ(TailOf("a\nb\nc\n", 0, 2), "b\nc\n");
  EXPECT_EQ(TailOf("a\nb\nc", 0, 1), "c");
  EXPECT_EQ(TailOf("a\nb\nc\n", 0, 9), "a\nb\nc\n");
  EXPECT_EQ(TailOf("a\nb\nc\n", 3, 0), "\nc\n");
  EXPECT_EQ(TailOf("", 1, 1), "");
}

}  // namespace
}  // namespace bsub::rpc
