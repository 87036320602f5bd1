// TaskRunner: what witnesses say of their tasks, and what becomes of a task whose witness says nothing.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "worker/spawner/files.h"
#include "worker/spawner/log_line.h"
#include "worker/spawner/slot_record.h"
#include "worker/spawner/task_runner.h"

namespace bsub::spawner {

void TaskRunner::OnWitness(int fd) {
  for (const Heard& heard : witnesses_->Hear(fd)) {
    Task* const task = Find(heard.task);
    if (task == nullptr || task->witness != fd) continue;  // given up
    if (!heard.word) {
      OnWitnessGone(*task);
    } else if (heard.word->kind == WordKind::kStarted) {
      OnStarted(*task, heard.word->pid);
    } else if (heard.word->kind == WordKind::kExecutes) {
      OnExecutes(*task);
    } else if (heard.word->kind == WordKind::kNotStarted) {
      OnNotStarted(*task, *heard.word);
    } else {
      OnEndSeen(*task, *heard.word);
    }
  }
}

// Before it is decided about: what was said already counts.
void TaskRunner::Hear(Task& task) {
  if (task.witness >= 0) OnWitness(task.witness);
}

void TaskRunner::HearStarting() {
  for (const worker::AttemptKey& key : std::set<worker::AttemptKey>(starting_)) Hear(tasks_.at(key));
}

void TaskRunner::OnStarted(Task& task, pid_t pid) {
  if (task.pid != 0) return;  // its slot said so before
  task.pid = pid;
  task.order.Clear();
  by_pid_[pid] = &task;
  by_session_[pid] = &task;
  const bool stops = task.stop_cause != wire::NOT_STOPPED;
  if (task.kill_once_there) return KillEverythingOf(task);
  if (stops) SignalGroup(task, SIGTERM);
  // From here on its own deadline counts, be it that of the stop.
  SetDeadline(task, stops                  ? BootTimeUs() + task.stop_grace_us
                    : task.walltime_us > 0 ? BootTimeUs() + task.walltime_us
                                           : 0);
}

void TaskRunner::OnExecutes(Task& task) {
  if (task.phase != Phase::kStarting) return;
  starting_.erase(task.key);
  task.phase = Phase::kRunning;
  task.started = true;
  reports_.push_back(StatusOf(task));
  for (const auto& [number, group] : std::exchange(task.early_signals, {}))
    kill(group ? -task.pid : task.pid, number);
}

void TaskRunner::OnNotStarted(Task& task, const Word& word) {
  task.never_started = word.reason;
  if (word.cause != wire::NOT_STOPPED && task.stop_cause == wire::NOT_STOPPED) task.stop_cause = word.cause;
}

void TaskRunner::OnEndSeen(Task& task, const Word& word) {
  task.witness = -1;
  if (task.pid == 0) return StartAgain(task, true);
  if (word.killed && task.stop_cause == wire::NOT_STOPPED) {
    task.stop_cause = wire::LEASE_LOST;
    task.stop_reason = "the scheduler was silent for a whole lease, and the node's spawner did nothing";
  }
  if (word.out_full) task.full_disk = task.own_out;
  if (task.full_disk.empty() && word.err_full) task.full_disk = task.own_err;
  if (by_pid_.erase(task.pid) != 0) OnMainOver(task, word.exit);
}

// Its main process is ours now, if there is one that the witness has not reaped.
void TaskRunner::OnWitnessGone(Task& task) {
  task.witness = -1;
  if (task.pid == 0 && !FindItsProcess(task)) return StartAgain(task, false);
  // The end of the stream without a word: it executes.
  if (task.phase == Phase::kStarting && task.never_started.empty()) OnExecutes(task);
  siginfo_t info{};
  const bool ours = waitid(P_PID, static_cast<id_t>(task.pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0;
  if (ours || by_pid_.erase(task.pid) == 0) return;
  LogLine("event=witness-lost task=" + ToString(task.key) + " note=\"its slot says how the task ended\"");
  const auto exit = DecodeExit(task.key, ReadSlot(slots_->fd(), *task.slot, SlotLine::kExit));
  OnMainOver(task, exit.value_or(SeenExit{.wait_status = SIGKILL}));
}

// The process may have recorded itself and said nothing yet.
bool TaskRunner::FindItsProcess(Task& task) {
  const auto found = DecodeTask(ReadSlot(slots_->fd(), *task.slot, SlotLine::kTask));
  if (!found || !(found->key == task.key) || found->incarnation != task.incarnation) return false;
  OnStarted(task, found->pid);
  return true;
}

// There was no process, or one that will execute nothing. `slot_is_free`: it is known to be over.
void TaskRunner::StartAgain(Task& task, bool slot_is_free) {
  const worker::AttemptKey key = task.key;
  const std::string reason =
      task.never_started.empty() ? "the task's witness died before it began" : task.never_started;
  const wire::StopCause cause = task.stop_cause;
  const std::string stop_reason = task.stop_reason;
  const std::int64_t since_us = task.ordered_us;
  const wire::StartTask order = std::move(task.order);
  SetDeadline(task, 0);
  cpus_.Give(key);
  if (slot_is_free) slots_->Give(*task.slot);
  if (!task.script_path.empty()) unlink(task.script_path.c_str());
  if (!task.cgroup.empty()) cgroups_to_remove_.push_back(task.cgroup);
  starting_.erase(key);
  tasks_.erase(key);
  --live_;
  if (cause != wire::NOT_STOPPED && cause != wire::NODE_FAULT) return RefuseStart(order, cause, stop_reason);
  Postpone(order, since_us, true, reason);
}

// It has not begun with its order in its time, or cannot be stopped otherwise.
void TaskRunner::GiveUpWitness(Task& task) {
  const worker::AttemptKey key = task.key;
  Hear(task);
  if (Task* const now = Find(key); now != &task || task.pid != 0 || task.witness < 0) return;
  LogLine("event=witness-killed task=" + ToString(key) + " reason=\"it has not begun with its task\"");
  const int witness = std::exchange(task.witness, -1);
  witnesses_->Kill(witness);
  if (!FindItsProcess(task)) StartAgain(task, false);
}

}  // namespace bsub::spawner
