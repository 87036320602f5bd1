#include "scheduler/core/reservations.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
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

// Whether not any nodes will do.
bool MustStandAsAsked(const NodesRequest& request) {
  const PlacementSpec& placement = request.placement;
  return !placement.features.empty() ||
         (placement.policy != PlacementPolicy::kNone && placement.mode == PlacementMode::kRequired);
}

std::vector<NodeCandidate> AsIfFree(const std::vector<KeepCandidate>& nodes, std::size_t count) {
  std::vector<NodeCandidate> free;
  for (std::size_t i = 0; i < count; ++i) free.push_back({nodes[i].node, nodes[i].taken, false});
  return free;
}

// How many of them, in their order, must be free until the request can be placed as it wants; 0: all would
// not be enough. What can be placed on some can be placed on more. Adds to `tries`.
std::size_t FirstThatSuffice(const ClusterView& cluster, const NodesRequest& request,
                             const std::vector<KeepCandidate>& nodes, std::uint32_t& tries) {
  const auto suffice = [&](std::size_t count) {
    ++tries;
    return CanChooseNodes(cluster, request, AsIfFree(nodes, count));
  };
  std::size_t fails = request.nodes - 1, suffices = nodes.size();
  if (!suffice(suffices)) return 0;
  while (suffices - fails > 1) {
    const std::size_t middle = fails + (suffices - fails) / 2;
    (suffice(middle) ? suffices : fails) = middle;
  }
  return suffices;
}

std::vector<KeepCandidate> ThoseChosen(const ClusterView& cluster, NodesRequest request,
                                       const std::vector<KeepCandidate>& nodes) {
  request.most = 0;  // it is to start soon rather than on many
  std::map<NodeId, const KeepCandidate*> by_id;
  for (const KeepCandidate& node : nodes) by_id.emplace(node.node, &node);
  std::vector<KeepCandidate> chosen;
  for (const NodeId id : ChooseNodes(cluster, request, AsIfFree(nodes, nodes.size())).nodes)
    chosen.push_back(*by_id.at(id));
  return chosen;
}

}  // namespace

void Reservations::Add(NodeId node, const KeptShare& share, Reservation reservation) {
  kept_.insert_or_assign(node, share);
  all_.insert_or_assign(node, std::move(reservation));
}

void Reservations::AddBehind(NodeId node, const KeptShare& share) { kept_.at(node).also.push_back(share); }

void Reservations::Take(NodeId node, const Resources& taken, TimePoint ends) {
  const auto it = kept_.find(node);
  if (it == kept_.end()) return;
  const auto take = [&](KeptShare& share) {
    if (share.from.set() && ends > share.from) share.beside -= taken;
  };
  take(it->second);
  for (KeptShare& share : it->second.also) take(share);
}

std::vector<NodeId> Reservations::NodesOf(std::string_view queue, const ClassKey& holder) const {
  std::vector<NodeId> nodes;
  for (const auto& [node, reservation] : all_) {
    if (reservation.queue == queue && reservation.holder == holder) nodes.push_back(node);
  }
  return nodes;
}

bool Reservations::Holds(std::string_view queue, const ClassKey& holder) const {
  return std::any_of(all_.begin(), all_.end(), [&](const auto& entry) {
    return entry.second.queue == queue && entry.second.holder == holder;
  });
}

const WaitingClass* HolderOf(const Store& store, const Reservation& reservation) {
  if (reservation.job.valid()) {
    const Job* job = store.state().FindJob(reservation.job);
    const WaitingClass* waiting = job ? job->waiting_class : nullptr;
    if (!waiting || waiting->key != reservation.holder || waiting->queue != reservation.queue) return nullptr;
    const bool longest = reservation.overdue && !waiting->by_wait.empty();
    const JobId next = longest ? waiting->by_wait.begin()->job : waiting->members.begin()->job;
    return next == reservation.job ? waiting : nullptr;
  }
  const WaitingTable::Classes* classes = store.waiting().ClassesOf(reservation.queue);
  if (!classes) return nullptr;
  const auto it = classes->find(reservation.holder);
  return it == classes->end() ? nullptr : &it->second;
}

bool IsKeptFor(const Reservation& reservation, const WaitingClass& holder, JobId job) {
  return (reservation.job.valid() ? reservation.job : holder.members.begin()->job) == job;
}

