// Trees for tests of the core, in the fewest words: Racks({{"n1", "n2"}, {"n3", "n4"}}).
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "scheduler/core/topology.h"

namespace bsub::testing {

// Racks r1, r2, … of these nodes below one spine, "cluster". In a rack 5 us and 10 Gbit/s, between racks 20
// us and 4 Gbit/s. `efa`: the nodes that have this feature.
std::shared_ptr<const sched::Topology> Racks(const std::vector<std::vector<std::string>>& racks,
                                             const std::set<std::string>& efa = {});

}  // namespace bsub::testing
