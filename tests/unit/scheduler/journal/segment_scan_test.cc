#include "scheduler/journal/segment_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bsub::journal {
namespace {

using Kind = SegmentEnd::Kind;

// A segment built batch by batch, as a writer would.
class Segment {
 public:
  Segment() { bytes = EncodeSegmentHeader(header); }

  void Add(std::initializer_list<std::string_view> entries) {
    std::vector<Record> records;
    for (const std::string_view entry : entries) records.push_back({RecordKind::kEntry, entry});
    AddRecords(records);
    next_ += entries.size();
  }
  // A part of a write that the next batch goes on with.
  void AddPart(std::string_view entry) {
    const Record records[] = {{RecordKind::kEntry, entry}, {RecordKind::kMore, {}}};
    AddRecords(records);
    ++next_;
  }
  void Close() {
    const Record mark{RecordKind::kClosed, {}};
    AddRecords({&mark, 1});
  }
  void Reserve(std::size_t size) { bytes.resize(size, '\0'); }
  void Flip(std::size_t at) { bytes[at] = static_cast<char>(bytes[at] ^ 0x10); }

  SegmentEnd Scan(std::vector<std::string>* entries = nullptr) const {
    SegmentScanner scanner(bytes, header);
    while (const auto batch = scanner.Next()) {
      for (const Record& record : batch->records) {
        if (entries != nullptr) entries->emplace_back(record.bytes);
      }
    }
    return scanner.End();
  }

  SegmentHeader header{{}, 10, 555, 7};
  std::string bytes;
  std::vector<std::size_t> starts;

