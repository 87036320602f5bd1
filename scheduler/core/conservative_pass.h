// A queue's part of a scheduling cycle under conservative backfill: each job that waits is promised a start,
// and none is ever put off by one that came later.
//
// A new job gets the earliest start at which it has room for its whole time limit around all that runs and
// all that is promised. When something has come free, the promises are gone through in the order of the
// queue, and each is moved to the earliest start there is now: never later than before, as long as all that
// runs has time limits. A job starts when its time has come.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "scheduler/core/queue.h"
#include "scheduler/core/queue_plan.h"
#include "scheduler/core/reservations.h"
#include "scheduler/core/served_order.h"
#include "scheduler/core/timeline.h"

namespace bsub::sched {

class Turn;

class ConservativePass {
 public:
  // As QueuePass.
  ConservativePass(Turn& turn, const Queue& queue, Reservations& kept, std::uint32_t& choices);
  std::uint32_t Run(std::uint32_t budget);

 private:
  // A job in the order of the queue.
  struct Line {
    ServedKey key;
    const Job* job = nullptr;
    NodesRequest request;
    PlannedJob planned;  // without nodes: it has no promise
  };

  void TakeLines();
  bool MayStart(const Job& job) const;
  void NoteWhatItPrefers(const Line& line);
  void MakeTimelines();
  using Timelines = std::map<NodeId, Timeline>;
  Timelines& TimelinesOf(const NodesRequest& request);
  // Null: the node is not there, and nobody expects it.
  Timeline* AddTimeline(Timelines& timelines, NodeId node, const NodeCapacity::Use& use,
                        std::string_view reservation);
  void AddRunning(Timeline& timeline, const NodeCapacity::Use& use);
  void CloseFor(Timeline& timeline, NodeId node, const NodeCapacity::Use& use,
                std::string_view reservation) const;
  // Returns of how many jobs.
  std::size_t CarryOver(const QueuePlan& before);
  bool IsOpen(const std::vector<NodeId>& nodes, const Line& line, TimePoint from) const;
  void Compress(std::uint64_t grown_before);
  void PlanNew();
  std::uint32_t StartThoseDue(std::uint32_t budget);
  void MakeRoomForThose();
  bool StartsNow(Line& line);

  void Plan(Line& line, TimePoint from);
  std::optional<PlannedJob> PlanOnOne(const Line& line, TimePoint from);
  std::optional<PlannedJob> PlanOnSeveral(const Line& line, TimePoint from);
  void Promise(Line& line, PlannedJob planned);
  void Withdraw(Line& line);
  void SavePlan();
  void KeepPromises();

  Duration LengthOf(const Line& line) const { return line.job->spec.settings->walltime; }

  Turn& turn_;
  const Queue& queue_;
  Reservations& kept_;
  std::uint32_t& choices_;
  std::vector<Line> lines_;
  Timelines timelines_;                        // of the usable nodes
  std::map<std::string, Timelines> reserved_;  // for those of advance reservations
  std::uint64_t grown_ = 0;                    // as the plan is to have it
  bool relaxed_ = false;                       // somebody no longer waits for what it prefers
  bool put_off_ = false;                       // places of a gang were not looked for: there were too many
  bool guesses_ = false;                       // something runs without a time limit
};

}  // namespace bsub::sched
