// The thread that feeds the history, with a database that does not do all that is asked of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "scheduler/daemon/disk_history.h"
#include "scheduler/journal/sqlite.h"
#include "tests/support/journal/core_journal.h"

namespace bsub::daemon {
namespace {

using journal::test::CoreJournal;
using journal::test::kCoreCluster;
using journal::test::UnsyncedFileSystem;
using ::testing::HasSubstr;

class HistoryFeedTest : public ::testing::Test {
 protected:
  HistoryFeedTest() {
    std::string pattern = ::testing::TempDir() + "bsub-history-feed-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    EXPECT_TRUE(core_.Start());
    EXPECT_TRUE(core_.Submit("a"));
    DiskHistorySettings settings;
    settings.path = directory_ + "/history.db";
    settings.cluster_uuid = journal::FormatUuid(kCoreCluster);
    settings.timeout = std::chrono::milliseconds(100);
    settings.retention = std::chrono::microseconds(1);
    auto history = DiskHistory::Open(files_, core_.journal(), settings, [this](const std::string& line) {
      const std::lock_guard lock(mutex_);
      log_.push_back(line);
    });
    EXPECT_TRUE(history) << history.error().message;
    history_ = std::move(*history);
    next_ = core_.journal().last_sequence() + 1;
    at_ = core_.now() + std::chrono::hours(1);
  }
  ~HistoryFeedTest() override {
    history_.reset();
    std::filesystem::remove_all(directory_);
  }

  // One more entry, until it is taken: while the feeder still reads the journal it takes nothing else.
  void FeedOne() {
    sched::JournalEntry entry{Sequence(next_++), at_, sched::JobsForgotten{{JobId(1)}}};
    const auto batch = std::make_shared<const std::vector<sched::JournalEntry>>(1, entry);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    do {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the history does not go on";
      history_->Feed(batch);
    } while (!history_->WaitApplied(entry.sequence));
  }
  std::size_t Logged(const std::string& words) {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::count_if(log_.begin(), log_.end(), [&](const std::string& line) {
      return line.find(words) != std::string::npos;
    }));
  }

  std::string directory_;
  UnsyncedFileSystem files_;
  CoreJournal core_{files_};
  std::mutex mutex_;
  std::vector<std::string> log_;
  std::uint64_t next_ = 0;
  TimePoint at_;
  std::unique_ptr<DiskHistory> history_;
};

TEST_F(HistoryFeedTest, GoesOnThoughWhatIsOldCannotBeRemoved) {
  FeedOne();
  {
    auto database = journal::Database::Open(directory_ + "/history.db", journal::Database::Mode::kReadWrite);
    ASSERT_TRUE(database);
    ASSERT_TRUE(database->Execute(
        "CREATE TRIGGER refuse BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'not that'); END;"
        "CREATE TRIGGER refuse_too BEFORE DELETE ON jobs BEGIN SELECT RAISE(ABORT, 'not that'); END;"));
  }
  at_ = at_ + std::chrono::hours(1);
  for (int i = 0; i < 5; ++i) FeedOne();
  history_->Stop();
  EXPECT_EQ(Logged("event=history-failed"), 0u);
  EXPECT_EQ(Logged("event=history-not-shortened error=\""), 1u) << "not with each batch";
  EXPECT_EQ(Logged("not that"), 1u);
}

TEST_F(HistoryFeedTest, WhoHasAnotherWayDoesNotWaitOnceAWaitWasInVain) {
  const auto refusal = [&](std::uint64_t wanted) {
    const Status there = history_->ExpectApplied(Sequence(wanted));
    return there ? std::string() : there.error().message;
  };
  const std::uint64_t wanted = next_;
  EXPECT_THAT(refusal(wanted), HasSubstr("try again in a moment")) << "it was waited for";
  EXPECT_THAT(refusal(wanted), HasSubstr("was waited for in vain"));
  EXPECT_THAT(refusal(wanted + 1), HasSubstr("was waited for in vain"));
  FeedOne();
  EXPECT_EQ(refusal(wanted), "");
  EXPECT_THAT(refusal(wanted + 1), HasSubstr("try again in a moment")) << "the history goes on";
}

}  // namespace
}  // namespace bsub::daemon
