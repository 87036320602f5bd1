// Placements of one gang compared: each policy places it again and again, and netbench runs on what it got.
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

// cluster, partition, spread, none; preferred: where one cannot be kept the gang is placed all the same, and
// the report says so.
std::vector<sched::PlacementRequest> RequestsOf(const Options& options);
std::string NameOf(const sched::PlacementRequest& request);  // "partition=2"

// Places the gang and runs netbench on it; `name` is that of the run ("cluster-3").
using PlaceAndMeasure = std::function<Result<PlacedRun>(
    const std::string& name, const sched::PlacementRequest& request, std::uint32_t draw)>;
using ShowProgress = std::function<void(const std::string& policy, std::uint32_t draw)>;

// One draw after the other, all policies in each, so that what changes meanwhile meets all of them.
Result<std::vector<PolicyRuns>> ComparePolicies(const Options& options, const PlaceAndMeasure& measure,
                                                const ShowProgress& progress);

}  // namespace bsub::placement
