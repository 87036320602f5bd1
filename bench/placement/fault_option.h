// "a03=25%+20us": a part of the modelled network that is worse than it should be.
#pragma once

#include <string_view>

#include "common/result.h"
#include "scheduler/core/topology.h"
#include "sim/fabric/platform.h"

namespace bsub::placement {

// "a03=25%": a quarter of the bandwidth; "a-rack2=+20us": so much more latency; "a03=25%+20us": both.
// InvalidArgument also for a name that the tree does not have, and for its top, which nothing is above.
Result<sim::NetworkFault> ParseNetworkFault(std::string_view text, const sched::Topology& topology);

}  // namespace bsub::placement
