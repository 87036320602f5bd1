// Reads the segments of a journal in order and hands each record to a visitor. Changes nothing on disk.
//
// It ends with the journal's tail: where the next batch belongs and what, if anything, has to be repaired
// first (RepairTail, in recovery.h). Damage — a bad batch with a valid one after it, a gap, a missing segment
// — is a DataLoss error that names file, offset and remedy; the visitor has then seen all that stands before
// it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/result.h"
#include "scheduler/journal/file_system.h"
#include "scheduler/journal/segment_format.h"

namespace bsub::journal {

struct ReplayRequest {
  std::uint64_t from = 1;  // entries below are skipped; their segment need not exist
  std::optional<std::uint64_t>
      until;  // stop after the segment that ends with this sequence: closed ones only
  std::optional<ClusterUuid> cluster;  // refuse segments of another cluster
  std::optional<std::uint64_t>
      previous;  // the hash of the batch that ends with from - 1, where `from` begins a segment
};

struct ReplayedRecord {
  Record record;                 // valid during the visit
  std::uint64_t sequence = 0;    // an entry's own; for others that of the next entry
  std::uint64_t segment = 0;     // first sequence of the segment: names its file
  std::uint64_t offset = 0;      // of the record's bytes in the file
  std::uint64_t batch_hash = 0;  // of the batch that holds it
};
using RecordVisitor = std::function<Status(const ReplayedRecord&)>;

struct JournalTail {
  bool empty = true;  // no segment yet
  std::uint64_t next_sequence = 1;
  std::uint64_t hash = 0;  // of the last good batch
  ClusterUuid cluster;     // unless empty
  // The segment to go on with, unless empty.
  std::uint64_t segment = 0;  // its first sequence
  std::uint64_t salt = 0;
  std::uint64_t offset = 0;      // where the next batch goes
  std::uint64_t last_batch = 0;  // where the last good one begins; 0: the segment holds none
  // What must be repaired before writing.
  std::uint64_t torn_bytes = 0;  // behind `offset`: a batch that is not whole
  std::string unborn_segment;    // file of a segment whose creation a crash interrupted; empty: none
};

Result<JournalTail> Replay(FileSystem& files, const std::string& directory, const ReplayRequest& request,
                           const RecordVisitor& visit);

}  // namespace bsub::journal
