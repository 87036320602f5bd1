// What really happens on the machines, whatever anybody believes: which processes run where. Checks the
// promises that can only be judged here, and throws Violation when one is broken.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "jobs/end.h"
#include "jobs/resources.h"
#include "scheduler/core/entry.h"
#include "scheduler/core/refs.h"
#include "sim/witness.h"

namespace bsub::sim {

class GroundTruth {
 public:
  explicit GroundTruth(const Witness& witness) : witness_(witness) {}

  struct Process {
    std::string node;
    Resources allocated;
    std::vector<std::int32_t> gpus;
    Resources node_total;
    // False while the machine is frozen past its lease: the first thing it does when it wakes is to kill.
    std::function<bool()> can_act;
  };

  void Started(const sched::AttemptRef& attempt, Process process);
  // Stopped before its program was executed, which the spawner has written down.
  void NeverRan(const sched::AttemptRef& attempt, const End& end) { past_[attempt] = {end, true, true}; }
  // `remembered`: the spawner has written the end down, so it will be reported.
  void Ended(const sched::AttemptRef& attempt, const End& end, bool remembered);
  // What the node remembered of finished tasks is gone with its disk.
  void Forgotten(const sched::AttemptRef& attempt);

  // After the witness has taken a durable entry: does it agree with what happened?
  void Check(const sched::JournalEntry& entry);

  std::size_t alive() const { return alive_.size(); }
  std::string Describe() const;  // the processes that run

 private:
  struct Past {
    End end;
    bool ended = false;
    bool remembered = false;
  };

  void CheckEnd(const sched::AttemptEnded& e, TimePoint at);
  void CheckAlone(const sched::AttemptRef& attempt, const Process& process) const;
  void CheckNodeAndArray(const sched::AttemptRef& attempt, const Process& process) const;

  const Witness& witness_;
  std::map<sched::AttemptRef, Process> alive_;
  std::map<sched::AttemptRef, Past> past_;  // every attempt that ever ran
  // Tasks with a success that is on record at a node or in the journal: they must not run again.
  std::map<sched::TaskRef, sched::AttemptRef> successes_;
};

}  // namespace bsub::sim
