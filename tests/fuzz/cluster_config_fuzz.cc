// Any text at all is either a cluster configuration that can be shown and placed on, or a list of problems,
// each one line with a line number that the text has.
#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "common/check.h"
#include "scheduler/cluster_config/load.h"
#include "scheduler/cluster_config/print.h"
#include "scheduler/core/placement.h"

namespace bsub::cluster_config {
namespace {

// Small: large clusters take long and teach nothing new.
constexpr ConfigLimits kLimits{
    .max_file_bytes = 4 << 20, .max_nodes = 300, .max_switches = 100, .max_levels = 8, .max_problems = 20};
constexpr TimePoint kNow(1'796'083'200'000'000);

void CheckProblems(const std::vector<Problem>& problems, std::string_view text) {
  const auto lines =
      std::count(text.begin(), text.end(), '\n') + std::count(text.begin(), text.end(), '\r') + 1;
  BSUB_CHECK(problems.size() <= kLimits.max_problems);
  for (const Problem& problem : problems) {
    BSUB_CHECK(problem.line >= 0 && problem.line <= lines + 1) << problem.line << ": " << problem.text;
    BSUB_CHECK(problem.text.find('\n') == std::string::npos) << problem.text;
  }
}

void CheckTopology(const sched::Topology& topology) {
  BSUB_CHECK(topology.node_count() > 0 && topology.node_count() <= kLimits.max_nodes);
  const std::vector<sched::NodeRoom> idle(topology.node_count(), sched::NodeRoom::kIdle);
  sched::PlacementRequest request;
  request.nodes = (topology.node_count() + 1) / 2;
  request.policy = sched::PlacementPolicy::kCluster;
  const auto placed = sched::Place(topology, idle, request);
  BSUB_CHECK(placed && placed->nodes.size() == request.nodes);
  BSUB_CHECK(placed->predicted == placed->best);
  for (sched::NodeIndex i = 0; i < topology.node_count(); ++i)
    BSUB_CHECK(topology.FindNode(topology.node(i).name) == i);
}

}  // namespace
}  // namespace bsub::cluster_config

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bsub::cluster_config;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const ParsedConfig parsed = ParseClusterConfig(text, kLimits);
  CheckProblems(parsed.problems, text);
  if (!parsed.problems.empty()) return 0;
  if (parsed.config.topology) CheckTopology(*parsed.config.topology);
  BSUB_CHECK(!Summary(parsed.config, kNow).empty());
  BSUB_CHECK(ToJson(parsed.config, kNow).find("\"name\"") != std::string::npos);
  return 0;
}
