#include "scheduler/core/submit_checks.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "jobs/authority.h"
#include "jobs/nearest.h"
#include "jobs/text.h"
#include "scheduler/core/reservation_name.h"

namespace bsub::sched {
namespace {

std::vector<std::string> QueueNames(const State& state) {
  std::vector<std::string> names;
  for (const auto& [name, queue] : state.queues) names.push_back(name);
  return names;
}

std::string JoinNames(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) text += (i == 0 ? "" : ", ") + names[i];
  return names.size() > kShown ? text + ", …" : text;
}

Result<const Queue*> FindQueue(const State& state, const std::string& name) {
  const auto it = state.queues.find(name);
  if (it == state.queues.end()) {
    return NotFound(name + ": No such queue" + DidYouMean(name, QueueNames(state)) +
                    " (`bsub-lite queues` lists them)");
  }
  if (!it->second.accepts) {
    return FailedPrecondition("queue " + name +
                              " accepts no new jobs now; an administrator can change that with "
                              "`bsub-lite queues enable " +
                              name + "`");
  }
  return &it->second;
}

Status CheckRoom(const Settings& settings, const Store& store, const Queue& queue, const Principal& who,
                 std::string_view share, std::int64_t tasks) {
  const auto check = [tasks](std::int64_t limit, const auto& waiting, const auto& of) -> Status {
    if (limit == 0) return OkStatus();
    const std::int64_t now = waiting();
    if (now + tasks <= limit) return OkStatus();
    return ResourceExhausted("Pending job threshold reached: " + std::to_string(now) + " tasks wait " + of() +
                             ", " + std::to_string(tasks) + " more would pass the limit of " +
                             std::to_string(limit) + "; wait until some have started");
  };
  BSUB_RETURN_IF_ERROR(check(
      queue.max_waiting, [&] { return store.CountsOfQueue(queue.name).waiting; },
      [&] { return "in queue " + queue.name; }));
  BSUB_RETURN_IF_ERROR(check(
      queue.max_waiting_per_user, [&] { return store.CountsOfUserInQueue(queue.name, who.uid).waiting; },
      [&] { return "in queue " + queue.name + " for user " + who.name; }));
  if (const LimitUse* use = store.LimitUseOf(queue.name)) {
    BSUB_RETURN_IF_ERROR(check(
        queue.max_waiting_per_share, [&] { return use->ShareNow(share).waiting; },
        [&] { return "in queue " + queue.name + " for share " + std::string(share); }));
  }
  BSUB_RETURN_IF_ERROR(check(
      settings.max_waiting_per_user, [&] { return store.CountsOfUser(who.uid).waiting; },
      [&] { return "for user " + who.name; }));
  const auto jobs = static_cast<std::int64_t>(store.state().jobs.size());
  if (jobs < settings.max_jobs) return OkStatus();
  // Whatever is over and can be forgotten has been (decide_time.cc), or will be with the next Tick.
  return ResourceExhausted("the cluster has " + std::to_string(jobs) + " jobs, the limit is " +
                           std::to_string(settings.max_jobs) +
                           " (core.max_jobs); try again when some are over, and send many like tasks as one "
                           "array, which counts as one job");
}

Status CheckPriority(const Settings& settings, const Principal& who, std::int32_t priority) {
  if (priority <= settings.max_user_priority) return OkStatus();
  if (RoleOf(settings.authority, who, nullptr) == Role::kAdmin) return OkStatus();
  return PermissionDenied(
      "priority " + std::to_string(priority) + ": " + who.name + " may ask for at most " +
      std::to_string(settings.max_user_priority) +
      " (core.max_user_priority); submit with less, and ask an administrator to raise it");
}

// What is saved where it goes with its node is of no use.
Status CheckDurable(const Settings& settings, const CheckpointSpec& checkpoint) {
  if (settings.durable_paths.empty() || checkpoint.directory.empty() || checkpoint.anywhere)
    return OkStatus();
  std::string all;
  for (const std::string& path : settings.durable_paths) {
    const bool below = checkpoint.directory.starts_with(path) &&
                       (checkpoint.directory.size() == path.size() || path.ends_with('/') ||
                        checkpoint.directory[path.size()] == '/');
    if (below) return OkStatus();
    all += (all.empty() ? "" : ", ") + path;
  }
  return InvalidArgument("checkpoint directory " + Quoted(checkpoint.directory) +
                         ": goes with its node; name one below " + all +
                         " (the cluster's durable_paths), or insist with --checkpoint-anywhere");
}

// The condition `node` looks at `target`: does the child or the index-wise pairing exist?
Status CheckTarget(const DependencyNode& node, const Job& target, const JobSpec& spec) {
  const std::string what = "dependency " + ToString(node) + ": ";
  if (node.index_wise) {
    if (!target.array)
      return InvalidArgument(what + "job " + std::to_string(target.id.value()) + " is not an array");
    if (!spec.array) return InvalidArgument(what + "only an array job can depend index-wise; add --array");
    if (target.size() != spec.array->size()) {
      return InvalidArgument(what + "array sizes differ: job " + std::to_string(target.id.value()) + " has " +
                             std::to_string(target.size()) + " children, this one " +
                             std::to_string(spec.array->size()));
    }
  }
  if (node.index && (!target.array || !target.spec.array->OrdinalOf(*node.index))) {
    return InvalidArgument(what + "job " + std::to_string(target.id.value()) + " has no child with index " +
                           std::to_string(*node.index));
  }
  return OkStatus();
}

// What one condition looks at: a job, or all of a name.
Result<std::vector<JobId>> TargetsOf(const Settings& settings, const Store& store, const Principal& who,
                                     const DependencyNode& node, std::size_t most) {
  if (node.job.valid()) return std::vector<JobId>{node.job};
  std::vector<JobId> targets = store.FindByName(who.uid, node.name, most);
  if (targets.empty())
    return NotFound("dependency " + ToString(node) + ": you have no job named " + node.name);
  if (targets.size() > most) {
    return InvalidArgument("dependency " + ToString(node) +
                           ": with all of your jobs of that name the dependency has more than " +
                           std::to_string(settings.spec_limits.dependency.max_nodes) +
                           " conditions and operators; name fewer");
  }
  return targets;
}

Status AddCondition(const State& state, const JobSpec& spec, const DependencyNode& node,
                    const std::vector<JobId>& targets, Dependency& resolved) {
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const Job* target = state.FindJob(targets[i]);
    if (!target) {
      const bool past = targets[i].value() < state.next_job_id;
      return NotFound("dependency " + ToString(node) + ": " +
                      (past ? "that job finished long ago and is no longer kept" : "no such job"));
    }
    BSUB_RETURN_IF_ERROR(CheckTarget(node, *target, spec));
    DependencyNode one = node;
    one.job = targets[i];
    one.name.clear();
    resolved.nodes.push_back(std::move(one));
    // Several of one name: all must satisfy.
    if (i > 0) resolved.nodes.push_back({.kind = DependencyNode::Kind::kAnd});
  }
  return OkStatus();
}

