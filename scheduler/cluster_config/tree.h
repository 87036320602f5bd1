// The tree of a configuration before its ranges are expanded: as written, or as a generator makes it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scheduler/cluster_config/cluster_config.h"
#include "scheduler/cluster_config/yaml_fields.h"
#include "scheduler/core/topology.h"

namespace bsub::cluster_config {

// Switches of one kind. A range below a range is dealt out evenly, in order: 4 pods with rack[1-8] below them
// have two racks each.
struct TreeEntry {
  std::string name = {};                   // may hold ranges; empty for the top
  std::string nodes = {};                  // of racks: names with ranges, dealt out too
  std::uint32_t each = 0;                  // or so many in each rack, named RACK-1, RACK-2, …
  std::string type = {};                   // of the nodes below; empty: that of the entry above
  std::vector<std::string> features = {};  // of the nodes below, beside those of the entry above
  std::vector<TreeEntry> under = {};
  int line = 0;
};

// The value of `tree`: a mapping describes the top switch, a list what is below it.
TreeEntry ReadTree(const YAML::Node& node, std::size_t max_depth, std::size_t max_entries,
                   Problems& problems);

// Expands the entry of the top into the builder.
void ExpandTree(const TreeEntry& top, const std::vector<sched::InstanceType>& types,
                const ConfigLimits& limits, sched::TopologyBuilder& builder, Problems& problems);

}  // namespace bsub::cluster_config
