// One call of Scheduler::Handle: where decisions record what they decided and say what to send.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>

#include "scheduler/core/entry.h"
#include "scheduler/core/futile_requests.h"
#include "scheduler/core/input.h"
#include "scheduler/core/interruption_rate.h"
#include "scheduler/core/message.h"
#include "scheduler/core/preemption.h"
#include "scheduler/core/scheduler.h"
#include "scheduler/core/settings.h"
#include "scheduler/core/store.h"

namespace bsub::sched {

// Connections of nodes: scratch, gone with the process. A node that is not connected has a lease that runs
// out.
struct Links {
  struct Stream {
    NodeId node;
    Incarnation incarnation;
  };
  std::map<StreamId, Stream> streams;
  std::map<NodeId, StreamId> of_node;      // connected nodes
  std::map<NodeId, TimePoint> lease_ends;  // of nodes that are not connected and not down
  std::map<NodeId, TimePoint> rest_ends;   // of nodes that could not start a task (Store::RestingFor)
  // Attempts with a notice: when something is due for them, see decide_notices.cc.
  std::map<AttemptRef, TimePoint> notice_steps;
  TimePoint forget_not_before;              // when finished jobs are looked through again
  std::pair<TimePoint, JobId> forget_from;  // and from which one on
  // When the first of those that the last cycle left waiting for what they prefer takes what there is.
  TimePoint preference_ends = TimePoint::Max();
  // When the first of those whose start is planned (queue_plan.h) is to start.
  TimePoint next_planned_start = TimePoint::Max();
  // Of nodes that their provider may take away, and of others; and those that have been there.
  InterruptionRate interruptible, lasting;
  std::set<NodeId> met;
  bool forgets_early = false;  // for want of room, and there is still not enough
  FutileRequests futile;       // of the cycles
  // For what no room can be made, by queue: walks through all tasks, forgotten as the others are.
  std::map<std::string, FutileRequests> no_room_made;
};

class Turn {
 public:
  Turn(const Settings& the_settings, Store& the_store, Links& the_links, const Input& input, Outcome& outcome)
      : settings(the_settings),
        store(the_store),
        links(the_links),
        at(input.at),
        wall(input.wall.set() ? input.wall : input.at),
        outcome_(outcome) {}

  const Settings& settings;
  Store& store;
  Links& links;
  const TimePoint at;
  const TimePoint wall;  // for begin times; may go back

  const State& state() const { return store.state(); }
  // Makes it so: appends the entry and applies it. A decision that does not follow from the state is our bug.
  template <typename Body>
  void Record(Body&& body) {
    // Made where it stays: a body has a dozen fields to move.
    JournalEntry& entry = outcome_.entries.emplace_back();
    entry.body.emplace<std::decay_t<Body>>(std::forward<Body>(body));
    ApplyNewest();
  }
  template <typename Body>
  void Send(Body&& message) {
    outcome_.messages.emplace_back(std::forward<Body>(message));
  }
  void Answer(ReplyTo to, Result<ReplyBody> body);
  PreemptionBudget preemption;  // of a cycle

  // Something may be able to start now.
  void WantCycle() { outcome_.cycle_wanted = true; }

 private:
  void ApplyNewest();

