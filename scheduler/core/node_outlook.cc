#include "scheduler/core/node_outlook.h"

namespace bsub::sched {

template <typename Look>
void NodeOutlook::Walk(Look look) const {
  auto limited = tasks_.limited().begin(), endless = tasks_.endless().begin();
  while (limited != tasks_.limited().end() || endless != tasks_.endless().end()) {
    const TimePoint limit =
        limited == tasks_.limited().end() ? TimePoint::Max() : ExpectedEnd(*limited, now_, shortest_guess_);
    const TimePoint guess =
        endless == tasks_.endless().end() ? TimePoint::Max() : ExpectedEnd(*endless, now_, shortest_guess_);
    const bool by_limit =
        endless == tasks_.endless().end() || (limited != tasks_.limited().end() && limit <= guess);
    const LiveTask& task = by_limit ? *limited++ : *endless++;
    if (!look(by_limit ? limit : guess, task.allocated)) return;
  }
}

TimePoint NodeOutlook::FitsAt(const Resources& request) const {
  Resources free = free_;
  TimePoint fits = now_;
  if (request.Fits(free)) return fits;
  Walk([&](TimePoint end, const Resources& allocated) {
    free += allocated;
    fits = end;
    return !request.Fits(free);
  });
  return fits;
}

Resources NodeOutlook::FreeAt(TimePoint t) const {
  Resources free = free_;
  Walk([&](TimePoint end, const Resources& allocated) {
    if (end > t) return false;
    free += allocated;
    return true;
  });
  return free;
}

}  // namespace bsub::sched
