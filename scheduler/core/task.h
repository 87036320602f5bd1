// A task and its live attempt: the part of a job that changes while it runs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/time.h"
#include "jobs/end.h"
#include "jobs/job_spec.h"
#include "jobs/resources.h"
#include "jobs/state.h"
#include "scheduler/core/node.h"
#include "scheduler/core/placement_record.h"
#include "scheduler/core/tasks_by_end.h"

namespace bsub::sched {

// Why a running attempt was told to stop.
enum class StopReason : std::uint8_t {
  kNone,
  kCancel,
  kRequeue,
  kDuplicate,
  kGangEnds,  // another part has ended the attempt; never in the journal
  kNotice,    // its node is taken away, and its time to save is over
};

// What an attempt on several nodes has on one of them. Its index is its place in Gang::parts; no two are on
// one node.
struct Part {
  NodeId node;
  Incarnation incarnation;  // of the node when the attempt was placed
  Resources allocated;
  std::vector<std::int32_t> gpu_indices;
  bool started = false;
  bool over = false;  // known to run no more; what it had of the node is given back
};

// What is known of an attempt's saves.
struct KnownSave {
  std::uint64_t generation = 0;  // that the next attempt would go on from; 0: none
  TimePoint work_from;           // work since then is in no save; unset: nothing is known
  TimePoint saved_at;            // when it was committed; unset: this attempt has committed none
  bool not_saved = false;        // for the notice for which it ended
  TimePoint work_until;          // the program has ended since, other parts of the attempt have not
  friend bool operator==(const KnownSave&, const KnownSave&) = default;
};

// Of an attempt on several nodes. It is over when all of its parts are.
struct Gang {
  std::vector<Part> parts;
  // The part by whose end the attempt ends; the others are stopped then. `end` of kind kNone: none has.
  std::uint32_t ending_part = 0;
  End ending;
  std::int64_t ending_elapsed_us = 0;                // of that part; 0: not known. Not in the state's hash
  bool node_fault = false;                           // `ending` is for want of something of that part's node
  Usage usage;                                       // of the parts that are over
  KnownSave told;                                    // by the main part, once that is over
  std::shared_ptr<const PlacementRecord> placement;  // null: not known
  std::uint32_t live() const;
  bool all_started() const;
  bool ends() const { return ending.kind != EndKind::kNone; }
};

// That one of its nodes is to be taken away, or that it is to make room. The program was told to save.
struct AttemptNotice {
  NodeId node;        // the one whose notice ends first
  TimePoint at;       // when the attempt heard of the first
  TimePoint ends_at;  // what is left of it then is ended
  NoticeKind kind = NoticeKind::kInterruption;
  JobId preempted_for{};  // where the kind says so
};

struct Attempt {
  std::uint32_t number = 0;
  NodeId node;              // of a gang, in this and the next three: the main part
  Incarnation incarnation;  // of the node when the attempt was placed
  Resources allocated;
  std::vector<std::int32_t> gpu_indices;
  TimePoint placed_at;
  TimePoint started_at;  // unset while STARTING
  StopReason stop = StopReason::kNone;
  std::string stop_by;
  std::string stop_reason;
  TimePoint stop_at;
  std::unique_ptr<Gang> gang;             // null: it runs on one node
  std::unique_ptr<AttemptNotice> notice;  // null: none of its nodes is to be taken away

  // Scratch: it is in no journal and no snapshot (Store::NoteSave). A node says it again when it connects, as
  // long as its part is not over.
  KnownSave last_save;

  const KnownSave& known_save() const;

  Attempt() = default;
  Attempt(const Attempt& other);
  Attempt& operator=(const Attempt&) = delete;
};

// Ends that only a process can have: what ended so has run, whether its start was reported or not.
bool ProvesStart(EndKind kind);
// CPU and transfers add up; of elapsed time and memory the most that one part took.
void AddUsage(const Usage& more, Usage& sum);

// CPUs of all parts, over or not: an attempt counts and is charged as a whole.
std::int64_t CpuOf(const Attempt& attempt);

// Why what is left of a live attempt is to stop; kNone: it is not.
StopReason WantedStop(const Attempt& attempt);

// The part on this node that is not known to be over; null: none.
const Part* PartOn(const Attempt& attempt, NodeId node);
// What the attempt has of this node, on which it is.
const Resources& AllocatedOn(const Attempt& attempt, NodeId node);
// What it has on one node, by what the job asked for, as those see it who wait for its end.
LiveTask LiveTaskOf(const JobSettings& settings, const Attempt& attempt, const Resources& allocated);

// use(node, incarnation, allocated, gpu_indices) for each place where the attempt may still run.
template <typename Use>
void ForEachPlace(const Attempt& attempt, Use use) {
  if (!attempt.gang) return use(attempt.node, attempt.incarnation, attempt.allocated, attempt.gpu_indices);
  for (const Part& part : attempt.gang->parts) {
    if (!part.over) use(part.node, part.incarnation, part.allocated, part.gpu_indices);
  }
}

// use(node, over) for each part, in their order; of an attempt on one node once.
template <typename Use>
void ForEachPart(const Attempt& attempt, Use use) {
  if (!attempt.gang) return use(attempt.node, false);
  for (const Part& part : attempt.gang->parts) use(part.node, part.over);
}

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
  std::uint32_t interruptions = 0;    // attempts ended by a notice or a lost node
  std::uint32_t restarts = 0;         // at its own wish, one after another, none of which got anywhere
  TimePoint since;                    // of the present state
  std::unique_ptr<Attempt> attempt;   // while STARTING or RUNNING
  std::unique_ptr<TaskEnd> last_end;  // of the newest attempt, or of the task itself
  // Newest save that an attempt is known to have left; 0: none. Not in the state's hash.
  std::uint64_t saved_generation = 0;
};

}  // namespace bsub::sched
