#include "scheduler/journal/payload_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <thread>

#include "scheduler/journal/payload_pack.h"
#include "tests/support/journal/opaque_journal.h"

namespace bsub::journal::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(HashPayload, IsSha256) {
  EXPECT_EQ(ToHex(HashPayload("abc").bytes),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(PayloadIndex, FindsEveryOneOfManyAndTheNewestPlace) {
  PayloadIndex index;
  for (std::uint64_t i = 0; i < 20'000; ++i) index.Set(HashPayload(std::to_string(i)), {1, i});
  for (std::uint64_t i = 0; i < 20'000; i += 2) index.Set(HashPayload(std::to_string(i)), {2, i});
  EXPECT_EQ(index.entries().size(), 20'000u);
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    const PayloadPlace expected{i % 2 == 0 ? 2u : 1u, i};
    ASSERT_EQ(index.Find(HashPayload(std::to_string(i))), expected);
  }
  EXPECT_FALSE(index.Find(HashPayload("20000")));
  EXPECT_EQ(sizeof(PayloadEntry), 40u);
}

// Against a plain map, with removals in the middle and at the end, and slots that are given back.
TEST(PayloadIndex, KnowsWhatIsLeftAfterAnyRemovals) {
  std::mt19937 random(7);
  PayloadIndex index;
  std::map<PayloadHash, std::uint64_t> expected;
  const auto number = [&random](std::size_t below) { return static_cast<std::size_t>(random() % below); };
  const auto check = [&] {
    ASSERT_EQ(index.entries().size(), expected.size());
    for (const auto& [hash, offset] : expected) ASSERT_EQ(index.Find(hash), (PayloadPlace{3, offset}));
  };
  for (int round = 0; round < 40; ++round) {
    for (std::size_t i = number(400); i > 0; --i) {
      const std::uint64_t name = number(2'000);
      index.Set(HashPayload(std::to_string(name)), {3, name});
      expected[HashPayload(std::to_string(name))] = name;
    }
    for (std::size_t i = number(index.entries().size() + 1); i > 0; --i) {
      const std::size_t position = number(index.entries().size());
      const PayloadHash gone = index.entries()[position].hash;
      expected.erase(gone);
      index.RemoveAt(position);
      ASSERT_FALSE(index.Find(gone));
    }
    index.Shrink();
    check();
  }
}

class PayloadStoreTest : public testing::Test {
 protected:
  PayloadStoreTest() {
    EXPECT_TRUE(files_.CreateDirectory(kDirectory));
    writer_ = std::move(*OpenWriter(files_, {}, SmallSegments(1 << 20)));
  }

  // As a batch of one entry that names it.
  PayloadHash Put(const std::string& bytes) {
    const std::vector<Record> records{{RecordKind::kPayload, bytes}, {RecordKind::kEntry, "names it"}};
    const auto appended = writer_->Append(records);
    EXPECT_TRUE(appended);
    const PayloadHash hash = HashPayload(bytes);
    store_.AddRecord(hash, appended->segment, appended->record_offsets[0]);
    return hash;
  }

  UnsyncedFileSystem files_;
  std::unique_ptr<JournalWriter> writer_;
  PayloadStore store_{files_, kDirectory, kCluster};
};

TEST_F(PayloadStoreTest, ReadsWhatASegmentHolds) {
  const std::vector<std::string> payloads{"", "echo hi", std::string(4091, 'a'), std::string(4092, 'b'),
                                          std::string(100'000, 'c')};
  for (const std::string& payload : payloads) EXPECT_EQ(*store_.Get(Put(payload)), payload);
  EXPECT_EQ(store_.Get(HashPayload("never stored")).error().code, Code::kNotFound);
}

TEST_F(PayloadStoreTest, KnowsWhichSegmentHoldsAPayload) {
  const PayloadHash hash = Put("echo hi");
  const std::uint64_t first = writer_->Segment();
  EXPECT_TRUE(store_.Holds(hash, first));
  ASSERT_TRUE(writer_->Roll());
  EXPECT_FALSE(store_.Holds(hash, writer_->Segment()));
  Put("echo hi");
  EXPECT_TRUE(store_.Holds(hash, writer_->Segment()));
}

// Threads that read a journal tell of its records in any order; the first segment to go must not be the one.
TEST_F(PayloadStoreTest, OfSeveralRecordsTheLastOneCountsInWhicheverOrderTheyCome) {
  const PayloadHash hash = Put("echo hi");
  store_.AddRecord(hash, 50, 200);
  store_.AddRecord(hash, 7, 900);
  EXPECT_TRUE(store_.Holds(hash, 50));
  store_.AddRecord(hash, 51, 100);
  EXPECT_TRUE(store_.Holds(hash, 51));
}

TEST_F(PayloadStoreTest, AnyChangedByteIsNoticedAndNamed) {
  const PayloadHash hash = Put("echo hi");
  const std::string path = Join(kDirectory, FileName(FileKind::kSegment, 1));
  std::string bytes = files_.Contents(path);
  bytes[bytes.find("echo hi") + 5] = 'H';
  files_.SetContents(path, bytes);
  const auto got = store_.Get(hash);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::kDataLoss);
  EXPECT_THAT(got.error().message,
              testing::AllOf(HasSubstr(path), HasSubstr("offset"), HasSubstr(ToHex(hash.bytes))));
}

TEST_F(PayloadStoreTest, PackedPayloadsSurviveTheirSegment) {
  const PayloadHash live = Put("live");
  const PayloadHash dead = Put("dead");
  const PayloadHash large = Put(std::string(3 << 20, 'x'));
  ASSERT_TRUE(writer_->Roll());
  const std::uint64_t sequence = writer_->NextSequence() - 1;
  const PayloadHash later = Put("later");
  const std::vector<PayloadHash> named{large, live, live};
  const auto packs = store_.Pack(named, sequence);
  ASSERT_TRUE(packs) << packs.error().message;
  EXPECT_THAT(*packs, ElementsAre(sequence));
  ASSERT_TRUE(store_.Adopt(*packs, sequence));
  for (const NumberedFile& segment : Segments(files_)) {
    if (segment.sequence <= sequence) files_.Forget(Join(kDirectory, segment.name));
  }
  EXPECT_EQ(*store_.Get(live), "live");
  EXPECT_EQ(store_.Get(large)->size(), 3u << 20);
  EXPECT_EQ(*store_.Get(later), "later");
  EXPECT_EQ(store_.Get(dead).error().code, Code::kNotFound);

  PayloadStore restarted(files_, kDirectory, kCluster);
  ASSERT_TRUE(restarted.AddPack(sequence));
  EXPECT_EQ(*restarted.Get(live), "live");
  EXPECT_EQ(restarted.size(), 2u);
}

TEST_F(PayloadStoreTest, APackIsKeptWhileHalfOfItLives) {
  std::vector<PayloadHash> all;
  for (int i = 0; i < 10; ++i) all.push_back(Put("payload " + std::to_string(i)));
  ASSERT_TRUE(store_.Pack(all, 10));
  const std::vector<std::uint64_t> first{10};
  ASSERT_TRUE(store_.Adopt(first, 10));
  const std::vector<PayloadHash> most(all.begin(), all.begin() + 6);
  EXPECT_THAT(*store_.Pack(most, 20), ElementsAre(10));
  const std::vector<PayloadHash> few(all.begin(), all.begin() + 4);
  EXPECT_THAT(*store_.Pack(few, 30), ElementsAre(30));
  EXPECT_THAT(*store_.Pack({}, 40), IsEmpty());
}

// More than a few slices of them, so that the other thread is let in between.
TEST_F(PayloadStoreTest, WhatComesWhileASnapshotIsAdoptedStays) {
  std::vector<PayloadHash> all;
  for (int i = 0; i < 20'000; ++i) all.push_back(Put("payload " + std::to_string(i)));
  ASSERT_TRUE(writer_->Roll());
  const std::uint64_t sequence = writer_->NextSequence() - 1;
  const std::span<const PayloadHash> kept = std::span(all).first(15'000);
  const auto packs = store_.Pack(kept, sequence);
  ASSERT_TRUE(packs) << packs.error().message;

  const std::uint64_t next = sequence + 1;  // the segment that is written meanwhile
  std::vector<PayloadHash> later;
  for (int i = 0; i < 10'000; ++i) later.push_back(HashPayload("later " + std::to_string(i)));
  std::thread journal([&] {
    for (const PayloadHash& hash : later) store_.AddRecord(hash, next, 64);
    for (const PayloadHash& hash : std::span(all).last(6'000)) store_.AddRecord(hash, next, 64);
  });
  ASSERT_TRUE(store_.Adopt(*packs, sequence));
  journal.join();

  EXPECT_EQ(store_.size(), 14'000u + 6'000u + 10'000u);
  for (const PayloadHash& hash : later) ASSERT_TRUE(store_.Holds(hash, next));
  for (const PayloadHash& hash : std::span(all).last(6'000)) ASSERT_TRUE(store_.Holds(hash, next));
  EXPECT_EQ(*store_.Get(all[0]), "payload 0");
  EXPECT_EQ(*store_.Get(all[13'999]), "payload 13999");
}

TEST_F(PayloadStoreTest, ALivePayloadThatIsNowhereStopsThePack) {
  const std::vector<PayloadHash> live{HashPayload("lost")};
  EXPECT_FALSE(store_.Pack(live, 1));
}

TEST_F(PayloadStoreTest, EveryFlippedBitOfAPackIsNoticed) {
  const std::vector<PayloadHash> live{Put("one"), Put("two"), Put("three")};
  ASSERT_TRUE(store_.Pack(live, 3));
  const std::string path = Join(kDirectory, FileName(FileKind::kPack, 3));
  const std::string whole = files_.Contents(path);
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string bad = whole;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    files_.SetContents(path, bad);
    PayloadStore store(files_, kDirectory, kCluster);
    const bool noticed =
        !store.AddPack(3) || !store.Get(live[0]) || !store.Get(live[1]) || !store.Get(live[2]);
    const std::size_t at = bit / 8;
    const bool kind_byte =
        at >= kPackHeaderBytes && whole[at] == 2 && whole[at - 1] == 0;  // says nothing to a reader
    EXPECT_TRUE(noticed || kind_byte) << "byte " << at;
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    files_.SetContents(path, whole.substr(0, size));
    EXPECT_FALSE(ReadPackIndex(files_, kDirectory, 3, kCluster)) << size;
  }
}

}  // namespace
}  // namespace bsub::journal::test
