// A cluster on which other jobs run: where placement is worth something.
#pragma once

#include <cstdint>
#include <vector>

#include "scheduler/core/placement.h"

namespace bsub::placement {

// So many of `nodes` are taken, each with the same chance; the others are idle. The same draw of the same
// seed is the same everywhere. At least `keep` stay free.
std::vector<sched::NodeRoom> DrawBusyNodes(std::uint32_t nodes, std::uint32_t busy, std::uint32_t keep,
                                           std::uint64_t seed, std::uint32_t draw);

}  // namespace bsub::placement
