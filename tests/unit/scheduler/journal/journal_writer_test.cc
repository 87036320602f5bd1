#include "scheduler/journal/journal_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/journal/opaque_journal.h"

namespace bsub::journal::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class JournalWriterTest : public testing::Test {
 protected:
  JournalWriterTest() { EXPECT_TRUE(files_.CreateDirectory(kDirectory)); }

  std::unique_ptr<JournalWriter> Open(const SegmentSettings& settings = SmallSegments()) {
    auto recovered = Recover(files_);
    EXPECT_TRUE(recovered) << recovered.error().message;
    auto writer = OpenWriter(files_, recovered->tail, settings);
    EXPECT_TRUE(writer) << writer.error().message;
    return std::move(*writer);
  }

  UnsyncedFileSystem files_;
};

TEST_F(JournalWriterTest, NumbersEntriesFromOneWithoutGaps) {
  auto writer = Open();
  EXPECT_EQ(AppendEntries(*writer, 2)->last_sequence, 2u);
  EXPECT_EQ(AppendEntries(*writer, 1)->last_sequence, 3u);
  EXPECT_EQ(Recover(files_)->entries, EntriesUpTo(3));
}

TEST_F(JournalWriterTest, ABatchCostsOneWriteAndOneSync) {
  auto writer = Open();
  const std::uint64_t before = files_.calls();
  ASSERT_TRUE(AppendEntries(*writer, 5));
  EXPECT_EQ(files_.calls() - before, 2u);
}

TEST_F(JournalWriterTest, GoesOnAfterAReopening) {
  for (int round = 0; round < 5; ++round) ASSERT_TRUE(AppendEntries(*Open(), 3));
  EXPECT_EQ(Recover(files_)->entries, EntriesUpTo(15));
  EXPECT_EQ(Segments(files_).size(), 1u);
}

TEST_F(JournalWriterTest, BeginsSegmentsAsTheyFillAndClosesThem) {
  auto writer = Open(SmallSegments(512));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(AppendEntries(*writer, 3));
  EXPECT_EQ(Recover(files_)->entries, EntriesUpTo(60));
  const auto segments = Segments(files_);
  ASSERT_GT(segments.size(), 3u);
  EXPECT_EQ(segments.back().size_bytes, 512u);         // reserved
  EXPECT_LT(segments.front().size_bytes, 512u + 64u);  // cut to what it holds
  EXPECT_EQ(segments.back().sequence, writer->Segment());
}

TEST_F(JournalWriterTest, ASegmentThatIsReservedAheadIsBegunOnAFullDisk) {
  auto writer = Open(SmallSegments(512));
  ASSERT_TRUE(writer->ReserveNext());
  ASSERT_TRUE(writer->ReserveNext());  // again: fine
  files_.SetFull(true);
  while (writer->NextIsReserved()) ASSERT_TRUE(AppendEntries(*writer, 3));
  EXPECT_EQ(Segments(files_).size(), 2u);
  EXPECT_GT(writer->BytesLeft(), 256u);
  const auto refused = writer->ReserveNext();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kResourceExhausted);
  EXPECT_THAT(files_.Names(kDirectory), testing::Not(testing::Contains(HasSubstr(".tmp"))));
  ASSERT_TRUE(AppendEntries(*writer, 1));  // that harmed nothing
  files_.SetFull(false);
  ASSERT_TRUE(writer->ReserveNext());
  const std::uint64_t last = AppendEntries(*writer, 40)->last_sequence;  // larger than what is reserved
  EXPECT_EQ(Recover(files_)->entries, EntriesUpTo(last));
}

TEST_F(JournalWriterTest, WithoutASegmentAheadAFullDiskStopsTheWriter) {
  auto writer = Open(SmallSegments(512));
  files_.SetFull(true);
  std::uint64_t last = 0;
  Result<Appended> appended = AppendEntries(*writer, 3);
  for (; appended; appended = AppendEntries(*writer, 3)) last = appended->last_sequence;
  EXPECT_EQ(appended.error().code, Code::kResourceExhausted);
  files_.SetFull(false);
  EXPECT_FALSE(AppendEntries(*writer, 3));  // nobody knows what it wrote: only a new start does
  EXPECT_EQ(Recover(files_)->entries, EntriesUpTo(last));
}

