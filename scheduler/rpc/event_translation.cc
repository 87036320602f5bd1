#include "scheduler/rpc/event_translation.h"

#include <algorithm>
#include <optional>
#include <type_traits>
#include <variant>

#include "common/utf8.h"
#include "jobs/end.h"
#include "jobs/text.h"
#include "scheduler/core/reservation_name.h"
#include "scheduler/rpc/job_translation.h"

namespace bsub::rpc {
namespace {

using namespace sched;  // the entries' names

std::string By(const std::string& who) { return who.empty() ? "" : " by " + who; }
std::string Because(const std::string& reason) { return reason.empty() ? "" : ": " + reason; }

std::string Ranges(const NameBook& names, JobId job, const std::vector<OrdinalRange>& ranges) {
  constexpr std::size_t kShown = 8;
  std::string text;
  for (std::size_t i = 0; i < std::min(ranges.size(), kShown); ++i) {
    if (i > 0) text += ", ";
    text += names.Range(job, ranges[i]);
  }
  return ranges.size() > kShown ? text + ", …" : text;
}

// One overload per kind of entry: a new kind does not compile until it has its line here.
class Teller {
 public:
  Teller(const NameBook& names, v1::Event& event) : names_(names), event_(event) {}

  void operator()(const ClusterCreated& e) { Text("cluster " + e.uuid + " was created"); }
  void operator()(const QueueSet& e) {
    Detail("queue", e.queue.name);
    Text("queue " + e.queue.name + " was set" + By(e.by));
  }
  void operator()(const QueueDeleted& e) {
    Detail("queue", e.name);
    Text("queue " + e.name + " was deleted" + By(e.by));
  }
  void operator()(const DefinitionRegistered& e) {
    const std::string name = e.definition.name + ":" + std::to_string(e.definition.revision);
    Detail("definition", name);
    Text("job definition " + name + " was registered" + By(e.definition.registered_by));
  }
  void operator()(const DefinitionDeregistered& e) {
    const std::string name = e.name + ":" + std::to_string(e.revision);
    Detail("definition", name);
    Text("job definition " + name + " was deregistered" + By(e.by));
  }
  void operator()(const JobSubmitted& e) {
    Whole(e.id);
    Detail("name", e.spec.name);
    Detail("queue", e.spec.settings->queue);
    Detail("owner", e.spec.settings->owner.name);
    const std::string size = e.spec.array ? " with " + Count(e.spec.array->size(), "child", "children") : "";
    Text(e.spec.name + " was submitted to queue " + e.spec.settings->queue + By(e.spec.settings->owner.name) +
         size);
  }
  void operator()(const BeginTimeReached& e) { Whole(e.job), Text("its begin time is reached"); }
  void operator()(const HoldSet& e) {
    Target(e.target);
    Text((e.held ? "held" : "released") + By(e.by) + Because(e.reason));
  }
  void operator()(const PrioritySet& e) {
    Whole(e.job);
    Detail("priority", std::to_string(e.priority));
    Text("priority set to " + std::to_string(e.priority) + By(e.by));
  }
  void operator()(const TasksEnded& e) {
    Whole(e.job);
    Detail("end", std::string(ToString(e.end.kind)));
    Text(Ranges(names_, e.job, e.tasks) + " ended without running: " + Describe(e.end));
  }
  void operator()(const TasksRequeued& e) {
    Whole(e.job);
    Text(Ranges(names_, e.job, e.tasks) + " sent back to the queue" + By(e.by));
  }
  void operator()(const AttemptPlaced& e) {
    Attempt(e.attempt);
    Node(e.node);
    std::string nodes = "node " + names_.Node(e.node);
    if (!e.others.empty()) nodes = Count(e.others.size() + 1, "node", "nodes") + ": " + NodesOf(e);
    if (!e.others.empty()) Detail("nodes", NodesOf(e));
    Text("attempt " + std::to_string(e.attempt.number) + " goes to " + nodes + " with " +
         Describe(e.allocated) + (e.others.empty() ? "" : " on the first") +
         (e.placement ? "; " + sched::Describe(*e.placement) : ""));
    if (e.placement) Placement(*e.placement);
  }
  void operator()(const AttemptStarted& e) {
    Attempt(e.attempt);
    const std::string attempt = "attempt " + std::to_string(e.attempt.number);
    if (e.pid == 0) return Text(attempt + " runs on all of its nodes");
    Detail("pid", std::to_string(e.pid));
    Text(attempt + " runs as process " + std::to_string(e.pid));
  }
  void operator()(const StopRequested& e) {
    Attempt(e.attempt);
    Text("attempt " + std::to_string(e.attempt.number) + " is told to stop" + By(e.by) + Because(e.text));
  }
  void operator()(const AttemptEnded& e) {
    Attempt(e.attempt);
    Node(e.node);
    Detail("end", std::string(ToString(e.end.kind)));
    Detail("code", std::to_string(e.end.code));
    Detail("then", std::string(ThenText(e.then)));
    Detail("elapsedUs", std::to_string(e.usage.elapsed_us));
    std::string text = "attempt " + std::to_string(e.attempt.number) + " " + Describe(e.end);
    if (e.then == AfterAttempt::kRetry)
      text += "; it is tried again" + (e.why.empty() ? "" : " (" + e.why + ")");
    Text(text);
  }
  void operator()(const NodeRegistered& e) {
    Node(e.node);
    Detail("incarnation", std::to_string(e.incarnation.value()));
    Text("node " + e.description.name + " registered with " + Describe(e.description.total));
  }
  void operator()(const NodeContactLost& e) {
    Node(e.node);
    Text("contact to node " + names_.Node(e.node) + " lost" + Because(e.reason));
  }
  void operator()(const NodeDied& e) {
    Node(e.node);
    Text("node " + names_.Node(e.node) + " is dead" + Because(e.reason));
  }
  void operator()(const NodeDrainSet& e) {
    Node(e.node);
    Text("node " + names_.Node(e.node) + (e.drained ? " takes no new work" : " takes work again") + By(e.by) +
         Because(e.reason));
  }
  void operator()(const NodeNoticeSet& e) {
    Node(e.node);
    if (!e.ends_at.set())
      return Text("node " + names_.Node(e.node) + " is no longer to be taken away" + By(e.by));
    Detail("kind", std::string(ToString(e.kind)));
    Detail("endsAt", FormatUtc(e.ends_at));
    Text("node " + names_.Node(e.node) + " is to be taken away at " + FormatUtc(e.ends_at) + By(e.by) +
         Because(e.reason));
  }
  void operator()(const JobMoved& e) {
    Whole(e.job);
    Detail("queue", e.queue);
    Text("it was interrupted too often and goes on in queue " + e.queue);
  }
  void operator()(const ReservationMade& e) {
    const AdvanceReservation& made = e.reservation;
    const std::string name(NameForPeople(made.name));
    Detail("reservation", name);
    Text("reservation " + name + " of " + std::to_string(made.nodes.size()) +
         (made.nodes.size() == 1 ? " node" : " nodes") + " from " + FormatUtc(made.from) + " to " +
         FormatUtc(made.to) + By(made.by));
  }
  void operator()(const ReservationEnded& e) {
    const std::string name(NameForPeople(e.name));
    Detail("reservation", name);
    Text("reservation " + name + (e.by.empty() ? " is over" : " was deleted" + By(e.by)));
  }
  void operator()(const AttemptNoticed& e) {
    Attempt(e.attempt);
    Node(e.node);
    Detail("kind", std::string(ToString(e.kind)));
    if (!e.ends_at.set()) {
      return Text("attempt " + std::to_string(e.attempt.number) + " need not save any more: node " +
                  names_.Node(e.node) + " stays");
    }
    Detail("endsAt", FormatUtc(e.ends_at));
    const bool preempted = e.kind == NoticeKind::kPreempted;
    const std::string whom = std::to_string(e.preempted_for.value());
    if (preempted) Detail("preemptedFor", whom);
    Text("attempt " + std::to_string(e.attempt.number) + " has until " + FormatUtc(e.ends_at) + " to save: " +
         (preempted ? "it is preempted for job " + whom : "node " + names_.Node(e.node) + " is taken away"));
  }
  void operator()(const NodeRemoved& e) {
    Node(e.node);
    Text("node " + names_.Node(e.node) + " was removed" + By(e.by));
  }
  void operator()(const JobsForgotten& e) {
    const std::size_t n = e.jobs.size();
    Text(Count(n, "job", "jobs") + " that ended long ago " + (n == 1 ? "lives" : "live") +
         " on in the history only");
  }
  void operator()(const StateHashRecorded& e) {
    Detail("hash", std::to_string(e.hash));
    Text("state hash recorded");
  }
  void operator()(const CountersLifted& e) {
    Detail("next_job_id", std::to_string(e.next_job_id));
    Text("the end of the journal was lost: no id of it is given again, the next job gets " +
         std::to_string(e.next_job_id));
  }
  void operator()(const PartStarted& e) {
    Part(e.attempt, e.part);
    Detail("pid", std::to_string(e.pid));
    Text(PartText(e.attempt, e.part) + " runs as process " + std::to_string(e.pid));
  }
  void operator()(const PartEnded& e) {
    Part(e.attempt, e.part);
    Detail("end", std::string(ToString(e.end.kind)));
    Detail("code", std::to_string(e.end.code));
    Text(PartText(e.attempt, e.part) + " " + Describe(e.end) +
         (e.ends_gang  ? "; the other nodes are told to stop"
          : e.is_cause ? "; the failure of the others followed from it"
                       : ""));
  }

