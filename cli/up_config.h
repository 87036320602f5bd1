// The nodes that a cluster configuration names, for `up`.
#pragma once

#include <cstdint>

#include "cli/supervisor/cluster_change.h"
#include "common/result.h"

namespace bsub::cli {

// Reads request.config, which is set. If it is a cluster configuration with nodes, request.named gets them:
// the first request.nodes, or all. InvalidArgument: something is wrong with it, it has fewer than
// request.nodes, or these are more than `most`. A file of settings only changes nothing.
Status TakeConfiguredNodes(std::uint32_t most, UpRequest& request);

}  // namespace bsub::cli
