// The journal as the daemon uses it: recovers the core at the start, makes batches of entries durable, and
// keeps the directory in order (snapshots, retention).
//
// One thread, the journal's, uses it, except for payloads(), which any thread may read.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/hash.h"
#include "common/result.h"
#include "common/time.h"
#include "scheduler/core/entry.h"
#include "scheduler/core/scheduler.h"
#include "scheduler/journal/file_system.h"
#include "scheduler/journal/journal_writer.h"
#include "scheduler/journal/payload_store.h"
#include "scheduler/journal/recovery.h"
#include "scheduler/journal/retention.h"

namespace bsub::journal {

struct DiskJournalSettings {
  std::string directory;
  SegmentSettings segments;
  RetentionSettings retention;
  // Bytes of journal after which the next snapshot is due: bounds the replay at a start. Settings:
  // journal.snapshot_bytes, and journal.snapshot_percent of the newest snapshot's bytes where that is more,
  // so that what is written for snapshots stays in proportion to what is written for jobs.
  std::uint64_t snapshot_bytes = std::uint64_t{32} << 20;
  std::uint32_t snapshot_percent = 25;
  std::optional<ClusterUuid> new_cluster;  // of a journal that is made; by default a random one
};

// Bytes that an entry of the same batch names.
struct StagedPayload {
  PayloadHash hash;
  std::shared_ptr<const std::string> bytes;
};

struct RecoveryReport {
  bool created = false;        // there was no journal before
  std::uint64_t snapshot = 0;  // its sequence; 0: none was used
  std::uint64_t entries_replayed = 0;
  std::uint64_t last_sequence = 0;
  std::optional<DroppedTail> dropped_tail;
  // For the core's Started: the end of the journal was cut off or dropped.
  std::uint64_t lift_counters_by = 0;
  std::vector<std::string> warnings;  // one line each
};

struct JournalFacts {
  std::uint64_t last_sequence = 0;
  std::uint64_t snapshot_sequence = 0;  // 0: none yet
  std::uint64_t segment_count = 0;
  std::uint64_t bytes = 0;  // all files that it consists of, reserved space included
};

class DiskJournal;

struct OpenedJournal {
  std::unique_ptr<DiskJournal> journal;
  std::unique_ptr<sched::Scheduler> scheduler;  // with the recovered state
  RecoveryReport report;
};

class DiskJournal {
 public:
  // Takes the directory's lock, recovers, repairs the tail. Makes the directory (not its parents) if needed.
  static Result<OpenedJournal> Open(FileSystem& files, const DiskJournalSettings& settings,
                                    const sched::Settings& core_settings);

  // One write, one sync: success means durable. Payloads that no entry names are left out; one that an entry
  // names and that is not given must be stored already. After a failed write every later call fails: exit.
  Status Append(std::span<const sched::JournalEntry> entries, std::span<const StagedPayload> payloads);

  // Keeps the next segment reserved ahead: while it is, a full disk stops nothing. Called now and then.
  Status ReserveNext() { return writer_->ReserveNext(); }
  bool NextIsReserved() const { return writer_->NextIsReserved(); }
  // What can be appended without it.
  std::uint64_t BytesLeft() const { return writer_->BytesLeft(); }

  std::uint64_t last_sequence() const { return durable_sequence_; }  // any thread
  const ClusterUuid& cluster() const { return cluster_; }
  const PayloadStore& payloads() const { return *payloads_; }

  JournalFacts Facts() const;  // any thread, like payloads()

  // SnapshotCycle (snapshot_cycle.h) calls these. When due, the core records its state hash; once that
  // entry is appended the segment is closed; then the helper runs, and what it made is taken into use.
  bool SnapshotDue() const;  // any thread
  Result<std::uint64_t> CloseSegment();
  // There is no room for it now: the next one is due when as much journal has been written again.
  void PutOffSnapshot() { bytes_since_snapshot_ = 0; }
  // Reads payloads from the new packs and removes the files that are no longer needed. Returns their names.
  // May run beside Append on another thread, one at a time.
  Result<std::vector<std::string>> FinishSnapshot(std::uint64_t sequence, TimePoint now);
  // How far the history has come: segments stay until it has taken them. Any thread; without it none waits.
  void SetHistorySequence(std::uint64_t sequence) { history_sequence_ = sequence; }
  const std::string& directory() const { return settings_.directory; }

 private:
  DiskJournal(FileSystem& files, DiskJournalSettings settings, const ClusterUuid& cluster,
              std::unique_ptr<FileLock> lock)
      : files_(files), settings_(std::move(settings)), cluster_(cluster), lock_(std::move(lock)) {}

  using Needed = std::vector<StagedPayload>;
  Result<Needed> PayloadsNeeded(std::span<const sched::JournalEntry> entries,
                                std::span<const StagedPayload> payloads) const;
  void SetSnapshot(const DirectoryContents& contents, std::uint64_t sequence);
  Status WriteBatch(const std::vector<std::string>& entries, const Needed& needed);

  FileSystem& files_;
  const DiskJournalSettings settings_;
  const ClusterUuid cluster_;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<PayloadStore> payloads_;
  std::unique_ptr<JournalWriter> writer_;
  bool lift_asked_ = false;
  std::atomic<std::uint64_t> bytes_since_snapshot_ = 0;
  std::atomic<std::uint64_t> durable_sequence_ = 0;
  std::atomic<std::uint64_t> snapshot_sequence_ = 0;
  std::atomic<std::uint64_t> snapshot_size_ = 0;  // bytes of that file
  std::atomic<std::uint64_t> history_sequence_ = UINT64_MAX;
};

}  // namespace bsub::journal