TEST_F(JournalWriterTest, ABatchLargerThanASegmentGetsItsOwn) {
  auto writer = Open(SmallSegments(512));
  ASSERT_TRUE(AppendEntries(*writer, 1));
  const std::string large(5000, 'x');
  const Record record{RecordKind::kEntry, large};
  ASSERT_TRUE(writer->Append({&record, 1}));
  ASSERT_TRUE(AppendEntries(*writer, 1));
  EXPECT_THAT(Recover(files_)->entries, ElementsAre(EntryBytes(1), large, EntryBytes(3)));
  EXPECT_EQ(Segments(files_).size(), 3u);
}

TEST_F(JournalWriterTest, RollOfAnEmptySegmentDoesNothing) {
  auto writer = Open();
  ASSERT_TRUE(writer->Roll());
  EXPECT_EQ(Segments(files_).size(), 1u);
  ASSERT_TRUE(AppendEntries(*writer, 1));
  ASSERT_TRUE(writer->Roll());
  ASSERT_TRUE(writer->Roll());
  EXPECT_EQ(Segments(files_).size(), 2u);
}

TEST_F(JournalWriterTest, OtherRecordsTakeNoSequenceAndTheirOffsetsAreTold) {
  auto writer = Open();
  const std::vector<Record> records{{RecordKind::kPayload, "payload"}, {RecordKind::kEntry, "entry"}};
  const auto appended = writer->Append(records);
  ASSERT_TRUE(appended);
  EXPECT_EQ(appended->last_sequence, 1u);
  const std::string bytes =
      files_.Contents(Join(kDirectory, FileName(FileKind::kSegment, appended->segment)));
  EXPECT_EQ(bytes.substr(appended->record_offsets[0], 7), "payload");
  EXPECT_EQ(bytes.substr(appended->record_offsets[1], 5), "entry");
}

TEST_F(JournalWriterTest, AnEmptyBatchIsRefusedWithoutHarm) {
  auto writer = Open();
  EXPECT_FALSE(writer->Append({}));
  EXPECT_TRUE(AppendEntries(*writer, 1));
}

SegmentSettings SmallParts() {
  SegmentSettings settings = SmallSegments(1024);
  settings.max_batch_bytes = 200;
  return settings;
}

TEST_F(JournalWriterTest, WhatIsTooLargeForABatchIsWrittenInPartsIntoOneSegment) {
  auto writer = Open(SmallParts());
  ASSERT_TRUE(AppendEntries(*writer, 1));
  const std::uint64_t before = files_.calls();
  const auto appended = AppendEntries(*writer, 60);
  ASSERT_TRUE(appended) << appended.error().message;
  EXPECT_GT(files_.calls() - before, 20u);  // a write and a sync for each part
  EXPECT_EQ(appended->last_sequence, 61u);
  ASSERT_EQ(appended->record_offsets.size(), 60u);
  const std::string bytes =
      files_.Contents(Join(kDirectory, FileName(FileKind::kSegment, appended->segment)));
  for (std::uint64_t i = 0; i < 60; ++i) {
    const std::string entry = EntryBytes(2 + i);
    EXPECT_EQ(bytes.substr(appended->record_offsets[i], entry.size()), entry) << i;
  }
  ASSERT_TRUE(AppendEntries(*writer, 2));
  EXPECT_EQ(Recover(files_)->entries, EntriesUpTo(63));
  ASSERT_TRUE(AppendEntries(*Open(SmallParts()), 1));
  EXPECT_EQ(Recover(files_)->entries, EntriesUpTo(64));
}

