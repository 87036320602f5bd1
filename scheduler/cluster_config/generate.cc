#include "scheduler/cluster_config/generate.h"

#include <utility>

#include "jobs/nearest.h"
#include "jobs/text.h"

namespace bsub::cluster_config {
namespace {

using sched::Fabric;
using sched::Level;
using Numbers = std::map<std::string, std::int64_t>;

constexpr std::int64_t kGbit = 125'000'000;  // bytes per second

Level NodeLevel() { return {"node", {{Fabric::kSharedMemory, 300, std::int64_t{20'000'000'000}}}, 0}; }

Level Ethernet(std::string name, std::int64_t latency_ns, std::int64_t gbit) {
  return {std::move(name), {{Fabric::kEthernet, latency_ns, gbit * kGbit}}, 0};
}

std::string Range(const std::string& prefix, std::int64_t count) {
  const std::string last = std::to_string(count);
  return prefix + "[" + std::string(last.size() - 1, '0') + "1-" + last + "]";
}

// k pods of k/2 edge switches of k/2 nodes: nowhere narrower than at the nodes.
Generated FatTree(const Numbers& n) {
  const std::int64_t k = n.at("k");
  Generated out;
  out.levels = {Ethernet("cluster", 3'000, 100), Ethernet("pod", 2'200, 100), Ethernet("rack", 1'400, 100),
                NodeLevel()};
  TreeEntry rack{.name = Range("rack", k * k / 2), .nodes = Range("n", k * k * k / 4)};
  out.tree.under = {{.name = Range("pod", k), .under = {std::move(rack)}}};
  return out;
}

// Groups of routers that are all connected among each other, and groups that are: a message between groups
// takes one global link, which the nodes of a group share.
Generated Dragonfly(const Numbers& n) {
  const std::int64_t groups = n.at("groups"), routers = n.at("routers"), nodes = n.at("nodes");
  Generated out;
  out.levels = {Ethernet("system", 2'500, 100), Ethernet("group", 1'500, 100), Ethernet("router", 1'100, 100),
                NodeLevel()};
  out.levels[1].uplink = routers * nodes * 100 * kGbit / 2;
  TreeEntry router{.name = Range("router", groups * routers), .nodes = Range("n", groups * routers * nodes)};
  out.tree.under = {{.name = Range("group", groups), .under = {std::move(router)}}};
  return out;
}

// Availability zones, in each some cluster placement groups, whose racks are near each other. EFA does not
// leave its zone.
Generated EfaGroups(const Numbers& n) {
  const std::int64_t zones = n.at("zones"), groups = zones * n.at("groups"), racks = groups * n.at("racks");
  Generated out;
  out.levels = {Ethernet("region", 600'000, 5), Ethernet("zone", 70'000, 10), Ethernet("group", 35'000, 25),
                Ethernet("rack", 30'000, 25), NodeLevel()};
  out.levels[1].links.push_back({Fabric::kEfa, 24'000, 50 * kGbit});
  out.levels[2].links.push_back({Fabric::kEfa, 16'000, 100 * kGbit});
  out.levels[3].links.push_back({Fabric::kEfa, 14'000, 100 * kGbit});
  TreeEntry rack{.name = Range("rack", racks), .nodes = Range("n", racks * n.at("nodes"))};
  TreeEntry group{.name = Range("group", groups), .under = {std::move(rack)}};
  out.tree.under = {{.name = Range("zone", zones), .under = {std::move(group)}}};
  return out;
}

Result<Numbers> Complete(const GeneratorKind& kind, const Numbers& given) {
  Numbers all;
  std::vector<std::string> known;
  for (const GeneratorParameter& parameter : kind.parameters) {
    known.push_back(parameter.name);
    const auto it = given.find(parameter.name);
    const std::int64_t value = it == given.end() ? parameter.fallback : it->second;
    if (value < parameter.min || value > parameter.max) {
      return InvalidArgument(kind.name + ": " + parameter.name + " is " + std::to_string(value) +
                             ", expected " + std::to_string(parameter.min) + " to " +
                             std::to_string(parameter.max));
    }
    all[parameter.name] = value;
  }
  for (const auto& [name, value] : given) {
    if (!all.contains(name))
      return InvalidArgument(kind.name + ": unknown number " + Quoted(name) + DidYouMean(name, known));
  }
  return all;
}

}  // namespace

const std::vector<GeneratorKind>& GeneratorKinds() {
  static const std::vector<GeneratorKind> kKinds = {
      {"fat-tree", "k pods of k/2 racks of k/2 nodes", {{"k", "Ports of a switch; even.", 8, 2, 64}}},
      {"dragonfly",
       "groups of routers, all connected to all",
       {{"groups", "Groups.", 9, 1, 1000},
        {"routers", "Routers in a group.", 4, 1, 1000},
        {"nodes", "Nodes at a router.", 4, 1, 1000}}},
      {"efa-groups",
       "cluster placement groups with EFA in availability zones",
       {{"zones", "Availability zones.", 2, 1, 100},
        {"groups", "Cluster placement groups in a zone.", 2, 1, 1000},
        {"racks", "Racks in a group.", 2, 1, 1000},
        {"nodes", "Nodes in a rack.", 4, 1, 1000}}}};
  return kKinds;
}

Result<Generated> Generate(std::string_view kind, const std::map<std::string, std::int64_t>& parameters) {
  std::vector<std::string> names;
  for (const GeneratorKind& known : GeneratorKinds()) {
    names.push_back(known.name);
    if (known.name != kind) continue;
    BSUB_ASSIGN_OR_RETURN(const Numbers numbers, Complete(known, parameters));
    if (kind == "dragonfly") return Dragonfly(numbers);
    if (kind == "efa-groups") return EfaGroups(numbers);
    if (numbers.at("k") % 2 != 0)
      return InvalidArgument("fat-tree: k is " + std::to_string(numbers.at("k")) +
                             ", expected an even number");
    return FatTree(numbers);
  }
  const std::string hint = DidYouMean(kind, names);
  return InvalidArgument("there is no kind " + Quoted(kind) +
                         (hint.empty() ? "; expected fat-tree, dragonfly or efa-groups" : hint));
}

}  // namespace bsub::cluster_config
