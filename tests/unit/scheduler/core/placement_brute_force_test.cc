// Placement against trying every set of nodes, on all trees of a few nodes with everything each node can be.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "tests/unit/scheduler/core/small_tree.h"

namespace bsub::sched {
namespace {

using testing::ClusterCost;

struct Case {
  Topology topology;
  std::vector<NodeRoom> room;
  std::vector<GroupMember> members;
};

// Height and hops of every set of nodes (bit i: node i), together with the members.
class Sets {
 public:
  explicit Sets(const Case& c) : c_(c), n_(c.topology.node_count()) {
    free_ = 0;
    for (NodeIndex i = 0; i < n_; ++i) free_ |= c.room[i] != NodeRoom::kNone ? 1U << i : 0;
  }

  std::vector<bool> Taken(std::uint32_t set) const {
    std::vector<bool> taken(n_);
    for (NodeIndex i = 0; i < n_; ++i) taken[i] = (set >> i & 1) != 0;
    return taken;
  }
  // Lowest height of a switch over the set and, if `with_members`, the group.
  std::uint32_t Height(std::uint32_t set, bool with_members) const {
    std::optional<SwitchIndex> common;
    const auto add = [&](NodeIndex i) {
      const SwitchIndex rack = c_.topology.node(i).rack;
      common = common ? c_.topology.CommonSwitch(*common, rack) : rack;
    };
    for (NodeIndex i = 0; i < n_; ++i) {
      if ((set >> i & 1) != 0) add(i);
    }
    for (const GroupMember& member : c_.members) {
      if (with_members) add(member.node);
    }
    return c_.topology.at(*common).height;
  }
  ClusterCost Cost(std::uint32_t set) const {
    std::vector<NodeIndex> all;
    for (NodeIndex i = 0; i < n_; ++i) {
      if ((set >> i & 1) != 0) all.push_back(i);
    }
    for (const GroupMember& member : c_.members) all.push_back(member.node);
    std::uint64_t hops = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        // A member's node that is taken too counts as another one of the same rack.
        hops += all[i] == all[j] ? 1 : c_.topology.Hops(all[i], all[j]);
      }
    }
    std::uint32_t left = 0;
    const std::uint32_t broken = testing::IdleRacksBroken(c_.topology, c_.room, Taken(set), left);
    return {Height(set, true), hops, broken, left};
  }
  // The least of f over all sets of `count` free nodes for which it is something.
  template <typename F>
  auto Least(std::uint32_t count, F f) const {
    decltype(f(0U)) least;
    for (std::uint32_t set = 1; set < 1U << n_; ++set) {
      if ((set & ~free_) != 0 || static_cast<std::uint32_t>(__builtin_popcount(set)) != count) continue;
      const auto value = f(set);
      if (value && (!least || *value < *least)) least = value;
    }
    return least;
  }

 private:
  const Case& c_;
  const std::uint32_t n_;
  std::uint32_t free_;
};

std::uint32_t SetOf(const std::vector<NodeIndex>& nodes) {
  std::uint32_t set = 0;
  for (const NodeIndex i : nodes) set |= 1U << i;
  return set;
}

std::string Describe(const Case& c, std::uint32_t count) {
  std::string text = "place " + std::to_string(count) + " on";
  for (NodeIndex i = 0; i < c.topology.node_count(); ++i) {
    text +=
        " " + c.topology.PathOf(c.topology.node(i).rack) + ":" + std::to_string(static_cast<int>(c.room[i]));
  }
  for (const GroupMember& member : c.members)
    text += " member " + std::to_string(member.node) + "p" + std::to_string(member.partition);
  return text;
}

PlacementRequest Ask(const Case& c, std::uint32_t count, PlacementPolicy policy) {
  PlacementRequest request;
  request.nodes = count;
  request.policy = policy;
  request.members = c.members;
  return request;
}

