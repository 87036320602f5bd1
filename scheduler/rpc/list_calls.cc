// ListJobs: any number of jobs, in pages: a slow reader holds up nothing. First those in the core
// (job_walk.h), each page completed from the history, then those that the core has forgotten.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/rpc/calls.h"
#include "scheduler/rpc/job_details.h"
#include "scheduler/rpc/job_filter.h"
#include "scheduler/rpc/job_translation.h"
#include "scheduler/rpc/job_walk.h"
#include "scheduler/rpc/stream_writer.h"
#include "scheduler/rpc/targets.h"

namespace bsub::rpc {
namespace {

class JobList final : public StreamWriter<grpc::ServerWriteReactor<v1::Job>, v1::Job> {
 public:
  JobList(const Services& services, JobWalk walk) : services_(services), walk_(std::move(walk)) {}

  grpc::ServerWriteReactor<v1::Job>* Open() {
    KeepUntilDone();
    Advance();
    return this;
  }
  grpc::ServerWriteReactor<v1::Job>* Refuse(const Error& error) {
    KeepUntilDone();
    End(error);
    return this;
  }

 private:
  enum class Stage { kCore, kHistory, kOver };

  std::shared_ptr<JobList> Self() { return std::static_pointer_cast<JobList>(shared_from_this()); }
  void OnDrained() override { Advance(); }

  // Called with nothing queued and nothing under way.
  void Advance() {
    if (stage_ == Stage::kOver) return End(OkStatus());
    if (stage_ == Stage::kHistory) {
      services_.readers.Run([self = Self()] { self->AddForgotten(); });
      return;
    }
    const Status sent = services_.core.Read([self = Self()](const CoreView& view) {
      auto page = std::make_shared<Result<JobPage>>(self->walk_.Next(view));
      return [self, page] { self->Take(*page); };
    });
    if (!sent) End(sent.error());
  }

  void Take(Result<JobPage>& page) {
    if (!page) return End(page.error());
    if (page->end) stage_ = walk_.by_target() || !walk_.finished_too() ? Stage::kOver : Stage::kHistory;
    const bool past = std::any_of(page->jobs.begin(), page->jobs.end(),
                                  [](const HalfJob& half) { return half.task.has_value(); });
    if (!past && page->missing.empty() && !walk_.request().commands()) return Send(page->jobs);
    services_.readers.Run([self = Self(), shared = std::make_shared<JobPage>(std::move(*page)), past] {
      if (past) self->WaitForHistory(shared->seen);
      self->AddMissing(*shared);
    });
  }

  // A history that lags costs a listing its patience once, and attempts that are not there yet.
  void WaitForHistory(Sequence seen) {
    if (!history_lags_) history_lags_ = !services_.history.WaitApplied(seen);
  }

  // Jobs that were named and are known to the history alone.
  void AddMissing(JobPage& page) {
    for (const JobTarget& target : page.missing) {
      const auto past = services_.history.FindJob(JobId(target.job));
      if (!past) return End(past.error());
      if (!*past) return End(NoSuchJob(target));
      AddPastJob(**past, page.jobs);
    }
    Complete(page.jobs);
  }

  void AddForgotten() {
    const auto past = services_.history.ForgottenJobs(last_forgotten_, walk_.request().newest_first(),
                                                      services_.settings.list_page_jobs);
    if (!past) return End(past.error());
    if (past->empty()) stage_ = Stage::kOver;
    std::vector<HalfJob> jobs;
    for (const PastJob& job : *past) {
      last_forgotten_ = job.id;
      AddPastJob(job, jobs);
    }
    Complete(jobs);
  }

  void AddPastJob(const PastJob& past, std::vector<HalfJob>& jobs) {
    if (!walk_.filter().Matches(past)) return;
    HalfJob& half = jobs.emplace_back();
    FillPastJob(past, half.job);
    half.command = past.submitted->spec.command;
    half.forgotten = true;
    if (!past.submitted->spec.array) half.task = sched::TaskRef{past.id, 0};
  }

  void Complete(std::vector<HalfJob>& jobs) {
    for (HalfJob& half : jobs) {
      if (const Status added = AddPast(services_.history, half); !added) return End(added.error());
      if (walk_.request().commands()) AddCommand(services_.payloads, half);
    }
    Send(jobs);
  }

  void Send(std::vector<HalfJob>& jobs) {
    const std::uint64_t limit = walk_.request().limit();
    if (limit != 0 && written_ + jobs.size() >= limit) {
      jobs.resize(limit - written_);
      stage_ = Stage::kOver;
    }
    written_ += jobs.size();
    if (jobs.empty()) return Advance();
    std::vector<v1::Job> messages;
    messages.reserve(jobs.size());
    for (HalfJob& half : jobs) messages.push_back(std::move(half.job));
    WriteAll(std::move(messages));
  }

  const Services& services_;
  JobWalk walk_;  // the core's thread and, between its visits, nobody
  Stage stage_ = Stage::kCore;
  std::uint64_t written_ = 0;
  JobId last_forgotten_;
  bool history_lags_ = false;
};

}  // namespace

grpc::ServerWriteReactor<v1::Job>* ListJobs(const Services& services, const Identity& who,
                                            const v1::ListJobsRequest& request) {
  auto filter = JobFilter::Make(request.filter(), who.principal);
  auto targets =
      ParseTargets({request.targets().begin(), request.targets().end()}, services.settings.max_targets);
  const bool good = filter && targets;
  const Error error = !filter ? filter.error() : !targets ? targets.error() : Error{};
  JobWalk walk(request, good ? std::move(*filter) : JobFilter(),
               good ? std::move(*targets) : std::vector<JobTarget>(), services.settings.list_page_jobs);
  const auto list = std::make_shared<JobList>(services, std::move(walk));
  return good ? list->Open() : list->Refuse(error);
}

}  // namespace bsub::rpc
