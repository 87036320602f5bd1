// How full the machine and how long the queue was, over time: for pictures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/replay/replay.h"
#include "sim/replay/workload.h"

namespace bsub::sim {

// From the first submit to the last end, in seconds of the workload's time.
struct ReplaySpan {
  std::int64_t begin = 0;
  std::int64_t end = 1;  // > begin
  double length() const { return static_cast<double>(end - begin); }
};
ReplaySpan SpanOf(const Workload& workload, const Starts& starts);

// One number for each of so many equal slices of the span.
struct LoadSeries {
  std::vector<double> busy;     // processors, mean
  std::vector<double> waiting;  // jobs, mean
  std::vector<double> longest;  // jobs, most at one instant
};
LoadSeries LoadOver(const Workload& workload, const Starts& starts, std::size_t slices);

}  // namespace bsub::sim
