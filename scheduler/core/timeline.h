// What is free of one node from now on: a step function of time.
#pragma once

#include <cstddef>
#include <vector>

#include "common/time.h"
#include "jobs/resources.h"

namespace bsub::sched {

class Timeline {
 public:
  // So much is free from `now` on, for ever.
  Timeline(TimePoint now, const Resources& free) : steps_{{now, free}} {}

  // Within [from, to) so much less is free, or so much more. What lies before now does not count; `to` may be
  // TimePoint::Max(): for ever. What is free may become less than nothing: then nothing fits there.
  void Take(TimePoint from, TimePoint to, const Resources& r);
  void Give(TimePoint from, TimePoint to, const Resources& r);

  // The first moment, not before `from`, from which the request fits for so long; zero: for ever. Max: never.
  TimePoint EarliestFit(const Resources& request, Duration length, TimePoint from) const;
  bool Fits(const Resources& request, TimePoint from, TimePoint to) const;
  // The least that is free of each resource, at `from` or later.
  Resources LeastFrom(TimePoint from) const;

 private:
  struct Step {
    TimePoint at;
    Resources free;
  };
  // The step that begins at `at`, made if there is none.
  std::size_t StepAt(TimePoint at);
  std::size_t StepOf(TimePoint at) const;  // the one that `at` lies in

  std::vector<Step> steps_;  // ascending; the last one lasts for ever
};

}  // namespace bsub::sched
