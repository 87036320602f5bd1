// TaskRunner: how tasks start.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "common/utf8.h"
#include "worker/launch/output_path.h"
#include "worker/spawner/files.h"
#include "worker/spawner/log_line.h"
#include "worker/spawner/spool_disk.h"
#include "worker/spawner/task_runner.h"

namespace bsub::spawner {

void TaskRunner::Start(const wire::StartTask& start) {
  if (AnsweredAlready(start)) return;
  StartOrPostpone(start, 0);
}

void TaskRunner::Decline(const wire::StartTask& start, wire::StopCause cause, const std::string& reason) {
  if (!AnsweredAlready(start)) RefuseStart(start, cause, reason);
}

// A repeated launch is not an error: the first answer may have been lost.
bool TaskRunner::AnsweredAlready(const wire::StartTask& start) {
  const worker::AttemptKey key = KeyOf(start.attempt());
  if (postponed_.count(key) != 0) return true;  // it is being tried
  if (const auto over = acknowledged_.find(key); over != acknowledged_.end()) {
    // What is over is not launched again, unless the scheduler's journal has lost its end: then incarnations
    // are higher than any that was given out before.
    const auto plan = PlanLaunch(start, parts_.rules);
    if (plan && plan->launch.incarnation() > over->second) {
      LogLine("event=attempt-anew task=" + ToString(key) +
              " reason=\"one of this name is over, in an older life\"");
      acknowledged_.erase(over);
      return false;
    }
    LogLine("event=launch-ignored task=" + ToString(key) + " reason=\"it is over and acknowledged\"");
    return true;
  }
  const Task* task = Find(key);
  if (task == nullptr) return false;
  const bool durable = task->phase != Phase::kEnded ||
                       std::find(awaiting_sync_.begin(), awaiting_sync_.end(), key) == awaiting_sync_.end();
  if (durable && (task->started || task->phase == Phase::kEnded)) reports_.push_back(StatusOf(*task));
  return true;
}

Status TaskRunner::TryStart(const wire::StartTask& start, std::int64_t since_us) {
  if (tasks_.size() >= parts_.settings->max_tasks) {
    return ResourceExhausted("the node has " + std::to_string(tasks_.size()) +
                             " tasks that run or are unacknowledged, the limit (--max-tasks)");
  }
  BSUB_ASSIGN_OR_RETURN(PlannedLaunch plan, PlanLaunch(start, parts_.rules));
  if (plan.launch.incarnation() < newest_incarnation_) {
    return FailedPrecondition("the launch is of the node's incarnation " +
                              std::to_string(plan.launch.incarnation()) + ", it has had " +
                              std::to_string(newest_incarnation_) + " since");
  }
  newest_incarnation_ = plan.launch.incarnation();
  BSUB_RETURN_IF_ERROR(CheckRoom(parts_.dir->fd(), parts_.dir->path(), parts_.settings->min_free));
  BSUB_RETURN_IF_ERROR(log_->Reserve());
  Task fresh;
  fresh.key = plan.key;
  fresh.incarnation = plan.launch.incarnation();
  fresh.marker = plan.marker;
  fresh.script_path = plan.script_path;
  fresh.walltime_us = plan.launch.walltime_us();
  fresh.stop_grace_us =
      plan.launch.has_stop_grace_us() ? plan.launch.stop_grace_us() : parts_.settings->default_stop_grace_us;
  fresh.mem_bytes = plan.launch.mem_bytes();
  BSUB_ASSIGN_OR_RETURN(fresh.slot, slots_->Take());
  if (Status given = Prepare(plan, fresh); !given) {
    slots_->Give(*fresh.slot);
    if (!fresh.scratch.empty()) parts_.scratch->Remove(fresh.scratch);
    return given;
  }
  fresh.order = start;
  fresh.ordered_us = since_us;
  Task& task = tasks_[plan.key] = std::move(fresh);
  if (++live_ == 1) next_look_us_ = BootTimeUs() + parts_.settings->output_look_us;
  starting_.insert(task.key);
  SetDeadline(task, BootTimeUs() + parts_.settings->launcher_patience_us);
  return OkStatus();
}

// The last thing that may fail is the order itself.
Status TaskRunner::Prepare(PlannedLaunch& plan, Task& task) {
  BSUB_RETURN_IF_ERROR(PrepareFiles(plan, task));
  BSUB_RETURN_IF_ERROR(PrepareControl(plan, task));
  RememberOutput(plan, task);
  BSUB_RETURN_IF_ERROR(PrepareCgroup(plan, task));
  if (plan.child.cpus.empty()) GiveCpus(plan);
  const LaunchOrder order{std::move(plan.child),
                          plan.key,
                          plan.launch.incarnation(),
                          std::string(OwnMark(task.marker)),
                          task.cgroup,
                          *task.slot,
                          parts_.settings->sync == SyncPolicy::kAll};
  auto witness = witnesses_->Give(order);
  if (!witness) {
    cpus_.Give(plan.key);
    return witness.error();
  }
  task.witness = *witness;
  return OkStatus();
}

// Its environment says which they are: what it starts may want them one by one.
void TaskRunner::GiveCpus(PlannedLaunch& plan) {
  plan.child.cpus = cpus_.Take(plan.key, plan.launch.cpu_milli());
  std::string list;
  for (const std::uint32_t cpu : plan.child.cpus) list += (list.empty() ? "" : ",") + std::to_string(cpu);
  if (!list.empty()) plan.child.env.push_back("BSUB_TASK_CPUS=" + list);
}

namespace {

// So that the output of any attempt is found from its key (see SpoolPath).
Status LinkToUsersFile(int state_dir, const worker::AttemptKey& key, bool standard_error,
                       const ChildPlan& plan) {
  const std::string link = worker::SpoolPath(key, standard_error);
  const std::string& target = standard_error ? plan.err.path : plan.out.path;
  mkdirat(state_dir, link.substr(0, link.rfind('/')).c_str(), 0750);
  if (symlinkat(target.c_str(), state_dir, link.c_str()) != 0 && errno != EEXIST) {
    return Unavailable(ErrnoText("cannot create in the node's spool", link));
  }
  // Its owner tells a reader whose file it may show.
  if (plan.change_user) {
    [[maybe_unused]] const int ignored =
        fchownat(state_dir, link.c_str(), plan.uid, static_cast<gid_t>(-1), AT_SYMLINK_NOFOLLOW);
  }
  return OkStatus();
}

}  // namespace

Status TaskRunner::PrepareFiles(PlannedLaunch& plan, Task& task) {
  BSUB_RETURN_IF_ERROR(PrepareSpooledOutput(plan, task));
  if (plan.own_out) BSUB_RETURN_IF_ERROR(LinkToUsersFile(parts_.dir->fd(), plan.key, false, plan.child));
  if (plan.own_err) BSUB_RETURN_IF_ERROR(LinkToUsersFile(parts_.dir->fd(), plan.key, true, plan.child));
  if (!plan.scratch.empty()) {
    BSUB_RETURN_IF_ERROR(
        parts_.scratch->Make(plan.task_name, plan.child.uid, plan.child.gid, plan.scratch_files));
    task.scratch = plan.task_name;
  }
  if (plan.script_path.empty()) return OkStatus();
  const std::string& path = plan.script_path;
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return Unavailable(ErrnoText("cannot spool the script", path));
  BSUB_RETURN_IF_ERROR(WriteAll(fd.get(), plan.launch.command().script(), path));
  const bool handed_over = !plan.child.change_user || fchown(fd.get(), plan.child.uid, plan.child.gid) == 0;
  if (!handed_over || fchmod(fd.get(), 0500) != 0)
    return Unavailable(ErrnoText("cannot spool the script", path));
  return OkStatus();
}

Status TaskRunner::PrepareCgroup(PlannedLaunch& plan, Task& task) {
  const CgroupMode mode = parts_.settings->cgroups;
  const bool limited = plan.launch.mem_bytes() > 0 && parts_.cgroups->LimitsMemory();
  if (mode == CgroupMode::kOff || (mode == CgroupMode::kLimits && !limited)) return OkStatus();
  plan.child.cgroup_join_file = parts_.cgroups->JoinFile(plan.task_name);
  if (plan.child.cgroup_join_file.empty()) return OkStatus();  // there is no tree
  task.cgroup = plan.task_name;
  ended_groups_.Keep(task.cgroup);
  return parts_.cgroups->Create(plan.task_name, plan.launch.mem_bytes());
}

void TaskRunner::RefuseStart(const wire::StartTask& start, wire::StopCause cause, const std::string& reason) {
  const worker::AttemptKey key = KeyOf(start.attempt());
  LogLine("event=never-started task=" + ToString(key) + " reason=\"" + reason + "\"");
  Task& task = tasks_[key];
  task.key = key;
  v1::Launch launch;
  if (launch.ParseFromString(start.launch())) task.incarnation = launch.incarnation();
  task.phase = Phase::kEnded;
  task.ended.set_kind(wire::NEVER_STARTED);
  task.ended.set_stop_cause(cause);
  task.ended.set_reason(ToUtf8(reason));
  wire::LogRecord record;
  *record.mutable_ended() = StatusOf(task);
  log_->Add(record);
  awaiting_sync_.push_back(key);
}

}  // namespace bsub::spawner
