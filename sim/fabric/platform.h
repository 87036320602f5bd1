// A modelled network for SimGrid (https://simgrid.org/doc/latest/Platform_reference.html) of the nodes that a
// placement chose. A message from one node to another passes
//
//   the port of the sender        shared by all it sends
//   the uplinks below the switch  where the two meet, each shared by all that passes it in that direction
//   the link of that level        its latency, and its bandwidth as a bound for each message by itself
//   the uplinks down, and the port of the receiver
//
// so that two nodes alone see exactly what their level promises, and contention is that of the shared parts.
// Both directions of a port or uplink have the full bandwidth.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "scheduler/core/topology.h"

namespace bsub::sim {

// A part of the network that is worse than its level promises: the port of a node, or what connects a switch
// to the one above it.
struct NetworkFault {
  std::string name;                   // of the node or the switch
  double bandwidth = 1;               // of what it should have, in (0, 1]
  std::int64_t extra_latency_ns = 0;  // one way, for each message that passes
  friend bool operator==(const NetworkFault&, const NetworkFault&) = default;
};

// `nodes` differ; each becomes a host of its name. Faults of other nodes or switches change nothing.
std::string PlatformXml(const sched::Topology& topology, std::span<const sched::NodeIndex> nodes,
                        std::span<const NetworkFault> faults);

// The value of smpirun's -hostfile: ranks one after the other, so many on each node.
std::string HostFile(const sched::Topology& topology, std::span<const sched::NodeIndex> nodes,
                     std::uint32_t ranks_per_node);

}  // namespace bsub::sim
