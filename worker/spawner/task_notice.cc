// TaskRunner: tasks whose node is taken away. Their programs are told by their control directories, and by
// the signal that their launch names.
#include <signal.h>

#include "worker/spawner/control_dir.h"
#include "worker/spawner/files.h"
#include "worker/spawner/log_line.h"
#include "worker/spawner/task_runner.h"

namespace bsub::spawner {

Status TaskRunner::PrepareControl(const PlannedLaunch& plan, Task& task) {
  if (plan.control_dir.empty()) return OkStatus();
  const ControlOwner owner{plan.child.change_user, plan.child.uid, plan.child.gid};
  BSUB_RETURN_IF_ERROR(MakeControlDir(plan.control_dir, owner));
  task.control_dir = plan.control_dir;
  task.notice_signal = plan.launch.checkpoint().signal();
  task.notice_to_group = plan.launch.checkpoint().signal_group();
  return OkStatus();
}

// A later notice may bring another time; the signal comes once.
void TaskRunner::Notice(const wire::NoticeTask& notice) {
  Task* task = Find(KeyOf(notice.attempt()));
  if (task == nullptr || task->control_dir.empty()) return;
  Hear(*task);
  if (task->phase != Phase::kStarting && task->phase != Phase::kRunning) return;
  const std::int64_t remaining_us = notice.ends_us() - BootTimeUs();
  if (const auto written = WriteNotice(task->control_dir, {notice.reason(), remaining_us}); !written)
    LogLine("event=notice-not-written task=" + ToString(task->key) + " error=\"" + written.error().message +
            "\"");
  if (std::exchange(task->noticed, true)) return;
  LogLine("event=notice task=" + ToString(task->key) + " reason=" + notice.reason() +
          " remaining_us=" + std::to_string(remaining_us));
  if (task->notice_signal == 0) return;
  wire::SignalTask signal;
  *signal.mutable_attempt() = notice.attempt();
  signal.set_signal(task->notice_signal);
  signal.set_group(task->notice_to_group);
  Signal(signal);
}

}  // namespace bsub::spawner
