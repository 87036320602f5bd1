// What a drill does to which node, and when: drawn from a seed, read from a recorded trace, or written in a
// plan.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/time.h"

namespace bsub::cli {

enum class StrikeKind : std::uint8_t {
  kNotice,     // it is to be taken away after `time`
  kKill,       // it fails at once
  kPartition,  // it is cut off for `time`
  kSpot,       // a notice, and after `time` it fails
};
std::string_view ToString(StrikeKind kind);

struct Strike {
  Duration at{};  // from the drill's beginning
  StrikeKind kind = StrikeKind::kNotice;
  std::string node;
  Duration time{};
  friend bool operator==(const Strike&, const Strike&) = default;
};

struct SpotWeather {
  double per_hour = 0;  // interruptions of each node
  Duration notice{};
  Duration length{};  // of the drill
  std::uint64_t seed = 0;
  std::vector<std::string> nodes;
};
// Each node's interruptions are a Poisson process of its own; the same seed gives the same ones. In order of
// time.
std::vector<Strike> DrawStrikes(const SpotWeather& weather);
// InvalidArgument if there would be more strikes than a drill can report.
Status CheckWeather(const SpotWeather& weather);

// "20/h", "0.5/min", "3/d": per hour, at most one a second.
Result<double> ParseRate(const std::string& text);

struct TracePlay {
  std::vector<std::string> nodes;  // that play the trace's machines, in order
  Duration notice{};
  Duration length{};  // strikes after it are left out
  double speed = 1;   // so many seconds of the trace in one
};
// From a recorded trace: {"metadata": {"gap_seconds": G}, "data": [instances, ...]}, where a step down is a
// loss of the machine that has been there longest, or lines of "milliseconds,add|remove,name".
Result<std::vector<Strike>> ReadTrace(const std::string& text, const TracePlay& play);

// A plan, in YAML:
//   for: 60s
//   steps:
//     - {at: 5s, notice: n1, in: 10s}
//     - {at: 20s, kill: n2}
//     - {at: 30s, partition: n3, for: 15s}
//     - {at: 40s, spot: n1, in: 5s}
struct DrillPlan {
  Duration length{};
  std::vector<Strike> strikes;
};
Result<DrillPlan> ParseDrillPlan(const std::string& yaml);

}  // namespace bsub::cli
