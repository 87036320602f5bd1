#include "sim/witness.h"

#include <algorithm>

#include "sim/names.h"
#include "sim/trace.h"

namespace bsub::sim {

using sched::AttemptRef;
using sched::TaskRef;

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
  Job& job = jobs_[e.id];
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

void Witness::On(const sched::AttemptPlaced& e, TimePoint) {
  Job& job = Known(e.attempt.task.job);
  Task& task = Known(e.attempt.task);
  CheckPlacement(e, job, task);
  CheckRoom(e);
  CheckLimits(e, job);
  task.phase = Phase::kLive;
  task.highest_attempt = e.attempt.number;
  task.node = e.node;
  task.incarnation = e.incarnation;
  task.allocated = e.allocated;
  task.gpus = e.gpu_indices;
  task.started = false;
  task.stop = sched::StopReason::kNone;
  ++job.live;
  live_.insert(e.attempt);
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
  const auto node = nodes_.find(e.node);
  if (node == nodes_.end() || node->second.incarnation != e.incarnation)
    throw Violation{name + " is placed on a node that is not registered so"};
  if (node->second.drained || node->second.down)
    throw Violation{name + " is placed on a drained or dead node"};
}

void Witness::CheckRoom(const sched::AttemptPlaced& e) const {
  Resources used = e.allocated;
  std::vector<std::int32_t> gpus = e.gpu_indices;
  for (const AttemptRef& ref : live_) {
    const Task& other = *FindTask(ref.task);
    if (other.node != e.node) continue;
    used += other.allocated;
    gpus.insert(gpus.end(), other.gpus.begin(), other.gpus.end());
  }
  const Resources& total = nodes_.at(e.node).description.total;
  if (!used.Fits(total))
    throw Violation{Name(e.attempt) + ": node is oversubscribed, " + Describe(used) + " of " +
                    Describe(total)};
  std::sort(gpus.begin(), gpus.end());
  const bool twice = std::adjacent_find(gpus.begin(), gpus.end()) != gpus.end();
  if (twice || static_cast<std::int32_t>(e.gpu_indices.size()) != e.allocated.gpus ||
      (!gpus.empty() && (gpus.front() < 0 || gpus.back() >= total.gpus)))
    throw Violation{Name(e.attempt) + ": GPUs are given twice or do not exist"};
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
  task.started = task.ever_started = true;
}

void Witness::On(const sched::StopRequested& e, TimePoint) { Live(e.attempt).stop = e.reason; }

void Witness::On(const sched::AttemptEnded& e, TimePoint) {
  Task& task = Live(e.attempt);
  using sched::AfterAttempt;
  if (e.then == AfterAttempt::kSucceeded && !e.end.Succeeded())
    throw Violation{Name(e.attempt) + " counts as success but " + Describe(e.end)};
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
  node.description = e.description;
  node.incarnation = e.incarnation;
  node.registered_at = at;
  node.down = false;
}

void Witness::On(const sched::NodeDied& e, TimePoint) {
  nodes_.at(e.node).down = true;
  for (const AttemptRef& ref : live_) {
    if (FindTask(ref.task)->node == e.node) throw Violation{"a node is dead with " + Name(ref) + " on it"};
  }
}
void Witness::On(const sched::NodeDrainSet& e, TimePoint) { nodes_.at(e.node).drained = e.drained; }
void Witness::On(const sched::NodeRemoved& e, TimePoint) {
  nodes_.erase(e.node);
  for (const AttemptRef& ref : live_) {
    if (FindTask(ref.task)->node == e.node) throw Violation{"a node is removed with " + Name(ref) + " on it"};
  }
}

void Witness::On(const sched::JobsForgotten& e, TimePoint) {
  for (const JobId id : e.jobs) {
    Job& job = Known(id);
    if (!job.over()) throw Violation{"job " + Name(id) + " is forgotten before it is over"};
    job.forgotten = true;
  }
}

}  // namespace bsub::sim
