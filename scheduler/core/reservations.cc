#include "scheduler/core/reservations.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "scheduler/core/store.h"

namespace bsub::sched {
namespace {

// How many nodes, those with the most room, have their tasks looked at.
constexpr std::size_t kMostCandidates = 64;
// A task that has just begun says nothing of how long it will run, and a choice must stand for a while.
constexpr Duration kShortestGuess = std::chrono::minutes(1);

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

TimePoint ExpectedEnd(const Job& job, const Attempt& attempt, TimePoint now) {
  const JobSettings& settings = *job.spec.settings;
  if (attempt.stop != StopReason::kNone) return std::max(now, attempt.stop_at + settings.stop_grace);
  const TimePoint began = attempt.started_at.set() ? attempt.started_at : attempt.placed_at;
  if (settings.walltime.count() > 0) return std::max(now, began + settings.walltime);
  return now + std::max(now - began, kShortestGuess);
}

// When the tasks of a node will have left room for the request.
TimePoint FitsAt(const Store& store, const NodeCapacity::Use& use, const Resources& request, TimePoint now) {
  std::vector<std::pair<TimePoint, const Attempt*>> ends;
  for (const AttemptRef& ref : use.attempts) {
    const Job& job = store.state().jobs.at(ref.task.job);
    const Attempt* attempt = FindTask(job, ref.task.ordinal)->attempt.get();
    ends.emplace_back(ExpectedEnd(job, *attempt, now), attempt);
  }
  // By time alone: of equals it does not matter which is first.
  std::stable_sort(ends.begin(), ends.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Resources free = use.Free();
  for (const auto& [end, attempt] : ends) {
    if (request.Fits(free)) break;
    free += attempt->allocated;
    now = end;
  }
  return now;
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

std::optional<KeptNode> ChooseNodeToKeep(const Store& store, const Resources& request,
                                         const Reservations& taken, TimePoint now) {
  std::vector<std::pair<std::int64_t, NodeId>> candidates;
  for (const auto& [id, use] : store.capacity().nodes()) {
    if (!use.usable || !request.Fits(use.total) || taken.all().count(id) != 0) continue;
    candidates.emplace_back(Shortfall(request, use.Free()), id);
  }
  const std::size_t most = std::min(candidates.size(), kMostCandidates);
  std::partial_sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(most),
                    candidates.end());
  std::optional<KeptNode> best;
  TimePoint soonest;
  for (std::size_t i = 0; i < most; ++i) {
    const NodeId id = candidates[i].second;
    const TimePoint fits = FitsAt(store, *store.capacity().Find(id), request, now);
    if (best && fits >= soonest) continue;
    soonest = fits;
    best = KeptNode{id, now + 2 * std::max(fits - now, kShortestGuess)};
  }
  return best;
}

}  // namespace bsub::sched
