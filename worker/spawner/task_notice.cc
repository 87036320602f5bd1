// TaskRunner: tasks whose node is taken away. Their programs are told by their control directories, and by
// the signal that their launch names.
#include <signal.h>

#include <algorithm>

#include "worker/spawner/control_dir.h"
#include "worker/spawner/files.h"
#include "worker/spawner/log_line.h"
#include "worker/spawner/task_runner.h"

namespace bsub::spawner {

Status TaskRunner::PrepareControl(const PlannedLaunch& plan, Task& task) {
  if (plan.control_dir.empty()) return OkStatus();
  const ControlOwner owner{plan.child.change_user, plan.child.uid, plan.child.gid};
  BSUB_ASSIGN_OR_RETURN(task.control,
                        ControlDir::Make(plan.control_dir, owner, plan.launch.checkpoint().interval_us()));
  task.saved_exit_code = plan.launch.checkpoint().exit_code();
  task.notice_signal = plan.launch.checkpoint().signal();
  task.notice_to_group = plan.launch.checkpoint().signal_group();
  return OkStatus();
}

// A later notice may bring another time; the signal comes once.
void TaskRunner::Notice(const wire::NoticeTask& notice) {
  Task* task = Find(KeyOf(notice.attempt()));
  if (task == nullptr || !task->control) return;
  Hear(*task);
  if (task->phase != Phase::kStarting && task->phase != Phase::kRunning) return;
  const std::int64_t remaining_us = notice.ends_us() - BootTimeUs();
  if (const auto written = task->control->Notice(notice.reason(), remaining_us); !written)
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

// What the program has said of its state is believed before its exit code: mpirun does not carry those
// faithfully.
void TaskRunner::TakeReport(Task& task) {
  if (!task.control) return;
  const SavedState saved = task.control->ReadReport();
  wire::Ended& ended = task.ended;
  ended.set_generation(saved.generation);
  if (saved.unsaved_us) ended.set_unsaved_us(*saved.unsaved_us);
  const bool went_on = ended.kind() == wire::EXITED || ended.kind() == wire::SIGNALLED;
  if (saved.stopped && task.noticed && went_on && task.saved_exit_code != 0) {
    ended.set_kind(wire::EXITED);
    ended.set_code(task.saved_exit_code);
    ended.set_reason((saved.fell_back ? "stopped without a save, back to generation " : "stopped at generation ") +
                     std::to_string(saved.generation));
  }
  const bool says_saved =
      ended.kind() == wire::EXITED && ended.code() == task.saved_exit_code && task.saved_exit_code != 0;
  if (!says_saved) return;
  if (!saved.fell_back) return ended.set_unsaved_us(0);
  if (!saved.unsaved_us) ended.set_unsaved_us(std::max<std::int64_t>(ended.elapsed_us(), 1));
}

}  // namespace bsub::spawner
