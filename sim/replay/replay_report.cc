#include "sim/replay/replay_report.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <ostream>

namespace bsub::sim {
namespace {

std::string Fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string Percent(std::size_t part, std::size_t whole) {
  return whole == 0 ? "-" : Fixed(100.0 * static_cast<double>(part) / static_cast<double>(whole), 1) + " %";
}

double JobsPerSecond(const ReplayReport& report) {
  return report.seconds > 0 ? static_cast<double>(report.metrics.jobs) / report.seconds : 0;
}

}  // namespace

void PrintTable(const ReplayReport& report, std::ostream& out) {
  const Metrics& m = report.metrics;
  const auto row = [&out](std::string name, const std::string& value) {
    name.resize(26, ' ');
    out << name << value << "\n";
  };
  row("policy", std::string(report.policy) + ", passes " + std::string(report.passes));
  row("jobs", std::to_string(m.jobs) + " on " + std::to_string(report.processors) + " processors");
  if (report.left_out > 0)
    row("left out", std::to_string(report.left_out) + " jobs that never ran or do not fit");
  if (report.bad_lines > 0) row("malformed lines", std::to_string(report.bad_lines));
  row("average wait", Fixed(m.average_wait, 1) + " s");
  row("median wait", std::to_string(m.median_wait) + " s");
  row("p95 wait", std::to_string(m.p95_wait) + " s");
  row("longest wait", std::to_string(m.longest_wait) + " s");
  row("average bounded slowdown", Fixed(m.average_bounded_slowdown, 4));
  row("utilisation", Fixed(m.utilisation, 4));
  row("makespan", std::to_string(m.makespan) + " s");
  row("started at once", std::to_string(m.started_at_submit));
  if (report.forecasts) {
    const ForecastCheck::Result& f = *report.forecasts;
    row("forecasts", std::to_string(f.answered) + " of " + std::to_string(f.asked) + " waiting jobs");
    row("started by the P50", Percent(f.by_p50, f.answered));
    row("started by the P90", Percent(f.by_p90, f.answered));
    row("P90 beside the wait", Fixed(f.p90_to_wait, 2) + " times as long (median)");
  }
  row("replayed in", Fixed(report.seconds, 2) + " s, " + Fixed(JobsPerSecond(report), 0) + " jobs/s");
  out.flush();
}

void PrintJson(const ReplayReport& report, std::ostream& out) {
  const Metrics& m = report.metrics;
  nlohmann::ordered_json json = {{"policy", report.policy},
                                 {"passes", report.passes},
                                 {"processors", report.processors},
                                 {"jobs", m.jobs},
                                 {"leftOut", report.left_out},
                                 {"malformedLines", report.bad_lines},
                                 {"averageWait", m.average_wait},
                                 {"medianWait", m.median_wait},
                                 {"p95Wait", m.p95_wait},
                                 {"longestWait", m.longest_wait},
                                 {"averageBoundedSlowdown", m.average_bounded_slowdown},
                                 {"largestBoundedSlowdown", m.largest_bounded_slowdown},
                                 {"averageFlow", m.average_flow},
                                 {"longestFlow", m.longest_flow},
                                 {"utilisation", m.utilisation},
                                 {"makespan", m.makespan},
                                 {"startedAtSubmit", m.started_at_submit},
                                 {"seconds", report.seconds},
                                 {"jobsPerSecond", JobsPerSecond(report)}};
  if (report.forecasts) {
    const ForecastCheck::Result& f = *report.forecasts;
    json["forecasts"] = {{"asked", f.asked},
                         {"answered", f.answered},
                         {"startedByP50", f.by_p50},
                         {"startedByP90", f.by_p90},
                         {"medianP90ToWait", f.p90_to_wait}};
  }
  out << json.dump(2) << std::endl;
}

Status WriteStarts(const Starts& starts, const std::string& path) {
  std::ofstream out(path);
  out << "job,start\n";
  for (std::size_t i = 0; i < starts.size(); ++i) out << i + 1 << ',' << starts[i] << '\n';
  out.close();
  if (out) return OkStatus();
  return Unavailable(path + ": cannot be written: " + std::strerror(errno));
}

}  // namespace bsub::sim
