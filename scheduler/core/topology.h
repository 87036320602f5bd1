// What connects the nodes of a cluster: a tree of switches over racks of nodes, and what a message costs at
// each level of it. Immutable once built; knows nothing of jobs.
//
// Height 0 is a node, 1 the lowest switches (racks), and so on up to one switch over everything. Every node
// has the same height below the top. Nodes are numbered in the order of the tree, so that each switch covers
// a range of them; switches are numbered from the top down, so that the children of each follow each other.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/time.h"
#include "jobs/resources.h"

namespace bsub::sched {

using NodeIndex = std::uint32_t;    // in [0, node_count())
using SwitchIndex = std::uint32_t;  // in [0, switch_count()); 0 is the top

enum class Fabric : std::uint8_t { kSharedMemory, kEthernet, kEfa };
std::string_view ToString(Fabric fabric);  // "shared-memory", "ethernet", "efa"
std::optional<Fabric> FabricNamed(std::string_view name);

// What two nodes see of each other that meet at a level, on one fabric.
struct Link {
  Fabric fabric = Fabric::kEthernet;
  std::int64_t latency_ns = 0;  // one way, of a small message
  std::int64_t bandwidth = 0;   // bytes per second
  friend bool operator==(const Link&, const Link&) = default;
};

struct Level {
  std::string name;  // "zone", "spine", "rack", "node": the configuration's words
  std::vector<Link> links;
  // Bytes per second from one switch (or node) of this level to the one above, shared by all nodes below it;
  // 0: never what limits.
  std::int64_t uplink = 0;
  friend bool operator==(const Level&, const Level&) = default;
};

struct InstanceType {
  std::string name;
  Resources resources = {};
  std::vector<Fabric> fabrics = {Fabric::kEthernet};
  std::vector<std::string> features = {};
  std::map<std::string, std::int64_t> licences = {};  // countable, of each node
  bool interruptible = false;
  std::int64_t price_micros = 0;  // per hour, in millionths of the currency
};

struct NodeSpec {
  std::string name;
  std::uint32_t type = 0;             // position among the builder's types
  std::vector<std::string> features;  // beside those of its type
};

// From `begins` until `ends` the nodes must be free of tasks.
struct MaintenanceWindow {
  std::string name;
  TimePoint begins;
  TimePoint ends;
  std::vector<NodeIndex> nodes;  // ascending
};

// What a set of nodes can expect.
struct Prediction {
  SwitchIndex common = 0;           // the lowest switch over all of them
  std::uint32_t height = 0;         // of that switch; 0: one node
  std::uint32_t leaf_switches = 0;  // racks that hold some of them
  std::uint32_t hops = 0;           // switches on the longest way between two
  std::uint64_t hop_sum = 0;        // over all pairs
  Fabric fabric = Fabric::kEthernet;
  std::int64_t latency_ns = 0;  // between the two farthest
  std::int64_t bandwidth = 0;   // of each pair while all talk to all others; bytes per second
  friend bool operator==(const Prediction&, const Prediction&) = default;
};

class Topology {
 public:
  struct Switch {
    std::string name;
    std::uint32_t height = 0;
    SwitchIndex parent = 0;  // of the top: itself
    NodeIndex first_node = 0, end_node = 0;
    SwitchIndex first_child = 0, end_child = 0;  // empty for racks
    std::uint32_t nodes() const { return end_node - first_node; }
  };
  struct Node {
    std::string name;
    SwitchIndex rack = 0;
    std::uint32_t type = 0;
    std::uint32_t feature_set = 0;
  };

  // Nodes without a known place: one rack, Ethernet. Names must differ.
  static Topology Flat(const std::vector<std::string>& names);
  // This tree, and of `names` each that it does not have on a rack of its own directly below the top (which
  // is the only rack in a tree of one), of a type "unknown": nodes that the configuration does not name.
  Topology WithOthers(const std::vector<std::string>& names) const;

