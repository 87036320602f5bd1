#include "scheduler/core/task.h"

#include <algorithm>

namespace bsub::sched {

std::uint32_t Gang::live() const {
  return static_cast<std::uint32_t>(
      std::count_if(parts.begin(), parts.end(), [](const Part& part) { return !part.over; }));
}

bool Gang::all_started() const {
  return std::all_of(parts.begin(), parts.end(), [](const Part& part) { return part.started; });
}

Attempt::Attempt(const Attempt& other)
    : number(other.number),
      node(other.node),
      incarnation(other.incarnation),
      allocated(other.allocated),
      gpu_indices(other.gpu_indices),
      placed_at(other.placed_at),
      started_at(other.started_at),
      stop(other.stop),
      stop_by(other.stop_by),
      stop_reason(other.stop_reason),
      stop_at(other.stop_at),
      gang(other.gang ? std::make_unique<Gang>(*other.gang) : nullptr),
      notice(other.notice ? std::make_unique<AttemptNotice>(*other.notice) : nullptr),
      last_save(other.last_save) {}

const KnownSave& Attempt::known_save() const {
  return gang && gang->parts[kMainPart].over ? gang->told : last_save;
}

std::int64_t CpuOf(const Attempt& attempt) {
  if (!attempt.gang) return attempt.allocated.cpu_milli;
  std::int64_t cpu = 0;
  for (const Part& part : attempt.gang->parts) cpu += part.allocated.cpu_milli;
  return cpu;
}

StopReason WantedStop(const Attempt& attempt) {
  if (attempt.stop != StopReason::kNone) return attempt.stop;
  return attempt.gang && attempt.gang->ends() ? StopReason::kGangEnds : StopReason::kNone;
}

const Part* PartOn(const Attempt& attempt, NodeId node) {
  if (!attempt.gang) return nullptr;
  const auto it = std::find_if(attempt.gang->parts.begin(), attempt.gang->parts.end(),
                               [node](const Part& part) { return part.node == node && !part.over; });
  return it == attempt.gang->parts.end() ? nullptr : &*it;
}

const Resources& AllocatedOn(const Attempt& attempt, NodeId node) {
  const Part* part = PartOn(attempt, node);
  return part ? part->allocated : attempt.allocated;
}

LiveTask LiveTaskOf(const JobSettings& settings, const Attempt& attempt, const Resources& allocated) {
  LiveTask task;
  task.began = attempt.started_at.set() ? attempt.started_at : attempt.placed_at;
  task.allocated = allocated;
  if (attempt.stop != StopReason::kNone) {
    task.ends = attempt.stop_at + settings.stop_grace;
  } else if (settings.walltime.count() > 0) {
    task.ends = task.began + settings.walltime;
  }
  if (attempt.notice && (!task.ends.set() || attempt.notice->ends_at < task.ends))
    task.ends = attempt.notice->ends_at;
  return task;
}

}  // namespace bsub::sched
