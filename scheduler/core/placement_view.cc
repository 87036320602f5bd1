#include "scheduler/core/placement_view.h"

#include <algorithm>
#include <utility>

#include "common/check.h"

namespace bsub::sched {

PlacementView::PlacementView(const Topology& topology, std::span<const NodeRoom> room,
                             std::vector<bool> suitable)
    : topology_(&topology) {
  const std::uint32_t n = topology.node_count();
  BSUB_CHECK(room.size() == n && suitable.size() == n) << room.size() << " of " << n;
  suitable_before_.resize(n + 1), free_before_.resize(n + 1), idle_before_.resize(n + 1);
  for (NodeIndex i = 0; i < n; ++i) {
    suitable_before_[i + 1] = suitable_before_[i] + (suitable[i] ? 1 : 0);
    const bool free = room[i] == NodeRoom::kBusy || room[i] == NodeRoom::kIdle;
    free_before_[i + 1] = free_before_[i] + (suitable[i] && free ? 1 : 0);
    idle_before_[i + 1] = idle_before_[i] + (suitable[i] && room[i] == NodeRoom::kIdle ? 1 : 0);
  }
}

void PlacementView::Take(SwitchIndex rack, std::uint32_t count, std::vector<NodeIndex>& out) const {
  BSUB_CHECK(count <= Free(rack)) << count << " of " << Free(rack);
  const Topology::Switch& at = topology_->at(rack);
  const std::size_t begin = out.size();
  for (const bool idle : {false, true}) {
    for (NodeIndex i = at.first_node; i < at.end_node && out.size() - begin < count; ++i) {
      if (CanTake(i) && (idle_before_[i + 1] != idle_before_[i]) == idle) out.push_back(i);
    }
  }
  std::sort(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end());
}

std::pair<SwitchIndex, SwitchIndex> PlacementView::RacksOf(SwitchIndex s) const {
  SwitchIndex first = s, last = s;
  while (topology_->at(first).height > 1) {
    first = topology_->at(first).first_child;
    last = topology_->at(last).end_child - 1;
  }
  return {first, last + 1};
}

std::vector<NodeIndex> TakeShares(const PlacementView& view, std::vector<RackShare> shares) {
  std::sort(shares.begin(), shares.end(),
            [](const RackShare& a, const RackShare& b) { return a.rack < b.rack; });
  std::vector<NodeIndex> nodes;
  for (std::size_t i = 0; i < shares.size();) {
    RackShare sum{shares[i].rack, 0};
    for (; i < shares.size() && shares[i].rack == sum.rack; ++i) sum.count += shares[i].count;
    view.Take(sum.rack, sum.count, nodes);
  }
  return nodes;
}

}  // namespace bsub::sched
