#include "scheduler/core/invariants.h"

#include <algorithm>
#include <map>
#include <set>

#include "scheduler/core/dependency_eval.h"
#include "scheduler/core/state_hash.h"

namespace bsub::sched {
namespace {

Status Broken(const std::string& what) { return Internal("invariant broken: " + what); }

struct Walk {
  std::map<NodeId, Resources> used;
  std::map<NodeId, std::size_t> tasks;
  PlacementGroups groups;
};

// A gang has a part on each of several nodes, and is over when all of them are.
Status CheckGang(const std::string& id, const Job& job, const Attempt& a) {
  const GangSpec& spec = job.spec.settings->gang;
  if (!a.gang)
    return spec.least_nodes() == 1 ? OkStatus() : Broken("task " + id + " runs on one node, not on several");
  const Gang& gang = *a.gang;
  if (gang.parts.size() < std::max(2u, spec.least_nodes()) || gang.parts.size() > spec.nodes)
    return Broken("task " + id + " has " + std::to_string(gang.parts.size()) + " parts");
  if (gang.live() == 0) return Broken("task " + id + ": all of its parts are over, the attempt is not");
  if (gang.parts[kMainPart].node != a.node) return Broken("task " + id + ": its main node differs");
  std::set<NodeId> nodes;
  for (const Part& part : gang.parts) {
    if (!nodes.insert(part.node).second) return Broken("task " + id + " has two parts on one node");
  }
  return OkStatus();
}

// An attempt exists exactly while a task is live, on known nodes.
Status CheckTask(const State& state, const Job& job, std::uint32_t ordinal, const Task& task, Walk& walk) {
  const std::string id = DisplayId(job, ordinal);
  if (IsLive(task.state) != (task.attempt != nullptr))
    return Broken("task " + id + " is live without an attempt, or the reverse");
  if (!task.attempt) return OkStatus();
  const Attempt& a = *task.attempt;
  if (a.number != task.attempts)
    return Broken("task " + id + " runs attempt " + std::to_string(a.number) + ", not its newest");
  BSUB_RETURN_IF_ERROR(CheckGang(id, job, a));
  if ((task.state == JobState::kRunning) != a.started_at.set())
    return Broken("task " + id + ": start time and state differ");
  const JobSettings& settings = *job.spec.settings;
  const std::string& group = settings.gang.placement.group;
  if (!group.empty()) walk.groups.Add({settings.owner.uid, group}, {{job.id, ordinal}, a.number});
  bool known = true;
  ForEachPlace(a, [&](NodeId node, Incarnation, const Resources& allocated, const auto&) {
    known = known && state.nodes.count(node) != 0;
    walk.used[node] += allocated;
    ++walk.tasks[node];
  });
  return known ? OkStatus() : Broken("task " + id + " runs on an unknown node");
}

Status CheckArray(const State& state, const Job& job, Walk& walk) {
  const ArrayState& a = *job.array;
  const std::string id = "array " + std::to_string(job.id.value());
  std::uint32_t starting = 0, running = 0;
  for (const auto& [ordinal, row] : a.rows) {
    BSUB_RETURN_IF_ERROR(CheckTask(state, job, ordinal, row, walk));
    if (a.IsOver(ordinal)) return Broken(id + " keeps a row of a finished child");
    starting += row.state == JobState::kStarting;
    running += row.state == JobState::kRunning;
  }
  if (a.succeeded_count != a.succeeded.Count() || a.failed_count != a.failed.Count() ||
      a.started_count != a.started.Count() || a.open_count != a.open.Count() ||
      starting != a.starting_count || running != a.running_count) {
    return Broken(id + ": counts differ from bits");
  }
  const std::uint32_t limit = job.spec.array->concurrency();
  if (limit != 0 && a.live_count() > limit)
    return Broken(id + " runs more children than its %" + std::to_string(limit));
  for (std::size_t w = 0; w < a.ready.word_count(); ++w) {
    if (a.succeeded.word(w) & a.failed.word(w)) return Broken(id + ": a child succeeded and failed");
    const std::uint64_t met = job.begin_reached ? EvaluateWord(state, job, w).met : 0;
    std::uint64_t waiting = ~(a.succeeded.word(w) | a.failed.word(w)) & a.ready.WordMask(w), held = 0;
    const auto first = static_cast<std::uint32_t>(w * 64);
    for (auto it = a.rows.lower_bound(first); it != a.rows.end() && it->first - first < 64; ++it) {
      if (IsLive(it->second.state)) waiting &= ~(1ULL << (it->first - first));
      if (it->second.held) held |= 1ULL << (it->first - first);
    }
    if (a.ready.word(w) != (waiting & met))
      return Broken(id + ": ready bits differ from the dependencies, word " + std::to_string(w));
    if (a.open.word(w) != (waiting & met & ~held))
      return Broken(id + ": open bits are wrong, word " + std::to_string(w));
  }
  return OkStatus();
}

Status CheckPlain(const State& state, const Job& job, Walk& walk) {
  BSUB_RETURN_IF_ERROR(CheckTask(state, job, 0, job.task, walk));
  const bool met = job.begin_reached && (EvaluateWord(state, job, 0).met & 1);
  if (job.ready != (IsWaiting(job.task.state) && met))
    return Broken("job " + std::to_string(job.id.value()) + ": ready differs from the dependencies");
  return OkStatus();
}

// A live task started when its dependencies allowed it. Only what cannot be undone is looked at: a requeued
// parent may since have gone back.
Status CheckJob(const Store& store, const Job& job, Walk& walk) {
  const State& state = store.state();
  const std::string id = "job " + std::to_string(job.id.value());
  BSUB_RETURN_IF_ERROR(job.array ? CheckArray(state, job, walk) : CheckPlain(state, job, walk));
  if (job.Over() != job.finished_at.set()) return Broken(id + ": over and finished_at differ");
  if (!state.queues.count(job.spec.settings->queue) && !job.Over())
    return Broken(id + " waits in a queue that is gone");
  const bool waits = WaitsForNode(job);
  if (waits != (job.waiting_class != nullptr))
    return Broken(id + (waits ? " is not among the waiting" : " waits but must not"));
  if (waits && !job.waiting_class->members.count({!InFront(job), job.id}))
    return Broken(id + " waits in the wrong place");
  const bool by_wait = waits && job.waiting_class->in->order.by_wait;
  if (waits && job.waiting_class->by_wait.size() != (by_wait ? job.waiting_class->members.size() : 0))
    return Broken(id + ": not all of its class are known by their wait");
  return OkStatus();
}

Status CheckNodes(const Store& store, const Walk& walk) {
  for (const auto& [id, node] : store.state().nodes) {
    const std::string& name = node.description.name;
    const NodeCapacity::Use* use = store.capacity().Find(id);
    if (!use) return Broken("node " + name + " is not counted");
    const auto it = walk.used.find(id);
    const Resources used = it == walk.used.end() ? Resources{} : it->second;
    if (used != use->used) return Broken("node " + name + ": what is in use differs from its attempts");
    const auto tasks = walk.tasks.find(id);
    if ((tasks == walk.tasks.end() ? 0 : tasks->second) != use->attempts.size())
      return Broken("node " + name + ": attempts differ");
    if (use->tasks.limited().size() + use->tasks.endless().size() != use->attempts.size())
      return Broken("node " + name + ": the tasks whose ends are awaited differ from its attempts");
    if (node.state == NodeState::kDown && !use->attempts.empty())
      return Broken("node " + name + " is down and has attempts");
  }
  return OkStatus();
}

Status CheckCounts(const Store& store) {
  std::map<std::string, TaskCounts> queues;
  std::map<std::uint32_t, TaskCounts> users;
  std::map<std::pair<std::string, std::uint32_t>, TaskCounts> users_in_queues;
  for (const auto& [id, job] : store.state().jobs) {
    const JobSettings& settings = *job.spec.settings;
    const TaskCounts counts = CountsOf(job);
    queues[settings.queue] += counts;
    users[settings.owner.uid] += counts;
    users_in_queues[{settings.queue, settings.owner.uid}] += counts;
  }
  for (const auto& [name, counts] : queues) {
    if (counts != store.CountsOfQueue(name)) return Broken("queue " + name + ": counts differ from its jobs");
  }
  for (const auto& [uid, counts] : users) {
    if (counts != store.CountsOfUser(uid))
      return Broken("user " + std::to_string(uid) + ": counts differ from their jobs");
  }
  for (const auto& [key, counts] : users_in_queues) {
    if (counts != store.CountsOfUserInQueue(key.first, key.second))
      return Broken("user " + std::to_string(key.second) + " in queue " + key.first +
                    ": counts differ from their jobs");
  }
  return OkStatus();
}

// What limits by CPUs and shares go by.
Status CheckLimitUse(const Store& store) {
  std::map<std::string, LimitUse> recounted;
  for (const auto& [name, queue] : store.state().queues) {
    if (CountsFinely(queue)) recounted[name];
  }
  if (recounted.empty()) return OkStatus();
  for (const auto& [id, job] : store.state().jobs) {
    const JobSettings& settings = *job.spec.settings;
    const auto use = recounted.find(settings.queue);
    if (use == recounted.end()) continue;
    const std::string share(ShareOf(settings));
    for (std::uint32_t i = 0; i < job.size(); ++i) {
      const JobState state = StateOf(job, i);
      use->second.CountTasks(share, IsWaiting(state), IsLive(state));
      const Task* task = FindTask(job, i);
      if (task && task->attempt) use->second.CountCpu(share, settings.owner.uid, CpuOf(*task->attempt));
    }
  }
  for (const auto& [name, use] : recounted) {
    const LimitUse* kept = store.LimitUseOf(name);
    if (!kept || *kept != use)
      return Broken("queue " + name + ": what its limits go by differs from its jobs");
  }
  return OkStatus();
}

}  // namespace

Status CheckInvariants(const Store& store) {
  Walk walk;
  for (const auto& [id, job] : store.state().jobs) BSUB_RETURN_IF_ERROR(CheckJob(store, job, walk));
  BSUB_RETURN_IF_ERROR(CheckNodes(store, walk));
  BSUB_RETURN_IF_ERROR(CheckCounts(store));
  BSUB_RETURN_IF_ERROR(CheckLimitUse(store));
  if (store.calendar() != store.MakeCalendar())
    return Broken("the calendar differs from the maintenance windows and the reservations");
  if (!store.ShareSumsHold()) return Broken("sums over the shares of a queue differ from the shares");
  if (walk.groups != store.placement_groups()) return Broken("the placement groups differ from what runs");
  if (store.hash() != HashOf(store.state())) return Broken("the state hash differs from the state");
  return OkStatus();
}

}  // namespace bsub::sched
