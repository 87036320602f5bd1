// The policies of published simulators, by the settings of a queue and by what they take for the run time.
#pragma once

#include <string_view>
#include <vector>

#include "common/result.h"
#include "scheduler/core/queue.h"

namespace bsub::sim {

struct ReplayPolicy {
  std::string_view name;  // of --policy
  sched::QueueOrder order = sched::QueueOrder::kPriority;
  sched::Backfill backfill = sched::Backfill::kNone;
  Duration overdue_after{};                             // of the queue; zero: never, as published
  Duration favour_short = sched::Queue{}.favour_short;  // of the queue; order balanced alone goes by it
  bool perfect = false;                                 // time limits are the real run times
  bool event_only =
      false;  // always with a pass after every event, and nothing is off the machine before its end
  std::string_view summary;  // for --help
};

const std::vector<ReplayPolicy>& ReplayPolicies();
// InvalidArgument names them all.
Result<ReplayPolicy> FindReplayPolicy(std::string_view name);

}  // namespace bsub::sim
