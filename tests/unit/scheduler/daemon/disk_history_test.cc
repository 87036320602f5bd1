// What of a long journal is read for a question about a small part of it.
#include "scheduler/daemon/disk_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <mutex>
#include <set>

#include "scheduler/journal/journal_directory.h"
#include "tests/support/journal/core_journal.h"

namespace bsub::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::IsSubsetOf;
using ::testing::SizeIs;

// Writes down which files are opened for reading.
class WatchedFiles final : public journal::FileSystem {
 public:
  Result<std::unique_ptr<journal::File>> Create(const std::string& path) override {
    return files_.Create(path);
  }
  Result<std::unique_ptr<journal::File>> OpenForRead(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    opened_.insert(path);
    return files_.OpenForRead(path);
  }
  Result<std::unique_ptr<journal::File>> OpenForWrite(const std::string& path) override {
    return files_.OpenForWrite(path);
  }
  Status Rename(const std::string& from, const std::string& to) override { return files_.Rename(from, to); }
  Status Remove(const std::string& path) override { return files_.Remove(path); }
  Status CreateDirectory(const std::string& path) override { return files_.CreateDirectory(path); }
  Status SyncDirectory(const std::string& path) override { return files_.SyncDirectory(path); }
  Result<std::vector<journal::DirectoryEntry>> List(const std::string& path) override {
    return files_.List(path);
  }
  Result<std::unique_ptr<journal::FileLock>> Lock(const std::string& path) override {
    return files_.Lock(path);
  }
  // Since it was asked before.
  std::set<std::string> TakeOpened() {
    const std::lock_guard lock(mutex_);
    return std::exchange(opened_, {});
  }

 private:
  journal::test::UnsyncedFileSystem files_;
  std::mutex mutex_;
  std::set<std::string> opened_;
};

class DiskHistoryTest : public testing::Test {
 protected:
  DiskHistoryTest() {
    std::string pattern = testing::TempDir() + "bsub-disk-history-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    Must(core_.Start());
    Must(core_.AddNode("n1", 1));
    for (int i = 0; i < 60; ++i) {
      Must(core_.Submit("job"));
      Must(core_.Cycle());
      Must(core_.EndAttempts(NodeId(1), 0));
    }
    auto history =
        DiskHistory::Open(files_, core_.journal(), {.path = directory_ + "/history.db", .cluster_uuid = "u"},
                          [](const std::string&) {});
    EXPECT_TRUE(history) << history.error().message;
    history_ = std::move(*history);
    Must(history_->WaitApplied(Sequence(last())));
    files_.TakeOpened();
  }
  ~DiskHistoryTest() override {
    history_.reset();
    std::filesystem::remove_all(directory_);
  }

  static void Must(const Status& status) { ASSERT_TRUE(status) << status.error().message; }
  std::uint64_t last() { return core_.journal().last_sequence(); }
  std::vector<journal::NumberedFile> Segments() {
    return journal::ReadDirectory(files_, "/journal")->segments;
  }
  // The file that holds an entry.
  std::string SegmentOf(std::uint64_t sequence) {
    std::string path;
    for (const journal::NumberedFile& segment : Segments()) {
      if (segment.sequence <= sequence) path = "/journal/" + segment.name;
    }
    return path;
  }

  WatchedFiles files_;
  journal::test::CoreJournal core_{files_, "/journal", 4096};
  std::string directory_;
  std::unique_ptr<DiskHistory> history_;
};

TEST_F(DiskHistoryTest, TheNewestEntriesAreReadFromTheLastSegments) {
  ASSERT_GT(Segments().size(), 6u);
  const auto entries = history_->EntriesAfter(Sequence(last() - 10), 10);
  ASSERT_TRUE(entries) << entries.error().message;
  ASSERT_THAT(**entries, SizeIs(10));
  EXPECT_EQ((*entries)->back().sequence, Sequence(last()));
  std::vector<std::string> newest;
  for (std::uint64_t i = last() - 9; i <= last(); ++i) newest.push_back(SegmentOf(i));
  EXPECT_THAT(files_.TakeOpened(), IsSubsetOf(newest));
  EXPECT_NE(newest.front(), SegmentOf(1));
}

TEST_F(DiskHistoryTest, TheEntriesOfAJobAreReadWhereTheyAre) {
  const sched::TaskSelector job{JobId(30), std::nullopt};
  const auto about = history_->EntriesAbout(job, Sequence(0), 100);
  ASSERT_TRUE(about) << about.error().message;
  ASSERT_THAT(*about, SizeIs(4)) << "submitted, placed, started, ended";
  const auto entries = history_->EntriesAt(*about);
  ASSERT_TRUE(entries) << entries.error().message;
  ASSERT_THAT(**entries, SizeIs(4));
  std::vector<std::string> needed;
  for (std::size_t i = 0; i < about->size(); ++i) {
    EXPECT_EQ((**entries)[i].sequence, (*about)[i]);
    needed.push_back(SegmentOf((*about)[i].value()));
  }
  EXPECT_THAT(files_.TakeOpened(), IsSubsetOf(needed));
}

TEST_F(DiskHistoryTest, EntriesFarApartOpenOnlyTheirOwnSegments) {
  const std::vector<Sequence> wanted{Sequence(2), Sequence(3), Sequence(last() / 2), Sequence(last())};
  const auto entries = history_->EntriesAt(wanted);
  ASSERT_TRUE(entries) << entries.error().message;
  std::vector<Sequence> got;
  for (const sched::JournalEntry& entry : **entries) got.push_back(entry.sequence);
  EXPECT_EQ(got, wanted);
  EXPECT_THAT(files_.TakeOpened(), ElementsAre(SegmentOf(2), SegmentOf(last() / 2), SegmentOf(last())));
}

}  // namespace
}  // namespace bsub::daemon
