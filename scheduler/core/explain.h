// Why a task does not run: every reason, in plain words, with evidence and a next step.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/time.h"
#include "jobs/state.h"
#include "scheduler/core/refs.h"

namespace bsub::sched {

enum class ReasonCode : std::uint8_t {
  kDependency,       // waits for other jobs
  kNeverDependency,  // they can never satisfy it (and the user asked to keep it)
  kBeginTime,
  kHeld,
  kQueueInactive,  // the queue does not dispatch
  kQueueLimit,
  kUserLimit,
  kShareLimit,
  kArrayConcurrency,
  kNoNodes,           // none registered
  kNeverFits,         // no node that exists could ever run it
  kResources,         // would fit, when enough of what runs has ended
  kPosition,          // others are served before it
  kNodesUnavailable,  // nodes that would do are drained or out of contact
  kPlacement,         // enough have room, but do not stand to each other as it asks
  kMaintenance,       // would still be there when nodes close for maintenance
  kReservation,       // the same of an advance reservation; or its own has not begun, or is over
  kStarting,
  kContactLost,
  kRunning,
  kOver,
};
std::string_view ToString(ReasonCode code);  // "dependency"

struct Reason {
  ReasonCode code = ReasonCode::kPosition;
  std::string text;                   // one sentence with numbers
  std::string next_step;              // what a person can do; may be empty
  std::vector<std::string> evidence;  // one line each: per node, per unmet condition
};
void AddEvidence(Reason& reason, std::string line);  // as long as there are not too many

struct Explanation {
  TaskRef task;
  std::string id;  // "12" or "12[17]"
  JobState state = JobState::kSubmitted;
  bool held = false;
  std::vector<Reason> reasons;
  // Of an array as a whole: the first waiting child is explained, this many wait in all.
  std::uint32_t waiting_children = 0;
};

}  // namespace bsub::sched
