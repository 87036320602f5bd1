// Decides when a snapshot is made, and sees it through: close the segment, run the helper, take the result
// into use.
//
// The journal's thread owns it; WantsStateHash may be asked from any thread.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/time.h"
#include "scheduler/core/entry.h"
#include "scheduler/journal/disk_journal.h"
#include "scheduler/journal/snapshot_process.h"

namespace bsub::journal {

class SnapshotCycle {
 public:
  // `program`: the path of bsub-lite-snapshot.
  SnapshotCycle(DiskJournal& journal, std::string program)
      : journal_(journal), program_(std::move(program)) {}

  // The core should record its state hash, as the last entry of a batch.
  bool WantsStateHash() const { return !running_ && journal_.SnapshotDue(); }

  // After each successful append, and now and then: lines for the log. An error is the journal's: the process
  // exits. A snapshot that fails is only logged; the next is tried when as much journal has been written
  // again.
  Result<std::vector<std::string>> Advance(std::span<const sched::JournalEntry> appended, TimePoint now);

 private:
  Status Begin(std::vector<std::string>& lines);
  void Finish(const Status& made, TimePoint now, std::vector<std::string>& lines);

  DiskJournal& journal_;
  const std::string program_;
  std::unique_ptr<SnapshotProcess> process_;
  std::atomic<bool> running_ = false;
};

}  // namespace bsub::journal
