// What follows from the end of an attempt: success, another attempt, or failure.
#include <algorithm>
#include <optional>

#include "scheduler/core/turn.h"

namespace bsub::sched {
namespace {

const Attempt* FindAttempt(const State& state, const AttemptRef& ref) {
  const Job* job = state.FindJob(ref.task.job);
  if (!job || ref.task.ordinal >= job->size()) return nullptr;
  const Task* task = FindTask(*job, ref.task.ordinal);
  return task && task->attempt && task->attempt->number == ref.number ? task->attempt.get() : nullptr;
}

// Reports count only from the node's newest registration, about an attempt that is on that node.
const Attempt* Believe(const Turn& turn, NodeId node, Incarnation incarnation, const AttemptRef& ref) {
  const auto it = turn.state().nodes.find(node);
  if (it == turn.state().nodes.end() || it->second.incarnation != incarnation) return nullptr;
  const Attempt* attempt = FindAttempt(turn.state(), ref);
  if (!attempt) return nullptr;
  return (attempt->gang ? PartOn(*attempt, node) != nullptr : attempt->node == node) ? attempt : nullptr;
}

struct Decision {
  End end;
  AfterAttempt then = AfterAttempt::kFailed;
  bool charged = true;
  bool interruption = false;
  std::string why;
  bool saved = false;      // it said so, for the interruption
  bool restarts = false;   // see AttemptEnded
  std::string moves_to{};  // a queue; empty: it stays where it is
};

// Interruptions are not charged, but have a limit of their own.
Decision LimitInterruptions(const Turn& turn, const JobSettings& settings, const Task& task, Decision d) {
  const auto limit = settings.max_interruptions >= 0 ? static_cast<std::uint32_t>(settings.max_interruptions)
                                                     : turn.settings.max_interruptions_default;
  d.interruption = true;
  if (task.interruptions + 1 <= limit) return d;
  d.why = "interrupted " + std::to_string(task.interruptions + 1) + " times, at most " +
          std::to_string(limit) + " are allowed";
  const std::string& queue = settings.checkpoint.then_queue;
  const bool moves = d.then == AfterAttempt::kRetry && turn.state().queues.count(queue) != 0;
  d.then = moves ? AfterAttempt::kRetry : AfterAttempt::kFailed;
  if (moves) d.moves_to = queue, d.why += " in its queue: it goes on in " + queue;
  return d;
}

// As far as it is told of single saves.
bool SavedAfterNotice(const Attempt& attempt) {
  const KnownSave& save = attempt.known_save();
  return !save.not_saved && (!save.work_from.set() || save.work_from >= attempt.notice->at);
}

// It was told that its node is taken away. Nothing: this end has nothing to do with that.
std::optional<Decision> AfterNotice(const Attempt& attempt, const CheckpointSpec& checkpoint,
                                    const End& end) {
  if (checkpoint.SaidSaved(end) && !SavedAfterNotice(attempt)) {
    return Decision{
        end, AfterAttempt::kRetry, false, true,
        "it could not save for the interruption and goes on from what it saved before: not counted"};
  }
  if (checkpoint.SaidSaved(end))
    return Decision{end, AfterAttempt::kRetry, false, true, "saved for the interruption: not counted", true};
  if (attempt.stop == StopReason::kNotice) {
    End lost{EndKind::kNodeLost, 0, "", attempt.stop_reason};
    return Decision{std::move(lost), AfterAttempt::kRetry, false, true, "interrupted: not counted"};
  }
  const bool by_itself = end.kind == EndKind::kExited || end.kind == EndKind::kSignalled;
  if (!checkpoint.used() || !by_itself) return std::nullopt;
  return Decision{end, AfterAttempt::kRetry, false, true,
                  checkpoint.DiedOfNotice(end) ? "it does not catch the signal of the notice: not counted"
                                               : "it did not save for the interruption: not counted"};
}

// It saved and asks to be started again, without a notice.
Decision AfterRestart(const Turn& turn, const Task& task, const End& end) {
  const Attempt& attempt = *task.attempt;
  const Duration ran = attempt.started_at.set() ? turn.at - attempt.started_at : Duration(0);
  Decision d{end, AfterAttempt::kRetry, false, false, "it saved and asks to be started again: not counted"};
  d.restarts = ran < turn.settings.restart_progress;
  if (!d.restarts || task.restarts + 1 < turn.settings.max_idle_restarts) return d;
  d.then = AfterAttempt::kFailed;
  d.why = "it asked " + std::to_string(task.restarts + 1) +
          " times in a row to be started again, each time within " +
          FormatDuration(turn.settings.restart_progress) + " of its start";
  return d;
}

// What it cost, as far as is known. `until`: it worked no longer than that.
Interruption CostOf(const Turn& turn, const Attempt& attempt, const CheckpointSpec& checkpoint,
                    const Decision& d, TimePoint until) {
  Interruption cost;
  const KnownSave& save = attempt.known_save();
  if (d.interruption || d.then == AfterAttempt::kRetry) cost.generation = save.generation;
  if (!d.interruption) return cost;
  cost.saved_at = save.saved_at;
  if (attempt.notice) cost.notice_at = attempt.notice->at;
  if (save.work_until.set()) until = std::min(until, save.work_until);
  const Duration ran =
      attempt.started_at.set() ? std::max(until - attempt.started_at, Duration(0)) : Duration(0);
  if (d.saved) {
    // Without the library nobody tells of the save alone: it was made by the end.
    if (!save.saved_at.set()) cost.saved_at = turn.at;
  } else if (save.work_from.set()) {
    cost.lost = std::clamp(until - save.work_from, Duration(0), ran);
  } else if (attempt.started_at.set()) {
    cost.lost = checkpoint.used() ? kUnknownWork : ran;
  }
  return cost;
}

// `node`: by name, where it ended; `node_fault`: an attempt on several nodes could not start there for want
// of something of the node's, which is no fault of the job's.
Decision Conclude(const Turn& turn, const Job& job, const Task& task, const End& end, const std::string& node,
                  bool node_fault) {
  const Attempt& attempt = *task.attempt;
  const JobSettings& settings = *job.spec.settings;
  if (attempt.stop == StopReason::kCancel) {
    const std::string reason = attempt.stop_reason.empty() ? Describe(end) : attempt.stop_reason;
    return {{EndKind::kCancelled, end.code, attempt.stop_by, reason},
            AfterAttempt::kFailed,
            true,
            false,
            "cancelled"};
  }
  if (attempt.stop == StopReason::kRequeue) {
    return {{EndKind::kRequeued, end.code, attempt.stop_by, attempt.stop_reason},
            AfterAttempt::kRetry,
            false,
            false,
            "requeued by " + attempt.stop_by};
  }
  if (end.Succeeded()) return {end, AfterAttempt::kSucceeded, true, false, ""};
  if (node_fault && end.kind == EndKind::kNeverStarted) {
    Decision again{end, AfterAttempt::kRetry, false, true, "its node could not start it: not counted"};
    return LimitInterruptions(turn, settings, task, std::move(again));
  }
  if (attempt.notice) {
    if (auto noticed = AfterNotice(attempt, settings.checkpoint, end)) {
      if (attempt.notice->kind != NoticeKind::kPreempted)
        return LimitInterruptions(turn, settings, task, std::move(*noticed));
      if (noticed->end.kind == EndKind::kNodeLost)
        noticed->end.kind = EndKind::kRequeued;  // its node is there
      noticed->why = "preempted for job " + std::to_string(attempt.notice->preempted_for.value()) +
                     (noticed->saved ? ": saved, not counted" : ": not counted");
      return *noticed;
    }
  } else if (settings.checkpoint.SaidSaved(end)) {
    return AfterRestart(turn, task, end);
  }
  const RetryDecision retry = DecideRetry(settings.retry, end, node, static_cast<std::int32_t>(task.charged));
  Decision d{end, retry.retry ? AfterAttempt::kRetry : AfterAttempt::kFailed, retry.charged, false,
             retry.why};
  return end.kind == EndKind::kNodeLost ? LimitInterruptions(turn, settings, task, std::move(d)) : d;
}

}  // namespace

// The next task would fare no better there; elsewhere it may.
void BeginRest(Turn& turn, NodeId node, const std::string& why) {
  turn.links.rest_ends[node] = turn.at + turn.settings.node_rest;
  turn.store.SetResting(node, why.empty() ? "it could not start a task" : why);
}

void EndAttempt(Turn& turn, const AttemptRef& ref, const End& end, const Usage& usage, TimePoint until) {
  const Job& job = *turn.state().FindJob(ref.task.job);
  const Task& task = *FindTask(job, ref.task.ordinal);
  const Attempt& attempt = *task.attempt;
  const std::string& node = turn.state().nodes.at(attempt.node).description.name;
  Decision d = Conclude(turn, job, task, end, node, false);
  const Interruption cost = CostOf(turn, attempt, job.spec.settings->checkpoint, d, until);
  turn.Record(AttemptEnded{ref,
                           std::move(d.end),
                           usage,
                           d.then,
                           d.charged,
                           d.interruption,
                           std::move(d.why),
                           attempt.node,
                           attempt.placed_at,
                           attempt.started_at,
                           0,
                           {},
                           cost,
                           d.restarts});
  if (!d.moves_to.empty()) turn.Record(JobMoved{ref.task.job, d.moves_to});
  turn.WantCycle();
}

void EndGang(Turn& turn, const AttemptRef& ref, const GangVerdict& verdict, const Usage& usage,
             std::uint32_t part, const End& end, TimePoint until) {
  const Job& job = *turn.state().FindJob(ref.task.job);
  const Task& task = *FindTask(job, ref.task.ordinal);
  const Attempt& attempt = *task.attempt;
  Decision d = Conclude(turn, job, task, verdict.end, verdict.node, verdict.node_fault);
  const Interruption cost = CostOf(turn, attempt, job.spec.settings->checkpoint, d, until);
  turn.Record(AttemptEnded{ref, std::move(d.end), usage, d.then, d.charged, d.interruption, std::move(d.why),
                           attempt.node, attempt.placed_at, attempt.started_at, part, end, cost, d.restarts});
  if (!d.moves_to.empty()) turn.Record(JobMoved{ref.task.job, d.moves_to});
  turn.WantCycle();
}

void LoseAttempts(Turn& turn, NodeId node, const std::vector<AttemptRef>& attempts, const std::string& reason,
                  TimePoint until) {
  for (const AttemptRef& ref : attempts)
    EndPlace(turn, node, ref, {{EndKind::kNodeLost, 0, "", reason}, {}}, until);
  EndDoomedTasks(turn);
}

void NoteSave(Turn& turn, NodeId node, const AttemptRef& ref, const SavedWork& saved, bool ended) {
  const Attempt& attempt = *FindAttempt(turn.state(), ref);
  if (attempt.node != node || !saved.told_anything()) return;
  KnownSave save{saved.generation, {}, {}, saved.not_saved, ended ? turn.at : TimePoint()};
  if (saved.told()) save.work_from = turn.at - saved.unsaved;
  if (saved.age >= Duration(0)) save.saved_at = turn.at - saved.age;
  turn.store.NoteSave(ref, save);
}

void Decide(Turn& turn, const TaskStarted& input) {
  if (!Believe(turn, input.node, input.incarnation, input.attempt)) return;
  StartPlace(turn, input.node, input.attempt, input.pid);
  NoteSave(turn, input.node, input.attempt, input.saved, false);
  EndDoomedTasks(turn);  // !started(J) can never be met now
}

void Decide(Turn& turn, const TaskEnded& input) {
  const auto it = turn.state().nodes.find(input.node);
  if (it == turn.state().nodes.end() || it->second.incarnation != input.incarnation) return;
  if (input.node_fault) BeginRest(turn, input.node, input.end.reason);
  if (Believe(turn, input.node, input.incarnation, input.attempt)) {
    NoteSave(turn, input.node, input.attempt, input.saved, true);
    const PlaceEnd over{input.end, input.usage, input.node_fault, input.stopped};
    EndPlace(turn, input.node, input.attempt, over, turn.at);
    EndDoomedTasks(turn);
  }
  // Also for an attempt that is no longer ours: the spawner need not keep what nobody waits for.
  turn.Send(AckEnded{input.node, input.incarnation, input.attempt});
}

}  // namespace bsub::sched
