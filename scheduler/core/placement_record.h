// How the nodes of an attempt stand to each other, as it is recorded with the attempt: in words and numbers
// that need no tree, which may be another one tomorrow.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "jobs/placement.h"
#include "scheduler/core/placement.h"
#include "scheduler/core/topology.h"

namespace bsub::sched {

// What a message between two of the nodes goes through.
struct Reach {
  std::uint32_t racks = 0;      // that hold some of the nodes
  std::uint32_t hops = 0;       // switches between the two farthest
  std::int64_t latency_ns = 0;  // one way, between the two farthest
  std::int64_t bandwidth = 0;   // bytes per second of each pair, while all talk to all others
  friend bool operator==(const Reach&, const Reach&) = default;
};

struct PlacementRecord {
  PlacementPolicy policy = PlacementPolicy::kNone;  // that was asked for
  bool kept = true;                                 // false: it was preferred, and could not be
  std::string level;                                // of the lowest switch over all nodes: "rack"
  std::string path;                                 // and its name, from the top: "cluster/spine1/rack3"
  Reach got;
  Reach best;  // of the nodes that policy cluster would take if nothing ran on any
  std::vector<std::uint32_t> partitions = {};  // of each part, from 0; empty unless the policy is partition
  friend bool operator==(const PlacementRecord&, const PlacementRecord&) = default;
};

PlacementRecord RecordOf(const Topology& topology, PlacementPolicy policy, const Placement& placement);

// "placement cluster: below rack cluster/rack3, 1 hop, 14us, 100Gbit/s a pair, as good as it can be".
std::string Describe(const PlacementRecord& record);

// "1.5us", "100Gbit/s": with at most three digits behind the point.
std::string LatencyText(std::int64_t nanoseconds);
std::string BandwidthText(std::int64_t bytes_per_second);

}  // namespace bsub::sched
