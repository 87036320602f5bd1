#include "tests/support/state_copy.h"

namespace bsub::testing {
namespace {

sched::Task Copy(const sched::Task& from) {
  sched::Task to;
  to.state = from.state;
  to.held = from.held;
  to.admin_hold = from.admin_hold;
  to.front = from.front;
  to.started = from.started;
  to.attempts = from.attempts;
  to.charged = from.charged;
  to.interruptions = from.interruptions;
  to.restarts = from.restarts;
  to.since = from.since;
  if (from.attempt) to.attempt = std::make_unique<sched::Attempt>(*from.attempt);
  if (from.last_end) to.last_end = std::make_unique<sched::TaskEnd>(*from.last_end);
  return to;
}

std::unique_ptr<sched::ArrayState> Copy(const sched::ArrayState& from) {
  auto to = std::make_unique<sched::ArrayState>(from.size());
  to->succeeded = from.succeeded;
  to->failed = from.failed;
  to->started = from.started;
  for (std::uint32_t i = 0; i < from.size(); ++i) to->exit_codes.set(i, from.exit_codes.at(i));
  for (const auto& [ordinal, row] : from.rows) to->rows.emplace(ordinal, Copy(row));
  to->max_attempt = from.max_attempt;
  to->sent_back = from.sent_back;
  return to;
}

}  // namespace

sched::State CopyDurable(const sched::State& from) {
  sched::State to;
  to.cluster_uuid = from.cluster_uuid;
  to.last_sequence = from.last_sequence;
  to.last_at = from.last_at;
  to.next_job_id = from.next_job_id;
  to.next_node_id = from.next_node_id;
  to.next_incarnation = from.next_incarnation;
  to.queues = from.queues;
  to.default_queue = from.default_queue;
  to.definitions = from.definitions;
  to.nodes = from.nodes;
  to.shares = from.shares;
  to.reservations = from.reservations;
  for (const auto& [id, job] : from.jobs) {
    sched::Job& copy = to.jobs[id];
    copy.id = job.id;
    copy.spec = job.spec;
    copy.spec.settings = std::make_shared<JobSettings>(*job.spec.settings);
    copy.priority = job.priority;
    copy.held = job.held;
    copy.admin_hold = job.admin_hold;
    copy.begin_reached = job.begin_reached;
    copy.submitted_at = job.submitted_at;
    copy.finished_at = job.finished_at;
    copy.task = Copy(job.task);
    if (job.array) copy.array = Copy(*job.array);
  }
  return to;
}

}  // namespace bsub::testing
