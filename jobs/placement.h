// Which nodes a job is to have: how they stand to each other, as in EC2's placement groups, and what they
// must offer. What chooses them is scheduler/core/placement.h.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/time.h"

namespace bsub {

enum class PlacementPolicy : std::uint8_t { kNone, kCluster, kPartition, kSpread };
std::string_view ToString(PlacementPolicy policy);  // "cluster"

enum class PlacementMode : std::uint8_t {
  kOff,        // as if the policy were none
  kPreferred,  // if the policy cannot be kept: cluster takes the next higher switch, the others become none
  kRequired,   // partition and spread as they say; cluster: below a switch no higher than an empty cluster
               // needs
};

struct PlacementSpec {
  PlacementPolicy policy = PlacementPolicy::kNone;
  PlacementMode mode = PlacementMode::kRequired;
  std::uint32_t partitions = 0;  // of policy partition: at least 1
  // Of a preferred one: it is required for so long, from when the job came to wait or was to begin.
  Duration wait{};
  // Of the owner's jobs that name the same group, those that run count as if their nodes were this job's too:
  // it is placed near them, or away from them. Empty: none. Each job has a policy of its own.
  std::string group{};
  // What every node must have, and what they should have, in order of weight: a feature of the cluster's
  // configuration, a type of node, a fabric, or a switch that the node is below; "!x": must not have it.
  std::vector<std::string> features{};
  std::vector<std::string> preferred_features{};
  friend auto operator<=>(const PlacementSpec&, const PlacementSpec&) = default;

  // Whether it matters on which nodes with room the job runs, be it only one.
  bool chooses_nodes() const { return !group.empty() || !features.empty() || !preferred_features.empty(); }
};

inline constexpr std::size_t kMostFeatures = 16;  // of each list

// "none", "cluster", "partition=3", "spread"; ":required" behind it (the default), ":preferred" or
// ":preferred@5m".
Result<PlacementSpec> ParsePlacement(std::string_view text);
std::string ToString(const PlacementSpec& placement);  // reads back to the same

// "efa,!spot"
Result<std::vector<std::string>> ParseFeatures(std::string_view text);
std::string JoinFeatures(const std::vector<std::string>& features);

// "features 'efa' and '!efa' contradict each other", if one that is required is the contrary of one in
// `wanted`; else empty.
std::string FindContrary(const std::vector<std::string>& required, const std::vector<std::string>& wanted);

// Numbers, names and lengths, and whether it contradicts itself.
Status Validate(const PlacementSpec& placement, std::uint32_t nodes);

}  // namespace bsub
