// The tasks of a node: starts them, stops them, reaps them, and remembers their ends until they are
// acknowledged.
//
// One turn of the event loop may start and stop many, and see many end. Commit ends the turn: it makes the
// ends durable with one sync, and only then lets them be reported.
//
//   Start: plan, order to a witness  ->  its process records itself, executes: started
//   main process over  ->  the rest of the task killed  ->  record  ->  Commit  ->  report, until
//   acknowledged
#pragma once

#include <sys/types.h>

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "api/bsub/v1/spawner.pb.h"
#include "common/result.h"
#include "worker/core/attempt_key.h"
#include "worker/launch/unique_fd.h"
#include "worker/spawner/cgroup_tree.h"
#include "worker/spawner/control_dir.h"
#include "worker/spawner/cpu_binder.h"
#include "worker/spawner/descendants.h"
#include "worker/spawner/ended_groups.h"
#include "worker/spawner/launch_plan.h"
#include "worker/spawner/lease_page.h"
#include "worker/spawner/poller.h"
#include "worker/spawner/scratch_dirs.h"
#include "worker/spawner/settings.h"
#include "worker/spawner/spare_outputs.h"
#include "worker/spawner/state_dir.h"
#include "worker/spawner/task_log.h"
#include "worker/spawner/task_slots.h"
#include "worker/spawner/witness_pool.h"

namespace bsub::spawner {

struct TaskRunnerParts {
  const Settings* settings = nullptr;
  const StateDir* dir = nullptr;
  Poller* poller = nullptr;
  LaunchRules rules;
  std::unique_ptr<CgroupTree> cgroups;
  std::unique_ptr<ScratchDirs> scratch;
  std::string spawner_id;
  std::string boot_id;
  int spawner_pidfd = -1;
  const LeasePage* lease = nullptr;
};

class TaskRunner {
 public:
  // `unacknowledged`: ends recorded by the spawner before.
  static Result<std::unique_ptr<TaskRunner>> Create(TaskRunnerParts parts,
                                                    std::vector<wire::TaskStatus> unacknowledged);

  void Start(const wire::StartTask& start);
  // Not now, for a reason that is the node's: the task may run elsewhere.
  void Decline(const wire::StartTask& start, wire::StopCause cause, const std::string& reason);
  void Stop(const worker::AttemptKey& key, std::int64_t grace_us, const std::string& reason);
  // Everything that runs, each with its own grace but at most `max_grace_us`.
  void StopAll(wire::StopCause cause, std::int64_t max_grace_us, const std::string& reason);
  void Signal(const wire::SignalTask& signal);
  void Notice(const wire::NoticeTask& notice);
  // As when the machine loses power: nothing is recorded.
  void KillAll();
  void Acknowledge(const worker::AttemptKey& key);

  bool IsWitness(int fd) const { return witnesses_->Owns(fd); }
  void OnWitness(int fd);
  void OnChildren();  // SIGCHLD
  void OnTimer();
  void Commit();

  // CLOCK_BOOTTIME, microseconds; 0: nothing to wait for.
  std::int64_t NextDeadline() const;
  // No task lives, and nothing that must be done is left.
  bool MayEnd() const;
  std::vector<wire::TaskStatus> List() const;
  std::vector<wire::TaskStatus> TakeReports() { return std::exchange(reports_, {}); }
  // A task of this job runs, or its end is not acknowledged.
  bool Knows(JobId job) const;
  bool HasLiveTasks() const { return live_ > 0; }
  const CgroupTree& cgroups() const { return *parts_.cgroups; }
  CgroupTree& cgroups() { return *parts_.cgroups; }

