#include "scheduler/journal/posix_file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "scheduler/journal/journal_directory.h"
#include "scheduler/journal/journal_writer.h"
#include "scheduler/journal/recovery.h"

namespace bsub::journal {
namespace {

using testing::HasSubstr;

class PosixFileSystemTest : public testing::Test {
 protected:
  PosixFileSystemTest() {
    std::string pattern = testing::TempDir() + "bsub-journal-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~PosixFileSystemTest() override { std::filesystem::remove_all(directory_); }
  std::string Path(const std::string& name) const { return Join(directory_, name); }

  std::string directory_;
  PosixFileSystem files_;
};

TEST_F(PosixFileSystemTest, WritesReadsReservesAndTruncates) {
  auto file = files_.Create(Path("a"));
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_TRUE((*file)->Preallocate(10'000));
  EXPECT_EQ(*(*file)->Size(), 10'000u);
  ASSERT_TRUE((*file)->WriteAt(100, "hello"));
  ASSERT_TRUE((*file)->DataSync());
  EXPECT_EQ(*(*file)->ReadAt(99, 7), std::string("\0hello\0", 7));
  EXPECT_EQ(*(*file)->ReadAt(9'999, 7), std::string(1, '\0'));
  EXPECT_EQ(*(*file)->ReadAt(20'000, 7), "");
  ASSERT_TRUE((*file)->Preallocate(5'000));
  EXPECT_EQ(*(*file)->Size(), 10'000u);
  ASSERT_TRUE((*file)->Truncate(102));
  EXPECT_EQ(ReadWhole(files_, Path("a"))->substr(100), "he");
  struct stat info {};
  ASSERT_EQ(::stat(Path("a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);  // payloads hold users' environments
}

TEST_F(PosixFileSystemTest, ErrorsNameThePathAndHaveACode) {
  EXPECT_EQ(files_.OpenForRead(Path("none")).error().code, Code::kNotFound);
  EXPECT_THAT(files_.OpenForRead(Path("none")).error().message,
              "cannot open " + Path("none") + ": No such file or directory");
  ASSERT_TRUE(files_.Create(Path("a")));
  EXPECT_EQ(files_.Create(Path("a")).error().code, Code::kAlreadyExists);
  EXPECT_FALSE(files_.Remove(Path("none")));
  EXPECT_FALSE(files_.List(Path("none")));
  EXPECT_FALSE(files_.SyncDirectory(Path("none")));
}

TEST_F(PosixFileSystemTest, AFullDiskIsToldAsSuch) {
  auto full = files_.OpenForWrite("/dev/full");
  if (!full) GTEST_SKIP() << "no /dev/full here";
  const auto written = (*full)->WriteAt(0, "x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Code::kResourceExhausted);
  EXPECT_EQ(written.error().message,
            "cannot write /dev/full: No space left on device; free some space there");
}

TEST_F(PosixFileSystemTest, ListsRegularFilesByName) {
  ASSERT_TRUE(files_.CreateDirectory(Path("folder")));
  ASSERT_TRUE(files_.CreateDirectory(Path("folder")));  // again: fine
  EXPECT_TRUE(files_.CreateDirectory(Path("trailing") + "/"));
  EXPECT_EQ(files_.CreateDirectory(Path("none/folder")).error().code, Code::kNotFound);
  ASSERT_TRUE(WriteAtomically(files_, directory_, "b", "22"));
  ASSERT_TRUE(WriteAtomically(files_, directory_, "a", "1"));
  ASSERT_TRUE(files_.Rename(Path("b"), Path("c")));
  const auto entries = files_.List(directory_);
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 2u);
  EXPECT_EQ((*entries)[0].name, "a");
  EXPECT_EQ((*entries)[1].name, "c");
  EXPECT_EQ((*entries)[1].size_bytes, 2u);
  EXPECT_TRUE((*entries)[1].modified_at.set());
}

TEST_F(PosixFileSystemTest, OneHolderOfALockAndTheErrorNamesIt) {
  auto lock = files_.Lock(Path("LOCK"));
  ASSERT_TRUE(lock) << lock.error().message;
  const auto second = files_.Lock(Path("LOCK"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kFailedPrecondition);
  EXPECT_THAT(second.error().message, testing::AllOf(HasSubstr("process " + std::to_string(::getpid())),
                                                     HasSubstr("bsub-lite down")));
  lock->reset();
  EXPECT_TRUE(files_.Lock(Path("LOCK")));
}

TEST_F(PosixFileSystemTest, AJournalRoundTripsOnARealDisk) {
  for (int round = 0; round < 3; ++round) {
    std::vector<std::string> entries;
    auto tail = Replay(files_, directory_, {}, [&](const ReplayedRecord& record) {
      entries.emplace_back(record.record.bytes);
      return OkStatus();
    });
    ASSERT_TRUE(tail) << tail.error().message;
    EXPECT_EQ(entries.size(), static_cast<std::size_t>(round) * 200);
    ASSERT_TRUE(RepairTail(files_, directory_, *tail));
    SegmentSettings settings;
    settings.segment_bytes = 4096;
    auto writer = JournalWriter::Open(files_, directory_, {}, settings, *tail);
    ASSERT_TRUE(writer) << writer.error().message;
    for (int i = 0; i < 20; ++i) {
      const std::string bytes(30, static_cast<char>('a' + i));
      ASSERT_TRUE((*writer)->Append(std::vector<Record>(10, {RecordKind::kEntry, bytes})));
    }
  }
}

}  // namespace
}  // namespace bsub::journal
