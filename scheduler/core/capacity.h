// What is in use on each node and which nodes could take a task now.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "common/ids.h"
#include "common/time.h"
#include "jobs/resources.h"
#include "scheduler/core/calendar.h"
#include "scheduler/core/choose_nodes.h"
#include "scheduler/core/refs.h"
#include "scheduler/core/tasks_by_end.h"

namespace bsub::sched {

// What of a node is kept for somebody else.
struct KeptShare {
  Resources taken;  // by whom it is kept for
  // Whoever is off the node by then is not in the way; unset: nobody knows when that will be.
  TimePoint from{};
  Resources beside{};  // what else of the node will be free then
  // Of queues behind that one, for what they promise on the same node: each is to be left alone.
  std::vector<KeptShare> also{};
};
// Whether a task that has room on the node now, and is over by `ends`, leaves the share alone.
bool LeavesAlone(const KeptShare& kept, const Resources& request, const Resources& free, TimePoint ends);

using KeptResources = std::map<NodeId, KeptShare>;

// The nodes that are open to somebody until `ends`.
struct OpenNodes {
  const Calendar& calendar;
  std::string_view reservation;
  TimePoint ends;
  bool Has(NodeId node) const { return calendar.IsOpenNow(node, ends, reservation); }
};

class NodeCapacity {
 public:
  struct Use {
    Resources total;
    Resources used;
    std::set<AttemptRef> attempts;
    TasksByEnd tasks;  // the same, as the forecasts of room need them
    std::vector<bool> gpu_used;
    bool usable = false;  // connected, up, not drained, not to be taken away
    Resources Free() const;
  };

  // A node appeared or changed size; what runs on it stays counted.
  void SetTotal(NodeId node, const Resources& total);
  void SetUsable(NodeId node, bool usable);
  void Remove(NodeId node);
  void Take(NodeId node, const AttemptRef& attempt, const LiveTask& task,
            const std::vector<std::int32_t>& gpus);
  void Give(NodeId node, const AttemptRef& attempt, const LiveTask& task,
            const std::vector<std::int32_t>& gpus);
  // The task has started, or is to stop: it is expected to end at another time.
  void ChangeEnd(NodeId node, const LiveTask& before, const LiveTask& now);

  // The usable node that fits and has the fewest free CPUs (best fit), smallest id among equals.
  // `ends`: when the task is over at the latest.
  std::optional<NodeId> Choose(const Resources& request, const KeptResources& kept = {},
                               TimePoint ends = TimePoint::Max(), const OpenNodes* open = nullptr) const;
  // All usable nodes with room for their part of the request, fullest first.
  std::vector<NodeCandidate> Candidates(const NodesRequest& request, const KeptResources& kept,
                                        TimePoint ends, const OpenNodes* open = nullptr) const;
  // Whether the node, usable or not, could serve the request with what is free on it.
  bool FitsNow(const NodesRequest& request, const Use& use) const;
  // What is free on a usable node for somebody who must leave alone what is kept.
  static Resources Left(const Resources& free, const Resources& kept);
  // The lowest free GPU indices.
  std::vector<std::int32_t> ChooseGpus(NodeId node, std::int32_t count) const;

  const Use* Find(NodeId node) const;
  const std::map<NodeId, Use>& nodes() const { return nodes_; }
  // Of the usable nodes.
  std::int64_t total_cpu_milli() const { return total_cpu_milli_; }
  // Goes up whenever there may be more room than before. As long as it stands, what found no room finds none.
  std::uint64_t grown() const { return grown_; }
  // Something else than what runs there has come to allow more.
  void NoteOpened() { ++grown_; }
  // Another one: other nodes, or of another size.
  std::uint64_t shape() const { return shape_; }
  // No usable node has anything free: a cycle can start nothing that asks for CPU.
  bool Full() const { return most_free_cpu_milli() <= 0; }
  // Of one usable node.
  std::int64_t most_free_cpu_milli() const { return free_.empty() ? 0 : free_.rbegin()->first.first; }

 private:
  void Unlist(NodeId node, const Use& use);
  void List(NodeId node, const Use& use);
  // It had `before` free, and has another number of CPUs free now.
  void Relist(NodeId node, const Use& use, std::int64_t before);

  std::map<NodeId, Use> nodes_;
  std::set<AttemptRef>::node_type spare_;  // of the last attempt that was given back, for the next one
  std::map<std::pair<std::int64_t, NodeId>, const Use*> free_;  // by (free CPU, node), of usable nodes
  std::uint64_t grown_ = 0;
  std::uint64_t shape_ = 0;
  std::int64_t total_cpu_milli_ = 0;
};

}  // namespace bsub::sched
