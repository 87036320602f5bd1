#include "scheduler/daemon/task_stopper.h"

#include <utility>

#include "jobs/array_spec.h"

namespace bsub::daemon {
namespace {

// How often it is looked whether all tasks have ended. No setting: their own grace is what takes time.
constexpr Duration kLookInterval = std::chrono::milliseconds(100);

std::vector<JobTarget> LiveTasks(const sched::Scheduler& scheduler) {
  std::vector<JobTarget> tasks;
  for (const auto& [id, node] : scheduler.state().nodes) {
    for (const sched::AttemptRef& attempt : scheduler.AttemptsOn(id)) {
      const sched::Job& job = scheduler.state().jobs.at(attempt.task.job);
      tasks.push_back({job.id.value(), sched::IndexOf(job, attempt.task.ordinal)});
    }
  }
  return tasks;
}

class TaskStopper : public std::enable_shared_from_this<TaskStopper> {
 public:
  TaskStopper(CoreLoop& loop, rpc::Timers& timers, Principal by, Duration timeout, std::function<void()> done)
      : loop_(loop),
        timers_(timers),
        by_(std::move(by)),
        deadline_(SteadyNow() + timeout),
        done_(std::move(done)) {}

  void Begin() {
    loop_.StopDispatching();
    const Status sent = loop_.Decide(
        [self = shared_from_this()](const rpc::CoreView& view) -> Result<sched::InputBody> {
          sched::Control control;
          control.who = self->by_;
          control.action = sched::ControlAction::kRequeue;
          control.targets = LiveTasks(view.scheduler);
          control.reason = "the cluster is shut down";
          return control;
        },
        {}, [self = shared_from_this()](const Result<sched::ReplyBody>&) { self->Look(); });
    if (!sent) done_();
  }

 private:
  void Look() {
    const Status sent = loop_.Read([self = shared_from_this()](const rpc::CoreView& view) {
      const bool over = LiveTasks(view.scheduler).empty() || SteadyNow() >= self->deadline_;
      return [self, over] { over ? self->done_() : self->LookLater(); };
    });
    if (!sent) done_();
  }
  void LookLater() {
    timers_.After(kLookInterval, [self = shared_from_this()] { self->Look(); });
  }

  CoreLoop& loop_;
  rpc::Timers& timers_;
  const Principal by_;
  const Duration deadline_;
  const std::function<void()> done_;
};

}  // namespace

void StopAllTasks(CoreLoop& loop, rpc::Timers& timers, const Principal& by, Duration timeout,
                  std::function<void()> done) {
  std::make_shared<TaskStopper>(loop, timers, by, timeout, std::move(done))->Begin();
}

}  // namespace bsub::daemon
