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
  task.saved_generation = from.saved_generation;
  if (from.attempt) task.attempt = std::make_unique<Attempt>(*from.attempt);
  if (from.last_end) task.last_end = std::make_unique<TaskEnd>(*from.last_end);
  return task;
}

std::unique_ptr<ArrayState> CopyArray(const ArrayState& from) {
  auto array = std::make_unique<ArrayState>(from.size());
  array->succeeded = from.succeeded;
  array->failed = from.failed;
  array->started = from.started;
  for (const auto& [ordinal, row] : from.rows) array->rows.emplace(ordinal, CopyTask(row));
  array->max_attempt = from.max_attempt;
  array->sent_back = from.sent_back;
  return array;
}

// Only of those that failed there is a code; of most arrays that is none.
void CopyExitCodes(const ArrayState& from, ArrayState& array) {
  if (from.exit_codes.counts().empty()) return;
  for (std::uint32_t i = 0; i < from.size(); ++i) array.exit_codes.set(i, from.exit_codes.at(i));
}

// Those that may not start now are held where they have a row, and over where they are but bits.
void StopBlocked(const ArrayState& from, ArrayState& array) {
  for (std::size_t w = 0; w < from.open.word_count(); ++w) {
    const std::uint64_t over = from.succeeded.word(w) | from.failed.word(w);
    array.failed.set_word(w, from.failed.word(w) | ~(over | from.open.word(w)));
  }
  for (auto& [ordinal, row] : array.rows) {
    array.failed.reset(ordinal);
    if (!row.attempt && !from.open.test(ordinal)) row.held = true;
  }
}

// All but an array's exit codes.
Job CopyMost(const Job& from) {
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

}  // namespace

Job CopyJob(const Job& from) {
  Job job = CopyMost(from);
  if (from.array) CopyExitCodes(*from.array, *job.array);
  return job;
}

Job CopyJobAsItStands(const Job& from) {
  Job job = CopyMost(from);
  if (from.spec.dependency.empty()) return job;
  job.spec.dependency = {};
  if (job.array) {
    StopBlocked(*from.array, *job.array);
  } else {
    job.held |= !from.ready && from.task.attempt == nullptr;
  }
  return job;
}

std::size_t CostOfCopy(const Job& from) {
  constexpr std::uint32_t kChildrenPerJob = 1000;  // their bits
  return 1 + (from.array ? from.array->size() / kChildrenPerJob + from.array->rows.size() : 0);
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
