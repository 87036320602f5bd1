// TaskRunner: how tasks are stopped, reaped and swept.
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "common/utf8.h"
#include "worker/launch/rank_ends.h"
#include "worker/launch/wait_status.h"
#include "worker/spawner/files.h"
#include "worker/spawner/log_line.h"
#include "worker/spawner/task_runner.h"

namespace bsub::spawner {

using worker::ShellStatus;

namespace {

// Whether a process that is not reaped has ended. It is its witness's child, so waitid(2) does not see it.
bool HasEnded(pid_t pid) {
  const worker::UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  pollfd entry{process.get(), POLLIN, 0};
  return process.valid() && poll(&entry, 1, 0) > 0;
}

}  // namespace

void TaskRunner::Stop(const worker::AttemptKey& key, std::int64_t grace_us, const std::string& reason) {
  if (RefusePostponed(key, wire::REQUESTED, reason)) return;
  Task* task = Find(key);
  if (task == nullptr || task->phase == Phase::kEnded || task->phase == Phase::kSweeping) return;
  BeginStop(*task, wire::REQUESTED, grace_us, reason);
}

void TaskRunner::StopAll(wire::StopCause cause, std::int64_t max_grace_us, const std::string& reason) {
  RefuseAllPostponed(cause, reason);
  for (auto& [key, task] : tasks_) {
    if (task.phase == Phase::kEnded || task.phase == Phase::kSweeping) continue;
    BeginStop(task, cause, std::min(task.stop_grace_us, max_grace_us), reason);
  }
}

// The first cause is the one reported; a later stop can only make it quicker.
void TaskRunner::BeginStop(Task& task, wire::StopCause cause, std::int64_t grace_us,
                           const std::string& reason) {
  Hear(task);
  const bool over = task.phase == Phase::kSweeping || task.phase == Phase::kEnded;
  if (over || (task.pid != 0 && HasEnded(task.pid))) return;  // it was quicker: its own end counts
  // One that the node could not start, and would start again, was not stopped yet.
  const bool refused = task.pid == 0 && task.stop_cause == wire::NODE_FAULT;
  const bool first = task.stop_cause == wire::NOT_STOPPED || refused;
  if (first) {
    task.stop_cause = cause;
    task.stop_reason = reason;
    LogLine("event=stop task=" + ToString(task.key) + " reason=\"" + reason + "\"");
  }
  const std::int64_t kill_at = BootTimeUs() + std::max<std::int64_t>(grace_us, 0);
  if (task.pid == 0) {  // see OnStarted
    task.kill_at_us = first ? kill_at : std::min(kill_at, task.kill_at_us);
    return;
  }
  if (grace_us <= 0) return KillEverythingOf(task);
  if (first) {
    SignalGroup(task, SIGTERM);
    SignalGroup(task, SIGCONT);  // a stopped process cannot act on TERM
  }
  SetDeadline(task, first || task.deadline_us == 0 ? kill_at : std::min(kill_at, task.deadline_us));
}

void TaskRunner::SignalGroup(const Task& task, int signal) {
  // The child may not have made its process group yet.
  if (kill(-task.pid, signal) != 0 && errno == ESRCH && by_pid_.count(task.pid) != 0) kill(task.pid, signal);
}

void TaskRunner::Signal(const wire::SignalTask& signal) {
  Task* task = Find(KeyOf(signal.attempt()));
  if (task == nullptr || signal.signal() <= 0 || signal.signal() > SIGRTMAX) return;
  Hear(*task);
  if (task->phase == Phase::kStarting) {  // before exec it would end the child
    task->early_signals.emplace_back(signal.signal(), signal.group());
  } else if (task->phase == Phase::kRunning) {
    kill(signal.group() ? -task->pid : task->pid, signal.signal());
  }
}

void TaskRunner::KillEverythingOf(Task& task) {
  if (!task.cgroup.empty()) parts_.cgroups->KillAll(task.cgroup);
  SignalGroup(task, SIGKILL);
  SetDeadline(task, BootTimeUs() + parts_.settings->kill_again_us);
}

void TaskRunner::KillAll() {
  for (auto& [key, task] : tasks_) {
    if (task.pid != 0 && task.phase != Phase::kEnded) KillEverythingOf(task);
  }
}

void TaskRunner::OnChildren() {
  for (;;) {
    int status = 0;
    rusage usage{};
    const pid_t pid = wait4(-1, &status, WNOHANG, &usage);
    if (pid < 0 && errno == EINTR) continue;
    if (pid <= 0) break;
    if (witnesses_->OnReaped(pid)) continue;
    if (by_pid_.count(pid) == 0)
      HearStarting();  // one whose witness was killed, and that is not heard of yet
    const auto it = by_pid_.find(pid);
    if (it == by_pid_.end()) {
      descendants_.Forget(pid);
      continue;
    }
    Task& task = *it->second;
    by_pid_.erase(it);
    // Its last words, if it never executed. Its witness is dead, or it would not be our child.
    Hear(task);
    OnMainOver(task, ExitFrom(status, usage));
  }
  sweep_ = true;
}

void TaskRunner::OnMainOver(Task& task, const SeenExit& exit) {
  task.phase = Phase::kSweeping;
  starting_.erase(task.key);
  task.wait_status = exit.wait_status;
  SetDeadline(task, 0);
  sweeping_.insert(task.key);
  sweep_ = true;
  task.ended.set_user_us(exit.user_us);
  task.ended.set_system_us(exit.system_us);
  task.ended.set_max_rss_bytes(exit.max_rss_bytes);
  task.ended.set_read_bytes(exit.read_bytes);
  task.ended.set_write_bytes(exit.write_bytes);
  task.ended.set_elapsed_us(exit.elapsed_us);
}

void TaskRunner::SweepTasks() {
  const bool none_alive = by_pid_.empty() && starting_.empty();
  if (sweeping_.empty() && !none_alive) return;
  Descendants::Owners owners;
  owners.is_known = [this](pid_t pid) { return by_pid_.count(pid) != 0 || witnesses_->Has(pid); };
  owners.before_asking = [this] { HearStarting(); };
  owners.by_session = [this](pid_t session) -> std::optional<worker::AttemptKey> {
    const auto it = by_session_.find(session);
    return it == by_session_.end() ? std::nullopt : std::optional(it->second->key);
  };
  owners.by_marker = [this](const std::string& marker) -> std::optional<worker::AttemptKey> {
    if (marker.empty()) return std::nullopt;
    for (const auto& [pid, task] : by_session_) {
      if (MarkerNames(marker, OwnMark(task->marker))) return task->key;
    }
    for (const auto& [pid, task] : by_session_) {  // it is our child, so no other node's
      if (!task->scratch.empty() && MarkerNamesAttempt(marker, ToString(task->key))) return task->key;
    }
    return std::nullopt;
  };
  descendants_.Refresh(owners);
  if (none_alive) descendants_.KillUnowned();
  for (auto it = sweeping_.begin(); it != sweeping_.end();) {
    Task& task = tasks_.at(*it);
    if (Swept(task)) {
      it = sweeping_.erase(it);
      Finish(task);
    } else {
      SetDeadline(task, BootTimeUs() + parts_.settings->sweep_again_us);
      ++it;
    }
  }
}

bool TaskRunner::Swept(Task& task) {
  bool gone = true;
  if (!task.session_gone) {
    // Zombies count; EPERM: only processes of another user are left, which we cannot end.
    task.session_gone = kill(-task.pid, SIGKILL) != 0;
    gone = task.session_gone;
  }
  if (descendants_.KillThoseOf(task.key)) gone = false;
  if (!task.cgroup.empty() && !parts_.cgroups->Members(task.cgroup).empty()) {
    parts_.cgroups->KillAll(task.cgroup);
    gone = false;
  }
  return gone;
}

void TaskRunner::DescribeEnd(Task& task) {
  wire::Ended& ended = task.ended;
  ended.set_stop_cause(task.stop_cause);
  ended.set_reason(ToUtf8(task.stop_reason));
  if (!task.never_started.empty()) {
    ended.set_kind(wire::NEVER_STARTED);
    ended.set_reason(ToUtf8(task.never_started));
    return;
  }
  const bool succeeded = WIFEXITED(task.wait_status) && WEXITSTATUS(task.wait_status) == 0;
  if (!task.cgroup.empty() && !succeeded && parts_.cgroups->HitMemoryLimit(task.cgroup)) {
    ended.set_kind(wire::OUT_OF_MEMORY);
    ended.set_code(ShellStatus(task.wait_status));
    ended.set_reason("killed at its memory limit of " + std::to_string(task.mem_bytes) +
                     " bytes; ask for more (-m)");
  } else if (task.stop_cause == wire::WALL_TIME) {
    ended.set_kind(wire::TIMED_OUT);
    ended.set_code(ShellStatus(task.wait_status));
  } else if (WIFSIGNALED(task.wait_status)) {
    ended.set_kind(wire::SIGNALLED);
    ended.set_code(WTERMSIG(task.wait_status));
  } else {
    ended.set_kind(wire::EXITED);
    ended.set_code(WEXITSTATUS(task.wait_status));
  }
}

// What mpirun's exit status does not tell: which rank, on which node.
void TaskRunner::NameFailedRank(Task& task) {
  wire::Ended& ended = task.ended;
  const bool failed = ended.kind() == wire::SIGNALLED || (ended.kind() == wire::EXITED && ended.code() != 0);
  if (task.scratch.empty() || !failed || ended.stop_cause() != wire::NOT_STOPPED) return;
  const std::string lines = parts_.scratch->Read(task.scratch, worker::kRankEndsName);
  ended.set_reason(ToUtf8(worker::ReasonFrom(lines)));
}

void TaskRunner::Finish(Task& task) {
  DescribeEnd(task);
  NameFailedRank(task);
  TakeReport(task);
  if (task.started) TellOfFullDisk(task);
  if (!LeaveOutput(task)) task.slot.reset();  // with the file that cannot be moved
  task.phase = Phase::kEnded;
  cpus_.Give(task.key);
  SetDeadline(task, 0);
  --live_;
  if (const auto it = by_session_.find(task.pid); it != by_session_.end() && it->second == &task) {
    by_session_.erase(it);
  }
  if (!task.script_path.empty()) unlink(task.script_path.c_str());
  if (!task.scratch.empty()) parts_.scratch->Remove(task.scratch);
  if (!task.cgroup.empty()) ended_groups_.Remove(task.cgroup, BootTimeUs());
  wire::LogRecord record;
  *record.mutable_ended() = StatusOf(task);
  log_->Add(record);
  awaiting_sync_.push_back(task.key);
}

}  // namespace bsub::spawner