// Names become ids here: the decision is in the journal, so that a job submitted later never changes what is
// waited for. The work is bounded by the size a dependency may have, whatever its patterns match.
Result<Dependency> ResolveDependency(const Settings& settings, const Store& store, const Principal& who,
                                     const JobSpec& spec) {
  Dependency resolved;
  const std::size_t max_nodes = settings.spec_limits.dependency.max_nodes;
  std::size_t to_come = spec.dependency.nodes.size();  // at least so many nodes, this one and those after it
  for (const DependencyNode& node : spec.dependency.nodes) {
    --to_come;
    if (node.kind != DependencyNode::Kind::kCondition || node.condition == Condition::kSequential) {
      resolved.nodes.push_back(node);
      continue;
    }
    // n targets are n conditions and n - 1 operators.
    const std::size_t used = resolved.nodes.size() + to_come;
    const std::size_t most = used < max_nodes ? (max_nodes - used + 1) / 2 : 0;
    BSUB_ASSIGN_OR_RETURN(const std::vector<JobId> targets, TargetsOf(settings, store, who, node, most));
    BSUB_RETURN_IF_ERROR(AddCondition(store.state(), spec, node, targets, resolved));
  }
  BSUB_RETURN_IF_ERROR(Validate(resolved, settings.spec_limits.dependency));
  return resolved;
}