NodeOutlook OutlookOf(const Store& store, NodeId node, TimePoint now, Duration shortest_guess) {
  const NodeCapacity::Use& use = *store.capacity().Find(node);
  return NodeOutlook(use.Free(), use.tasks, now, shortest_guess);
}

TimePoint EarliestOpen(const Store& store, const std::vector<KeepCandidate>& nodes, TimePoint from,
                       Duration length, std::string_view reservation) {
  const Calendar& calendar = store.calendar();
  if (calendar.empty() && reservation.empty()) return from;
  // Each round goes to the end of some closure.
  for (TimePoint at = from;;) {
    for (const KeepCandidate& node : nodes) {
      if (at != TimePoint::Max()) at = calendar.EarliestOpen(node.node, at, length, reservation);
    }
    if (at == from || at == TimePoint::Max()) return at;
    from = at;
  }
}

KeptNodes ChooseNodesToKeep(const Store& store, const NodesRequest& request, Duration length,
                            std::vector<KeepCandidate> candidates,
                            const std::function<const TasksByEnd&(NodeId)>& tasks_on, TimePoint now,
                            const KeepLimits& limits) {
  const std::uint32_t count = request.nodes;
  if (candidates.size() < count) return {};
  const auto closer = [](const KeepCandidate& a, const KeepCandidate& b) {
    return std::tuple(Shortfall(a.taken, a.free), a.opens, a.node) <
           std::tuple(Shortfall(b.taken, b.free), b.opens, b.node);
  };
  // Those with the most room may stand anywhere.
  const std::size_t looked_at =
      MustStandAsAsked(request) ? candidates.size() : std::max(limits.candidates, count);
  const auto most = static_cast<std::ptrdiff_t>(std::min(candidates.size(), looked_at));
  std::partial_sort(candidates.begin(), candidates.begin() + most, candidates.end(), closer);
  std::vector<std::pair<TimePoint, std::ptrdiff_t>> by_time;
  for (std::ptrdiff_t i = 0; i < most; ++i) {
    const KeepCandidate& c = candidates[static_cast<std::size_t>(i)];
    const NodeOutlook outlook(c.free, tasks_on(c.node), now, limits.shortest_guess);
    const TimePoint fits = std::max(outlook.FitsAt(c.taken), c.opens);
    const TimePoint from = EarliestOpen(store, {c}, fits, length, request.reservation);
    if (from != TimePoint::Max()) by_time.emplace_back(from, i);
  }
  if (by_time.size() < count) return {};
  std::sort(by_time.begin(), by_time.end());
  std::vector<KeepCandidate> soonest;
  for (const auto& [fits, i] : by_time) soonest.push_back(candidates[static_cast<std::size_t>(i)]);
  const ClusterView cluster = store.ViewFor(request);
  KeptNodes kept;
  const std::size_t needed =
      MustStandAsAsked(request) ? FirstThatSuffice(cluster, request, soonest, kept.tries) : count;
  if (needed == 0) return kept;
  kept.from = by_time[needed - 1].first;
  kept.until = now + 2 * std::max(kept.from - now, limits.shortest_guess);
  soonest.resize(needed);
  kept.nodes = needed == count ? std::move(soonest) : ThoseChosen(cluster, request, soonest);
  const TimePoint open = EarliestOpen(store, kept.nodes, kept.from, length, request.reservation);
  if (open == TimePoint::Max()) kept.nodes.clear();
  kept.from = open;
  return kept;
}

KeptNodes ChooseNodesToKeep(const Store& store, const NodesRequest& request, Duration length,
                            const Reservations& taken, const std::function<TimePoint(NodeId)>& back_by,
                            TimePoint now, const KeepLimits& limits) {
  std::vector<KeepCandidate> candidates;
  for (const auto& [id, use] : store.capacity().nodes()) {
    if (!request.each.Fits(use.total) || taken.all().count(id) != 0) continue;
    const TimePoint opens = use.usable ? TimePoint() : back_by(id);
    if (use.usable || opens.set()) candidates.push_back({id, use.Free(), request.TakenOf(use.total), opens});
  }
  const auto tasks_on = [&store](NodeId node) -> const TasksByEnd& {
    return store.capacity().Find(node)->tasks;
  };
  return ChooseNodesToKeep(store, request, length, std::move(candidates), tasks_on, now, limits);
}

}  // namespace bsub::sched
