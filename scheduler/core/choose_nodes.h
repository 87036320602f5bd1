// Which nodes a task gets. Here stands what is asked and the plain answer; topology comes behind the same
// question.
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

#include "common/ids.h"
#include "jobs/job_spec.h"
#include "jobs/resources.h"

namespace bsub::sched {

// `nodes` different ones, with room for `each` on every one, or with nothing on them at all.
struct NodesRequest {
  Resources each;
  std::uint32_t nodes = 1;
  bool exclusive = false;
  friend auto operator<=>(const NodesRequest&, const NodesRequest&) = default;

  bool plain() const { return nodes == 1 && !exclusive; }
  // Of a node that has `total`: what the request takes of it, if it can serve it at all.
  const Resources& TakenOf(const Resources& total) const { return exclusive ? total : each; }
};
NodesRequest RequestOf(const JobSettings& settings);

// A node that can take work and has room now for what the request takes of it.
struct NodeCandidate {
  NodeId node;
  Resources free;
};

// As many of the candidates as are asked for, the main node first; empty if there are not enough. The
// candidates come fullest first.
std::vector<NodeId> ChooseNodes(const NodesRequest& request, const std::vector<NodeCandidate>& candidates);

}  // namespace bsub::sched
