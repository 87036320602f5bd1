#include "scheduler/core/choose_nodes.h"

#include <algorithm>

#include "scheduler/core/capacity.h"
#include "scheduler/core/cluster_tree.h"

namespace bsub::sched {
namespace {

// The main node runs what the user started, so it is one like the others.
std::vector<NodeId> FirstFit(std::uint32_t nodes, const std::vector<NodeCandidate>& candidates) {
  std::vector<NodeId> chosen;
  chosen.reserve(nodes);
  for (std::uint32_t i = 0; i < nodes; ++i) chosen.push_back(candidates[i].node);
  return chosen;
}

// Whether any nodes with room are as good as others.
bool AnyWillDo(const ClusterView& cluster, const NodesRequest& request, std::uint32_t nodes) {
  if (request.placement.chooses_nodes()) return false;
  const bool anywhere = request.placement.policy == PlacementPolicy::kNone && !cluster.tree.known();
  return nodes == 1 || anywhere || !cluster.tree.topology();
}

}  // namespace

NodesRequest RequestOf(const JobSettings& settings) {
  const GangSpec& gang = settings.gang;
  const PlacementSpec& placement = gang.placement;
  NodesRequest request{settings.request, gang.least_nodes(), gang.exclusive};
  if (!settings.reservation.empty()) request.reservation = settings.reservation;
  if (gang.min_nodes != 0) request.most = gang.nodes;
  if (!placement.group.empty()) request.group_owner = settings.owner.uid;
  if (!placement.group.empty() || gang.several()) {
    request.placement = placement;
  } else {
    if (!placement.features.empty()) request.placement.features = placement.features;
    if (!placement.preferred_features.empty())
      request.placement.preferred_features = placement.preferred_features;
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

ChosenNodes ChooseNodes(const ClusterView& cluster, const NodesRequest& request,
                        const std::vector<NodeCandidate>& candidates) {
  if (candidates.size() < request.nodes) return {};
  const auto most = static_cast<std::uint32_t>(std::min<std::size_t>(request.at_most(), candidates.size()));
  if (AnyWillDo(cluster, request, most)) return {FirstFit(most, candidates), nullptr};
  const ClusterTree& tree = cluster.tree;
  if (!tree.topology()) return {};
  const PlacementQuestion question = QuestionOf(cluster, request, candidates);
  const PlacedMost found = PlaceMost(*tree.topology(), question.room, question.request, most);
  ChosenNodes chosen;
  chosen.tries = found.tries;
  if (!found.placed) return chosen;
  for (const NodeIndex index : found.placed->nodes) chosen.nodes.push_back(tree.NodeAt(index));
  if (tree.known() && chosen.nodes.size() > 1) {
    chosen.placement = std::make_shared<const PlacementRecord>(
        RecordOf(*tree.topology(), request.placement.policy, *found.placed));
  }
  return chosen;
}

bool CanChooseNodes(const ClusterView& cluster, const NodesRequest& request,
                    const std::vector<NodeCandidate>& candidates) {
  if (candidates.size() < request.nodes) return false;
  if (AnyWillDo(cluster, request, request.nodes)) return true;
  if (!cluster.tree.topology()) return false;
  const PlacementQuestion question = QuestionOf(cluster, request, candidates);
  return CanPlace(*cluster.tree.topology(), question.room, question.request);
}

}  // namespace bsub::sched
