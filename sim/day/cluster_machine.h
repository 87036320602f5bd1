// The nodes of a configuration around one scheduler core: what registers, starts and ends on them is as on a
// real cluster, gangs part by part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <tuple>
#include <vector>

#include "scheduler/core/topology.h"
#include "sim/day/day_workload.h"
#include "sim/replay/driven_core.h"
#include "sim/replay/policies.h"

namespace bsub::sim {

class ClusterMachine {
 public:
  ClusterMachine(const std::shared_ptr<const sched::Topology>& topology, const ReplayPolicy& policy);

  // Seconds since midnight; they must not go back.
  void SetTime(std::int64_t now) { core_.SetTime(now); }
  // Jobs are numbered from 0 as they come.
  void Submit(const DayJob& job) { core_.Submit(SettingsFor(job)); }
  void End(std::size_t job);
  // Scheduling cycles until none is wanted; those that started, in that order. Good until the next one.
  const std::vector<std::size_t>& Pass();
  // Time has passed: finished jobs are forgotten.
  void Tick() { core_.Tick(); }

  std::uint64_t cycles() const { return cycles_; }
  std::int64_t waiting() const;

 private:
  using Kind =
      std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::int64_t>;  // user, nodes, CPUs, limit

  std::shared_ptr<const JobSettings> SettingsFor(const DayJob& job);
  void Start(const sched::LaunchTask& launch);

  DrivenCore core_;
  std::map<Kind, std::shared_ptr<const JobSettings>> kinds_;
  std::map<std::size_t, std::vector<DrivenNode>> running_;  // by job, the main part first
  std::vector<std::size_t> started_;
  std::uint64_t cycles_ = 0;
};

}  // namespace bsub::sim
