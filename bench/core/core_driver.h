// The daemon's part around one scheduler core, as cheap as it can be: no journal, nodes that do what they are
// told.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/core/scheduler.h"

namespace bsub::bench {

struct Running {
  NodeId node;
  Incarnation incarnation;
  sched::AttemptRef attempt;
};

class CoreDriver {
 public:
  CoreDriver();
  // With `keep_entries` what was decided is kept for a journal.
  explicit CoreDriver(bool keep_entries);
  // On nodes that this connects.
  explicit CoreDriver(std::shared_ptr<const sched::Topology> topology);
  // Nodes n0, n1, … with so many CPUs and 1 TiB of memory each, connected.
  void AddNodes(int count, std::int64_t cpus);
  // Must be accepted.
  JobId Submit(JobSpec spec);
  // Adds what it launched to `running`.
  void Cycle(std::uint32_t max_placements = 1000);
  void Finish(const Running& task);

  sched::Scheduler& scheduler() { return scheduler_; }
  std::vector<Running>& running() { return running_; }
  sched::Outcome Handle(sched::InputBody body);
  std::vector<sched::JournalEntry> TakeEntries() { return std::exchange(entries_, {}); }

 private:
  CoreDriver(bool keep_entries, sched::Settings settings);

  const bool keep_entries_;
  TimePoint now_;
  sched::Scheduler scheduler_;
  std::vector<Running> running_;
  JobId last_accepted_;
  std::vector<sched::JournalEntry> entries_;
};

// One CPU, named and commanded by `seed`, with the settings that all of them share.
JobSpec SmallJob(std::uint64_t seed, const std::shared_ptr<const JobSettings>& settings);
std::shared_ptr<const JobSettings> SharedSettings(std::int64_t cpu_milli = 1000,
                                                  Duration walltime = Duration(0));

}  // namespace bsub::bench
