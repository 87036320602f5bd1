#include "scheduler/journal/proto_parts.h"

#include <algorithm>

namespace bsub::journal {
namespace {

void EncodeDependencyNode(const DependencyNode& x, pb::DependencyNode* out) {
  out->set_kind(static_cast<std::uint32_t>(x.kind));
  out->set_condition(static_cast<std::uint32_t>(x.condition));
  out->set_compare(static_cast<std::uint32_t>(x.compare));
  out->set_index_wise(x.index_wise);
  out->set_exit_code(x.exit_code);
  out->set_job(x.job.value());
  if (x.index) out->set_index(*x.index);
  out->set_name(x.name);
}

Status DecodeDependencyNode(const pb::DependencyNode& in, DependencyNode* x) {
  BSUB_RETURN_IF_ERROR(
      DecodeEnum(in.kind(), DependencyNode::Kind::kNot, "kind of dependency node", &x->kind));
  BSUB_RETURN_IF_ERROR(
      DecodeEnum(in.condition(), Condition::kSequential, "dependency condition", &x->condition));
  BSUB_RETURN_IF_ERROR(
      DecodeEnum(in.compare(), Compare::kGreaterEqual, "comparison of exit codes", &x->compare));
  x->index_wise = in.index_wise();
  x->exit_code = in.exit_code();
  x->job = JobId(in.job());
  if (in.has_index()) x->index = in.index();
  x->name = in.name();
  return OkStatus();
}

}  // namespace

void Encode(const std::map<std::string, std::string>& map, KeyValues* out) {
  for (const auto& [key, value] : map) {
    pb::KeyValue* pair = out->Add();
    pair->set_key(key);
    pair->set_value(value);
  }
}

void Decode(const KeyValues& in, std::map<std::string, std::string>* map) {
  for (const pb::KeyValue& pair : in) map->emplace(pair.key(), pair.value());
}

std::string EncodeHash(const PayloadHash& hash) {
  if (hash.empty()) return {};
  return {reinterpret_cast<const char*>(hash.bytes.data()), hash.bytes.size()};
}

Status DecodeHash(const std::string& bytes, PayloadHash* hash) {
  if (bytes.empty()) return OkStatus();
  if (bytes.size() != hash->bytes.size())
    return DataLoss("a payload hash of " + std::to_string(bytes.size()) + " bytes");
  std::copy_n(bytes.begin(), bytes.size(), reinterpret_cast<char*>(hash->bytes.data()));
  return OkStatus();
}

void Encode(const Resources& x, pb::Resources* out) {
  out->set_cpu_milli(x.cpu_milli);
  out->set_mem_bytes(x.mem_bytes);
  out->set_gpus(x.gpus);
}

void Decode(const pb::Resources& in, Resources* x) {
  x->cpu_milli = in.cpu_milli();
  x->mem_bytes = in.mem_bytes();
  x->gpus = in.gpus();
}

void Encode(const RetryStrategy& x, pb::RetryStrategy* out) {
  out->set_attempts(x.attempts);
  for (const EvaluateOnExit& rule : x.evaluate_on_exit) {
    pb::EvaluateOnExit* r = out->add_evaluate_on_exit();
    r->set_on_status_reason(rule.on_status_reason);
    r->set_on_reason(rule.on_reason);
    r->set_on_exit_code(rule.on_exit_code);
    r->set_action(static_cast<std::uint32_t>(rule.action));
  }
}

Status Decode(const pb::RetryStrategy& in, RetryStrategy* x) {
  x->attempts = in.attempts();
  for (const pb::EvaluateOnExit& r : in.evaluate_on_exit()) {
    EvaluateOnExit rule{r.on_status_reason(), r.on_reason(), r.on_exit_code(), RetryAction::kExit};
    BSUB_RETURN_IF_ERROR(DecodeEnum(r.action(), RetryAction::kExit, "retry action", &rule.action));
    x->evaluate_on_exit.push_back(std::move(rule));
  }
  return OkStatus();
}

void Encode(const ArraySpec& x, pb::ArraySpec* out) {
  for (const IndexRange& range : x.ranges()) {
    pb::IndexRange* r = out->add_ranges();
    r->set_first(range.first);
    r->set_last(range.last);
    r->set_step(range.step);
  }
  out->set_concurrency(x.concurrency());
}

// What ArraySpec's constructor takes for granted is checked here.
Status Decode(const pb::ArraySpec& in, std::optional<ArraySpec>* x) {
  std::vector<IndexRange> ranges;
  std::uint64_t size = 0;
  for (const pb::IndexRange& r : in.ranges()) {
    const bool good = r.step() > 0 && r.first() <= r.last() && (r.last() - r.first()) % r.step() == 0 &&
                      (ranges.empty() || ranges.back().last < r.first());
    if (!good) return DataLoss("an array's index ranges are not ascending and disjoint");
    ranges.push_back({r.first(), r.last(), r.step()});
    size += (std::uint64_t{r.last()} - r.first()) / r.step() + 1;
  }
  if (size == 0 || size > UINT32_MAX) return DataLoss("an array of " + std::to_string(size) + " children");
  x->emplace(std::move(ranges), in.concurrency());
  return OkStatus();
}

void Encode(const End& x, pb::End* out) {
  out->set_kind(static_cast<std::uint32_t>(x.kind));
  out->set_code(x.code);
  out->set_by(x.by);
  out->set_reason(x.reason);
}

Status Decode(const pb::End& in, End* x) {
  BSUB_RETURN_IF_ERROR(DecodeEnum(in.kind(), EndKind::kRequeued, "kind of end", &x->kind));
  x->code = in.code();
  x->by = in.by();
  x->reason = in.reason();
  return OkStatus();
}

void Encode(const Usage& x, pb::Usage* out) {
  out->set_user_us(x.user_us);
  out->set_system_us(x.system_us);
  out->set_elapsed_us(x.elapsed_us);
  out->set_max_rss_bytes(x.max_rss_bytes);
  out->set_read_bytes(x.read_bytes);
  out->set_write_bytes(x.write_bytes);
}

void Decode(const pb::Usage& in, Usage* x) {
  x->user_us = in.user_us();
  x->system_us = in.system_us();
  x->elapsed_us = in.elapsed_us();
  x->max_rss_bytes = in.max_rss_bytes();
  x->read_bytes = in.read_bytes();
  x->write_bytes = in.write_bytes();
}

void Encode(const PlacementSpec& x, pb::PlacementSpec* out) {
  out->set_policy(static_cast<std::uint32_t>(x.policy));
  out->set_mode(static_cast<std::uint32_t>(x.mode));
  out->set_partitions(x.partitions);
  out->set_wait_us(x.wait.count());
  out->set_group(x.group);
  for (const std::string& feature : x.features) out->add_features(feature);
  for (const std::string& feature : x.preferred_features) out->add_preferred_features(feature);
}

Status Decode(const pb::PlacementSpec& in, PlacementSpec* x) {
  BSUB_RETURN_IF_ERROR(DecodeEnum(in.policy(), PlacementPolicy::kSpread, "placement", &x->policy));
  BSUB_RETURN_IF_ERROR(DecodeEnum(in.mode(), PlacementMode::kRequired, "mode of placement", &x->mode));
  x->partitions = in.partitions();
  x->wait = Duration(in.wait_us());
  x->group = in.group();
  x->features.assign(in.features().begin(), in.features().end());
  x->preferred_features.assign(in.preferred_features().begin(), in.preferred_features().end());
  return OkStatus();
}

void Encode(const sched::Reach& x, pb::Reach* out) {
  out->set_racks(x.racks);
  out->set_hops(x.hops);
  out->set_latency_ns(x.latency_ns);
  out->set_bandwidth(x.bandwidth);
}

sched::Reach Decode(const pb::Reach& in) { return {in.racks(), in.hops(), in.latency_ns(), in.bandwidth()}; }

void Encode(const sched::PlacementRecord& x, pb::PlacementRecord* out) {
  out->set_policy(static_cast<std::uint32_t>(x.policy));
  out->set_kept(x.kept);
  out->set_level(x.level);
  out->set_path(x.path);
  Encode(x.got, out->mutable_got());
  Encode(x.best, out->mutable_best());
  out->mutable_partitions()->Assign(x.partitions.begin(), x.partitions.end());
}

Status Decode(const pb::PlacementRecord& in, std::shared_ptr<const sched::PlacementRecord>* x) {
  sched::PlacementRecord record;
  BSUB_RETURN_IF_ERROR(DecodeEnum(in.policy(), PlacementPolicy::kSpread, "placement", &record.policy));
  record.kept = in.kept();
  record.level = in.level();
  record.path = in.path();
  record.got = Decode(in.got());
  record.best = Decode(in.best());
  record.partitions.assign(in.partitions().begin(), in.partitions().end());
  *x = std::make_shared<const sched::PlacementRecord>(std::move(record));
  return OkStatus();
}

void Encode(const GangSpec& x, pb::GangSpec* out) {
  out->set_nodes(x.nodes);
  out->set_ranks_per_node(x.ranks_per_node);
  out->set_threads_per_rank(x.threads_per_rank);
  out->set_exclusive(x.exclusive);
  out->set_end(static_cast<std::uint32_t>(x.end));
  out->set_launch(static_cast<std::uint32_t>(x.launch));
  out->set_min_nodes(x.min_nodes);
  if (x.placement != PlacementSpec{}) Encode(x.placement, out->mutable_placement());
}

Status Decode(const pb::GangSpec& in, GangSpec* x) {
  x->nodes = in.nodes();
  x->ranks_per_node = in.ranks_per_node();
  x->threads_per_rank = in.threads_per_rank();
  x->exclusive = in.exclusive();
  x->min_nodes = in.min_nodes();
  BSUB_RETURN_IF_ERROR(DecodeEnum(in.launch(), GangLaunch::kRanks, "launch of a gang", &x->launch));
  if (in.has_placement()) BSUB_RETURN_IF_ERROR(Decode(in.placement(), &x->placement));
  return DecodeEnum(in.end(), GangEnd::kMain, "end of a gang", &x->end);
}

void Encode(const JobDefinition& x, pb::JobDefinition* out) {
  out->set_name(x.name);
  out->set_revision(x.revision);
  out->set_active(x.active);
  for (const std::string& word : x.command) out->add_command(word);
  Encode(x.environment, out->mutable_environment());
  Encode(x.parameters, out->mutable_parameters());
  out->set_working_directory(x.working_directory);
  Encode(x.request, out->mutable_request());
  out->set_walltime_us(x.walltime.count());
  out->set_priority(x.priority);
  Encode(x.retry, out->mutable_retry());
  Encode(x.tags, out->mutable_tags());
  out->set_registered_by(x.registered_by);
  out->set_registered_at_us(x.registered_at.micros());
  if (x.registered_by_uid) out->set_registered_by_uid(*x.registered_by_uid);
  if (x.gang != GangSpec{}) Encode(x.gang, out->mutable_gang());
  for (const DefinitionRange& range : x.node_ranges) {
    pb::DefinitionRange* r = out->add_node_ranges();
    r->set_first(range.first);
    r->set_last(range.last);
    for (const std::string& word : range.command) r->add_command(word);
  }
}

Status Decode(const pb::JobDefinition& in, JobDefinition* x) {
  x->name = in.name();
  x->revision = in.revision();
  x->active = in.active();
  x->command.assign(in.command().begin(), in.command().end());
  Decode(in.environment(), &x->environment);
  Decode(in.parameters(), &x->parameters);
  x->working_directory = in.working_directory();
  Decode(in.request(), &x->request);
  x->walltime = Duration(in.walltime_us());
  x->priority = in.priority();
  BSUB_RETURN_IF_ERROR(Decode(in.retry(), &x->retry));
  Decode(in.tags(), &x->tags);
  x->registered_by = in.registered_by();
  x->registered_at = TimePoint(in.registered_at_us());
  if (in.has_registered_by_uid()) x->registered_by_uid = in.registered_by_uid();
  if (in.has_gang()) BSUB_RETURN_IF_ERROR(Decode(in.gang(), &x->gang));
  for (const pb::DefinitionRange& r : in.node_ranges())
    x->node_ranges.push_back({r.first(), r.last(), {r.command().begin(), r.command().end()}});
  return OkStatus();
}

void Encode(const JobSettings& x, pb::JobSettings* out) {
  pb::Principal* owner = out->mutable_owner();
  owner->set_uid(x.owner.uid);
  owner->set_gid(x.owner.gid);
  for (const std::uint32_t group : x.owner.groups) owner->add_groups(group);
  owner->set_name(x.owner.name);
  out->set_submit_host(x.submit_host);
  out->set_working_directory(x.working_directory);
  out->set_umask(x.umask);
  for (const ProcessLimit& limit : x.limits) {
    pb::ProcessLimit* l = out->add_limits();
    l->set_name(limit.name);
    l->set_soft(limit.soft);
    l->set_hard(limit.hard);
  }
  out->set_environment_hash(EncodeHash(x.environment));
  out->set_queue(x.queue);
  out->set_priority(x.priority);
  out->set_project(x.project);
  out->set_share_identifier(x.share_identifier);
  out->set_reservation(x.reservation);
  Encode(x.request, out->mutable_request());
  out->set_walltime_us(x.walltime.count());
  out->set_stop_grace_us(x.stop_grace.count());
  Encode(x.retry, out->mutable_retry());
  out->set_max_interruptions(x.max_interruptions);
  out->set_on_impossible(static_cast<std::uint32_t>(x.on_impossible));
  out->set_definition(x.definition);
  out->set_stdout_path(x.stdout_path);
  out->set_stderr_path(x.stderr_path);
  Encode(x.tags, out->mutable_tags());
  if (x.gang != GangSpec{}) Encode(x.gang, out->mutable_gang());
  for (const NodeRange& range : x.node_ranges) {
    pb::NodeRange* r = out->add_node_ranges();
    r->set_first(range.first);
    r->set_last(range.last);
    r->set_command_hash(EncodeHash(range.command));
  }
  if (x.checkpoint != CheckpointSpec{}) Encode(x.checkpoint, out->mutable_checkpoint());
}

Status Decode(const pb::JobSettings& in, JobSettings* x) {
  x->owner = {in.owner().uid(),
              in.owner().gid(),
              {in.owner().groups().begin(), in.owner().groups().end()},
              in.owner().name()};
  x->submit_host = in.submit_host();
  x->working_directory = in.working_directory();
  x->umask = in.umask();
  for (const pb::ProcessLimit& limit : in.limits())
    x->limits.push_back({limit.name(), limit.soft(), limit.hard()});
  BSUB_RETURN_IF_ERROR(DecodeHash(in.environment_hash(), &x->environment));
  x->queue = in.queue();
  x->priority = in.priority();
  x->project = in.project();
  x->share_identifier = in.share_identifier();
  x->reservation = in.reservation();
  Decode(in.request(), &x->request);
  x->walltime = Duration(in.walltime_us());
  x->stop_grace = Duration(in.stop_grace_us());
  BSUB_RETURN_IF_ERROR(Decode(in.retry(), &x->retry));
  x->max_interruptions = in.max_interruptions();
  BSUB_RETURN_IF_ERROR(
      DecodeEnum(in.on_impossible(), OnImpossible::kKeep, "on_impossible", &x->on_impossible));
  x->definition = in.definition();
  x->stdout_path = in.stdout_path();
  x->stderr_path = in.stderr_path();
  Decode(in.tags(), &x->tags);
  if (in.has_gang()) BSUB_RETURN_IF_ERROR(Decode(in.gang(), &x->gang));
  for (const pb::NodeRange& r : in.node_ranges()) {
    NodeRange range{r.first(), r.last(), {}};
    BSUB_RETURN_IF_ERROR(DecodeHash(r.command_hash(), &range.command));
    x->node_ranges.push_back(range);
  }
  Decode(in.checkpoint(), &x->checkpoint);
  return OkStatus();
}

void Encode(const JobSpec& x, pb::JobSpec* out) {
  out->set_name(x.name);
  out->set_command_hash(EncodeHash(x.command));
  if (x.array) Encode(*x.array, out->mutable_array());
  for (const DependencyNode& node : x.dependency.nodes) EncodeDependencyNode(node, out->add_dependency());
  out->set_begin_at_us(x.begin_at.micros());
  out->set_held(x.held);
  if (!x.token.empty()) out->set_token(x.token.bytes.data(), x.token.bytes.size());
}

Status Decode(const pb::JobSpec& in, JobSpec* x) {
  x->name = in.name();
  BSUB_RETURN_IF_ERROR(DecodeHash(in.command_hash(), &x->command));
  if (in.has_array()) BSUB_RETURN_IF_ERROR(Decode(in.array(), &x->array));
  for (const pb::DependencyNode& node : in.dependency()) {
    BSUB_RETURN_IF_ERROR(DecodeDependencyNode(node, &x->dependency.nodes.emplace_back()));
  }
  BSUB_RETURN_IF_ERROR(Validate(x->dependency, {.max_nodes = SIZE_MAX, .max_depth = SIZE_MAX}));
  x->begin_at = TimePoint(in.begin_at_us());
  x->held = in.held();
  if (in.token().empty()) return OkStatus();
  if (in.token().size() != x->token.bytes.size())
    return DataLoss("a submit token of another length than 16 bytes");
  std::copy_n(in.token().begin(), x->token.bytes.size(), reinterpret_cast<char*>(x->token.bytes.data()));
  return OkStatus();
}

void Encode(const sched::AttemptRef& x, pb::AttemptRef* out) {
  out->set_job(x.task.job.value());
  out->set_ordinal(x.task.ordinal);
  out->set_number(x.number);
}

void Decode(const pb::AttemptRef& in, sched::AttemptRef* x) {
  *x = {{JobId(in.job()), in.ordinal()}, in.number()};
}

namespace {

void EncodeFairShare(const sched::FairShare& x, pb::FairShare* out) {
  out->set_half_life_us(x.half_life.count());
  out->set_compute_reservation(x.compute_reservation);
  for (const sched::ShareWeight& weight : x.weights) {
    pb::ShareWeight* to = out->add_weights();
    to->set_identifier(weight.identifier);
    to->set_weight(weight.weight);
  }
}

void DecodeFairShare(const pb::FairShare& in, sched::FairShare* x) {
  x->half_life = Duration(in.half_life_us());
  x->compute_reservation = in.compute_reservation();
  for (const pb::ShareWeight& weight : in.weights())
    x->weights.push_back({weight.identifier(), weight.weight()});
}

void EncodeWeights(const sched::PriorityWeights& x, pb::PriorityWeights* out) {
  out->set_age(x.age);
  out->set_fair_share(x.fair_share);
  out->set_priority(x.priority);
  out->set_size(x.size);
  out->set_max_age_us(x.max_age.count());
}

void DecodeWeights(const pb::PriorityWeights& in, sched::PriorityWeights* x) {
  *x = {in.age(), in.fair_share(), in.priority(), in.size(), Duration(in.max_age_us())};
}

}  // namespace

void Encode(const sched::Queue& x, pb::Queue* out) {
  out->set_name(x.name);
  out->set_priority(x.priority);
  out->set_accepts(x.accepts);
  out->set_dispatches(x.dispatches);
  out->set_max_running(x.max_running);
  out->set_max_running_per_user(x.max_running_per_user);
  out->set_max_waiting(x.max_waiting);
  out->set_max_waiting_per_user(x.max_waiting_per_user);
  out->set_description(x.description);
  out->set_order(static_cast<std::uint32_t>(x.order));
  out->set_backfill(static_cast<std::uint32_t>(x.backfill));
  if (x.fair_share != sched::FairShare{}) EncodeFairShare(x.fair_share, out->mutable_fair_share());
  if (x.weights != sched::PriorityWeights{}) EncodeWeights(x.weights, out->mutable_weights());
  if (x.favour_short != sched::Queue{}.favour_short) out->set_favour_short_us(x.favour_short.count());
  if (x.overdue_after != sched::Queue{}.overdue_after) out->set_overdue_after_us(x.overdue_after.count());
  out->set_max_cpus(x.max_cpus);
  out->set_max_cpus_per_user(x.max_cpus_per_user);
  out->set_max_cpus_per_share(x.max_cpus_per_share);
  out->set_max_running_per_share(x.max_running_per_share);
  out->set_max_waiting_per_share(x.max_waiting_per_share);
  for (const std::string& name : x.preempts) out->add_preempts(name);
}

Status Decode(const pb::Queue& in, sched::Queue* x) {
  x->name = in.name();
  x->priority = in.priority();
  x->accepts = in.accepts();
  x->dispatches = in.dispatches();
  x->max_running = in.max_running();
  x->max_running_per_user = in.max_running_per_user();
  x->max_waiting = in.max_waiting();
  x->max_waiting_per_user = in.max_waiting_per_user();
  x->description = in.description();
  if (in.has_fair_share()) DecodeFairShare(in.fair_share(), &x->fair_share);
  if (in.has_weights()) DecodeWeights(in.weights(), &x->weights);
  if (in.has_favour_short_us()) x->favour_short = Duration(in.favour_short_us());
  if (in.has_overdue_after_us()) x->overdue_after = Duration(in.overdue_after_us());
  x->max_cpus = in.max_cpus();
  x->max_cpus_per_user = in.max_cpus_per_user();
  x->max_cpus_per_share = in.max_cpus_per_share();
  x->max_running_per_share = in.max_running_per_share();
  x->max_waiting_per_share = in.max_waiting_per_share();
  x->preempts.assign(in.preempts().begin(), in.preempts().end());
  BSUB_RETURN_IF_ERROR(DecodeEnum(in.backfill(), sched::Backfill::kConservative, "backfill", &x->backfill));
  return DecodeEnum(in.order(), sched::QueueOrder::kMultifactor, "order of a queue", &x->order);
}

void Encode(const sched::AdvanceReservation& x, pb::AdvanceReservation* out) {
  out->set_name(x.name);
  out->set_from_us(x.from.micros());
  out->set_to_us(x.to.micros());
  for (const NodeId node : x.nodes) out->add_nodes(node.value());
  for (const std::string& user : x.users) out->add_users(user);
  out->set_by(x.by);
}

void Decode(const pb::AdvanceReservation& in, sched::AdvanceReservation* x) {
  x->name = in.name();
  x->from = TimePoint(in.from_us());
  x->to = TimePoint(in.to_us());
  for (const std::uint32_t node : in.nodes()) x->nodes.push_back(NodeId(node));
  x->users.assign(in.users().begin(), in.users().end());
  x->by = in.by();
}

void Encode(const sched::NodeDescription& x, pb::NodeDescription* out) {
  out->set_name(x.name);
  out->set_host(x.host);
  out->set_boot_id(x.boot_id);
  out->set_spawner_id(x.spawner_id);
  out->set_state_id(x.state_id);
  out->set_version(x.version);
  Encode(x.total, out->mutable_total());
  out->set_interruptible(x.interruptible);
  out->set_on_lease_loss(static_cast<std::uint32_t>(x.on_lease_loss));
  out->set_address(x.address);
}

Status Decode(const pb::NodeDescription& in, sched::NodeDescription* x) {
  x->name = in.name();
  x->host = in.host();
  x->boot_id = in.boot_id();
  x->spawner_id = in.spawner_id();
  x->state_id = in.state_id();
  x->version = in.version();
  Decode(in.total(), &x->total);
  x->interruptible = in.interruptible();
  x->address = in.address();
  return DecodeEnum(in.on_lease_loss(), sched::OnLeaseLoss::kKill, "on_lease_loss", &x->on_lease_loss);
}

}  // namespace bsub::journal
