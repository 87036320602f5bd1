// Reads one segment from its first byte and says how it ends: cleanly, in a torn batch, or in damage.
//
// The rule (design, section 4): a bad batch with no valid one after it is taken for the torn end of a write
// that was never acknowledged. A bad batch with a valid one after it is damage, since a batch is only begun
// when the one before is durable. "A valid one after it" is looked for at every later place where a batch may
// begin, and its header alone is proof enough: a batch whose own write was torn still shows that the one
// before it had been synced.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "scheduler/journal/segment_format.h"

namespace bsub::journal {

struct ScannedBatch {
  std::uint64_t offset = 0;  // of the batch in the segment
  BatchHeader header;
  std::vector<Record> records;  // views into the scanned bytes
  bool more = false;            // part of a write that the next batch goes on with
  // Of the bytes of record `i`, from the start of the segment.
  std::uint64_t RecordOffset(std::size_t i, std::string_view segment) const {
    return static_cast<std::uint64_t>(records[i].bytes.data() - segment.data());
  }
};

struct SegmentEnd {
  enum class Kind { kClean, kTorn, kDamaged };
  Kind kind = Kind::kClean;
  std::uint64_t offset = 0;         // where the good part ends
  std::uint64_t last_batch = 0;     // where its last batch begins; 0: it holds none
  std::uint64_t torn_bytes = 0;     // kTorn: up to the last byte that is not zero
  std::uint64_t next_sequence = 0;  // the first that is not in the good part
  std::uint64_t hash = 0;           // of the last good batch: what the next one must name
  bool closed = false;              // a successor exists, says the segment
  Error problem;                    // kDamaged: what is wrong
};

class SegmentScanner {
 public:
  // `bytes` is the whole segment, header included, and outlives the scanner. `header` was decoded from it.
  SegmentScanner(std::string_view bytes, const SegmentHeader& header);

  // The next good batch; nothing at the end, which End() then describes. A closing batch is not returned, nor
  // a part of a write whose last part is not there: the segment then ends before its first, torn.
  std::optional<ScannedBatch> Next();
  const SegmentEnd& End() const { return end_; }

 private:
  void ReadWrite();
  std::optional<ScannedBatch> ReadBatch();
  void Finish(std::string_view what_is_bad);
  void Damaged(Error problem);
  bool ChainFits(const BatchHeader& header);

  std::string_view bytes_;
  std::uint64_t salt_;
  bool finished_ = false;
  SegmentEnd end_;
  std::deque<ScannedBatch> whole_;  // batches of one whole write that were not returned yet
};

}  // namespace bsub::journal