  Outcome& outcome_;
};

// decide_submit.cc
void Decide(Turn& turn, const Submit& input);
// decide_control.cc
void Decide(Turn& turn, const Control& input);
// decide_cluster.cc
void Decide(Turn& turn, const Started& input);
void Decide(Turn& turn, const SetQueue& input);
void Decide(Turn& turn, const DeleteQueue& input);
void Decide(Turn& turn, const RegisterDefinition& input);
void Decide(Turn& turn, const DeregisterDefinition& input);
void Decide(Turn& turn, const RecordStateHash& input);
// decide_nodes.cc
void Decide(Turn& turn, const SetNode& input);
void Decide(Turn& turn, const NodeHello& input);
void Decide(Turn& turn, const NodeStreamClosed& input);
// decide_notices.cc
void Decide(Turn& turn, const NodeNoticed& input);
// decide_attempts.cc
void Decide(Turn& turn, const TaskStarted& input);
void Decide(Turn& turn, const TaskEnded& input);
// decide_time.cc
void Decide(Turn& turn, const Tick& input);
void Decide(Turn& turn, const MaintenanceSet& input);
// decide_reservations.cc
void Decide(Turn& turn, const CreateReservation& input);
void Decide(Turn& turn, const DeleteReservation& input);
// At a Tick: those that are over.
void EndReservations(Turn& turn);
// cycle.cc
void Decide(Turn& turn, const RunCycle& input);

// decide_attempts.cc: the attempt is over; what follows from it. The attempt must be live. `until`, here and
// below: it did no work after that, as far as is known.
void EndAttempt(Turn& turn, const AttemptRef& attempt, const End& end, const Usage& usage, TimePoint until);
// The node is known to be dead or without these attempts: ends them as interruptions.
void LoseAttempts(Turn& turn, NodeId node, const std::vector<AttemptRef>& attempts, const std::string& reason,
                  TimePoint until);
// What the program of a live attempt has told of its saves, on its main node. `ended`: and it is over there.
void NoteSave(Turn& turn, NodeId node, const AttemptRef& attempt, const SavedWork& saved, bool ended);

// decide_gangs.cc: what an attempt has on one node has started, or is over. The attempt must be live there.
void StartPlace(Turn& turn, NodeId node, const AttemptRef& attempt, std::int64_t pid);
struct PlaceEnd {
  End end;
  Usage usage;
  bool node_fault = false;  // as in TaskEnded, like the next
  bool stopped = false;
};
void EndPlace(Turn& turn, NodeId node, const AttemptRef& attempt, const PlaceEnd& over, TimePoint until);
// Whether a part of an attempt on several nodes has ended it by having saved for a notice: the others were
// told to save, too, and may be at it. They are not stopped.
bool OthersSave(const JobSettings& settings, const Attempt& attempt);
// Tells all nodes of an attempt that can be told to stop it.
void StopPlaces(Turn& turn, const AttemptRef& attempt, StopReason reason);
// How an attempt on several nodes ended: by the end of its part on `node`.
struct GangVerdict {
  End end;
  std::string node;
  bool node_fault = false;
};
// decide_attempts.cc: `part` was the last one that was not over, and ended so.
void EndGang(Turn& turn, const AttemptRef& attempt, const GangVerdict& verdict, const Usage& usage,
             std::uint32_t part, const End& end, TimePoint until);

inline constexpr Duration kLongestNotice = std::chrono::hours(24 * 7);
// decide_notices.cc: the node is to be taken away then: its attempts are told.
void NoticeNode(Turn& turn, const Node& node, TimePoint ends_at, NoticeKind kind, const std::string& by,
                const std::string& reason);
// The rate of interruptions that such a node counts for.
InterruptionRate& RateOf(Links& links, const NodeDescription& node);
// Expected time until one of these nodes is taken away: the worst of them, for as many.
Duration MeanInterruption(const Turn& turn, const std::vector<NodeId>& nodes);
// The attempt makes room for a job of another queue.
void PreemptAttempt(Turn& turn, const AttemptRef& attempt, JobId whom);
// Nobody takes it away any more: nor the attempts there that are not being stopped yet.
void WithdrawNotice(Turn& turn, const Node& node, const std::string& by);
// The node is connected again: an attempt there that has a notice is told once more.
void NoticeAgain(Turn& turn, const Node& node, const AttemptRef& attempt);
// Once, at a start: what is due.
void FindNotices(Turn& turn);
// At a Tick: ends what did not end in time.
void EndNotices(Turn& turn);
// Between TERM and KILL, for a live attempt that is told to stop for this reason; zero: KILL at once.
Duration StopGraceOf(const Turn& turn, const AttemptRef& attempt, StopReason reason);

// decide_attempts.cc: the node could not start a task, for a reason of its own; it gets none for a while.
void BeginRest(Turn& turn, NodeId node, const std::string& why);
// decide_time.cc: the node may get tasks again.
void EndRest(Turn& turn, NodeId node);
// decide_nodes.cc: when a node that takes no work now is expected to take some again: the end of its lease or
// of its rest, whatever is later. Unset: nobody expects it.
TimePoint BackBy(const Turn& turn, NodeId node);

// decide_dependencies.cc: ends the waiting tasks whose dependencies can never be met, in bounded portions.
void EndDoomedTasks(Turn& turn);

// decide_time.cc: when a Tick is needed next, now at the earliest. If the wall clock is set meanwhile, begin
// times are reached at the first Tick after that.
TimePoint NextWake(const Turn& turn);

}  // namespace bsub::sched
