// What a cluster configuration promises of the network between nodes.
#pragma once

#include <cstdint>

#include "scheduler/core/topology.h"

namespace bsub::sim {

// What two nodes have while nobody else talks: the link of the level they meet at, or a narrower uplink on
// the way. Latency one way in nanoseconds, bandwidth in bytes per second.
sched::Prediction PromiseOf(const sched::Topology& topology, sched::NodeIndex a, sched::NodeIndex b);

// Seconds that a message of so many bytes takes from one to the other.
double PromisedSeconds(const sched::Prediction& promise, std::uint64_t bytes);

// Of the node itself, each way, shared by all it talks to: the uplink of the node's level, or, where the
// configuration has none, what one pair in its rack may use.
std::int64_t PortBandwidth(const sched::Topology& topology, sched::NodeIndex node);

}  // namespace bsub::sim
