// Where the nodes that have registered stand in the tree of the cluster's configuration. A node that it does
// not name is on a rack of its own directly below the top; without a configuration all are on one rack.
//
// Scratch: made from the configuration and the names of the nodes, it changes decisions and never Apply.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/ids.h"
#include "scheduler/core/placement.h"
#include "scheduler/core/topology.h"

namespace bsub::sched {

class NodeCapacity;

class ClusterTree {
 public:
  // `configured` may be null.
  void Configure(std::shared_ptr<const Topology> configured, const PlacementLimits& limits);

  // Of each node that is in the state, when it comes, gets another name, or goes.
  void Add(NodeId node, const std::string& name);
  void Remove(NodeId node);

  // Whether the configuration says what connects the nodes.
  bool known() const { return configured_ != nullptr; }
  const PlacementLimits& limits() const { return limits_; }

  // The following build what has changed: what it costs grows with the number of nodes.
  // Null: there are no nodes, nor a configuration.
  const Topology* topology() const;
  // Nothing for a node without a name.
  std::optional<NodeIndex> IndexOf(NodeId node) const;
  // Invalid for one that has not registered.
  NodeId NodeAt(NodeIndex index) const;
  // Of each node whether it could serve such a request if nothing ran on it: kNone, else kUnable. There is a
  // topology. Good until nodes come or go; kept for the requests of late, since each gang asks.
  const std::vector<NodeRoom>& RoomWhenIdle(const Resources& each, const NodeCapacity& capacity) const;

 private:
  struct Built {
    std::shared_ptr<const Topology> topology;
    std::vector<NodeId> nodes;       // by index
    std::vector<NodeIndex> indexes;  // by NodeId, which are counted from 1; kNowhere: without a place
    void SetIndex(NodeId node, NodeIndex index);
  };
  struct IdleRoom {
    Resources each;
    std::vector<NodeRoom> room;
  };
  static constexpr NodeIndex kNowhere = UINT32_MAX;
  static constexpr std::size_t kRoomsKept = 16;
  const Built& Build() const;

  std::shared_ptr<const Topology> configured_;
  PlacementLimits limits_;
  std::map<NodeId, std::string> names_;
  mutable std::optional<Built> built_;
  mutable std::deque<IdleRoom> idle_rooms_;     // the newest first
  mutable std::uint64_t idle_rooms_shape_ = 0;  // NodeCapacity::shape of then
};

}  // namespace bsub::sched
