#include "scheduler/core/explain_placement.h"

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

std::string WouldFitNow(const Store& store, const NodesRequest& request,
                        const std::vector<NodeCandidate>& with_room) {
  std::string text;
  const bool asks = request.nodes > 1 || Matters(store, request);
  if (asks && !with_room.empty() && store.tree().topology()) {
    const PlacementQuestion question = QuestionOf(store.ViewFor(request), request, with_room);
    text = AdvisePlacement(*store.tree().topology(), question.room, question.request).message;
  }
  if (!request.exclusive) return text;
  NodesRequest shared = request;
  shared.exclusive = false;
  if (store.ChooseNodes(shared, store.reservations().kept()).nodes.empty()) return text;
  return text + (text.empty() ? "" : "; ") + "it would fit without --exclusive";
}

}  // namespace bsub::sched
