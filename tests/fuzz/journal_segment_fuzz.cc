// Segments: any bytes can be scanned, and what was written and then changed is never read as something else.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/check.h"
#include "scheduler/journal/segment_format.h"
#include "scheduler/journal/segment_scan.h"

namespace {

using namespace bsub::journal;  // a fuzz target is one short file

// Whatever the scanner accepts must be what the writer would have written.
std::vector<std::string> ScanAll(std::string_view bytes, const SegmentHeader& header) {
  std::vector<std::string> entries;
  SegmentScanner scanner(bytes, header);
  while (const auto batch = scanner.Next()) {
    const BatchHeader& place = batch->header;
    const EncodedBatch again =
        EncodeBatch(batch->records, {place.first_sequence, place.previous, header.salt});
    BSUB_CHECK(again.hash == place.hash) << "offset " << batch->offset;
    for (const Record& record : batch->records) entries.emplace_back(record.bytes);
  }
  BSUB_CHECK(scanner.End().offset <= bytes.size() + kBatchAlignment) << scanner.End().offset;
  return entries;
}

void AnySegment(std::string_view bytes) {
  if (const auto header = DecodeSegmentHeader(bytes)) {
    BSUB_CHECK(EncodeSegmentHeader(*header) == bytes.substr(0, kSegmentHeaderBytes));
    ScanAll(bytes, *header);
  }
  ScanAll(EncodeSegmentHeader({}) + std::string(bytes), {});
}

void AnyBody(std::string_view body) {
  if (body.empty()) return;
  BatchHeader header;
  header.record_count = static_cast<std::uint8_t>(body.front());
  body.remove_prefix(1);
  const auto records = DecodeRecords(header, body);
  if (!records) return;
  const EncodedBatch again = EncodeBatch(*records, {});
  BSUB_CHECK(again.bytes.substr(kBatchHeaderBytes, body.size()) == body);
}

// Writes batches cut from the input, then changes one byte: the good part is a prefix of what was written.
void ChangedSegment(std::string_view data) {
  if (data.size() < 4) return;
  const std::size_t position = static_cast<std::uint8_t>(data[0]) * 256u + static_cast<std::uint8_t>(data[1]);
  const char mask = data[2];
  const std::size_t step = 1 + static_cast<std::uint8_t>(data[3]);
  data.remove_prefix(4);
  const SegmentHeader header{{}, 1, 0, 99};
  std::string segment = EncodeSegmentHeader(header);
  std::vector<std::string> written;
  std::uint64_t hash = 0;
  for (; !data.empty(); data.remove_prefix(std::min(step, data.size()))) {
    const Record record{RecordKind::kEntry, data.substr(0, step)};
    const EncodedBatch batch = EncodeBatch({&record, 1}, {written.size() + 1, hash, header.salt});
    written.emplace_back(record.bytes);
    hash = batch.hash;
    segment += batch.bytes;
  }
  if (position >= kSegmentHeaderBytes && position < segment.size()) segment[position] ^= mask;
  const std::vector<std::string> read = ScanAll(segment, header);
  BSUB_CHECK(read.size() <= written.size());
  for (std::size_t i = 0; i < read.size(); ++i) BSUB_CHECK(read[i] == written[i]) << "entry " << i + 1;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  AnySegment(bytes);
  AnyBody(bytes);
  ChangedSegment(bytes);
  return 0;
}
