#include "scheduler/core/explain_placement.h"

namespace bsub::sched {
namespace {

bool Matters(const Store& store, const NodesRequest& request) {
  return request.placement.policy != PlacementPolicy::kNone && store.tree().topology() != nullptr;
}

}  // namespace

std::optional<PlacementRefusal> RefusedPlacement(const Store& store, const NodesRequest& request,
                                                 const std::vector<NodeCandidate>& with_room) {
  if (!Matters(store, request)) return std::nullopt;
  const PlacementQuestion question = QuestionOf(store.tree(), store.capacity(), request, with_room);
  auto placed = Place(*store.tree().topology(), question.room, question.request);
  return placed ? std::nullopt : std::optional(std::move(placed).error());
}

std::optional<PlacementRefusal> RefusedOnIdleNodes(const Store& store, NodesRequest request) {
  if (!Matters(store, request)) return std::nullopt;
  std::vector<NodeCandidate> able;
  for (const auto& [node, use] : store.capacity().nodes()) {
    if (request.each.Fits(use.total)) able.push_back({node, use.total});
  }
  request.placement.mode = PlacementMode::kRequired;
  return RefusedPlacement(store, request, able);
}

std::string WouldFitNow(const Store& store, const NodesRequest& request,
                        const std::vector<NodeCandidate>& with_room) {
  if (request.nodes == 1 || with_room.empty() || !store.tree().topology()) return "";
  const PlacementQuestion question = QuestionOf(store.tree(), store.capacity(), request, with_room);
  return AdvisePlacement(*store.tree().topology(), question.room, question.request).message;
}

}  // namespace bsub::sched
