#include "scheduler/core/topology.h"

#include <algorithm>
#include <array>
#include <limits>

#include "common/check.h"

namespace bsub::sched {
namespace {

constexpr std::array<std::string_view, 3> kFabricNames = {"shared-memory", "ethernet", "efa"};

constexpr std::uint8_t Bit(Fabric fabric) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(fabric));
}

constexpr std::uint64_t PairsOf(std::uint64_t n) { return n < 2 ? 0 : n * (n - 1) / 2; }

}  // namespace

std::string_view ToString(Fabric fabric) { return kFabricNames[static_cast<std::size_t>(fabric)]; }

std::optional<Fabric> FabricNamed(std::string_view name) {
  const auto it = std::find(kFabricNames.begin(), kFabricNames.end(), name);
  if (it == kFabricNames.end()) return std::nullopt;
  return static_cast<Fabric>(it - kFabricNames.begin());
}

std::pair<SwitchIndex, SwitchIndex> Topology::SwitchesAt(std::uint32_t height) const {
  BSUB_CHECK(height >= 1 && height <= top_height()) << height;
  return {first_at_[height], height == 1 ? switch_count() : first_at_[height - 1]};
}

std::optional<std::uint32_t> Topology::HeightOf(std::string_view level) const {
  for (std::uint32_t height = 0; height < levels_.size(); ++height) {
    if (levels_[height].name == level) return height;
  }
  return std::nullopt;
}

std::optional<NodeIndex> Topology::FindNode(std::string_view name) const {
  const auto it = node_by_name_.find(name);
  return it == node_by_name_.end() ? std::nullopt : std::optional(it->second);
}

std::optional<SwitchIndex> Topology::FindSwitch(std::string_view name) const {
  const auto it = switch_by_name_.find(name);
  return it == switch_by_name_.end() ? std::nullopt : std::optional(it->second);
}

std::string Topology::PathOf(SwitchIndex i) const {
  if (i == 0) return switches_[0].name;
  return PathOf(switches_[i].parent) + "/" + switches_[i].name;
}

SwitchIndex Topology::Ancestor(SwitchIndex i, std::uint32_t height) const {
  BSUB_CHECK(height <= top_height() && height >= switches_[i].height) << height;
  while (switches_[i].height < height) i = switches_[i].parent;
  return i;
}

SwitchIndex Topology::CommonSwitch(SwitchIndex a, SwitchIndex b) const {
  const std::uint32_t height = std::max(switches_[a].height, switches_[b].height);
  a = Ancestor(a, height), b = Ancestor(b, height);
  while (a != b) a = switches_[a].parent, b = switches_[b].parent;
  return a;
}

std::uint32_t Topology::Hops(NodeIndex a, NodeIndex b) const {
  if (a == b) return 0;
  return 2 * switches_[CommonSwitch(nodes_[a].rack, nodes_[b].rack)].height - 1;
}

const Link& Topology::BestLink(std::uint32_t height, std::uint8_t fabrics) const {
  const std::vector<Link>& links = levels_[height].links;
  const Link* best = nullptr;
  for (const Link& link : links) {
    if ((fabrics & Bit(link.fabric)) == 0) continue;
    if (best == nullptr || link.latency_ns < best->latency_ns ||
        (link.latency_ns == best->latency_ns && link.bandwidth > best->bandwidth)) {
      best = &link;
    }
  }
  // Nodes that share no fabric of the level still talk somehow: as its slowest link does.
  if (best == nullptr) {
    best = &*std::max_element(links.begin(), links.end(), [](const Link& a, const Link& b) {
      return a.latency_ns != b.latency_ns ? a.latency_ns < b.latency_ns : a.bandwidth > b.bandwidth;
    });
  }
  return *best;
}

std::int64_t Topology::LatencyNs(NodeIndex a, NodeIndex b) const {
  const std::array<NodeIndex, 2> both = {a, b};
  if (a == b) return Predict(std::span(both).first(1)).latency_ns;
  return Predict(both).latency_ns;
}

bool Topology::SetHas(std::uint32_t feature_set, std::string_view feature) const {
  const std::vector<std::string>& set = feature_sets_[feature_set];
  return std::binary_search(set.begin(), set.end(), feature, std::less<>());
}

bool Topology::HasFeature(NodeIndex node, std::string_view feature) const {
  if (SetHas(nodes_[node].feature_set, feature)) return true;
  const auto found = FindSwitch(feature);
  return found && switches_[*found].first_node <= node && node < switches_[*found].end_node;
}

std::vector<bool> Topology::WithFeature(std::string_view feature) const {
  std::vector<bool> by_set(feature_sets_.size());
  for (std::uint32_t set = 0; set < by_set.size(); ++set) by_set[set] = SetHas(set, feature);
  std::vector<bool> with(nodes_.size());
  for (NodeIndex i = 0; i < nodes_.size(); ++i) with[i] = by_set[nodes_[i].feature_set];
  if (const auto found = FindSwitch(feature)) {
    for (NodeIndex i = switches_[*found].first_node; i < switches_[*found].end_node; ++i) with[i] = true;
  }
  return with;
}

Prediction Topology::Predict(std::span<const NodeIndex> nodes) const {
  BSUB_CHECK(!nodes.empty());
  Prediction out;
  std::uint8_t fabrics = 0xff;
  std::map<SwitchIndex, std::uint32_t> counts;  // nodes of the set below each switch of one height
  for (const NodeIndex i : nodes) {
    fabrics &= FabricsOf(i);
    ++counts[nodes_[i].rack];
  }
  out.leaf_switches = static_cast<std::uint32_t>(counts.size());
  const auto total = static_cast<std::uint32_t>(nodes.size());
  std::int64_t narrowest = std::numeric_limits<std::int64_t>::max();
  // Each node inside sends to each outside, all through the one uplink.
  const auto narrow = [&](std::int64_t uplink, std::uint32_t inside) {
    const std::int64_t pairs = std::int64_t{inside} * (total - inside);
    if (uplink > 0 && pairs > 0) narrowest = std::min(narrowest, std::max<std::int64_t>(uplink / pairs, 1));
  };
  if (total > 1) narrow(levels_[0].uplink, 1);
  // Each switch that some share saves all pairs below it two hops.
  std::uint64_t saved = 0;
  std::uint32_t height = 1;
  for (; counts.size() > 1; ++height) {
    std::map<SwitchIndex, std::uint32_t> above;
    for (const auto& [index, count] : counts) {
      narrow(levels_[height].uplink, count);
      saved += PairsOf(count);
      above[switches_[index].parent] += count;
    }
    counts = std::move(above);
  }
  out.common = counts.begin()->first;
  out.height = total == 1 ? 0 : height;
  out.hops = total == 1 ? 0 : 2 * height - 1;
  out.hop_sum = std::uint64_t{2 * height - 1} * PairsOf(total) - 2 * saved;
  const Link& link = BestLink(out.height, out.height == 0 ? Bit(Fabric::kSharedMemory) : fabrics);
  out.fabric = link.fabric;
  out.latency_ns = link.latency_ns;
  out.bandwidth = std::min(narrowest, link.bandwidth);
  return out;
}

}  // namespace bsub::sched