// Whoever has said both already, as one who submits thousands of jobs with one copy of their settings may,
// has them taken as they are.
std::shared_ptr<const JobSettings> WithOwner(std::shared_ptr<const JobSettings> given, const Principal& who,
                                             const State& state) {
  // From now on it is this one that it is of.
  const AdvanceReservation* reservation =
      given->reservation.empty() ? nullptr : FindReservation(state, given->reservation);
  const bool known_so = !reservation || reservation->name == given->reservation;
  if (given->owner == who && !given->queue.empty() && known_so) return given;
  auto own = std::make_shared<JobSettings>(*given);
  own->owner = who;
  if (own->queue.empty()) own->queue = state.default_queue;
  if (reservation) own->reservation = reservation->name;
  return own;
}

// A queue is a whole job's: one child's interruptions must not move its siblings.
Status CheckThenQueue(const Store& store, const JobSpec& spec) {
  const std::string& then = spec.settings->checkpoint.then_queue;
  if (then.empty()) return OkStatus();
  if (spec.array) {
    return InvalidArgument("then " + Quoted(then) +
                           ": an array is in one queue, and one child's interruptions must not move the "
                           "others; leave --then out, or submit what is to move as a job of its own");
  }
  const auto later = FindQueue(store.state(), then);
  return later ? OkStatus() : Status(Error(later.error()));
}

// Whether the job may use it, and ever could.
Status CheckReservation(const State& state, const Principal& who, const JobSettings& settings) {
  const std::string& name = settings.reservation;
  if (name.empty()) return OkStatus();
  const auto it = state.reservations.find(name);
  if (it == state.reservations.end()) {
    std::vector<std::string> names;
    for (const auto& [known, reservation] : state.reservations) names.emplace_back(NameForPeople(known));
    return NotFound("reservation " + Quoted(name) + ": there is none of that name" + DidYouMean(name, names) +
                    " (`bsub-lite reservations` lists them)");
  }
  const AdvanceReservation& reservation = it->second;
  const std::string what = "reservation " + std::string(NameForPeople(name)) + ": ";
  if (!std::binary_search(reservation.users.begin(), reservation.users.end(), who.name))
    return PermissionDenied(what + who.name + " is none of its users, who are " +
                            JoinNames(reservation.users));
  const Duration length = reservation.to - reservation.from;
  if (settings.walltime.count() <= 0 || settings.walltime > length) {
    return InvalidArgument(what + "the job needs a time limit (-t) of at most " + FormatDuration(length) +
                           ", which is how long it lasts");
  }
  if (settings.gang.least_nodes() > reservation.nodes.size()) {
    return InvalidArgument(what + "the job asks for " + std::to_string(settings.gang.least_nodes()) +
                           " nodes, it has " + std::to_string(reservation.nodes.size()));
  }
  return OkStatus();
}

}  // namespace

Status CheckSubmit(const Settings& settings, const Store& store, const Principal& who, JobSpec& spec) {
  if (!spec.settings) return InvalidArgument("settings: missing");
  spec.settings = WithOwner(std::move(spec.settings), who, store.state());
  auto good = store.FindGoodSettings(spec.settings);
  const bool known = good != nullptr;
  if (known) spec.settings = std::move(good);
  const JobSettings* own = spec.settings.get();

  BSUB_RETURN_IF_ERROR(Authorize(settings.authority, who, Verb::kSubmit, nullptr, "a job"));
  BSUB_RETURN_IF_ERROR(known ? ValidateAllButSettings(spec, settings.spec_limits)
                             : Validate(spec, settings.spec_limits));
  BSUB_RETURN_IF_ERROR(CheckPriority(settings, who, own->priority));
  BSUB_ASSIGN_OR_RETURN(const Queue* queue, FindQueue(store.state(), own->queue));
  BSUB_RETURN_IF_ERROR(CheckDurable(settings, own->checkpoint));
  BSUB_RETURN_IF_ERROR(CheckThenQueue(store, spec));
  BSUB_RETURN_IF_ERROR(CheckReservation(store.state(), who, *own));
  BSUB_RETURN_IF_ERROR(
      CheckRoom(settings, store, *queue, who, ShareOf(*own), spec.array ? spec.array->size() : 1));
  if (spec.dependency.empty()) return OkStatus();
  BSUB_ASSIGN_OR_RETURN(spec.dependency, ResolveDependency(settings, store, who, spec));
  return OkStatus();
}

}  // namespace bsub::sched
