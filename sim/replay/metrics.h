// What a schedule was worth, as papers on scheduling state it. Every job counts: nothing is cut off at the
// beginning or the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/result.h"
#include "sim/replay/replay.h"
#include "sim/replay/workload.h"

namespace bsub::sim {

// Times in seconds. wait = start - submit; flow = wait + run; bounded slowdown = max(1, flow / max(run, 10)).
struct Metrics {
  std::size_t jobs = 0;
  double average_wait = 0;
  std::int64_t median_wait = 0;  // element n/2 of the sorted waits
  std::int64_t p95_wait = 0;     // element 0.95 n
  std::int64_t longest_wait = 0;
  double average_bounded_slowdown = 0;
  double largest_bounded_slowdown = 0;
  double average_flow = 0;
  std::int64_t longest_flow = 0;
  std::int64_t makespan = 0;  // last end - first submit
  double utilisation = 0;     // of the machine over the makespan
  std::size_t started_at_submit = 0;
};

// (wait + run) / run, at least 1; shorter jobs count as if they took 10 s.
double BoundedSlowdown(const WorkloadJob& job, std::int64_t start);

// What is measured, where parameters were chosen on the first half of a log.
enum class Half : std::uint8_t { kAll, kFirst, kSecond };
Result<Half> ParseHalf(std::string_view text);  // "first", "second"
struct JobRange {
  std::size_t first = 0, last = 0;  // [first, last)
};
// The first half has one job less of an odd number.
JobRange RangeOf(Half half, std::size_t jobs);

// Over jobs [first, last) of the workload; all of them by default. Utilisation and makespan are of these too.
Metrics Measure(const Workload& workload, const Starts& starts, std::size_t first = 0,
                std::size_t last = SIZE_MAX);

}  // namespace bsub::sim
