#include "scheduler/core/explain_placement.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <set>
#include <utility>

namespace bsub::sched {
namespace {

bool Matters(const Store& store, const NodesRequest& request) {
  return (request.placement.policy != PlacementPolicy::kNone || request.placement.chooses_nodes()) &&
         store.tree().topology() != nullptr;
}

std::optional<PlacementRefusal> Refused(const ClusterView& cluster, const NodesRequest& request,
                                        const std::vector<NodeCandidate>& with_room) {
  const PlacementQuestion question = QuestionOf(cluster, request, with_room);
  auto placed = Place(*cluster.tree.topology(), question.room, question.request);
  return placed ? std::nullopt : std::optional(std::move(placed).error());
}

// No more nodes than it needs.
NodesRequest AsExactly(NodesRequest request) {
  request.most = 0;
  return request;
}

// A limit that a person types should not be too long by the time it is typed.
constexpr Duration kMinutesFrom = std::chrono::minutes(5);

// "90m", "45s".
std::string AsOption(Duration walltime) {
  const auto seconds = walltime / std::chrono::seconds(1);
  return seconds % 60 == 0 ? std::to_string(seconds / 60) + "m" : std::to_string(seconds) + "s";
}

// On fewer of the nodes with room, or on as many that stand otherwise.
std::string PlacedOtherwise(const Store& store, const NodesRequest& request,
                            const std::vector<NodeCandidate>& with_room) {
  const bool asks = request.nodes > 1 || Matters(store, request);
  if (!asks || with_room.empty() || !store.tree().topology()) return "";
  const PlacementQuestion question = QuestionOf(store.ViewFor(request), request, with_room);
  return AdvisePlacement(*store.tree().topology(), question.room, question.request).message;
}

}  // namespace

std::optional<PlacementRefusal> RefusedPlacement(const Store& store, const NodesRequest& request,
                                                 const std::vector<NodeCandidate>& with_room) {
  if (!Matters(store, request)) return std::nullopt;
  return Refused(store.ViewFor(request), request, with_room);
}

std::optional<PlacementRefusal> RefusedOnIdleNodes(const Store& store, NodesRequest request) {
  if (!Matters(store, request)) return std::nullopt;
  std::vector<NodeCandidate> able;
  for (const auto& [node, use] : store.capacity().nodes()) {
    if (request.each.Fits(use.total)) able.push_back({node, use.total});
  }
  request.placement.mode = PlacementMode::kRequired;
  return Refused({store.tree(), store.capacity(), {}}, request, able);
}

std::optional<PlacementRefusal> RefusedForEver(const Store& store, const NodesRequest& request) {
  auto refusal = RefusedOnIdleNodes(store, request);
  if (!refusal || request.placement.mode == PlacementMode::kRequired) return refusal;
  const bool by_policy =
      refusal->reason == RefusalReason::kPolicy || refusal->reason == RefusalReason::kPolicyImpossible;
  return by_policy ? std::nullopt : refusal;
}

std::optional<LackingNodes> LacksNodes(const Store& store, const NodesRequest& request) {
  if (!Matters(store, request)) return std::nullopt;
  std::vector<NodeCandidate> usable, drained, down;
  for (const auto& [node, use] : store.capacity().nodes()) {
    if (!request.each.Fits(use.total)) continue;
    // In this order they are taken: a rack's nodes in use before its idle ones.
    if (use.usable)
      usable.push_back({node, use.total, false});
    else
      (store.state().nodes.at(node).drained ? drained : down).push_back({node, use.total, true});
  }
  if (drained.empty() && down.empty()) return std::nullopt;
  const ClusterView alone{store.tree(), store.capacity(), {}};  // what runs of its group ends as well
  auto refusal = Refused(alone, request, usable);
  if (!refusal) return std::nullopt;
  LackingNodes lacking{std::move(*refusal), {}};
  std::vector<NodeCandidate> candidates = usable;
  for (const auto* back : {&drained, &down}) {
    candidates.insert(candidates.end(), back->begin(), back->end());
    for (const NodeId node : ChooseNodes(alone, AsExactly(request), candidates).nodes) {
      if (!store.capacity().Find(node)->usable) lacking.nodes.push_back(node);
    }
    if (!lacking.nodes.empty()) break;
  }
  return lacking;
}

std::string WouldFitNow(const Store& store, const NodesRequest& request, const RoomNow& room) {
  std::vector<std::string> instead;
  if (std::string placed = PlacedOtherwise(store, request, room.with_room); !placed.empty())
    instead.push_back(std::move(placed));
  NodesRequest shared = AsExactly(request);
  shared.exclusive = false;
  if (request.exclusive && !store.ChooseNodes(shared, room.kept, room.ends).nodes.empty())
    instead.emplace_back("it would fit without --exclusive");
  if (const auto walltime = WalltimeThatFitsNow(store, request, room))
    instead.push_back("it would fit with -t " + AsOption(*walltime) + " or less");
  std::string text;
  for (const std::string& one : instead) text += (text.empty() ? "" : "; ") + one;
  return text;
}

// What may be over later may be over sooner, so the moments up to which nodes are kept are halved.
std::optional<Duration> WalltimeThatFitsNow(const Store& store, const NodesRequest& request,
                                            const RoomNow& room) {
  std::set<TimePoint> moments;
  for (const auto& [node, share] : room.kept) {
    if (share.from > room.now && share.from < room.ends) moments.insert(share.from);
  }
  const std::vector<TimePoint> ends(moments.begin(), moments.end());
  const auto too_late = std::partition_point(ends.begin(), ends.end(), [&](TimePoint end) {
    return !store.ChooseNodes(AsExactly(request), room.kept, end).nodes.empty();
  });
  if (too_late == ends.begin()) return std::nullopt;
  const Duration longest = *std::prev(too_late) - room.now;
  const Duration unit = longest < kMinutesFrom ? Duration(std::chrono::seconds(1)) : std::chrono::minutes(1);
  const Duration whole = longest / unit * unit;
  return whole.count() > 0 ? std::optional(whole) : std::nullopt;
}

}  // namespace bsub::sched
