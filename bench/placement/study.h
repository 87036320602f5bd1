// Placements of one gang compared: each policy places it on the same draws of busy nodes, and netbench runs
// on what it got.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bench/placement/netbench_lines.h"
#include "bench/placement/options.h"
#include "common/result.h"
#include "scheduler/core/placement.h"

namespace bsub::placement {

struct PlacedRun {
  std::uint32_t draw = 0;
  std::vector<sched::NodeIndex> nodes;  // in rank order
  bool kept = true;                     // the policy; else the nodes are those that it takes instead
  sched::Prediction predicted;
  Measurements measured;
};

struct PolicyRuns {
  std::string policy;  // "cluster", "partition=2"
  std::vector<PlacedRun> runs;
};

// Runs netbench, for real or modelled, on these nodes; `name` is that of the run ("cluster-3").
using Measure =
    std::function<Result<Measurements>(const std::string& name, const std::vector<sched::NodeIndex>& nodes)>;
using ShowProgress = std::function<void(const std::string& policy, std::uint32_t draw)>;

// Placing asks the scheduler's own functions. FailedPrecondition: the cluster has too few nodes. The same
// nodes in the same order are measured once.
Result<std::vector<PolicyRuns>> ComparePolicies(const sched::Topology& topology, const Options& options,
                                                const Measure& measure, const ShowProgress& progress);

}  // namespace bsub::placement
