#include "scheduler/cluster_config/read_parts.h"

#include <algorithm>
#include <set>

#include "jobs/nearest.h"
#include "jobs/text.h"
#include "jobs/units.h"
#include "scheduler/cluster_config/maintenance.h"
#include "scheduler/cluster_config/name_range.h"
#include "scheduler/cluster_config/units.h"

namespace bsub::cluster_config {
namespace {

constexpr std::int64_t kMostLicences = 1'000'000'000;
constexpr std::int64_t kMostGpus = 1024;
constexpr Duration kLongestMaintenance = std::chrono::hours(24 * 31);

const std::vector<std::string>& FabricNames() {
  static const std::vector<std::string> kNames = {"shared-memory", "ethernet", "efa"};
  return kNames;
}

Result<sched::Fabric> ParseFabric(const std::string& text) {
  if (const auto fabric = sched::FabricNamed(text)) return *fabric;
  const std::string hint = DidYouMean(text, FabricNames());
  return InvalidArgument("there is no fabric " + Quoted(text) +
                         (hint.empty() ? "; expected shared-memory, ethernet or efa" : hint));
}

// latency and bandwidth of `fields`.
sched::Link ReadLink(const Fields& fields, sched::Fabric fabric) {
  fields.Need("latency", "a time such as 1.5us");
  fields.Need("bandwidth", "a rate such as 100Gbit/s");
  return {fabric, fields.Value("latency", [](const std::string& t) { return ParseLatency(t); }).value_or(1),
          fields.Value("bandwidth", [](const std::string& t) { return ParseBandwidth(t); }).value_or(1)};
}

sched::Level ReadLevel(const YAML::Node& node, Problems& problems) {
  sched::Level level;
  const Fields fields(node, "level", {"name", "latency", "bandwidth", "fabric", "links", "uplink"}, problems);
  if (!node.IsMap()) return level;
  fields.Need("name", "what a switch of this level is called, such as rack");
  level.name = fields.Text("name").value_or("");
  const auto uplink = fields.Value("uplink", [](const std::string& t) { return ParseBandwidth(t); });
  level.uplink = uplink.value_or(0);
  const Field* links = fields.Find("links");
  if (links == nullptr) {
    const auto fabric = fields.Value("fabric", ParseFabric);
    level.links.push_back(ReadLink(fields, fabric.value_or(sched::Fabric::kEthernet)));
    return level;
  }
  for (const char* key : {"latency", "bandwidth", "fabric"}) {
    if (fields.Find(key) != nullptr) fields.Wrong(key, "is not possible beside links");
  }
  const std::string where = "level " + Quoted(level.name);
  const Fields links_by_fabric(links->value, where + ": links", FabricNames(), problems);
  for (const Field& link : links_by_fabric.all()) {
    const Fields body(link.value, where + ", " + link.key, {"latency", "bandwidth"}, problems);
    level.links.push_back(ReadLink(body, *sched::FabricNamed(link.key)));
  }
  return level;
}

sched::InstanceType ReadType(const Field& field, Problems& problems) {
  sched::InstanceType type{.name = field.key};
  const std::string where = "type " + Quoted(field.key);
  const Fields fields(field.value, where,
                      {"cpus", "memory", "gpus", "fabrics", "features", "licences", "interruptible", "price"},
                      problems);
  if (!field.value.IsMap()) return type;
  fields.Need("cpus", "a number of CPUs");
  fields.Need("memory", "a size such as 64G");
  type.resources.cpu_milli =
      fields.Value("cpus", [](const std::string& t) { return ParseCpus(t); }).value_or(1);
  type.resources.mem_bytes =
      fields.Value("memory", [](const std::string& t) { return ParseBytes(t); }).value_or(1);
  if (type.resources.mem_bytes <= 0) fields.Wrong("memory", "a node needs some memory");
  type.resources.gpus = static_cast<std::int32_t>(fields.Number("gpus", 0, kMostGpus).value_or(0));
  type.features = fields.Words("features");
  type.interruptible = fields.YesOrNo("interruptible").value_or(false);
  type.price_micros =
      fields.Value("price", [](const std::string& t) { return ParsePriceMicros(t); }).value_or(0);
  if (fields.Find("fabrics") != nullptr) {
    type.fabrics.clear();
    for (const std::string& name : fields.Words("fabrics")) {
      const auto fabric = ParseFabric(name);
      if (!fabric) fields.Wrong("fabrics", fabric.error().message);
      if (fabric) type.fabrics.push_back(*fabric);
    }
  }
  if (const Field* licences = fields.Find("licences"))
    type.licences = ReadLicences(licences->value, where + ": licences", problems);
  return type;
}

Result<Repeat> ParseRepeat(const std::string& text) {
  const std::map<std::string, Repeat> kinds = {{"once", Repeat::kOnce},
                                               {"day", Repeat::kDaily},
                                               {"week", Repeat::kWeekly},
                                               {"month", Repeat::kMonthly}};
  const auto it = kinds.find(text);
  if (it != kinds.end()) return it->second;
  return InvalidArgument(Quoted(text) + ": expected once, day, week or month");
}

Result<std::string> ParseTimeZone(const std::string& text) {
  if (IsTimeZone(text)) return text;
  return InvalidArgument("there is no time zone " + Quoted(text) +
                         " on this machine; expected an IANA name such as Europe/Berlin");
}

// Switches and nodes by name, with ranges.
std::vector<sched::NodeIndex> ReadTargets(const Fields& fields, const sched::Topology& topology,
                                          const ConfigLimits& limits) {
  std::set<sched::NodeIndex> nodes;
  for (const std::string& word : fields.Words("nodes")) {
    const auto names = ExpandNames(word, limits.max_nodes);
    if (!names) {
      fields.Wrong("nodes", names.error().message);
      continue;
    }
    for (const std::string& name : *names) {
      if (const auto node = topology.FindNode(name)) {
        nodes.insert(*node);
      } else if (const auto at = topology.FindSwitch(name)) {
        for (auto i = topology.at(*at).first_node; i < topology.at(*at).end_node; ++i) nodes.insert(i);
      } else {
        fields.Wrong("nodes", "there is no node or switch " + Quoted(name));
        break;
      }
    }
  }
  return {nodes.begin(), nodes.end()};
}

Maintenance ReadOne(const YAML::Node& node, const sched::Topology& topology, const ConfigLimits& limits,
                    Problems& problems) {
  Maintenance out;
  const Fields fields(node, "maintenance",
                      {"name", "nodes", "time_zone", "start", "length", "every", "until"}, problems);
  if (!node.IsMap()) return out;
  fields.Need("name", "what it is called");
  fields.Need("nodes", "names of nodes or switches");
  fields.Need("time_zone", "an IANA name such as Europe/Berlin");
  fields.Need("start", "a date and time of the day such as 2026-12-01 22:00");
  fields.Need("length", "a time such as 4h");
  out.name = fields.Text("name").value_or("");
  out.nodes = ReadTargets(fields, topology, limits);
  out.time_zone = fields.Value("time_zone", ParseTimeZone).value_or("");
  const auto civil = [](const std::string& text) { return ParseCivilMinute(text); };
  out.start = fields.Value("start", civil).value_or(CivilMinute{});
  out.until = fields.Value("until", civil);
  out.repeat = fields.Value("every", ParseRepeat).value_or(Repeat::kOnce);
  const auto length = fields.Value("length", [](const std::string& text) { return ParseDuration(text); });
  out.length = length.value_or(Duration{1});
  if (length && (*length <= Duration::zero() || *length > kLongestMaintenance))
    fields.Wrong("length", "expected more than nothing and at most 31d");
  if (out.until && *out.until < out.start) fields.Wrong("until", "is before start");
  return out;
}

}  // namespace

std::vector<sched::Level> ReadLevels(const YAML::Node& node, std::size_t most, Problems& problems) {
  std::vector<sched::Level> levels;
  if (!node.IsSequence()) {
    problems.Add(LineOf(node), "levels: expected a list, from the whole cluster down to the node");
    return levels;
  }
  if (node.size() > most) {
    problems.Add(LineOf(node), "levels: " + std::to_string(node.size()) + " of them; expected at most " +
                                   std::to_string(most));
    return levels;
  }
  for (const YAML::Node& level : node) levels.push_back(ReadLevel(level, problems));
  if (levels.empty()) return levels;
  const YAML::Node lowest = node[node.size() - 1];
  const bool told = !lowest.IsMap() || lowest["fabric"].IsDefined() || lowest["links"].IsDefined();
  if (!told) levels.back().links.front().fabric = sched::Fabric::kSharedMemory;
  return levels;
}

std::vector<sched::InstanceType> ReadTypes(const YAML::Node& node, Problems& problems) {
  std::vector<sched::InstanceType> types;
  const Fields fields(node, "types", {}, problems);
  for (const Field& field : fields.all()) {
    if (problems.full()) break;
    types.push_back(ReadType(field, problems));
  }
  return types;
}

std::map<std::string, std::int64_t> ReadLicences(const YAML::Node& node, const std::string& where,
                                                 Problems& problems) {
  std::map<std::string, std::int64_t> licences;
  const Fields fields(node, where, {}, problems);
  for (const Field& field : fields.all()) {
    if (const auto count = fields.Number(field.key, 1, kMostLicences)) licences[field.key] = *count;
  }
  return licences;
}

std::vector<std::string> ReadDurablePaths(const Fields& top) {
  std::vector<std::string> paths = top.Words("durable_paths");
  for (const std::string& path : paths) {
    if (!path.starts_with('/')) top.Wrong("durable_paths", Quoted(path) + ": expected an absolute path");
  }
  return paths;
}

std::vector<Maintenance> ReadMaintenance(const YAML::Node& node, const sched::Topology& topology,
                                         const ConfigLimits& limits, Problems& problems) {
  std::vector<Maintenance> all;
  if (!node.IsSequence()) {
    problems.Add(LineOf(node), "maintenance: expected a list of windows");
    return all;
  }
  std::set<std::string> names;
  for (const YAML::Node& one : node) {
    if (problems.full()) break;
    all.push_back(ReadOne(one, topology, limits, problems));
    if (!names.insert(all.back().name).second)
      problems.Add(LineOf(one), "maintenance: the name " + Quoted(all.back().name) + " is given twice");
  }
  return all;
}

}  // namespace bsub::cluster_config