void CheckCluster(const Case& c, const Sets& sets, std::uint32_t count) {
  auto request = Ask(c, count, PlacementPolicy::kCluster);
  request.mode = PlacementMode::kPreferred;
  const auto best =
      sets.Least(count, [&](std::uint32_t set) { return std::optional<ClusterCost>(sets.Cost(set)); });
  const auto placed = Place(c.topology, c.room, request);
  ASSERT_EQ(placed.has_value(), best.has_value()) << Describe(c, count);
  if (!placed) return;
  ASSERT_EQ(placed->nodes.size(), count);
  ASSERT_EQ(sets.Cost(SetOf(placed->nodes)), *best) << Describe(c, count);
  // Required: only if an idle cluster needs as high a switch.
  Case idle = c;
  std::fill(idle.room.begin(), idle.room.end(), NodeRoom::kIdle);
  const Sets all(idle);
  const auto bound =
      all.Least(count, [&](std::uint32_t set) { return std::optional(all.Height(set, true)); });
  request.mode = PlacementMode::kRequired;
  ASSERT_EQ(Place(c.topology, c.room, request).has_value(), std::get<0>(*best) <= *bound)
      << Describe(c, count);
}

// With at most two in a zone, which small trees can exceed.
void CheckSpread(const Case& c, const Sets& sets, std::uint32_t count) {
  auto request = Ask(c, count, PlacementPolicy::kSpread);
  request.limits.spread_per_zone = 2;
  const auto cost =
      [&](std::uint32_t set) -> std::optional<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>> {
    std::map<SwitchIndex, std::uint32_t> racks, zones;
    const std::uint32_t zone_height = c.topology.HeightOf("zone").value_or(c.topology.top_height());
    const auto add = [&](NodeIndex i) {
      const SwitchIndex rack = c.topology.node(i).rack;
      ++racks[rack], ++zones[c.topology.Ancestor(rack, zone_height)];
    };
    for (const GroupMember& member : c.members) add(member.node);
    for (NodeIndex i = 0; i < c.topology.node_count(); ++i) {
      if ((set >> i & 1) != 0) add(i);
    }
    for (NodeIndex i = 0; i < c.topology.node_count(); ++i) {
      if ((set >> i & 1) == 0) continue;  // what the members are among themselves is no longer a choice
      const SwitchIndex rack = c.topology.node(i).rack;
      if (racks[rack] > 1 || zones[c.topology.Ancestor(rack, zone_height)] > 2) return std::nullopt;
    }
    std::uint32_t left = 0;
    const std::uint32_t broken = testing::IdleRacksBroken(c.topology, c.room, sets.Taken(set), left);
    return std::make_tuple(sets.Height(set, false), broken, left);
  };
  const auto best = sets.Least(count, cost);
  const auto placed = Place(c.topology, c.room, request);
  ASSERT_EQ(placed.has_value(), best.has_value()) << Describe(c, count);
  if (placed) {
    ASSERT_EQ(cost(SetOf(placed->nodes)), best) << Describe(c, count);
  }
}

// Whether the nodes of a set can be dealt to partitions of these sizes: rack by rack, each to one partition.
bool Divides(const Case& c, std::vector<std::uint32_t> sizes,
             const std::map<SwitchIndex, std::uint32_t>& racks,
             std::map<SwitchIndex, std::uint32_t>::const_iterator at) {
  if (at == racks.end()) return std::all_of(sizes.begin(), sizes.end(), [](auto size) { return size == 0; });
  for (std::uint32_t p = 0; p < sizes.size(); ++p) {
    if (sizes[p] < at->second) continue;
    const bool foreign = std::any_of(c.members.begin(), c.members.end(), [&](const GroupMember& member) {
      return c.topology.node(member.node).rack == at->first && member.partition != p;
    });
    if (foreign) continue;
    sizes[p] -= at->second;
    if (Divides(c, sizes, racks, std::next(at))) return true;
    sizes[p] += at->second;
  }
  return false;
}

void CheckPartition(const Case& c, const Sets& sets, std::uint32_t count, std::uint32_t partitions) {
  auto request = Ask(c, count, PlacementPolicy::kPartition);
  request.partitions = partitions;
  std::vector<std::uint32_t> sizes;
  for (std::uint32_t p = 0; p < partitions; ++p)
    sizes.push_back(count * (p + 1) / partitions - count * p / partitions);
  const auto height = [&](std::uint32_t set) -> std::optional<std::uint32_t> {
    std::map<SwitchIndex, std::uint32_t> racks;
    for (NodeIndex i = 0; i < c.topology.node_count(); ++i) {
      if ((set >> i & 1) != 0) ++racks[c.topology.node(i).rack];
    }
    if (!Divides(c, sizes, racks, racks.begin())) return std::nullopt;
    return sets.Height(set, false);
  };
  const auto best = sets.Least(count, height);
  const auto placed = Place(c.topology, c.room, request);
  ASSERT_EQ(placed.has_value(), best.has_value()) << Describe(c, count) << " in " << partitions;
  if (!placed) return;
  ASSERT_EQ(sets.Height(SetOf(placed->nodes), false), *best) << Describe(c, count);
  std::map<SwitchIndex, std::uint32_t> owner;
  std::vector<std::uint32_t> got(partitions);
  for (const GroupMember& member : c.members)
    owner.emplace(c.topology.node(member.node).rack, member.partition);
  for (std::size_t i = 0; i < count; ++i) {
    ++got[placed->partitions[i]];
    const auto it = owner.emplace(c.topology.node(placed->nodes[i]).rack, placed->partitions[i]).first;
    ASSERT_EQ(it->second, placed->partitions[i]) << Describe(c, count);
  }
  ASSERT_EQ(got, sizes);
}

