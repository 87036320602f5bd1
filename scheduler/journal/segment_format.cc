#include "scheduler/journal/segment_format.h"

#include "common/check.h"
#include "common/hash.h"
#include "scheduler/journal/byte_order.h"

namespace bsub::journal {
namespace {

constexpr std::string_view kSegmentMagic = "BSUBJRNL";

}  // namespace

std::string EncodeSegmentHeader(const SegmentHeader& header) {
  std::string out(kSegmentMagic);
  PutFixed<std::uint32_t>(out, kSegmentFormatVersion);
  PutFixed<std::uint32_t>(out, kSegmentHeaderBytes);
  out.append(reinterpret_cast<const char*>(header.cluster.bytes.data()), header.cluster.bytes.size());
  PutFixed(out, header.first_sequence);
  PutFixed(out, header.previous);
  PutFixed(out, header.salt);
  PutFixed(out, Hash64(out));
  BSUB_CHECK(out.size() == kSegmentHeaderBytes) << out.size();
  return out;
}

Result<SegmentHeader> DecodeSegmentHeader(std::string_view bytes) {
  if (bytes.size() < kSegmentHeaderBytes) return DataLoss("the segment's header is cut short");
  bytes = bytes.substr(0, kSegmentHeaderBytes);
  if (bytes.substr(0, kSegmentMagic.size()) != kSegmentMagic)
    return DataLoss("the file does not begin like a journal segment");
  if (GetFixed<std::uint64_t>(bytes, 56) != Hash64(bytes.substr(0, 56))) {
    return DataLoss("the segment's header does not match its hash");
  }
  if (const auto version = GetFixed<std::uint32_t>(bytes, 8); version != kSegmentFormatVersion) {
    return Error{Code::kUnimplemented, "the segment has format version " + std::to_string(version) +
                                           "; this program reads version " +
                                           std::to_string(kSegmentFormatVersion) +
                                           ": use the bsub-lite release that wrote it, or a newer one"};
  }
  if (GetFixed<std::uint32_t>(bytes, 12) != kSegmentHeaderBytes)
    return DataLoss("the segment's header has a wrong size");
  SegmentHeader header;
  for (std::size_t i = 0; i < 16; ++i) header.cluster.bytes[i] = static_cast<std::uint8_t>(bytes[16 + i]);
  header.first_sequence = GetFixed<std::uint64_t>(bytes, 32);
  header.previous = GetFixed<std::uint64_t>(bytes, 40);
  header.salt = GetFixed<std::uint64_t>(bytes, 48);
  return header;
}

std::size_t PaddedBodyBytes(std::size_t body_bytes) {
  return (body_bytes + kBatchAlignment - 1) / kBatchAlignment * kBatchAlignment;
}

std::size_t EncodedBatchBytes(std::span<const Record> records) {
  std::size_t body = 0;
  for (const Record& record : records) body += kRecordHeaderBytes + record.bytes.size();
  return kBatchHeaderBytes + PaddedBodyBytes(body);
}

EncodedBatch EncodeBatch(std::span<const Record> records, const BatchPlace& place) {
  EncodedBatch batch;
  std::string body;
  body.reserve(EncodedBatchBytes(records) - kBatchHeaderBytes);
  for (const Record& record : records) {
    PutFixed(body, static_cast<std::uint32_t>(record.bytes.size()));
    PutFixed(body, static_cast<std::uint8_t>(record.kind));
    batch.record_offsets.push_back(kBatchHeaderBytes + body.size());
    body.append(record.bytes);
  }
  BSUB_CHECK(body.size() <= kMaxBatchBodyBytes) << body.size();

  std::string fields;
  PutFixed(fields, static_cast<std::uint32_t>(body.size()));
  PutFixed(fields, static_cast<std::uint32_t>(records.size()));
  PutFixed(fields, place.first_sequence);
  PutFixed(fields, place.previous);
  PutFixed(fields, Hash64(body, place.salt));
  batch.hash = Hash64(fields, place.salt);
  PutFixed(batch.bytes, batch.hash);
  batch.bytes += fields;
  body.resize(PaddedBodyBytes(body.size()), '\0');
  batch.bytes += body;
  return batch;
}

std::optional<BatchHeader> DecodeBatchHeader(std::string_view bytes, std::uint64_t salt) {
  if (bytes.size() < kBatchHeaderBytes) return std::nullopt;
  BatchHeader header;
  header.hash = GetFixed<std::uint64_t>(bytes, 0);
  if (header.hash != Hash64(bytes.substr(8, kBatchHeaderBytes - 8), salt)) return std::nullopt;
  header.body_bytes = GetFixed<std::uint32_t>(bytes, 8);
  header.record_count = GetFixed<std::uint32_t>(bytes, 12);
  header.first_sequence = GetFixed<std::uint64_t>(bytes, 16);
  header.previous = GetFixed<std::uint64_t>(bytes, 24);
  header.body_hash = GetFixed<std::uint64_t>(bytes, 32);
  return header;
}

bool BodyMatches(const BatchHeader& header, std::string_view body, std::uint64_t salt) {
  return body.size() == header.body_bytes && Hash64(body, salt) == header.body_hash;
}

Result<std::vector<Record>> DecodeRecords(const BatchHeader& header, std::string_view body) {
  std::vector<Record> records;
  while (!body.empty()) {
    if (body.size() < kRecordHeaderBytes) return DataLoss("a record's header is cut short");
    const auto length = GetFixed<std::uint32_t>(body, 0);
    const auto kind = GetFixed<std::uint8_t>(body, 4);
    body.remove_prefix(kRecordHeaderBytes);
    if (kind < 1 || kind > static_cast<int>(RecordKind::kMore)) {
      return Error{
          Code::kUnimplemented,
          "a record has kind " + std::to_string(kind) +
              ", which this program does not know: use the bsub-lite release that wrote it, or a newer one"};
    }
    if (length > body.size()) return DataLoss("a record is longer than its batch");
    const bool last = records.size() + 1 == header.record_count;
    if (kind == static_cast<int>(RecordKind::kMore) && (length != 0 || !last))
      return DataLoss("the mark of an unfinished write is not the last of its batch");
    records.push_back({static_cast<RecordKind>(kind), body.substr(0, length)});
    body.remove_prefix(length);
  }
  if (records.size() != header.record_count)
    return DataLoss("a batch holds another number of records than it says");
  return records;
}

std::uint64_t CountEntries(std::span<const Record> records) {
  std::uint64_t count = 0;
  for (const Record& record : records) count += record.kind == RecordKind::kEntry ? 1 : 0;
  return count;
}

}  // namespace bsub::journal
