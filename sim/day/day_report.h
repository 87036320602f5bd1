// What a day came to, and what its computation took.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string_view>
#include <vector>

#include "sim/day/day_run.h"
#include "sim/replay/metrics.h"

namespace bsub::sim {

struct DayReport {
  DayOptions day;
  std::string_view policy;
  std::size_t gangs = 0;  // jobs on several nodes
  std::int64_t longest_queue = 0;
  std::uint64_t cycles = 0;
  Metrics metrics;
  double seconds = 0;            // that the run took
  std::int64_t peak_memory = 0;  // bytes, of the whole process
};

DayReport MakeDayReport(const DayOptions& day, const ReplayPolicy& policy, const std::vector<DayJob>& jobs,
                        const DayResult& result, double seconds);
void PrintDay(const DayReport& report, std::ostream& out);
void PrintDayJson(const DayReport& report, std::ostream& out);

}  // namespace bsub::sim
