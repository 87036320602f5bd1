// When will a task start? The scheduling cycle is played forward: what runs ends at its time limit, what
// waits starts in the order it is served, and nothing new comes. It tends to be late, since most tasks need
// less than their limit.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/result.h"
#include "scheduler/core/settings.h"
#include "scheduler/core/store.h"

namespace bsub::sched {

class StartStudy;  // start_study.h

struct Forecast {
  std::string id;  // "12" or "12[17]"
  JobState state = JobState::kSubmitted;
  TimePoint starts_at;  // unset: cannot be said
  TimePoint ends_at;    // unset: cannot be said
  std::string text;     // one sentence
  std::string next_step;
  // Of a task that waits for nothing but its turn and room: may be played forward with run times as they
  // were, on any thread. Null: there is nothing to play. Scheduler::ForecastOf and TrySubmit add it.
  std::shared_ptr<const StartStudy> study{};
  bool in_line = false;       // such a task
  std::uint32_t ordinal = 0;  // which of the job's tasks this is about
};

struct ForecastLimits {
  std::uint32_t max_steps = 0;  // as RehearsalLimits; beyond it there is no forecast, and it says so
  KeepLimits keep;              // as the cycle has them
};

// Of an array as a whole: of the first child that waits.
Result<Forecast> MakeForecast(const Store& store, const TaskSelector& target, TimePoint now,
                              const ForecastLimits& limits);

// Of one waiting task, whose job need not be among those of the state (trial.h).
Forecast ForecastOfWaiting(const Store& store, const Job& job, std::uint32_t ordinal, TimePoint now,
                           const ForecastLimits& limits);

}  // namespace bsub::sched
