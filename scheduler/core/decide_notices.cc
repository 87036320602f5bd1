// Notices: a node is to be taken away. It takes no new work; what runs there is told to save; what has not
// ended when its time is over is ended. What follows from an end is decided in decide_attempts.cc.
//
// A program that takes part (CheckpointSpec) is told at once and killed at the last moment, as it may be
// saving until then. Any other one runs on, since it may be done in time, and gets TERM a while before.
#include <algorithm>

#include "scheduler/core/turn.h"

namespace bsub::sched {
namespace {

// So that an end is reported before the machine is gone.
Duration LeadOf(const Settings& settings, Duration remaining) {
  return std::min(settings.notice_lead, remaining / 10);
}

const Attempt* LiveAttempt(const State& state, const AttemptRef& ref) {
  const Job* job = state.FindJob(ref.task.job);
  const Task* task = job ? FindTask(*job, ref.task.ordinal) : nullptr;
  return task && task->attempt && task->attempt->number == ref.number ? task->attempt.get() : nullptr;
}

const JobSettings& SettingsOf(const State& state, const AttemptRef& ref) {
  return *state.jobs.at(ref.task.job).spec.settings;
}

std::vector<AttemptRef> AttemptsOn(const Turn& turn, NodeId node) {
  const NodeCapacity::Use* use = turn.store.capacity().Find(node);
  if (!use) return {};
  return {use->attempts.begin(), use->attempts.end()};
}

// When the attempt is told to stop, if it has not ended by itself.
TimePoint StopAt(const AttemptNotice& notice, const JobSettings& settings) {
  if (settings.checkpoint.used()) return notice.ends_at;
  return notice.ends_at - std::min(settings.stop_grace, (notice.ends_at - notice.at) / 4);
}

void Plan(Turn& turn, const AttemptRef& ref) {
  const Attempt& attempt = *LiveAttempt(turn.state(), ref);
  if (!attempt.notice || attempt.stop != StopReason::kNone) return;
  turn.links.notice_steps[ref] = StopAt(*attempt.notice, SettingsOf(turn.state(), ref));
}

void Tell(Turn& turn, NodeId node, const AttemptRef& ref) {
  const Incarnation incarnation = turn.state().nodes.at(node).incarnation;
  const Attempt& attempt = *LiveAttempt(turn.state(), ref);
  if (!attempt.notice) return turn.Send(NoticeTask{node, incarnation, ref, {}, {}, true});
  const AttemptNotice& notice = *attempt.notice;
  const Duration remaining = std::max(notice.ends_at - turn.at, Duration(0));
  turn.Send(NoticeTask{node, incarnation, ref, remaining, notice.kind});
}

// How long the attempt has by the notice of this node of its.
TimePoint EndOfTime(const Turn& turn, const Node& node, const AttemptRef& ref) {
  const Attempt& attempt = *LiveAttempt(turn.state(), ref);
  const CheckpointSpec& checkpoint = SettingsOf(turn.state(), ref).checkpoint;
  const TimePoint ends_at = node.notice->ends_at - LeadOf(turn.settings, node.notice->ends_at - turn.at);
  const TimePoint told_at = attempt.notice ? attempt.notice->at : turn.at;
  return checkpoint.grace > Duration(0) ? std::min(ends_at, told_at + checkpoint.grace) : ends_at;
}

void TellPlaces(Turn& turn, const AttemptRef& ref) {
  if (!SettingsOf(turn.state(), ref).checkpoint.used()) return;
  ForEachPlace(*LiveAttempt(turn.state(), ref),
               [&](NodeId place, Incarnation, const Resources&, const auto&) {
                 if (turn.store.IsConnected(place)) Tell(turn, place, ref);  // else when it is back
               });
}

void NoticeAttempt(Turn& turn, const Node& node, const AttemptRef& ref) {
  const Attempt& attempt = *LiveAttempt(turn.state(), ref);
  const TimePoint ends_at = EndOfTime(turn, node, ref);
  if (attempt.notice && attempt.notice->ends_at <= ends_at) return;
  turn.Record(AttemptNoticed{ref, node.id, ends_at, node.notice->kind});
  Plan(turn, ref);
  TellPlaces(turn, ref);
}

// The node `stays`. Another one of the attempt's may still be taken away, later than that.
void WithdrawFrom(Turn& turn, const AttemptRef& ref, NodeId stays) {
  const Attempt& attempt = *LiveAttempt(turn.state(), ref);
  if (!attempt.notice || attempt.notice->node != stays || attempt.stop != StopReason::kNone) return;
  if (attempt.notice->kind == NoticeKind::kPreempted) return;  // it makes room all the same
  AttemptNoticed entry{ref, stays, TimePoint(), attempt.notice->kind};
  ForEachPlace(attempt, [&](NodeId place, Incarnation, const Resources&, const auto&) {
    const Node& node = turn.state().nodes.at(place);
    if (!node.notice) return;
    const TimePoint ends_at = EndOfTime(turn, node, ref);
    if (!entry.ends_at.set() || ends_at < entry.ends_at) entry = {ref, node.id, ends_at, node.notice->kind};
  });
  turn.Record(entry);
  turn.links.notice_steps.erase(ref);
  Plan(turn, ref);
  TellPlaces(turn, ref);
}

void EndNotice(Turn& turn, const AttemptRef& ref) {
  const Attempt* attempt = LiveAttempt(turn.state(), ref);
  if (!attempt || !attempt->notice || attempt->stop != StopReason::kNone) return;
  const bool told = SettingsOf(turn.state(), ref).checkpoint.used();
  const AttemptNotice& notice = *attempt->notice;
  const std::string why = notice.kind == NoticeKind::kPreempted
                              ? "preempted for job " + std::to_string(notice.preempted_for.value())
                              : "node " + NameOfNode(turn.state(), notice.node) + " is taken away";
  turn.Record(
      StopRequested{ref, StopReason::kNotice, "", why + (told ? ", and its time to save is over" : "")});
  StopPlaces(turn, ref, StopReason::kNotice);
}

}  // namespace

void NoticeNode(Turn& turn, const Node& node, TimePoint ends_at, NoticeKind kind, const std::string& by,
                const std::string& reason) {
  if (!node.notice && kind != NoticeKind::kDrain) RateOf(turn.links, node.description).Interrupted();
  turn.Record(NodeNoticeSet{node.id, ends_at, kind, by, reason});
  for (const AttemptRef& ref : AttemptsOn(turn, node.id)) NoticeAttempt(turn, node, ref);
  turn.WantCycle();
}

InterruptionRate& RateOf(Links& links, const NodeDescription& node) {
  return node.interruptible ? links.interruptible : links.lasting;
}

Duration MeanInterruption(const Turn& turn, const std::vector<NodeId>& nodes) {
  const Duration prior = turn.settings.mean_interruption;
  Duration worst = Duration::max();
  for (const NodeId node : nodes) {
    const InterruptionRate& rate = RateOf(turn.links, turn.state().nodes.at(node).description);
    worst = std::min(worst, rate.Mean(turn.at, prior));
  }
  return worst / static_cast<std::int64_t>(nodes.size());
}

void PreemptAttempt(Turn& turn, const AttemptRef& ref, JobId whom) {
  const NodeId node = LiveAttempt(turn.state(), ref)->node;
  const CheckpointSpec& checkpoint = SettingsOf(turn.state(), ref).checkpoint;
  TimePoint ends_at = turn.at + turn.settings.preemption_notice;
  if (checkpoint.grace > Duration(0)) ends_at = std::min(ends_at, turn.at + checkpoint.grace);
  turn.Record(AttemptNoticed{ref, node, ends_at, NoticeKind::kPreempted, whom});
  Plan(turn, ref);
  TellPlaces(turn, ref);
}

namespace {

// Whoever can save does, and runs on; nothing new comes. A person gives the node back: nobody else says that
// it may stay after all.
void RecommendToLeave(Turn& turn, const Node& node, const std::string& reason) {
  if (node.drained || node.notice) return;
  turn.Record(NodeDrainSet{node.id, true, "", reason});
  for (const AttemptRef& ref : AttemptsOn(turn, node.id)) {
    if (!SettingsOf(turn.state(), ref).checkpoint.used()) continue;
    turn.Send(
        NoticeTask{.node = node.id, .incarnation = node.incarnation, .attempt = ref, .only_save = true});
  }
  turn.WantCycle();
}

}  // namespace

// It says so again whenever it registers.
void Decide(Turn& turn, const NodeNoticed& input) {
  constexpr Duration kSameTime = std::chrono::seconds(5);  // machines' clocks and messages' ways differ
  const auto it = turn.state().nodes.find(input.node);
  if (it == turn.state().nodes.end() || it->second.incarnation != input.incarnation) return;
  const Node& node = it->second;
  if (input.recommended) return RecommendToLeave(turn, node, input.reason);
  const TimePoint ends_at = turn.at + std::clamp(input.remaining, Duration(0), Duration(kLongestNotice));
  const bool known =
      node.notice && node.notice->kind == NoticeKind::kInterruption &&
      std::max(node.notice->ends_at, ends_at) - std::min(node.notice->ends_at, ends_at) <= kSameTime;
  if (!known) NoticeNode(turn, node, ends_at, NoticeKind::kInterruption, "", input.reason);
}

void WithdrawNotice(Turn& turn, const Node& node, const std::string& by) {
  if (!node.notice) return;
  turn.Record(NodeNoticeSet{node.id, TimePoint(), node.notice->kind, by, ""});
  for (const AttemptRef& ref : AttemptsOn(turn, node.id)) WithdrawFrom(turn, ref, node.id);
  turn.WantCycle();
}

void NoticeAgain(Turn& turn, const Node& node, const AttemptRef& ref) {
  const Attempt* attempt = LiveAttempt(turn.state(), ref);
  if (!attempt || !attempt->notice || attempt->stop != StopReason::kNone) return;
  if (SettingsOf(turn.state(), ref).checkpoint.used()) Tell(turn, node.id, ref);
}

void FindNotices(Turn& turn) {
  for (const auto& [id, node] : turn.state().nodes) {
    for (const AttemptRef& ref : AttemptsOn(turn, id)) Plan(turn, ref);
  }
}

void EndNotices(Turn& turn) {
  std::vector<AttemptRef> due;
  for (const auto& [ref, at] : turn.links.notice_steps) {
    if (at <= turn.at || !LiveAttempt(turn.state(), ref)) due.push_back(ref);
  }
  for (const AttemptRef& ref : due) {
    turn.links.notice_steps.erase(ref);
    EndNotice(turn, ref);
  }
}

Duration StopGraceOf(const Turn& turn, const AttemptRef& ref, StopReason reason) {
  const JobSettings& settings = SettingsOf(turn.state(), ref);
  if (reason != StopReason::kNotice) return settings.stop_grace;
  if (settings.checkpoint.used()) return Duration(0);
  const Attempt& attempt = *LiveAttempt(turn.state(), ref);
  const TimePoint ends_at = attempt.notice ? attempt.notice->ends_at : turn.at;
  return std::clamp(ends_at - turn.at, Duration(0), settings.stop_grace);
}

}  // namespace bsub::sched
