// Trees small enough that every choice of nodes can be tried.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "common/check.h"
#include "scheduler/core/placement.h"
#include "scheduler/core/topology.h"

namespace bsub::sched::testing {

// Between each two nodes in a row stands where they part: 0 in one rack, 1 in different racks of one switch,
// …. The tree has `top` levels of switches.
inline Topology TreeOf(std::uint32_t top, std::span<const std::uint32_t> partings) {
  std::vector<Level> levels;
  for (std::uint32_t height = top; height > 0; --height) {
    levels.push_back({height == 2   ? "zone"
                      : height == 1 ? "rack"
                                    : "level" + std::to_string(height),
                      {{Fabric::kEthernet, 1000 * height, 1'000'000 / height}},
                      0});
  }
  levels.push_back({"node", {{Fabric::kSharedMemory, 10, 10'000'000}}, 0});
  auto builder = TopologyBuilder::Make("top", levels);
  BSUB_CHECK(builder && builder->AddType({.name = "t"}));
  std::vector<TopologyBuilder::Handle> path = {TopologyBuilder::kTop};  // down to the rack
  std::uint32_t names = 0;
  for (std::size_t i = 0; i <= partings.size(); ++i) {
    if (i > 0) path.resize(path.size() - partings[i - 1]);
    while (path.size() < top)
      path.push_back(builder->AddSwitch(path.back(), "s" + std::to_string(++names)).value());
    BSUB_CHECK(builder->AddNode(path.back(), {.name = "n" + std::to_string(i), .type = 0, .features = {}}));
  }
  return std::move(*builder).Build().value();
}

// Every row of `length` digits below `base`, until `visit` has seen all.
template <typename F>
void ForEachRow(std::size_t length, std::uint32_t base, F visit) {
  std::vector<std::uint32_t> row(length, 0);
  for (;;) {
    visit(row);
    std::size_t i = 0;
    while (i < length && ++row[i] == base) row[i++] = 0;
    if (i == length) return;
  }
}

// What policy cluster makes as small as it can, in this order: height, hops, idle racks broken up, nodes left
// over in racks that were begun.
using ClusterCost = std::tuple<std::uint32_t, std::uint64_t, std::uint32_t, std::uint32_t>;

inline std::uint32_t IdleRacksBroken(const Topology& t, std::span<const NodeRoom> room,
                                     const std::vector<bool>& taken, std::uint32_t& left_over) {
  const auto [begin, end] = t.SwitchesAt(1);
  std::uint32_t broken = 0;
  left_over = 0;
  for (SwitchIndex rack = begin; rack < end; ++rack) {
    std::uint32_t took = 0, left = 0;
    bool idle = true;
    for (NodeIndex i = t.at(rack).first_node; i < t.at(rack).end_node; ++i) {
      took += taken[i] ? 1 : 0;
      left += !taken[i] && room[i] != NodeRoom::kNone ? 1 : 0;
      idle = idle && room[i] == NodeRoom::kIdle;
    }
    if (took == 0) continue;
    left_over += left;
    broken += idle && left > 0 ? 1 : 0;
  }
  return broken;
}

}  // namespace bsub::sched::testing
