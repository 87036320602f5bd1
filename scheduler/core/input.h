// Everything that can happen to the queue manager. Input::at is the only "now" that the core goes by.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/ids.h"
#include "common/time.h"
#include "jobs/array_spec.h"
#include "jobs/authority.h"
#include "jobs/definition.h"
#include "jobs/end.h"
#include "jobs/job_spec.h"
#include "jobs/principal.h"
#include "scheduler/core/calendar.h"
#include "scheduler/core/node.h"
#include "scheduler/core/queue.h"
#include "scheduler/core/refs.h"

namespace bsub::sched {

// Whom to answer; made by the adapter, opaque here. 0: nobody waits.
using ReplyTo = Id<struct ReplyTag>;
// One connection of a node; made by the adapter, opaque here, never reused.
using StreamId = Id<struct StreamTag>;

// The first input of a process's life: after replay, or with an empty state (then the cluster is made).
struct Started {
  std::string cluster_uuid_if_new;
  // Not 0: the journal has lost its end, with at most so many ids given out in it.
  std::uint64_t lift_counters_by = 0;
};

struct Submit {
  ReplyTo reply;
  Principal who;
  JobSpec spec;  // settings->owner is overwritten by `who`: nobody submits for another
  // Not empty: why no new job can be taken now. One that was taken is still found by its token.
  std::string no_room{};
};

// Cancel, hold, release, requeue, priority: the same shape.
enum class ControlAction : std::uint8_t { kCancel, kHold, kRelease, kRequeue, kSetPriority };
struct Control {
  ReplyTo reply;
  Principal who;
  ControlAction action = ControlAction::kCancel;
  std::vector<JobTarget> targets;
  std::string reason;
  std::int32_t priority = 0;
  // The caller has said it before and heard no answer: what is already so is no error.
  bool again = false;
};

struct SetQueue {
  ReplyTo reply;
  Principal who;
  Queue queue;
  bool must_be_new = false;
  bool make_default = false;
};
struct DeleteQueue {
  ReplyTo reply;
  Principal who;
  std::string name;
};

struct RegisterDefinition {
  ReplyTo reply;
  Principal who;
  JobDefinition definition;  // revision is given by the core
};
struct DeregisterDefinition {
  ReplyTo reply;
  Principal who;
  std::string name;
  std::int32_t revision = 0;
};

enum class NodeAction : std::uint8_t {
  kDrain,  // with a deadline: and what runs there is to save and go on elsewhere by then
  kResume,
  kDeclareDead,
  kRemove,
  // Drills, on a node that is connected.
  kNotice,     // as if it were to be taken away after `deadline`
  kKill,       // as if it lost power: all of its processes are killed
  kPartition,  // it is cut off for `deadline`
};
struct SetNode {
  ReplyTo reply;
  Principal who;
  NodeAction action = NodeAction::kDrain;
  std::string name;
  std::string reason;
  std::optional<Duration> deadline{};  // from now on
};

// A task the node has: still running, or ended and not yet acknowledged.
struct NodeTask {
  AttemptRef attempt;
  bool started = false;
  std::int64_t pid = 0;
  bool ended = false;
  End end;
  Usage usage;
  bool node_fault = false;  // see TaskEnded
  SavedWork saved{};
  bool stopped = false;  // see TaskEnded
};
struct NodeHello {
  StreamId stream;
  NodeDescription description;
  std::vector<NodeTask> tasks;  // all of them: what is missing here is known to be dead
  // The newest incarnation that the node was granted or told of; none yet: 0. A Hello that names an older one
  // than the node has now was overtaken on its way by a later registration: its list is out of date, and it
  // is refused. Unset: a node that does not say it.
  std::optional<Incarnation> last{};
  // Of a node that kills on lease loss: how long after the lease's end its tasks may still run. Unset: it
  // does not say it.
  std::optional<Duration> lease_grace{};
};
struct NodeStreamClosed {
  StreamId stream;
  std::string reason;
};
// A node says that its machine is to be taken away: its provider told it, or it was told to end.
struct NodeNoticed {
  NodeId node;
  Incarnation incarnation;
  Duration remaining{};
  std::string reason;
  bool recommended = false;  // it is only likely; what runs there is to save and runs on
};
// Said once more whenever it has saved.
struct TaskStarted {
  NodeId node;
  Incarnation incarnation;
  AttemptRef attempt;
  std::int64_t pid = 0;
  SavedWork saved{};
};
struct TaskEnded {
  NodeId node;
  Incarnation incarnation;
  AttemptRef attempt;
  End end;
  Usage usage;
  bool node_fault = false;  // it never started for want of something of the node's, e.g. room on its disk
  SavedWork saved{};
  bool stopped = false;  // it had been told to stop: a KILL may have come from that
};

// `count` nodes, or those of `nodes`, for the jobs of `users` that name it; of no users: of whoever asks.
struct CreateReservation {
  ReplyTo reply;
  Principal who;
  std::string name;
  TimePoint from;  // what of it is over already does not count
  Duration length{};
  std::uint32_t count = 0;
  std::vector<std::string> nodes{};
  std::vector<std::string> users{};
};
struct DeleteReservation {
  ReplyTo reply;
  Principal who;
  std::string name;
};

// When nodes are closed for maintenance, from now on: all there is. It is no durable state: a new process is
// told before it starts anything.
struct MaintenanceSet {
  std::vector<NodesClosed> windows;
};

// Time has passed: begin times, leases, retention.
struct Tick {};
// Start what can start; at most `max_placements` (a bound on the work, so that the core thread stays
// responsive).
struct RunCycle {
  std::uint32_t max_placements = 1000;
};
// The daemon is about to close a segment.
struct RecordStateHash {};

using InputBody =
    std::variant<Started, Submit, Control, SetQueue, DeleteQueue, RegisterDefinition, DeregisterDefinition,
                 SetNode, NodeHello, NodeStreamClosed, NodeNoticed, TaskStarted, TaskEnded, Tick, RunCycle,
                 RecordStateHash, MaintenanceSet, CreateReservation, DeleteReservation>;

struct Input {
  TimePoint at;
  InputBody body;
  // What the machine's clock says, which people set and which may jump. Begin times alone are compared with
  // it. Unset: the same as `at`.
  TimePoint wall{};
};

}  // namespace bsub::sched
