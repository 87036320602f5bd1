#include "sim/witness.h"

#include <algorithm>
#include <csignal>

#include "sim/names.h"
#include "sim/trace.h"

namespace bsub::sim {

using sched::AttemptRef;
using sched::TaskRef;

namespace {

// Only a process can end so.
bool HasRun(const End& end) {
  return end.kind == EndKind::kExited || end.kind == EndKind::kSignalled || end.kind == EndKind::kTimedOut ||
         end.kind == EndKind::kOutOfMemory;
}

bool IsKill(const End& end) { return end.kind == EndKind::kSignalled && end.code == SIGKILL; }

struct PartsEnd {
  const End& end;
  Duration elapsed;  // that it ran
};

// Whether it was over so long before the other's time ran out that it did not end for that.
bool LongBefore(const PartsEnd& part, const PartsEnd& timed_out, Duration grace) {
  return part.elapsed != Duration(0) && timed_out.elapsed - part.elapsed > grace + std::chrono::minutes(1);
}

// Whether a part that ended so has made another fail that was heard of before, or was over long before that
// one's time ran out. Nothing: who sent a KILL only its node knows.
// `fatal`: it would have ended the attempt.
std::optional<bool> IsBehind(const PartsEnd& later, const PartsEnd& before, bool fatal, Duration grace) {
  const bool failed =
      before.end.kind == EndKind::kSignalled || (before.end.kind == EndKind::kExited && before.end.code != 0);
  if (later.end.kind == EndKind::kNodeLost)
    return before.end.kind != EndKind::kNodeLost && !before.end.Succeeded();
  if (before.end.kind == EndKind::kTimedOut)
    return later.end.kind != EndKind::kTimedOut && HasRun(later.end) && fatal &&
           LongBefore(later, before, grace);
  if (later.end.kind == EndKind::kTimedOut) return failed && !LongBefore(before, later, grace);
  if (later.end.kind == EndKind::kOutOfMemory) return failed && !IsKill(before.end);
  if (IsKill(later.end) && failed && !IsKill(before.end)) return std::nullopt;
  return false;
}

}  // namespace

bool Witness::Job::over() const {
  return std::all_of(tasks.begin(), tasks.end(), [](const Task& t) { return t.over(); });
}

void Witness::Durable(const sched::JournalEntry& entry) {
  if (entry.sequence.value() != sequence_ + 1)
    throw Violation{"journal: entry " + std::to_string(entry.sequence.value()) + " follows " +
                    std::to_string(sequence_)};
  if (entry.at < last_at_)
    throw Violation{"journal: time goes back at entry " + std::to_string(sequence_ + 1)};
  sequence_ = entry.sequence.value();
  last_at_ = entry.at;
  std::visit([&](const auto& body) { On(body, entry.at); }, entry.body);
}

const Witness::Task* Witness::FindTask(const TaskRef& ref) const {
  const auto it = jobs_.find(ref.job);
  return it == jobs_.end() || ref.ordinal >= it->second.tasks.size() ? nullptr
                                                                     : &it->second.tasks[ref.ordinal];
}

bool Witness::IsLive(const AttemptRef& ref) const { return live_.count(ref) != 0; }

JobId Witness::FindToken(const SubmitToken& token) const {
  const auto it = tokens_.find(token);
  return it == tokens_.end() ? JobId() : it->second;
}

Witness::Job& Witness::Known(JobId id) {
  const auto it = jobs_.find(id);
  if (it == jobs_.end() || it->second.forgotten)
    throw Violation{"an entry names the unknown job " + Name(id)};
  return it->second;
}

Witness::Task& Witness::Known(const TaskRef& ref) {
  Job& job = Known(ref.job);
  if (ref.ordinal >= job.tasks.size()) throw Violation{"an entry names the unknown task " + Name(ref)};
  return job.tasks[ref.ordinal];
}

Witness::Task& Witness::Live(const AttemptRef& ref) {
  Task& task = Known(ref.task);
  if (!IsLive(ref)) throw Violation{"an entry names the attempt " + Name(ref) + ", which is not live"};
  return task;
}

void Witness::On(const sched::QueueSet& e, TimePoint) { queues_[e.queue.name] = e.queue; }
void Witness::On(const sched::QueueDeleted& e, TimePoint) {
  queues_.erase(e.name);
  for (const auto& [id, job] : jobs_) {
    if (!job.over() && job.spec.settings->queue == e.name)
      throw Violation{"queue " + e.name + " is deleted while job " + Name(id) + " is in it"};
  }
}

void Witness::On(const sched::JobSubmitted& e, TimePoint at) {
  if (e.id <= newest_job_) throw Violation{"job id " + Name(e.id) + " is used again"};
  newest_job_ = e.id;
  if (!e.spec.token.empty() && !tokens_.emplace(e.spec.token, e.id).second)
    throw Violation{"job " + Name(e.id) + " has the token of job " + Name(tokens_.at(e.spec.token))};
  for (const DependencyNode& node : e.spec.dependency.nodes) {
    const bool names_job =
        node.kind == DependencyNode::Kind::kCondition && node.condition != Condition::kSequential;
    if (names_job && (!node.job.valid() || node.job >= e.id || !node.name.empty()))
      throw Violation{"job " + Name(e.id) + ": a dependency is not resolved"};
  }
  const std::uint64_t reservation = ReservationOf(e);
  Job& job = jobs_[e.id];
  job.reservation = reservation;
  job.spec = e.spec;
  job.held = e.spec.held;
  job.begun = e.spec.begin_at <= at;
  job.tasks.resize(e.spec.array ? e.spec.array->size() : 1);
}

void Witness::On(const sched::BeginTimeReached& e, TimePoint at) {
  Job& job = Known(e.job);
  if (at < job.spec.begin_at) throw Violation{"job " + Name(e.job) + " begins before its time"};
  job.begun = true;
}

void Witness::On(const sched::HoldSet& e, TimePoint) {
  Job& job = Known(e.target.job);
  (e.target.ordinal && job.spec.array ? Known({e.target.job, *e.target.ordinal}).held : job.held) = e.held;
}

void Witness::On(const sched::TasksEnded& e, TimePoint) {
  Job& job = Known(e.job);
  for (const sched::OrdinalRange& range : e.tasks) {
    for (std::uint32_t i = range.first; i <= range.last; ++i) {
      Task& task = Known({e.job, i});
      if (task.phase != Phase::kWaiting)
        throw Violation{Name(TaskRef{e.job, i}) + " ends without running, but it does not wait"};
      if (e.end.kind == EndKind::kDependencyFailed && Allows(job, i) != Truth3::kNever)
        throw Violation{Name(TaskRef{e.job, i}) + " ends for a dependency that can be met"};
      // In this order: of a sequential array the end of one is what ends the next.
      task.phase = Phase::kFailed;
      task.exit_code = ShellExitCode(e.end);
      task.held = false;
    }
  }
}

void Witness::On(const sched::TasksRequeued& e, TimePoint) {
  Known(e.job);
  for (const sched::OrdinalRange& range : e.tasks) {
    for (std::uint32_t i = range.first; i <= range.last; ++i) {
      Task& task = Known({e.job, i});
      if (!task.over()) throw Violation{Name(TaskRef{e.job, i}) + " is requeued, but it is not over"};
      task.phase = Phase::kWaiting;
    }
  }
}

const Witness::Task::Part* Witness::Task::PartOn(const std::string& name) const {
  const auto it =
      std::find_if(parts.begin(), parts.end(), [&](const Part& p) { return p.node_name == name; });
  return it == parts.end() ? nullptr : &*it;
}

void Witness::On(const sched::AttemptPlaced& e, TimePoint at) {
  Job& job = Known(e.attempt.task.job);
  Task& task = Known(e.attempt.task);
  std::vector<Task::Part> parts;
  const auto add = [&](NodeId node, Incarnation incarnation, const Resources& allocated, const auto& gpus) {
    const auto known = nodes_.find(node);
    const std::string name = known == nodes_.end() ? "" : known->second.description.name;
    parts.push_back({node, name, incarnation, allocated, gpus});
  };
  add(e.node, e.incarnation, e.allocated, e.gpu_indices);
  for (const sched::PlacedPart& p : e.others) add(p.node, p.incarnation, p.allocated, p.gpu_indices);
  CheckPlacement(e, job, task);
  CheckParts(e.attempt, job, parts);
  for (const Task::Part& part : parts) CheckRoom(e.attempt, job, part);
  CheckLimits(e, job);
  CheckReservations(e.attempt, job, parts, at);
  task.phase = Phase::kLive;
  task.highest_attempt = e.attempt.number;
  task.parts = std::move(parts);
  task.started = false;
  task.ending.reset();
  task.stop = sched::StopReason::kNone;
  task.noticed = task.preempted = false;
  task.placed_at = at;
  ++job.live;
  live_.insert(e.attempt);
}

// A gang runs whole or not at all, and no node has two of its parts.
void Witness::CheckParts(const AttemptRef& attempt, const Job& job,
                         const std::vector<Task::Part>& parts) const {
  const std::string name = Name(attempt);
  const GangSpec& gang = job.spec.settings->gang;
  if (parts.size() < gang.least_nodes() || parts.size() > gang.nodes)
    throw Violation{name + " is placed on " + std::to_string(parts.size()) + " nodes, not on " +
                    std::to_string(gang.least_nodes()) + " to " + std::to_string(gang.nodes)};
  std::set<NodeId> nodes;
  for (const Task::Part& part : parts) {
    if (!nodes.insert(part.node).second) throw Violation{name + " has two parts on one node"};
    const auto node = nodes_.find(part.node);
    if (node == nodes_.end() || node->second.incarnation != part.incarnation)
      throw Violation{name + " is placed on a node that is not registered so"};
    if (node->second.drained || node->second.noticed || node->second.down)
      throw Violation{name + " is placed on a node that is drained, to be taken away or dead"};
  }
}

void Witness::CheckPlacement(const sched::AttemptPlaced& e, const Job& job, const Task& task) const {
  const std::string name = Name(e.attempt);
  if (task.phase != Phase::kWaiting) throw Violation{name + " is placed, but the task does not wait"};
  if (e.attempt.number <= task.highest_attempt)
    throw Violation{name + ": this attempt number was used before"};
  if (job.held || task.held) throw Violation{name + " is placed though it is held"};
  if (!job.begun) throw Violation{name + " is placed before its begin time"};
  if (Allows(job, e.attempt.task.ordinal) != Truth3::kMet)
    throw Violation{name + " is placed before its dependencies allow: " + ToString(job.spec.dependency)};
}

void Witness::CheckRoom(const AttemptRef& attempt, const Job& job, const Task::Part& part) const {
  Resources used = part.allocated;
  std::vector<std::int32_t> gpus = part.gpus;
  for (const AttemptRef& ref : live_) {
    for (const Task::Part& other : FindTask(ref.task)->parts) {
      if (other.node != part.node || other.over) continue;
      if (job.spec.settings->gang.exclusive)
        throw Violation{Name(attempt) + " asks for a whole node and is placed beside " + Name(ref)};
      used += other.allocated;
      gpus.insert(gpus.end(), other.gpus.begin(), other.gpus.end());
    }
  }
  const Resources& total = nodes_.at(part.node).description.total;
  if (job.spec.settings->gang.exclusive && part.allocated != total)
    throw Violation{Name(attempt) + " asks for a whole node and gets a part of one"};
  if (!used.Fits(total))
    throw Violation{Name(attempt) + ": node is oversubscribed, " + Describe(used) + " of " + Describe(total)};
  std::sort(gpus.begin(), gpus.end());
  const bool twice = std::adjacent_find(gpus.begin(), gpus.end()) != gpus.end();
  if (twice || static_cast<std::int32_t>(part.gpus.size()) != part.allocated.gpus ||
      (!gpus.empty() && (gpus.front() < 0 || gpus.back() >= total.gpus)))
    throw Violation{Name(attempt) + ": GPUs are given twice or do not exist"};
}

void Witness::CheckLimits(const sched::AttemptPlaced& e, const Job& job) const {
  const std::uint32_t limit = job.spec.array ? job.spec.array->concurrency() : 0;
  if (limit != 0 && job.live + 1 > limit)
    throw Violation{Name(e.attempt) + ": more children than the array's limit"};
  const auto queue = queues_.find(job.spec.settings->queue);
  if (queue == queues_.end()) throw Violation{Name(e.attempt) + ": its queue is gone"};
  if (!queue->second.dispatches) throw Violation{Name(e.attempt) + ": its queue does not dispatch"};
  std::int64_t all = 1, own = 1;
  for (const AttemptRef& ref : live_) {
    const JobSettings& other = *jobs_.at(ref.task.job).spec.settings;
    if (other.queue != queue->first) continue;
    ++all;
    own += other.owner.uid == job.spec.settings->owner.uid;
  }
  if ((queue->second.max_running && all > queue->second.max_running) ||
      (queue->second.max_running_per_user && own > queue->second.max_running_per_user))
    throw Violation{Name(e.attempt) + ": more tasks than the queue's limit"};
}

void Witness::On(const sched::AttemptStarted& e, TimePoint) {
  Task& task = Live(e.attempt);
  if (task.started) throw Violation{Name(e.attempt) + " starts twice"};
  const bool all = std::all_of(task.parts.begin(), task.parts.end(), [](const auto& p) { return p.started; });
  if (task.parts.size() > 1 && !all) throw Violation{Name(e.attempt) + " runs, but not all of its parts do"};
  task.started = task.ever_started = true;
}

Witness::Task::Part& Witness::LivePart(const AttemptRef& attempt, std::uint32_t index) {
  Task& task = Live(attempt);
  if (task.parts.size() < 2 || index >= task.parts.size() || task.parts[index].over)
    throw Violation{"an entry names part " + std::to_string(index) + " of " + Name(attempt) +
                    ", which it has not, or no longer"};
  return task.parts[index];
}

void Witness::On(const sched::PartStarted& e, TimePoint) {
  Task::Part& part = LivePart(e.attempt, e.part);
  if (part.started)
    throw Violation{"part " + std::to_string(e.part) + " of " + Name(e.attempt) + " starts twice"};
  part.started = true;
}

void Witness::On(const sched::PartEnded& e, TimePoint) {
  Task::Part& part = LivePart(e.attempt, e.part);
  Task& task = Live(e.attempt);
  part.over = true;
  part.started |= HasRun(e.end);
  const bool all_over =
      std::all_of(task.parts.begin(), task.parts.end(), [](const auto& p) { return p.over; });
  if (all_over) throw Violation{Name(e.attempt) + " is live without a part that is"};
  if (e.ends_gang && task.ending) throw Violation{Name(e.attempt) + " is ended by two parts"};
  const JobSettings& settings = *jobs_.at(e.attempt.task.job).spec.settings;
  const GangSpec& gang = settings.gang;
  const bool fatal = e.part == 0 && gang.end == GangEnd::kMain ? true
                     : gang.end == GangEnd::kAny               ? !e.end.Succeeded()
                                                               : !part.started && !e.end.Succeeded();
  const bool stopped = task.stop != sched::StopReason::kNone && task.stop != sched::StopReason::kNotice;
  const bool should = fatal && !task.ending && !stopped;
  if (e.ends_gang != should)
    throw Violation{"part " + std::to_string(e.part) + " of " + Name(e.attempt) +
                    (should ? " should have ended it" : " should not have ended it")};
  const std::optional<bool> behind =
      task.ending ? IsBehind({e.end, Duration(e.usage.elapsed_us)},
                             {*task.ending, Duration(task.ending_elapsed_us)}, fatal, settings.stop_grace)
                  : false;
  if (behind && e.is_cause != *behind)
    throw Violation{
        "part " + std::to_string(e.part) + " of " + Name(e.attempt) + " " + Describe(e.end) +
        (e.is_cause ? ", which is not why the others failed" : ": that is why the others failed")};
  if (!e.ends_gang && !e.is_cause) return;
  task.ending = e.end;
  task.ending_elapsed_us = e.usage.elapsed_us;
}

void Witness::On(const sched::StopRequested& e, TimePoint) { Live(e.attempt).stop = e.reason; }

void Witness::On(const sched::AttemptEnded& e, TimePoint) {
  Task& task = Live(e.attempt);
  using sched::AfterAttempt;
  if (e.then == AfterAttempt::kSucceeded && !e.end.Succeeded())
    throw Violation{Name(e.attempt) + " counts as success but " + Describe(e.end)};
  const CheckpointSpec& checkpoint = Known(e.attempt.task.job).spec.settings->checkpoint;
  const bool person = task.stop == sched::StopReason::kCancel || task.stop == sched::StopReason::kRequeue;
  if (task.noticed && !person && checkpoint.SaidSaved(e.end) && (e.charged || !e.interruption))
    throw Violation{Name(e.attempt) + " saved when its node was taken away, and is charged for it"};
  if (task.stop == sched::StopReason::kNotice && !task.noticed)
    throw Violation{Name(e.attempt) + " was ended for a notice that it never had"};
  const bool gave_way = task.preempted && !person && !e.end.Succeeded() &&
                        (task.stop == sched::StopReason::kNotice || checkpoint.SaidSaved(e.end));
  if (gave_way && (e.charged || e.then != AfterAttempt::kRetry))
    throw Violation{Name(e.attempt) + " was preempted, and is charged for it or does not run again"};
  const bool lost = task.ending && task.ending->kind == EndKind::kNodeLost;
  if (lost && !person && !task.noticed && e.end.kind != EndKind::kNodeLost)
    throw Violation{Name(e.attempt) + " failed because a node was lost, but is told as " + Describe(e.end)};
  const auto open =
      std::count_if(task.parts.begin(), task.parts.end(), [](const auto& p) { return !p.over; });
  if (open != 1)
    throw Violation{Name(e.attempt) + " is over with " + std::to_string(open) + " parts that are not"};
  for (Task::Part& part : task.parts) part.over = true;
  task.ever_started |= HasRun(e.end);
  task.phase = e.then == AfterAttempt::kRetry       ? Phase::kWaiting
               : e.then == AfterAttempt::kSucceeded ? Phase::kSucceeded
                                                    : Phase::kFailed;
  if (task.over()) task.held = false;
  task.exit_code = ShellExitCode(e.end);
  --Known(e.attempt.task.job).live;
  live_.erase(e.attempt);
}

void Witness::On(const sched::NodeRegistered& e, TimePoint at) {
  if (e.incarnation <= newest_incarnation_) throw Violation{"an incarnation number is used again"};
  newest_incarnation_ = e.incarnation;
  Node& node = nodes_[e.node];
  const bool other_life = node.description.boot_id != e.description.boot_id ||
                          node.description.spawner_id != e.description.spawner_id;
  node.noticed = node.noticed && !other_life;
  node.description = e.description;
  node.incarnation = e.incarnation;
  node.registered_at = at;
  node.down = false;
}

std::optional<AttemptRef> Witness::LiveOn(NodeId node) const {
  for (const AttemptRef& ref : live_) {
    for (const Task::Part& part : FindTask(ref.task)->parts) {
      if (part.node == node && !part.over) return ref;
    }
  }
  return std::nullopt;
}

void Witness::On(const sched::NodeDied& e, TimePoint) {
  nodes_.at(e.node).down = true;
  if (const auto ref = LiveOn(e.node)) throw Violation{"a node is dead with " + Name(*ref) + " on it"};
}
void Witness::On(const sched::NodeDrainSet& e, TimePoint) { nodes_.at(e.node).drained = e.drained; }
void Witness::On(const sched::NodeNoticeSet& e, TimePoint) { nodes_.at(e.node).noticed = e.ends_at.set(); }
void Witness::On(const sched::JobMoved& e, TimePoint) {
  Job& job = Known(e.job);
  if (job.spec.settings->checkpoint.then_queue != e.queue || !queues_.contains(e.queue))
    throw Violation{"job " + Name(e.job) + " is moved to queue " + e.queue +
                    ", which it did not ask for or is gone"};
  auto moved = std::make_shared<JobSettings>(*job.spec.settings);
  moved->queue = e.queue;
  moved->checkpoint.then_queue.clear();
  job.spec.settings = std::move(moved);
}
void Witness::On(const sched::AttemptNoticed& e, TimePoint) {
  Task& task = Live(e.attempt);
  task.noticed = e.ends_at.set();
  task.preempted = task.noticed && e.kind == sched::NoticeKind::kPreempted;
  if (task.preempted) CheckPreemption(e), ++preemptions_;
  const auto there =
      std::count_if(task.parts.begin(), task.parts.end(), [&](const auto& p) { return p.node == e.node; });
  if (there == 0) throw Violation{Name(e.attempt) + " is told of a node that it is not on"};
}
void Witness::On(const sched::NodeRemoved& e, TimePoint) {
  nodes_.erase(e.node);
  if (const auto ref = LiveOn(e.node)) throw Violation{"a node is removed with " + Name(*ref) + " on it"};
}

void Witness::On(const sched::JobsForgotten& e, TimePoint) {
  for (const JobId id : e.jobs) {
    Job& job = Known(id);
    if (!job.over()) throw Violation{"job " + Name(id) + " is forgotten before it is over"};
    job.forgotten = true;
  }
}

}  // namespace bsub::sim
