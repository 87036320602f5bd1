// Which nodes a gang gets. Pure: a tree, what each node has free, and what is asked for; the same answer for
// the same question, in integers, every tie ending in the order of the tree.
//
//   none       wherever there is room; racks on which nothing runs are broken up last
//   cluster    below the lowest switch under which there is room, with the fewest hops between all pairs; of
//   equal
//              choices the one that breaks up the fewest idle racks, then the one that leaves the fewest
//              holes
//   partition  k parts of equal size (± 1) that share no rack
//   spread     no two on one rack, at most so many in a zone
//
// partition and spread stay below the lowest switch under which they can be kept.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "jobs/placement.h"
#include "scheduler/core/topology.h"

namespace bsub::sched {

using bsub::PlacementMode;
using bsub::PlacementPolicy;

enum class NodeRoom : std::uint8_t {
  kNone,    // cannot take a node's part of the gang
  kBusy,    // can, and something else runs on it
  kIdle,    // can, and nothing runs on it
  kUnable,  // could not even if nothing ran on it: too small, or not there
};

// A node that a job of the same placement group has. One that has several is named once.
struct GroupMember {
  NodeIndex node = 0;
  std::uint32_t partition = 0;  // from 0
};

struct PlacementLimits {
  std::uint32_t spread_per_zone = 7;
  // So many steps the search for the fewest hops over several levels may take; for larger ones whole switches
  // are filled, the largest first. One rack level needs no search.
  std::uint64_t hop_steps = 8'000'000;
  // So many tries to divide racks between partitions, where dividing them the simple way fails.
  std::uint64_t partition_steps = 100'000;
};

struct PlacementRequest {
  std::uint32_t nodes = 1;
  PlacementPolicy policy = PlacementPolicy::kNone;
  PlacementMode mode = PlacementMode::kRequired;
  std::uint32_t partitions = 0;  // of policy partition: at least 1
  // "efa", an instance type, or a switch's name (Topology::HasFeature); "!x": without it.
  std::vector<std::string> required;
  // In order of weight. One is kept if the gang can then be placed under a switch no higher than without it.
  std::vector<std::string> preferred;
  std::vector<GroupMember> members;
  PlacementLimits limits;
};

struct Placement {
  std::vector<NodeIndex> nodes;           // in rank order
  std::vector<std::uint32_t> partitions;  // of each, from 0; empty unless the policy is partition
  bool policy_kept = true;                // false: preferred, and could not be
  std::vector<std::string> preferences_kept;
  Prediction predicted;  // of these nodes
  Prediction best;       // of the nodes that policy cluster would take if nothing ran on any
};

enum class RefusalReason : std::uint8_t {
  kBadRequest,        // contradicts itself
  kMoreThanExist,     // than the cluster has nodes
  kMoreThanSuitable,  // than are able to and have the required features
  kNoRoom,            // enough are suitable, too few have room
  kPolicyImpossible,  // not even on an idle cluster
  kPolicy,            // enough have room, but not as the policy wants
};

struct PlacementRefusal {
  RefusalReason reason = RefusalReason::kNoRoom;
  std::uint32_t asked = 0, exist = 0, suitable = 0, with_room = 0;
  std::string missing_feature;  // kMoreThanSuitable: the one that leaves the fewest nodes by itself
  std::string message;          // one line, for people
};

// `room` has one element for each node of the topology.
tl::expected<Placement, PlacementRefusal> Place(const Topology& topology, std::span<const NodeRoom> room,
                                                const PlacementRequest& request);

// Whether Place would find nodes. It need not tell why not, nor what to expect of them, so it costs less.
bool CanPlace(const Topology& topology, std::span<const NodeRoom> room, const PlacementRequest& request);

// As many nodes as can be placed now, from request.nodes up to `most`; the refusal is that of request.nodes.
// The number is searched for: a try for each level of the tree (cluster), one (none), or as many as halving
// takes (spread, partition).
struct PlacedMost {
  tl::expected<Placement, PlacementRefusal> placed;
  std::uint32_t tries = 1;  // how many numbers of nodes were tried
};
PlacedMost PlaceMost(const Topology& topology, std::span<const NodeRoom> room,
                     const PlacementRequest& request, std::uint32_t most);

// What could be placed now instead, found by trying; costs several times as much as Place.
struct PlacementAdvice {
  std::uint32_t nodes = 0;                // the most that the same policy can place now; 0: none
  std::vector<PlacementPolicy> policies;  // other policies under which the whole gang fits now
  std::string message;  // "3 nodes would fit now; with placement none all 8 would"; empty: nothing would
};
PlacementAdvice AdvisePlacement(const Topology& topology, std::span<const NodeRoom> room,
                                const PlacementRequest& request);

}  // namespace bsub::sched
