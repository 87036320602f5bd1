#include "scheduler/core/timeline.h"

#include <algorithm>

namespace bsub::sched {

std::size_t Timeline::StepOf(TimePoint at) const {
  const auto behind = std::upper_bound(steps_.begin() + 1, steps_.end(), at,
                                       [](TimePoint t, const Step& step) { return t < step.at; });
  return static_cast<std::size_t>(behind - steps_.begin()) - 1;
}

std::size_t Timeline::StepAt(TimePoint at) {
  if (at == TimePoint::Max()) return steps_.size();
  const std::size_t in = StepOf(at);
  if (at <= steps_[in].at) return in;
  steps_.insert(steps_.begin() + static_cast<std::ptrdiff_t>(in) + 1, Step{at, steps_[in].free});
  return in + 1;
}

void Timeline::Take(TimePoint from, TimePoint to, const Resources& r) {
  if (to <= from || to <= steps_.front().at) return;
  const std::size_t first = StepAt(from), last = StepAt(to);
  for (std::size_t i = first; i < last; ++i) steps_[i].free -= r;
}

void Timeline::Give(TimePoint from, TimePoint to, const Resources& r) {
  Take(from, to, {-r.cpu_milli, -r.mem_bytes, -r.gpus});
}

TimePoint Timeline::EarliestFit(const Resources& request, Duration length, TimePoint from) const {
  TimePoint begin = std::max(from, steps_.front().at);
  for (std::size_t i = StepOf(begin);;) {
    // The first step in which it fits, and from there on until it has lasted long enough.
    while (i < steps_.size() && !request.Fits(steps_[i].free)) ++i;
    if (i == steps_.size()) return TimePoint::Max();
    begin = std::max(begin, steps_[i].at);
    const bool for_ever = length.count() <= 0 || length >= TimePoint::Max() - begin;
    const TimePoint end = for_ever ? TimePoint::Max() : begin + length;
    while (i < steps_.size() && steps_[i].at < end && request.Fits(steps_[i].free)) ++i;
    if (i == steps_.size() || steps_[i].at >= end) return begin;
  }
}

bool Timeline::Fits(const Resources& request, TimePoint from, TimePoint to) const {
  for (std::size_t i = StepOf(from); i < steps_.size() && steps_[i].at < to; ++i) {
    if (!request.Fits(steps_[i].free)) return false;
  }
  return true;
}

Resources Timeline::LeastFrom(TimePoint from) const {
  Resources least = steps_[StepOf(from)].free;
  for (std::size_t i = StepOf(from) + 1; i < steps_.size(); ++i) {
    const Resources& free = steps_[i].free;
    least = {std::min(least.cpu_milli, free.cpu_milli), std::min(least.mem_bytes, free.mem_bytes),
             std::min(least.gpus, free.gpus)};
  }
  return least;
}

}  // namespace bsub::sched
