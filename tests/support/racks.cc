#include "tests/support/racks.h"

#include <utility>

#include "common/check.h"

namespace bsub::testing {

std::shared_ptr<const sched::Topology> Racks(const std::vector<std::vector<std::string>>& racks,
                                             const std::set<std::string>& efa) {
  using sched::Fabric;
  auto builder =
      sched::TopologyBuilder::Make("cluster", {{"spine", {{Fabric::kEthernet, 20'000, 500'000'000}}},
                                               {"rack", {{Fabric::kEthernet, 5'000, 1'250'000'000}}},
                                               {"node", {{Fabric::kSharedMemory, 300, 20'000'000'000}}}});
  BSUB_CHECK(builder && builder->AddType({.name = "node"}));
  for (std::size_t i = 0; i < racks.size(); ++i) {
    const auto rack = builder->AddSwitch(sched::TopologyBuilder::kTop, "r" + std::to_string(i + 1));
    BSUB_CHECK(rack.has_value());
    for (const std::string& name : racks[i]) {
      std::vector<std::string> features;
      if (efa.count(name) != 0) features.emplace_back("efa");
      BSUB_CHECK(builder->AddNode(*rack, {.name = name, .type = 0, .features = std::move(features)}));
    }
  }
  auto topology = std::move(*builder).Build();
  BSUB_CHECK(topology) << topology.error().message;
  return std::make_shared<const sched::Topology>(std::move(*topology));
}

}  // namespace bsub::testing
