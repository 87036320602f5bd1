// What a cluster configuration says (docs/cluster-configuration.md is the manual of the file).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/time.h"
#include "scheduler/cluster_config/problem.h"
#include "scheduler/core/topology.h"

namespace bsub::cluster_config {

enum class Repeat : std::uint8_t { kOnce, kDaily, kWeekly, kMonthly };

// A time of the day in a time zone, as a calendar shows it.
struct CivilMinute {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0;
  friend auto operator<=>(const CivilMinute&, const CivilMinute&) = default;
};

struct Maintenance {
  std::string name;
  std::vector<sched::NodeIndex> nodes;  // ascending
  std::string time_zone;                // IANA: "Europe/Berlin"
  CivilMinute start;
  Duration length{};
  Repeat repeat = Repeat::kOnce;
  std::optional<CivilMinute> until;  // none begins after it
};

struct ClusterConfig {
  std::string name;
  std::optional<sched::Topology> topology;       // not there: the file only has settings
  std::map<std::string, std::int64_t> licences;  // countable, of the whole cluster
  std::vector<std::string> durable_paths;        // that outlive an interruptible node
  std::vector<Maintenance> maintenance;
  bool has_settings = false;
};

struct ParsedConfig {
  ClusterConfig config;
  std::vector<Problem> problems;  // by line; if there are any, the configuration must not be used
};

struct ConfigLimits {
  std::size_t max_file_bytes = 4 << 20;
  std::size_t max_nodes = 100'000;
  std::size_t max_switches = 50'000;
  std::size_t max_levels = 8;
  std::size_t max_problems = 50;  // then reading ends
};

}  // namespace bsub::cluster_config
