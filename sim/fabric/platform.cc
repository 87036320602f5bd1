#include "sim/fabric/platform.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <vector>

#include "common/check.h"
#include "sim/fabric/promise.h"

namespace bsub::sim {
namespace {

using sched::NodeIndex;
using sched::SwitchIndex;
using sched::Topology;

// Names of nodes and switches are those of hosts and need no escapes (cluster_config::CheckName).
std::string Attribute(std::string_view name, const std::string& value) {
  return " " + std::string(name) + "=\"" + value + "\"";
}

std::string LinkElement(const std::string& id, std::int64_t bandwidth, std::int64_t latency_ns,
                        std::string_view sharing) {
  return "    <link" + Attribute("id", id) + Attribute("bandwidth", std::to_string(bandwidth) + "Bps") +
         Attribute("latency", std::to_string(latency_ns) + "ns") +
         Attribute("sharing_policy", std::string(sharing)) + "/>\n";
}

class PlatformWriter {
 public:
  PlatformWriter(const Topology& topology, std::span<const NodeIndex> nodes,
                 std::span<const NetworkFault> faults)
      : topology_(topology), nodes_(nodes), faults_(faults) {}

  std::string Write() {
    for (const NodeIndex node : nodes_) AddNode(node);
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      for (std::size_t j = i + 1; j < nodes_.size(); ++j) AddRoute(nodes_[i], nodes_[j]);
    }
    return "<?xml version=\"1.0\"?>\n<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n"
           "<platform version=\"4.1\">\n  <zone id=\"fabric\" routing=\"Full\">\n" +
           hosts_ + links_ + routes_ + "  </zone>\n</platform>\n";
  }

 private:
  const NetworkFault* FaultOf(const std::string& name) const {
    const auto it = std::ranges::find(faults_, name, &NetworkFault::name);
    return it == faults_.end() ? nullptr : &*it;
  }

  void AddShared(const std::string& id, const std::string& name, std::int64_t bandwidth) {
    const NetworkFault* fault = FaultOf(name);
    if (fault != nullptr)
      bandwidth = std::max<std::int64_t>(
          1, static_cast<std::int64_t>(static_cast<double>(bandwidth) * fault->bandwidth));
    links_ += LinkElement(id, bandwidth, fault != nullptr ? fault->extra_latency_ns : 0, "SPLITDUPLEX");
  }

  // The host, its port, and the memory through which its own ranks talk.
  void AddNode(NodeIndex node) {
    const std::string& name = topology_.node(node).name;
    // Computation is not simulated: the speed means nothing.
    hosts_ += "    <host" + Attribute("id", name) + Attribute("speed", "1Gf") + "/>\n";
    AddShared("port:" + name, name, PortBandwidth(topology_, node));
    const sched::Prediction memory = PromiseOf(topology_, node, node);
    links_ += LinkElement("memory:" + name, memory.bandwidth, memory.latency_ns, "FATPIPE");
    routes_ += RouteOpening(name, name, "NO") + Hop("memory:" + name, "") + "    </route>\n";
  }

  void AddRoute(NodeIndex a, NodeIndex b) {
    const std::string &from = topology_.node(a).name, &to = topology_.node(b).name;
    const sched::Prediction promise = PromiseOf(topology_, a, b);
    routes_ += RouteOpening(from, to, "YES") + Hop("port:" + from, "UP");
    for (const std::string& uplink : UplinksBelow(a, promise.height)) routes_ += Hop(uplink, "UP");
    routes_ += Hop(LevelLink(promise), "");
    std::vector<std::string> down = UplinksBelow(b, promise.height);
    std::ranges::reverse(down);
    for (const std::string& uplink : down) routes_ += Hop(uplink, "DOWN");
    routes_ += Hop("port:" + to, "DOWN") + "    </route>\n";
  }

  // From the rack upwards, those that can be what limits; declared when first met.
  std::vector<std::string> UplinksBelow(NodeIndex node, std::uint32_t height) {
    std::vector<std::string> uplinks;
    for (SwitchIndex at = topology_.node(node).rack; topology_.at(at).height < height;
         at = topology_.at(at).parent) {
      const Topology::Switch& here = topology_.at(at);
      std::int64_t bandwidth = topology_.level(here.height).uplink;
      if (bandwidth == 0 && FaultOf(here.name) != nullptr) bandwidth = WidestAbove(here.height);
      if (bandwidth == 0) continue;
      uplinks.push_back("uplink:" + here.name);
      if (declared_.insert(uplinks.back()).second) AddShared(uplinks.back(), here.name, bandwidth);
    }
    return uplinks;
  }

  // What one pair could use through an uplink of this height that the configuration does not limit.
  std::int64_t WidestAbove(std::uint32_t height) const {
    BSUB_CHECK(height < topology_.top_height()) << height;
    std::int64_t widest = 0;
    for (const sched::Link& link : topology_.level(height + 1).links)
      widest = std::max(widest, link.bandwidth);
    return widest;
  }

  std::string LevelLink(const sched::Prediction& promise) {
    const std::string id = "level:" + std::to_string(promise.height) + ":" +
                           std::string(ToString(promise.fabric)) + ":" + std::to_string(promise.bandwidth);
    if (declared_.insert(id).second)
      links_ += LinkElement(id, promise.bandwidth, promise.latency_ns, "FATPIPE");
    return id;
  }

  static std::string RouteOpening(const std::string& from, const std::string& to,
                                  const std::string& symmetrical) {
    return "    <route" + Attribute("src", from) + Attribute("dst", to) +
           Attribute("symmetrical", symmetrical) + ">\n";
  }
  static std::string Hop(const std::string& link, const std::string& direction) {
    return "      <link_ctn" + Attribute("id", link) +
           (direction.empty() ? "" : Attribute("direction", direction)) + "/>\n";
  }

  const Topology& topology_;
  std::span<const NodeIndex> nodes_;
  std::span<const NetworkFault> faults_;
  std::set<std::string> declared_;  // links, by id
  std::string hosts_, links_, routes_;
};

}  // namespace

std::string PlatformXml(const sched::Topology& topology, std::span<const sched::NodeIndex> nodes,
                        std::span<const NetworkFault> faults) {
  return PlatformWriter(topology, nodes, faults).Write();
}

std::string HostFile(const sched::Topology& topology, std::span<const sched::NodeIndex> nodes,
                     std::uint32_t ranks_per_node) {
  std::string text;
  for (const sched::NodeIndex node : nodes) {
    for (std::uint32_t rank = 0; rank < ranks_per_node; ++rank) text += topology.node(node).name + "\n";
  }
  return text;
}

}  // namespace bsub::sim
