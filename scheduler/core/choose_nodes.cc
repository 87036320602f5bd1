#include "scheduler/core/choose_nodes.h"

namespace bsub::sched {

NodesRequest RequestOf(const JobSettings& settings) {
  return {settings.request, settings.gang.nodes, settings.gang.exclusive};
}

// The first fit. The main node runs what the user started, so it is one like the others.
std::vector<NodeId> ChooseNodes(const NodesRequest& request, const std::vector<NodeCandidate>& candidates) {
  std::vector<NodeId> chosen;
  if (candidates.size() < request.nodes) return chosen;
  chosen.reserve(request.nodes);
  for (std::uint32_t i = 0; i < request.nodes; ++i) chosen.push_back(candidates[i].node);
  return chosen;
}

}  // namespace bsub::sched
