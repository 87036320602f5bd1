// Reads a cluster configuration.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"
#include "scheduler/cluster_config/cluster_config.h"

namespace bsub::cluster_config {

ParsedConfig ParseClusterConfig(std::string_view text, const ConfigLimits& limits = {});

// A file's text; NotFound, or ResourceExhausted if it is too large.
Result<std::string> ReadConfigFile(const std::string& path, const ConfigLimits& limits = {});
// InvalidArgument: "FILE:LINE: " and the first problem, and how many there are more.
Result<ClusterConfig> LoadClusterConfig(const std::string& path, const ConfigLimits& limits = {});

// Whether the text is a cluster configuration and not a plain file of the scheduler's settings
// (docs/settings.md): it has one of a cluster's keys at the top. False also for what is no YAML.
bool IsClusterConfig(std::string_view text);

}  // namespace bsub::cluster_config
