#include "sim/replay/job_table.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/replay/metrics.h"

namespace bsub::sim {
namespace {

struct JobRow {
  std::size_t number = 0;  // from 1
  std::int64_t start = 0;
  const WorkloadJob& job;
  bool overtook = false;
};

void WriteCsv(const JobRow& row, std::ostream& out) {
  const WorkloadJob& job = row.job;
  out << row.number << ',' << job.user << ',' << job.submit << ',' << row.start << ',' << row.start + job.run
      << ',' << row.start - job.submit << ',' << job.processors << ',' << job.estimate << ',' << job.run
      << ',' << BoundedSlowdown(job, row.start) << ',' << (row.overtook ? 1 : 0) << '\n';
}

void WriteJson(const JobRow& row, std::ostream& out) {
  const WorkloadJob& job = row.job;
  const nlohmann::ordered_json json = {{"job", row.number},
                                       {"user", job.user},
                                       {"submit", job.submit},
                                       {"start", row.start},
                                       {"end", row.start + job.run},
                                       {"wait", row.start - job.submit},
                                       {"processors", job.processors},
                                       {"estimate", job.estimate},
                                       {"runtime", job.run},
                                       {"boundedSlowdown", BoundedSlowdown(job, row.start)},
                                       {"backfilled", row.overtook}};
  out << (row.number == 1 ? "[\n" : ",\n") << json.dump();
}

}  // namespace

std::vector<bool> Overtook(const Starts& starts) {
  std::vector<bool> overtook;
  std::int64_t latest = INT64_MIN;  // start of those submitted before
  for (const std::int64_t start : starts) {
    overtook.push_back(start < latest);
    latest = std::max(latest, start);
  }
  return overtook;
}

Status WriteJobs(const Workload& workload, const Starts& starts, const std::string& path) {
  const bool json = path.ends_with(".json");
  const std::vector<bool> overtook = Overtook(starts);
  std::ofstream out(path);
  out.precision(10);
  if (!json)
    out << "job,user,submit,start,end,wait,processors,estimate,runtime,bounded_slowdown,backfilled\n";
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const JobRow row{.number = i + 1, .start = starts[i], .job = workload.jobs[i], .overtook = overtook[i]};
    json ? WriteJson(row, out) : WriteCsv(row, out);
  }
  if (json) out << "\n]\n";
  out.close();
  if (out) return OkStatus();
  return Unavailable(path + ": cannot be written: " + std::strerror(errno));
}

}  // namespace bsub::sim
