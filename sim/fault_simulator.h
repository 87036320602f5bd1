// One run of the fault simulator: a seed drives the scheduler's core, its journal, clients and nodes in one
// thread under simulated time, strikes them with faults, and holds them to the promises of the design:
//
//   no acknowledged job is lost; no job has two live attempts; no node is oversubscribed; no job starts
//   before its dependencies allow; array limits hold; what ran to success is not run again unless a person
//   asks; ids never repeat; replay equals live; and once the faults stop, everything that can end does.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "sim/client_model.h"
#include "sim/fault_settings.h"
#include "sim/model.h"
#include "sim/node_model.h"
#include "sim/scheduler_host.h"
#include "sim/workload.h"

namespace bsub::sim {

struct FaultSimReport {
  bool ok = true;
  std::string violation;
  std::uint64_t step = 0;
  std::vector<std::string> last_lines;  // of the trace
  Tally tally;
  std::uint64_t journal_hash = 0;  // equal for equal seeds
};

class FaultSimulator {
 public:
  explicit FaultSimulator(const FaultSimSettings& settings);

  FaultSimReport Run();
  // The trace so far, for a program that was aborted by a check of the core.
  const std::deque<std::string>& trace() const { return model_.trace.lines(); }

 private:
  void DrawWeather();
  void MakeNodes();
  void Storm();
  void Settle();
  void Repeat(Duration mean, void (FaultSimulator::*strike)());
  // What strikes; members so that they can be repeated by one function.
  void StrikeScheduler();
  void BreakStream();
  void CrashAgent();
  void CrashSpawner();
  void Notice();
  void Reboot();
  void Partition();
  void Freeze();
  void Act();
  // Forecasts run the core on a copy of the state, and a check that fails there would end the scheduler.
  void AskWhen();
  NodeModel& AnyNode();
  bool Over() const;
  std::string Unfinished() const;
  void CheckEnd() const;

  Model model_;
  SchedulerHost scheduler_;
  ClientModel clients_;
  std::vector<std::unique_ptr<NodeModel>> nodes_;
  Workload workload_;
};

FaultSimReport RunFaultSimulator(const FaultSimSettings& settings);

}  // namespace bsub::sim
