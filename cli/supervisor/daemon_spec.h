// Which daemons a cluster of one machine has, and how each is started.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/supervisor/cluster_file.h"
#include "cli/supervisor/home_layout.h"

namespace bsub::cli {

enum class DaemonKind : std::uint8_t { kScheduler, kSpawner, kAgent };

struct DaemonSpec {
  DaemonKind kind = DaemonKind::kScheduler;
  std::string name;  // "scheduler", "spawner-n1", "agent-n1"
  std::vector<std::string> argv;
  std::string needs_file;  // not started before this exists; empty: nothing
};

// `programs`: the directory of the executables.
std::vector<DaemonSpec> DaemonsOf(const ClusterFile& cluster, const HomeLayout& layout,
                                  const std::string& programs);

// The executables that DaemonsOf names, the supervisor's own included.
std::vector<std::string> ProgramNames();

}  // namespace bsub::cli
