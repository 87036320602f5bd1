// The core's part of ListJobs: one page of jobs after the other, so that the core's thread is never held for
// long. Each page is exact; jobs that come or go between two pages may or may not be seen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "api/bsub/v1/scheduler.pb.h"
#include "common/result.h"
#include "jobs/array_spec.h"
#include "scheduler/rpc/core_port.h"
#include "scheduler/rpc/job_details.h"
#include "scheduler/rpc/job_filter.h"

namespace bsub::rpc {

struct JobPage {
  std::vector<HalfJob> jobs;
  std::vector<JobTarget> missing;  // named, but no longer in the core
  Sequence seen;                   // the history must have come this far to know their attempts
  bool end = false;
};

class JobWalk {
 public:
  JobWalk(v1::ListJobsRequest request, JobFilter filter, std::vector<JobTarget> targets,
          std::size_t page_jobs)
      : request_(std::move(request)),
        filter_(std::move(filter)),
        targets_(std::move(targets)),
        page_jobs_(page_jobs) {}

  const v1::ListJobsRequest& request() const { return request_; }
  const JobFilter& filter() const { return filter_; }
  bool by_target() const { return !targets_.empty(); }
  // Jobs that are named are shown whether they are over or not.
  bool finished_too() const { return by_target() || request_.include_finished() || filter_.NamesFinished(); }

  Result<JobPage> Next(const CoreView& view);

 private:
  class Page;

  const sched::Job* NextJob(const sched::State& state);
  Status NextTarget(Page& page);
  bool InsideArray(const sched::State& state) const;

  const v1::ListJobsRequest request_;
  const JobFilter filter_;
  const std::vector<JobTarget> targets_;
  const std::size_t page_jobs_;

  // Where the walk stands.
  std::optional<JobId> job_;        // the last one looked at
  std::uint32_t next_ordinal_ = 0;  // of `job_`'s children, while listing them
  bool inside_ = false;             // `job_` has more children
  std::size_t next_target_ = 0;     // when jobs are named
};

}  // namespace bsub::rpc
