// Measurements as the promises of a tree would give them, so that a test can spoil some.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bench/placement/study.h"
#include "sim/fabric/promise.h"

namespace bsub::testing {

inline constexpr std::uint64_t kLargeMessage = 4 << 20;

// `worse`: by what the time between two nodes is multiplied.
using Worse = std::function<double(const std::string&, const std::string&, std::uint64_t bytes)>;

inline placement::Measurements AsPromised(const sched::Topology& topology,
                                          const std::vector<sched::NodeIndex>& nodes, const Worse& worse) {
  placement::Measurements out;
  for (const sched::NodeIndex node : nodes) out.nodes.push_back(topology.node(node).name);
  for (std::uint32_t a = 0; a < nodes.size(); ++a) {
    for (std::uint32_t b = a + 1; b < nodes.size(); ++b) {
      for (const std::uint64_t bytes : {std::uint64_t{8}, kLargeMessage}) {
        const double promised = sim::PromisedSeconds(sim::PromiseOf(topology, nodes[a], nodes[b]), bytes);
        out.lines.push_back({.test = "pair",
                             .first = a,
                             .second = b,
                             .bytes = bytes,
                             .seconds = promised * worse(out.nodes[a], out.nodes[b], bytes)});
      }
    }
  }
  return out;
}

}  // namespace bsub::testing
