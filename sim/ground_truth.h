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
  void NeverRan(const sched::AttemptRef& attempt, const std::string& node, const End& end) {
    past_[{attempt, node}] = {end, true, true};
  }
  // `remembered`: the spawner has written the end down, so it will be reported.
  void Ended(const sched::AttemptRef& attempt, const std::string& node, const End& end, bool remembered);
  // What the node remembered of finished tasks is gone with its disk.
  void Forgotten(const sched::AttemptRef& attempt, const std::string& node);

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

  // What an attempt has on one node.
  struct Place {
    sched::AttemptRef attempt;
    std::string node;
    friend auto operator<=>(const Place&, const Place&) = default;
  };

  bool IsGang(const sched::AttemptRef& attempt) const;
  bool ActsAnywhere(const sched::AttemptRef& attempt) const;
  void CheckEnd(const sched::AttemptEnded& e, TimePoint at);
  void CheckSuccess(const sched::AttemptEnded& e, TimePoint at);
  void CheckGangSuccess(const sched::AttemptEnded& e) const;
  void CheckPartEnd(const sched::AttemptRef& attempt, std::uint32_t part, const End& end) const;
  void CheckAlone(const sched::AttemptRef& attempt, const Process& process) const;
  void CheckNodeAndArray(const sched::AttemptRef& attempt, const Process& process) const;

  const Witness& witness_;
  std::map<Place, Process> alive_;
  std::map<Place, Past> past_;  // every attempt that ever ran, and where
  // Tasks with a success that is on record at a node or in the journal: they must not run again.
  std::map<sched::TaskRef, sched::AttemptRef> successes_;
};

}  // namespace bsub::sim
