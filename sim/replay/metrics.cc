#include "sim/replay/metrics.h"

#include <algorithm>
#include <string>
#include <vector>

#include "jobs/text.h"

namespace bsub::sim {
namespace {

constexpr double kSlowdownBound = 10;  // seconds; shorter jobs count as if they took so long

}  // namespace

double BoundedSlowdown(const WorkloadJob& job, std::int64_t start) {
  const auto flow = static_cast<double>(start - job.submit + job.run);
  return std::max(1.0, flow / std::max(static_cast<double>(job.run), kSlowdownBound));
}

Result<Half> ParseHalf(std::string_view text) {
  if (text == "first") return Half::kFirst;
  if (text == "second") return Half::kSecond;
  return InvalidArgument("--half " + Quoted(text) + ": expected first or second");
}

JobRange RangeOf(Half half, std::size_t jobs) {
  switch (half) {
    case Half::kAll:
      return {0, jobs};
    case Half::kFirst:
      return {0, jobs / 2};
    case Half::kSecond:
      return {jobs / 2, jobs};
  }
  return {};
}

Metrics Measure(const Workload& workload, const Starts& starts, std::size_t first, std::size_t last) {
  Metrics m;
  last = std::min(last, workload.jobs.size());
  if (first >= last) return m;
  std::vector<std::int64_t> waits;
  double area = 0;
  std::int64_t end = 0;
  for (std::size_t i = first; i < last; ++i) {
    const WorkloadJob& job = workload.jobs[i];
    const std::int64_t wait = starts[i] - job.submit, flow = wait + job.run;
    const auto run = static_cast<double>(job.run);
    const double slowdown = BoundedSlowdown(job, starts[i]);
    waits.push_back(wait);
    m.average_wait += static_cast<double>(wait);
    m.average_flow += static_cast<double>(flow);
    m.average_bounded_slowdown += slowdown;
    m.largest_bounded_slowdown = std::max(m.largest_bounded_slowdown, slowdown);
    m.longest_flow = std::max(m.longest_flow, flow);
    m.started_at_submit += wait == 0;
    area += run * static_cast<double>(job.processors);
    end = std::max(end, starts[i] + job.run);
  }
  std::sort(waits.begin(), waits.end());
  m.jobs = waits.size();
  const auto n = static_cast<double>(m.jobs);
  m.average_wait /= n;
  m.average_flow /= n;
  m.average_bounded_slowdown /= n;
  m.median_wait = waits[m.jobs / 2];
  m.p95_wait = waits[static_cast<std::size_t>(0.95 * n)];
  m.longest_wait = waits.back();
  m.makespan = end - workload.jobs[first].submit;
  m.utilisation = area / (static_cast<double>(workload.processors) * static_cast<double>(m.makespan));
  return m;
}

}  // namespace bsub::sim
