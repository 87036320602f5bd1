// What a placement looks at again and again: for each switch, how many nodes below it could serve and how
// many can now. For the files of placement only.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "scheduler/core/placement.h"
#include "scheduler/core/topology.h"

namespace bsub::sched {

class PlacementView {
 public:
  PlacementView(const Topology& topology, std::span<const NodeRoom> room, std::vector<bool> suitable);

  const Topology& topology() const { return *topology_; }
  std::uint32_t Suitable(SwitchIndex s) const { return Between(suitable_before_, s); }
  std::uint32_t Free(SwitchIndex s) const { return Between(free_before_, s); }
  // Nothing runs on the suitable nodes of this rack: taking some and not all breaks it up.
  bool Whole(SwitchIndex rack) const { return Between(idle_before_, rack) == Suitable(rack); }
  bool CanTake(NodeIndex i) const { return free_before_[i + 1] != free_before_[i]; }
  // The first `count` of a rack to take: those that are in use come first.
  void Take(SwitchIndex rack, std::uint32_t count, std::vector<NodeIndex>& out) const;
  // The racks below a switch: [first, second).
  std::pair<SwitchIndex, SwitchIndex> RacksOf(SwitchIndex s) const;

 private:
  std::uint32_t Between(const std::vector<std::uint32_t>& before, SwitchIndex s) const {
    const Topology::Switch& at = topology_->at(s);
    return before[at.end_node] - before[at.first_node];
  }
  const Topology* topology_;
  std::vector<std::uint32_t> suitable_before_, free_before_, idle_before_;  // counts over [0, i)
};

// How many nodes of a rack are taken, for each rack of a placement.
struct RackShare {
  SwitchIndex rack = 0;
  std::uint32_t count = 0;
};
// Racks ascending; what is there twice is added up.
std::vector<NodeIndex> TakeShares(const PlacementView& view, std::vector<RackShare> shares);

// `count` nodes below the lowest possible switch, with the fewest hops; nothing if no switch of at most
// `max_height` has so many.
std::optional<std::vector<RackShare>> PlaceCluster(const PlacementView& view, std::uint32_t count,
                                                   const std::vector<GroupMember>& members,
                                                   std::uint32_t max_height, const PlacementLimits& limits);

// One node of each rack; nothing if that cannot be.
std::optional<std::vector<RackShare>> PlaceSpread(const PlacementView& view, std::uint32_t count,
                                                  const std::vector<GroupMember>& members,
                                                  const PlacementLimits& limits);

// Shares of each partition.
std::optional<std::vector<std::vector<RackShare>>> PlacePartition(const PlacementView& view,
                                                                  std::uint32_t count,
                                                                  std::uint32_t partitions,
                                                                  const std::vector<GroupMember>& members,
                                                                  const PlacementLimits& limits);

// Wherever there is room.
std::optional<std::vector<RackShare>> PlaceAnywhere(const PlacementView& view, std::uint32_t count);

// Nodes of a gang that partition `p` of `partitions` gets.
constexpr std::uint32_t PartitionSize(std::uint32_t count, std::uint32_t partitions, std::uint32_t p) {
  const std::uint64_t n = count;
  return static_cast<std::uint32_t>(n * (p + 1) / partitions - n * p / partitions);
}

}  // namespace bsub::sched
