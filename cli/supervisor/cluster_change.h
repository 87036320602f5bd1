// What `up` is asked for, against what the home already holds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/supervisor/cluster_file.h"
#include "common/result.h"

namespace bsub::cli {

// What was not said is not set.
struct UpRequest {
  std::optional<std::uint32_t> nodes;
  std::optional<std::int64_t> cpu_milli;
  std::optional<std::int64_t> mem_bytes;
  std::optional<std::string> config;  // absolute path
  // The nodes that the configuration names; empty: it names none. Only with `config`.
  std::vector<LocalNode> named = {};
};

struct Machine {
  std::int64_t cpu_milli = 1000;
  std::int64_t mem_bytes = 0;
};
Machine ThisMachine();

struct ClusterChange {
  ClusterFile cluster;
  bool write = false;  // it is new or differs from what is in the home
  std::string remark;  // for people: what changes; may be empty
};

// InvalidArgument if the home's cluster runs and is another than what is asked for, or cannot become that.
Result<ClusterChange> PlanChange(const std::optional<ClusterFile>& existing, bool running,
                                 const UpRequest& request, const Machine& machine);

// "2 nodes with 8 CPUs and 4.0 GiB each"; where they differ, "3 nodes with 20 CPUs and 40.0 GiB in all".
std::string Describe(const ClusterFile& cluster);

}  // namespace bsub::cli
