#include "sim/clone_state.h"

#include "sim/names.h"

namespace bsub::sim {
namespace {

sched::Task Clone(const sched::Task& from) {
  sched::Task task;
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
  if (from.attempt) task.attempt = std::make_unique<sched::Attempt>(*from.attempt);
  if (from.last_end) task.last_end = std::make_unique<sched::TaskEnd>(*from.last_end);
  return task;
}

std::unique_ptr<sched::ArrayState> Clone(const sched::ArrayState& from) {
  auto array = std::make_unique<sched::ArrayState>(from.size());
  array->succeeded = from.succeeded;
  array->failed = from.failed;
  array->started = from.started;
  for (std::uint32_t i = 0; i < from.size(); ++i) array->exit_codes.set(i, from.exit_codes.at(i));
  for (const auto& [ordinal, row] : from.rows) array->rows.emplace(ordinal, Clone(row));
  array->max_attempt = from.max_attempt;
  array->sent_back = from.sent_back;
  return array;
}

void CloneJob(const sched::Job& from, sched::Job& job) {
  job.id = from.id;
  job.spec = from.spec;
  // Each loaded job brings settings of its own; the core shares equal ones again.
  job.spec.settings = std::make_shared<JobSettings>(*from.spec.settings);
  job.priority = from.priority;
  job.held = from.held;
  job.admin_hold = from.admin_hold;
  job.begin_reached = from.begin_reached;
  job.submitted_at = from.submitted_at;
  job.finished_at = from.finished_at;
  job.task = Clone(from.task);
  if (from.array) job.array = Clone(*from.array);
}

std::string Describe(const std::vector<sched::OrdinalRange>& ranges) {
  std::string text;
  for (const sched::OrdinalRange& r : ranges)
    text += " " + std::to_string(r.first) + "-" + std::to_string(r.last);
  return text;
}

std::string Details(const sched::JobSubmitted& e) {
  return " " + Name(e.id) + (e.spec.array ? " array " + e.spec.array->ToString() : "") +
         (e.spec.dependency.empty() ? "" : " after " + ToString(e.spec.dependency));
}
std::string Details(const sched::AttemptPlaced& e) {
  std::string text = " " + Name(e.attempt) + " on node " + std::to_string(e.node.value());
  for (const sched::PlacedPart& part : e.others) text += ", " + std::to_string(part.node.value());
  return text;
}
std::string Details(const sched::PartStarted& e) {
  return " " + Name(e.attempt) + " part " + std::to_string(e.part);
}
std::string Details(const sched::PartEnded& e) {
  return " " + Name(e.attempt) + " part " + std::to_string(e.part) + " " + bsub::Describe(e.end) +
         (e.ends_gang ? ", ends all" : "");
}
std::string Details(const sched::AttemptEnded& e) {
  return " " + Name(e.attempt) + " " + bsub::Describe(e.end) +
         (e.then == sched::AfterAttempt::kSucceeded ? ", succeeded"
          : e.then == sched::AfterAttempt::kRetry   ? ", retry"
                                                    : ", failed");
}
std::string Details(const sched::AttemptStarted& e) { return " " + Name(e.attempt); }
std::string Details(const sched::StopRequested& e) { return " " + Name(e.attempt); }
std::string Details(const sched::TasksEnded& e) {
  return " " + Name(e.job) + Describe(e.tasks) + " " + bsub::Describe(e.end);
}
std::string Details(const sched::TasksRequeued& e) { return " " + Name(e.job) + Describe(e.tasks); }
std::string Details(const sched::HoldSet& e) {
  return " " + Name(e.target.job) + (e.held ? " held" : " released");
}
std::string Details(const sched::NodeRegistered& e) {
  return " " + e.description.name + " as " + std::to_string(e.incarnation.value());
}
template <typename E>
std::string Details(const E&) {
  return "";
}

}  // namespace

sched::State CloneState(const sched::State& from) {
  sched::State state;
  state.cluster_uuid = from.cluster_uuid;
  state.last_sequence = from.last_sequence;
  state.last_at = from.last_at;
  state.next_job_id = from.next_job_id;
  state.next_node_id = from.next_node_id;
  state.next_incarnation = from.next_incarnation;
  for (const auto& [id, job] : from.jobs) CloneJob(job, state.jobs[id]);
  state.queues = from.queues;
  state.shares = from.shares;
  state.reservations = from.reservations;
  state.default_queue = from.default_queue;
  state.definitions = from.definitions;
  state.nodes = from.nodes;
  return state;
}

std::string DescribeEntry(const sched::EntryBody& body) {
  return std::string(sched::KindName(body)) + std::visit([](const auto& e) { return Details(e); }, body);
}

}  // namespace bsub::sim
