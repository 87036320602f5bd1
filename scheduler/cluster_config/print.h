// A configuration for people and programs.
#pragma once

#include <string>

#include "common/time.h"
#include "scheduler/cluster_config/cluster_config.h"

namespace bsub::cluster_config {

// What there is, level by level, and the maintenance of the month that begins at `now`.
std::string Summary(const ClusterConfig& config, TimePoint now);
// The switches, each with its nodes, indented.
std::string TreeText(const ClusterConfig& config);
// One JSON object; docs/cluster-configuration.md says what is in it.
std::string ToJson(const ClusterConfig& config, TimePoint now);

}  // namespace bsub::cluster_config
