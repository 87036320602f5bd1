// Cancel, hold, release, requeue, priority: one target after another, each with its own answer.
#include <map>
#include <optional>
#include <utility>

#include "jobs/fields.h"
#include "scheduler/core/task_ranges.h"
#include "scheduler/core/turn.h"

namespace bsub::sched {
namespace {

struct Target {
  const Job* job = nullptr;
  std::optional<std::uint32_t> ordinal;  // of a child
  std::string name;                      // "job 12[17]"
};

Result<Target> Find(const State& state, const JobTarget& wanted) {
  Target target{state.FindJob(JobId(wanted.job)), std::nullopt, "job " + ToString(wanted)};
  if (!target.job)
    return NotFound("job " + std::to_string(wanted.job) +
                    " does not exist; 'bsub-lite jobs --all' lists those that do");
  if (!wanted.index) return target;
  if (!target.job->array)
    return NotFound("job " + std::to_string(wanted.job) + " is no array; name it without an index");
  target.ordinal = target.job->spec.array->OrdinalOf(*wanted.index);
  if (!target.ordinal) {
    return NotFound("job " + std::to_string(wanted.job) + " has no child " + std::to_string(*wanted.index) +
                    "; its indexes are " + target.job->spec.array->ToString());
  }
  return target;
}

OrdinalRange RangeOf(const Target& target) {
  return target.ordinal ? OrdinalRange{*target.ordinal, *target.ordinal}
                        : OrdinalRange{0, target.job->size() - 1};
}

std::vector<OrdinalRange> SelectOf(const Target& target, TasksOfWord which) {
  return Select(*target.job, target.ordinal, which);
}

// What one input may still change. What it takes beyond that is refused, with an answer of its own.
class Budget {
 public:
  explicit Budget(std::uint64_t tasks) : tasks_(tasks) {}

  // A target that is too large by itself is taken all the same, or it could never be.
  Status Take(const Target& target, const std::vector<OrdinalRange>& ranges) {
    const std::uint64_t wanted = CountTasks(ranges);
    if (taken_ > 0 && taken_ + wanted > tasks_) {
      return ResourceExhausted(target.name + " was left as it is: this call has changed " +
                               std::to_string(taken_) + " tasks already, of at most " +
                               std::to_string(tasks_) +
                               " (core.max_control_tasks); name it again in another call");
    }
    taken_ += wanted;
    return OkStatus();
  }