 private:
  void Text(const std::string& text) { event_.set_text(ToUtf8(text)); }
  void Detail(const char* key, const std::string& value) { (*event_.mutable_details())[key] = ToUtf8(value); }
  void Whole(JobId job) { event_.set_job(std::to_string(job.value())); }
  void Target(const TaskSelector& target) {
    if (!target.ordinal) return Whole(target.job);
    event_.set_job(names_.Task({target.job, *target.ordinal}));
  }
  void Attempt(const AttemptRef& attempt) {
    event_.set_job(names_.Task(attempt.task));
    Detail("attempt", std::to_string(attempt.number));
  }
  void Part(const AttemptRef& attempt, std::uint32_t part) {
    Attempt(attempt);
    Detail("nodeIndex", std::to_string(part));
  }
  static std::string PartText(const AttemptRef& attempt, std::uint32_t part) {
    return "attempt " + std::to_string(attempt.number) + " on the node with index " + std::to_string(part);
  }
  void Placement(const sched::PlacementRecord& placement) {
    Detail("placement", std::string(ToString(placement.policy)));
    Detail("placementKept", placement.kept ? "true" : "false");
    Detail("below", placement.path);
    Detail("racks", std::to_string(placement.got.racks));
    Detail("hops", std::to_string(placement.got.hops));
    Detail("hopsAtBest", std::to_string(placement.best.hops));
    Detail("latencyNs", std::to_string(placement.got.latency_ns));
    Detail("bytesPerSecond", std::to_string(placement.got.bandwidth));
  }
  std::string NodesOf(const AttemptPlaced& e) const {
    constexpr std::size_t kShown = 16;
    std::string text = names_.Node(e.node);
    for (std::size_t i = 0; i < std::min(e.others.size(), kShown); ++i)
      text += ", " + names_.Node(e.others[i].node);
    return e.others.size() > kShown ? text + ", …" : text;
  }
  void Node(NodeId node) { event_.set_node(names_.Node(node)); }

