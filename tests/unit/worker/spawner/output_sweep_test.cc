// Old output leaves the spool; what is young, in use, or none of ours stays.
#include "worker/spawner/output_sweep.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "worker/launch/unique_fd.h"

namespace bsub::spawner {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kRetention = 100 * kSecond;
constexpr std::int64_t kNow = 1'000'000 * kSecond;

class OutputSweepTest : public ::testing::Test {
 protected:
  OutputSweepTest() {
    std::string pattern = (fs::temp_directory_path() / "bsub-sweep-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    fs::create_directory(root_ / "output");
    fd_.Reset(open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  ~OutputSweepTest() override { fs::remove_all(root_); }

  static void SetTime(const fs::path& path, std::int64_t us) {
    const timespec at{us / kSecond, us % kSecond * 1000};
    const timespec both[] = {at, at};
    ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), both, AT_SYMLINK_NOFOLLOW), 0);
  }
  // A job's folder with one file, written so long ago.
  void Add(const std::string& job, std::int64_t age_us, std::int64_t folder_age_us = 5 * kRetention) {
    const fs::path folder = root_ / "output" / job;
    fs::create_directory(folder);
    std::ofstream(folder / "0.1.out") << "text";
    fs::create_symlink("0.1.out", folder / "0.1.err");
    SetTime(folder / "0.1.out", kNow - age_us);
    SetTime(folder / "0.1.err", kNow - 5 * kRetention);
    SetTime(folder, kNow - folder_age_us);
  }
  bool IsThere(const std::string& job) const { return fs::exists(root_ / "output" / job); }
  OutputSweep Sweep(std::size_t folders = 1000, std::int64_t retention = kRetention) {
    return OutputSweep({.retention_us = retention, .step_us = kSecond, .folders = folders}, fd_.get());
  }
  static bool Nothing(JobId) { return false; }

  fs::path root_;
  worker::UniqueFd fd_;
};

TEST_F(OutputSweepTest, TakesWhatWasLastWrittenBeforeTheRetention) {
  Add("1", kRetention + kSecond);
  Add("2", kRetention - kSecond);
  Add("3", 5 * kRetention, kRetention - kSecond);  // an attempt has just begun
  auto sweep = Sweep();
  EXPECT_EQ(sweep.Step(kNow, Nothing), 1u);
  EXPECT_FALSE(IsThere("1"));
  EXPECT_TRUE(IsThere("2"));
  EXPECT_TRUE(IsThere("3"));
  EXPECT_EQ(sweep.Step(kNow + 2 * kSecond, Nothing), 2u);
}

TEST_F(OutputSweepTest, LeavesWhatIsInUseAndWhatIsNotOurs) {
  Add("1", 5 * kRetention);
  Add("a-persons-notes", 5 * kRetention);
  std::ofstream(root_ / "output" / "7") << "a file";
  auto sweep = Sweep();
  EXPECT_EQ(sweep.Step(kNow, [](JobId job) { return job == JobId(1); }), 0u);
  EXPECT_TRUE(IsThere("1"));
  EXPECT_TRUE(IsThere("a-persons-notes"));
  EXPECT_TRUE(IsThere("7"));
}

TEST_F(OutputSweepTest, APassTakesStepsAndThenRests) {
  constexpr std::size_t kJobs = 50, kStep = 10;
  for (std::size_t i = 1; i <= kJobs; ++i) Add(std::to_string(i), 5 * kRetention);
  auto sweep = Sweep(kStep);
  std::size_t removed = sweep.Step(kNow, Nothing);
  EXPECT_LE(removed, kStep);
  EXPECT_EQ(sweep.PauseUs(), kSecond);
  for (std::size_t i = 0; i < kJobs && sweep.PauseUs() == kSecond; ++i) removed += sweep.Step(kNow, Nothing);
  EXPECT_EQ(removed, kJobs);
  EXPECT_EQ(sweep.PauseUs(), kRetention / 10);
}

TEST_F(OutputSweepTest, WithoutARetentionNothingGoes) {
  Add("1", 5 * kRetention);
  auto sweep = Sweep(1000, 0);
  EXPECT_EQ(sweep.Step(kNow, Nothing), 0u);
  EXPECT_EQ(sweep.PauseUs(), 0);
  EXPECT_TRUE(IsThere("1"));
}

}  // namespace
}  // namespace bsub::spawner
