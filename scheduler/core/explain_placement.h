// Why nodes that have room do not serve a job on several nodes: they do not stand to each other as it wants.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scheduler/core/store.h"

namespace bsub::sched {

// Nothing: these nodes would do, or it does not matter where they are.
std::optional<PlacementRefusal> RefusedPlacement(const Store& store, const NodesRequest& request,
                                                 const std::vector<NodeCandidate>& with_room);
// As if nothing ran on any node that is large enough, nor anything of its group; also of what is only
// preferred.
std::optional<PlacementRefusal> RefusedOnIdleNodes(const Store& store, NodesRequest request);
// The same, without refusals that a job which only prefers its policy does not mind: it can never run.
std::optional<PlacementRefusal> RefusedForEver(const Store& store, const NodesRequest& request);

// Nodes that are drained, down or taken away, without which it cannot be placed, whatever ends on the others.
struct LackingNodes {
  PlacementRefusal refusal;   // as if nothing ran on the nodes that take work
  std::vector<NodeId> nodes;  // with these it can be placed; if possible, only drained ones
};
// Nothing: it can be placed once enough of what runs has ended.
std::optional<LackingNodes> LacksNodes(const Store& store, const NodesRequest& request);

// What a task finds that waits: nodes with room that it need not leave alone, and what it must leave alone,
// up to when it would be over.
struct RoomNow {
  const std::vector<NodeCandidate>& with_room;
  const KeptResources& kept;
  TimePoint now, ends;
};

// What could start now instead, found by trying: "3 nodes would fit now with placement cluster; all 4 would
// fit with placement none; it would fit without --exclusive; it would fit with -t 25m or less". Empty:
// nothing.
std::string WouldFitNow(const Store& store, const NodesRequest& request, const RoomNow& room);

// The longest time limit, in whole minutes or seconds, with which it would have room now: it would be over
// before what is kept for others is needed. None: no limit would do.
std::optional<Duration> WalltimeThatFitsNow(const Store& store, const NodesRequest& request,
                                            const RoomNow& room);

}  // namespace bsub::sched
