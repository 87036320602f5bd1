// Nodes that are kept free for tasks that fit on none now, so that smaller ones behind them cannot take the
// room that comes free for ever.
//
// Each scheduling cycle decides them anew: in every queue the first class that fits nowhere is given a node
// on which it will fit soonest, or as many as it asks for. What is served after it finds on that node only
// what it does not need; in a queue with backfill also what it does not need yet (KeptShare). A reservation
// is scratch: it is never journaled, a restart forgets it, and the next cycle makes another. A node that is
// out of contact stays kept until its lease is over, one that rests until it takes work again.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/time.h"
#include "jobs/resources.h"
#include "scheduler/core/capacity.h"
#include "scheduler/core/node_outlook.h"
#include "scheduler/core/settings.h"
#include "scheduler/core/waiting.h"

namespace bsub::sched {

class Store;

struct Reservation {
  std::string queue;
  ClassKey holder;
  // The node stays the same until then, or until it can no longer serve: one that is chosen anew in each
  // cycle would never drain.
  TimePoint until;
  // The one of the class that was next then; when it has started, the next is given other nodes. Invalid:
  // whoever is first.
  JobId job{};
  bool overdue = false;  // it is next as the longest wait of its class, whoever becomes the first
};

class Reservations {
 public:
  void Add(NodeId node, const KeptShare& share, Reservation reservation);
  // The node is another queue's already; whoever is served later leaves this alone too.
  void AddBehind(NodeId node, const KeptShare& share);
  // A task that is over by `ends` takes this much of a node: if it will still be there when the holder is to
  // start, so much less is left beside it.
  void Take(NodeId node, const Resources& taken, TimePoint ends);
  const std::map<NodeId, Reservation>& all() const { return all_; }
  // What of each node is not for those who are served later.
  const KeptResources& kept() const { return kept_; }
  // Those kept for one class, ascending.
  std::vector<NodeId> NodesOf(std::string_view queue, const ClassKey& holder) const;
  bool Holds(std::string_view queue, const ClassKey& holder) const;

 private:
  std::map<NodeId, Reservation> all_;
  KeptResources kept_;
};

// Whether the class still waits: it may have been cancelled, held or started since.
const WaitingClass* HolderOf(const Store& store, const Reservation& reservation);

// Whether the nodes are kept for this one of the holders, not for another that asks for the same.
bool IsKeptFor(const Reservation& reservation, const WaitingClass& holder, JobId job);

// A node that could run what waits, once some of its tasks have ended.
struct KeepCandidate {
  NodeId node;
  Resources free;
  Resources taken;    // what the request takes of it
  TimePoint opens{};  // it takes no work now, but is expected to by then; unset: it does
};

NodeOutlook OutlookOf(const Store& store, NodeId node, TimePoint now, Duration shortest_guess);

// The candidates that will have room for the request soonest, the fewest that it takes and as its placement
// wants; with the time until which the choice should stand. No nodes: there are not such.
struct KeptNodes {
  std::vector<KeepCandidate> nodes;
  TimePoint from;  // when all of them are expected to have room
  TimePoint until;
  std::uint32_t tries = 0;  // how often they were looked for in the cluster's tree
};
// `length`: of the time limit; zero: none. The nodes are open for so long.
KeptNodes ChooseNodesToKeep(const Store& store, const NodesRequest& request, Duration length,
                            std::vector<KeepCandidate> candidates,
                            const std::function<const TasksByEnd&(NodeId)>& tasks_on, TimePoint now,
                            const KeepLimits& limits);
// Among the nodes that are not in `taken`: the usable ones, and those that are expected back (`back_by`;
// unset: nobody expects it). Whoever is wide would otherwise have nothing kept as long as one node is out of
// contact.
KeptNodes ChooseNodesToKeep(const Store& store, const NodesRequest& request, Duration length,
                            const Reservations& taken, const std::function<TimePoint(NodeId)>& back_by,
                            TimePoint now, const KeepLimits& limits);
// The first moment, not before `from`, at which all of the nodes are open for so long. Max: never.
TimePoint EarliestOpen(const Store& store, const std::vector<KeepCandidate>& nodes, TimePoint from,
                       Duration length, std::string_view reservation);

}  // namespace bsub::sched
