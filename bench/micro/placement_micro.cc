// Placement of gangs on 10,000 nodes: ten spines of 25 racks of 40.
#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/core/core_driver.h"
#include "common/check.h"
#include "scheduler/core/placement.h"

namespace bsub::bench {
namespace {

using sched::NodeRoom;
using sched::PlacementPolicy;

sched::Topology TenThousand() {
  const auto level = [](std::string name, std::int64_t latency_ns) {
    return sched::Level{std::move(name), {{sched::Fabric::kEthernet, latency_ns, 1'000'000'000}}, 0};
  };
  auto builder = sched::TopologyBuilder::Make(
      "cluster", {level("cluster", 4000), level("zone", 2500), level("rack", 1500), level("node", 300)});
  BSUB_CHECK(builder && builder->AddType({.name = "cpu"}));
  int nodes = 0;
  for (int zone = 0; zone < 10; ++zone) {
    const auto z = builder->AddSwitch(sched::TopologyBuilder::kTop, "zone" + std::to_string(zone));
    for (int rack = 0; rack < 25; ++rack) {
      const auto r = builder->AddSwitch(*z, "rack" + std::to_string(zone) + "-" + std::to_string(rack));
      for (int i = 0; i < 40; ++i)
        BSUB_CHECK(builder->AddNode(*r, {.name = "n" + std::to_string(nodes++), .type = 0, .features = {}}));
    }
  }
  return std::move(*builder).Build().value();
}

// So many percent of the nodes have no room, by lot but the same in every run.
std::vector<NodeRoom> Rooms(std::uint32_t nodes, std::uint32_t full_percent) {
  std::vector<NodeRoom> rooms(nodes);
  std::uint64_t lot = 1;
  for (NodeRoom& room : rooms) {
    lot = lot * 6364136223846793005U + 1442695040888963407U;
    const auto hundred = static_cast<std::uint32_t>((lot >> 33) % 100);
    room = hundred < full_percent ? NodeRoom::kNone : hundred % 2 == 0 ? NodeRoom::kBusy : NodeRoom::kIdle;
  }
  return rooms;
}

// Arguments: nodes of the gang, percent of the cluster that is full.
void Place(benchmark::State& state, PlacementPolicy policy) {
  const sched::Topology topology = TenThousand();
  const auto rooms = Rooms(topology.node_count(), static_cast<std::uint32_t>(state.range(1)));
  sched::PlacementRequest request;
  request.nodes = static_cast<std::uint32_t>(state.range(0));
  request.policy = policy;
  request.mode = sched::PlacementMode::kPreferred;
  request.partitions = 8;
  for (auto _ : state) {
    const auto placed = sched::Place(topology, rooms, request);
    BSUB_CHECK(placed.has_value()) << placed.error().message;
    benchmark::DoNotOptimize(placed->nodes.data());
  }
}
BENCHMARK_CAPTURE(Place, Cluster, PlacementPolicy::kCluster)
    ->Args({512, 0})
    ->Args({512, 30})
    ->Args({512, 55})  // just too many for one zone: the longest search
    ->Args({512, 80})
    ->Args({512, 94})
    ->Args({4096, 30})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Place, Partition, PlacementPolicy::kPartition)
    ->Args({512, 30})
    ->Args({512, 80})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Place, Spread, PlacementPolicy::kSpread)->Args({64, 30})->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Place, None, PlacementPolicy::kNone)->Args({512, 30})->Unit(benchmark::kMicrosecond);

// A gang that takes as many nodes as there are, from two on: one number after the other is tried.
void PlaceMost(benchmark::State& state, PlacementPolicy policy) {
  const sched::Topology topology = TenThousand();
  const auto rooms = Rooms(topology.node_count(), 30);
  sched::PlacementRequest request;
  request.nodes = 2;
  request.policy = policy;
  request.partitions = 8;
  std::uint32_t tries = 0;
  for (auto _ : state) {
    const auto found = sched::PlaceMost(topology, rooms, request, topology.node_count());
    BSUB_CHECK(found.placed.has_value()) << found.placed.error().message;
    tries = found.tries;
  }
  state.counters["tries"] = tries;
}
BENCHMARK_CAPTURE(PlaceMost, Cluster, PlacementPolicy::kCluster)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(PlaceMost, Partition, PlacementPolicy::kPartition)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(PlaceMost, Spread, PlacementPolicy::kSpread)->Unit(benchmark::kMicrosecond);

// The same as a cycle of the core does it: three nodes in ten are in use, one gang waits.
void CycleStartsGang(benchmark::State& state, std::string_view placement) {
  using Clock = std::chrono::steady_clock;
  constexpr int kNodes = 10'000;
  constexpr std::int64_t kCpus = 64;
  CoreDriver driver(std::make_shared<const sched::Topology>(TenThousand()));
  driver.AddNodes(kNodes, kCpus);
  std::uint64_t seed = 0;
  const auto settings = SharedSettings(kCpus * 1000);
  for (int i = 0; i < kNodes; ++i) driver.Submit(SmallJob(++seed, settings));
  driver.Cycle(kNodes);
  const std::vector<NodeRoom> rooms = Rooms(kNodes, 30);
  const std::vector<Running> all = std::exchange(driver.running(), {});
  for (int i = 0; i < kNodes; ++i) {
    if (rooms[static_cast<std::size_t>(i)] != NodeRoom::kNone)
      driver.Finish(all.at(static_cast<std::size_t>(i)));
  }
  JobSettings gang = *settings;
  gang.gang.nodes = static_cast<std::uint32_t>(state.range(0));
  gang.gang.placement = ParsePlacement(placement).value();
  const auto shared = std::make_shared<const JobSettings>(std::move(gang));
  for (auto _ : state) {
    driver.Submit(SmallJob(++seed, shared));
    const auto start = Clock::now();
    driver.Cycle();
    state.SetIterationTime(std::chrono::duration<double>(Clock::now() - start).count());
    BSUB_CHECK(driver.running().size() == static_cast<std::size_t>(state.range(0)));
    for (const Running& part : std::exchange(driver.running(), {})) driver.Finish(part);
  }
}
BENCHMARK_CAPTURE(CycleStartsGang, Cluster, "cluster:preferred")
    ->Arg(512)
    ->Iterations(50)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(CycleStartsGang, None, "none")
    ->Arg(512)
    ->Iterations(50)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

// What `why` asks for a gang that does not fit.
void Advise(benchmark::State& state) {
  const sched::Topology topology = TenThousand();
  const auto rooms = Rooms(topology.node_count(), 94);
  sched::PlacementRequest request;
  request.nodes = 512;
  request.policy = PlacementPolicy::kCluster;
  for (auto _ : state) benchmark::DoNotOptimize(sched::AdvisePlacement(topology, rooms, request).nodes);
}
BENCHMARK(Advise)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace bsub::bench
