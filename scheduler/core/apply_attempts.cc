// Applies entries about attempts: placed, started, told to stop, ended.
#include <algorithm>
#include <set>

#include "scheduler/core/apply_checks.h"
#include "scheduler/core/job_edit.h"
#include "scheduler/core/store.h"

namespace bsub::sched {
namespace {

// The task has run: true from now on. Returns whether it is the first of the job to do so.
bool SetStarted(Job& job, Task& task, std::uint32_t ordinal) {
  const bool before = task.started;
  task.started = true;
  if (!job.array) return !before;
  ArrayState& array = *job.array;
  if (array.started.test(ordinal)) return false;
  array.started.set(ordinal);
  return ++array.started_count == 1;
}

// An attempt has one part on a node, or the node could not tell them apart.
Status ExpectOthers(const State& state, const AttemptPlaced& e) {
  std::set<NodeId> nodes = {e.node};
  for (const PlacedPart& part : e.others) {
    BSUB_RETURN_IF_ERROR(Expect(state.nodes.count(part.node) != 0, "a known node", part.node.value()));
    BSUB_RETURN_IF_ERROR(Expect(nodes.insert(part.node).second, "another node", part.node.value()));
  }
  return OkStatus();
}

std::unique_ptr<Gang> MakeGang(const AttemptPlaced& e) {
  auto gang = std::make_unique<Gang>();
  gang->parts.reserve(e.others.size() + 1);
  gang->parts.push_back({e.node, e.incarnation, e.allocated, e.gpu_indices});
  for (const PlacedPart& part : e.others)
    gang->parts.push_back({part.node, part.incarnation, part.allocated, part.gpu_indices});
  gang->placement = e.placement;
  return gang;
}

Status ExpectLastPart(const Attempt& attempt, std::uint32_t part) {
  if (!attempt.gang) return Expect(part == 0, "no part of an attempt on one node", part);
  const Gang& gang = *attempt.gang;
  return Expect(gang.live() == 1 && part < gang.parts.size() && !gang.parts[part].over,
                "the last part that is not over", part);
}

}  // namespace

// Ends that only a process can have: the report of its start may have been lost with a stream.
bool ProvesStart(EndKind kind) {
  return kind == EndKind::kExited || kind == EndKind::kSignalled || kind == EndKind::kTimedOut ||
         kind == EndKind::kOutOfMemory;
}

Error DoesNotFollow(std::string_view expected, std::uint64_t got) {
  return DataLoss("a journal entry does not follow from the state: expected " + std::string(expected) +
                  ", got " + std::to_string(got));
}

Status ExpectAttempt(const Job* job, const AttemptRef& ref) {
  BSUB_RETURN_IF_ERROR(Expect(job && ref.task.ordinal < job->size(), "a known task", ref.task.job.value()));
  const Task* task = FindTask(*job, ref.task.ordinal);
  return Expect(task && task->attempt && task->attempt->number == ref.number, "a live attempt", ref.number);
}

Status ExpectTasks(const Job& job, const std::vector<OrdinalRange>& ranges, TaskEvent event) {
  std::uint64_t next = 0;
  for (const OrdinalRange& range : ranges) {
    BSUB_RETURN_IF_ERROR(Expect(range.first >= next && range.first <= range.last && range.last < job.size(),
                                "ascending ordinals of the job's size", range.first));
    next = std::uint64_t{range.last} + 1;
    for (std::uint32_t i = range.first; i <= range.last; ++i) {
      BSUB_RETURN_IF_ERROR(
          Expect(Next(StateOf(job, i), event).has_value(), "a task in a state that allows it", i));
    }
  }
  return OkStatus();
}

Status Store::Do(const AttemptPlaced& e, TimePoint at) {
  const std::uint32_t ordinal = e.attempt.task.ordinal;
  Job* job = MutableJob(e.attempt.task.job);
  BSUB_RETURN_IF_ERROR(Expect(job && ordinal < job->size(), "a known task", e.attempt.task.job.value()));
  BSUB_RETURN_IF_ERROR(Expect(StateOf(*job, ordinal) == JobState::kRunnable, "a RUNNABLE task", ordinal));
  BSUB_RETURN_IF_ERROR(Expect(state_.nodes.count(e.node) != 0, "a known node", e.node.value()));
  BSUB_RETURN_IF_ERROR(
      Expect(e.attempt.number == AttemptsGiven(*job, ordinal) + 1, "the next attempt", e.attempt.number));
  BSUB_RETURN_IF_ERROR(ExpectOthers(state_, e));

  JobEdit edit(*this, *job, ordinal);
  Task& task = edit.Row();
  task.state = JobState::kStarting;
  task.front = false;
  task.attempts = e.attempt.number;
  task.since = at;
  task.attempt = std::make_unique<Attempt>();
  task.attempt->number = e.attempt.number;
  task.attempt->node = e.node;
  task.attempt->incarnation = e.incarnation;
  task.attempt->allocated = e.allocated;
  task.attempt->gpu_indices = e.gpu_indices;
  task.attempt->placed_at = at;
  if (!e.others.empty()) task.attempt->gang = MakeGang(e);
  if (job->array) ++job->array->starting_count;
  TakePlaces(*job->spec.settings, e.attempt, *task.attempt);
  return OkStatus();
}

Status Store::Do(const AttemptStarted& e, TimePoint at) {
  const std::uint32_t ordinal = e.attempt.task.ordinal;
  Job* job = MutableJob(e.attempt.task.job);
  BSUB_RETURN_IF_ERROR(ExpectAttempt(job, e.attempt));
  BSUB_RETURN_IF_ERROR(Expect(StateOf(*job, ordinal) == JobState::kStarting, "a STARTING task", ordinal));
  bool first_start = false;
  {
    JobEdit edit(*this, *job, ordinal);
    Task& task = edit.Row();
    task.state = JobState::kRunning;
    task.since = at;
    EditAttempt(*job, *task.attempt, [at](Attempt& attempt) { attempt.started_at = at; });
    first_start = SetStarted(*job, task, ordinal);
    if (job->array) --job->array->starting_count, ++job->array->running_count;
  }
  NotifyWaiters(*job, ordinal, ordinal, first_start);
  return OkStatus();
}

Status Store::Do(const StopRequested& e, TimePoint at) {
  Job* job = MutableJob(e.attempt.task.job);
  BSUB_RETURN_IF_ERROR(ExpectAttempt(job, e.attempt));
  JobEdit edit(*this, *job, e.attempt.task.ordinal);
  EditAttempt(*job, *edit.Row().attempt, [&e, at](Attempt& attempt) {
    attempt.stop = e.reason;
    attempt.stop_by = e.by;
    attempt.stop_reason = e.text;
    attempt.stop_at = at;
  });
  return OkStatus();
}

Status Store::Do(const AttemptEnded& e, TimePoint at) {
  const std::uint32_t ordinal = e.attempt.task.ordinal;
  Job* job = MutableJob(e.attempt.task.job);
  BSUB_RETURN_IF_ERROR(ExpectAttempt(job, e.attempt));
  BSUB_RETURN_IF_ERROR(ExpectLastPart(*FindTask(*job, ordinal)->attempt, e.last_part));
  bool first_start = false;
  {
    JobEdit edit(*this, *job, ordinal);
    Task& task = edit.Row();
    if (ProvesStart(e.end.kind)) first_start = SetStarted(*job, task, ordinal);
    const AttemptNotice* notice = task.attempt->notice.get();
    const bool preempted = notice && notice->kind == NoticeKind::kPreempted;
    GivePlaces(*job->spec.settings, e.attempt, *task.attempt);
    ChargeShare(*job, *task.attempt, at);
    ArrayState* array = job->array.get();
    if (array) --(task.state == JobState::kStarting ? array->starting_count : array->running_count);
    // What was stopped, or lost its node, says nothing of how long it would have run.
    if (task.attempt->started_at.set() &&
        (e.end.kind == EndKind::kExited || e.end.kind == EndKind::kTimedOut))
      run_times_.Add(job->spec.settings->owner.uid, job->spec.settings->walltime,
                     at - task.attempt->started_at);
    task.attempt.reset();
    task.charged += e.charged;
    task.interruptions += e.interruption && !preempted;  // which no limit counts
    task.restarts = e.restarts ? task.restarts + 1 : 0;
    task.since = at;
    if (e.cost.generation != 0) task.saved_generation = e.cost.generation;
    task.last_end = std::make_unique<TaskEnd>(TaskEnd{e.end, at});
    task.front = e.then == AfterAttempt::kRetry;
    task.state = e.then == AfterAttempt::kRetry       ? JobState::kPending
                 : e.then == AfterAttempt::kSucceeded ? JobState::kSucceeded
                                                      : JobState::kFailed;
    if (array && e.then != AfterAttempt::kRetry) {
      const bool good = e.then == AfterAttempt::kSucceeded;
      (good ? array->succeeded : array->failed).set(ordinal);
      ++(good ? array->succeeded_count : array->failed_count);
      array->exit_codes.set(ordinal, good ? 0 : static_cast<std::uint8_t>(ShellExitCode(e.end)));
      edit.DropRowIfPlain();
    }
    FinishIfOver(*job, at);
  }
  NotifyWaiters(*job, ordinal, ordinal, first_start || job->Over());
  return OkStatus();
}

}  // namespace bsub::sched
