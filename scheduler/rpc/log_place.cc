#include "scheduler/rpc/log_place.h"

#include "jobs/state.h"

namespace bsub::rpc {

LogPlace PlaceInCore(const sched::State& state, const sched::Job& job, std::uint32_t ordinal,
                     std::uint32_t attempt, std::uint32_t least) {
  const sched::Task* task = sched::FindTask(job, ordinal);
  LogPlace place;
  place.id = sched::DisplayId(job, ordinal);
  place.attempt = {{job.id, ordinal}, attempt};
  place.seen = state.last_sequence;
  place.over = IsOver(sched::StateOf(job, ordinal));
  place.least = least;
  if (!task || !task->attempt) {
    const std::uint32_t given = sched::AttemptsGiven(job, ordinal);
    place.waiting = !place.over && (given == 0 || given < least);
    place.last_shown = place.over && given != 0 && given < least;
    return place;
  }
  if (attempt != 0 && attempt != task->attempt->number) return place;
  // Its output has come to its end, but its end has not come here.
  place.waiting = task->attempt->number < least;
  if (least != 0 && task->attempt->number != least) return place;
  place.live = true;
  place.attempt.number = task->attempt->number;
  place.node = task->attempt->node;
  place.node_name = sched::NameOfNode(state, place.node);
  return place;
}

const PastAttempt* ChooseAttempt(const std::vector<PastAttempt>& attempts, const LogPlace& place) {
  const PastAttempt* newest = nullptr;
  for (const PastAttempt& attempt : attempts) {
    const std::uint32_t number = attempt.ended.attempt.number;
    if (place.least > 0 && number >= place.least) return &attempt;
    if (place.attempt.number == 0 || number == place.attempt.number) newest = &attempt;
  }
  return place.least > 0 ? nullptr : newest;
}

}  // namespace bsub::rpc
