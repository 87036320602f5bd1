#include "scheduler/core/copy_state.h"

namespace bsub::sched {
namespace {

Task CopyTask(const Task& from) {
  Task task;
  task.state = from.state;
  task.held = from.held;
  task.admin_hold = from.admin_hold;
  task.front = from.front;
  task.started = from.started;
  task.attempts = from.attempts;
  task.charged = from.charged;
  task.interruptions = from.interruptions;
  task.restarts = from.restarts;
  task.since = from.since;
  if (from.attempt) task.attempt = std::make_unique<Attempt>(*from.attempt);
  if (from.last_end) task.last_end = std::make_unique<TaskEnd>(*from.last_end);
  return task;
}

std::unique_ptr<ArrayState> CopyArray(const ArrayState& from) {
  auto array = std::make_unique<ArrayState>(from.size());
  array->succeeded = from.succeeded;
  array->failed = from.failed;
  array->started = from.started;
  // Only of those that failed there is a code; of most arrays that is none.
  if (!from.exit_codes.counts().empty()) {
    for (std::uint32_t i = 0; i < from.size(); ++i) array->exit_codes.set(i, from.exit_codes.at(i));
  }
  for (const auto& [ordinal, row] : from.rows) array->rows.emplace(ordinal, CopyTask(row));
  array->max_attempt = from.max_attempt;
  array->sent_back = from.sent_back;
  return array;
}

}  // namespace

Job CopyJob(const Job& from) {
  Job job;
  job.id = from.id;
  job.spec = from.spec;
  job.priority = from.priority;
  job.held = from.held;
  job.admin_hold = from.admin_hold;
  job.begin_reached = from.begin_reached;
  job.submitted_at = from.submitted_at;
  job.finished_at = from.finished_at;
  job.task = CopyTask(from.task);
  if (from.array) job.array = CopyArray(*from.array);
  return job;
}

State CopyCluster(const State& from) {
  State state;
  state.cluster_uuid = from.cluster_uuid;
  state.last_sequence = from.last_sequence;
  state.last_at = from.last_at;
  state.next_job_id = from.next_job_id;
  state.next_node_id = from.next_node_id;
  state.next_incarnation = from.next_incarnation;
  state.queues = from.queues;
  state.default_queue = from.default_queue;
  state.nodes = from.nodes;
  state.shares = from.shares;
  state.reservations = from.reservations;
  return state;
}

State CopyState(const State& from) {
  State state = CopyCluster(from);
  state.definitions = from.definitions;
  for (const auto& [id, job] : from.jobs) state.jobs.emplace(id, CopyJob(job));
  return state;
}

}  // namespace bsub::sched
