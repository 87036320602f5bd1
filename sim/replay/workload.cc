#include "sim/replay/workload.h"

#include <algorithm>

namespace bsub::sim {
namespace {

// 100 years: beyond it sums of times would no longer fit the core's microseconds.
constexpr std::int64_t kLongestSeconds = std::int64_t{100} * 365 * 86'400;

bool IsReplayable(const WorkloadJob& job, std::int64_t processors) {
  return job.submit >= 0 && job.submit <= kLongestSeconds && job.run > 0 && job.run <= kLongestSeconds &&
         job.processors > 0 && job.processors <= processors;
}

WorkloadJob JobOf(const SwfRecord& record) {
  WorkloadJob job;
  job.submit = record.submit();
  job.processors =
      record.requested_processors() > 0 ? record.requested_processors() : record.allocated_processors();
  job.estimate = record.requested_time() > 0 ? record.requested_time() : record.run();
  job.run = std::min(record.run(), job.estimate);
  job.estimate = std::min(job.estimate, kLongestSeconds);
  job.user = record.user();
  return job;
}

}  // namespace

Result<Workload> Normalise(const SwfLog& log, std::int64_t processors) {
  Workload workload;
  workload.processors = processors > 0 ? processors : log.max_processors;
  if (workload.processors <= 0) {
    return InvalidArgument(
        "--processors is missing: the log's header does not say how many the machine has (; MaxProcs:)");
  }
  if (workload.processors > kMostProcessors) {
    return InvalidArgument("processors " + std::to_string(workload.processors) +
                           (processors > 0 ? "" : ", of the log's header (; MaxProcs:)") +
                           ": expected 1 to " + std::to_string(kMostProcessors));
  }
  for (const SwfRecord& record : log.records) {
    const WorkloadJob job = JobOf(record);
    if (IsReplayable(job, workload.processors)) workload.jobs.push_back(job);
  }
  workload.left_out = log.records.size() - workload.jobs.size();
  if (workload.jobs.empty())
    return InvalidArgument("the log holds no job that ran and fits the machine: nothing to replay");
  std::stable_sort(workload.jobs.begin(), workload.jobs.end(),
                   [](const WorkloadJob& a, const WorkloadJob& b) { return a.submit < b.submit; });
  const std::int64_t first = workload.jobs.front().submit;
  for (WorkloadJob& job : workload.jobs) job.submit -= first;
  return workload;
}

Workload FirstJobs(Workload workload, std::size_t count) {
  if (count < workload.jobs.size()) workload.jobs.resize(count);
  return workload;
}

}  // namespace bsub::sim
