// What a comparison of placements found, for people and for programs.
#pragma once

#include <string>
#include <vector>

#include "bench/placement/options.h"
#include "bench/placement/slow_parts.h"
#include "bench/placement/statistics.h"
#include "bench/placement/study.h"
#include "scheduler/core/topology.h"

namespace bsub::placement {

struct PolicySummary {
  std::string policy;
  std::uint32_t kept = 0, runs = 0;
  double racks = 0, hops = 0;               // means; hops of the longest way
  std::vector<Interval> figures = {};       // as Figures()
  std::vector<Interval> beside_first = {};  // each as a multiple of the first policy's of the same draw
};
std::vector<PolicySummary> Summarise(const std::vector<PolicyRuns>& study);

struct Report {
  std::string cluster;
  const Options& options;
  const sched::Topology& topology;
  const std::vector<PolicyRuns>& study;
  std::vector<SlowPart> slow;
};

// "on a modelled network, 10 draws with 25% of all nodes busy"
std::string WorldText(const Options& options);
// The table, and what is slow.
std::string ReportText(const Report& report);
// docs/placement-benchmark.md says what is in it.
std::string ReportJson(const Report& report);

}  // namespace bsub::placement
