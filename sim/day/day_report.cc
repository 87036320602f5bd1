#include "sim/day/day_report.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>

namespace bsub::sim {
namespace {

std::int64_t PeakMemory() {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  return usage.ru_maxrss * 1024;  // Linux counts KiB
}

std::string Decimals(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

double RateOf(const DayReport& report) {
  return report.seconds > 0 ? static_cast<double>(report.metrics.jobs) / report.seconds : 0;
}

// The same jobs as if the cluster were one pool: what waits and slowdowns are measured by.
Workload AsWorkload(const DayOptions& day, const std::vector<DayJob>& jobs) {
  Workload workload;
  workload.processors = day.nodes * day.node_cpus;
  for (const DayJob& job : jobs)
    workload.jobs.push_back({job.submit, job.run, job.limit, std::int64_t{job.nodes} * job.cpus, job.user});
  return workload;
}

}  // namespace

DayReport MakeDayReport(const DayOptions& day, const ReplayPolicy& policy, const std::vector<DayJob>& jobs,
                        const DayResult& result, double seconds) {
  DayReport report;
  report.peak_memory = PeakMemory();
  report.day = day;
  report.policy = policy.name;
  report.gangs = static_cast<std::size_t>(
      std::count_if(jobs.begin(), jobs.end(), [](const DayJob& job) { return job.nodes > 1; }));
  report.longest_queue = result.longest_queue;
  report.cycles = result.cycles;
  report.metrics = Measure(AsWorkload(day, jobs), result.starts);
  report.seconds = seconds;
  return report;
}

void PrintDay(const DayReport& report, std::ostream& out) {
  const Metrics& m = report.metrics;
  const auto row = [&out](std::string name, const std::string& value) {
    name.resize(26, ' ');
    out << name << value << "\n";
  };
  row("cluster",
      std::to_string(report.day.nodes) + " nodes of " + std::to_string(report.day.node_cpus) + " CPUs");
  row("jobs", std::to_string(m.jobs) + ", " + std::to_string(report.gangs) + " of them on several nodes");
  row("policy", std::string(report.policy) + ", " + std::to_string(report.cycles) + " cycles");
  row("longest queue", std::to_string(report.longest_queue) + " jobs");
  row("average wait", Decimals(m.average_wait, 1) + " s");
  row("p95 wait", std::to_string(m.p95_wait) + " s");
  row("longest wait", std::to_string(m.longest_wait) + " s");
  row("utilisation", Decimals(m.utilisation, 4));
  row("makespan", std::to_string(m.makespan) + " s");
  row("computed in", Decimals(report.seconds, 1) + " s, " + Decimals(RateOf(report), 0) + " jobs/s");
  row("peak memory", Decimals(static_cast<double>(report.peak_memory) / (1 << 20), 0) + " MiB");
  out.flush();
}

void PrintDayJson(const DayReport& report, std::ostream& out) {
  const Metrics& m = report.metrics;
  const nlohmann::ordered_json json = {{"nodes", report.day.nodes},
                                       {"nodeCpus", report.day.node_cpus},
                                       {"jobs", m.jobs},
                                       {"gangs", report.gangs},
                                       {"loadPercent", report.day.load_percent},
                                       {"seed", report.day.seed},
                                       {"policy", report.policy},
                                       {"cycles", report.cycles},
                                       {"longestQueue", report.longest_queue},
                                       {"averageWait", m.average_wait},
                                       {"p95Wait", m.p95_wait},
                                       {"longestWait", m.longest_wait},
                                       {"utilisation", m.utilisation},
                                       {"makespan", m.makespan},
                                       {"seconds", report.seconds},
                                       {"jobsPerSecond", RateOf(report)},
                                       {"peakMemoryBytes", report.peak_memory}};
  out << json.dump(2) << std::endl;
}

}  // namespace bsub::sim
