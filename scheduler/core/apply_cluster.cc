// Applies entries about queues, job definitions and nodes; dispatches all kinds.
#include <algorithm>
#include <iterator>

#include "common/check.h"
#include "scheduler/core/apply_checks.h"
#include "scheduler/core/state_hash.h"
#include "scheduler/core/store.h"

namespace bsub::sched {

Status Store::Apply(const JournalEntry& entry) {
  BSUB_RETURN_IF_ERROR(Expect(entry.sequence.value() == state_.last_sequence.value() + 1,
                              "the next sequence number", entry.sequence.value()));
  BSUB_RETURN_IF_ERROR(Expect(entry.at >= state_.last_at, "a time that does not go back", 0));
  BSUB_RETURN_IF_ERROR(std::visit([&](const auto& body) { return Do(body, entry.at); }, entry.body));
  state_.last_sequence = entry.sequence;
  state_.last_at = entry.at;
  return OkStatus();
}

Status Store::Do(const ClusterCreated& e, TimePoint /*at*/) {
  BSUB_RETURN_IF_ERROR(Expect(state_.cluster_uuid.empty(), "an empty state", 0));
  state_.cluster_uuid = e.uuid;
  state_.default_queue = e.default_queue;
  return OkStatus();
}

Status Store::Do(const QueueSet& e, TimePoint /*at*/) {
  const auto it = state_.queues.find(e.queue.name);
  if (it != state_.queues.end()) terms_ -= HashOf(it->second);
  state_.queues[e.queue.name] = e.queue;
  terms_ += HashOf(e.queue);
  NoteQueues();
  RecountLoads(e.queue.name);
  RecountLimits(e.queue.name);
  SetClassesOf(e.queue);
  if (e.queue.backfill != Backfill::kConservative) plans_.erase(e.queue.name);
  if (e.make_default) state_.default_queue = e.queue.name;
  return OkStatus();
}

Status Store::Do(const QueueDeleted& e, TimePoint at) {
  const auto it = state_.queues.find(e.name);
  BSUB_RETURN_IF_ERROR(Expect(it != state_.queues.end(), "a known queue", 0));
  terms_ -= HashOf(it->second);
  waiting_.SetOrder(e.name, {}, state_.jobs);
  waiting_.Forget(e.name);
  tasks_.Forget(e.name);
  ForgetShares(e.name, at, true);
  loads_.erase(e.name);
  limit_uses_.erase(e.name);
  plans_.erase(e.name);
  state_.queues.erase(it);
  NoteQueues();
  return OkStatus();
}

// Those of positions [first, last) that are deregistered.
void Store::ForgetRevisions(std::vector<JobDefinition>& revisions, std::size_t first, std::size_t last) {
  const auto goes = [](const JobDefinition& d) { return !d.active; };
  const auto from = revisions.begin() + static_cast<std::ptrdiff_t>(first);
  const auto to = revisions.begin() + static_cast<std::ptrdiff_t>(std::max(first, last));
  for (auto it = from; it != to; ++it) {
    if (goes(*it)) terms_ -= HashOf(*it);
  }
  revisions.erase(std::remove_if(from, to, goes), to);
}

Status Store::Do(const DefinitionRegistered& e, TimePoint /*at*/) {
  const auto known = state_.definitions.find(e.definition.name);
  const std::int32_t next = known == state_.definitions.end() ? 1 : known->second.back().revision + 1;
  BSUB_RETURN_IF_ERROR(Expect(e.definition.revision == next, "the next revision",
                              static_cast<std::uint64_t>(e.definition.revision)));
  BSUB_RETURN_IF_ERROR(
      Expect(!e.forgets_deregistered || known != state_.definitions.end(), "a revision to forget", 0));
  if (e.forgets_deregistered) ForgetRevisions(known->second, 1, known->second.size());
  for (const std::string& name : e.forgets_in) {
    const auto it = state_.definitions.find(name);
    BSUB_RETURN_IF_ERROR(Expect(it != state_.definitions.end(), "a name to forget revisions of", 0));
    std::vector<JobDefinition>& revisions = it->second;
    if (GoesWith(revisions, e.definition.registered_by_uid)) {
      ForgetRevisions(revisions, 0, revisions.size());
      state_.definitions.erase(it);
    } else {
      ForgetRevisions(revisions, 1, revisions.size() - 1);
    }
  }
  state_.definitions[e.definition.name].push_back(e.definition);
  terms_ += HashOf(e.definition);
  return OkStatus();
}

Status Store::Do(const DefinitionDeregistered& e, TimePoint /*at*/) {
  const auto it = state_.definitions.find(e.name);
  BSUB_RETURN_IF_ERROR(Expect(it != state_.definitions.end(), "a known job definition", 0));
  for (JobDefinition& definition : it->second) {
    if (definition.revision != e.revision) continue;
    terms_ -= HashOf(definition);
    definition.active = false;
    terms_ += HashOf(definition);
    return OkStatus();
  }
  return Expect(false, "a known revision", static_cast<std::uint64_t>(e.revision));
}

Status Store::Do(const NodeRegistered& e, TimePoint at) {
  BSUB_RETURN_IF_ERROR(Expect(e.incarnation.value() == state_.next_incarnation, "the next incarnation",
                              e.incarnation.value()));
  BSUB_RETURN_IF_ERROR(
      Expect(e.node.valid() && e.node.value() <= state_.next_node_id, "a node id", e.node.value()));
  const bool fresh = state_.nodes.count(e.node) == 0;
  BSUB_RETURN_IF_ERROR(
      Expect(!fresh || e.node.value() == state_.next_node_id, "the next node id", e.node.value()));
  ++state_.next_incarnation;
  if (fresh) {
    ++state_.next_node_id;
    Node& node = state_.nodes[e.node];
    node.id = e.node;
    terms_ += HashOf(node);
  }
  capacity_.SetTotal(e.node, e.description.total);
  // A notice is about a machine, and about what its spawner began: a new one of the name has none.
  const NodeDescription& before = state_.nodes.at(e.node).description;
  const bool other_life =
      before.boot_id != e.description.boot_id || before.spawner_id != e.description.spawner_id;
  tree_.Add(e.node, e.description.name);
  EditNode(e.node, [&](Node& node) {
    node.description = e.description;
    node.incarnation = e.incarnation;
    node.state = NodeState::kUp;
    node.registered_at = at;
    node.state_since = at;
    if (other_life) node.notice.reset();
  });
  if (fresh) AddToCalendar(state_.nodes.at(e.node));
  return OkStatus();
}

Status Store::Do(const NodeContactLost& e, TimePoint at) {
  BSUB_RETURN_IF_ERROR(Expect(state_.nodes.count(e.node) != 0, "a known node", e.node.value()));
  EditNode(e.node, [&](Node& node) {
    node.state = NodeState::kContactLost;
    node.state_since = at;
  });
  return OkStatus();
}

Status Store::Do(const NodeDied& e, TimePoint at) {
  BSUB_RETURN_IF_ERROR(Expect(state_.nodes.count(e.node) != 0, "a known node", e.node.value()));
  EditNode(e.node, [&](Node& node) {
    node.state = NodeState::kDown;
    node.state_since = at;
  });
  return OkStatus();
}

Status Store::Do(const NodeDrainSet& e, TimePoint /*at*/) {
  BSUB_RETURN_IF_ERROR(Expect(state_.nodes.count(e.node) != 0, "a known node", e.node.value()));
  EditNode(e.node, [&](Node& node) {
    node.drained = e.drained;
    node.drained_by = e.by;
    node.drain_reason = e.reason;
  });
  return OkStatus();
}

Status Store::Do(const NodeRemoved& e, TimePoint /*at*/) {
  const auto it = state_.nodes.find(e.node);
  BSUB_RETURN_IF_ERROR(Expect(it != state_.nodes.end(), "a known node", e.node.value()));
  const NodeCapacity::Use* use = capacity_.Find(e.node);
  BSUB_RETURN_IF_ERROR(Expect(!use || use->attempts.empty(), "a node without tasks", e.node.value()));
  terms_ -= HashOf(it->second);
  capacity_.Remove(e.node);
  tree_.Remove(e.node);
  connected_.erase(e.node);
  resting_.erase(e.node);
  state_.nodes.erase(it);
  RemoveFromCalendar(e.node);
  return OkStatus();
}

Status Store::Do(const StateHashRecorded& /*e*/, TimePoint /*at*/) { return OkStatus(); }

Status Store::Do(const CountersLifted& e, TimePoint /*at*/) {
  BSUB_RETURN_IF_ERROR(
      Expect(e.next_job_id >= state_.next_job_id, "a job id that is not behind", e.next_job_id));
  BSUB_RETURN_IF_ERROR(
      Expect(e.next_node_id >= state_.next_node_id, "a node id that is not behind", e.next_node_id));
  BSUB_RETURN_IF_ERROR(Expect(e.next_incarnation >= state_.next_incarnation,
                              "an incarnation that is not behind", e.next_incarnation));
  state_.next_job_id = e.next_job_id;
  state_.next_node_id = e.next_node_id;
  state_.next_incarnation = e.next_incarnation;
  return OkStatus();
}

std::string_view KindName(const EntryBody& body) {
  static constexpr std::string_view kNames[] = {"ClusterCreated",
                                                "QueueSet",
                                                "QueueDeleted",
                                                "DefinitionRegistered",
                                                "DefinitionDeregistered",
                                                "JobSubmitted",
                                                "BeginTimeReached",
                                                "HoldSet",
                                                "PrioritySet",
                                                "TasksEnded",
                                                "TasksRequeued",
                                                "AttemptPlaced",
                                                "AttemptStarted",
                                                "StopRequested",
                                                "AttemptEnded",
                                                "NodeRegistered",
                                                "NodeContactLost",
                                                "NodeDied",
                                                "NodeDrainSet",
                                                "NodeRemoved",
                                                "JobsForgotten",
                                                "StateHashRecorded",
                                                "CountersLifted",
                                                "PartStarted",
                                                "PartEnded",
                                                "NodeNoticeSet",
                                                "AttemptNoticed",
                                                "JobMoved",
                                                "ReservationMade",
                                                "ReservationEnded"};
  static_assert(std::variant_size_v<EntryBody> == std::size(kNames));
  return kNames[body.index()];
}

}  // namespace bsub::sched
