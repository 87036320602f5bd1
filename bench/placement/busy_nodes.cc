#include "bench/placement/busy_nodes.h"

#include <algorithm>
#include <numeric>

#include "common/check.h"
#include "sim/random.h"

namespace bsub::placement {

std::vector<sched::NodeRoom> DrawBusyNodes(std::uint32_t nodes, std::uint32_t busy, std::uint32_t keep,
                                           std::uint64_t seed, std::uint32_t draw) {
  BSUB_CHECK(keep <= nodes) << keep << " of " << nodes;
  sim::Random random(seed * 1'000'003 + draw);
  std::vector<std::uint32_t> order(nodes);
  std::iota(order.begin(), order.end(), 0U);
  std::vector<sched::NodeRoom> room(nodes, sched::NodeRoom::kIdle);
  // The first steps of a Fisher-Yates shuffle.
  for (std::uint32_t i = 0; i < std::min(busy, nodes - keep); ++i) {
    std::swap(order[i], order[i + random.Below(nodes - i)]);
    room[order[i]] = sched::NodeRoom::kNone;
  }
  return room;
}

}  // namespace bsub::placement
