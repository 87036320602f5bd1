// How a replay is shown: a table for people, JSON for programs, starts as CSV.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"
#include "sim/replay/forecast_check.h"
#include "sim/replay/metrics.h"

namespace bsub::sim {

struct ReplayReport {
  std::string_view policy;
  std::string_view passes;
  std::int64_t processors = 0;
  std::size_t left_out = 0;   // jobs that cannot be replayed
  std::size_t bad_lines = 0;  // of the log
  double seconds = 0;         // that the replay took
  Metrics metrics;
  std::optional<ForecastCheck::Result> forecasts{};
};

void PrintTable(const ReplayReport& report, std::ostream& out);
void PrintJson(const ReplayReport& report, std::ostream& out);

// "job,start" and a line per job, jobs numbered from 1.
Status WriteStarts(const Starts& starts, const std::string& path);

}  // namespace bsub::sim