// Power fails at any call while the parts are written: all of them are there afterwards, or none.
TEST_F(JournalWriterTest, APartOfAWriteIsNeverReplayed) {
  bool some = false;
  for (std::uint64_t at = 1;; ++at) {
    UnsyncedFileSystem files;
    ASSERT_TRUE(files.CreateDirectory(kDirectory));
    auto writer = OpenWriter(files, {}, SmallParts());
    ASSERT_TRUE(AppendEntries(**writer, 3));
    files.InjectFault({.at_call = files.calls() + at,
                       .code = Code::kUnavailable,
                       .repeat = true,
                       .short_write = at % 2 == 0});
    const bool done = AppendEntries(**writer, 30).has_value();
    if (at % 3 != 0) files.LosePower(at);  // else only the process ends
    files.InjectFault({});
    const auto recovered = Recover(files);
    ASSERT_TRUE(recovered) << "call " << at << ": " << recovered.error().message;
    const std::size_t found = recovered->entries.size();
    ASSERT_TRUE(found == 33 || (found == 3 && !done)) << "call " << at << ": " << found;
    some = some || (recovered->dropped && recovered->dropped->bytes > 400);  // whole parts among it
    auto again = OpenWriter(files, recovered->tail, SmallParts());
    ASSERT_TRUE(AppendEntries(**again, 30)) << "call " << at;
    EXPECT_EQ(Recover(files)->entries, EntriesUpTo(found + 30)) << "call " << at;
    if (done) break;
  }
  EXPECT_TRUE(some);
}

TEST_F(JournalWriterTest, ACutInTheMiddleOfAWriteGivesAllOfItUp) {
  {
    auto writer = Open(SmallParts());
    ASSERT_TRUE(AppendEntries(*writer, 3));
    ASSERT_TRUE(AppendEntries(*writer, 30));
  }
  const auto cut = CutJournal(files_, kDirectory, 20);
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->next_sequence, 4u);
  EXPECT_EQ(Recover(files_)->entries, EntriesUpTo(3));
  EXPECT_FALSE(Recover(files_)->dropped);
}

TEST_F(JournalWriterTest, ARecordThatNoBatchCanHoldIsRefusedWithoutHarm) {
  auto writer = Open();
  const char nothing = 0;  // its bytes are not looked at
  const Record huge{RecordKind::kEntry, {&nothing, kMaxRecordBytes + 1}};
  const auto refused = writer->Append({&huge, 1});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("expected at most"));
  EXPECT_TRUE(AppendEntries(*writer, 1));
}

// Whatever call fails, all that was acknowledged is there afterwards, and the writer refuses to go on.
TEST_F(JournalWriterTest, AFailureAtAnyCallPoisonsTheWriterAndLosesNothing) {
  for (std::uint64_t at = 1;; ++at) {
    UnsyncedFileSystem files;
    ASSERT_TRUE(files.CreateDirectory(kDirectory));
    files.InjectFault(
        {.at_call = files.calls() + at, .code = Code::kResourceExhausted, .short_write = at % 2 == 0});
    auto writer = OpenWriter(files, {}, SmallSegments(400));
    std::uint64_t acknowledged = 0;
    bool failed = !writer;
    for (int i = 0; i < 12 && !failed; ++i) {
      const auto appended = AppendEntries(**writer, 2);
      failed = !appended;
      if (appended) acknowledged = appended->last_sequence;
    }
    if (!failed) break;  // the fault lies behind the last call
    if (writer) {
      const auto again = AppendEntries(**writer, 1);
      ASSERT_FALSE(again) << "call " << at;
      EXPECT_THAT(again.error().message, HasSubstr("injected fault"));
      EXPECT_FALSE((*writer)->Roll());
    }
    files.LosePower(at);
    const auto recovered = Recover(files);
    ASSERT_TRUE(recovered) << "call " << at << ": " << recovered.error().message;
    ASSERT_GE(recovered->entries.size(), acknowledged) << "call " << at;
    EXPECT_EQ(recovered->entries, EntriesUpTo(recovered->entries.size()));
  }
}

}  // namespace
}  // namespace bsub::journal::test
