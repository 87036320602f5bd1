// The bytes of a journal segment: a header, then batches of records. Specified in docs/formats/journal.md.
//
// A batch is what one write and one sync make durable, and the unit that is whole or absent. Its header
// carries the hash of its body, its own hash and the hash of the batch before, so a batch proves itself and
// its place. All hashes of a segment are seeded by the segment's secret salt: bytes that a user stores in a
// payload cannot pass for a batch.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace bsub::journal {

inline constexpr std::uint32_t kSegmentFormatVersion = 1;
inline constexpr std::size_t kSegmentHeaderBytes = 64;
inline constexpr std::size_t kBatchHeaderBytes = 40;
inline constexpr std::size_t kRecordHeaderBytes = 5;
inline constexpr std::size_t kBatchAlignment = 8;
inline constexpr std::size_t kMaxBatchBodyBytes = std::size_t{512} << 20;
// So that any record fits into a batch, with a mark of kind kMore.
inline constexpr std::size_t kMaxRecordBytes = kMaxBatchBodyBytes - 2 * kRecordHeaderBytes;

struct ClusterUuid {
  std::array<std::uint8_t, 16> bytes{};
  friend auto operator<=>(const ClusterUuid&, const ClusterUuid&) = default;
};

struct SegmentHeader {
  ClusterUuid cluster;
  std::uint64_t first_sequence = 0;  // of the first entry in this segment
  std::uint64_t previous = 0;        // hash of the last batch of the segment before; 0 in the first
  std::uint64_t salt = 0;            // seeds every hash of batches in this segment
  friend bool operator==(const SegmentHeader&, const SegmentHeader&) = default;
};

std::string EncodeSegmentHeader(const SegmentHeader& header);
// DataLoss for bytes that are not a header, Unimplemented for a format version from the future.
Result<SegmentHeader> DecodeSegmentHeader(std::string_view bytes);

enum class RecordKind : std::uint8_t {
  kEntry = 1,    // takes the next sequence number
  kPayload = 2,  // content-addressed bytes; takes none
  kClosed = 3,   // the segment's last: another one follows; takes none
  kMore = 4,     // last of its batch, empty: the batch counts only together with the next one; takes none
};

struct Record {
  RecordKind kind = RecordKind::kEntry;
  std::string_view bytes;
  friend bool operator==(const Record&, const Record&) = default;
};

struct BatchHeader {
  std::uint64_t hash = 0;  // over the rest of the header: names this batch in the chain
  std::uint32_t body_bytes = 0;
  std::uint32_t record_count = 0;
  std::uint64_t first_sequence = 0;  // of its first entry, or of the next entry if it holds none
  std::uint64_t previous = 0;        // hash of the batch before
  std::uint64_t body_hash = 0;
  friend bool operator==(const BatchHeader&, const BatchHeader&) = default;
};

struct BatchPlace {
  std::uint64_t first_sequence = 0;
  std::uint64_t previous = 0;
  std::uint64_t salt = 0;
};

struct EncodedBatch {
  std::string bytes;  // header, records, padding to kBatchAlignment
  std::uint64_t hash = 0;
  std::vector<std::uint64_t> record_offsets;  // of each record's bytes from the start of the batch
};

// Header, record headers, bytes and padding.
std::size_t EncodedBatchBytes(std::span<const Record> records);
EncodedBatch EncodeBatch(std::span<const Record> records, const BatchPlace& place);

// Nothing unless the header proves itself: with 64 bits of salted hash that is as good as having been written
// here.
std::optional<BatchHeader> DecodeBatchHeader(std::string_view bytes, std::uint64_t salt);
bool BodyMatches(const BatchHeader& header, std::string_view body, std::uint64_t salt);
// The records are views into `body`. Fails for a body that no writer of this version makes.
Result<std::vector<Record>> DecodeRecords(const BatchHeader& header, std::string_view body);

std::size_t PaddedBodyBytes(std::size_t body_bytes);
std::uint64_t CountEntries(std::span<const Record> records);

}  // namespace bsub::journal