  std::uint32_t node_count() const { return static_cast<std::uint32_t>(nodes_.size()); }
  std::uint32_t switch_count() const { return static_cast<std::uint32_t>(switches_.size()); }
  std::uint32_t top_height() const { return static_cast<std::uint32_t>(levels_.size()) - 1; }
  const Node& node(NodeIndex i) const { return nodes_[i]; }
  const Switch& at(SwitchIndex i) const { return switches_[i]; }
  const Level& level(std::uint32_t height) const { return levels_[height]; }
  const std::vector<InstanceType>& types() const { return types_; }
  // The switches of one height: [first, second).
  std::pair<SwitchIndex, SwitchIndex> SwitchesAt(std::uint32_t height) const;
  // The height of the level that is called so; nothing if there is none.
  std::optional<std::uint32_t> HeightOf(std::string_view level) const;

  std::optional<NodeIndex> FindNode(std::string_view name) const;
  std::optional<SwitchIndex> FindSwitch(std::string_view name) const;
  // "region/zone-a/rack3", from the top down.
  std::string PathOf(SwitchIndex i) const;

  SwitchIndex CommonSwitch(SwitchIndex a, SwitchIndex b) const;
  SwitchIndex Ancestor(SwitchIndex i, std::uint32_t height) const;
  // Switches on the way between two nodes: 0 on the same node, 1 in one rack, 3 through one switch above, ….
  std::uint32_t Hops(NodeIndex a, NodeIndex b) const;
  // For a message between two nodes over the best fabric that both have.
  std::int64_t LatencyNs(NodeIndex a, NodeIndex b) const;

  // Whether the node has the feature: one of its own or of its type, the type's name, a fabric, or a switch
  // it is below.
  bool HasFeature(NodeIndex node, std::string_view feature) const;
  // The same for all nodes at once, by node; knows_feature tells whether any node could ever have it.
  std::vector<bool> WithFeature(std::string_view feature) const;

  // Of distinct nodes; at least one.
  Prediction Predict(std::span<const NodeIndex> nodes) const;

 private:
  friend class TopologyBuilder;
  const Link& BestLink(std::uint32_t height, std::uint8_t fabrics) const;
  std::uint8_t FabricsOf(NodeIndex i) const { return type_fabrics_[nodes_[i].type]; }
  bool SetHas(std::uint32_t feature_set, std::string_view feature) const;

  std::vector<Level> levels_;  // by height
  std::vector<Switch> switches_;
  std::vector<SwitchIndex> first_at_;  // by height
  std::vector<Node> nodes_;
  std::vector<InstanceType> types_;
  std::vector<std::uint8_t> type_fabrics_;              // a bit for each fabric
  std::vector<std::vector<std::string>> feature_sets_;  // each sorted
  std::map<std::string, NodeIndex, std::less<>> node_by_name_;
  std::map<std::string, SwitchIndex, std::less<>> switch_by_name_;
};

// Takes the tree in any order; Build says what is wrong with the whole.
class TopologyBuilder {
 public:
  using Handle = std::uint32_t;  // of a switch while building
  static constexpr Handle kTop = 0;

  // `levels` from the top down to the node, at least two; `name` is that of the top switch. Errors: too few
  // levels, names given twice, a level without a link, a number that is not positive, a latency that shrinks
  // or a bandwidth that grows towards the top.
  static Result<TopologyBuilder> Make(std::string name, std::vector<Level> levels);

  Result<std::uint32_t> AddType(InstanceType type);  // its position; AlreadyExists
  Result<Handle> AddSwitch(Handle parent, std::string name);
  Status AddNode(Handle rack, NodeSpec node);
  const std::string& name(Handle handle) const { return drafts_[handle].name; }
  std::uint32_t rack_depth() const { return static_cast<std::uint32_t>(levels_.size()) - 2; }

  // InvalidArgument: no node, or a switch without any.
  Result<Topology> Build() &&;

 private:
  struct Draft {
    std::string name;
    std::uint32_t depth = 0;
    std::vector<Handle> children;
    std::vector<NodeSpec> nodes;
  };
  TopologyBuilder() = default;
  void Number(Topology& out, std::vector<Handle>& order) const;
  void PlaceNodes(Topology& out, const std::vector<Handle>& order) const;

  std::vector<Level> levels_;  // from the top
  std::vector<Draft> drafts_;
  std::vector<InstanceType> types_;
  std::map<std::string, Handle, std::less<>> switches_;
  std::map<std::string, bool, std::less<>> nodes_;
};

}  // namespace bsub::sched