 private:
  enum class Phase {
    kStarting,  // ordered, not known to execute its program yet
    kRunning,
    kSweeping,  // its main process is over, others of its processes are not
    kEnded,     // kept until acknowledged
  };
  struct Task {
    worker::AttemptKey key;
    std::uint64_t incarnation = 0;
    Phase phase = Phase::kStarting;
    pid_t pid = 0;                      // also its session and its process group; 0: not heard of yet
    int witness = -1;                   // its socket, see WitnessPool
    std::optional<std::uint32_t> slot;  // until its end is durable
    wire::StartTask order;              // until there is a process: to be tried again
    std::int64_t ordered_us = 0;        // when it was tried first
    bool session_gone = false;
    bool started = false;
    std::string marker;
    std::string script_path;
    std::string scratch;  // its directory in the ScratchDirs; empty: none
    std::string cgroup;
    std::int64_t walltime_us = 0;
    std::int64_t stop_grace_us = 0;
    std::int64_t mem_bytes = 0;
    std::string spooled;            // its file in the spool, relative to the state directory; empty: none
    bool spare = false;             // that is the one of its slot
    std::string own_out;            // the user's own files, absolute; not to be touched here: their file
    std::string own_err;            // system may hang
    bool privileged = false;        // it may use the disk's reserve
    std::int64_t output_limit = 0;  // of what is spooled; 0: none
    std::string full_disk;          // the first of its outputs that was seen on a full disk
    std::int64_t deadline_us = 0;   // in deadlines_: no process by then, end of the wall time, KILL after
                                    // TERM, or look again
    wire::StopCause stop_cause = wire::NOT_STOPPED;
    std::string stop_reason;
    std::int64_t kill_at_us = 0;  // of a stop that came before it was heard of
    std::string never_started;
    std::unique_ptr<ControlDir> control;  // null: it does not save
    int saved_exit_code = 0;              // by which it says so; 0: none
    int notice_signal = 0;
    bool notice_to_group = false;
    bool several_nodes = false;                       // are its attempt's: another may hear of a notice first
    bool noticed = false;                             // ever
    bool told = false;                                // and that was not withdrawn
    std::int64_t signal_wait_us = 0;                  // of the notice's signal, see notice-patience
    std::int64_t signal_by_us = 0;                    // then at the latest; 0: it does not run yet
    std::int64_t blocked_since_us = 0;                // that signal, as far as was seen; 0: it is not
    SavedState saved;                                 // as it was seen last
    std::int64_t told_work_from_ns = 0;               // of what was told
    std::vector<std::pair<int, bool>> early_signals;  // number, to the group: to be sent once it runs
    int wait_status = 0;
    wire::Ended ended;
  };

  struct Postponed {
    wire::StartTask start;
    std::int64_t since_us = 0;
    std::int64_t next_us = 0;
  };

  explicit TaskRunner(TaskRunnerParts parts);
  Status OpenLog();
  Status StartWitnesses();
  std::vector<wire::LogRecord> LiveRecords() const;
  static wire::TaskStatus StatusOf(const Task& task);

  // task_start.cc
  bool AnsweredAlready(const wire::StartTask& start);
  // `since_us`: of the first try.
  Status TryStart(const wire::StartTask& start, std::int64_t since_us);
  Status PrepareFiles(PlannedLaunch& plan, Task& task);
  Status PrepareCgroup(PlannedLaunch& plan, Task& task);
  void GiveCpus(PlannedLaunch& plan);
  Status Prepare(PlannedLaunch& plan, Task& task);
  void RefuseStart(const wire::StartTask& start, wire::StopCause cause, const std::string& reason);

  // task_words.cc
  void Hear(Task& task);
  void AskToSave(Task& task);
  void HearStarting();
  void OnStarted(Task& task, pid_t pid);
  void OnExecutes(Task& task);
  void OnNotStarted(Task& task, const Word& word);
  void OnEndSeen(Task& task, const Word& word);
  void OnWitnessGone(Task& task);
  bool FindItsProcess(Task& task);
  void StartAgain(const worker::AttemptKey& key);
  void GiveUpWitness(Task& task);

