#include "bench/placement/study.h"

namespace bsub::placement {

std::vector<sched::PlacementRequest> RequestsOf(const Options& options) {
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

Result<std::vector<PolicyRuns>> ComparePolicies(const Options& options, const PlaceAndMeasure& measure,
                                                const ShowProgress& progress) {
  const std::vector<sched::PlacementRequest> requests = RequestsOf(options);
  std::vector<PolicyRuns> study;
  for (const sched::PlacementRequest& request : requests)
    study.push_back({.policy = NameOf(request), .runs = {}});
  for (std::uint32_t draw = 0; draw < options.draws; ++draw) {
    for (std::size_t i = 0; i < requests.size(); ++i) {
      progress(study[i].policy, draw);
      BSUB_ASSIGN_OR_RETURN(PlacedRun run,
                            measure(study[i].policy + "-" + std::to_string(draw + 1), requests[i], draw));
      run.draw = draw;
      study[i].runs.push_back(std::move(run));
    }
  }
  return study;
}

}  // namespace bsub::placement
