// The durable state of the queue manager: what the journal describes, snapshots save and the state hash
// covers. Changed only by Scheduler::Apply. What can be computed from it lives in Store (store.h), or here
// beside it, marked as derived.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/id_map.h"
#include "common/ids.h"
#include "common/time.h"
#include "jobs/definition.h"
#include "jobs/job_spec.h"
#include "scheduler/core/advance_reservation.h"
#include "scheduler/core/array_state.h"
#include "scheduler/core/node.h"
#include "scheduler/core/queue.h"
#include "scheduler/core/refs.h"
#include "scheduler/core/task.h"

namespace bsub::sched {

struct WaitingClass;  // waiting.h

struct Job {
  JobId id;
  JobSpec spec;               // dependency targets are resolved ids
  std::int32_t priority = 0;  // starts as spec.settings->priority
  bool held = false;          // whole job
  bool admin_hold = false;    // and an administrator did that
  bool begin_reached = true;  // spec.begin_at has passed
  TimePoint submitted_at;
  TimePoint finished_at;              // unset until over
  Task task;                          // a plain job's; unused for an array
  std::unique_ptr<ArrayState> array;  // null for a plain job

  // Derived, never saved.
  bool ready = false;                     // a plain job's: waiting, and dependencies met
  WaitingClass* waiting_class = nullptr;  // where it waits for a node, if it does
  bool waits_in_front = false;            // its rank there
  mutable bool hash_is_stale = false;     // it has changed since it was hashed
  mutable std::uint64_t hash = 0;         // its part of the state's, a cache (job_hashes.h)

  std::uint32_t size() const { return array ? array->size() : 1; }
  bool Over() const { return array ? array->Over() : IsOver(task.state); }
};

// AWS Batch's statusSummary: how many children are in each state.
using StatusSummary = std::array<std::uint32_t, kJobStateCount>;
StatusSummary Summarise(const Job& job);

// A plain job's state; an array's as AWS Batch derives it: PENDING until all children are over, then
// SUCCEEDED or, if any failed, FAILED.
JobState StateOf(const Job& job);

// The state of one task. `ordinal` < job.size().
JobState StateOf(const Job& job, std::uint32_t ordinal);

// The task's own row, or null where a child is only a bit.
const Task* FindTask(const Job& job, std::uint32_t ordinal);

// A child that failed while it waited: it is only a bit, and why it ended is in the journal alone.
bool NeverRan(const Job& job, std::uint32_t ordinal);

// How many attempt numbers the task has used up.
std::uint32_t AttemptsGiven(const Job& job, std::uint32_t ordinal);

// The index users see, of a child.
std::optional<std::uint32_t> IndexOf(const Job& job, std::uint32_t ordinal);

// "12" or "12[17]".
std::string DisplayId(const Job& job, std::uint32_t ordinal);

// Of one name, when `uid` needs room: may it go altogether? Only its owner's, and only if nobody can submit
// with it any more. Of others, and of those in use, the first revision says whose the name is, and the last
// how far its numbers went.
bool GoesWith(const std::vector<JobDefinition>& revisions, std::optional<std::uint32_t> uid);

struct State {
  std::string cluster_uuid;  // 36 characters, RFC 4122
  Sequence last_sequence;    // of the newest applied entry
  TimePoint last_at;
  std::uint64_t next_job_id = 1;
  std::uint32_t next_node_id = 1;
  std::uint64_t next_incarnation = 1;

  IdMap<JobId, Job> jobs;
  std::map<std::string, Queue> queues;
  std::string default_queue;
  std::map<std::string, std::vector<JobDefinition>> definitions;  // by name, ascending revision
  std::map<NodeId, Node> nodes;
  ShareUses shares;  // of queues that go by shares
  std::map<std::string, AdvanceReservation> reservations;

  const Job* FindJob(JobId id) const { return jobs.Find(id); }
  const Node* FindNode(std::string_view name) const;
};

// "#7" of a node that was removed.
std::string NameOfNode(const State& state, NodeId node);

}  // namespace bsub::sched
