#include "scheduler/core/choose_nodes.h"

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
  return {settings.request, gang.nodes, gang.exclusive, gang.several() ? gang.placement : PlacementSpec{}};
}

NodesRequest AsOf(NodesRequest request, TimePoint since, TimePoint now) {
  PlacementSpec& placement = request.placement;
  if (placement.mode == PlacementMode::kPreferred && now < since + placement.wait)
    placement.mode = PlacementMode::kRequired;
  return request;
}

PlacementQuestion QuestionOf(const ClusterTree& tree, const NodeCapacity& capacity,
                             const NodesRequest& request, const std::vector<NodeCandidate>& candidates) {
  PlacementQuestion question;
  question.room.assign(tree.topology()->node_count(), NodeRoom::kUnable);
  for (const auto& [node, use] : capacity.nodes()) {
    const auto index = tree.IndexOf(node);
    if (index && request.each.Fits(use.total)) question.room[*index] = NodeRoom::kNone;
  }
  for (const NodeCandidate& candidate : candidates) {
    if (const auto index = tree.IndexOf(candidate.node))
      question.room[*index] = candidate.idle ? NodeRoom::kIdle : NodeRoom::kBusy;
  }
  question.request.nodes = request.nodes;
  question.request.policy = request.placement.policy;
  question.request.mode = request.placement.mode;
  question.request.partitions = request.placement.partitions;
  question.request.limits = tree.limits();
  return question;
}

ChosenNodes ChooseNodes(const ClusterTree& tree, const NodeCapacity& capacity, const NodesRequest& request,
                        const std::vector<NodeCandidate>& candidates) {
  if (candidates.size() < request.nodes) return {};
  const bool plain = request.placement.policy == PlacementPolicy::kNone && !tree.known();
  if (request.nodes == 1 || plain || !tree.topology()) return {FirstFit(request, candidates), nullptr};
  const PlacementQuestion question = QuestionOf(tree, capacity, request, candidates);
  const auto placed = Place(*tree.topology(), question.room, question.request);
  ChosenNodes chosen;
  if (!placed) return chosen;
  for (const NodeIndex index : placed->nodes) chosen.nodes.push_back(tree.NodeAt(index));
  if (tree.known()) {
    chosen.placement = std::make_shared<const PlacementRecord>(
        RecordOf(*tree.topology(), request.placement.policy, *placed));
  }
  return chosen;
}

}  // namespace bsub::sched
