#include "worker/spawner/task_runner.h"

#include <algorithm>

#include "worker/spawner/control_dir.h"
#include "worker/spawner/files.h"
#include "worker/spawner/log_line.h"

namespace bsub::spawner {
namespace {

constexpr int kLogFormat = 1;

// What a task's beginnings leave behind in the memory of its witness (vfork(2)) goes with it. No setting: it
// only has to be so many that making one is a small part of them.
constexpr std::uint32_t kTasksPerWitness = 256;

}  // namespace

TaskRunner::TaskRunner(TaskRunnerParts parts)
    : parts_(std::move(parts)),
      spares_(parts_.dir->fd()),
      descendants_(ProcFs()),
      cpus_(parts_.settings->bind_cpus ? OwnCpus() : std::vector<std::uint32_t>()),
      ended_groups_(*parts_.cgroups, parts_.settings->sweep_again_us) {}

Result<std::unique_ptr<TaskRunner>> TaskRunner::Create(TaskRunnerParts parts,
                                                       std::vector<wire::TaskStatus> unacknowledged) {
  std::unique_ptr<TaskRunner> runner(new TaskRunner(std::move(parts)));
  for (wire::TaskStatus& status : unacknowledged) {
    Task& task = runner->tasks_[KeyOf(status.attempt())];
    task.key = KeyOf(status.attempt());
    task.incarnation = status.incarnation();
    task.phase = Phase::kEnded;
    task.pid = static_cast<pid_t>(status.pid());
    task.started = status.started();
    task.ended = std::move(*status.mutable_ended());
  }
  ClearControlDirs(runner->parts_.dir->ControlDir());
  BSUB_RETURN_IF_ERROR(runner->OpenLog());
  runner->parts_.scratch->Clear();
  // Ends that the slots of before told of are in the log by now.
  BSUB_ASSIGN_OR_RETURN(runner->slots_, TaskSlots::Create(runner->parts_.dir->SlotsPath()));
  BSUB_RETURN_IF_ERROR(runner->StartWitnesses());
  return runner;
}

Status TaskRunner::StartWitnesses() {
  WitnessDuty duties;
  duties.spawner = parts_.spawner_pidfd;
  duties.slots = slots_->fd();
  duties.lease = parts_.lease;
  duties.cgroups = parts_.cgroups.get();
  duties.sweep_deadline_us = parts_.settings->leftover_deadline_us;
  duties.look_deadline_us = parts_.settings->output_look_us;
  const Settings& settings = *parts_.settings;
  witnesses_.emplace(
      Launcher(std::move(duties), parts_.dir->fd(), settings.launcher_patience_us), *parts_.poller,
      WitnessPoolSettings{settings.idle_witnesses, kTasksPerWitness, settings.launcher_patience_us});
  return witnesses_->Start();
}

Status TaskRunner::OpenLog() {
  auto log = TaskLog::Create(parts_.dir->LogPath(), parts_.settings->sync, LiveRecords());
  if (!log) return log.error();
  log_ = std::make_unique<TaskLog>(std::move(*log));
  return OkStatus();
}

std::vector<wire::LogRecord> TaskRunner::LiveRecords() const {
  std::vector<wire::LogRecord> records(1);
  records[0].mutable_session()->set_format(kLogFormat);
  records[0].mutable_session()->set_spawner_id(parts_.spawner_id);
  records[0].mutable_session()->set_boot_id(parts_.boot_id);
  for (const auto& [key, task] : tasks_) {
    if (task.phase == Phase::kEnded) *records.emplace_back().mutable_ended() = StatusOf(task);
  }
  return records;
}

wire::TaskStatus TaskRunner::StatusOf(const Task& task) {
  wire::TaskStatus status;
  ToWire(task.key, status.mutable_attempt());
  status.set_incarnation(task.incarnation);
  status.set_pid(task.pid);
  status.set_started(task.started);
  if (task.phase == Phase::kEnded) {
    *status.mutable_ended() = task.ended;
  } else {
    FillSavedOf(task, status);
  }
  return status;
}

std::vector<wire::TaskStatus> TaskRunner::List() const {
  std::vector<wire::TaskStatus> all;
  all.reserve(tasks_.size());
  const std::set<worker::AttemptKey> hidden(awaiting_sync_.begin(), awaiting_sync_.end());
  for (const auto& [key, task] : tasks_) {
    all.push_back(StatusOf(task));
    if (hidden.count(key) != 0) all.back().clear_ended();  // it will be reported once it is durable
  }
  ListPostponed(all);
  return all;
}

TaskRunner::Task* TaskRunner::Find(const worker::AttemptKey& key) {
  const auto it = tasks_.find(key);
  return it == tasks_.end() ? nullptr : &it->second;
}

void TaskRunner::Acknowledge(const worker::AttemptKey& key) {
  const Task* task = Find(key);
  if (task == nullptr || task->phase != Phase::kEnded) return;
  wire::LogRecord record;
  ToWire(key, record.mutable_acked());
  log_->Add(record);
  const std::uint64_t newest = std::max(newest_incarnation_, task->incarnation);
  tasks_.erase(key);
  if (acknowledged_.insert_or_assign(key, newest).second) acknowledged_order_.push_back(key);
  if (acknowledged_order_.size() > parts_.settings->remembered_attempts) {
    acknowledged_.erase(acknowledged_order_.front());
    acknowledged_order_.pop_front();
  }
}

void TaskRunner::SetDeadline(Task& task, std::int64_t at_us) {
  if (task.deadline_us != 0) deadlines_.erase({task.deadline_us, task.key});
  task.deadline_us = at_us;
  if (at_us != 0) deadlines_.insert({at_us, task.key});
}

std::int64_t TaskRunner::NextDeadline() const {
  std::int64_t first = deadlines_.empty() ? 0 : deadlines_.begin()->first;
  const std::int64_t signals = to_signal_.empty() ? 0 : next_signal_us_;
  for (const std::int64_t at :
       {retry_commit_at_us_, NextRetry(), ended_groups_.NextTry(), live_ > 0 ? next_look_us_ : 0, signals}) {
    if (at != 0 && (first == 0 || at < first)) first = at;
  }
  return first;
}

bool TaskRunner::MayEnd() const {
  return live_ == 0 && deadlines_.empty() && retry_commit_at_us_ == 0 && NextRetry() == 0 &&
         !ended_groups_.ExpectsSoon();
}

void TaskRunner::Commit() {
  for (const worker::AttemptKey& key : std::exchange(start_again_, {})) StartAgain(key);
  if (std::exchange(sweep_, false)) SweepTasks();
  if (retry_commit_at_us_ != 0 && BootTimeUs() < retry_commit_at_us_) return;
  if (const auto committed = log_->Commit(); !committed) {
    // Without a record no end may be told: ends wait for room.
    LogLine("event=log-failed error=\"" + committed.error().message + "\"");
    log_->DropUncommitted();
    for (const worker::AttemptKey& key : awaiting_sync_) {
      wire::LogRecord record;
      *record.mutable_ended() = StatusOf(tasks_.at(key));
      log_->Add(record);
    }
    retry_commit_at_us_ = BootTimeUs() + parts_.settings->try_again_us;
    return;
  }
  retry_commit_at_us_ = 0;
  for (const worker::AttemptKey& key : awaiting_sync_) {
    Task& task = tasks_.at(key);
    if (task.slot) slots_->Give(*std::exchange(task.slot, std::nullopt));
    if (task.control) std::exchange(task.control, nullptr)->Remove();
    reports_.push_back(StatusOf(task));
  }
  awaiting_sync_.clear();
  if (log_->size() > parts_.settings->log_compact_bytes) Compact();
}

void TaskRunner::Compact() {
  const std::size_t before = log_->size();
  const Status opened = OpenLog();
  if (!opened) return LogLine("event=log-not-compacted error=\"" + opened.error().message + "\"");
  LogLine("event=log-compacted from=" + std::to_string(before) + " to=" + std::to_string(log_->size()));
}

void TaskRunner::OnTimer() {
  const std::int64_t now = BootTimeUs();
  bool sweep = false;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    Task& task = tasks_.at(deadlines_.begin()->second);
    SetDeadline(task, 0);
    if (task.phase == Phase::kSweeping) {
      sweep = true;
    } else if (task.pid == 0) {
      GiveUpWitness(task);
    } else if (task.stop_cause == wire::NOT_STOPPED) {
      BeginStop(task, wire::WALL_TIME, task.stop_grace_us, "ran past its wall time");
    } else {
      KillEverythingOf(task);
    }
  }
  sweep_ = sweep_ || sweep;
  if (live_ > 0) LookAtOutputs(now);
  SignalThoseNoticed(now);
  RetryPostponed(now);
  ended_groups_.TryAgain(now);
}

}  // namespace bsub::spawner
