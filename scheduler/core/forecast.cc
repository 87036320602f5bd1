#include "scheduler/core/forecast.h"

#include <algorithm>

#include "jobs/text.h"
#include "jobs/units.h"
#include "scheduler/core/explain_calendar.h"
#include "scheduler/core/rehearsal.h"
#include "scheduler/core/reservation_name.h"
#include "scheduler/core/task_ranges.h"
#include "scheduler/core/waiting.h"

namespace bsub::sched {
namespace {

std::string ShellId(const Job& job, const std::string& id) { return job.array ? "'" + id + "'" : id; }

void OfStarted(const Job& job, const Task* task, Forecast& f) {
  const Duration walltime = job.spec.settings->walltime;
  if (IsOver(f.state)) {
    if (task && task->last_end) f.ends_at = task->last_end->at;
    f.text = "it is over";
    f.next_step = "see how it ended with `bsub-lite why " + ShellId(job, f.id) + "`";
    return;
  }
  f.starts_at = task->attempt->started_at;
  if (!f.starts_at.set()) {
    f.text = "it is being started now";
  } else if (walltime.count() == 0) {
    f.text = "it runs since " + FormatUtc(f.starts_at) + " and has no time limit";
  } else {
    f.ends_at = f.starts_at + walltime;
    f.text =
        "it runs since " + FormatUtc(f.starts_at) + " and ends at " + FormatUtc(f.ends_at) + " at the latest";
  }
}

// What a later start hangs on.
std::string Provided(const Job& job, TimePoint start) {
  const PlacementSpec placement = RequestOf(*job.spec.settings).placement;
  const bool gives_up =
      placement.mode == PlacementMode::kPreferred && start == WaitsSince(job) + placement.wait;
  return gives_up ? ", when it no longer waits for the placement that it prefers"
                  : ", if what runs uses all of its time";
}

// Nodes that would do and are not connected though nobody has given them up: at most for a lease.
std::size_t NotYetBack(const Store& store, const NodesRequest& request) {
  const auto& nodes = store.state().nodes;
  return static_cast<std::size_t>(std::count_if(nodes.begin(), nodes.end(), [&](const auto& entry) {
    const Node& node = entry.second;
    const bool takes_work = node.state == NodeState::kUp && !node.drained && !node.notice;
    return takes_work && !store.IsConnected(node.id) && request.each.Fits(node.description.total);
  }));
}

void NoStart(const Store& store, const Job& job, const Rehearsed& rehearsed, Forecast& f) {
  const std::size_t away = NotYetBack(store, RequestOf(*job.spec.settings));
  if (rehearsed.out_of_steps) {
    f.text = "there is no time at the latest: too many jobs wait to play them all forward";
  } else if (away > 0) {
    f.text = "that cannot be said yet: " + Count(away, "node that would do is", "nodes that would do are") +
             " not connected, as it is for a moment after a start of the scheduler";
    f.next_step = "ask again in a moment; `bsub-lite nodes` shows which are there";
  } else if (rehearsed.endless > 0) {
    f.text = "there is no time at the latest: it waits for tasks that have no time limit (-t), " +
             std::to_string(rehearsed.endless) + " in all";
  } else {
    f.text = "it cannot start on the nodes that take work now";
  }
}

void OfWaiting(const Store& store, const Job& job, std::uint32_t ordinal, TimePoint now,
               const ForecastLimits& limits, Forecast& f) {
  // What this says of a blocked task would be about another day.
  const bool open = job.array ? job.array->open.test(ordinal) : job.ready && !job.task.held;
  const auto queue = store.state().queues.find(job.spec.settings->queue);
  const bool closed = queue == store.state().queues.end() || !queue->second.dispatches;
  f.next_step = "see what keeps it with `bsub-lite why " + ShellId(job, f.id) + "`";
  const std::string& reservation = job.spec.settings->reservation;
  if (!reservation.empty() && store.state().reservations.count(reservation) == 0) {
    f.text = "it cannot start: its reservation " + std::string(NameForPeople(reservation)) +
             " is over or was deleted";
    return;
  }
  if (!job.begin_reached) {
    f.text = "not before " + FormatUtc(job.spec.begin_at);
    f.starts_at = job.spec.begin_at;
    return;
  }
  if (job.held || !open || closed) {
    f.text = "that cannot be said: it may not start yet, whatever is free";
    return;
  }
  f.in_line = true;
  std::uint32_t before = 1;
  if (job.array) before += job.array->open.CountBefore(ordinal);
  const Rehearsed rehearsed = Rehearse(store, job, before, now, {limits.max_steps, limits.keep});
  if (rehearsed.start) {
    const TimePoint start = f.starts_at = *rehearsed.start;
    const bool soon = start <= now;
    f.text = soon ? "it starts with the next scheduling cycle"
                  : "it starts by " + FormatUtc(start) + ", in " + FormatDuration(start - now) +
                        Provided(job, start);
    const JobSettings& settings = *job.spec.settings;
    const Closure* closure = soon ? nullptr : WhatCloses(store, RequestNow(job, now), settings.walltime, now);
    if (closure) f.text += "; " + Describe(*closure) + " is in its way";
    const Duration walltime = job.spec.settings->walltime;
    if (walltime.count() > 0) f.ends_at = start + walltime;
    if (soon) f.next_step.clear();
  } else {
    NoStart(store, job, rehearsed, f);
  }
}

// Of an array as a whole: the first child that waits, else one that runs.
std::uint32_t ChildToSpeakFor(const Job& job) {
  if (!job.array) return 0;
  if (const auto open = job.array->open.FirstSet()) return *open;
  if (const auto waiting = FirstTask(job, WaitingTasks)) return *waiting;
  return job.array->rows.empty() ? 0 : job.array->rows.begin()->first;
}

Forecast OfWholeArray(const Job& job) {
  Forecast f;
  f.id = std::to_string(job.id.value());
  f.state = StateOf(job);
  f.ends_at = job.finished_at;
  f.text = "all of its children are over";
  f.next_step = "see how they ended with `bsub-lite jobs --children " + f.id + "`";
  return f;
}

}  // namespace

Forecast ForecastOfWaiting(const Store& store, const Job& job, std::uint32_t ordinal, TimePoint now,
                           const ForecastLimits& limits) {
  Forecast f;
  f.id = DisplayId(job, ordinal);
  f.state = StateOf(job, ordinal);
  f.ordinal = ordinal;
  OfWaiting(store, job, ordinal, now, limits, f);
  return f;
}

Result<Forecast> MakeForecast(const Store& store, const TaskSelector& target, TimePoint now,
                              const ForecastLimits& limits) {
  const Job* job = store.state().FindJob(target.job);
  if (!job) return NotFound("job " + std::to_string(target.job.value()) + " does not exist");
  if (job->array && !target.ordinal && job->Over()) return OfWholeArray(*job);
  const std::uint32_t ordinal = target.ordinal.value_or(ChildToSpeakFor(*job));
  if (ordinal >= job->size())
    return NotFound("job " + std::to_string(target.job.value()) + " has no such child");
  const JobState state = StateOf(*job, ordinal);
  if (IsWaiting(state)) return ForecastOfWaiting(store, *job, ordinal, now, limits);
  Forecast f;
  f.id = DisplayId(*job, ordinal);
  f.state = state;
  OfStarted(*job, FindTask(*job, ordinal), f);
  return f;
}

}  // namespace bsub::sched
