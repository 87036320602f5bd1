// The whole cycle with the real helper program on a real disk.
#include "scheduler/journal/snapshot_cycle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "scheduler/journal/posix_file_system.h"
#include "tests/support/journal/core_journal.h"

namespace bsub::journal::test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::StartsWith;

class SnapshotCycleTest : public testing::Test {
 protected:
  SnapshotCycleTest() {
    std::string pattern = testing::TempDir() + "bsub-cycle-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    const char* build = std::getenv("BSUB_BUILD_DIR");
    program_ = std::string(build != nullptr ? build : ".") + "/bin/bsub-lite-snapshot";
    core_.emplace(files_, directory_ + "/journal");
    core_->settings.snapshot_bytes = 20'000;
    EXPECT_TRUE(core_->Start());
  }
  ~SnapshotCycleTest() override {
    core_.reset();
    std::filesystem::remove_all(directory_);
  }

  // As the daemon: work, record the hash when it is wanted, advance. True once a line says `what`.
  bool RunUntil(SnapshotCycle& cycle, const std::string& what) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < deadline) {
      EXPECT_TRUE(core_->Submit("job"));
      const bool handled = cycle.StateHashWanted() == 0 || core_->Handle(sched::RecordStateHash{});
      EXPECT_TRUE(handled);
      const auto lines = cycle.Advance(core_->last_outcome().entries, core_->now());
      EXPECT_TRUE(lines) << lines.error().message;
      for (const std::string& line : *lines) {
        log_.push_back(line);
        if (line.find(what) != std::string::npos) return true;
      }
    }
    return false;
  }

  PosixFileSystem files_;
  std::string directory_;
  std::string program_;
  std::optional<CoreJournal> core_;
  std::vector<std::string> log_;
};

TEST_F(SnapshotCycleTest, MakesASnapshotBesideTheRunningScheduler) {
  SnapshotCycle cycle(core_->journal(), program_);
  ASSERT_TRUE(RunUntil(cycle, "snapshot=made")) << testing::PrintToString(log_);
  ASSERT_TRUE(RunUntil(cycle, "snapshot=made")) << testing::PrintToString(log_);
  EXPECT_THAT(log_.front(), StartsWith("snapshot=begun sequence="));
  const std::size_t jobs = core_->scheduler().state().jobs.size();
  core_->Stop();
  ASSERT_TRUE(core_->Start());
  EXPECT_GT(core_->report().snapshot, 0u);
  EXPECT_EQ(core_->scheduler().state().jobs.size(), jobs);
}

TEST_F(SnapshotCycleTest, AHelperThatIsNotThereIsOnlyLogged) {
  SnapshotCycle cycle(core_->journal(), "/nonexistent/bsub-lite-snapshot");
  ASSERT_TRUE(RunUntil(cycle, "snapshot=failed"));
  EXPECT_THAT(log_.back(), HasSubstr("No such file or directory"));
  EXPECT_TRUE(core_->Submit("goes on"));
}

TEST_F(SnapshotCycleTest, AHelperThatFailsIsLoggedWithItsMessage) {
  SnapshotCycle cycle(core_->journal(), program_);
  const std::string away = directory_ + "/identity";
  std::filesystem::rename(directory_ + "/journal/identity", away);
  ASSERT_TRUE(RunUntil(cycle, "snapshot=failed")) << testing::PrintToString(log_);
  EXPECT_THAT(log_.back(), testing::AllOf(HasSubstr("exited with 1"), HasSubstr("no identity file")));
  std::filesystem::rename(away, directory_ + "/journal/identity");
  EXPECT_TRUE(RunUntil(cycle, "snapshot=made")) << testing::PrintToString(log_);
}

}  // namespace
}  // namespace bsub::journal::test