void CheckNone(const Case& c, const Sets& sets, std::uint32_t count) {
  const auto begun = [&](std::uint32_t set) -> std::optional<std::ptrdiff_t> {
    std::set<SwitchIndex> racks;
    for (NodeIndex i = 0; i < c.topology.node_count(); ++i) {
      if ((set >> i & 1) != 0) racks.insert(c.topology.node(i).rack);
    }
    return std::count_if(racks.begin(), racks.end(), [&](SwitchIndex rack) {
      const Topology::Switch& at = c.topology.at(rack);
      return std::all_of(c.room.begin() + at.first_node, c.room.begin() + at.end_node,
                         [](NodeRoom room) { return room == NodeRoom::kIdle; });
    });
  };
  const auto best = sets.Least(count, begun);
  const auto placed = Place(c.topology, c.room, Ask(c, count, PlacementPolicy::kNone));
  ASSERT_EQ(placed.has_value(), best.has_value()) << Describe(c, count);
  if (placed) {
    ASSERT_EQ(begun(SetOf(placed->nodes)), best) << Describe(c, count);
  }
}

void CheckAll(const Case& c) {
  const Sets sets(c);
  for (std::uint32_t count = 1; count <= c.topology.node_count(); ++count) {
    CheckCluster(c, sets, count);
    CheckSpread(c, sets, count);
    CheckPartition(c, sets, count, 2);
    CheckNone(c, sets, count);
    if (::testing::Test::HasFatalFailure()) return;
  }
}

void CheckAllTrees(std::uint32_t top, std::uint32_t nodes) {
  testing::ForEachRow(nodes - 1, top, [&](const std::vector<std::uint32_t>& partings) {
    Case c{testing::TreeOf(top, partings), std::vector<NodeRoom>(nodes), {}};
    testing::ForEachRow(nodes, 3, [&](const std::vector<std::uint32_t>& rooms) {
      if (::testing::Test::HasFatalFailure()) return;
      for (NodeIndex i = 0; i < nodes; ++i) c.room[i] = static_cast<NodeRoom>(rooms[i]);
      CheckAll(c);
    });
  });
}

TEST(PlacementBruteForce, AllTreesOfOneRackLevel) {
  for (std::uint32_t nodes = 1; nodes <= 5; ++nodes) CheckAllTrees(2, nodes);
}

TEST(PlacementBruteForce, AllTreesOfTwoLevels) {
  for (std::uint32_t nodes = 1; nodes <= 4; ++nodes) CheckAllTrees(3, nodes);
}

// Larger ones by lot, with members of a placement group in half of them.
TEST(PlacementBruteForce, LargerTreesWithMembers) {
  std::mt19937 lot(7);
  for (int round = 0; round < 400; ++round) {
    const std::uint32_t nodes = 5 + lot() % 5, top = 2 + lot() % 3;
    std::vector<std::uint32_t> partings;
    for (std::uint32_t i = 1; i < nodes; ++i) partings.push_back(lot() % 3 == 0 ? lot() % top : 0);
    Case c{testing::TreeOf(top, partings), {}, {}};
    for (NodeIndex i = 0; i < nodes; ++i)
      c.room.push_back(static_cast<NodeRoom>(std::min<std::uint32_t>(lot() % 4, 2)));
    for (NodeIndex i = 0; i < nodes && round % 2 == 1; ++i) {
      if (c.room[i] == NodeRoom::kIdle || lot() % 3 != 0) continue;
      c.members.push_back({i, static_cast<std::uint32_t>(lot() % 2)});
      if (lot() % 2 == 0) c.room[i] = NodeRoom::kNone;
    }
    CheckAll(c);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace bsub::sched
