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

// Over some draws of a policy; all empty without any.
struct DrawSummary {
  std::uint32_t draws = 0;
  double racks = 0, hops = 0;          // means; hops of the longest way
  std::vector<Interval> figures = {};  // as Figures()
  std::vector<Interval> beside_first =
      {};  // each as a multiple of what the first policy's job got, kept or not
};
// Where a policy cannot be kept the job gets nodes that another one would give it, so what they are worth
// says nothing of the policy: those draws are counted apart.
struct PolicySummary {
  std::string policy;
  DrawSummary kept = {}, not_kept = {};
  std::uint32_t draws() const { return kept.draws + not_kept.draws; }
};
// "spread", "spread (kept in 3 of 10)", "spread (never kept)".
std::string LabelOf(const PolicySummary& policy);
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
