// A task and its live attempt: the part of a job that changes while it runs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/time.h"
#include "jobs/end.h"
#include "jobs/resources.h"
#include "jobs/state.h"

namespace bsub::sched {

// Why a running attempt was told to stop.
enum class StopReason : std::uint8_t { kNone, kCancel, kRequeue, kDuplicate };

struct Attempt {
  std::uint32_t number = 0;
  NodeId node;
  Incarnation incarnation;  // of the node when the attempt was placed
  Resources allocated;
  std::vector<std::int32_t> gpu_indices;
  TimePoint placed_at;
  TimePoint started_at;  // unset while STARTING
  StopReason stop = StopReason::kNone;
  std::string stop_by;
  std::string stop_reason;
  TimePoint stop_at;
};

struct TaskEnd {
  End end;
  TimePoint at;
};

struct Task {
  // kPending for every waiting task: whether it is RUNNABLE follows from its dependencies (StateOf, state.h).
  JobState state = JobState::kPending;
  bool held = false;                  // this child alone; a whole job is held by Job::held
  bool admin_hold = false;            // and an administrator did that
  bool front = false;                 // retried: goes before its equals
  bool started = false;               // has ever run
  std::uint32_t attempts = 0;         // numbers given out
  std::uint32_t charged = 0;          // of these, charged to the retry limit
  std::uint32_t interruptions = 0;    // attempts ended by a lost node
  TimePoint since;                    // of the present state
  std::unique_ptr<Attempt> attempt;   // while STARTING or RUNNING
  std::unique_ptr<TaskEnd> last_end;  // of the newest attempt, or of the task itself
};

}  // namespace bsub::sched
