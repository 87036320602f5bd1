// ListJobs: any number of jobs, in pages, so that the core's thread is never held for long and a slow reader
// holds up nothing. Each page is exact; jobs that come or go between two pages may or may not be seen.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/rpc/calls.h"
#include "scheduler/rpc/job_filter.h"
#include "scheduler/rpc/job_translation.h"
#include "scheduler/rpc/stream_writer.h"
#include "scheduler/rpc/targets.h"

namespace bsub::rpc {
namespace {

struct Page {
  std::vector<v1::Job> jobs;
  std::vector<JobTarget> missing;  // named, but no longer in the core
  bool end = false;
};

// Where the walk through the core's jobs stands.
struct Cursor {
  std::optional<JobId> job;        // the last one looked at
  std::uint32_t next_ordinal = 0;  // of `job`'s children, while listing them
  bool inside = false;             // `job` has more children
  std::size_t next_target = 0;     // when jobs are named
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
  bool finished_too() const { return request_.include_finished() || filter_.NamesFinished(); }
  bool by_target() const { return !targets_.empty(); }

  Result<Page> Next(const sched::State& state) {
    Page page;
    if (by_target()) {
      BSUB_RETURN_IF_ERROR(NextTargets(state, page));
    } else {
      NextJobs(state, page);
    }
    return page;
  }

 private:
  Status NextTargets(const sched::State& state, Page& page) {
    for (std::size_t looked = 0; looked < page_jobs_ && cursor_.next_target < targets_.size(); ++looked) {
      const JobTarget& target = targets_[cursor_.next_target++];
      if (!state.FindJob(JobId(target.job))) {
        page.missing.push_back(target);
        continue;
      }
      BSUB_ASSIGN_OR_RETURN(const FoundTarget found, FindTarget(state, target));
      v1::Job& out = page.jobs.emplace_back();
      if (found.ordinal) {
        FillChild(state, *found.job, *found.ordinal, out);
      } else {
        FillJob(state, *found.job, out);
      }
    }
    page.end = cursor_.next_target == targets_.size();
    return OkStatus();
  }

  void NextJobs(const sched::State& state, Page& page) {
    for (std::size_t looked = 0; looked < page_jobs_;) {
      const sched::Job* job = NextJob(state);
      if (!job) {
        page.end = true;
        return;
      }
      looked += request_.children() && job->array ? AddChildren(state, *job, page_jobs_ - looked, page)
                                                  : AddJob(state, *job, page);
    }
  }

  const sched::Job* NextJob(const sched::State& state) {
    if (cursor_.inside) {
      if (const sched::Job* job = state.FindJob(*cursor_.job)) return job;
      cursor_.inside = false;
    }
    const sched::Job* next = nullptr;
    if (request_.newest_first()) {
      auto it = cursor_.job ? state.jobs.lower_bound(*cursor_.job) : state.jobs.end();
      if (it != state.jobs.begin()) next = &std::prev(it)->second;
    } else {
      const auto it = cursor_.job ? state.jobs.upper_bound(*cursor_.job) : state.jobs.begin();
      if (it != state.jobs.end()) next = &it->second;
    }
    if (next) cursor_ = {.job = next->id, .next_ordinal = 0, .inside = false, .next_target = 0};
    return next;
  }

  std::size_t AddJob(const sched::State& state, const sched::Job& job, Page& page) {
    const bool wanted = finished_too() || !job.Over();
    if (wanted && filter_.Matches(state, job)) FillJob(state, job, page.jobs.emplace_back());
    return 1;
  }

  std::size_t AddChildren(const sched::State& state, const sched::Job& job, std::size_t most, Page& page) {
    std::size_t looked = 0;
    for (; looked < most && cursor_.next_ordinal < job.size(); ++looked) {
      const std::uint32_t ordinal = cursor_.next_ordinal++;
      const bool wanted = finished_too() || !IsOver(sched::StateOf(job, ordinal));
      if (wanted && filter_.Matches(state, job, ordinal))
        FillChild(state, job, ordinal, page.jobs.emplace_back());
    }
    cursor_.inside = cursor_.next_ordinal < job.size();
    return std::max<std::size_t>(looked, 1);
  }

  const v1::ListJobsRequest request_;
  const JobFilter filter_;
  const std::vector<JobTarget> targets_;
  const std::size_t page_jobs_;
  Cursor cursor_;
};

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
      auto page = std::make_shared<Result<Page>>(self->walk_.Next(view.state()));
      return [self, page] { self->Take(*page); };
    });
    if (!sent) End(sent.error());
  }

  void Take(Result<Page>& page) {
    if (!page) return End(page.error());
    if (page->end) stage_ = walk_.by_target() || !walk_.finished_too() ? Stage::kOver : Stage::kHistory;
    if (!page->missing.empty()) {
      const auto shared = std::make_shared<Page>(std::move(*page));
      services_.readers.Run([self = Self(), shared] { self->AddMissing(*shared); });
      return;
    }
    Send(page->jobs);
  }

  void Send(std::vector<v1::Job>& jobs) {
    const std::uint64_t limit = walk_.request().limit();
    if (limit != 0 && written_ + jobs.size() >= limit) {
      jobs.resize(limit - written_);
      stage_ = Stage::kOver;
    }
    written_ += jobs.size();
    if (jobs.empty()) {
      Advance();
    } else {
      WriteAll(std::move(jobs));
    }
  }

  // Jobs that were named and are known to the history alone.
  void AddMissing(Page& page) {
    for (const JobTarget& target : page.missing) {
      auto past = services_.history.FindJob(JobId(target.job));
      if (!past) return End(past.error());
      if (!*past) return End(NoSuchJob(target));
      FillPastJob(**past, page.jobs.emplace_back());
    }
    Send(page.jobs);
  }

  void AddForgotten() {
    const auto past = services_.history.ForgottenJobs(last_forgotten_, walk_.request().newest_first(),
                                                      services_.settings.list_page_jobs);
    if (!past) return End(past.error());
    if (past->empty()) stage_ = Stage::kOver;
    std::vector<v1::Job> jobs;
    for (const PastJob& job : *past) {
      last_forgotten_ = job.id;
      if (walk_.filter().Matches(job)) FillPastJob(job, jobs.emplace_back());
    }
    Send(jobs);
  }

  const Services& services_;
  JobWalk walk_;  // the core's thread and, between its visits, nobody
  Stage stage_ = Stage::kCore;
  std::uint64_t written_ = 0;
  JobId last_forgotten_;
};

}  // namespace

grpc::ServerWriteReactor<v1::Job>* ListJobs(const Services& services, const v1::ListJobsRequest& request) {
  auto filter = JobFilter::Make(request.filter());
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
