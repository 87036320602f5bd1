// A journal cut at every byte and with every byte changed: it starts with what was durable, or refuses,
// naming place and remedy. Never anything between.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scheduler/journal/segment_scan.h"
#include "tests/support/journal/opaque_journal.h"

namespace bsub::journal::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string PathOf(const NumberedFile& file) { return Join(kDirectory, file.name); }

void ExpectRefusalWithPlaceAndRemedy(const Error& error, const std::string& where) {
  EXPECT_EQ(error.code, Code::kDataLoss) << where;
  EXPECT_THAT(error.message,
              AllOf(HasSubstr("/journal/segment-"), HasSubstr("offset "), HasSubstr("journal cut --at")));
}

// Recovery gave a prefix of what was written, at batch granularity, no shorter than `at_least`.
void ExpectPrefix(const Recovered& recovered, std::uint64_t at_least, const std::string& where) {
  EXPECT_GE(recovered.entries.size(), at_least) << where;
  EXPECT_EQ(recovered.entries, EntriesUpTo(recovered.entries.size())) << where;
  EXPECT_EQ(recovered.tail.next_sequence, recovered.entries.size() + 1) << where;
}

// After a recovery the journal must be writable and then whole.
void ExpectGoesOn(UnsyncedFileSystem& files, const Recovered& recovered, const std::string& where) {
  auto writer = OpenWriter(files, recovered.tail);
  ASSERT_TRUE(writer) << where << ": " << writer.error().message;
  ASSERT_TRUE(AppendEntries(**writer, 2)) << where;
  const auto again = Recover(files);
  ASSERT_TRUE(again) << where << ": " << again.error().message;
  EXPECT_FALSE(again->dropped) << where;
  EXPECT_EQ(again->entries, EntriesUpTo(recovered.entries.size() + 2)) << where;
}

// The offsets where batches of a segment begin, and the first sequence of each.
std::vector<std::pair<std::uint64_t, std::uint64_t>> Batches(const std::string& bytes) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> batches;
  SegmentScanner scanner(bytes, *DecodeSegmentHeader(bytes));
  while (const auto batch = scanner.Next()) batches.emplace_back(batch->offset, batch->header.first_sequence);
  return batches;
}

TEST(ReplayDamage, TheLastSegmentCutAtEveryByteKeepsEveryWholeBatch) {
  UnsyncedFileSystem files;
  WriteJournal(files, 30);
  const NumberedFile last = Segments(files).back();
  const std::string whole = files.Contents(PathOf(last));
  const auto batches = Batches(whole);
  ASSERT_GE(batches.size(), 2u);
  for (std::size_t size = kSegmentHeaderBytes; size < batches.back().first + 200; ++size) {
    UnsyncedFileSystem cut;
    WriteJournal(cut, 30);
    cut.SetContents(PathOf(last), whole.substr(0, size));
    const auto recovered = Recover(cut);
    const std::string where = "cut at " + std::to_string(size);
    ASSERT_TRUE(recovered) << where << ": " << recovered.error().message;
    std::uint64_t durable = last.sequence - 1;
    for (const auto& [offset, sequence] : batches) {
      if (offset <= size) durable = sequence - 1;
    }
    ExpectPrefix(*recovered, durable, where);
    ExpectGoesOn(cut, *recovered, where);
  }
}

TEST(ReplayDamage, ACutInsideTheHeaderOfASegmentThatWasInUseIsRefused) {
  for (std::size_t size = 0; size < kSegmentHeaderBytes; ++size) {
    UnsyncedFileSystem files;
    WriteJournal(files, 30);
    const NumberedFile last = Segments(files).back();
    files.SetContents(PathOf(last), files.Contents(PathOf(last)).substr(0, size));
    const auto recovered = Recover(files);
    ASSERT_FALSE(recovered) << size;
    ExpectRefusalWithPlaceAndRemedy(recovered.error(), std::to_string(size));
  }
}

TEST(ReplayDamage, AnOlderSegmentCutAtEveryByteIsRefusedOrWhole) {
  UnsyncedFileSystem files;
  const std::uint64_t last_sequence = WriteJournal(files, 30);
  const NumberedFile first = Segments(files).front();
  const std::string whole = files.Contents(PathOf(first));
  const std::size_t closing_mark = whole.size() - kBatchHeaderBytes - PaddedBodyBytes(kRecordHeaderBytes);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    files.SetContents(PathOf(first), whole.substr(0, size));
    const auto recovered = Recover(files);
    if (recovered) {
      // Padding may be gone, and the closing mark is only needed when the next segment is.
      EXPECT_GT(size + kBatchAlignment, closing_mark);
      EXPECT_EQ(recovered->entries.size(), last_sequence);
    } else {
      ExpectRefusalWithPlaceAndRemedy(recovered.error(), std::to_string(size));
    }
  }
}

