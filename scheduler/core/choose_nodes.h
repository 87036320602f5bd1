// Which nodes a task gets: what is asked, and the answer, plain or by the cluster's tree (placement.h).
#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/time.h"
#include "jobs/job_spec.h"
#include "jobs/placement.h"
#include "jobs/resources.h"
#include "scheduler/core/placement_record.h"

namespace bsub::sched {

class ClusterTree;
class NodeCapacity;

// `nodes` different ones, with room for `each` on every one, or with nothing on them at all.
struct NodesRequest {
  Resources each;
  std::uint32_t nodes = 1;
  bool exclusive = false;
  PlacementSpec placement{};      // of one node without a group, no policy
  std::uint32_t group_owner = 0;  // uid; 0 without a group
  std::uint32_t most = 0;         // as many as there are, up to this; 0: `nodes` and no more
  std::string reservation{};      // the advance reservation that it is of; empty: none
  friend auto operator<=>(const NodesRequest&, const NodesRequest&) = default;

  // Of two nodes with room the fuller one is always the better choice.
  bool plain() const { return nodes == 1 && most <= 1 && !exclusive && !placement.chooses_nodes(); }
  std::uint32_t at_most() const { return std::max(nodes, most); }
  bool Takes(std::size_t count) const { return nodes <= count && count <= at_most(); }
  // Of a node that has `total`: what the request takes of it, if it can serve it at all.
  const Resources& TakenOf(const Resources& total) const { return exclusive ? total : each; }
};
NodesRequest RequestOf(const JobSettings& settings);
// What counts at `now` for a task that waits since `since`: what is preferred is required until its wait is
// over.
NodesRequest AsOf(NodesRequest request, TimePoint since, TimePoint now);

// A node that can take work and has room now for what the request takes of it.
struct NodeCandidate {
  NodeId node;
  Resources free;
  bool idle = true;  // nothing runs on it
};

struct ChosenNodes {
  std::vector<NodeId> nodes;                         // the main one first; empty: there are none as asked
  std::shared_ptr<const PlacementRecord> placement;  // of several nodes whose places in the tree are known
  std::uint32_t tries = 1;                           // how often places were looked for
};

// What a choice goes by, beside the request.
struct ClusterView {
  const ClusterTree& tree;
  const NodeCapacity& capacity;
  std::vector<GroupMember> members;  // of the request's placement group
};

// As many of the candidates as are asked for: the most that can be had. The candidates come fullest first.
ChosenNodes ChooseNodes(const ClusterView& cluster, const NodesRequest& request,
                        const std::vector<NodeCandidate>& candidates);
// Whether there are any to choose, at a fraction of what choosing them costs.
bool CanChooseNodes(const ClusterView& cluster, const NodesRequest& request,
                    const std::vector<NodeCandidate>& candidates);

// The same question in the words of placement.h; the tree has a topology. Nodes that could not serve the
// request if nothing ran on them are unable to, also those that the tree knows of and that have not
// registered.
struct PlacementQuestion {
  std::vector<NodeRoom> room;
  PlacementRequest request;
};
PlacementQuestion QuestionOf(const ClusterView& cluster, const NodesRequest& request,
                             const std::vector<NodeCandidate>& candidates);

}  // namespace bsub::sched
