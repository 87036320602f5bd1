// What the adapters ask of the queryable history: finished attempts, and jobs the core has forgotten.
//
// Calls may block on the disk: they run on the readers' pool (blocking_pool.h), never on the core's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/result.h"
#include "scheduler/core/entry.h"

namespace bsub::rpc {

using EntryBatch = std::shared_ptr<const std::vector<sched::JournalEntry>>;

// A job that the core may have forgotten, as far as the history keeps it.
struct PastJob {
  JobId id;
  std::shared_ptr<const sched::JobSubmitted> submitted;
  TimePoint submitted_at;
  TimePoint finished_at;
  std::uint32_t succeeded = 0;  // tasks
  std::uint32_t failed = 0;
  std::int32_t priority = 0;
};

struct PastAttempt {
  std::string node;                // name; of an attempt on several nodes: the main one
  std::vector<std::string> nodes;  // of an attempt on several: all, in the order of their parts
  std::shared_ptr<const sched::PlacementRecord> placement;  // null: one node, or nobody knows
  TimePoint ended_at;
  sched::AttemptEnded ended;
  Resources allocated;
  std::vector<sched::PlacedPart> parts{};  // what it had on each of `nodes`
  std::string taken_node{};                // that had a notice or was lost; empty: none, or nobody knows
};

// The end of a task without an attempt of its own: cancelled while waiting, or a dependency that can never be
// met.
struct PastTaskEnd {
  End end;
  TimePoint at;
};

class HistoryPort {
 public:
  virtual ~HistoryPort() = default;
  // Blocks until everything up to `sequence` is in the history; DeadlineExceeded after a setting's time.
  virtual Status WaitApplied(Sequence sequence) = 0;
  // The same for whom there is another way: without a wait if one was in vain and the history is still not
  // where that one wanted it, so that a history that is stuck costs few of them their time.
  virtual Status ExpectApplied(Sequence sequence) = 0;
  // Ascending by attempt number.
  virtual Result<std::vector<PastAttempt>> AttemptsOf(sched::TaskRef task) = 0;
  virtual Result<std::optional<PastTaskEnd>> EndOf(sched::TaskRef task) = 0;
  virtual Result<std::optional<PastJob>> FindJob(JobId job) = 0;
  // Jobs with an id above (newest_first: below; 0: no bound) `from`, at most `limit`, that are no longer in
  // the core.
  virtual Result<std::vector<PastJob>> ForgottenJobs(JobId from, bool newest_first, std::size_t limit) = 0;
  // Entries from the journal with a sequence above `after`, at most `limit`. What was forgotten is left out.
  virtual Result<EntryBatch> EntriesAfter(Sequence after, std::size_t limit) = 0;
  // The numbers above `after` of the entries that may be about `target`, by an index; ascending, at most
  // `limit`. Not of the one that says that the job was forgotten.
  virtual Result<std::vector<Sequence>> EntriesAbout(const sched::TaskSelector& target, Sequence after,
                                                     std::size_t limit) = 0;
  // The entries with these numbers, ascending, from the journal; without those that it no longer has.
  virtual Result<EntryBatch> EntriesAt(const std::vector<Sequence>& sequences) = 0;
};

}  // namespace bsub::rpc
