// Two racks of three nodes below one spine, and a third rack in another: n1 … n9.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "scheduler/core/topology.h"

namespace bsub::testing {

inline sched::Topology TwoRacksAndOne() {
  using sched::Fabric;
  using sched::Level;
  using sched::TopologyBuilder;
  const Level zone{.name = "zone", .links = {{Fabric::kEthernet, 40'000, 1'000'000'000}}, .uplink = 0};
  const Level spine{.name = "spine", .links = {{Fabric::kEthernet, 20'000, 10'000'000'000}}, .uplink = 0};
  const Level rack{
      .name = "rack", .links = {{Fabric::kEthernet, 10'000, 10'000'000'000}}, .uplink = 15'000'000'000};
  const Level node{.name = "node", .links = {{Fabric::kSharedMemory, 300, 20'000'000'000}}, .uplink = 0};
  auto builder = TopologyBuilder::Make("top", {zone, spine, rack, node}).value();
  builder.AddType({.name = "plain"}).value();
  int number = 0;
  for (const auto& [spine_name, racks] : {std::pair{"s1", 2}, std::pair{"s2", 1}}) {
    const auto above = builder.AddSwitch(TopologyBuilder::kTop, spine_name).value();
    for (int r = 1; r <= racks; ++r) {
      const auto handle =
          builder.AddSwitch(above, std::string(spine_name) + "-r" + std::to_string(r)).value();
      for (int n = 0; n < 3; ++n) {
        const auto added =
            builder.AddNode(handle, {.name = "n" + std::to_string(++number), .type = 0, .features = {}});
        if (!added) throw std::runtime_error(added.error().message);
      }
    }
  }
  return std::move(builder).Build().value();
}

}  // namespace bsub::testing
