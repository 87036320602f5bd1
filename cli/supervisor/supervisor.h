// Keeps the daemons of a cluster of one machine running, and ends them in order.
//
// One thread: it waits for ends of processes (pidfds), for signals and for time.
//   TERM         stop: agents first, so that the nodes' news waits for the next `up`; then the spawners,
//                which end their tasks (TERM, grace, KILL); the scheduler last
//   TERM again   stop now: tasks get KILL at once
// Being killed stops nothing: the next supervisor finds the daemons by their records and goes on watching
// them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/supervisor/cluster_file.h"
#include "cli/supervisor/daemon.h"
#include "cli/supervisor/files.h"
#include "cli/supervisor/home_layout.h"
#include "common/result.h"

namespace bsub::cli {

struct SupervisorOptions {
  std::string home;
  std::string programs;    // directory of the executables
  bool stop_only = false;  // adopt what lives and end it
};

class Supervisor {
 public:
  // Takes the supervisor's lock; FailedPrecondition if another one has it.
  static Result<std::unique_ptr<Supervisor>> Create(const SupervisorOptions& options);
  Status Run();  // returns once stopped

 private:
  enum class Phase { kRunning, kStoppingAgents, kStoppingSpawners, kStoppingScheduler, kStopped };

  Supervisor(HomeLayout layout, ClusterFile cluster, LockFile lock);
  Status Begin();
  void AdoptOrPlan();
  void StartDue();
  void WaitForNews();
  void OnSignals();
  void BeginStop();
  void EnterPhase(Phase phase);
  void AdvanceStop();
  void EndLeftovers();
  bool AnyRunning(DaemonKind kind) const;
  void SignalAll(DaemonKind kind, int signal) const;
  Duration NextDeadline(Duration now) const;
  void WriteStatus();
  void CapLogs();

  HomeLayout layout_;
  ClusterFile cluster_;
  LockFile lock_;
  UniqueFd signals_;
  std::vector<Daemon> daemons_;
  Phase phase_ = Phase::kRunning;
  Duration phase_ends_{};  // then what is left of it gets KILL
  int stop_requests_ = 0;
  std::map<std::string, int> successors_;  // of spawners that ended badly while stopping, by name
  std::string log_problem_;                // told already
  Duration cap_logs_at_{};                 // at once: they may have grown while there was no supervisor
  std::string written_;                    // content of daemons.json
};

}  // namespace bsub::cli
