#include "scheduler/journal/recovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "scheduler/journal/snapshot_file.h"
#include "tests/support/journal/opaque_journal.h"

namespace bsub::journal::test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

TEST(RepairTail, KeepsTheTornBytesForAPerson) {
  UnsyncedFileSystem files;
  WriteJournal(files, 3);
  const std::string path = Join(kDirectory, Segments(files).back().name);
  const JournalTail before = Recover(files)->tail;
  std::string bytes = files.Contents(path);
  bytes.replace(before.offset, 7, "torn!!!");
  files.SetContents(path, bytes);
  const auto recovered = Recover(files);
  ASSERT_TRUE(recovered) << recovered.error().message;
  ASSERT_TRUE(recovered->dropped);
  EXPECT_EQ(recovered->dropped->bytes, 7u);
  EXPECT_EQ(recovered->dropped->next_sequence, before.next_sequence);
  EXPECT_EQ(files.Contents(Join(kDirectory, recovered->dropped->saved_as)), "torn!!!");
  EXPECT_EQ(files.Contents(path).size(), before.offset);
  EXPECT_THAT(Describe(*recovered->dropped), HasSubstr("dropped 7 bytes of an unfinished write at offset"));
  EXPECT_FALSE(Recover(files)->dropped);
}

TEST(RepairTail, LiftsTheCountersByNoMoreIdsThanTheLostBytesCanHold) {
  for (const auto& [bytes, by] : std::map<std::uint64_t, std::uint64_t>{{700, 1000}, {320'000, 20'000}}) {
    UnsyncedFileSystem files;
    WriteJournal(files, 3);
    const std::string path = Join(kDirectory, Segments(files).back().name);
    const JournalTail before = Recover(files)->tail;
    files.SetContents(path, files.Contents(path).substr(0, before.offset) + std::string(bytes, 'x'));
    const auto recovered = Recover(files);
    ASSERT_TRUE(recovered) << recovered.error().message;
    ASSERT_TRUE(recovered->dropped);
    EXPECT_EQ(recovered->dropped->bytes, bytes);
    EXPECT_EQ(*LiftAsked(files, kDirectory), by);
  }
}

TEST(RepairTail, RemovesASegmentWhoseCreationWasInterrupted) {
  UnsyncedFileSystem files;
  const std::uint64_t last = [&] {
    EXPECT_TRUE(files.CreateDirectory(kDirectory));
    auto writer = OpenWriter(files, {});
    return AppendEntries(**writer, 3)->last_sequence;
  }();
  const std::string unborn = Join(kDirectory, FileName(FileKind::kSegment, last + 1));
  files.SetContents(unborn, std::string(1024, '\0'));
  const auto recovered = Recover(files);
  ASSERT_TRUE(recovered) << recovered.error().message;
  EXPECT_EQ(recovered->entries, EntriesUpTo(last));
  EXPECT_EQ(Segments(files).size(), 1u);
}

TEST(CutJournal, KeepsWhatIsBelowAndDeletesNothing) {
  UnsyncedFileSystem files;
  const std::uint64_t last = WriteJournal(files, 30);
  const std::size_t files_before = files.Names(kDirectory).size();
  for (std::uint64_t at = last + 1; at >= 1; --at) {
    UnsyncedFileSystem cut;
    WriteJournal(cut, 30);
    const auto report = CutJournal(cut, kDirectory, at);
    ASSERT_TRUE(report) << report.error().message;
    const auto recovered = Recover(cut);
    ASSERT_TRUE(recovered) << "at " << at << ": " << recovered.error().message;
    EXPECT_FALSE(recovered->dropped);
    EXPECT_LT(recovered->entries.size(), at);
    EXPECT_GE(recovered->entries.size() + 3, at);  // batches hold up to three entries
    EXPECT_EQ(recovered->entries, EntriesUpTo(recovered->entries.size()));
    EXPECT_EQ(report->next_sequence, recovered->entries.size() + 1);
    EXPECT_GE(cut.Names(kDirectory).size(), files_before);
    ASSERT_TRUE(AppendEntries(**OpenWriter(cut, recovered->tail), 2));
    EXPECT_TRUE(Recover(cut));
  }
}

TEST(CutJournal, MakesADamagedJournalStartAgainAtTheSequenceThatTheErrorNames) {
  UnsyncedFileSystem files;
  WriteJournal(files, 30);
  const std::string path = Join(kDirectory, Segments(files)[1].name);
  std::string bytes = files.Contents(path);
  bytes[kSegmentHeaderBytes + 300] ^= 1;
  files.SetContents(path, bytes);
  const auto refused = Recover(files);
  ASSERT_FALSE(refused);
  const std::string message = refused.error().message;
  const std::uint64_t at = std::stoull(message.substr(message.rfind("--at ") + 5));
  ASSERT_TRUE(CutJournal(files, kDirectory, at));
  const auto recovered = Recover(files);
  ASSERT_TRUE(recovered) << recovered.error().message;
  EXPECT_EQ(recovered->entries, EntriesUpTo(at - 1));
}

TEST(CutJournal, MovesSnapshotsOfWhatIsGivenUpAside) {
  UnsyncedFileSystem files;
  WriteJournal(files, 30);
  for (const std::uint64_t sequence : {10, 20}) {
    auto writer = SnapshotWriter::Create(files, kDirectory, {kCluster, sequence, 0, 0});
    ASSERT_TRUE((*writer)->Commit());
  }
  ASSERT_TRUE(CutJournal(files, kDirectory, 15));
  EXPECT_THAT(files.Names(kDirectory), Contains(FileName(FileKind::kSnapshot, 10)));
  EXPECT_THAT(files.Names(kDirectory), Not(Contains(FileName(FileKind::kSnapshot, 20))));
  EXPECT_THAT(files.Names(kDirectory), Contains(FileName(FileKind::kSnapshot, 20) + ".aside"));
}

TEST(CutJournal, RefusesToLeaveAJournalThatCannotBeReplayed) {
  UnsyncedFileSystem files;
  WriteJournal(files, 30);
  files.Forget(Join(kDirectory, Segments(files).front().name));
  const auto report = CutJournal(files, kDirectory, 50);
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message, HasSubstr("no snapshot below it"));
  EXPECT_FALSE(CutJournal(files, kDirectory, 0));
}

}  // namespace
}  // namespace bsub::journal::test
