// Decides when a snapshot is made, and sees it through: close the segment, run the helper, take the result
// into use.
//
// The journal's thread owns it; StateHashWanted may be asked from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <future>
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
  SnapshotCycle(DiskJournal& journal, SnapshotHelper helper)
      : journal_(journal), helper_(std::move(helper)) {}

  // Not 0: the core should record its state hash, once for each number, as the last entry of a batch.
  std::uint64_t StateHashWanted() const {
    const std::uint64_t next = begun_ + 1;  // read first: a wish that is just being served is not a new one
    return !running_ && journal_.SnapshotDue() ? next : 0;
  }

  // After each successful append, and now and then: lines for the log. An error is the journal's: the process
  // exits. A snapshot that fails is only logged; the next is tried when as much journal has been written
  // again.
  Result<std::vector<std::string>> Advance(std::span<const sched::JournalEntry> appended, TimePoint now);

 private:
  using Removed = Result<std::vector<std::string>>;
  Status Begin(std::vector<std::string>& lines);
  void Report(const Removed& finished, std::vector<std::string>& lines);

  DiskJournal& journal_;
  const SnapshotHelper helper_;
  std::unique_ptr<SnapshotProcess> process_;
  // Taking a large snapshot into use reads the index of its payloads: not on the journal's thread.
  std::future<Removed> finishing_;
  std::uint64_t sequence_ = 0;  // of the snapshot under way
  std::atomic<bool> running_ = false;
  std::atomic<std::uint64_t> begun_ = 0;
};

}  // namespace bsub::journal
