#include "scheduler/cluster_config/print.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "jobs/text.h"
#include "jobs/units.h"
#include "scheduler/cluster_config/maintenance.h"
#include "scheduler/cluster_config/name_range.h"
#include "scheduler/cluster_config/units.h"

namespace bsub::cluster_config {
namespace {

using Json = nlohmann::ordered_json;
using sched::NodeIndex;
using sched::SwitchIndex;
using sched::Topology;

constexpr Duration kShown = std::chrono::hours(24 * 31);
constexpr std::size_t kMostWindows = 100;

std::vector<sched::MaintenanceWindow> Windows(const ClusterConfig& config, TimePoint now) {
  std::vector<sched::MaintenanceWindow> all;
  for (const Maintenance& one : config.maintenance) {
    for (auto& window : WindowsBetween(one, now, now + kShown, kMostWindows))
      all.push_back(std::move(window));
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.begins < b.begins; });
  return all;
}

std::vector<std::string> NamesOf(const Topology& topology, const std::vector<NodeIndex>& nodes) {
  std::vector<std::string> names;
  for (const NodeIndex i : nodes) names.push_back(topology.node(i).name);
  return names;
}

std::string LevelLine(const Topology& topology, std::uint32_t height) {
  const sched::Level& level = topology.level(height);
  std::uint64_t count = topology.node_count();
  if (height > 0) {
    const auto [begin, end] = topology.SwitchesAt(height);
    count = end - begin;
  }
  std::string name = level.name;
  name.resize(std::max<std::size_t>(name.size() + 1, 12), ' ');
  std::string number = std::to_string(count);
  std::string line = "  " + name + std::string(number.size() < 6 ? 6 - number.size() : 0, ' ') + number;
  for (const sched::Link& link : level.links) {
    line += "   " + std::string(ToString(link.fabric)) + " " + FormatLatency(link.latency_ns) + " " +
            FormatBandwidth(link.bandwidth);
  }
  if (level.uplink > 0) line += "   uplink " + FormatBandwidth(level.uplink);
  return line + "\n";
}

std::string TypeLines(const Topology& topology) {
  std::vector<std::uint64_t> counts(topology.types().size());
  for (NodeIndex i = 0; i < topology.node_count(); ++i) ++counts[topology.node(i).type];
  std::string text;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const sched::InstanceType& type = topology.types()[i];
    text += "  " + Count(counts[i], "node", "nodes") + " of type " + type.name + ": " +
            Describe(type.resources) + (type.interruptible ? ", interruptible" : "");
    for (const std::string& feature : type.features) text += ", " + feature;
    text += "\n";
  }
  return text;
}

void TreeLines(const Topology& topology, SwitchIndex s, const std::string& indent, std::string& out) {
  const Topology::Switch& at = topology.at(s);
  out += indent + topology.level(at.height).name + " " + at.name;
  if (at.height == 1) {
    std::vector<NodeIndex> nodes;
    for (NodeIndex i = at.first_node; i < at.end_node; ++i) nodes.push_back(i);
    out += ": " + FoldNames(NamesOf(topology, nodes)) + "\n";
    return;
  }
  out += " (" + Count(at.nodes(), "node", "nodes") + ")\n";
  for (SwitchIndex child = at.first_child; child < at.end_child; ++child)
    TreeLines(topology, child, indent + "  ", out);
}

Json LevelsJson(const Topology& topology) {
  Json levels = Json::array();
  for (std::uint32_t height = topology.top_height() + 1; height-- > 0;) {
    const sched::Level& level = topology.level(height);
    Json links = Json::array();
    for (const sched::Link& link : level.links) {
      links.push_back({{"fabric", ToString(link.fabric)},
                       {"latencyNs", link.latency_ns},
                       {"bytesPerSecond", link.bandwidth}});
    }
    levels.push_back(
        {{"name", level.name}, {"links", std::move(links)}, {"uplinkBytesPerSecond", level.uplink}});
  }
  return levels;
}

Json NodesJson(const Topology& topology) {
  Json nodes = Json::array();
  for (NodeIndex i = 0; i < topology.node_count(); ++i) {
    const sched::InstanceType& type = topology.types()[topology.node(i).type];
    nodes.push_back({{"name", topology.node(i).name},
                     {"path", topology.PathOf(topology.node(i).rack)},
                     {"type", type.name},
                     {"cpuMilli", type.resources.cpu_milli},
                     {"memBytes", type.resources.mem_bytes},
                     {"gpus", type.resources.gpus},
                     {"interruptible", type.interruptible}});
  }
  return nodes;
}

}  // namespace

std::string Summary(const ClusterConfig& config, TimePoint now) {
  std::string text = config.name + "\n";
  if (config.topology) {
    for (std::uint32_t height = config.topology->top_height() + 1; height-- > 0;)
      text += LevelLine(*config.topology, height);
    text += TypeLines(*config.topology);
  }
  for (const auto& [name, count] : config.licences)
    text += "  licence " + name + ": " + std::to_string(count) + "\n";
  for (const std::string& path : config.durable_paths) text += "  durable: " + path + "\n";
  for (const sched::MaintenanceWindow& window : Windows(config, now)) {
    text += "  maintenance " + window.name + ": " + FormatUtc(window.begins) + " to " +
            FormatUtc(window.ends) + ", " + Count(window.nodes.size(), "node", "nodes") + "\n";
  }
  return text;
}

std::string TreeText(const ClusterConfig& config) {
  std::string text;
  if (config.topology) TreeLines(*config.topology, 0, "", text);
  return text;
}

std::string ToJson(const ClusterConfig& config, TimePoint now) {
  Json json = {{"name", config.name}};
  if (config.topology) {
    json["levels"] = LevelsJson(*config.topology);
    json["nodes"] = NodesJson(*config.topology);
  }
  json["licences"] = config.licences;
  json["durablePaths"] = config.durable_paths;
  json["maintenance"] = Json::array();
  for (const sched::MaintenanceWindow& window : Windows(config, now)) {
    json["maintenance"].push_back({{"name", window.name},
                                   {"begins", FormatUtc(window.begins)},
                                   {"ends", FormatUtc(window.ends)},
                                   {"nodes", NamesOf(*config.topology, window.nodes)}});
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace bsub::cluster_config