TEST(ReplayDamage, EveryByteOfTheLastSegmentChanged) {
  UnsyncedFileSystem files;
  const std::uint64_t last_sequence = WriteJournal(files, 30);
  const NumberedFile last = Segments(files).back();
  const std::string whole = files.Contents(PathOf(last));
  const auto batches = Batches(whole);
  const std::uint64_t before_last_batch = batches.back().second - 1;
  int refused = 0;
  int dropped = 0;
  for (std::size_t at = 0; at < batches.back().first + 160; ++at) {
    for (const int mask : {0x01, 0x80, 0xff}) {
      UnsyncedFileSystem bad;
      WriteJournal(bad, 30);
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ mask);
      bad.SetContents(PathOf(last), bytes);
      const auto recovered = Recover(bad);
      const std::string where = "byte " + std::to_string(at) + " mask " + std::to_string(mask);
      if (!recovered) {
        ++refused;
        EXPECT_LT(at, batches.back().first) << where << ": " << recovered.error().message;
        ExpectRefusalWithPlaceAndRemedy(recovered.error(), where);
        continue;
      }
      ExpectPrefix(*recovered, before_last_batch, where);
      if (recovered->entries.size() < last_sequence) {
        ++dropped;
        EXPECT_TRUE(recovered->dropped) << where;
        EXPECT_GE(at, batches.back().first) << where;
      }
      if (mask == 0xff) ExpectGoesOn(bad, *recovered, where);
    }
  }
  EXPECT_GT(refused, 100);
  EXPECT_GT(dropped, 100);
}

TEST(ReplayDamage, EveryBitOfAMiddleSegmentChangedIsRefusedOrHarmless) {
  UnsyncedFileSystem files;
  const std::uint64_t last_sequence = WriteJournal(files, 12, SmallSegments(400));
  const NumberedFile middle = Segments(files)[1];
  const std::string whole = files.Contents(PathOf(middle));
  std::size_t harmless = 0;
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    files.SetContents(PathOf(middle), bytes);
    const auto recovered = Recover(files);
    if (!recovered) {
      ExpectRefusalWithPlaceAndRemedy(recovered.error(), "bit " + std::to_string(bit));
      continue;
    }
    ++harmless;  // in padding, or in the closing mark of a segment whose successor is there
    EXPECT_EQ(recovered->entries.size(), last_sequence) << "bit " << bit;
    EXPECT_EQ(recovered->entries, EntriesUpTo(last_sequence)) << "bit " << bit;
  }
  EXPECT_LT(harmless, whole.size() * 8 / 3);
}

TEST(ReplayDamage, AMissingSegmentIsRefusedWhereverItIs) {
  UnsyncedFileSystem files;
  WriteJournal(files, 30);
  const auto segments = Segments(files);
  ASSERT_GE(segments.size(), 3u);
  for (const NumberedFile& missing : segments) {
    UnsyncedFileSystem bad;
    WriteJournal(bad, 30);
    bad.Forget(PathOf(missing));
    const auto recovered = Recover(bad);
    ASSERT_FALSE(recovered) << missing.name;
    ExpectRefusalWithPlaceAndRemedy(recovered.error(), missing.name);
    EXPECT_THAT(recovered.error().message, HasSubstr("missing"));
  }
}

TEST(ReplayDamage, ASegmentOfAnotherJournalIsRefused) {
  UnsyncedFileSystem one;
  UnsyncedFileSystem other;
  WriteJournal(one, 30);
  ASSERT_TRUE(other.CreateDirectory(kDirectory));
  auto writer =
      OpenWriter(other, {}, {.segment_bytes = 1024, .salt = 5});  // the same sequences, other hashes
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(AppendEntries(**writer, 1 + static_cast<std::uint64_t>(i % 3)));
  const NumberedFile swapped = Segments(one)[1];
  one.SetContents(PathOf(swapped), other.Contents(PathOf(swapped)));
  const auto recovered = Recover(one);
  ASSERT_FALSE(recovered);
  EXPECT_THAT(recovered.error().message, HasSubstr("chain"));
}

TEST(ReplayDamage, AnotherClusterIsRefused) {
  UnsyncedFileSystem files;
  WriteJournal(files, 3);
  ReplayRequest request;
  request.cluster = ClusterUuid{{9}};
  const auto recovered = Recover(files, request);
  ASSERT_FALSE(recovered);
  EXPECT_THAT(recovered.error().message, HasSubstr("another cluster"));
}

TEST(ReplayDamage, ADamageErrorReadsWell) {
  UnsyncedFileSystem files;
  WriteJournal(files, 9);
  const std::string path = PathOf(Segments(files).front());
  std::string bytes = files.Contents(path);
  bytes[Batches(bytes)[1].first + 50] ^= 1;
  files.SetContents(path, bytes);
  EXPECT_EQ(Recover(files).error().message,
            "the journal is damaged: /journal/segment-00000000000000000001 at offset 128: a batch that "
            "should begin "
            "with sequence 2 has a damaged body, but a later one is valid at offset 232; see it with "
            "bsub-lite journal "
            "dump, put the file back from a backup, or give up everything from sequence 2 on with bsub-lite "
            "journal "
            "cut --at 2");
}

}  // namespace
}  // namespace bsub::journal::test
