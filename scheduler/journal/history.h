// What is over, for queries: jobs, attempts and events in SQLite. Derived from the journal and never its
// master: it may be deleted at any time and is made anew.
//
// HistoryWriter is fed entries in order by one thread, one transaction per batch, and passes over what it has
// already taken, so feeding may restart anywhere. HistoryReader has a read-only connection of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/result.h"
#include "common/time.h"
#include "scheduler/core/entry.h"

namespace bsub::journal {

class HistoryWriter {
 public:
  // Opens or makes the database. One that is damaged, of another schema or cluster, or ahead of the journal
  // (`journal_sequence`: its last entry) is renamed to "<path>.aside" and made anew; warning() then says so.
  static Result<std::unique_ptr<HistoryWriter>> Open(const std::string& path, std::string_view cluster_uuid,
                                                     std::uint64_t journal_sequence);
  ~HistoryWriter();

  // All of it or nothing. After a DataLoss error the database is damaged: destroy the writer, Open again, and
  // feed it from LastSequence() on.
  Status Apply(std::span<const sched::JournalEntry> entries);
  // Removes what was over before `before`, at most `most` rows; returns how many went (history_retention.h).
  Result<std::size_t> RemoveOld(TimePoint before, std::size_t most);
  std::uint64_t LastSequence() const;  // 0: empty
  const std::string& warning() const;  // empty: none

 private:
  class Impl;
  explicit HistoryWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct PastAttempt {
  std::string node;                      // name; of an attempt on several nodes: the main one
  std::vector<std::string> nodes;        // of an attempt on several: all, in the order of their parts
  std::vector<sched::PlacedPart> parts;  // what it had on each of `nodes`
  std::shared_ptr<const sched::PlacementRecord> placement;  // null: one node, or nobody knows
  std::string taken_node;  // that had a notice or was lost; empty: none, or nobody knows
  Resources allocated;
  TimePoint ended_at;  // unset while it runs
  sched::AttemptEnded ended;
};

// The end of a task that came without an attempt: cancelled while waiting, or a dependency that cannot be
// met.
struct PastTaskEnd {
  End end;
  TimePoint at;
};

struct PastJob {
  JobId id;
  std::shared_ptr<const sched::JobSubmitted> submitted;
  TimePoint submitted_at;
  TimePoint finished_at;  // unset: not over
  std::uint32_t size = 1;
  std::uint32_t succeeded = 0;  // tasks
  std::uint32_t failed = 0;
  std::int32_t priority = 0;
  bool forgotten = false;  // no longer in the core
};

class HistoryReader {
 public:
  static Result<std::unique_ptr<HistoryReader>> Open(const std::string& path);
  ~HistoryReader();

  Result<std::uint64_t> LastSequence();
  // Ascending by number; live ones included.
  Result<std::vector<PastAttempt>> AttemptsOf(sched::TaskRef task);
  Result<std::optional<PastTaskEnd>> EndOf(sched::TaskRef task);
  Result<std::optional<PastJob>> FindJob(JobId job);
  // Ids above `from` ascending, or below it descending (newest_first; 0: from the newest).
  Result<std::vector<PastJob>> ForgottenJobs(JobId from, bool newest_first, std::size_t limit);
  // The numbers above `after` of the journal's entries about a job, or about one task of it and those that
  // may be about it among others; ascending. Not of the one that says that the job was forgotten.
  Result<std::vector<std::uint64_t>> EventsOf(const sched::TaskSelector& target, std::uint64_t after,
                                              std::size_t limit);

 private:
  class Impl;
  explicit HistoryReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bsub::journal
