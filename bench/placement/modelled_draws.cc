#include "bench/placement/modelled_draws.h"

#include <utility>

#include "bench/placement/busy_nodes.h"
#include "jobs/text.h"

namespace bsub::placement {

Result<ModelledDraws> ModelledDraws::Make(const sched::Topology& topology, const Options& options,
                                          Measure measure) {
  const std::uint32_t all = topology.node_count();
  if (options.nodes > all)
    return FailedPrecondition("--nodes " + std::to_string(options.nodes) + ": the cluster has " +
                              CountNodes(all));
  return ModelledDraws(topology, options, std::move(measure));
}

Result<PlacedRun> ModelledDraws::Run(const std::string& name, const sched::PlacementRequest& request,
                                     std::uint32_t draw) {
  const std::uint32_t all = topology_->node_count();
  const auto busy = static_cast<std::uint32_t>(std::uint64_t{all} * options_->busy_percent / 100);
  const auto room = DrawBusyNodes(all, busy, request.nodes, options_->seed, draw);
  const auto placed = sched::Place(*topology_, room, request);
  if (!placed) return FailedPrecondition(name + ": " + placed.error().message);
  auto it = known_.find(placed->nodes);
  if (it == known_.end()) {
    BSUB_ASSIGN_OR_RETURN(Measurements measured, measure_(name, placed->nodes));
    it = known_.emplace(placed->nodes, std::move(measured)).first;
  }
  return PlacedRun{.draw = draw,
                   .nodes = placed->nodes,
                   .kept = placed->policy_kept,
                   .predicted = placed->predicted,
                   .measured = it->second};
}

}  // namespace bsub::placement
