// Large clusters of a known shape from a few numbers.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "scheduler/cluster_config/tree.h"
#include "scheduler/core/topology.h"

namespace bsub::cluster_config {

struct GeneratorParameter {
  std::string name;
  std::string help;
  std::int64_t fallback = 0, min = 1, max = 0;
};
struct GeneratorKind {
  std::string name;
  std::string help;
  std::vector<GeneratorParameter> parameters;
};
// fat-tree, dragonfly, efa-groups.
const std::vector<GeneratorKind>& GeneratorKinds();

struct Generated {
  std::vector<sched::Level> levels;  // from the top
  TreeEntry tree;
};
// What is not given has its default. InvalidArgument: an unknown kind or parameter, a number out of its
// range.
Result<Generated> Generate(std::string_view kind, const std::map<std::string, std::int64_t>& parameters);

// A configuration file with that tree written out, as compact as it can be.
Result<std::string> GenerateFile(std::string_view kind,
                                 const std::map<std::string, std::int64_t>& parameters);

}  // namespace bsub::cluster_config
