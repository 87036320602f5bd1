// TaskRunner: tasks whose node is taken away. Their programs are told by their control directories, and by
// the signal that their launch names.
#include <signal.h>

#include <algorithm>

#include "common/utf8.h"
#include "worker/spawner/control_dir.h"
#include "worker/spawner/files.h"
#include "worker/spawner/log_line.h"
#include "worker/spawner/proc_fs.h"
#include "worker/spawner/task_runner.h"

namespace bsub::spawner {
namespace {

// The nodes of an attempt are told of a notice by one scheduler, one after another: the messages' ways differ
// by much less. The scheduler itself compares with the moment at which it decided.
constexpr std::int64_t kNoticeSkewUs = 10'000'000;

// As ages: the times are of this machine alone. `Message`: one with the fields of SavedState of the wire.
template <typename Message>
void FillSaved(const SavedState& saved, Message& message) {
  const std::int64_t now_ns = control::MonotonicNs();
  const auto age_us = [now_ns](std::int64_t at_ns) {
    return std::max<std::int64_t>(now_ns - at_ns, 0) / 1000;
  };
  message.set_generation(saved.generation);
  if (saved.work_from_ns > 0) message.set_unsaved_us(age_us(saved.work_from_ns));
  if (saved.committed_ns > 0) message.set_save_age_us(age_us(saved.committed_ns));
}

std::string NotSaved(const SavedState& saved) {
  const std::string why = saved.failure.empty() ? "nothing was committed after the notice" : saved.failure;
  const std::string from = saved.generation == 0
                               ? "nothing was ever saved in its own store"
                               : "the job goes on from generation " + std::to_string(saved.generation);
  return "it stopped for the notice without having saved: " + why + "; " + from;
}

}  // namespace

Status TaskRunner::PrepareControl(const PlannedLaunch& plan, Task& task) {
  if (plan.control_dir.empty()) return OkStatus();
  const v1::LaunchCheckpoint& checkpoint = plan.launch.checkpoint();
  const bool gang = plan.launch.gang().nodes_size() > 1;
  const ControlTimes times{checkpoint.interval_us(), checkpoint.mean_interruption_us(),
                           gang ? kNoticeSkewUs : 0};
  const ControlOwner owner{plan.child.change_user, plan.child.uid, plan.child.gid};
  BSUB_ASSIGN_OR_RETURN(task.control,
                        ControlDir::Make(plan.control_dir, owner, times, checkpoint.directory()));
  task.several_nodes = gang;
  task.saved_exit_code = plan.launch.checkpoint().exit_code();
  task.notice_signal = plan.launch.checkpoint().signal();
  task.notice_to_group = plan.launch.checkpoint().signal_group();
  return OkStatus();
}

// The node stays. A program that has seen the notice, or got the signal, may save and end all the same.
void TaskRunner::Withdraw(Task& task) {
  if (!std::exchange(task.told, false)) return;
  to_signal_.erase(task.key);
  task.control->Withdraw();
  LogLine("event=notice-withdrawn task=" + ToString(task.key));
}

// A later notice may bring another time; the signal comes once.
void TaskRunner::Notice(const wire::NoticeTask& notice) {
  const worker::AttemptKey key = KeyOf(notice.attempt());
  const bool only_save = notice.reason() == control::ToString(control::Reason::kRebalance);
  // One that could not be started yet need not be started here any more.
  if (!notice.withdrawn() && !only_save &&
      RefusePostponed(key, wire::NODE_FAULT, "the node could not start it until it was to be taken away"))
    return;
  Task* task = Find(key);
  if (task == nullptr || !task->control) return;
  Hear(*task);
  if (task->phase != Phase::kStarting && task->phase != Phase::kRunning) return;
  if (notice.withdrawn()) return Withdraw(*task);
  if (only_save) return AskToSave(*task);
  const std::int64_t remaining_us = notice.ends_us() - BootTimeUs();
  if (const auto written = task->control->Notice(notice.reason(), remaining_us, notice.action()); !written)
    LogLine("event=notice-not-written task=" + ToString(task->key) + " error=\"" + written.error().message +
            "\"");
  task->noticed = true;
  if (std::exchange(task->told, true)) return;
  LogLine("event=notice task=" + ToString(task->key) + " reason=" + notice.reason() +
          " remaining_us=" + std::to_string(remaining_us));
  if (task->notice_signal != 0) TellBySignal(*task, remaining_us);
}

// A program that has only just begun may not mind the signal yet, which would end it.
void TaskRunner::TellBySignal(Task& task, std::int64_t remaining_us) {
  task.signal_wait_us =
      std::min(parts_.settings->notice_patience_us, std::max<std::int64_t>(remaining_us, 0) / 2);
  task.signal_by_us = task.blocked_since_us = 0;
  const std::int64_t now = BootTimeUs();
  if (SignalNoticed(task.key, now)) return;
  if (to_signal_.empty()) next_signal_us_ = now + parts_.settings->notice_again_us;
  to_signal_.insert(task.key);
}

void TaskRunner::SignalThoseNoticed(std::int64_t now) {
  if (to_signal_.empty() || now < next_signal_us_) return;
  next_signal_us_ = now + parts_.settings->notice_again_us;
  std::erase_if(to_signal_, [&](const worker::AttemptKey& key) { return SignalNoticed(key, now); });
}

// Who cannot be looked at gets it at once. A shell blocks all signals for the moment in which it starts a
// command; whose threads take them by sigwait(3), or who has a signalfd(2), blocks them for ever. A main
// thread that is in sigwait itself looks as if it did nothing about them: it gets them when patience is over.
bool TaskRunner::MindsSignal(Task& task, std::int64_t now) const {
  constexpr std::int64_t kMomentOfPatience = 20;  // the 20th part of it: half a second
  const auto masks = ProcFs().Signals(task.pid);
  if (!masks || masks->Minds(task.notice_signal)) return true;
  if (!masks->Blocks(task.notice_signal)) {
    task.blocked_since_us = 0;
    return false;
  }
  if (task.blocked_since_us == 0) task.blocked_since_us = now;
  return now - task.blocked_since_us >= parts_.settings->notice_patience_us / kMomentOfPatience;
}

// False: not yet.
bool TaskRunner::SignalNoticed(const worker::AttemptKey& key, std::int64_t now) {
  Task* task = Find(key);
  if (task == nullptr) return true;
  if (task->phase == Phase::kStarting) return false;
  if (task->phase != Phase::kRunning) return true;
  if (task->signal_by_us == 0) task->signal_by_us = now + task->signal_wait_us;
  if (now < task->signal_by_us && !MindsSignal(*task, now)) return false;
  kill(task->notice_to_group ? -task->pid : task->pid, task->notice_signal);
  return true;
}

// A save is told when it is seen, so that it is known when the node is lost.
void TaskRunner::LookAtSaves(Task& task) {
  if (!task.control) return;
  task.saved = task.control->ReadReport();
  if (task.saved.work_from_ns == task.told_work_from_ns) return;
  task.told_work_from_ns = task.saved.work_from_ns;
  reports_.push_back(StatusOf(task));
}

void TaskRunner::FillSavedOf(const Task& task, wire::TaskStatus& status) {
  if (task.control && task.saved.work_from_ns > 0) FillSaved(task.saved, *status.mutable_saved());
}

// Without the signal: a program that knows no more would end for it.
void TaskRunner::AskToSave(Task& task) {
  if (task.noticed) return;
  LogLine("event=save-asked task=" + ToString(task.key));
  if (const auto written = task.control->AskToSave(); !written)
    LogLine("event=notice-not-written task=" + ToString(task.key) + " error=\"" + written.error().message +
            "\"");
}

// What the program has said of its state is believed before its exit code: mpirun does not carry those
// faithfully, and a program may say that it stops for the notice although its save failed.
void TaskRunner::TakeReport(Task& task) {
  if (!task.control) return;
  const SavedState saved = task.control->ReadReport();
  wire::Ended& ended = task.ended;
  FillSaved(saved, ended);
  const bool failed_at_once = !saved.failure.empty() && saved.work_from_ns == 0;  // it got no store
  const bool says_saved = ended.kind() == wire::EXITED && ended.code() == task.saved_exit_code;
  if (failed_at_once && ended.kind() == wire::EXITED && ended.code() != 0 && !says_saved &&
      ended.reason().empty())
    ended.set_reason(ToUtf8(saved.failure));
  // All of a job stops when one of its nodes has heard, and this one's notice may still be on its way.
  const bool heard_elsewhere = task.several_nodes && !task.noticed && saved.stopping && saved.stopped;
  const bool went_on = ended.kind() == wire::EXITED || ended.kind() == wire::SIGNALLED;
  if (!(task.noticed || heard_elsewhere) || !went_on || task.saved_exit_code == 0 ||
      !(saved.stopped || says_saved))
    return;
  const bool not_saved = (task.told || heard_elsewhere) && !saved.saved_for_notice.value_or(true);
  ended.set_not_saved(not_saved);
  if (saved.stopped) {
    ended.set_kind(wire::EXITED);
    ended.set_code(task.saved_exit_code);
  }
  if (not_saved) {
    ended.set_reason(ToUtf8(NotSaved(saved)));
  } else if (saved.stopped) {
    ended.set_reason("stopped at generation " + std::to_string(saved.generation));
  }
}

}  // namespace bsub::spawner
