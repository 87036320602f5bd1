#include "scheduler/journal/segment_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bsub::journal {
namespace {

const SegmentHeader kSegmentHeader{{{1, 2, 3}}, 42, 0x1122334455667788, 99};

TEST(SegmentHeader, RoundTrips) {
  const std::string bytes = EncodeSegmentHeader(kSegmentHeader);
  EXPECT_EQ(bytes.size(), kSegmentHeaderBytes);
  const auto decoded = DecodeSegmentHeader(bytes);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, kSegmentHeader);
}

TEST(SegmentHeader, EveryFlippedBitIsNoticed) {
  const std::string good = EncodeSegmentHeader(kSegmentHeader);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(DecodeSegmentHeader(bad)) << "bit " << bit;
  }
}

TEST(SegmentHeader, EveryShorterPrefixIsNoticed) {
  const std::string good = EncodeSegmentHeader(kSegmentHeader);
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(DecodeSegmentHeader(good.substr(0, size)));
}

std::vector<Record> SomeRecords() {
  return {{RecordKind::kPayload, "echo hi"}, {RecordKind::kEntry, "submitted"}, {RecordKind::kEntry, ""}};
}

TEST(Batch, RoundTrips) {
  const EncodedBatch batch = EncodeBatch(SomeRecords(), {7, 1234, 99});
  EXPECT_EQ(batch.bytes.size(), EncodedBatchBytes(SomeRecords()));
  EXPECT_EQ(batch.bytes.size() % kBatchAlignment, 0u);
  const auto header = DecodeBatchHeader(batch.bytes, 99);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->hash, batch.hash);
  EXPECT_EQ(header->first_sequence, 7u);
  EXPECT_EQ(header->previous, 1234u);
  const std::string_view body = std::string_view(batch.bytes).substr(kBatchHeaderBytes, header->body_bytes);
  EXPECT_TRUE(BodyMatches(*header, body, 99));
  const auto records = DecodeRecords(*header, body);
  ASSERT_TRUE(records);
  EXPECT_EQ(*records, SomeRecords());
  EXPECT_EQ(CountEntries(*records), 2u);
  EXPECT_EQ(batch.bytes.substr(batch.record_offsets[0], 7), "echo hi");
}

TEST(Batch, AnotherSaltProvesNothing) {
  const EncodedBatch batch = EncodeBatch(SomeRecords(), {7, 1234, 99});
  EXPECT_FALSE(DecodeBatchHeader(batch.bytes, 98));
}

TEST(Batch, EveryFlippedBitIsNoticed) {
  const EncodedBatch batch = EncodeBatch(SomeRecords(), {7, 1234, 99});
  const auto good = DecodeBatchHeader(batch.bytes, 99);
  for (std::size_t bit = 0; bit < (kBatchHeaderBytes + good->body_bytes) * 8; ++bit) {
    std::string bad = batch.bytes;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    const auto header = DecodeBatchHeader(bad, 99);
    const bool accepted =
        header &&
        BodyMatches(*header, std::string_view(bad).substr(kBatchHeaderBytes, header->body_bytes), 99);
    EXPECT_FALSE(accepted) << "bit " << bit;
  }
}

TEST(Batch, ARecordKindFromTheFutureSaysSo) {
  const Record future{static_cast<RecordKind>(9), "x"};
  const EncodedBatch batch = EncodeBatch({&future, 1}, {1, 0, 0});
  const auto header = DecodeBatchHeader(batch.bytes, 0);
  const auto records =
      DecodeRecords(*header, std::string_view(batch.bytes).substr(kBatchHeaderBytes, header->body_bytes));
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().code, Code::kUnimplemented);
  EXPECT_THAT(records.error().message, testing::HasSubstr("kind 9"));
}

TEST(Batch, RecordsThatDoNotFillTheBodyAreRefused) {
  BatchHeader header;
  header.record_count = 2;
  EXPECT_FALSE(DecodeRecords(header, std::string_view("\1\0\0\0\1x", 6)));      // one record, two promised
  EXPECT_FALSE(DecodeRecords(header, std::string_view("\5\0\0\0\1x", 6)));      // longer than the body
  EXPECT_FALSE(DecodeRecords(header, std::string_view("\1\0\0\0\1x\1\0", 8)));  // a cut header
}

}  // namespace
}  // namespace bsub::journal
