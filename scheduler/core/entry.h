// The journal's vocabulary: one struct per durable change. An entry holds the decision itself (ids, nodes,
// times), so that replay never decides anything. Scheduler::Apply gives each its meaning;
// docs/formats/journal.md its bytes.
//
// Rules: fields are only ever added, with a default that means what old journals meant. A new kind goes at
// the end.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "common/ids.h"
#include "common/time.h"
#include "jobs/definition.h"
#include "jobs/end.h"
#include "jobs/job_spec.h"
#include "scheduler/core/advance_reservation.h"
#include "scheduler/core/node.h"
#include "scheduler/core/placement_record.h"
#include "scheduler/core/queue.h"
#include "scheduler/core/refs.h"
#include "scheduler/core/task.h"

namespace bsub::sched {

// First entry of every journal.
struct ClusterCreated {
  std::string uuid;
  std::string default_queue;
};

struct QueueSet {
  Queue queue;  // as a whole: makes it or replaces it
  bool make_default = false;
  std::string by;
};
struct QueueDeleted {
  std::string name;
  std::string by;
};

struct DefinitionRegistered {
  JobDefinition definition;
  // To make room, the deregistered revisions of the same name go, but the first, which says whose the name
  // is.
  bool forgets_deregistered = false;
  // To make more room, so they do in these names (ascending); a name that has no other goes altogether.
  std::vector<std::string> forgets_in{};
};
struct DefinitionDeregistered {
  std::string name;
  std::int32_t revision = 0;
  std::string by;
};

struct JobSubmitted {
  JobId id;
  JobSpec spec;  // dependency names resolved to ids
  // Its begin time is to come although this entry is later: the machine's clock was behind the scheduler's.
  bool begins_later = false;
};
struct BeginTimeReached {
  JobId job;
};
struct HoldSet {
  TaskSelector target;
  bool held = false;
  std::string by;
  std::string reason;
  bool by_admin = false;  // then only an administrator lets it go
};
struct PrioritySet {
  JobId job;
  std::int32_t priority = 0;
  std::string by;
};

// Waiting tasks that end without running: cancelled, or a dependency can never be met.
struct TasksEnded {
  JobId job;
  std::vector<OrdinalRange> tasks;  // ascending, disjoint, all waiting
  End end;
};
// Finished tasks that go back to the queue at a person's wish.
struct TasksRequeued {
  JobId job;
  std::vector<OrdinalRange> tasks;
  std::string by;
};

// What an attempt on several nodes has on one that is not the main one.
struct PlacedPart {
  NodeId node;
  Incarnation incarnation;
  Resources allocated;
  std::vector<std::int32_t> gpu_indices;
  friend bool operator==(const PlacedPart&, const PlacedPart&) = default;
};
struct AttemptPlaced {
  AttemptRef attempt;
  NodeId node;
  Incarnation incarnation;
  Resources allocated;
  std::vector<std::int32_t> gpu_indices;
  std::vector<PlacedPart> others{};  // parts 1, 2, … of an attempt on several nodes; part 0 is the above
  // How all of them stand to each other; null: one node, or nobody knows.
  std::shared_ptr<const PlacementRecord> placement{};
};
// Of an attempt on several nodes: all of them have started.
struct AttemptStarted {
  AttemptRef attempt;
  std::int64_t pid = 0;
};
struct StopRequested {
  AttemptRef attempt;
  StopReason reason = StopReason::kCancel;
  std::string by;
  std::string text;
};
enum class AfterAttempt : std::uint8_t { kSucceeded, kRetry, kFailed };
// Of a program that may have saved, and nobody knows what.
inline constexpr Duration kUnknownWork{-1};
// What an interruption cost, as far as is known. Of other ends the generation alone.
struct Interruption {
  TimePoint notice_at;           // unset: there was none
  TimePoint saved_at;            // of this attempt's newest save that is known of; unset: none
  std::uint64_t generation = 0;  // that the next attempt, if there is one, goes on from; 0: not known
  Duration lost{};               // work of this attempt that must be done again; kUnknownWork
  friend bool operator==(const Interruption&, const Interruption&) = default;
};
struct AttemptEnded {
  AttemptRef attempt;
  End end;  // of the attempt
  Usage usage;
  AfterAttempt then = AfterAttempt::kFailed;
  bool charged = true;
  bool interruption = false;
  std::string why;  // of `then`
  NodeId node;      // for readers without state (the history)
  TimePoint placed_at;
  TimePoint started_at;
  // Of an attempt on several nodes: the part that was over last, which has no PartEnded of its own, and how.
  std::uint32_t last_part = 0;
  End last_end{};
  Interruption cost{};    // where `interruption` says so
  bool restarts = false;  // it asked to be started again without having got anywhere
};

struct NodeRegistered {
  NodeId node;
  Incarnation incarnation;
  NodeDescription description;
};
struct NodeContactLost {
  NodeId node;
  Incarnation incarnation;
  std::string reason;
};
struct NodeDied {
  NodeId node;
  Incarnation incarnation;
  std::string reason;
};
struct NodeDrainSet {
  NodeId node;
  bool drained = false;
  std::string by;
  std::string reason;
};
struct NodeRemoved {
  NodeId node;
  std::string by;
};

// Finished long ago; the core's rows go, the history keeps them.
struct JobsForgotten {
  std::vector<JobId> jobs;
};

// The state hash right before this entry. A replay that reaches another value is damage or a bug: it stops.
struct StateHashRecorded {
  std::uint64_t hash = 0;
};

// The journal lost its end: ids that were given out there are not in the state. All counters go up so far
// that none of them is given again.
struct CountersLifted {
  std::uint64_t next_job_id = 0;
  std::uint32_t next_node_id = 0;
  std::uint64_t next_incarnation = 0;
};

// Of an attempt on several nodes.
struct PartStarted {
  AttemptRef attempt;
  std::uint32_t part = 0;
  std::int64_t pid = 0;
};
// And others of its parts are not over yet.
struct PartEnded {
  AttemptRef attempt;
  std::uint32_t part = 0;
  End end;
  Usage usage;
  bool ends_gang = false;  // by this the attempt ends: the other parts are to stop
  bool node_fault = false;
  bool is_cause = false;  // by another's end it ends already, which followed from this one: this one counts
  KnownSave told{};       // of the main part's end: what is known of the attempt's saves
};

// The node is to be taken away at `ends_at`; unset: no longer.
struct NodeNoticeSet {
  NodeId node;
  TimePoint ends_at;
  NoticeKind kind = NoticeKind::kInterruption;
  std::string by;
  std::string reason;
};
// And one of the attempts there was told to save. What is left of it at `ends_at` is ended; unset: the node
// stays, and that is taken back.
struct AttemptNoticed {
  AttemptRef attempt;
  NodeId node;
  TimePoint ends_at;
  NoticeKind kind = NoticeKind::kInterruption;
  JobId preempted_for{};  // where the kind says so
};

// It was interrupted too often where it was. Its limit of interruptions was of that queue.
struct JobMoved {
  JobId job;
  std::string queue;
};

struct ReservationMade {
  AdvanceReservation reservation;
};
struct ReservationEnded {
  std::string name;
  std::string by;  // empty: its time is over
};

using EntryBody =
    std::variant<ClusterCreated, QueueSet, QueueDeleted, DefinitionRegistered, DefinitionDeregistered,
                 JobSubmitted, BeginTimeReached, HoldSet, PrioritySet, TasksEnded, TasksRequeued,
                 AttemptPlaced, AttemptStarted, StopRequested, AttemptEnded, NodeRegistered, NodeContactLost,
                 NodeDied, NodeDrainSet, NodeRemoved, JobsForgotten, StateHashRecorded, CountersLifted,
                 PartStarted, PartEnded, NodeNoticeSet, AttemptNoticed, JobMoved, ReservationMade,
                 ReservationEnded>;

struct JournalEntry {
  Sequence sequence;  // 1, 2, 3 … without gaps over all entries
  TimePoint at;       // never decreases
  EntryBody body;
};

std::string_view KindName(const EntryBody& body);  // "AttemptPlaced"

}  // namespace bsub::sched
