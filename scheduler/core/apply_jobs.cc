// Applies entries about jobs that are not running: submit, begin time, hold, priority, ends without an
// attempt.
#include <algorithm>
#include <memory>
#include <utility>

#include "scheduler/core/apply_checks.h"
#include "scheduler/core/job_edit.h"
#include "scheduler/core/store.h"

namespace bsub::sched {
namespace {

// Sets or clears what a child's end leaves behind, and keeps the counts.
void SetOver(ArrayState& array, std::uint32_t ordinal, bool succeeded, std::uint8_t exit_code) {
  (succeeded ? array.succeeded : array.failed).set(ordinal);
  ++(succeeded ? array.succeeded_count : array.failed_count);
  array.exit_codes.set(ordinal, exit_code);
}

void ClearOver(ArrayState& array, std::uint32_t ordinal) {
  if (array.succeeded.test(ordinal)) --array.succeeded_count;
  if (array.failed.test(ordinal)) --array.failed_count;
  array.succeeded.reset(ordinal);
  array.failed.reset(ordinal);
  array.exit_codes.set(ordinal, 0);
}

}  // namespace

Status Store::Do(const JobSubmitted& e, TimePoint at) {
  BSUB_RETURN_IF_ERROR(Expect(e.id.value() == state_.next_job_id, "the next job id", e.id.value()));
  BSUB_RETURN_IF_ERROR(Expect(e.spec.settings != nullptr, "settings", e.id.value()));
  BSUB_RETURN_IF_ERROR(Validate(e.spec.dependency, {.max_nodes = SIZE_MAX, .max_depth = SIZE_MAX}));
  Job& job = state_.jobs.emplace(e.id).first->second;
  job.id = e.id;
  job.spec = e.spec;
  job.spec.settings = settings_.Intern(e.spec.settings);
  job.priority = e.spec.settings->priority;
  job.held = e.spec.held;
  job.submitted_at = at;
  job.begin_reached = !e.begins_later && (!e.spec.begin_at.set() || e.spec.begin_at <= at);
  if (e.spec.array) job.array = std::make_unique<ArrayState>(e.spec.array->size());
  job.task.since = at;
  state_.next_job_id = e.id.value() + 1;
  IndexJob(job);
  job_hashes_.Note(state_, job);
  dependencies_.Add(state_, job);
  RefreshAll(job);
  if (auto unused = recent_submits_.Add(at, job.spec)) settings_.Drop(std::move(unused));
  return OkStatus();
}

Status Store::Do(const BeginTimeReached& e, TimePoint /*at*/) {
  Job* job = MutableJob(e.job);
  BSUB_RETURN_IF_ERROR(Expect(job && !job->begin_reached, "a job before its begin time", e.job.value()));
  begin_times_.erase({job->spec.begin_at, job->id});
  {
    JobEdit edit(*this, *job);
    job->begin_reached = true;
  }
  RefreshAll(*job);
  return OkStatus();
}

Status Store::Do(const HoldSet& e, TimePoint /*at*/) {
  Job* job = MutableJob(e.target.job);
  BSUB_RETURN_IF_ERROR(Expect(job != nullptr, "a known job", e.target.job.value()));
  if (!e.target.ordinal || !job->array) {
    JobEdit edit(*this, *job);
    job->held = e.held;
    job->admin_hold = e.held && e.by_admin;
    return OkStatus();
  }
  BSUB_RETURN_IF_ERROR(Expect(*e.target.ordinal < job->size() && !job->array->IsOver(*e.target.ordinal),
                              "a child that is not over", e.target.job.value()));
  JobEdit edit(*this, *job, e.target.ordinal);
  edit.Row().held = e.held;
  edit.Row().admin_hold = e.held && e.by_admin;
  edit.DropRowIfPlain();
  return OkStatus();
}

Status Store::Do(const PrioritySet& e, TimePoint /*at*/) {
  Job* job = MutableJob(e.job);
  BSUB_RETURN_IF_ERROR(Expect(job != nullptr, "a known job", e.job.value()));
  waiting_.Remove(*job);
  JobEdit edit(*this, *job);
  job->priority = e.priority;
  return OkStatus();
}

Status Store::Do(const JobMoved& e, TimePoint /*at*/) {
  Job* job = MutableJob(e.job);
  BSUB_RETURN_IF_ERROR(Expect(job != nullptr, "a known job", e.job.value()));
  BSUB_RETURN_IF_ERROR(Expect(state_.queues.count(e.queue) != 0, "a known queue", 0));
  auto moved = std::make_shared<JobSettings>(*job->spec.settings);
  moved->queue = e.queue;
  moved->max_interruptions = -1;
  moved->checkpoint.then_queue.clear();
  waiting_.Remove(*job);
  const JobEdit edit(*this, *job);
  CountLiveOf(*job, -1);  // of an array, what runs of it counts in the other queue from now on
  CountJob(*job, -1);
  settings_.Drop(std::exchange(job->spec.settings, settings_.Intern(moved)));
  CountJob(*job, +1);
  CountLiveOf(*job, +1);
  job_hashes_.Note(state_, *job);
  return OkStatus();
}

Status Store::Do(const TasksEnded& e, TimePoint at) {
  Job* job = MutableJob(e.job);
  BSUB_RETURN_IF_ERROR(Expect(job != nullptr, "a known job", e.job.value()));
  BSUB_RETURN_IF_ERROR(ExpectTasks(*job, e.tasks, TaskEvent::kEnded));
  {
    JobEdit edit(*this, *job);
    for (const OrdinalRange& range : e.tasks) {
      for (std::uint32_t i = range.first; i <= range.last; ++i) {
        if (!job->array) {
          job->task.state = JobState::kFailed;
          job->task.front = false;
          job->task.since = at;
          job->task.last_end = std::make_unique<TaskEnd>(TaskEnd{e.end, at});
          continue;
        }
        TakeChildTerm(*job, i);
        SetOver(*job->array, i, false, static_cast<std::uint8_t>(ShellExitCode(e.end)));
        if (const auto row = job->array->rows.find(i); row != job->array->rows.end()) {
          job->array->max_attempt = std::max(job->array->max_attempt, row->second.attempts);
          job->array->rows.erase(row);
        }
        PutChildTerm(*job, i);
      }
      for (std::size_t w = range.first / 64; w <= range.last / 64; ++w) RefreshWord(*job, w);
    }
    FinishIfOver(*job, at);
  }
  for (const OrdinalRange& range : e.tasks) NotifyWaiters(*job, range.first, range.last, job->Over());
  return OkStatus();
}

Status Store::Do(const TasksRequeued& e, TimePoint at) {
  Job* job = MutableJob(e.job);
  BSUB_RETURN_IF_ERROR(Expect(job != nullptr, "a known job", e.job.value()));
  BSUB_RETURN_IF_ERROR(ExpectTasks(*job, e.tasks, TaskEvent::kRequeued));
  {
    JobEdit edit(*this, *job);
    if (job->array && job->array->sent_back.size() == 0) job->array->sent_back = Bitmap(job->size());
    finished_.erase({job->finished_at, job->id});
    job->finished_at = TimePoint();
    if (!job->begin_reached) begin_times_.emplace(job->spec.begin_at, job->id);
    for (const OrdinalRange& range : e.tasks) {
      for (std::uint32_t i = range.first; i <= range.last; ++i) {
        if (job->array) {
          TakeChildTerm(*job, i);
          ClearOver(*job->array, i);
          job->array->sent_back.set(i);
          PutChildTerm(*job, i);
          continue;
        }
        job->task.state = JobState::kPending;
        job->task.charged = 0;
        job->task.interruptions = 0;
        job->task.restarts = 0;
        job->task.saved_generation = 0;  // who asks for that has seen how it ended
        job->task.since = at;
      }
      for (std::size_t w = range.first / 64; w <= range.last / 64; ++w) RefreshWord(*job, w);
    }
  }
  for (const OrdinalRange& range : e.tasks) NotifyWaiters(*job, range.first, range.last, true);
  return OkStatus();
}

Status Store::Do(const JobsForgotten& e, TimePoint at) {
  for (const JobId id : e.jobs) {
    const Job* job = state_.FindJob(id);
    BSUB_RETURN_IF_ERROR(Expect(job && job->Over(), "a finished job", id.value()));
  }
  for (const JobId id : e.jobs) {
    const auto it = state_.jobs.find(id);
    if (it == state_.jobs.end()) continue;  // named twice
    Job& job = it->second;
    job_hashes_.Drop(job);
    if (job.array) terms_ -= job.array->child_terms;
    UnindexJob(job);
    state_.jobs.erase(it);
  }
  for (const auto& [name, queue] : state_.queues) ForgetShares(name, at, false);
  return OkStatus();
}

}  // namespace bsub::sched
