#include "scheduler/core/choose_nodes.h"

#include <algorithm>

#include "scheduler/core/capacity.h"
#include "scheduler/core/cluster_tree.h"

namespace bsub::sched {
namespace {

// The main node runs what the user started, so it is one like the others.
std::vector<NodeId> FirstFit(const NodesRequest& request, const std::vector<NodeCandidate>& candidates) {
  std::vector<NodeId> chosen;
  chosen.reserve(request.nodes);
  for (std::uint32_t i = 0; i < request.nodes; ++i) chosen.push_back(candidates[i].node);
  return chosen;
}

}  // namespace

NodesRequest RequestOf(const JobSettings& settings) {
  const GangSpec& gang = settings.gang;
  NodesRequest request{settings.request, gang.least_nodes(), gang.exclusive, gang.placement};
  if (gang.min_nodes != 0) request.most = gang.nodes;
  PlacementSpec& placement = request.placement;
  if (!placement.group.empty()) {
    request.group_owner = settings.owner.uid;
  } else if (!gang.several()) {
    placement = {.features = placement.features, .preferred_features = placement.preferred_features};
  }
  return request;
}

NodesRequest AsOf(NodesRequest request, TimePoint since, TimePoint now) {
  PlacementSpec& placement = request.placement;
  if (placement.mode == PlacementMode::kPreferred && now < since + placement.wait)
    placement.mode = PlacementMode::kRequired;
  return request;
}

PlacementQuestion QuestionOf(const ClusterView& cluster, const NodesRequest& request,
                             const std::vector<NodeCandidate>& candidates) {
  const ClusterTree& tree = cluster.tree;
  PlacementQuestion question;
  question.room = tree.RoomWhenIdle(request.each, cluster.capacity);
  for (const NodeCandidate& candidate : candidates) {
    if (const auto index = tree.IndexOf(candidate.node))
      question.room[*index] = candidate.idle ? NodeRoom::kIdle : NodeRoom::kBusy;
  }
  const PlacementSpec& placement = request.placement;
  question.request = {.nodes = request.nodes,
                      .policy = placement.policy,
                      .mode = placement.mode,
                      .partitions = placement.partitions,
                      .required = placement.features,
                      .preferred = placement.preferred_features,
                      .members = cluster.members,
                      .limits = tree.limits()};
  return question;
}

namespace {

ChosenNodes ChooseExactly(const ClusterView& cluster, const NodesRequest& request,
                          const std::vector<NodeCandidate>& candidates) {
  if (candidates.size() < request.nodes) return {};
  const ClusterTree& tree = cluster.tree;
  const PlacementSpec& placement = request.placement;
  const bool anywhere = placement.policy == PlacementPolicy::kNone && !tree.known();
  if (!placement.chooses_nodes() && (request.nodes == 1 || anywhere || !tree.topology()))
    return {FirstFit(request, candidates), nullptr};
  if (!tree.topology()) return {};
  const PlacementQuestion question = QuestionOf(cluster, request, candidates);
  const auto placed = Place(*tree.topology(), question.room, question.request);
  ChosenNodes chosen;
  if (!placed) return chosen;
  for (const NodeIndex index : placed->nodes) chosen.nodes.push_back(tree.NodeAt(index));
  if (tree.known() && request.nodes > 1) {
    chosen.placement =
        std::make_shared<const PlacementRecord>(RecordOf(*tree.topology(), placement.policy, *placed));
  }
  return chosen;
}

}  // namespace

ChosenNodes ChooseNodes(const ClusterView& cluster, const NodesRequest& request,
                        const std::vector<NodeCandidate>& candidates) {
  NodesRequest exact = request;
  exact.most = 0;
  const auto there = static_cast<std::uint32_t>(std::min<std::size_t>(request.most, candidates.size()));
  for (exact.nodes = std::max(there, request.nodes); exact.nodes > request.nodes; --exact.nodes) {
    if (ChosenNodes chosen = ChooseExactly(cluster, exact, candidates); !chosen.nodes.empty()) return chosen;
  }
  return ChooseExactly(cluster, exact, candidates);
}

}  // namespace bsub::sched
