#include <algorithm>
#include <set>

#include "common/check.h"
#include "jobs/text.h"
#include "scheduler/core/topology.h"

namespace bsub::sched {
namespace {

// What nodes without a known place are taken for: one Ethernet switch.
const Level kFlatRack{
    .name = "rack", .links = {{Fabric::kEthernet, 30'000, std::int64_t{1'250'000'000}}}, .uplink = 0};
const Level kFlatNode{
    .name = "node", .links = {{Fabric::kSharedMemory, 500, std::int64_t{10'000'000'000}}}, .uplink = 0};

Status CheckLevel(const Level& level) {
  if (level.links.empty()) return InvalidArgument("level " + Quoted(level.name) + " has no link");
  if (level.uplink < 0) return InvalidArgument("level " + Quoted(level.name) + ": uplink is negative");
  std::set<Fabric> fabrics;
  for (const Link& link : level.links) {
    const std::string where = "level " + Quoted(level.name) + ", " + std::string(ToString(link.fabric));
    if (!fabrics.insert(link.fabric).second) return InvalidArgument(where + ": given twice");
    if (link.latency_ns <= 0) return InvalidArgument(where + ": expected a latency of at least 1 ns");
    if (link.bandwidth <= 0) return InvalidArgument(where + ": expected a bandwidth of at least 1 byte/s");
  }
  return OkStatus();
}

// Going up, the same fabric never becomes faster.
Status CheckOrder(const Level& upper, const Level& lower) {
  for (const Link& up : upper.links) {
    for (const Link& down : lower.links) {
      if (up.fabric != down.fabric) continue;
      const std::string where = "level " + Quoted(upper.name) + ", " + std::string(ToString(up.fabric));
      if (up.latency_ns < down.latency_ns) {
        return InvalidArgument(where + ": its latency is " + std::to_string(up.latency_ns) +
                               " ns, below the " + std::to_string(down.latency_ns) + " ns of level " +
                               Quoted(lower.name) + "; expected at least as much");
      }
      if (up.bandwidth > down.bandwidth) {
        return InvalidArgument(where + ": its bandwidth is above that of level " + Quoted(lower.name) +
                               "; expected at most as much");
      }
    }
  }
  return OkStatus();
}

std::vector<std::string> FeaturesOf(const NodeSpec& node, const InstanceType& type) {
  std::set<std::string> all(node.features.begin(), node.features.end());
  all.insert(type.features.begin(), type.features.end());
  all.insert(type.name);
  for (const Fabric fabric : type.fabrics) all.emplace(ToString(fabric));
  return {all.begin(), all.end()};
}

}  // namespace

Result<TopologyBuilder> TopologyBuilder::Make(std::string name, std::vector<Level> levels) {
  if (levels.size() < 2) return InvalidArgument("levels: expected at least two, such as rack and node");
  std::set<std::string> names;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (levels[i].name.empty()) return InvalidArgument("levels: a level has no name");
    if (!names.insert(levels[i].name).second)
      return InvalidArgument("level " + Quoted(levels[i].name) + " is given twice");
    BSUB_RETURN_IF_ERROR(CheckLevel(levels[i]));
    if (i > 0) BSUB_RETURN_IF_ERROR(CheckOrder(levels[i - 1], levels[i]));
  }
  TopologyBuilder builder;
  builder.levels_ = std::move(levels);
  builder.switches_.emplace(name, kTop);
  builder.drafts_.push_back({std::move(name), 0, {}, {}});
  return builder;
}

Result<std::uint32_t> TopologyBuilder::AddType(InstanceType type) {
  for (const InstanceType& other : types_) {
    if (other.name == type.name)
      return AlreadyExists("instance type " + Quoted(type.name) + " is given twice");
  }
  types_.push_back(std::move(type));
  return static_cast<std::uint32_t>(types_.size()) - 1;
}

Result<TopologyBuilder::Handle> TopologyBuilder::AddSwitch(Handle parent, std::string name) {
  if (name.empty()) return InvalidArgument("a switch has no name");
  if (drafts_[parent].depth >= rack_depth()) {
    return InvalidArgument(Quoted(name) + " is below " + Quoted(drafts_[parent].name) +
                           ", which is of the lowest level of switches, " +
                           Quoted(levels_[rack_depth()].name) + "; only nodes may be there");
  }
  const auto handle = static_cast<Handle>(drafts_.size());
  if (!switches_.emplace(name, handle).second)
    return AlreadyExists("the switch name " + Quoted(name) + " is given twice");
  drafts_[parent].children.push_back(handle);
  drafts_.push_back({std::move(name), drafts_[parent].depth + 1, {}, {}});
  return handle;
}

Status TopologyBuilder::AddNode(Handle rack, NodeSpec node) {
  if (node.name.empty()) return InvalidArgument("a node has no name");
  if (node.type >= types_.size()) return InvalidArgument("node " + Quoted(node.name) + " has no type");
  if (drafts_[rack].depth != rack_depth()) {
    return InvalidArgument("node " + Quoted(node.name) + " is directly below " + Quoted(drafts_[rack].name) +
                           ", which is a " + levels_[drafts_[rack].depth].name + "; expected a " +
                           levels_[rack_depth()].name);
  }
  if (!nodes_.emplace(node.name, true).second)
    return AlreadyExists("the node name " + Quoted(node.name) + " is given twice");
  drafts_[rack].nodes.push_back(std::move(node));
  return OkStatus();
}

// Switches level by level from the top, children in the order in which they came.
void TopologyBuilder::Number(Topology& out, std::vector<Handle>& order) const {
  const auto top = static_cast<std::uint32_t>(levels_.size()) - 1;
  out.first_at_.assign(levels_.size(), 0);
  order = {kTop};
  out.switches_.push_back({drafts_[kTop].name, top, 0, 0, 0, 0, 0});
  for (SwitchIndex i = 0; i < order.size(); ++i) {
    out.switches_[i].first_child = static_cast<SwitchIndex>(order.size());
    const Draft& draft = drafts_[order[i]];
    for (const Handle child : draft.children) {
      const std::uint32_t height = top - draft.depth - 1;
      if (out.first_at_[height] == 0) out.first_at_[height] = static_cast<SwitchIndex>(order.size());
      order.push_back(child);
      out.switches_.push_back({drafts_[child].name, height, i, 0, 0, 0, 0});
    }
    out.switches_[i].end_child = static_cast<SwitchIndex>(order.size());
  }
  for (SwitchIndex i = 0; i < order.size(); ++i) out.switch_by_name_.emplace(out.switches_[i].name, i);
}

void TopologyBuilder::PlaceNodes(Topology& out, const std::vector<Handle>& order) const {
  std::map<std::vector<std::string>, std::uint32_t> sets;
  for (SwitchIndex i = 0; i < order.size(); ++i) {
    if (out.switches_[i].height != 1) continue;
    out.switches_[i].first_node = out.node_count();
    for (const NodeSpec& node : drafts_[order[i]].nodes) {
      const auto [it, is_new] =
          sets.emplace(FeaturesOf(node, types_[node.type]), static_cast<std::uint32_t>(sets.size()));
      if (is_new) out.feature_sets_.push_back(it->first);
      out.node_by_name_.emplace(node.name, out.node_count());
      out.nodes_.push_back({node.name, i, node.type, it->second});
    }
    out.switches_[i].end_node = out.node_count();
  }
  for (auto i = static_cast<SwitchIndex>(order.size()); i-- > 0;) {
    Topology::Switch& at = out.switches_[i];
    if (at.height == 1 || at.first_child == at.end_child) continue;
    at.first_node = out.switches_[at.first_child].first_node;
    at.end_node = out.switches_[at.end_child - 1].end_node;
  }
}

Result<Topology> TopologyBuilder::Build() && {
  if (nodes_.empty()) return InvalidArgument("the cluster has no nodes");
  for (const Draft& draft : drafts_) {
    if (draft.children.empty() && draft.nodes.empty())
      return InvalidArgument(levels_[draft.depth].name + " " + Quoted(draft.name) + " has no nodes");
  }
  Topology out;
  std::vector<Handle> order;
  Number(out, order);
  PlaceNodes(out, order);
  out.levels_.assign(levels_.rbegin(), levels_.rend());
  out.types_ = std::move(types_);
  for (const InstanceType& type : out.types_) {
    std::uint8_t fabrics = 0;
    for (const Fabric fabric : type.fabrics)
      fabrics = static_cast<std::uint8_t>(fabrics | 1U << static_cast<unsigned>(fabric));
    out.type_fabrics_.push_back(fabrics);
  }
  return out;
}

Topology Topology::Flat(const std::vector<std::string>& names) {
  auto builder = TopologyBuilder::Make("cluster", {kFlatRack, kFlatNode});
  BSUB_CHECK(builder) << builder.error().message;
  BSUB_CHECK(builder->AddType({.name = "node"}));
  for (const std::string& name : names) {
    const Status added = builder->AddNode(TopologyBuilder::kTop, {.name = name, .type = 0, .features = {}});
    BSUB_CHECK(added) << added.error().message;
  }
  auto topology = std::move(*builder).Build();
  BSUB_CHECK(topology) << topology.error().message;
  return std::move(*topology);
}

namespace {

// Where a node that nobody configured stands: "(elsewhere) n5", above that "(elsewhere+) n5". No
// configuration can name a switch so.
std::string ElsewhereName(const std::string& node, std::uint32_t height) {
  return "(elsewhere" + std::string(height - 1, '+') + ") " + node;
}

constexpr const char* kUnknown = "unknown";

template <typename T>
T Checked(Result<T> result) {
  BSUB_CHECK(result) << result.error().message;
  return std::move(*result);
}

}  // namespace

Topology Topology::WithOthers(const std::vector<std::string>& names) const {
  std::set<std::string> others;
  for (const std::string& name : names) {
    if (!FindNode(name)) others.insert(name);
  }
  if (others.empty()) return *this;
  auto builder = Checked(TopologyBuilder::Make(switches_[0].name, {levels_.rbegin(), levels_.rend()}));
  auto unknown = static_cast<std::uint32_t>(types_.size());
  for (std::uint32_t i = 0; i < types_.size(); ++i) {
    Checked(builder.AddType(types_[i]));
    if (types_[i].name == kUnknown) unknown = i;
  }
  if (unknown == types_.size()) Checked(builder.AddType({.name = kUnknown}));
  // Switches are numbered from the top down and handles given in that order, so they are the same.
  for (SwitchIndex i = 1; i < switch_count(); ++i)
    Checked(builder.AddSwitch(switches_[i].parent, switches_[i].name));
  for (const Node& node : nodes_) {
    const Status added = builder.AddNode(
        node.rack, {.name = node.name, .type = node.type, .features = feature_sets_[node.feature_set]});
    BSUB_CHECK(added) << added.error().message;
  }
  // Nobody knows what is near them, not even whether they are near each other: each has switches of its own.
  for (const std::string& name : others) {
    TopologyBuilder::Handle rack = TopologyBuilder::kTop;
    for (std::uint32_t height = top_height() - 1; height >= 1; --height)
      rack = Checked(builder.AddSwitch(rack, ElsewhereName(name, height)));
    const Status added = builder.AddNode(rack, {.name = name, .type = unknown, .features = {}});
    BSUB_CHECK(added) << added.error().message;
  }
  return Checked(std::move(builder).Build());
}

}  // namespace bsub::sched
