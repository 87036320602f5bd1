#include "scheduler/rpc/job_walk.h"

#include <algorithm>
#include <utility>

#include "common/utf8.h"
#include "scheduler/rpc/job_translation.h"
#include "scheduler/rpc/targets.h"

namespace bsub::rpc {
namespace {

bool HasPast(const sched::Job& job, std::uint32_t ordinal) {
  const sched::Task* task = sched::FindTask(job, ordinal);
  if (!task) return IsOver(sched::StateOf(job, ordinal));
  return task->attempts > (task->attempt ? 1U : 0U);
}

}  // namespace

// A page being filled, for the time of one look at the core.
class JobWalk::Page {
 public:
  Page(const JobWalk& walk, const CoreView& view)
      : walk_(walk), state_(view.state()), reasons_(view.scheduler.MakeShortReasons()) {
    page_.seen = state_.last_sequence;
  }

  bool Full() const { return looked_ >= walk_.page_jobs_; }
  const sched::State& state() const { return state_; }

  void AddJob(const sched::Job& job) {
    ++looked_;
    const bool wanted = walk_.finished_too() || !job.Over();
    if (!wanted || !walk_.filter_.Matches(state_, job)) return;
    HalfJob& half = Begin(job);
    FillJob(state_, job, half.job);
    if (!job.array && HasPast(job, 0)) half.task = sched::TaskRef{job.id, 0};
    AddReason(job, std::nullopt, half);
  }

  void AddChild(const sched::Job& job, std::uint32_t ordinal) {
    ++looked_;
    const bool wanted = walk_.finished_too() || !IsOver(sched::StateOf(job, ordinal));
    if (!wanted || !walk_.filter_.Matches(state_, job, ordinal)) return;
    HalfJob& half = Begin(job);
    FillChild(state_, job, ordinal, half.job);
    if (HasPast(job, ordinal)) half.task = sched::TaskRef{job.id, ordinal};
    AddReason(job, ordinal, half);
  }

  void AddMissing(const JobTarget& target) {
    ++looked_;
    page_.missing.push_back(target);
  }

  JobPage Take(bool end) {
    page_.end = end;
    return std::move(page_);
  }

 private:
  HalfJob& Begin(const sched::Job& job) {
    HalfJob& half = page_.jobs.emplace_back();
    half.command = job.spec.command;
    return half;
  }
  void AddReason(const sched::Job& job, std::optional<std::uint32_t> ordinal, HalfJob& half) {
    if (half.job.reason().empty()) half.job.set_reason(ToUtf8(reasons_.Of(job, ordinal)));
  }

  const JobWalk& walk_;
  const sched::State& state_;
  sched::ShortReasons reasons_;
  JobPage page_;
  std::size_t looked_ = 0;
};

Result<JobPage> JobWalk::Next(const CoreView& view) {
  Page page(*this, view);
  while (!page.Full()) {
    if (InsideArray(view.state())) {
      const sched::Job& job = *view.state().FindJob(*job_);
      page.AddChild(job, next_ordinal_++);
      inside_ = next_ordinal_ < job.size();
    } else if (by_target()) {
      if (next_target_ == targets_.size()) return page.Take(true);
      BSUB_RETURN_IF_ERROR(NextTarget(page));
    } else {
      const sched::Job* job = NextJob(view.state());
      if (!job) return page.Take(true);
      if (!inside_) page.AddJob(*job);
    }
  }
  return page.Take(false);
}

bool JobWalk::InsideArray(const sched::State& state) const {
  return inside_ && state.FindJob(*job_) != nullptr;
}

// The next job in order; it is then inside_ if its children are to be listed.
const sched::Job* JobWalk::NextJob(const sched::State& state) {
  const sched::Job* next = nullptr;
  if (request_.newest_first()) {
    const auto it = job_ ? state.jobs.lower_bound(*job_) : state.jobs.end();
    if (it != state.jobs.begin()) next = &std::prev(it)->second;
  } else {
    const auto it = job_ ? state.jobs.upper_bound(*job_) : state.jobs.begin();
    if (it != state.jobs.end()) next = &it->second;
  }
  if (!next) return nullptr;
  job_ = next->id;
  next_ordinal_ = 0;
  inside_ = request_.children() && next->array;
  return next;
}

Status JobWalk::NextTarget(Page& page) {
  const JobTarget& target = targets_[next_target_++];
  inside_ = false;
  if (!page.state().FindJob(JobId(target.job))) {
    page.AddMissing(target);
    return OkStatus();
  }
  BSUB_ASSIGN_OR_RETURN(const FoundTarget found, FindTarget(page.state(), target));
  if (found.ordinal) {
    page.AddChild(*found.job, *found.ordinal);
  } else if (request_.children() && found.job->array) {
    job_ = found.job->id;
    next_ordinal_ = 0;
    inside_ = true;
  } else {
    page.AddJob(*found.job);
  }
  return OkStatus();
}

}  // namespace bsub::rpc
