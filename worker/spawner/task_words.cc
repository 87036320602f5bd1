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
  const std::int64_t now = BootTimeUs();
  if (task.kill_at_us == 0) return SetDeadline(task, task.walltime_us > 0 ? now + task.walltime_us : 0);
  if (task.kill_at_us <= now) return KillEverythingOf(task);
  SignalGroup(task, SIGTERM);
  SetDeadline(task, task.kill_at_us);
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
  if (task.pid == 0) {
    start_again_.insert(task.key);
    return;
  }
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
  if (task.pid == 0 && !FindItsProcess(task)) {
    start_again_.insert(task.key);
    return;
  }
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

// At the end of the turn: whoever decides about a task in between may go on with it.
void TaskRunner::StartAgain(const worker::AttemptKey& key) {
  Task task = std::move(tasks_.at(key));
  SetDeadline(task, 0);
  cpus_.Give(key);
  slots_->Give(*task.slot);  // nobody is left who could write to it
  if (!task.script_path.empty()) unlink(task.script_path.c_str());
  if (!task.cgroup.empty()) ended_groups_.Remove(task.cgroup, BootTimeUs());
  starting_.erase(key);
  tasks_.erase(key);
  --live_;
  if (task.stop_cause != wire::NOT_STOPPED && task.stop_cause != wire::NODE_FAULT)
    return RefuseStart(task.order, task.stop_cause, task.stop_reason);
  Postpone(task.order, task.ordered_us, true,
           task.never_started.empty() ? "the task's witness died before it began" : task.never_started);
}

// It has not begun with its order in its time. Once it is dead the task is heard to be gone, or its process.
void TaskRunner::GiveUpWitness(Task& task) {
  Hear(task);
  if (task.pid != 0 || task.witness < 0 || FindItsProcess(task)) return;
  LogLine("event=witness-killed task=" + ToString(task.key) + " reason=\"it has not begun with its task\"");
  witnesses_->Kill(task.witness);
  SetDeadline(task, BootTimeUs() + parts_.settings->launcher_patience_us);
}

}  // namespace bsub::spawner
