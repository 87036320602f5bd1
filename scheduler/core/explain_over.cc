#include "scheduler/core/explain_over.h"

#include <algorithm>

namespace bsub::sched {

std::string ShellId(const Job& job, std::uint32_t ordinal) {
  const std::string id = DisplayId(job, ordinal);
  return job.array ? "'" + id + "'" : id;
}

std::string FirstTarget(const State& state, const std::vector<ConditionStatus>& conditions) {
  const auto it = std::find_if(conditions.begin(), conditions.end(), [&](const ConditionStatus& c) {
    return c.target.valid() && state.FindJob(c.target) != nullptr;
  });
  return it == conditions.end() ? "" : std::to_string(it->target.value());
}

namespace {

// What to do about a task that failed; `end` is unknown of a child that is only a bit, which has run.
std::string AfterFailure(const State& state, const Job& job, std::uint32_t ordinal, EndKind end) {
  const std::string id = ShellId(job, ordinal);
  switch (end) {
    case EndKind::kCancelled:
    case EndKind::kRequeued:
      return "run it again with `bsub-lite requeue " + id + "`";
    case EndKind::kDependencyFailed: {
      const std::string parent = FirstTarget(state, BlockingConditions(state, job, ordinal, true));
      return parent.empty() ? "" : "see how the other job ended with `bsub-lite why " + parent + "`";
    }
    case EndKind::kNeverStarted:
      return "mend that and run it again with `bsub-lite requeue " + id + "`";
    case EndKind::kNone:
    case EndKind::kExited:
    case EndKind::kSignalled:
    case EndKind::kTimedOut:
    case EndKind::kOutOfMemory:
    case EndKind::kNodeLost:
      break;
  }
  return "read its output with `bsub-lite logs " + id + "`";
}

// A child that is only a bit and failed without having run: its dependency failed, if that still shows.
Reason NeverRanReason(const State& state, const Job& job, std::uint32_t ordinal) {
  const std::string never = DescribeNever(state, job, ordinal);
  const std::string why = never.empty() ? "it was cancelled while it waited, or could not be started" : never;
  return {ReasonCode::kOver,
          "it failed and never ran: " + why,
          AfterFailure(state, job, ordinal, never.empty() ? EndKind::kCancelled : EndKind::kDependencyFailed),
          {}};
}

}  // namespace

Reason OverReason(const State& state, const Job& job, std::uint32_t ordinal) {
  const Task* task = FindTask(job, ordinal);
  const TaskEnd* last = task ? task->last_end.get() : nullptr;
  if (StateOf(job, ordinal) == JobState::kSucceeded) return {ReasonCode::kOver, "it succeeded", "", {}};
  if (NeverRan(job, ordinal)) return NeverRanReason(state, job, ordinal);
  const std::string how = last        ? ": " + Describe(last->end)
                          : job.array ? " with exit code " + std::to_string(job.array->exit_codes.at(ordinal))
                                      : "";
  return {ReasonCode::kOver,
          "it failed" + how,
          AfterFailure(state, job, ordinal, last ? last->end.kind : EndKind::kNone),
          {}};
}

}  // namespace bsub::sched
