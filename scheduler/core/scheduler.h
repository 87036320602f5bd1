// The queue manager's core: pure decisions. No clock, no I/O, no threads; equal inputs from the same state
// give equal entries. See docs/rfcs/0002-core-contract.md.
//
//   decide (Handle)  ->  journal  ->  messages released
//                \-> Apply ->/            Apply is also what replay calls, entry by entry.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "scheduler/core/entry.h"
#include "scheduler/core/explain.h"
#include "scheduler/core/forecast.h"
#include "scheduler/core/input.h"
#include "scheduler/core/message.h"
#include "scheduler/core/saved_job.h"
#include "scheduler/core/settings.h"
#include "scheduler/core/short_reason.h"
#include "scheduler/core/state.h"
#include "scheduler/core/trial.h"

namespace bsub::sched {

struct Outcome {
  std::vector<JournalEntry> entries;  // append and sync these before any message leaves
  std::vector<Message> messages;
  TimePoint wake_at = TimePoint::Max();  // send a Tick then, at the latest
  bool cycle_wanted = false;             // a RunCycle may start something
};

struct QueueUsage {
  std::int64_t waiting = 0;  // tasks: PENDING and RUNNABLE
  std::int64_t starting = 0;
  std::int64_t running = 0;
};

struct NodeUsage {
  Resources used;
  std::uint32_t tasks = 0;
  bool connected = false;
  TimePoint lease_ends;  // only while not connected
};

// Where a walk through one user's jobs stands. The default is before the first.
struct NameKey {
  std::string name{};
  JobId job{};
};

class Scheduler {
 public:
  explicit Scheduler(Settings settings);
  // Continues from a snapshot. `state` has no jobs yet: they follow by Restore, ascending, in any number of
  // calls, and until EndRestore nothing else is called.
  Scheduler(Settings settings, State state, std::size_t expected_jobs);
  void Restore(std::vector<SavedJob> jobs);
  void EndRestore();
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Decides, applies what it decided, and says what to journal and to send. `input.at` must not decrease.
  Outcome Handle(const Input& input);
  // The same, for whoever has many inputs one after another: what was in `outcome` goes, its memory is used
  // again.
  void Handle(const Input& input, Outcome& outcome);

  // The one place where durable state changes. Replay calls it with entries read from the journal; an entry
  // that does not follow from the state (a broken journal) is DataLoss and changes nothing.
  Status Apply(const JournalEntry& entry);

  const State& state() const;
  // Kept up to date entry by entry; equal states have equal hashes.
  std::uint64_t state_hash() const;
  // The same from scratch, slowly: for tests and for the snapshot writer.
  std::uint64_t RecomputeStateHash() const;

  // Reads, for adapters on the core's thread.
  QueueUsage UsageOf(std::string_view queue) const;
  NodeUsage UsageOf(NodeId node) const;
  // Live attempts on a node, ascending.
  std::vector<AttemptRef> AttemptsOn(NodeId node) const;
  // Jobs of one user, in the order of (name, id), behind `after`: at most `most`.
  std::vector<NameKey> JobsOfOwner(std::uint32_t uid, const NameKey& after, std::size_t most) const;
  Result<Explanation> Explain(const TaskSelector& target, TimePoint now) const;
  // `max_steps` bounds the work (forecast.h).
  Result<Forecast> ForecastOf(const TaskSelector& target, TimePoint now, std::uint32_t max_steps) const;
  // When a waiting job is to have the nodes that are kept for it or promised to it; nothing: none are.
  std::optional<TimePoint> ReservedStart(JobId job) const;
  // What would become of a job (trial.h).
  Result<Trial> TrySubmit(const Principal& who, JobSpec spec, TimePoint now, std::uint32_t max_steps) const;
  // Short words for lists; good until the next Handle or Apply.
  ShortReasons MakeShortReasons() const;

  // Walks every invariant of the state and of what is derived from it; the first broken one is described. For
  // tests and the simulator.
  Status CheckInvariants() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// From a state that is in memory as a whole, jobs and all.
std::unique_ptr<Scheduler> RestoreWhole(const Settings& settings, State state);

}  // namespace bsub::sched
