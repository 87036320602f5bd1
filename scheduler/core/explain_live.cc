#include "scheduler/core/explain_live.h"

#include "jobs/text.h"
#include "jobs/units.h"
#include "scheduler/core/task.h"

namespace bsub::sched {
namespace {

// "node n1", "5 nodes, n1 first".
std::string PlacesOf(const State& state, const Attempt& attempt) {
  const std::string main = NameOfNode(state, attempt.node);
  if (!attempt.gang) return "node " + main;
  return CountNodes(attempt.gang->parts.size()) + ", " + main + " first";
}

Reason AwayReason(const Node& node) {
  const std::string& name = node.description.name;
  const std::string away = node.state == NodeState::kUp
                               ? "which has not connected since the scheduler started"
                               : "which is out of contact since " + FormatUtc(node.state_since);
  return {
      ReasonCode::kContactLost,
      "it was last seen on node " + name + ", " + away,
      "it goes on when the node is back; if the node is known to be dead: `bsub-lite nodes declare-dead " +
          name + "`",
      {}};
}

// One line for each part, if there are several, behind how they stand to each other.
void AddParts(const State& state, const Attempt& attempt, Reason& reason) {
  if (!attempt.gang) return;
  if (attempt.gang->placement) AddEvidence(reason, Describe(*attempt.gang->placement));
  for (std::size_t i = 0; i < attempt.gang->parts.size(); ++i) {
    const Part& part = attempt.gang->parts[i];
    AddEvidence(reason, NameOfNode(state, part.node) + ": index " + std::to_string(i) +
                            (part.over      ? ", over"
                             : part.started ? ", runs"
                                            : ", is being started"));
  }
}

}  // namespace

Reason LiveReason(const Store& store, const Task& task, TimePoint now) {
  const State& state = store.state();
  const Attempt& a = *task.attempt;
  const std::string places = PlacesOf(state, a);
  Reason reason{ReasonCode::kRunning, "", "", {}};
  if (const Node* lost = LostNodeOf(store, a)) {
    reason = AwayReason(*lost);
  } else if (a.stop != StopReason::kNone) {
    reason.text =
        "it was told to stop on " + places + " " + FormatDuration(now - a.stop_at) + " ago by " + a.stop_by;
  } else if (WantedStop(a) == StopReason::kGangEnds) {
    reason.text = "it ends: its part on node " + NameOfNode(state, a.gang->parts[a.gang->ending_part].node) +
                  " " + Describe(a.gang->ending) + ", and the others are told to stop";
  } else if (task.state == JobState::kStarting) {
    reason.code = ReasonCode::kStarting;
    reason.text = "it is being started on " + places;
  } else {
    reason.text = "it runs on " + places + " for " + FormatDuration(now - a.started_at);
  }
  if (a.notice && a.notice->kind == NoticeKind::kPreempted && a.stop == StopReason::kNone) {
    reason.text += "; it is preempted for job " + std::to_string(a.notice->preempted_for.value()) +
                   " and has until " + FormatUtc(a.notice->ends_at) + " to save";
  }
  AddParts(state, a, reason);
  return reason;
}

}  // namespace bsub::sched
