#include "scheduler/core/reservations.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "scheduler/core/store.h"

namespace bsub::sched {
namespace {

// How much is missing, of what is missing most, in thousandths of what is asked for.
std::int64_t Shortfall(const Resources& request, const Resources& free) {
  const auto part = [](std::int64_t wanted, std::int64_t there) -> std::int64_t {
    if (wanted <= there) return 0;
    const std::int64_t missing = std::min(wanted, wanted - there);
    return wanted > INT64_MAX / 1000 ? missing / (wanted / 1000) : missing * 1000 / wanted;
  };
  return std::max({part(request.cpu_milli, free.cpu_milli), part(request.mem_bytes, free.mem_bytes),
                   part(request.gpus, free.gpus)});
}

TimePoint ExpectedEnd(const LiveTask& task, TimePoint now, Duration shortest_guess) {
  if (task.ends.set()) return std::max(now, task.ends);
  return now + std::max(now - task.began, shortest_guess);
}

// When the tasks of a node will have left room for the request.
TimePoint FitsAt(Resources free, std::vector<LiveTask> tasks, const Resources& request, TimePoint now,
                 Duration shortest_guess) {
  const auto sooner = [now, shortest_guess](const LiveTask& a, const LiveTask& b) {
    return ExpectedEnd(a, now, shortest_guess) < ExpectedEnd(b, now, shortest_guess);
  };
  std::stable_sort(tasks.begin(), tasks.end(), sooner);
  TimePoint fits = now;
  for (const LiveTask& task : tasks) {
    if (request.Fits(free)) break;
    free += task.allocated;
    fits = ExpectedEnd(task, now, shortest_guess);
  }
  return fits;
}

}  // namespace

void Reservations::Add(NodeId node, Reservation reservation) {
  kept_[node] = reservation.holder.request;
  all_[node] = std::move(reservation);
}

std::optional<NodeId> Reservations::NodeOf(std::string_view queue, const ClassKey& holder) const {
  const auto it = std::find_if(all_.begin(), all_.end(), [&](const auto& entry) {
    return entry.second.queue == queue && entry.second.holder == holder;
  });
  return it == all_.end() ? std::nullopt : std::optional(it->first);
}

const WaitingClass* HolderOf(const Store& store, const Reservation& reservation) {
  const WaitingTable::Classes* classes = store.waiting().ClassesOf(reservation.queue);
  if (!classes) return nullptr;
  const auto it = classes->find(reservation.holder);
  return it == classes->end() ? nullptr : &it->second;
}

LiveTask LiveTaskOf(const Job& job, const Attempt& attempt) {
  const JobSettings& settings = *job.spec.settings;
  LiveTask task;
  task.began = attempt.started_at.set() ? attempt.started_at : attempt.placed_at;
  task.allocated = attempt.allocated;
  if (attempt.stop != StopReason::kNone) {
    task.ends = attempt.stop_at + settings.stop_grace;
  } else if (settings.walltime.count() > 0) {
    task.ends = task.began + settings.walltime;
  }
  return task;
}

std::optional<KeptNode> ChooseNodeToKeep(std::vector<KeepCandidate> candidates, const Resources& request,
                                         const std::function<std::vector<LiveTask>(NodeId)>& tasks_on,
                                         TimePoint now, const KeepLimits& limits) {
  const auto closer = [&request](const KeepCandidate& a, const KeepCandidate& b) {
    return std::pair(Shortfall(request, a.free), a.node) < std::pair(Shortfall(request, b.free), b.node);
  };
  const std::size_t most = std::min<std::size_t>(candidates.size(), limits.candidates);
  std::partial_sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(most),
                    candidates.end(), closer);
  std::optional<KeptNode> best;
  TimePoint soonest;
  for (std::size_t i = 0; i < most; ++i) {
    const auto& [node, free] = candidates[i];
    const TimePoint fits = FitsAt(free, tasks_on(node), request, now, limits.shortest_guess);
    if (best && fits >= soonest) continue;
    soonest = fits;
    best = KeptNode{node, now + 2 * std::max(fits - now, limits.shortest_guess)};
  }
  return best;
}

std::optional<KeptNode> ChooseNodeToKeep(const Store& store, const Resources& request,
                                         const Reservations& taken, TimePoint now, const KeepLimits& limits) {
  std::vector<KeepCandidate> candidates;
  for (const auto& [id, use] : store.capacity().nodes()) {
    if (!use.usable || !request.Fits(use.total) || taken.all().count(id) != 0) continue;
    candidates.push_back({id, use.Free()});
  }
  const auto tasks_on = [&store](NodeId node) {
    std::vector<LiveTask> tasks;
    for (const AttemptRef& ref : store.capacity().Find(node)->attempts) {
      const Job& job = store.state().jobs.at(ref.task.job);
      tasks.push_back(LiveTaskOf(job, *FindTask(job, ref.task.ordinal)->attempt));
    }
    return tasks;
  };
  return ChooseNodeToKeep(std::move(candidates), request, tasks_on, now, limits);
}

}  // namespace bsub::sched
