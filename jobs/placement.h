// How the nodes of a job on several nodes are to stand to each other, as in EC2's placement groups. What
// chooses them is scheduler/core/placement.h.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

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
  friend auto operator<=>(const PlacementSpec&, const PlacementSpec&) = default;
};

// "none", "cluster", "partition=3", "spread"; ":required" behind it (the default), ":preferred" or
// ":preferred@5m".
Result<PlacementSpec> ParsePlacement(std::string_view text);
std::string ToString(const PlacementSpec& placement);  // reads back to the same

Status Validate(const PlacementSpec& placement, std::uint32_t nodes);

}  // namespace bsub
