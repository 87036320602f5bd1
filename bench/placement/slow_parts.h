// Which nodes and links are slower than their level promises, found from the times between pairs of nodes.
//
// A pair is slow if a message takes longer than promised by more than the tolerance. Slow pairs with an end
// in common are the fault of that node; if nearly every pair with one end below a switch is slow, of what
// connects it upwards; what is left is named pair by pair.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/placement/study.h"
#include "scheduler/core/topology.h"

namespace bsub::placement {

struct SlowPart {
  enum class Kind : std::uint8_t { kNode, kUplink, kPair };
  Kind kind = Kind::kNode;
  std::vector<std::string> names = {};      // of the node, the switch, or both nodes
  std::uint64_t bytes = 0;                  // of the messages
  std::uint32_t slow_pairs = 0, pairs = 0;  // of those that should be as fast: slow ones, all
  double times = 1;  // as long as promised, the median of those not explained by others
  double promised_seconds = 0, seconds = 0;  // of the worst of them
};

struct Slowness {
  double tolerance = 0.2;   // a pair that takes longer than promised by more than this part is slow
  double slow_pairs = 0.8;  // a node or uplink is the reason if at least this part of its pairs are slow
};
Slowness SlownessOf(const Options& options);

// Over all runs of all policies: each pair counts once, with the median of its times.
std::vector<SlowPart> FindSlowParts(const sched::Topology& topology, const std::vector<PolicyRuns>& study,
                                    const Slowness& slowness);

std::string Describe(const SlowPart& part);  // one line

}  // namespace bsub::placement
