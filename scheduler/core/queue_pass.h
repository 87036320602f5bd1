// One queue's part of a scheduling cycle: its waiting classes in the order they are served, each task on the
// nodes that fit best. A class whose first task cannot start is passed over for the rest of the cycle; for
// the first such class nodes are kept free (reservations.h), and what the queue's backfill allows starts
// beside it.
//
// Cost: where time does not change the order (kPriority), the classes that are small enough for what is free
// (served_index.h); else classes + placements · log(classes), whatever the number of waiting jobs. Places of
// gangs are looked for a bounded number of times; the next cycle goes on where that was reached
// (futile_requests.h).
#pragma once

#include <cstdint>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "scheduler/core/queue.h"
#include "scheduler/core/reservations.h"
#include "scheduler/core/served_index.h"
#include "scheduler/core/served_order.h"
#include "scheduler/core/waiting.h"

namespace bsub::sched {

class Turn;

class QueuePass {
 public:
  // What it keeps free is added to `kept`, and is out of reach for all that is served later. `choices`: how
  // many more times places of a gang may be looked for in this cycle.
  QueuePass(Turn& turn, const Queue& queue, Reservations& kept, std::uint32_t& choices);

  // Starts what can start, on at most `budget` nodes; returns on how many it did.
  std::uint32_t Run(std::uint32_t budget);

 private:
  // A class, by the member that is served next.
  struct Head {
    ServedKey key;
    std::int64_t walltime = 0;  // as it is compared; only once heads are tried by time limits
    const WaitingClass* waiting = nullptr;
    const Job* job = nullptr;
  };
  // For a heap with what is served first on top.
  struct ServedLater {
    bool operator()(const Head& a, const Head& b) const {
      const auto of = [](const Head& head) {
        return std::tuple(head.key.in_time, head.key.negated_priority, head.walltime);
      };
      return of(a) != of(b) ? of(b) < of(a) : b.key < a.key;
    }
  };

  void Begin();
  // What is served next; nothing: all have been, or nobody else may.
  std::optional<Head> Next();
  std::optional<Head> NextInOrder();
  // Nobody else is served.
  void Stop();
  bool AllServed() const;
  // The last head's task has started: its class, where there still is one, is served again in its turn.
  void ServeAgain(const WaitingClass* waiting);
  void PushAll();
  void Push(const WaitingClass& waiting);
  Head HeadOf(const WaitingClass& waiting) const;
  Head Pop();
  bool NobodyFits() const;
  bool MayPassOver() const;
  bool ComesLaterNow(const Head& head);
  bool MustLeaveReserve(const Head& head) const;
  // The first task of the class starts, if it can.
  bool TryStart(const Head& head);
  bool TryStart(const Head& head, const NodesRequest& request);
  void Start(const Job& job, const NodesRequest& request, const ChosenNodes& chosen, TimePoint ends);
  // Of what is no plain request. It is the next cycle's, which need not look again for what this one has
  // found no places for.
  bool MustPutOff(const Head& head, const NodesRequest& request);
  ChosenNodes Choose(const Head& head, const NodesRequest& request, TimePoint ends);
  void Passed(const Head& head, const NodesRequest& request);
  void GoByWalltime();
  void WakeForPreference(const Head& head);

  bool MayKeepMore() const;
  bool KeepsByTime() const;
  void KeepNodesFor(const Head& head, const NodesRequest& request);
  JobId OverdueOf(const Reservation& reservation) const;
  bool KeepAgain(const ClassKey& key);
  void KeepAsBefore();
  void Keep(const std::vector<KeepCandidate>& nodes, const Reservation& reservation, JobId overdue,
            TimePoint from);

  Turn& turn_;
  const Queue& queue_;
  Reservations& kept_;
  // One of these: an order that is there already, or a heap of what is left.
  std::optional<ServedIndex::Cursor> cursor_;
  std::vector<Head> heads_;
  ServedPlace tried_until_;  // in the order of the queue, once it goes by time limits
  bool by_walltime_ = false;
  std::uint32_t placed_ = 0;
  std::uint32_t& choices_;
  bool put_off_ = false;
  std::uint32_t kept_here_ = 0;
  std::uint32_t keep_tries_ = 0;
};

}  // namespace bsub::sched