  const NameBook& names_;
  v1::Event& event_;
};

}  // namespace

void NameBook::Load(const State& state) {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, job] : state.jobs) {
    if (job.spec.array) arrays_.insert_or_assign(id, *job.spec.array);
  }
  for (const auto& [id, node] : state.nodes) nodes_.insert_or_assign(id, node.description.name);
}

void NameBook::Learn(const JournalEntry& entry) {
  const auto* submitted = std::get_if<JobSubmitted>(&entry.body);
  const auto* registered = std::get_if<NodeRegistered>(&entry.body);
  const auto* forgotten = std::get_if<JobsForgotten>(&entry.body);
  if (!(submitted && submitted->spec.array) && !registered && !forgotten) return;
  const std::lock_guard lock(mutex_);
  if (submitted) arrays_.insert_or_assign(submitted->id, *submitted->spec.array);
  if (registered) nodes_.insert_or_assign(registered->node, registered->description.name);
  if (forgotten) {
    for (const JobId job : forgotten->jobs) arrays_.erase(job);
  }
}

std::string NameBook::Task(const TaskRef& task) const {
  const std::lock_guard lock(mutex_);
  const std::string id = std::to_string(task.job.value());
  const auto it = arrays_.find(task.job);
  if (it == arrays_.end() || task.ordinal >= it->second.size()) return id;
  return id + "[" + std::to_string(it->second.IndexOf(task.ordinal)) + "]";
}

std::string NameBook::Range(JobId job, const OrdinalRange& range) const {
  const std::lock_guard lock(mutex_);
  const std::string id = std::to_string(job.value());
  const auto it = arrays_.find(job);
  if (it == arrays_.end() || range.last >= it->second.size()) return id;
  std::string text = id + "[" + std::to_string(it->second.IndexOf(range.first));
  if (range.last != range.first) text += "-" + std::to_string(it->second.IndexOf(range.last));
  return text + "]";
}

std::string NameBook::Node(NodeId node) const {
  const std::lock_guard lock(mutex_);
  const auto it = nodes_.find(node);
  return it == nodes_.end() ? "#" + std::to_string(node.value()) : it->second;
}

v1::Event TranslateEvent(const JournalEntry& entry, const NameBook& names) {
  v1::Event event;
  event.set_sequence(entry.sequence.value());
  event.set_at_us(entry.at.micros());
  event.set_kind(std::string(KindName(entry.body)));
  std::visit(Teller(names, event), entry.body);
  return event;
}

}  // namespace bsub::rpc
