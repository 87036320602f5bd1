#include "scheduler/core/state_hash.h"

#include <bit>

#include "common/hash.h"

namespace bsub::sched {
namespace {

// Each kind of term starts from its own word, so that equal fields of different kinds do not cancel.
enum class Term : std::uint8_t {
  kSpec = 1,
  kProgress,
  kChild,
  kQueue,
  kDefinition,
  kNode,
  kCounters,
  kShare,
  kReservation
};

std::string_view View(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void Add(FieldHasher& h, const std::map<std::string, std::string>& map) {
  h.Add(map.size());
  for (const auto& [key, value] : map) h.Add(key).Add(value);
}

void Add(FieldHasher& h, const Resources& r) { h.Add(r.cpu_milli).Add(r.mem_bytes).Add(r.gpus); }

void Add(FieldHasher& h, const RetryStrategy& retry) {
  h.Add(retry.attempts).Add(retry.evaluate_on_exit.size());
  for (const EvaluateOnExit& rule : retry.evaluate_on_exit) {
    h.Add(rule.on_status_reason).Add(rule.on_reason).Add(rule.on_exit_code).Add(rule.action);
  }
}

void Add(FieldHasher& h, const GangSpec& gang) {
  h.Add(gang.nodes).Add(gang.ranks_per_node).Add(gang.threads_per_rank).Add(gang.exclusive).Add(gang.end);
  h.Add(gang.launch);
  const PlacementSpec& p = gang.placement;
  if (gang.min_nodes != 0) h.Add(gang.min_nodes);
  if (p != PlacementSpec{}) h.Add(p.policy).Add(p.mode).Add(p.partitions).Add(p.wait.count());
  if (!p.chooses_nodes()) return;
  h.Add(p.group);
  for (const auto* list : {&p.features, &p.preferred_features}) {
    h.Add(list->size());
    for (const std::string& feature : *list) h.Add(feature);
  }
}

void Add(FieldHasher& h, const Reach& reach) {
  h.Add(reach.racks).Add(reach.hops).Add(reach.latency_ns).Add(reach.bandwidth);
}

void Add(FieldHasher& h, const PlacementRecord& placement) {
  h.Add(placement.policy).Add(placement.kept).Add(placement.level).Add(placement.path);
  Add(h, placement.got);
  Add(h, placement.best);
  h.Add(placement.partitions.size());
  for (const std::uint32_t partition : placement.partitions) h.Add(partition);
}

void Add(FieldHasher& h, const CheckpointSpec& c) {
  h.Add(c.directory).Add(c.interval.count()).Add(c.signal).Add(c.signal_group).Add(c.exit_code);
  h.Add(c.grace.count()).Add(c.anywhere);
  if (!c.then_queue.empty()) h.Add(c.then_queue);
}

void Add(FieldHasher& h, const JobSettings& s) {
  h.Add(s.owner.uid).Add(s.owner.gid).Add(s.owner.name).Add(s.owner.groups.size());
  for (const std::uint32_t group : s.owner.groups) h.Add(group);
  h.Add(s.submit_host).Add(s.working_directory).Add(s.umask).Add(s.limits.size());
  for (const ProcessLimit& limit : s.limits) h.Add(limit.name).Add(limit.soft).Add(limit.hard);
  h.Add(View(s.environment.bytes)).Add(s.queue).Add(s.priority).Add(s.project).Add(s.share_identifier);
  Add(h, s.request);
  h.Add(s.walltime.count()).Add(s.stop_grace.count());
  Add(h, s.retry);
  h.Add(s.max_interruptions).Add(s.on_impossible).Add(s.definition).Add(s.stdout_path).Add(s.stderr_path);
  Add(h, s.tags);
  // Only where it is not an ordinary job: states of before there were gangs keep their hashes.
  if (s.gang != GangSpec{}) Add(h, s.gang);
  if (!s.node_ranges.empty()) {
    h.Add(s.node_ranges.size());
    for (const NodeRange& range : s.node_ranges)
      h.Add(range.first).Add(range.last).Add(View(range.command.bytes));
  }
  if (s.checkpoint != CheckpointSpec{}) Add(h, s.checkpoint);
  if (!s.reservation.empty()) h.Add(s.reservation);
}

void Add(FieldHasher& h, const Dependency& dependency) {
  h.Add(dependency.nodes.size());
  for (const DependencyNode& n : dependency.nodes) {
    h.Add(n.kind).Add(n.condition).Add(n.compare).Add(n.index_wise).Add(n.exit_code).Add(n.job.value());
    h.Add(n.index.has_value()).Add(n.index.value_or(0)).Add(n.name);
  }
}

void Add(FieldHasher& h, const End& end) { h.Add(end.kind).Add(end.code).Add(end.by).Add(end.reason); }

void Add(FieldHasher& h, const Gang& gang) {
  h.Add(gang.parts.size());
  for (const Part& part : gang.parts) {
    h.Add(part.node.value()).Add(part.incarnation.value());
    Add(h, part.allocated);
    h.Add(part.gpu_indices.size());
    for (const std::int32_t gpu : part.gpu_indices) h.Add(gpu);
    h.Add(part.started).Add(part.over);
  }
  h.Add(gang.ending_part).Add(gang.node_fault);
  Add(h, gang.ending);
  const Usage& u = gang.usage;
  h.Add(u.user_us)
      .Add(u.system_us)
      .Add(u.elapsed_us)
      .Add(u.max_rss_bytes)
      .Add(u.read_bytes)
      .Add(u.write_bytes);
  if (gang.placement) Add(h, *gang.placement);
  const KnownSave& told = gang.told;
  if (told == KnownSave{}) return;  // states of before the field keep their hashes
  h.Add(told.generation).Add(told.work_from.micros()).Add(told.saved_at.micros());
  h.Add(told.not_saved).Add(told.work_until.micros());
}

void Add(FieldHasher& h, const Attempt& a) {
  h.Add(a.number).Add(a.node.value()).Add(a.incarnation.value());
  Add(h, a.allocated);
  h.Add(a.gpu_indices.size());
  for (const std::int32_t gpu : a.gpu_indices) h.Add(gpu);
  h.Add(a.placed_at.micros()).Add(a.started_at.micros()).Add(a.stop).Add(a.stop_by).Add(a.stop_reason);
  h.Add(a.stop_at.micros());
  if (a.gang) Add(h, *a.gang);  // only then: states of before there were gangs keep their hashes
  if (!a.notice) return;
  h.Add(a.notice->node.value())
      .Add(a.notice->at.micros())
      .Add(a.notice->ends_at.micros())
      .Add(a.notice->kind);
  if (a.notice->preempted_for.valid()) h.Add(a.notice->preempted_for.value());
}

void Add(FieldHasher& h, const Task& t) {
  h.Add(t.state).Add(t.held).Add(t.front).Add(t.started).Add(t.attempts).Add(t.charged).Add(t.interruptions);
  h.Add(t.since.micros()).Add(t.attempt != nullptr).Add(t.last_end != nullptr);
  if (t.attempt) Add(h, *t.attempt);
  if (t.last_end) {
    Add(h, t.last_end->end);
    h.Add(t.last_end->at.micros());
  }
  // These last, and only then: states of before the fields keep their hashes.
  if (t.admin_hold) h.Add(true);
  if (t.restarts > 0) h.Add(t.restarts);
}

}  // namespace

std::uint64_t HashOfSpec(const Job& job) {
  FieldHasher h;
  h.Add(Term::kSpec).Add(job.id.value()).Add(job.spec.name).Add(View(job.spec.command.bytes));
  Add(h, *job.spec.settings);
  h.Add(job.spec.array ? job.spec.array->ToString() : std::string());
  Add(h, job.spec.dependency);
  h.Add(job.spec.begin_at.micros()).Add(View(job.spec.token.bytes)).Add(job.submitted_at.micros());
  return h.Value();
}

std::uint64_t HashOfProgress(const Job& job) {
  FieldHasher h;
  h.Add(Term::kProgress).Add(job.id.value()).Add(job.priority).Add(job.held).Add(job.begin_reached);
  h.Add(job.finished_at.micros());
  if (job.array) {
    h.Add(job.array->max_attempt);
  } else {
    Add(h, job.task);
  }
  if (job.admin_hold) h.Add(true);
  return h.Value();
}

std::uint64_t HashOfChild(const Job& job, std::uint32_t ordinal) {
  const ArrayState& array = *job.array;
  const Task* row = array.FindRow(ordinal);
  const bool good = array.succeeded.test(ordinal), bad = array.failed.test(ordinal);
  const bool started = array.started.test(ordinal);
  const bool sent_back = array.WasSentBack(ordinal);
  if (!row && !good && !bad && !started && !sent_back) return 0;
  FieldHasher h;
  h.Add(Term::kChild).Add(job.id.value()).Add(ordinal).Add(good).Add(bad).Add(started);
  h.Add(array.exit_codes.at(ordinal)).Add(row != nullptr);
  if (row) Add(h, *row);
  if (sent_back) h.Add(true);  // last, and only then: states of before the field keep their hashes
  return h.Value();
}

std::uint64_t HashOf(const Queue& q) {
  FieldHasher h;
  h.Add(Term::kQueue).Add(q.name).Add(q.priority).Add(q.accepts).Add(q.dispatches).Add(q.max_running);
  h.Add(q.max_running_per_user).Add(q.max_waiting).Add(q.max_waiting_per_user).Add(q.description);
  // Only where they were set: states of before the fields keep their hashes.
  if (q.order != QueueOrder::kPriority || q.backfill != Backfill::kSpare) h.Add(q.order).Add(q.backfill);
  if (q.fair_share != FairShare{}) {
    h.Add(q.fair_share.half_life.count()).Add(q.fair_share.compute_reservation);
    for (const ShareWeight& share : q.fair_share.weights) h.Add(share.identifier).Add(share.weight);
  }
  if (q.weights != PriorityWeights{}) {
    h.Add(q.weights.age).Add(q.weights.fair_share).Add(q.weights.priority).Add(q.weights.size);
    h.Add(q.weights.max_age.count());
  }
  if (q.favour_short != Queue{}.favour_short) h.Add(q.favour_short.count()).Add(true);
  if (q.overdue_after != Queue{}.overdue_after) h.Add(q.overdue_after.count());
  if (HasFineLimits(q)) {
    h.Add(q.max_cpus).Add(q.max_cpus_per_user).Add(q.max_cpus_per_share);
    h.Add(q.max_running_per_share).Add(q.max_waiting_per_share);
  }
  for (const std::string& name : q.preempts) h.Add(name);
  return h.Value();
}

std::uint64_t HashOf(const JobDefinition& d) {
  FieldHasher h;
  h.Add(Term::kDefinition).Add(d.name).Add(d.revision).Add(d.active).Add(d.command.size());
  for (const std::string& word : d.command) h.Add(word);
  Add(h, d.environment);
  Add(h, d.parameters);
  h.Add(d.working_directory);
  Add(h, d.request);
  h.Add(d.walltime.count()).Add(d.priority);
  Add(h, d.retry);
  Add(h, d.tags);
  h.Add(d.registered_by).Add(d.registered_at.micros());
  if (d.registered_by_uid)
    h.Add(*d.registered_by_uid);  // so that hashes of older journals stay what they were
  if (d.gang != GangSpec{}) Add(h, d.gang);
  for (const DefinitionRange& range : d.node_ranges) {
    h.Add(range.first).Add(range.last).Add(range.command.size());
    for (const std::string& word : range.command) h.Add(word);
  }
  return h.Value();
}

std::uint64_t HashOf(const Node& n) {
  FieldHasher h;
  const NodeDescription& d = n.description;
  h.Add(Term::kNode)
      .Add(n.id.value())
      .Add(d.name)
      .Add(d.host)
      .Add(d.boot_id)
      .Add(d.spawner_id)
      .Add(d.version);
  Add(h, d.total);
  h.Add(d.interruptible).Add(d.on_lease_loss).Add(n.state).Add(n.incarnation.value()).Add(n.drained);
  h.Add(n.drained_by).Add(n.drain_reason).Add(n.registered_at.micros()).Add(n.state_since.micros());
  if (!d.state_id.empty()) h.Add(d.state_id);  // so that hashes of older journals stay what they were
  if (!d.address.empty()) h.Add(d.address);
  if (n.notice)
    h.Add(n.notice->at.micros())
        .Add(n.notice->ends_at.micros())
        .Add(n.notice->kind)
        .Add(n.notice->by)
        .Add(n.notice->reason);
  return h.Value();
}

std::uint64_t HashOf(const ShareUses::value_type& share) {
  FieldHasher h;
  h.Add(Term::kShare).Add(share.first.first).Add(share.first.second);
  h.Add(share.second.cpu_milli_seconds).Add(share.second.at.micros());
  return h.Value();
}

std::uint64_t HashOf(const AdvanceReservation& r) {
  FieldHasher h;
  h.Add(Term::kReservation).Add(r.name).Add(r.from.micros()).Add(r.to.micros()).Add(r.by);
  h.Add(r.nodes.size()).Add(r.users.size());
  for (const NodeId node : r.nodes) h.Add(node.value());
  for (const std::string& user : r.users) h.Add(user);
  return h.Value();
}

std::uint64_t HashOfCounters(const State& s) {
  FieldHasher h;
  h.Add(Term::kCounters).Add(s.cluster_uuid).Add(s.last_sequence.value()).Add(s.last_at.micros());
  h.Add(s.next_job_id).Add(s.next_node_id).Add(s.next_incarnation).Add(s.default_queue);
  return h.Value();
}

std::uint64_t HashOfChildren(const Job& job) {
  std::uint64_t sum = 0;
  for (std::uint32_t i = 0; job.array && i < job.size(); ++i) sum += HashOfChild(job, i);
  return sum;
}

std::uint64_t HashOf(const State& state) {
  std::uint64_t sum = HashOfCounters(state);
  for (const auto& [id, job] : state.jobs) sum += HashOfSpec(job) + HashOfProgress(job) + HashOfChildren(job);
  for (const auto& [name, queue] : state.queues) sum += HashOf(queue);
  for (const auto& [name, revisions] : state.definitions) {
    for (const JobDefinition& definition : revisions) sum += HashOf(definition);
  }
  for (const auto& [id, node] : state.nodes) sum += HashOf(node);
  for (const auto& share : state.shares) sum += HashOf(share);
  for (const auto& [name, reservation] : state.reservations) sum += HashOf(reservation);
  return sum;
}

}  // namespace bsub::sched