 private:
  void AddRecords(std::span<const Record> records) {
    starts.push_back(bytes.size());
    EncodedBatch batch = EncodeBatch(records, {next_, hash_, header.salt});
    bytes += batch.bytes;
    hash_ = batch.hash;
  }
  std::uint64_t next_ = 10;
  std::uint64_t hash_ = 555;
};

TEST(SegmentScan, ReadsBatchesUpToTheReservedZeros) {
  Segment segment;
  segment.Add({"a", "b"});
  segment.Add({"c"});
  const std::size_t used = segment.bytes.size();
  segment.Reserve(4096);
  std::vector<std::string> entries;
  const SegmentEnd end = segment.Scan(&entries);
  EXPECT_THAT(entries, testing::ElementsAre("a", "b", "c"));
  EXPECT_EQ(end.kind, Kind::kClean);
  EXPECT_EQ(end.offset, used);
  EXPECT_EQ(end.next_sequence, 13u);
  EXPECT_FALSE(end.closed);
}

TEST(SegmentScan, ABadLastBatchIsTorn) {
  Segment segment;
  segment.Add({"a", "b"});
  segment.Add({"c"});
  segment.Reserve(4096);
  segment.Flip(segment.starts[1] + kBatchHeaderBytes + 5);
  std::vector<std::string> entries;
  const SegmentEnd end = segment.Scan(&entries);
  EXPECT_THAT(entries, testing::ElementsAre("a", "b"));
  EXPECT_EQ(end.kind, Kind::kTorn);
  EXPECT_EQ(end.offset, segment.starts[1]);
  EXPECT_EQ(end.next_sequence, 12u);
  EXPECT_EQ(end.torn_bytes, kBatchHeaderBytes + 6);
}

TEST(SegmentScan, ABadBatchBeforeAValidOneIsDamage) {
  for (const std::size_t at : {0, 3, 8, 16, 39, 45}) {
    Segment segment;
    segment.Add({"a"});
    segment.Add({"b"});
    segment.Add({"c"});
    segment.Flip(segment.starts[1] + at);
    const SegmentEnd end = segment.Scan();
    EXPECT_EQ(end.kind, Kind::kDamaged) << at;
    EXPECT_EQ(end.offset, segment.starts[1]);
    EXPECT_THAT(end.problem.message, testing::HasSubstr("sequence 11"));
  }
}

TEST(SegmentScan, ABatchThatBecameZerosBeforeAValidOneIsDamage) {
  Segment segment;
  segment.Add({"a"});
  segment.Add({"b"});
  segment.Add({"c"});
  std::fill(segment.bytes.begin() + static_cast<std::ptrdiff_t>(segment.starts[1]),
            segment.bytes.begin() + static_cast<std::ptrdiff_t>(segment.starts[2]), '\0');
  EXPECT_EQ(segment.Scan().kind, Kind::kDamaged);
}

TEST(SegmentScan, TheHeaderOfATornBatchStillProvesTheOneBeforeIt) {
  Segment segment;
  segment.Add({"a"});
  segment.Add({"b"});
  segment.Add({std::string(100, 'c')});
  segment.Flip(segment.starts[1] + 4);
  segment.bytes.resize(segment.starts[2] + kBatchHeaderBytes + 20);  // the last write was torn as well
  EXPECT_EQ(segment.Scan().kind, Kind::kDamaged);
}

TEST(SegmentScan, AStoredBatchInAPayloadIsNotTakenForARealOne) {
  Segment other;  // a user who stores a segment's bytes does not know this one's salt
  other.header.salt = 8;
  Segment segment;
  segment.Add({"a"});
  Segment copy;
  copy.header.salt = 8;
  const EncodedBatch forged = EncodeBatch(std::vector<Record>{{RecordKind::kEntry, "x"}}, {12, 0, 8});
  segment.Add({"123" + forged.bytes, "tail"});  // 5 bytes of record header + 3: at a multiple of 8
  segment.Flip(segment.starts[1]);
  EXPECT_EQ(segment.Scan().kind, Kind::kTorn);
}

TEST(SegmentScan, ABatchThatDoesNotContinueTheChainIsDamage) {
  Segment segment;
  segment.Add({"a"});
  segment.bytes += EncodeBatch(std::vector<Record>{{RecordKind::kEntry, "x"}}, {11, 1, 7}).bytes;
  EXPECT_EQ(segment.Scan().kind, Kind::kDamaged);
  EXPECT_THAT(segment.Scan().problem.message, testing::HasSubstr("chain"));

  Segment gap;
  gap.Add({"a"});
  gap.bytes += EncodeBatch(std::vector<Record>{{RecordKind::kEntry, "x"}}, {12, 1, 7}).bytes;
  EXPECT_THAT(gap.Scan().problem.message, testing::HasSubstr("sequence 12 where 11 was expected"));
}

TEST(SegmentScan, AWriteOfSeveralBatchesIsReadWhole) {
  Segment segment;
  segment.Add({"a"});
  segment.AddPart("b");
  segment.AddPart("c");
  segment.Add({"d"});
  SegmentScanner scanner(segment.bytes, segment.header);
  std::vector<bool> more;
  while (const auto batch = scanner.Next()) more.push_back(batch->more);
  EXPECT_THAT(more, testing::ElementsAre(false, true, true, false));
  EXPECT_EQ(scanner.End().kind, Kind::kClean);
  EXPECT_EQ(scanner.End().next_sequence, 14u);
}

TEST(SegmentScan, WithoutItsLastPartAWriteIsTornFromItsFirst) {
  Segment segment;
  segment.Add({"a"});
  segment.AddPart("b");
  segment.AddPart("c");
  const std::size_t used = segment.bytes.size();
  for (const bool torn : {false, true}) {
    if (torn) segment.bytes += "half a header";
    segment.Reserve(4096);
    std::vector<std::string> entries;
    const SegmentEnd end = segment.Scan(&entries);
    EXPECT_THAT(entries, testing::ElementsAre("a"));
    EXPECT_EQ(end.kind, Kind::kTorn);
    EXPECT_EQ(end.offset, segment.starts[1]);
    EXPECT_EQ(end.last_batch, segment.starts[0]);
    EXPECT_EQ(end.next_sequence, 11u);
    EXPECT_GT(end.torn_bytes, segment.starts[2] - segment.starts[1]);
    segment.bytes.resize(used);
  }
  segment.Close();
  EXPECT_THAT(segment.Scan().problem.message, testing::HasSubstr("closed in the middle of a write"));
}

TEST(SegmentScan, TheClosingMarkIsSeenAndEndsTheSegment) {
  Segment segment;
  segment.Add({"a"});
  segment.Close();
  SegmentEnd end = segment.Scan();
  EXPECT_EQ(end.kind, Kind::kClean);
  EXPECT_TRUE(end.closed);
  EXPECT_EQ(end.next_sequence, 11u);
  segment.Add({"b"});
  EXPECT_EQ(segment.Scan().kind, Kind::kDamaged);
}

}  // namespace
}  // namespace bsub::journal
