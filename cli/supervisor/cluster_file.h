// cluster.json: what this cluster is, as `up` was asked for. Written durably before anything is started.
// Format 1; where nodes are named, format 2.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/supervisor/backoff.h"
#include "common/result.h"

namespace bsub::cli {

struct SupervisorSettings {
  BackoffSettings backoff;
  Duration agent_stop = std::chrono::seconds(5);       // TERM to KILL for an agent
  Duration task_stop = std::chrono::seconds(30);       // tasks get TERM, and KILL after this
  Duration spawner_stop = std::chrono::seconds(20);    // beyond task_stop, for its own end
  Duration scheduler_stop = std::chrono::seconds(20);  // TERM to KILL for the scheduler
  std::int64_t log_bytes = std::int64_t{16} << 20;     // of each daemon's log; 0: no limit
  Duration log_look = std::chrono::seconds(10);        // the logs' sizes are looked at so often
  std::vector<std::string> spawner_options;            // more words of each one's command line
  std::vector<std::string> agent_options;
};

// A node that a cluster configuration names, as the worker processes for it are started.
struct LocalNode {
  std::string name;
  std::int64_t cpu_milli = 1000;
  std::int64_t mem_bytes = 0;
  std::int32_t gpus = 0;
  bool interruptible = false;
  friend bool operator==(const LocalNode&, const LocalNode&) = default;
};

struct ClusterFile {
  std::uint32_t nodes = 1;
  std::int64_t cpu_milli = 1000;      // of each node that is not named
  std::int64_t mem_bytes = 0;         // of each node that is not named
  std::string config;                 // absolute path of the cluster configuration; empty: none
  SupervisorSettings supervisor;      // only what differs from the defaults is in the file
  std::vector<LocalNode> named = {};  // from the configuration; empty, or as many as `nodes`

  std::vector<LocalNode> Nodes() const;  // n1, n2, … if they are not named
  std::vector<std::string> NodeNames() const;
};

std::string ToJson(const ClusterFile& cluster);
// The message names the key and what was expected.
Result<ClusterFile> ParseClusterFile(std::string_view text);

// Nothing if there is none.
Result<std::optional<ClusterFile>> LoadClusterFile(const std::string& path);

inline constexpr std::uint32_t kMaxLocalNodes = 1000;

}  // namespace bsub::cli
