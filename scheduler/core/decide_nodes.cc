// Nodes come, go, and are told apart: registration with a new incarnation, lost streams, drains, deaths.
#include <algorithm>
#include <set>

#include "jobs/fields.h"
#include "scheduler/core/turn.h"

namespace bsub::sched {
namespace {

bool MayRunTasks(const Turn& turn, const Node& node) {
  const NodeCapacity::Use* use = turn.store.capacity().Find(node.id);
  return use && !use->attempts.empty();
}

// Two machines may have one host name, and two spawners one machine; a spawner's state directory has one
// spawner.
bool IsSamePlace(const NodeDescription& a, const NodeDescription& b) {
  return a.host == b.host && (a.state_id.empty() || b.state_id.empty() || a.state_id == b.state_id);
}

std::string PlaceOf(const NodeDescription& d) {
  return "host " + d.host + (d.state_id.empty() ? "" : ", spawner state " + d.state_id);
}

// May this Hello take over the name? A second machine must not while the first is there or may still run
// tasks: what it does not list would be given away and run twice. Nor may a copy of the first machine, which
// looks like its next boot, while the first is there; a real reboot waits until its old connection is given
// up.
Status CheckHello(const Turn& turn, const NodeHello& hello, const Node* known) {
  if (hello.description.name.empty()) return InvalidArgument("node name is empty");
  if (hello.description.total.cpu_milli <= 0) {
    return InvalidArgument("node " + hello.description.name +
                           " offers no CPU: expected at least 1 thousandth");
  }
  // Otherwise its tasks would be given away while they may still run there.
  const bool kills = hello.description.on_lease_loss == OnLeaseLoss::kKill;
  if (kills && hello.lease_grace && *hello.lease_grace > turn.settings.lease_margin) {
    return InvalidArgument(
        "node " + hello.description.name + " ends its tasks up to " + FormatDuration(*hello.lease_grace) +
        " after a lost lease (--lease-grace and --lease-slack of its spawner), " +
        "the scheduler gives them away after " + FormatDuration(turn.settings.lease_margin) +
        " (core.lease_margin); shorten the one or lengthen the other");
  }
  if (!known) return OkStatus();
  const bool same = IsSamePlace(known->description, hello.description);
  if (!turn.links.of_node.count(known->id)) {
    if (same || !MayRunTasks(turn, *known)) return OkStatus();
    return FailedPrecondition("node " + hello.description.name + " may still run tasks on " +
                              PlaceOf(known->description) + ", this is " + PlaceOf(hello.description) +
                              "; give this one another name (--name), or if the other is known to be dead: "
                              "`bsub-lite nodes declare-dead " +
                              hello.description.name + "`");
  }
  if (same && known->description.boot_id == hello.description.boot_id) return OkStatus();
  if (same) {
    return AlreadyExists("node " + hello.description.name +
                         " is still connected from another boot of its machine; it is let in when that "
                         "connection is given up (rpc.missed_heartbeats), unless it is a copy of a machine: "
                         "then give it another name (--name) and a state directory of its own");
  }
  return AlreadyExists("a node named " + hello.description.name + " is connected from " +
                       PlaceOf(known->description) + "; give this one another name (--name)");
}

void Unlink(Turn& turn, NodeId node) {
  const auto it = turn.links.of_node.find(node);
  if (it == turn.links.of_node.end()) return;
  RateOf(turn.links, turn.state().nodes.at(node).description).Left(turn.at);
  turn.links.streams.erase(it->second);
  turn.links.of_node.erase(it);
}

void SendStop(Turn& turn, const Node& node, const AttemptRef& ref, StopReason reason, Duration grace) {
  turn.Send(StopTask{node.id, node.incarnation, ref, reason, grace});
}

// What the node reports of one task, against what we know of it.
void ReconcileTask(Turn& turn, const Node& node, const NodeTask& task, const std::set<AttemptRef>& ours) {
  if (task.ended && task.node_fault) BeginRest(turn, node.id, task.end.reason);
  if (ours.count(task.attempt) == 0) {
    if (task.ended) {
      turn.Send(AckEnded{node.id, node.incarnation, task.attempt});
    } else {
      SendStop(turn, node, task.attempt, StopReason::kDuplicate, Duration(0));
    }
    return;
  }
  const Job& job = *turn.state().FindJob(task.attempt.task.job);
  const Attempt& attempt = *FindTask(job, task.attempt.task.ordinal)->attempt;
  if (task.started) StartPlace(turn, node.id, task.attempt, task.pid);
  NoteSave(turn, node.id, task.attempt, task.saved, task.ended);
  if (task.ended) {
    const PlaceEnd over{task.end, task.usage, task.node_fault, task.stopped};
    EndPlace(turn, node.id, task.attempt, over, turn.at);
    turn.Send(AckEnded{node.id, node.incarnation, task.attempt});
  } else if (const StopReason stop = WantedStop(attempt);
             stop != StopReason::kNone &&
             !(stop == StopReason::kGangEnds && OthersSave(*job.spec.settings, attempt))) {
    SendStop(turn, node, task.attempt, stop, StopGraceOf(turn, task.attempt, stop));
  } else {
    NoticeAgain(turn, node, task.attempt);
  }
}

std::string WhyGone(const NodeDescription& before, const NodeDescription& now) {
  if (before.boot_id != now.boot_id) return "node " + now.name + " was rebooted";
  if (before.spawner_id != now.spawner_id) return "node " + now.name + " was restarted";
  return "node " + now.name + " came back without the task";
}

// What it ran, it ran until it was heard of last: what it did after that, and whether it still did, nobody
// knows.
TimePoint WorkedUntil(const Turn& turn, const Node& node) {
  return node.state == NodeState::kContactLost ? node.state_since : turn.at;
}

void Reconcile(Turn& turn, const Node& node, const NodeHello& hello, const NodeDescription& before,
               TimePoint until, bool noticed) {
  const NodeCapacity::Use* use = turn.store.capacity().Find(node.id);
  const std::set<AttemptRef> ours = use ? use->attempts : std::set<AttemptRef>();
  std::set<AttemptRef> there;
  for (const NodeTask& task : hello.tasks) {
    if (!there.insert(task.attempt).second) continue;
    ReconcileTask(turn, node, task, ours);
  }
  // Since this scheduler began: nodes that start anew with their cluster were not taken away.
  const bool anew =
      before.boot_id != hello.description.boot_id || before.spawner_id != hello.description.spawner_id;
  if (!turn.links.met.insert(node.id).second && anew && !noticed) RateOf(turn.links, before).Interrupted();
  std::vector<AttemptRef> gone;
  std::set_difference(ours.begin(), ours.end(), there.begin(), there.end(), std::back_inserter(gone));
  LoseAttempts(turn, node.id, gone, WhyGone(before, hello.description), until);
}

std::vector<AttemptRef> AttemptsOf(const Turn& turn, NodeId node) {
  const NodeCapacity::Use* use = turn.store.capacity().Find(node);
  if (!use) return {};
  return {use->attempts.begin(), use->attempts.end()};
}

// What an attempt wrote is told by its main node.
std::vector<AttemptRef> MainAttemptsOf(const Turn& turn, NodeId node) {
  std::vector<AttemptRef> attempts = AttemptsOf(turn, node);
  std::erase_if(attempts, [&](const AttemptRef& ref) {
    return FindTask(*turn.state().FindJob(ref.task.job), ref.task.ordinal)->attempt->node != node;
  });
  return attempts;
}

Status Notice(Turn& turn, const Node& node, const SetNode& input, NoticeKind kind) {
  if (!input.deadline || *input.deadline < Duration(0) || *input.deadline > kLongestNotice) {
    return InvalidArgument("deadline " +
                           (input.deadline ? FormatDuration(*input.deadline) : "of the notice") +
                           ": expected a time from now on of at most 7 days");
  }
  const std::string reason =
      input.reason.empty() ? std::string(ToString(kind)) + " by " + input.who.name : input.reason;
  NoticeNode(turn, node, turn.at + *input.deadline, kind, input.who.name, reason);
  return OkStatus();
}

Status Drain(Turn& turn, const Node& node, const SetNode& input) {
  const bool drained = input.action == NodeAction::kDrain;
  if (node.drained != drained) turn.Record(NodeDrainSet{node.id, drained, input.who.name, input.reason});
  if (!drained) WithdrawNotice(turn, node, input.who.name);
  return drained && input.deadline ? Notice(turn, node, input, NoticeKind::kDrain) : OkStatus();
}

Status DeclareDead(Turn& turn, const Node& node, const SetNode& input) {
  if (turn.store.IsConnected(node.id)) {
    return FailedPrecondition("node " + input.name +
                              " is connected, so it is not dead; to empty it use `bsub-lite drain " +
                              input.name + "`");
  }
  if (node.state == NodeState::kDown) return OkStatus();
  const std::string reason =
      "declared dead by " + input.who.name + (input.reason.empty() ? "" : ": " + input.reason);
  turn.links.lease_ends.erase(node.id);
  if (!node.notice && turn.links.met.erase(node.id) != 0) RateOf(turn.links, node.description).Interrupted();
  // In this order: a node that is down runs nothing, after each entry.
  LoseAttempts(turn, node.id, AttemptsOf(turn, node.id), "node " + input.name + " was " + reason,
               WorkedUntil(turn, node));
  turn.Record(NodeDied{node.id, node.incarnation, reason});
  return OkStatus();
}

// What follows is decided as after a real loss, by what is heard of the node.
Status Strike(Turn& turn, const Node& node, const SetNode& input) {
  constexpr Duration kLongest = std::chrono::hours(1);
  const bool kill = input.action == NodeAction::kKill;
  const Duration time = input.deadline.value_or(Duration(0));
  if (!turn.store.IsConnected(node.id))
    return FailedPrecondition("node " + input.name + " is not connected, so it cannot be told to fail");
  if (!kill && (time <= Duration(0) || time > kLongest))
    return InvalidArgument("time " + FormatDuration(time) + ": a node can be cut off for at most an hour");
  turn.Send(StrikeNode{node.id, node.incarnation, kill, time});
  return OkStatus();
}

Status Remove(Turn& turn, const Node& node, const SetNode& input) {
  if (turn.store.IsConnected(node.id) || !AttemptsOf(turn, node.id).empty()) {
    return FailedPrecondition("node " + input.name +
                              " is connected or has tasks: stop its agent, or declare it dead "
                              "with `bsub-lite nodes declare-dead " +
                              input.name + "`, first");
  }
  turn.links.lease_ends.erase(node.id);
  turn.Record(NodeRemoved{node.id, input.who.name});
  return OkStatus();
}

Status DecideNode(Turn& turn, const SetNode& input) {
  BSUB_RETURN_IF_ERROR(
      Authorize(turn.settings.authority, input.who, Verb::kSetNode, nullptr, "node " + input.name));
  BSUB_RETURN_IF_ERROR(CheckText("reason", input.reason, turn.settings.max_text_bytes));
  const Node* node = turn.state().FindNode(input.name);
  if (!node) return NotFound("node " + input.name + ": no such node (`bsub-lite nodes` lists them)");
  switch (input.action) {
    case NodeAction::kDrain:
    case NodeAction::kResume:
      return Drain(turn, *node, input);
    case NodeAction::kDeclareDead:
      return DeclareDead(turn, *node, input);
    case NodeAction::kRemove:
      return Remove(turn, *node, input);
    case NodeAction::kNotice:
      return Notice(turn, *node, input, NoticeKind::kDrill);
    case NodeAction::kKill:
    case NodeAction::kPartition:
      return Strike(turn, *node, input);
  }
  return Internal("unknown action");
}

}  // namespace

TimePoint BackBy(const Turn& turn, NodeId id) {
  const auto node = turn.state().nodes.find(id);
  if (node == turn.state().nodes.end() || node->second.state == NodeState::kDown) return {};
  if (node->second.drained || node->second.notice) return {};
  TimePoint by;
  if (!turn.store.IsConnected(id)) {
    const auto lease = turn.links.lease_ends.find(id);
    if (lease == turn.links.lease_ends.end()) return {};
    by = lease->second;
  }
  const auto rest = turn.links.rest_ends.find(id);
  return rest == turn.links.rest_ends.end() ? by : std::max(by, rest->second);
}

void Decide(Turn& turn, const NodeHello& hello) {
  const Node* known = turn.state().FindNode(hello.description.name);
  if (Status ok = CheckHello(turn, hello, known); !ok) {
    turn.Send(RefuseNode{hello.stream, ok.error()});
    return;
  }
  if (known && hello.last && *hello.last != known->incarnation) {
    turn.Send(RefuseNode{
        hello.stream,
        {Code::kAborted, "node " + hello.description.name + " has registered since, as incarnation " +
                             std::to_string(known->incarnation.value()) + "; it says hello again"},
        known->incarnation});
    return;
  }
  const NodeId id = known ? known->id : NodeId(turn.state().next_node_id);
  const NodeDescription before = known ? known->description : hello.description;
  const TimePoint until = known ? WorkedUntil(turn, *known) : turn.at;
  const bool noticed = known && known->notice;
  if (known) Unlink(turn, id);
  turn.Record(NodeRegistered{id, Incarnation(turn.state().next_incarnation), hello.description});
  const Node& node = turn.state().nodes.at(id);
  turn.links.streams[hello.stream] = {id, node.incarnation};
  turn.links.of_node[id] = hello.stream;
  RateOf(turn.links, hello.description).Joined(turn.at);
  turn.links.lease_ends.erase(id);
  EndRest(turn, id);  // it may have been put right
  turn.store.SetConnected(id, true);
  turn.Send(AcceptNode{hello.stream, id, node.incarnation, turn.settings.lease, MainAttemptsOf(turn, id)});
  Reconcile(turn, node, hello, before, until, noticed);
  turn.WantCycle();
}

void Decide(Turn& turn, const NodeStreamClosed& input) {
  const auto it = turn.links.streams.find(input.stream);
  if (it == turn.links.streams.end()) return;  // replaced already
  const Links::Stream stream = it->second;
  Unlink(turn, stream.node);
  turn.store.SetConnected(stream.node, false);
  const Node& node = turn.state().nodes.at(stream.node);
  turn.links.lease_ends[node.id] = turn.at + turn.settings.lease + turn.settings.lease_margin;
  if (node.state == NodeState::kUp) turn.Record(NodeContactLost{node.id, node.incarnation, input.reason});
}

void Decide(Turn& turn, const SetNode& input) {
  Status status = DecideNode(turn, input);
  EndDoomedTasks(turn);
  turn.WantCycle();
  if (!status) return turn.Answer(input.reply, Error(status.error()));
  turn.Answer(input.reply, ReplyBody(Done{}));
}

}  // namespace bsub::sched
