#include "bench/placement/study.h"

#include <map>

#include "bench/placement/busy_nodes.h"
#include "jobs/text.h"

namespace bsub::placement {
namespace {

// Preferred: a policy that cannot be kept places the gang all the same, and the report says so.
std::vector<sched::PlacementRequest> Requests(const Options& options) {
  std::vector<sched::PlacementRequest> requests;
  for (const PlacementPolicy policy : {PlacementPolicy::kCluster, PlacementPolicy::kPartition,
                                       PlacementPolicy::kSpread, PlacementPolicy::kNone}) {
    sched::PlacementRequest& request = requests.emplace_back();
    request.nodes = options.nodes;
    request.policy = policy;
    request.mode = PlacementMode::kPreferred;
    if (policy == PlacementPolicy::kPartition) request.partitions = options.partitions;
  }
  return requests;
}

std::string NameOf(const sched::PlacementRequest& request) {
  std::string name(ToString(request.policy));
  if (request.partitions > 0) name += "=" + std::to_string(request.partitions);
  return name;
}

}  // namespace

Result<std::vector<PolicyRuns>> ComparePolicies(const sched::Topology& topology, const Options& options,
                                                const Measure& measure, const ShowProgress& progress) {
  const std::uint32_t all = topology.node_count();
  if (options.nodes > all)
    return FailedPrecondition("--nodes " + std::to_string(options.nodes) + ": the cluster has " +
                              CountNodes(all));
  const auto busy = static_cast<std::uint32_t>(std::uint64_t{all} * options.busy_percent / 100);
  std::vector<PolicyRuns> study;
  std::map<std::vector<sched::NodeIndex>, Measurements> known;
  for (const sched::PlacementRequest& request : Requests(options)) {
    PolicyRuns& policy = study.emplace_back(PolicyRuns{.policy = NameOf(request), .runs = {}});
    for (std::uint32_t draw = 0; draw < options.draws; ++draw) {
      progress(policy.policy, draw);
      const auto room = DrawBusyNodes(all, busy, options.nodes, options.seed, draw);
      const auto placed = sched::Place(topology, room, request);
      if (!placed) return FailedPrecondition(policy.policy + ": " + placed.error().message);
      auto it = known.find(placed->nodes);
      if (it == known.end()) {
        BSUB_ASSIGN_OR_RETURN(Measurements measured,
                              measure(policy.policy + "-" + std::to_string(draw), placed->nodes));
        it = known.emplace(placed->nodes, std::move(measured)).first;
      }
      policy.runs.push_back({.draw = draw,
                             .nodes = placed->nodes,
                             .kept = placed->policy_kept,
                             .predicted = placed->predicted,
                             .measured = it->second});
    }
  }
  return study;
}

}  // namespace bsub::placement