 private:
  const std::uint64_t tasks_;
  std::uint64_t taken_ = 0;
};

void Stop(Turn& turn, const Job& job, std::uint32_t ordinal, const Task& task, StopReason reason,
          const Control& input) {
  const Attempt& attempt = *task.attempt;
  const AttemptRef ref{{job.id, ordinal}, attempt.number};
  // One that is on its way is only sent again: who asks twice may do so because the first was lost.
  if (attempt.stop == StopReason::kCancel) {
    reason = StopReason::kCancel;
  } else if (attempt.stop != reason) {
    turn.Record(StopRequested{ref, reason, input.who.name, input.reason});
  }
  StopPlaces(turn, ref, reason);
}

// Returns how many were told to stop.
int StopLive(Turn& turn, const Target& target, StopReason reason, const Control& input) {
  const Job& job = *target.job;
  if (!job.array) {
    if (!IsLive(job.task.state)) return 0;
    Stop(turn, job, 0, job.task, reason, input);
    return 1;
  }
  int count = 0;
  const OrdinalRange all = RangeOf(target);
  for (auto it = job.array->rows.lower_bound(all.first); it != job.array->rows.end() && it->first <= all.last;
       ++it) {
    if (!IsLive(it->second.state)) continue;
    Stop(turn, job, it->first, it->second, reason, input);
    ++count;
  }
  return count;
}

std::string StateText(const Target& target) {
  const JobState state = target.ordinal ? StateOf(*target.job, *target.ordinal) : StateOf(*target.job);
  return std::string(ToString(state));
}

Status Cancel(Turn& turn, const Target& target, const Control& input, Budget& budget) {
  std::vector<OrdinalRange> waiting = SelectOf(target, WaitingTasks);
  BSUB_RETURN_IF_ERROR(budget.Take(target, waiting));
  const int live = StopLive(turn, target, StopReason::kCancel, input);
  if (waiting.empty() && live == 0) {
    if (input.again) return OkStatus();
    return FailedPrecondition(target.name + " is already over (" + StateText(target) + ")");
  }
  if (!waiting.empty()) {
    turn.Record(TasksEnded{
        target.job->id, std::move(waiting), {EndKind::kCancelled, 0, input.who.name, input.reason}});
  }
  return OkStatus();
}

Status Hold(Turn& turn, const Target& target, const Control& input) {
  if (target.ordinal ? IsOver(StateOf(*target.job, *target.ordinal)) : target.job->Over()) {
    if (input.again) return OkStatus();  // it has ended since
    return FailedPrecondition(target.name + " is already over (" + StateText(target) + ")");
  }
  const bool held = input.action == ControlAction::kHold;
  const bool admin = RoleOf(turn.settings.authority, input.who, nullptr) == Role::kAdmin;
  const Task* row = target.ordinal ? FindTask(*target.job, *target.ordinal) : nullptr;
  const bool now = target.ordinal ? row && row->held : target.job->held;
  const bool by_admin = target.ordinal ? row && row->admin_hold : target.job->admin_hold;
  if (held && now && (by_admin || !admin)) return OkStatus();
  if (!held && !now) {
    if (input.again) return OkStatus();
    return FailedPrecondition(target.name + " is not held" +
                              (target.ordinal && target.job->held ? "; the whole job is: release that" : ""));
  }
  if (!held && by_admin && !admin) {
    return PermissionDenied(target.name + " was held by an administrator, and " + input.who.name +
                            " is none; ask one to release it");
  }
  turn.Record(HoldSet{{target.job->id, target.ordinal}, held, input.who.name, input.reason, held && admin});
  return OkStatus();
}

bool IsBeingCancelled(const Job& job, std::uint32_t ordinal) {
  const Task* task = FindTask(job, ordinal);
  return task && task->attempt && task->attempt->stop == StopReason::kCancel;
}

// Finished jobs are forgotten after their retention, unless somebody waits for them. One that is over waits
// for nobody, so what its dependency names may be gone, and with it the answer whether it may run.
std::optional<JobId> ForgottenParent(const State& state, const Job& job) {
  for (const DependencyNode& node : job.spec.dependency.nodes) {
    const bool names_job =
        node.kind == DependencyNode::Kind::kCondition && node.condition != Condition::kSequential;
    if (names_job && !state.FindJob(node.job)) return node.job;
  }
  return std::nullopt;
}

Status Requeue(Turn& turn, const Target& target, const Control& input, Budget& budget) {
  const std::string& queue = target.job->spec.settings->queue;
  if (!turn.state().queues.count(queue)) {
    return FailedPrecondition(target.name + " cannot go back: its queue " + queue +
                              " is gone; submit it again, or make the queue with `bsub-lite queues create " +
                              queue + "`");
  }
  if ((target.ordinal || !target.job->array) && IsBeingCancelled(*target.job, target.ordinal.value_or(0))) {
    return FailedPrecondition(target.name + " is being cancelled; requeue it when it is over");
  }
  if (const auto gone = ForgottenParent(turn.state(), *target.job)) {
    return FailedPrecondition(target.name + " cannot go back: its dependency names job " +
                              std::to_string(gone->value()) + ", which is no longer kept; submit it again");
  }
  // Of a whole array only what failed runs again; a child named by itself runs again in any case.
  const bool only_failed = !target.ordinal && target.job->array;
  std::vector<OrdinalRange> over = SelectOf(target, only_failed ? FailedTasks : FinishedTasks);
  BSUB_RETURN_IF_ERROR(budget.Take(target, over));
  const int live = StopLive(turn, target, StopReason::kRequeue, input);
  if (over.empty() && live == 0) {
    return FailedPrecondition(target.name + (target.job->array && !target.ordinal && target.job->Over()
                                                 ? " has no failed child; name a child to run it again"
                                                 : " waits already"));
  }
  if (!over.empty()) turn.Record(TasksRequeued{target.job->id, std::move(over), input.who.name});
  return OkStatus();
}

Status SetPriority(Turn& turn, const Target& target, const Control& input) {
  if (target.ordinal)
    return InvalidArgument(target.name + ": priority belongs to the whole job, not to one child");
  if (input.priority < -1'000'000 || input.priority > 1'000'000) {
    return InvalidArgument("priority " + std::to_string(input.priority) + ": expected -1000000 to 1000000");
  }
  if (target.job->Over() && input.again) return OkStatus();
  if (target.job->Over())
    return FailedPrecondition(target.name + " is already over (" + StateText(target) + ")");
  turn.Record(PrioritySet{target.job->id, input.priority, input.who.name});
  return OkStatus();
}

Verb VerbOf(const Control& input, const Job& job) {
  switch (input.action) {
    case ControlAction::kCancel:
      return Verb::kCancel;
    case ControlAction::kHold:
      return Verb::kHold;
    case ControlAction::kRelease:
      return Verb::kRelease;
    case ControlAction::kRequeue:
      return Verb::kRequeue;
    case ControlAction::kSetPriority:
      break;
  }
  return input.priority > job.priority ? Verb::kRaisePriority : Verb::kLowerPriority;
}

Status DecideOne(Turn& turn, const Control& input, const JobTarget& wanted, Budget& budget) {
  BSUB_ASSIGN_OR_RETURN(const Target target, Find(turn.state(), wanted));
  BSUB_RETURN_IF_ERROR(Authorize(turn.settings.authority, input.who, VerbOf(input, *target.job),
                                 &target.job->spec.settings->owner, target.name));
  switch (input.action) {
    case ControlAction::kCancel:
      return Cancel(turn, target, input, budget);
    case ControlAction::kHold:
    case ControlAction::kRelease:
      return Hold(turn, target, input);
    case ControlAction::kRequeue:
      return Requeue(turn, target, input, budget);
    case ControlAction::kSetPriority:
      return SetPriority(turn, target, input);
  }
  return Internal("unknown action");
}

}  // namespace

void Decide(Turn& turn, const Control& input) {
  if (input.targets.size() > turn.settings.max_control_targets) {
    return turn.Answer(input.reply,
                       InvalidArgument(std::to_string(input.targets.size()) + " targets: expected at most " +
                                       std::to_string(turn.settings.max_control_targets) + " in one call"));
  }
  if (Status ok = CheckText("reason", input.reason, turn.settings.max_text_bytes); !ok)
    return turn.Answer(input.reply, Error(ok.error()));
  ControlResults results;
  Budget budget(turn.settings.max_control_tasks);
  std::map<std::pair<std::uint64_t, std::optional<std::uint32_t>>, std::size_t> answered;
  for (const JobTarget& target : input.targets) {
    const auto [it, fresh] = answered.try_emplace({target.job, target.index}, results.results.size());
    // One that is named again gets the same answer again.
    results.results.push_back(fresh ? DecideOne(turn, input, target, budget)
                                    : Status(results.results[it->second]));
  }
  EndDoomedTasks(turn);
  turn.WantCycle();
  turn.Answer(input.reply, ReplyBody(std::move(results)));
}

}  // namespace bsub::sched