  // task_postpone.cc
  // `since_us`: of the first try; 0: this is it.
  void StartOrPostpone(const wire::StartTask& start, std::int64_t since_us);
  // Or hands it back if that was long enough. `first`: it is told in the log.
  void Postpone(const wire::StartTask& start, std::int64_t since_us, bool first, const std::string& reason);
  void RetryPostponed(std::int64_t now);
  bool RefusePostponed(const worker::AttemptKey& key, wire::StopCause cause, const std::string& reason);
  void RefuseAllPostponed(wire::StopCause cause, const std::string& reason);
  void ListPostponed(std::vector<wire::TaskStatus>& all) const;
  std::int64_t NextRetry() const;

  // task_notice.cc
  static Status PrepareControl(const PlannedLaunch& plan, Task& task);
  static void TakeReport(Task& task);
  void Withdraw(Task& task);
  void TellBySignal(Task& task, std::int64_t remaining_us);
  void SignalThoseNoticed(std::int64_t now);
  bool SignalNoticed(const worker::AttemptKey& key, std::int64_t now);
  bool MindsSignal(Task& task, std::int64_t now) const;
  void LookAtSaves(Task& task);
  static void FillSavedOf(const Task& task, wire::TaskStatus& status);

  // task_output.cc
  Status PrepareSpooledOutput(PlannedLaunch& plan, Task& task);
  static void RememberOutput(const PlannedLaunch& plan, Task& task);
  void NameOutput(Task& task);
  bool LeaveOutput(Task& task);
  void LookAtOutput(Task& task);
  void LookAtOutputs(std::int64_t now);
  void TellOfFullDisk(Task& task);

  // task_end.cc
  void BeginStop(Task& task, wire::StopCause cause, std::int64_t grace_us, const std::string& reason);
  void SignalGroup(const Task& task, int signal);
  void KillEverythingOf(Task& task);
  void OnMainOver(Task& task, const SeenExit& exit);
  bool Swept(Task& task);
  void SweepTasks();
  void Finish(Task& task);
  void NameFailedRank(Task& task);
  void DescribeEnd(Task& task);

  void SetDeadline(Task& task, std::int64_t at_us);
  Task* Find(const worker::AttemptKey& key);
  void Compact();

  TaskRunnerParts parts_;
  std::unique_ptr<TaskLog> log_;
  std::optional<TaskSlots> slots_;
  std::optional<WitnessPool> witnesses_;
  SpareOutputs spares_;
  Descendants descendants_;
  CpuBinder cpus_;
  std::map<worker::AttemptKey, Task> tasks_;
  std::map<worker::AttemptKey, Postponed> postponed_;  // none of these is in tasks_
  std::set<worker::AttemptKey> starting_;              // in this phase
  std::set<worker::AttemptKey> start_again_;           // of those: they have no process, nor will have
  std::unordered_map<pid_t, Task*> by_pid_;            // main processes that are not known to be over
  std::unordered_map<pid_t, Task*> by_session_;        // until the task is swept
  std::set<std::pair<std::int64_t, worker::AttemptKey>> deadlines_;
  std::set<worker::AttemptKey> sweeping_;
  bool sweep_ = false;                             // in this turn
  std::vector<worker::AttemptKey> awaiting_sync_;  // ended, not yet durably so
  std::vector<wire::TaskStatus> reports_;
  // The newest remembered_attempts, with the newest incarnation when that happened.
  std::map<worker::AttemptKey, std::uint64_t> acknowledged_;
  std::deque<worker::AttemptKey> acknowledged_order_;
  EndedGroups ended_groups_;
  std::uint64_t newest_incarnation_ = 0;  // of launches
  std::int64_t retry_commit_at_us_ = 0;
  std::int64_t next_look_us_ = 0;
  std::set<worker::AttemptKey> to_signal_;  // noticed, and their programs do not mind the signal yet
  std::int64_t next_signal_us_ = 0;         // when they are looked at
  bool output_limit_told_ = false;
  std::size_t live_ = 0;  // tasks not kEnded
};

}  // namespace bsub::spawner
