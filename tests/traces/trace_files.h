// The folder of workload logs and of schedules that published simulators computed for them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/replay/replay.h"

namespace bsub::testing {

inline constexpr const char* kNoTraces =
    "the workload logs are not there: set BSUB_TRACES to their folder, or put it at ../shared/traces";

// BSUB_TRACES, or ../shared/traces beside the sources; nothing: it is not there.
std::optional<std::string> TracesFolder();

// A schedule of which the metrics are known: a row of metrics.csv, by the names of its columns.
struct KnownSchedule {
  std::string trace;   // "kth-sp2", "lublin-256-first3000"
  std::string policy;  // "easy"
  std::string passes;  // "event"
  std::int64_t processors = 0;
  std::map<std::string, double> metrics;
  std::string Name() const { return trace + "." + passes + "." + policy; }
};
std::vector<KnownSchedule> KnownSchedules(const std::string& folder);

sim::Workload ReadTrace(const std::string& folder, const KnownSchedule& schedule);

// Nothing: only its metrics are known.
std::optional<sim::Starts> KnownStarts(const std::string& folder, const KnownSchedule& schedule);

}  // namespace bsub::testing
