// The spawner's one thread: waits for the agent, for children, for time and for signals, and gives each its
// turn.
#pragma once

#include <memory>
#include <string>

#include "common/result.h"
#include "worker/spawner/agent_link.h"
#include "worker/spawner/output_sweep.h"
#include "worker/spawner/settings.h"
#include "worker/spawner/state_dir.h"
#include "worker/spawner/task_runner.h"

namespace bsub::spawner {

class EventLoop {
 public:
  // Takes the state directory, ends what the spawner before left, and listens.
  static Result<std::unique_ptr<EventLoop>> Create(const Settings& settings);
  // Returns once told to end and all tasks are over.
  Status Run();
  // What is there for tasks only, at the end.
  void RemoveGroups();

 private:
  EventLoop(const Settings& settings, Poller poller, LeasePage lease_page)
      : settings_(settings), poller_(std::move(poller)), lease_page_(std::move(lease_page)) {}
  Status Prepare();
  Status OpenSignals();
  Result<RecoveredLog> EndLeftovers(const std::string& boot_id, CgroupTree& cgroups);
  Result<TaskRunnerParts> MakeParts();

  void Handle(const Ready& ready);
  void OnSignals();
  void OnAgent(const v1::spawner::ToSpawner& message);
  void OnHello(const v1::spawner::AgentHello& hello);
  void SendList();
  void OnLease(const v1::spawner::RenewLease& lease);
  void CheckLease();
  void OnTime();
  void SweepOutput();
  void ArmTimer();
  void ShutDown();

  Settings settings_;
  Poller poller_;
  LeasePage lease_page_;   // the same end, for the witnesses
  worker::UniqueFd self_;  // this process, for the witnesses to watch
  std::unique_ptr<StateDir> dir_;
  std::unique_ptr<worker::LaunchKey> key_;
  std::unique_ptr<TaskRunner> runner_;
  std::unique_ptr<OutputSweep> sweep_;
  std::int64_t sweep_at_us_ = 0;  // 0: never
  std::unique_ptr<AgentLink> agent_;
  worker::UniqueFd signals_;
  worker::UniqueFd timer_;
  std::string spawner_id_;
  std::string boot_id_;
  std::int64_t armed_for_us_ = 0;
  std::int64_t lease_ends_us_ = 0;  // 0: no lease that kills
  bool lease_lost_ = false;
  bool shutting_down_ = false;
};

}  // namespace bsub::spawner
