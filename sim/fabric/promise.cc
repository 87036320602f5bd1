#include "sim/fabric/promise.h"

#include <algorithm>
#include <array>

namespace bsub::sim {

sched::Prediction PromiseOf(const sched::Topology& topology, sched::NodeIndex a, sched::NodeIndex b) {
  const std::array<sched::NodeIndex, 2> both = {a, b};
  return topology.Predict(std::span(both).first(a == b ? 1 : 2));
}

double PromisedSeconds(const sched::Prediction& promise, std::uint64_t bytes) {
  return static_cast<double>(promise.latency_ns) * 1e-9 +
         static_cast<double>(bytes) / static_cast<double>(promise.bandwidth);
}

std::int64_t PortBandwidth(const sched::Topology& topology, sched::NodeIndex node) {
  if (const std::int64_t uplink = topology.level(0).uplink; uplink > 0) return uplink;
  const auto& fabrics = topology.types()[topology.node(node).type].fabrics;
  std::int64_t best = 0, any = 0;
  for (const sched::Link& link : topology.level(1).links) {
    any = std::max(any, link.bandwidth);
    if (std::ranges::find(fabrics, link.fabric) != fabrics.end()) best = std::max(best, link.bandwidth);
  }
  return best > 0 ? best : any;
}

}  // namespace bsub::sim
