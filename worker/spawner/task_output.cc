// TaskRunner: task output while it is written: spooled files are kept below their limit, and a full disk is
// noticed. Files outside the spool are never touched here; witness.h says who does.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "common/utf8.h"
#include "jobs/units.h"
#include "worker/launch/output_path.h"
#include "worker/spawner/files.h"
#include "worker/spawner/log_line.h"
#include "worker/spawner/spool_disk.h"
#include "worker/spawner/task_runner.h"

namespace bsub::spawner {

// Before the fork: what fails here is the node's fault and is answered so.
Status TaskRunner::PrepareSpooledOutput(PlannedLaunch& plan, Task& task) {
  if (plan.own_out) return OkStatus();
  BSUB_ASSIGN_OR_RETURN(plan.child.out.path, spares_.Prepare(*task.slot, plan.key, plan.child));
  task.spare = true;
  return OkStatus();
}

// While it runs, and at the latest at its end if there is something in it.
void TaskRunner::NameOutput(Task& task) {
  if (!task.spare) return;
  auto named = spares_.Name(*task.slot, task.key);
  if (!named) {
    LogLine("event=output-not-named task=" + ToString(task.key) + " error=\"" + named.error().message + "\"");
    return;
  }
  task.spooled = std::move(*named);
  task.spare = false;
}

// At its end. False: there is something in the file of its slot that could not be moved away.
bool TaskRunner::LeaveOutput(Task& task) {
  if (!task.spare || spares_.IsEmpty(*task.slot)) return true;
  NameOutput(task);
  return !task.spare;
}

void TaskRunner::RememberOutput(const PlannedLaunch& plan, Task& task) {
  task.privileged = plan.child.uid == 0;
  task.output_limit = plan.launch.max_output_bytes();
  (plan.own_out ? task.own_out : task.spooled) = plan.child.out.path;
  if (plan.own_err) task.own_err = plan.child.err.path;
}

void TaskRunner::LookAtOutput(Task& task) {
  if (task.spooled.empty()) return;  // its own files are for the witness to look at
  if (task.full_disk.empty() && IsDiskFull(parts_.dir->fd(), task.spooled, task.privileged)) {
    NameOutput(task);  // people are told of it
    task.full_disk = task.spooled;
  }
  const std::string& path = task.spooled;
  if (task.output_limit <= 0) return;
  struct stat info {};
  if (fstatat(parts_.dir->fd(), path.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode))
    return;
  if (info.st_size <= task.output_limit) return;
  const UniqueFd fd(openat(parts_.dir->fd(), path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY));
  if (!fd.valid()) return;
  const std::int64_t dropped = DropMiddle(fd.get(), task.output_limit);
  if (dropped > 0) {
    LogLine("event=output-dropped task=" + ToString(task.key) + " bytes=" + std::to_string(dropped) +
            " limit=" + std::to_string(task.output_limit));
  } else if (errno == EOPNOTSUPP && !std::exchange(output_limit_told_, true)) {
    LogLine("event=output-not-limited file=" + path + " reason=\"its file system cannot give room back\"");
  }
}

void TaskRunner::LookAtOutputs(std::int64_t now) {
  if (now < next_look_us_) return;
  next_look_us_ = now + parts_.settings->output_look_us;
  for (auto& [key, task] : tasks_) {
    if (task.phase != Phase::kRunning && task.phase != Phase::kSweeping) continue;
    NameOutput(task);
    LookAtOutput(task);
    if (task.phase == Phase::kRunning) LookAtSaves(task);
  }
}

bool TaskRunner::Knows(JobId job) const {
  const auto knows = [job](const auto& known) {
    const auto first = known.lower_bound(worker::AttemptKey{job, 0, 0});
    return first != known.end() && first->first.job == job;
  };
  return knows(tasks_) || knows(postponed_);
}

// A program that does not check its writes succeeds although nobody will read what it said.
void TaskRunner::TellOfFullDisk(Task& task) {
  LookAtOutput(task);
  if (task.full_disk.empty()) return;
  const std::string shown =
      task.full_disk.starts_with('/') ? task.full_disk : parts_.dir->path() + "/" + task.full_disk;
  std::string reason = "the disk of its output '" + shown +
                       "' was full: what it wrote last may be missing; make room there and run it again";
  if (!task.ended.reason().empty()) reason = task.ended.reason() + "; " + reason;
  task.ended.set_reason(ToUtf8(reason));
  LogLine("event=output-disk-full task=" + ToString(task.key) + " file=\"" + shown + "\"");
}

}  // namespace bsub::spawner
