#include "scheduler/rpc/cluster_translation.h"

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <vector>

#include "common/utf8.h"
#include "jobs/nearest.h"
#include "jobs/text.h"
#include "scheduler/rpc/interruption_translation.h"
#include "scheduler/rpc/job_translation.h"
#include "scheduler/rpc/payloads.h"
#include "scheduler/rpc/submit_translation.h"

namespace bsub::rpc {
namespace {

struct QueueField {
  std::string_view name;  // as in the wire's schema
  void (*set)(const v1::Queue& from, sched::Queue& to);
};

// The same of those that may be no word of ours.
struct QueueWord {
  std::string_view name;
  Status (*set)(const v1::Queue& from, sched::Queue& to);
};

Status SetShares(const v1::Queue& from, sched::Queue& to) {
  to.fair_share.weights.clear();
  for (const std::string& text : from.shares()) {
    BSUB_ASSIGN_OR_RETURN(sched::ShareWeight share, sched::ParseShareWeight(text));
    to.fair_share.weights.push_back(std::move(share));
  }
  return OkStatus();
}

constexpr std::array kQueueWords = {
    QueueWord{"policy",
              [](const v1::Queue& from, sched::Queue& to) -> Status {
                BSUB_ASSIGN_OR_RETURN(to.order, sched::ParseQueueOrder(from.policy()));
                return OkStatus();
              }},
    QueueWord{"backfill",
              [](const v1::Queue& from, sched::Queue& to) -> Status {
                BSUB_ASSIGN_OR_RETURN(to.backfill, sched::ParseBackfill(from.backfill()));
                return OkStatus();
              }},
    QueueWord{"shares", SetShares},
    QueueWord{"preempts",
              [](const v1::Queue& from, sched::Queue& to) -> Status {
                to.preempts.assign(from.preempts().begin(), from.preempts().end());
                std::sort(to.preempts.begin(), to.preempts.end());
                return OkStatus();
              }},
};

constexpr std::array kQueueFields = {
    QueueField{"priority", [](const v1::Queue& from, sched::Queue& to) { to.priority = from.priority(); }},
    QueueField{"accepts", [](const v1::Queue& from, sched::Queue& to) { to.accepts = from.accepts(); }},
    QueueField{"dispatches",
               [](const v1::Queue& from, sched::Queue& to) { to.dispatches = from.dispatches(); }},
    QueueField{"max_running",
               [](const v1::Queue& from, sched::Queue& to) { to.max_running = from.max_running(); }},
    QueueField{"max_running_per_user",
               [](const v1::Queue& from, sched::Queue& to) {
                 to.max_running_per_user = from.max_running_per_user();
               }},
    QueueField{"max_waiting",
               [](const v1::Queue& from, sched::Queue& to) { to.max_waiting = from.max_waiting(); }},
    QueueField{"max_waiting_per_user",
               [](const v1::Queue& from, sched::Queue& to) {
                 to.max_waiting_per_user = from.max_waiting_per_user();
               }},
    QueueField{"max_cpus", [](const v1::Queue& from, sched::Queue& to) { to.max_cpus = from.max_cpus(); }},
    QueueField{
        "max_cpus_per_user",
        [](const v1::Queue& from, sched::Queue& to) { to.max_cpus_per_user = from.max_cpus_per_user(); }},
    QueueField{
        "max_cpus_per_share",
        [](const v1::Queue& from, sched::Queue& to) { to.max_cpus_per_share = from.max_cpus_per_share(); }},
    QueueField{"max_running_per_share",
               [](const v1::Queue& from,
                  sched::Queue& to) { to.max_running_per_share = from.max_running_per_share(); }},
    QueueField{"max_waiting_per_share",
               [](const v1::Queue& from,
                  sched::Queue& to) { to.max_waiting_per_share = from.max_waiting_per_share(); }},
    QueueField{"description",
               [](const v1::Queue& from, sched::Queue& to) { to.description = from.description(); }},
    QueueField{"share_decay",
               [](const v1::Queue& from,
                  sched::Queue& to) { to.fair_share.half_life = Duration(from.share_decay_us()); }},
    QueueField{"compute_reservation",
               [](const v1::Queue& from,
                  sched::Queue& to) { to.fair_share.compute_reservation = from.compute_reservation(); }},
    QueueField{"overdue_after",
               [](const v1::Queue& from,
                  sched::Queue& to) { to.overdue_after = Duration(from.overdue_after_us()); }},
    QueueField{"favour_short", [](const v1::Queue& from,
                                  sched::Queue& to) { to.favour_short = Duration(from.favour_short_us()); }},
    QueueField{"weight_age",
               [](const v1::Queue& from, sched::Queue& to) { to.weights.age = from.weight_age(); }},
    QueueField{
        "weight_fair_share",
        [](const v1::Queue& from, sched::Queue& to) { to.weights.fair_share = from.weight_fair_share(); }},
    QueueField{"weight_priority",
               [](const v1::Queue& from, sched::Queue& to) { to.weights.priority = from.weight_priority(); }},
    QueueField{"weight_size",
               [](const v1::Queue& from, sched::Queue& to) { to.weights.size = from.weight_size(); }},
    QueueField{"max_age", [](const v1::Queue& from,
                             sched::Queue& to) { to.weights.max_age = Duration(from.max_age_us()); }},
};
constexpr std::string_view kMakeDefault = "is_default";

// What a new queue is without being told.
constexpr std::array<std::string_view, 2> kOnByDefault = {"accepts", "dispatches"};

Status SetField(std::string_view name, const v1::SetQueueRequest& request, sched::SetQueue& out) {
  if (name == kMakeDefault) {
    if (!request.queue().is_default()) {
      return InvalidArgument("is_default: a queue stops being the default when another one becomes it");
    }
    out.make_default = true;
    return OkStatus();
  }
  std::vector<std::string> names = {std::string(kMakeDefault)};
  for (const QueueField& field : kQueueFields) {
    if (field.name == name) return field.set(request.queue(), out.queue), OkStatus();
    names.emplace_back(field.name);
  }
  for (const QueueWord& word : kQueueWords) {
    if (word.name == name) return word.set(request.queue(), out.queue);
    names.emplace_back(word.name);
  }
  return InvalidArgument("update: " + Quoted(name) + " is not a field of a queue" + DidYouMean(name, names));
}

Status CheckVariables(const google::protobuf::Map<std::string, std::string>& variables,
                      const RpcSettings& limits) {
  v1::Environment environment;
  for (const auto& [name, value] : variables) environment.add_variables(name + "=" + value);
  return NormaliseEnvironment(environment, limits);
}

std::string NodeStateText(const CoreView& view, const sched::Node& node) {
  const bool connecting = node.state == sched::NodeState::kUp && !view.scheduler.UsageOf(node.id).connected;
  return connecting ? "connecting" : std::string(sched::ToString(node.state));
}

void FillPolicy(const sched::Queue& queue, v1::Queue& to) {
  to.set_policy(std::string(sched::ToString(queue.order)));
  to.set_backfill(std::string(sched::ToString(queue.backfill)));
  to.set_share_decay_us(queue.fair_share.half_life.count());
  to.set_compute_reservation(queue.fair_share.compute_reservation);
  for (const sched::ShareWeight& share : queue.fair_share.weights)
    to.add_shares(ToUtf8(sched::ToString(share)));
  to.set_favour_short_us(queue.favour_short.count());
  to.set_overdue_after_us(queue.overdue_after.count());
  to.set_weight_age(queue.weights.age);
  to.set_weight_fair_share(queue.weights.fair_share);
  to.set_weight_priority(queue.weights.priority);
  to.set_weight_size(queue.weights.size);
  to.set_max_age_us(queue.weights.max_age.count());
}

}  // namespace

void FillQueue(const CoreView& view, const sched::Queue& queue, v1::Queue& to) {
  to.set_name(queue.name);
  to.set_priority(queue.priority);
  to.set_accepts(queue.accepts);
  to.set_dispatches(queue.dispatches);
  to.set_max_running(queue.max_running);
  to.set_max_running_per_user(queue.max_running_per_user);
  to.set_max_waiting(queue.max_waiting);
  to.set_max_waiting_per_user(queue.max_waiting_per_user);
  to.set_max_cpus(queue.max_cpus);
  to.set_max_cpus_per_user(queue.max_cpus_per_user);
  to.set_max_cpus_per_share(queue.max_cpus_per_share);
  to.set_max_running_per_share(queue.max_running_per_share);
  to.set_max_waiting_per_share(queue.max_waiting_per_share);
  for (const std::string& name : queue.preempts) to.add_preempts(name);
  to.set_description(ToUtf8(queue.description));
  FillPolicy(queue, to);
  to.set_is_default(queue.name == view.state().default_queue);
  const sched::QueueUsage usage = view.scheduler.UsageOf(queue.name);
  to.set_waiting(usage.waiting);
  to.set_starting(usage.starting);
  to.set_running(usage.running);
}

void FillEnvironment(const CoreView& view, v1::ComputeEnvironment& to) {
  to.set_name("default");
  to.set_type("UNMANAGED");
  to.set_state("ENABLED");
  Resources total, used;
  for (const auto& [id, node] : view.state().nodes) {
    const sched::NodeUsage usage = view.scheduler.UsageOf(id);
    to.set_nodes(to.nodes() + 1);
    if (usage.connected && !node.drained && !node.notice) to.set_nodes_usable(to.nodes_usable() + 1);
    to.set_tasks(to.tasks() + usage.tasks);
    total += node.description.total;
    used += usage.used;
  }
  FillResources(total, *to.mutable_total());
  FillResources(used, *to.mutable_used());
  to.set_status(to.nodes_usable() > 0 ? "VALID" : "INVALID");
  if (to.nodes() == 0) {
    to.set_status_reason("no node is registered");
  } else if (to.nodes_usable() == 0) {
    to.set_status_reason("no node takes work; see `bsub-lite nodes`");
  }
}

void FillNode(const CoreView& view, const sched::Node& node, v1::Node& to) {
  const sched::NodeDescription& description = node.description;
  to.set_name(description.name);
  to.set_host(description.host);
  to.set_state(NodeStateText(view, node));
  to.set_drained(node.drained);
  to.set_drained_by(ToUtf8(node.drained_by));
  to.set_drain_reason(ToUtf8(node.drain_reason));
  FillResources(description.total, *to.mutable_total());
  const sched::NodeUsage usage = view.scheduler.UsageOf(node.id);
  FillResources(usage.used, *to.mutable_used());
  to.set_tasks(usage.tasks);
  to.set_incarnation(node.incarnation.value());
  to.set_boot_id(description.boot_id);
  to.set_version(description.version);
  to.set_registered_at_us(node.registered_at.micros());
  to.set_state_since_at_us(node.state_since.micros());
  to.set_on_lease_loss(description.on_lease_loss == sched::OnLeaseLoss::kKill ? "kill" : "keep");
  to.set_interruptible(description.interruptible);
  to.set_address(description.address);
  if (node.notice) FillNotice(*node.notice, *to.mutable_notice());
}

void FillDefinition(const JobDefinition& definition, v1::Definition& to) {
  to.set_name(definition.name);
  to.set_revision(definition.revision);
  to.set_active(definition.active);
  to.mutable_command()->Assign(definition.command.begin(), definition.command.end());
  to.mutable_environment()->insert(definition.environment.begin(), definition.environment.end());
  to.mutable_parameters()->insert(definition.parameters.begin(), definition.parameters.end());
  to.set_working_directory(definition.working_directory);
  FillResources(definition.request, *to.mutable_resources());
  to.set_walltime_us(definition.walltime.count());
  to.set_priority(definition.priority);
  FillRetry(definition.retry, *to.mutable_retry());
  to.mutable_tags()->insert(definition.tags.begin(), definition.tags.end());
  to.set_registered_by(ToUtf8(definition.registered_by));
  to.set_registered_at_us(definition.registered_at.micros());
  if (definition.gang == GangSpec{} && definition.node_ranges.empty()) return;
  FillGang(definition.gang, *to.mutable_gang());
  for (const DefinitionRange& range : definition.node_ranges) {
    v1::NodeRange& added = *to.mutable_gang()->add_ranges();
    added.set_nodes(ToString(PartRange{range.first, range.last}));
    added.mutable_command()->Assign(range.command.begin(), range.command.end());
  }
}

void FillDefinitions(const sched::State& state, const DefinitionRef& wanted, bool active_only,
                     const DefinitionRef& after, std::size_t max_bytes, v1::ListDefinitionsReply& to) {
  std::size_t bytes = 0;
  const std::string& first = std::max(wanted.name, after.name);
  for (auto it = state.definitions.lower_bound(first); it != state.definitions.end(); ++it) {
    if (!wanted.name.empty() && it->first != wanted.name) return;
    for (const JobDefinition& definition : it->second) {
      if (it->first == after.name && definition.revision <= after.revision.value_or(0)) continue;
      if (wanted.revision && *wanted.revision != definition.revision) continue;
      if (active_only && !definition.active) continue;
      if (to.definitions_size() > 0 && bytes >= max_bytes) {
        const v1::Definition& last = to.definitions(to.definitions_size() - 1);
        return to.set_next(last.name() + ":" + std::to_string(last.revision()));
      }
      v1::Definition& added = *to.add_definitions();
      FillDefinition(definition, added);
      bytes += added.ByteSizeLong();
    }
  }
}

namespace {

// A client that names no fields and says nothing of how the queue's jobs are ordered leaves that as it is.
v1::Queue WithPolicyOf(const sched::Queue& queue, v1::Queue told) {
  if (told.share_decay_us() == 0) told.set_share_decay_us(queue.fair_share.half_life.count());
  if (told.max_age_us() == 0) told.set_max_age_us(queue.weights.max_age.count());
  const bool weighs = told.weight_age() != 0 || told.weight_fair_share() != 0 ||
                      told.weight_priority() != 0 || told.weight_size() != 0;
  if (weighs) return told;
  told.set_weight_age(queue.weights.age);
  told.set_weight_fair_share(queue.weights.fair_share);
  told.set_weight_priority(queue.weights.priority);
  told.set_weight_size(queue.weights.size);
  return told;
}

}  // namespace

Result<sched::SetQueue> TranslateSetQueue(const v1::SetQueueRequest& request, const sched::Queue* present) {
  sched::SetQueue out;
  out.must_be_new = request.must_be_new();
  if (present) out.queue = *present;
  out.queue.name = request.queue().name();
  if (request.update_size() > 0) {
    for (const std::string& name : request.update()) BSUB_RETURN_IF_ERROR(SetField(name, request, out));
    return out;
  }
  const v1::Queue told = WithPolicyOf(out.queue, request.queue());
  for (const QueueField& field : kQueueFields) {
    // Without a list of fields, a new queue that says nothing about them is open.
    const bool keep = !present &&
                      std::find(kOnByDefault.begin(), kOnByDefault.end(), field.name) != kOnByDefault.end() &&
                      !request.queue().accepts() && !request.queue().dispatches();
    if (!keep) field.set(told, out.queue);
  }
  out.make_default = request.queue().is_default();
  return out;
}

Result<sched::SetNode> TranslateSetNode(const v1::SetNodeRequest& request) {
  static const std::vector<std::pair<std::string, sched::NodeAction>> kActions = {
      {"drain", sched::NodeAction::kDrain},
      {"resume", sched::NodeAction::kResume},
      {"declare-dead", sched::NodeAction::kDeclareDead},
      {"remove", sched::NodeAction::kRemove},
      {"notice", sched::NodeAction::kNotice},
      {"kill", sched::NodeAction::kKill},
      {"partition", sched::NodeAction::kPartition}};
  std::vector<std::string> names;
  for (const auto& [name, action] : kActions) {
    if (name == request.action()) {
      sched::SetNode out;
      out.action = action;
      out.name = request.name();
      out.reason = request.reason();
      if (request.has_deadline_us()) out.deadline = Duration(request.deadline_us());
      return out;
    }
    names.push_back(name);
  }
  return InvalidArgument("action: " + Quoted(request.action()) +
                         " is none of drain, resume, declare-dead, remove, notice, kill, partition" +
                         DidYouMean(request.action(), names));
}

Result<JobDefinition> TranslateDefinition(const v1::Definition& definition, const Principal& who,
                                          const RpcSettings& limits) {
  JobDefinition out;
  BSUB_RETURN_IF_ERROR(CheckArguments(definition.command(), limits));
  BSUB_RETURN_IF_ERROR(CheckVariables(definition.environment(), limits));
  out.name = definition.name();
  out.command.assign(definition.command().begin(), definition.command().end());
  out.environment.insert(definition.environment().begin(), definition.environment().end());
  out.parameters.insert(definition.parameters().begin(), definition.parameters().end());
  out.working_directory = definition.working_directory();
  if (definition.has_resources()) out.request = TranslateResources(definition.resources(), out.request);
  out.walltime = Duration(definition.walltime_us());
  out.priority = definition.priority();
  if (definition.has_retry()) {
    BSUB_ASSIGN_OR_RETURN(out.retry, TranslateRetry(definition.retry()));
  }
  out.tags.insert(definition.tags().begin(), definition.tags().end());
  out.registered_by = who.name;
  BSUB_ASSIGN_OR_RETURN(out.gang, TranslateGang(definition.gang(), GangSpec{}));
  const bool sized = out.gang.ranks_per_node > 1 || out.gang.threads_per_rank > 1;
  if (sized && !definition.resources().has_cpu_milli())
    out.request.cpu_milli = std::int64_t{1000} * out.gang.ranks_per_node * out.gang.threads_per_rank;
  for (const v1::NodeRange& range : definition.gang().ranges()) {
    BSUB_ASSIGN_OR_RETURN(const PartRange nodes, ParsePartRange(range.nodes()));
    out.node_ranges.push_back({nodes.first, nodes.last, {range.command().begin(), range.command().end()}});
  }
  return out;
}

Result<const JobDefinition*> FindDefinition(const sched::State& state, std::string_view text) {
  BSUB_ASSIGN_OR_RETURN(const DefinitionRef ref, ParseDefinitionRef(text));
  const auto it = state.definitions.find(ref.name);
  if (it == state.definitions.end()) {
    std::vector<std::string> names;
    for (const auto& [name, revisions] : state.definitions) names.push_back(name);
    return NotFound("definition: there is no job definition " + Quoted(ref.name) +
                    DidYouMean(ref.name, names));
  }
  const std::vector<JobDefinition>& revisions = it->second;
  const auto wanted = std::find_if(revisions.rbegin(), revisions.rend(), [&](const JobDefinition& d) {
    return ref.revision ? d.revision == *ref.revision : d.active;
  });
  if (wanted == revisions.rend()) {
    return NotFound("definition: " + Quoted(text) +
                    (ref.revision ? " has no such revision" : " has no active revision"));
  }
  if (!wanted->active) {
    return FailedPrecondition("definition: " + Quoted(text) + " is deregistered; name an active revision");
  }
  return &*wanted;
}

}  // namespace bsub::rpc
