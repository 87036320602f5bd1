// A cluster on which other jobs run, as random draws: the scheduler's own functions place the gang on what is
// left.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "bench/placement/study.h"

namespace bsub::placement {

// Runs netbench on these nodes.
using Measure =
    std::function<Result<Measurements>(const std::string& name, const std::vector<sched::NodeIndex>& nodes)>;

class ModelledDraws {
 public:
  // FailedPrecondition: the cluster has too few nodes.
  static Result<ModelledDraws> Make(const sched::Topology& topology, const Options& options, Measure measure);

  // The same draw is the same for every request. The same nodes in the same order are measured once.
  Result<PlacedRun> Run(const std::string& name, const sched::PlacementRequest& request, std::uint32_t draw);

 private:
  ModelledDraws(const sched::Topology& topology, const Options& options, Measure measure)
      : topology_(&topology), options_(&options), measure_(std::move(measure)) {}

  const sched::Topology* topology_;
  const Options* options_;
  Measure measure_;
  std::map<std::vector<sched::NodeIndex>, Measurements> known_;
};

}  // namespace bsub::placement
