// One scheduler core as a program drives it: the daemon's part and that of the nodes, without a message
// between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "scheduler/core/scheduler.h"
#include "sim/replay/policies.h"

namespace bsub::sim {

// Where a part of a job runs.
struct DrivenNode {
  NodeId node;
  Incarnation incarnation;
};

class DrivenCore {
 public:
  // With the default queue, which goes by the policy, and no nodes.
  DrivenCore(sched::Settings settings, const ReplayPolicy& policy);

  // Seconds of the simulated time, which begins with 0; they must not go back.
  void SetTime(std::int64_t seconds);
  TimePoint now() const { return now_; }
  // The first whole second that is not before `at`.
  static std::int64_t SecondOf(TimePoint at);

  DrivenNode Register(const std::string& name, const Resources& total);
  // Jobs are numbered from 0 as they come; each has one attempt.
  void Submit(std::shared_ptr<const JobSettings> settings);
  static std::size_t JobOf(const sched::LaunchTask& launch) { return launch.attempt.task.job.value() - 1; }
  void Started(std::size_t job, const DrivenNode& where);
  void Ended(std::size_t job, const DrivenNode& where);
  // Good until anything else is done.
  const sched::Outcome& RunCycle(std::uint32_t max_placements = sched::RunCycle{}.max_placements);
  // Time has passed. True: the core wants a scheduling cycle.
  bool Tick();

  // Of what was handled last.
  TimePoint wake_at() const { return wake_at_; }
  // Whether a scheduling cycle is wanted, since this was asked before.
  bool TakeCycleWish() { return std::exchange(cycle_wanted_, false); }
  const sched::Scheduler& scheduler() const { return scheduler_; }

 private:
  template <typename Body>
  const sched::Outcome& Handle(Body&& body);
  // What is in `input_`.
  const sched::Outcome& HandleInput();

  TimePoint now_;
  TimePoint wake_at_ = TimePoint::Max();
  bool cycle_wanted_ = false;
  sched::Scheduler scheduler_;
  sched::Input input_;      // each is made here, and its outcome there: a replay has millions of them
  sched::Outcome outcome_;  // of the last one
};

// Owned by this user of a workload, in the default queue of `core`. Negative: a user whom it does not know.
JobSettings SettingsOfUser(const DrivenCore& core, std::int64_t user);

}  // namespace bsub::sim
