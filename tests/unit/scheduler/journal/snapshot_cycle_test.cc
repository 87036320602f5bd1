// The whole cycle with the real helper program on a real disk.
#include "scheduler/journal/snapshot_cycle.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>

#include "scheduler/journal/posix_file_system.h"
#include "tests/support/journal/core_journal.h"

namespace bsub::journal::test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::StartsWith;

// Lets a test ask something in the middle of what the journal does.
class InterruptedFiles final : public FileSystem {
 public:
  std::function<void()> ask = [] {};

  Result<std::unique_ptr<File>> Create(const std::string& path) override {
    ask();
    return files_.Create(path);
  }
  Result<std::unique_ptr<File>> OpenForRead(const std::string& path) override {
    return files_.OpenForRead(path);
  }
  Result<std::unique_ptr<File>> OpenForWrite(const std::string& path) override {
    return files_.OpenForWrite(path);
  }
  Status Rename(const std::string& from, const std::string& to) override {
    ask();
    return files_.Rename(from, to);
  }
  Status Remove(const std::string& path) override { return files_.Remove(path); }
  Status CreateDirectory(const std::string& path) override { return files_.CreateDirectory(path); }
  Status SyncDirectory(const std::string& path) override {
    ask();
    return files_.SyncDirectory(path);
  }
  Result<std::vector<DirectoryEntry>> List(const std::string& path) override { return files_.List(path); }
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override { return files_.Lock(path); }

 private:
  PosixFileSystem files_;
};

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

  InterruptedFiles files_;
  std::string directory_;
  std::string program_;
  std::optional<CoreJournal> core_;
  std::vector<std::string> log_;
};

TEST_F(SnapshotCycleTest, MakesASnapshotBesideTheRunningScheduler) {
  SnapshotCycle cycle(core_->journal(), {program_, 0});
  ASSERT_TRUE(RunUntil(cycle, "snapshot=made")) << testing::PrintToString(log_);
  ASSERT_TRUE(RunUntil(cycle, "snapshot=made")) << testing::PrintToString(log_);
  EXPECT_THAT(log_.front(), StartsWith("snapshot=begun sequence="));
  const std::size_t jobs = core_->scheduler().state().jobs.size();
  core_->Stop();
  ASSERT_TRUE(core_->Start());
  EXPECT_GT(core_->report().snapshot, 0u);
  EXPECT_EQ(core_->scheduler().state().jobs.size(), jobs);
}

// A large state is not written again for a few jobs: here it would have to be 1,000 times its size.
TEST_F(SnapshotCycleTest, TheNextSnapshotWaitsForItsShareOfJournal) {
  core_->Stop();
  core_->settings.snapshot_percent = 0;
  ASSERT_TRUE(core_->Start());
  {
    SnapshotCycle cycle(core_->journal(), {program_, 0});
    ASSERT_TRUE(RunUntil(cycle, "snapshot=made")) << testing::PrintToString(log_);
  }
  while (!core_->journal().SnapshotDue()) ASSERT_TRUE(core_->Submit("job"));
  core_->Stop();
  core_->settings.snapshot_percent = 100'000;
  ASSERT_TRUE(core_->Start());
  EXPECT_FALSE(core_->journal().SnapshotDue());
}

TEST_F(SnapshotCycleTest, TheHelperStandsBackAsTold) {
  const std::string script = directory_ + "/helper", told = directory_ + "/told";
  std::ofstream(script) << "#!/bin/sh\necho $4 > " << told << "\nexit 1\n";
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  SnapshotCycle cycle(core_->journal(), {script, 7});
  ASSERT_TRUE(RunUntil(cycle, "snapshot=failed")) << testing::PrintToString(log_);
  std::string nice;
  std::ifstream(told) >> nice;
  EXPECT_EQ(nice, "7");
}

// A hash that is recorded for a wish too early begins nothing, and each wish is heard once: no snapshot would
// be made any more.
TEST_F(SnapshotCycleTest, AWishThatIsBeingServedIsNoNewOne) {
  SnapshotCycle cycle(core_->journal(), {program_, 0});
  while (cycle.StateHashWanted() == 0) ASSERT_TRUE(core_->Submit("job"));
  EXPECT_EQ(cycle.StateHashWanted(), 1u);
  ASSERT_TRUE(core_->Handle(sched::RecordStateHash{}));
  int asked = 0;
  files_.ask = [&] {
    ++asked;
    EXPECT_EQ(cycle.StateHashWanted(), 0u);
  };
  const auto lines = cycle.Advance(core_->last_outcome().entries, core_->now());
  files_.ask = [] {};
  ASSERT_TRUE(lines);
  EXPECT_THAT(*lines, Contains(StartsWith("snapshot=begun")));
  EXPECT_GT(asked, 0);
}

TEST_F(SnapshotCycleTest, AHelperThatIsNotThereIsOnlyLogged) {
  SnapshotCycle cycle(core_->journal(), {"/nonexistent/bsub-lite-snapshot", 0});
  ASSERT_TRUE(RunUntil(cycle, "snapshot=failed"));
  EXPECT_THAT(log_.back(), HasSubstr("No such file or directory"));
  EXPECT_TRUE(core_->Submit("goes on"));
}

TEST_F(SnapshotCycleTest, AHelperThatFailsIsLoggedWithItsMessage) {
  SnapshotCycle cycle(core_->journal(), {program_, 0});
  const std::string away = directory_ + "/identity";
  std::filesystem::rename(directory_ + "/journal/identity", away);
  ASSERT_TRUE(RunUntil(cycle, "snapshot=failed")) << testing::PrintToString(log_);
  EXPECT_THAT(log_.back(), testing::AllOf(HasSubstr("exited with 1"), HasSubstr("no identity file")));
  std::filesystem::rename(away, directory_ + "/journal/identity");
  EXPECT_TRUE(RunUntil(cycle, "snapshot=made")) << testing::PrintToString(log_);
}

// A helper that a killed scheduler leaves behind would write beside the next scheduler's.
TEST_F(SnapshotCycleTest, AHelperEndsWithItsScheduler) {
  const std::string stuck = directory_ + "/stuck";
  std::filesystem::create_directory(stuck);
  ASSERT_EQ(::mkfifo((stuck + "/identity").c_str(), 0600), 0);  // the helper hangs in open()
  int alive[2];  // its writing end is open in the child and in the helper: it ends when both are gone
  ASSERT_EQ(::pipe(alive), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto helper = SnapshotProcess::Start({program_, 0}, stuck, 1);
    const bool told = helper && ::write(alive[1], "s", 1) == 1;
    ::_exit(told && ::pause() == 0 ? 0 : 1);
  }
  ::close(alive[1]);
  char started = 0;
  ASSERT_EQ(::read(alive[0], &started, 1), 1);
  pollfd ended{.fd = alive[0], .events = POLLIN, .revents = 0};
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(::poll(&ended, 1, 20'000), 1) << "the helper lives on";
  ::close(::open((stuck + "/identity").c_str(), O_WRONLY | O_NONBLOCK));  // then it goes now
  ::close(alive[0]);
}

}  // namespace
}  // namespace bsub::journal::test
