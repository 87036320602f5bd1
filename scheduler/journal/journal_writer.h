// Appends batches of records to the journal: one write and one sync per batch, durable when Append returns.
// What is too large for one batch becomes several that count together or not at all.
//
// One thread uses it. After the first failure it is poisoned: nobody can know what reached the disk, so every
// later call returns that first error and the process has to exit and recover.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/result.h"
#include "scheduler/journal/file_system.h"
#include "scheduler/journal/replay.h"
#include "scheduler/journal/segment_format.h"

namespace bsub::journal {

struct SegmentSettings {
  // Space reserved for a segment when it is begun; a batch that does not fit begins the next one. A batch
  // larger than this gets a segment of its own. Setting: journal.segment_bytes.
  std::uint64_t segment_bytes = std::uint64_t{64} << 20;
  // A larger append is written in parts, each with a sync. Setting: journal.max_batch_bytes.
  std::uint64_t max_batch_bytes = std::uint64_t{16} << 20;
  // Seed of the hashes of new segments; by default a fresh random one each. Fixed only by tests and golden
  // files.
  std::optional<std::uint64_t> salt;
};

struct Appended {
  std::uint64_t last_sequence = 0;            // of the last entry in the journal
  std::uint64_t segment = 0;                  // first sequence of the segment that holds the batch
  std::vector<std::uint64_t> record_offsets;  // of each record's bytes in that segment
};

class JournalWriter {
 public:
  // Goes on where `tail` (repaired) ends; begins the first segment if the journal is empty.
  static Result<std::unique_ptr<JournalWriter>> Open(FileSystem& files, const std::string& directory,
                                                     const ClusterUuid& cluster,
                                                     const SegmentSettings& settings,
                                                     const JournalTail& tail);

  // Reserves the next segment ahead, so that beginning it takes no more room from the disk. Does nothing if
  // that is done. A failure harms nothing: ask again when there is room.
  Status ReserveNext();
  bool NextIsReserved() const { return next_file_ != nullptr; }
  // What this segment can still take.
  std::uint64_t BytesLeft() const { return reserved_bytes_ - std::min(reserved_bytes_, offset_); }

  // Begins the next segment if these records do not fit into this one. They, or a part of them, then land in
  // Segment() when they are appended.
  Status MakeRoom(std::span<const Record> records);
  // Success means durable; all of it or, whatever happens, nothing is replayed. Refused without harm: no
  // records, or one above kMaxRecordBytes.
  Result<Appended> Append(std::span<const Record> records);
  // Closes the segment and begins the next, unless this one holds no entry yet.
  Status Roll();

  std::uint64_t NextSequence() const { return next_sequence_; }
  std::uint64_t Segment() const { return segment_; }
  std::uint64_t LastHash() const { return hash_; }
  std::uint64_t SegmentBytesUsed() const { return offset_; }

 private:
  JournalWriter(FileSystem& files, std::string directory, const ClusterUuid& cluster,
                const SegmentSettings& settings, const JournalTail& tail);
  Status OpenTail(std::uint64_t last_batch);
  Status WriteAgain(std::uint64_t last_batch);
  Status BeginSegment(std::uint64_t reserve_bytes);
  Status TakeNext(const std::string& path);
  Status CloseSegment(File& file, std::uint64_t offset, std::uint64_t salt, std::uint64_t previous);
  Status RollTo(std::uint64_t reserve_bytes);
  Status WriteBatch(std::span<const Record> records, Appended& appended);
  Error Poison(Error error);

  FileSystem& files_;
  const std::string directory_;
  const ClusterUuid cluster_;
  const SegmentSettings settings_;
  std::unique_ptr<File> file_;
  std::unique_ptr<File> next_file_;  // reserved, without a header and a segment's name yet
  std::uint64_t segment_ = 0;
  std::uint64_t salt_ = 0;
  std::uint64_t offset_ = 0;
  std::uint64_t reserved_bytes_ = 0;
  std::uint64_t next_sequence_ = 1;
  std::uint64_t hash_ = 0;
  std::optional<Error> poison_;
};

}  // namespace bsub::journal
