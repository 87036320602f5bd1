// The parts of a configuration other than its tree. For the files of this folder only.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "scheduler/cluster_config/cluster_config.h"
#include "scheduler/cluster_config/yaml_fields.h"
#include "scheduler/core/topology.h"

namespace bsub::cluster_config {

std::vector<sched::Level> ReadLevels(const YAML::Node& node, std::size_t most, Problems& problems);
std::vector<sched::InstanceType> ReadTypes(const YAML::Node& node, Problems& problems);
std::map<std::string, std::int64_t> ReadLicences(const YAML::Node& node, const std::string& where,
                                                 Problems& problems);
std::vector<std::string> ReadDurablePaths(const Fields& top);
// `topology` says which nodes and switches there are.
std::vector<Maintenance> ReadMaintenance(const YAML::Node& node, const sched::Topology& topology,
                                         const ConfigLimits& limits, Problems& problems);

}  // namespace bsub::cluster_config
